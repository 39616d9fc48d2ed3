//! The matrix exponential, and powers.

use crate::kernel::{Float, Matrixwise, finite, write};
use crate::lu::inverse;
use crate::parts::{identity, leading_square, matrixwise_op, sides};
use crate::sample;
use crate::triangular::three;
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve as faer_solve;
use faer::{Accum, Mat, Par};

/// `eᴬ`.
#[derive(Clone, Debug)]
struct Exp {
    name: &'static str,
    n: usize,
}

/// The coefficients of the Padé approximant of order 13, over the first, and the largest 1-norm for which it is
/// exact in `f64` (Higham 2005, table 2.3).
const PADE: [f64; 14] = [
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
];
const LARGEST: f64 = 5.371920351148152;

fn times(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    matmul(product.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), 1.0, Par::Seq);
    product
}

/// `x` of `a·x = b` by elimination with partial pivoting.
fn solve(a: Mat<f64>, b: &Mat<f64>) -> Result<Mat<f64>, String> {
    let n = a.nrows();
    let (lu, rows) = crate::lu::decompose(a);
    if (0..n).any(|i| lu[(i, i)] == 0.0 || !lu[(i, i)].is_finite()) {
        return Err("has an exponential that overflows".into());
    }
    let mut x = Mat::from_fn(n, b.ncols(), |i, j| b[(rows[i], j)]);
    faer_solve::solve_unit_lower_triangular_in_place(lu.as_ref(), x.as_mut(), Par::Seq);
    faer_solve::solve_upper_triangular_in_place(lu.as_ref(), x.as_mut(), Par::Seq);
    Ok(x)
}

impl Matrixwise for Exp {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.n * self.n, 0, 0], self.n * self.n)
    }

    /// Scaling and squaring, in `f64`.
    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        finite(a)?;
        let n = self.n;
        let column = |j: usize| (0..n).map(|i| a[i * n + j].to_f64().abs()).sum::<f64>();
        let norm = (0..n).map(column).fold(0.0, f64::max);
        let squarings = (norm / LARGEST).log2().ceil().clamp(0.0, 1100.0) as i32;
        let scale = 2f64.powi(-squarings / 2) * 2f64.powi(-squarings + squarings / 2);
        let a = Mat::from_fn(n, n, |i, j| a[i * n + j].to_f64() * scale);
        let a2 = times(&a, &a);
        let a4 = times(&a2, &a2);
        let a6 = times(&a4, &a2);
        // Four coefficients at 1, A², A⁴ and A⁶.
        let polynomial = |[c0, c2, c4, c6]: [f64; 4]| {
            Mat::from_fn(n, n, |i, j| {
                c6 * a6[(i, j)] + c4 * a4[(i, j)] + c2 * a2[(i, j)] + if i == j { c0 } else { 0.0 }
            })
        };
        let c = |i: usize| PADE[i] / PADE[0];
        let odd = times(&a6, &polynomial([0.0, c(9), c(11), c(13)])) + polynomial([c(1), c(3), c(5), c(7)]);
        let odd = times(&a, &odd);
        let even = times(&a6, &polynomial([0.0, c(8), c(10), c(12)])) + polynomial([c(0), c(2), c(4), c(6)]);
        let mut e = solve(&even - &odd, &(&even + &odd))?;
        for _ in 0..squarings {
            e = times(&e, &e);
        }
        write(Mat::from_fn(n, n, |i, j| T::of(e[(i, j)])).as_ref(), y);
        Ok(())
    }
}

impl Op for Exp {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        leading_square(x[0])?;
        Ok(x[0].clone())
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(self.change(at.x[0].t(), g)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|da| self.change(at.x[0], da))
    }
}

impl Exp {
    /// The Fréchet derivative in the direction `E`: the upper right block of the exponential of `[[A, E], [0, A]]`
    /// (Mathias 1996). Its transpose is that of `Aᵀ`.
    fn change<'t>(&self, a: Var<'t>, e: Var<'t>) -> Var<'t> {
        let (tape, n) = (a.tape(), self.n);
        let zero = tape.full(a.shape(), 0.0, a.dtype());
        let rows = [tape.concat(&[a, e], -1), tape.concat(&[zero, a], -1)];
        let both = tape.op(Exp { name: self.name, n: 2 * n }, &[tape.concat(&rows, -2)]);
        both.slice(-2, ..n).slice(-1, n..)
    }
}

#[track_caller]
pub(crate) fn matrix_exp<'t>(a: Var<'t>) -> Var<'t> {
    a.tape().op(Exp { name: "matrix_exp", n: sides(&a.shape())[1] }, &[a])
}

#[track_caller]
pub(crate) fn matrix_power<'t>(a: Var<'t>, power: i32) -> Var<'t> {
    let shape = a.shape();
    let [m, n] = sides(&shape);
    if shape.rank() < 2 || m != n || !a.dtype().is_float() {
        return a.tape().fail("matrix_power", "takes square matrices of f32 or f64", &[a]);
    }
    let base = if power < 0 { inverse("matrix_power", a) } else { a };
    let (mut result, mut square, mut left) = (None, base, power.unsigned_abs());
    while left > 0 {
        if left % 2 == 1 {
            result = Some(match result {
                Some(result) => square.matmul(result),
                None => square,
            });
        }
        left /= 2;
        if left > 0 {
            square = square.matmul(square);
        }
    }
    match result {
        Some(result) => result,
        None => identity(a, n).expand(shape),
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "matrix_exp", inputs: || vec![three()], apply: |x| matrix_exp(x[0]) },
    Sample {
        name: "matrix_exp_scaled",
        inputs: || vec![sample(&[1.5, -4.2, 5.0, 0.3, 0.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| matrix_exp(x[0] * 2.0) * 0.01,
    },
    Sample { name: "matrix_power", inputs: || vec![three()], apply: |x| matrix_power(x[0], 5) * 0.1 },
    Sample { name: "matrix_power_negative", inputs: || vec![three()], apply: |x| matrix_power(x[0], -3) },
    Sample { name: "matrix_power_zero", inputs: || vec![three()], apply: |x| matrix_power(x[0], 0) * x[0] },
];
