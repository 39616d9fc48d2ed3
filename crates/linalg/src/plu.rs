//! The factors of the LU factorization themselves.

use crate::kernel::{Float, Matrixwise};
use crate::lu::factor_any;
use crate::parts::{Half, half, indices, leading, matrixwise_op, sides};
use crate::triangular::{Triangle, solve_triangular, three};
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};

/// `L` below the diagonal and `U` above and on it, `[…, m, n]`, from a matrix and its factorization: the same
/// numbers, with their derivative.
#[derive(Clone, Debug)]
struct Triangles {
    name: &'static str,
    m: usize,
    n: usize,
}

impl Matrixwise for Triangles {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([0, self.m * (self.n + 1), 0], self.m * self.n)
    }

    fn one<T: Float>(&self, &[_, lu, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let rows = lu.chunks_exact(self.n + 1);
        y.chunks_exact_mut(self.n).zip(rows).for_each(|(y, lu)| y.copy_from_slice(&lu[..self.n]));
        Ok(())
    }
}

impl Triangles {
    /// The leading square of both, what of `L` is below it and what of `U` is beside it.
    fn cut<'t>(&self, lu: Var<'t>) -> [Var<'t>; 3] {
        let k = self.m.min(self.n);
        let (top, left) = (lu.slice(-2, ..k), lu.slice(-1, ..k));
        [top.slice(-1, ..k), left.slice(-2, k..), top.slice(-1, k..)]
    }

    /// `x·U⁻¹`, or `x·U⁻ᵀ`.
    fn by_upper<'t>(&self, lu: Var<'t>, x: Var<'t>, transposed: bool) -> Var<'t> {
        let upper = Triangle::upper().right();
        solve_triangular(self.name, lu, x, if transposed { upper.transposed() } else { upper })
    }

    /// `L⁻¹·x`, or `L⁻ᵀ·x`.
    fn by_lower<'t>(&self, lu: Var<'t>, x: Var<'t>, transposed: bool) -> Var<'t> {
        let lower = Triangle::lower().unit();
        solve_triangular(self.name, lu, x, if transposed { lower.transposed() } else { lower })
    }
}

impl Op for Triangles {
    matrixwise_op!(|op| [op.m, op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        leading(x[0])?;
        Ok(x[0].clone())
    }

    // Of the rows in their new order, B = [[B₁, B₂], [B₃, ·]], where B₁ is square and B₂ or B₃ is empty, with L =
    // [L₁; L₃] and U = [U₁, U₂]: for G = L₁⁻¹·dB₁·U₁⁻¹, dL₁ = L₁·(G below the diagonal) and dU₁ = (the rest of
    // G)·U₁; then from B₃ = L₃·U₁ and B₂ = L₁·U₂, dL₃ = (dB₃ - L₃·dU₁)·U₁⁻¹ and dU₂ = L₁⁻¹·(dB₂ - dL₁·U₂). The
    // gradient is the transpose.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let [lu, l3, u2] = self.cut(at.y);
        let [g1, gl3, gu2] = self.cut(g);
        let (l1, u1) = (unit_lower(lu), half(lu, Half::Upper));
        let below = l1.t().matmul(half(g1, Half::StrictlyLower)) - gu2.matmul(u2.t());
        let above = half(g1, Half::Upper).matmul(u1.t()) - l3.t().matmul(gl3);
        let inner = half(below, Half::StrictlyLower) + half(above, Half::Upper);
        let gb1 = self.by_upper(lu, self.by_lower(lu, inner, true), true);
        let mut gb = gb1;
        if self.m > self.n {
            gb = at.tape.concat(&[gb1, self.by_upper(lu, gl3, true)], -2);
        } else if self.m < self.n {
            gb = at.tape.concat(&[gb1, self.by_lower(lu, gu2, true)], -1);
        }
        let order = order(at.x[1]);
        at.gradients(|i| (i == 0).then(|| order.t().matmul(gb)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let [lu, l3, u2] = self.cut(at.y);
        let [db1, db3, db2] = self.cut(order(at.x[1]).matmul(dx[0]?));
        let inner = self.by_upper(lu, self.by_lower(lu, db1, false), false);
        let (below, above) = (half(inner, Half::StrictlyLower), half(inner, Half::Upper));
        let d1 = unit_lower(lu).matmul(below) + above.matmul(half(lu, Half::Upper));
        Some(if self.m > self.n {
            at.tape.concat(&[d1, self.by_upper(lu, db3, false) - l3.matmul(above)], -2)
        } else if self.m < self.n {
            at.tape.concat(&[d1, self.by_lower(lu, db2, false) - below.matmul(u2)], -1)
        } else {
            d1
        })
    }
}

/// The lower triangle with ones on the diagonal, of matrices of any sides.
#[track_caller]
fn unit_lower<'t>(x: Var<'t>) -> Var<'t> {
    let [m, n] = sides(&x.shape());
    let [row, column] = indices(x.tape(), m, n);
    row.gt(column).select(x, row.eq(column).cast(x.dtype()))
}

/// The matrix that brings rows into their new order, from a packed factorization.
#[track_caller]
fn order<'t>(factor: Var<'t>) -> Var<'t> {
    let [m, columns] = sides(&factor.shape());
    let rows = factor.slice(-1, columns - 1..);
    rows.eq(factor.tape().iota(m, factor.dtype())).cast(factor.dtype())
}

#[track_caller]
pub(crate) fn lu<'t>(a: Var<'t>) -> [Var<'t>; 3] {
    let [m, n] = sides(&a.shape());
    let k = m.min(n);
    let factor = factor_any("lu", a);
    let both = a.tape().op(Triangles { name: "lu", m, n }, &[a, factor]);
    if both.is_poisoned() {
        return [both; 3];
    }
    [order(factor).t(), unit_lower(both.slice(-1, ..k)), half(both.slice(-2, ..k), Half::Upper)]
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "lu", inputs: || vec![three()], apply: |x| mixed(lu(x[0])) },
    Sample { name: "lu_tall", inputs: crate::svd::tall, apply: |x| mixed(lu(x[0])) },
    Sample { name: "lu_wide", inputs: crate::svd::tall, apply: |x| mixed(lu(x[0].t())) },
];

/// Something that depends on all parts.
fn mixed(parts: [Var<'_>; 3]) -> Var<'_> {
    let [p, l, u] = parts;
    (p.matmul(l).square() + l).matmul(u.sin() + u.square())
}
