//! Determinants.

use crate::kernel::{Float, Matrixwise, matrix, write};
use crate::lu::{factor, factor_of_identity, inverse_factored};
use crate::parts::{
    diagonal, diagonal_of, epsilon, identity, indices, leading_square, matrixwise_op, on_diagonal, part,
    product, sides,
};
use crate::sample;
use crate::svd::{Parts, decompose, svd};
use crate::triangular::three;
use chainrule_tape::check::Sample;
use chainrule_tape::{DType, Gradients, Meta, Op, Rule, Var};

/// The determinant's sign by a packed factorization: that of the pivots and of the order of rows.
fn sign<T: Float>(lu: &[T], n: usize) -> f64 {
    let mut seen = vec![false; n];
    let mut sign = 1.0;
    for i in 0..n {
        let pivot = lu[i * (n + 1) + i].to_f64();
        sign *= if pivot == 0.0 { 0.0 } else { pivot.signum() };
        // A cycle of even length is odd.
        let mut at = i;
        let mut length = 0;
        while !seen[at] {
            seen[at] = true;
            length += 1;
            at = lu[at * (n + 1) + n].to_f64() as usize;
        }
        if length > 0 && length % 2 == 0 {
            sign = -sign;
        }
    }
    sign
}

/// The determinant, from a matrix and its factorization.
#[derive(Clone, Debug)]
struct Det {
    name: &'static str,
    n: usize,
}

impl Matrixwise for Det {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([0, self.n * (self.n + 1), 0], 1)
    }

    fn one<T: Float>(&self, &[_, lu, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let n = self.n;
        // In f64, so that an f32 product overflows only if the result does.
        let size: f64 = (0..n).map(|i| lu[i * (n + 1) + i].to_f64().abs()).product();
        y[0] = T::of(sign(lu, n) * size);
        Ok(())
    }
}

impl Op for Det {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new(leading_square(x[0])?, x[0].dtype))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 0).then(|| each_matrix(g) * cofactors(at.x[0], at.x[1], at.y)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|da| (da * cofactors(at.x[0], at.x[1], at.y)).sum([-2, -1]))
    }
}

/// A number for each matrix, to be broadcast with them.
fn each_matrix(x: Var<'_>) -> Var<'_> {
    x.unsqueeze(-1).unsqueeze(-1)
}

/// `∂det/∂A`. That is `d·A⁻ᵀ`, whose derivatives are the chain rule's, where the determinant `d` is a number other
/// than 0 and the pivots are alike: where one is smaller than others by more than `√ε`, few digits of the second
/// derivative would be left.
fn cofactors<'t>(a: Var<'t>, lu: Var<'t>, d: Var<'t>) -> Var<'t> {
    let n = sides(&a.shape())[1];
    if n == 0 {
        return a.tape().full(a.shape(), 0.0, a.dtype());
    }
    let pivots = diagonal_of(lu.slice(-1, ..n)).abs();
    let alike = pivots.min(-1).gt(pivots.max(-1) * epsilon(a.dtype()).sqrt());
    let regular = each_matrix(alike.and(d.ne(0.0)).and(d.abs().lt(f64::INFINITY)));
    // An identity matrix stands in for the others: what is not chosen stays finite.
    let invertible = regular.select(a, identity(a, n));
    let its_factor = regular.select(lu, factor_of_identity(a, n));
    let its_det = regular.select(each_matrix(d), 0.0);
    let of_regular = its_det * inverse_factored("det", invertible, its_factor).t();
    let others = a.tape().op(Cofactors { name: "det", n }, &[a, regular.cast(a.dtype())]);
    regular.select(of_regular, others)
}

/// The cofactors of matrices for which the second operand is 0; zeros for others. With `A = U·S·Vᵀ` they are
/// `det U·det V·U·C·Vᵀ`, where `C` is diagonal and has the products of all other singular values: nothing is
/// divided by.
#[derive(Clone, Debug)]
struct Cofactors {
    name: &'static str,
    n: usize,
}

impl Matrixwise for Cofactors {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.n * self.n, 1, 0], self.n * self.n)
    }

    fn one<T: Float>(&self, &[a, regular, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let n = self.n;
        if regular[0] != T::of(0.0) {
            y.fill(T::of(0.0));
            return Ok(());
        }
        let Parts { mut u, s, v } = decompose(matrix(a, n, n))?;
        let orientation = orientation(&u) * orientation(&v);
        for j in 0..n {
            let others: f64 = (0..n).filter(|&k| k != j).map(|k| s[k].to_f64()).product();
            (0..n).for_each(|i| u[(i, j)] *= T::of(orientation * others));
        }
        write((&u * v.transpose()).as_ref(), y);
        Ok(())
    }
}

/// The determinant of an orthogonal matrix: by elimination, in which every pivot is as large as it gets.
fn orientation<T: Float>(q: &faer::Mat<T>) -> f64 {
    let n = q.nrows();
    let mut a: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| q[(i, j)].to_f64()).collect()).collect();
    let mut sign = 1.0;
    for k in 0..n {
        let largest = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap_or(k);
        if largest != k {
            a.swap(k, largest);
            sign = -sign;
        }
        sign *= a[k][k].signum();
        let (above, below) = a.split_at_mut(k + 1);
        for row in below {
            let factor = row[k] / above[k][k];
            row.iter_mut().zip(&above[k]).skip(k).for_each(|(x, p)| *x -= factor * p);
        }
    }
    sign
}

impl Op for Cofactors {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        leading_square(x[0])?;
        Ok(x[0].clone())
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 0).then(|| self.change(at, g)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|da| self.change(at, da))
    }
}

impl Cofactors {
    /// The change of the cofactors with `A`: the second derivative of the determinant, so gradient and tangent have
    /// one rule. With `E = Uᵀ·dA·V` and `p[i, j]` the product of all singular values but these two, the change of
    /// `C` is `Σⱼ E[j, j]·p[i, j]` on the diagonal, and `-E[j, i]·p[i, j]` elsewhere.
    fn change<'t>(&self, at: &Rule<'_, 't>, t: Var<'t>) -> Var<'t> {
        let (a, n, tape) = (at.x[0], self.n, at.tape);
        let regular = at.x[1].ne(0.0);
        let [u, s, vh] = svd("det", regular.select(identity(a, n), a));
        let orientation = [u, vh].map(|q| slogdet("det", q)[0]);
        let [i, j] = indices(tape, n, n).map(|index| index.unsqueeze(-1));
        let k = tape.iota(n, DType::I64);
        let left_out = k.eq(i).or(k.eq(j));
        let p = product(left_out.select(1.0, s.unsqueeze(-2).unsqueeze(-2)));
        let p = on_diagonal(tape, n).select(0.0, p);
        let e = u.t().matmul(t).matmul(vh.t());
        let on = p.matmul(diagonal_of(e).unsqueeze(-1)).squeeze(-1);
        let change = u.matmul(diagonal(on) - p * e.t()).matmul(vh);
        regular.select(0.0, each_matrix(orientation[0] * orientation[1]) * change)
    }
}

/// Sign and logarithm of the absolute determinant, from a matrix and its factorization, packed.
#[derive(Clone, Debug)]
struct SlogDet {
    name: &'static str,
    n: usize,
}

impl Matrixwise for SlogDet {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([0, self.n * (self.n + 1), 0], 2)
    }

    fn one<T: Float>(&self, &[_, lu, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let n = self.n;
        let log: f64 = (0..n).map(|i| lu[i * (n + 1) + i].to_f64().abs().ln()).sum();
        y.copy_from_slice(&[T::of(sign(lu, n)), T::of(log)]);
        Ok(())
    }
}

impl Op for SlogDet {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new([leading_square(x[0])?, &[2]].concat(), x[0].dtype))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let g = part(g, 1, &[1, 1]);
        at.gradients(|i| (i == 0).then(|| g * inverse_factored(self.name, at.x[0], at.x[1]).t()))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let change = dx[0]? * inverse_factored(self.name, at.x[0], at.x[1]).t();
        Some(change.sum([-2, -1]).unsqueeze(-1).pad(-1, 1, 0))
    }
}

#[track_caller]
pub(crate) fn det<'t>(a: Var<'t>) -> Var<'t> {
    let n = sides(&a.shape())[1];
    let lu = factor("det", a);
    a.tape().op(Det { name: "det", n }, &[a, lu])
}

#[track_caller]
pub(crate) fn slogdet<'t>(name: &'static str, a: Var<'t>) -> [Var<'t>; 2] {
    let n = sides(&a.shape())[1];
    let lu = factor(name, a);
    let packed = a.tape().op(SlogDet { name, n }, &[a, lu]);
    [part(packed, 0, &[]), part(packed, 1, &[])]
}

#[track_caller]
pub(crate) fn logdet<'t>(a: Var<'t>) -> Var<'t> {
    let [sign, log] = slogdet("logdet", a);
    sign.lt(0.0).select(f64::NAN, log)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "det", inputs: || vec![three()], apply: |x| det(x[0]) },
    Sample {
        name: "det_batched",
        inputs: || vec![sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| det(x[0]).square(),
    },
    Sample {
        name: "slogdet",
        inputs: || vec![three()],
        apply: |x| slogdet("slogdet", x[0])[1] * slogdet("slogdet", x[0])[0],
    },
    Sample { name: "logdet", inputs: || vec![three()], apply: |x| logdet(crate::cholesky::positive(x[0])) },
];
