//! The Cholesky factorization.

use crate::kernel::{Float, Matrixwise, finite, matrix, write};
use crate::parts::{leading_square, lower_half, matrixwise_op, sides, symmetric};
use crate::sample;
use crate::triangular::{Triangle, solve_triangular};
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor;

/// The lower `L` with `A = L·Lᵀ`.
#[derive(Clone, Debug)]
struct Cholesky {
    name: &'static str,
    n: usize,
}

impl Matrixwise for Cholesky {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.n * self.n, 0, 0], self.n * self.n)
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let n = self.n;
        (0..n).try_for_each(|i| finite(&a[i * n..=i * n + i]))?;
        let mut l = matrix(a, n, n);
        let mut memory =
            MemBuffer::new(factor::cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default()));
        let stack = MemStack::new(&mut memory);
        let done =
            factor::cholesky_in_place(l.as_mut(), Default::default(), Par::Seq, stack, Default::default());
        if let Err(factor::LltError::NonPositivePivot { index }) = done {
            let order = index + 1;
            return Err(format!(
                "is not positive definite: its leading minor of order {order} is not positive"
            ));
        }
        write(l.as_ref(), y);
        (0..n).for_each(|i| y[i * n + i + 1..(i + 1) * n].fill(T::of(0.0)));
        Ok(())
    }
}

/// `L⁻ᵀ·x·L⁻¹`, or `L⁻¹·x·L⁻ᵀ`.
fn between<'t>(l: Var<'t>, x: Var<'t>, transposed: bool) -> Var<'t> {
    let triangle = if transposed { Triangle::lower().transposed() } else { Triangle::lower() };
    let left = solve_triangular("cholesky", l, x, triangle);
    solve_triangular("cholesky", l, left.t(), triangle).t()
}

impl Op for Cholesky {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        leading_square(x[0])?;
        Ok(x[0].clone())
    }

    // Murray (2016), the symbolic derivatives. Φ takes the lower triangle and half of the diagonal.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let l = at.y;
        at.gradients(|_| Some(symmetric(between(l, lower_half(l.t().matmul(g)), true))))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let l = at.y;
        dx[0].map(|da| l.matmul(lower_half(between(l, symmetric(da), false))))
    }
}

#[track_caller]
pub(crate) fn cholesky<'t>(a: Var<'t>) -> Var<'t> {
    let n = sides(&a.shape())[1];
    a.tape().op(Cholesky { name: "cholesky", n }, &[a])
}

#[track_caller]
pub(crate) fn cholesky_solve<'t>(b: Var<'t>, l: Var<'t>) -> Var<'t> {
    let _op = b.tape().within("cholesky_solve", &[b, l]);
    let half = solve_triangular("cholesky_solve", l, b, Triangle::lower());
    solve_triangular("cholesky_solve", l, half, Triangle::lower().transposed())
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "cholesky", inputs: factor_of_one, apply: |x| cholesky(positive(x[0])) },
    Sample {
        name: "cholesky_batched",
        inputs: || vec![sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| cholesky(positive(x[0])),
    },
    Sample {
        name: "cholesky_solve",
        inputs: || vec![crate::triangular::three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])],
        apply: |x| cholesky_solve(x[1], x[0]),
    },
];

fn factor_of_one() -> Vec<chainrule_tape::Tensor> {
    vec![crate::triangular::three()]
}

/// A matrix that stays symmetric and positive definite wherever `x` moves.
pub(crate) fn positive(x: Var<'_>) -> Var<'_> {
    let n = sides(&x.shape())[1];
    x.matmul(x.t()) + crate::parts::identity(x, n)
}
