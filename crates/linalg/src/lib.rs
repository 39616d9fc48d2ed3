//! Matrix factorizations and what is made of them, differentiable any number of times: [`Linalg`] adds them to
//! [`Var`](chainrule_tape::Var).
//!
//! ```
//! use chainrule_linalg::Linalg;
//! use chainrule_tape::Tape;
//! let tape = Tape::new();
//! let a = tape.var([[4.0, 2.0], [2.0, 3.0]]);
//! let x = a.solve(tape.var([8.0, 7.0]));
//! assert_eq!(x.value()?.to_f64(), [1.25, 1.5]);
//! let slope = tape.grad(a.logdet(), a); // the inverse, transposed
//! assert_eq!(slope.value()?.to_f64(), [0.375, -0.25, -0.25, 0.5]);
//! # Ok::<(), chainrule_tape::Error>(())
//! ```
//!
//! All take `f32` and `f64`, and a batch of matrices along any number of leading axes. The numbers are computed by the
//! [`faer`](https://docs.rs/faer) crate, on one thread: the number of threads changes no bit of them. They may
//! differ from one processor to another, as the size of blocks follows from caches.
//!
//! # Errors
//!
//! Shapes and dtypes that don't fit are mistakes in the recording. What depends on the numbers is an error of the
//! run: a matrix with an element that is not finite, a singular matrix in a system, one that is not positive
//! definite in [`cholesky`](Linalg::cholesky). It names the matrix in the batch and the line that recorded the op.
//!
//! # Derivatives
//!
//! They are recorded ops, products and solutions of systems mostly, so derivatives of any order exist, in reverse
//! and forward mode.
//!
//! Where a rule divides by differences of eigenvalues or singular values that are equal (to within 8·n·ε of the
//! largest, with ε the distance from 1 to the next number), the quotient counts as 0, and every derivative is
//! finite. The vectors have no derivative there. The first derivative is right for what treats equal values alike,
//! as a sum of the same function of all, and for what depends on the vectors only through the space that equal
//! values share, as the projection onto it. It is not for a matrix function `V·f(Λ)·Vᵀ`: the part that would be
//! `f′` between vectors of one space is missing. Higher derivatives are right where the values are distinct.
//!
//! # Sources
//!
//! - M. Giles, "An extended collection of matrix derivative results for forward and reverse mode automatic
//!   differentiation", 2008: systems, inverse, determinant, eigenvalues, singular values.
//! - I. Murray, "Differentiation of the Cholesky decomposition", 2016.
//! - S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
//!   experimental design", 2010: QR.
//! - G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
//!   variables separate", 1973.
//! - N. J. Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.
//! - R. Mathias, "A chain rule for matrix functions and applications", 1996.

#![forbid(unsafe_code)]

mod cholesky;
mod det;
mod eigh;
mod exp;
mod kernel;
mod linalg;
mod lu;
mod norm;
mod parts;
mod plu;
mod qr;
mod svd;
mod triangular;

use chainrule_tape::Tensor;
use chainrule_tape::check::Sample;

pub use linalg::Linalg;
pub use norm::MatrixNorm;
pub use triangular::Triangle;

/// The samples of all ops, as [`chainrule_tape::check::samples`] are of those of the tape.
///
/// ```
/// let names: Vec<_> = chainrule_linalg::samples().iter().map(|s| s.name).collect();
/// assert!(names.contains(&"cholesky") && names.contains(&"svd"));
/// ```
pub fn samples() -> Vec<Sample> {
    let families = [
        triangular::SAMPLES,
        cholesky::SAMPLES,
        lu::SAMPLES,
        plu::SAMPLES,
        det::SAMPLES,
        qr::SAMPLES,
        eigh::SAMPLES,
        svd::SAMPLES,
        exp::SAMPLES,
        norm::SAMPLES,
    ];
    families.concat()
}

/// `values` as a tensor of this shape; a helper of the samples.
fn sample(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).expect("a sample's values fill its shape")
}
