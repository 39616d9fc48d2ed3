//! The trait.

use crate::norm::{self, MatrixNorm};
use crate::triangular::{self, Triangle};
use crate::{cholesky, det, eigh, exp, lu, plu, qr, svd};
use chainrule_tape::Var;

/// Linear algebra of values that hold matrices along their last two axes. The axes before them, `…` in what
/// follows, are a batch. See the [crate](crate)'s documentation for what all of them have in common.
pub trait Linalg: Sized {
    /// The lower triangular `L` with `A = L·Lᵀ` of symmetric positive definite matrices: `[…, n, n] → […, n, n]`.
    ///
    /// The lower triangle of `A` is read, and `A` taken as symmetric. The gradient is symmetric: `L⁻ᵀ·Φ(Lᵀ·g)·L⁻¹`
    /// and its transpose, halved, where `Φ` takes the lower triangle with half of the diagonal (Murray 2016).
    ///
    /// An error of the run for a matrix that is not positive definite.
    ///
    /// ```
    /// # use chainrule_linalg::Linalg;
    /// # let tape = chainrule_tape::Tape::new();
    /// let a = tape.var([[4.0, 2.0], [2.0, 10.0]]);
    /// assert_eq!(a.cholesky().value()?.to_f64(), [2.0, 0.0, 1.0, 3.0]);
    /// let message = (-a).cholesky().value().unwrap_err().to_string();
    /// assert!(message.contains("not positive definite: its leading minor of order 1"));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn cholesky(self) -> Self;

    /// `X` of `L·Lᵀ·X = B`, where `B` is this value and `L` is what [`cholesky`](Linalg::cholesky) returns:
    /// `[…, n, k]` and `[…, n, n] → […, n, k]`. Leading axes are broadcast. The derivatives are those of two
    /// triangular systems.
    #[track_caller]
    fn cholesky_solve(self, l: Self) -> Self;

    /// `X` of `A·X = B`, where `A` is a triangle of this value's matrices: `[…, n, n]` and `[…, n, k] → […, n, k]`.
    /// Leading axes are broadcast. With [`Triangle::right`], `X·A = B` and `B` is `[…, k, n]`.
    ///
    /// The other triangle is not read, and its gradient is 0. Gradients: `gB = A⁻ᵀ·g`, and the triangle of `-gB·Xᵀ`.
    ///
    /// An error of the run if an element of the diagonal is 0 (PyTorch returns infinities).
    ///
    /// ```
    /// # use chainrule_linalg::{Linalg, Triangle};
    /// # let tape = chainrule_tape::Tape::new();
    /// let a = tape.var([[2.0, 9.0], [1.0, 4.0]]);
    /// let b = tape.var([[2.0], [9.0]]);
    /// assert_eq!(a.solve_triangular(b, Triangle::lower()).value()?.to_f64(), [1.0, 2.0]);
    /// assert_eq!(a.solve_triangular(b, Triangle::lower().unit()).value()?.to_f64(), [2.0, 7.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn solve_triangular(self, b: Self, triangle: Triangle) -> Self;

    /// `X` of `A·X = B`: `[…, n, n]` and `[…, n, k] → […, n, k]`, or `[…, n, n]` and `[…, n] → […, n]`. Leading
    /// axes are broadcast; one matrix for a batch of right-hand sides is factored once. As PyTorch has it, `b` is a
    /// vector if it has one axis, or the matrix's shape without the last axis.
    ///
    /// Gradients: `gB = A⁻ᵀ·g` and `-gB·Xᵀ`, by the same LU factorization. An error of the run if a pivot is 0.
    #[track_caller]
    fn solve(self, b: Self) -> Self;

    /// `A⁻¹` of square matrices: `[…, n, n] → […, n, n]`. To multiply by it, [`solve`](Linalg::solve) is faster and
    /// more exact.
    ///
    /// Gradient: `-A⁻ᵀ·g·A⁻ᵀ`. An error of the run if a pivot is 0.
    #[track_caller]
    fn inverse(self) -> Self;

    /// The determinant of square matrices: `[…, n, n] → […]`; that of an empty matrix is 1.
    ///
    /// Gradient: `g` times the cofactors. They are `det A·A⁻ᵀ`, or are made from singular values where `A` is
    /// singular or nearly so: the first and second derivatives are right there too (PyTorch's first is not where a
    /// pivot is exactly 0), and further ones are if the singular values are distinct.
    ///
    /// ```
    /// # use chainrule_linalg::Linalg;
    /// # let tape = chainrule_tape::Tape::new();
    /// let a = tape.var([[1.0, 2.0], [2.0, 4.0]]);
    /// let slope = tape.grad(a.det(), a).value()?.to_f64();
    /// for (found, cofactor) in slope.iter().zip([4.0, -2.0, -2.0, 1.0]) {
    ///     assert!((found - cofactor).abs() < 1e-14);
    /// }
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn det(self) -> Self;

    /// The determinant as its sign and the logarithm of its absolute value: `[…, n, n] →` `[…]` and `[…]`. It
    /// neither overflows nor underflows. Of a singular matrix that is 0 and -∞.
    ///
    /// The sign has no derivative, the logarithm's gradient is `g·A⁻ᵀ`: an error of the run where `A` is singular.
    #[track_caller]
    fn slogdet(self) -> (Self, Self);

    /// `ln det A`: `[…, n, n] → […]`. NaN where the determinant is negative, -∞ where it is 0. Gradient: `g·A⁻ᵀ`,
    /// an error of the run where `A` is singular, and 0 where the determinant is negative.
    #[track_caller]
    fn logdet(self) -> Self;

    /// `P`, `L` and `U` with `A = P·L·U` (partial pivoting): `[…, m, n] →` `[…, m, m]`, `[…, m, k]` and `[…, k, n]`
    /// where `k = min(m, n)`. `P` permutes rows, `L` is lower triangular with ones on its diagonal and no larger
    /// elements, `U` is upper triangular.
    ///
    /// `P` has no derivative. With `G = L⁻¹·P⁻¹·dA·U⁻¹` of a square matrix, `dL` is `L` times the part of `G` below
    /// the diagonal, and `dU` the rest of `G` times `U`. It needs the first `k` columns to be independent: if not
    /// exactly so, it is an error of the run. ([`solve`](Linalg::solve), [`det`](Linalg::det) and others share one
    /// factorization of the same matrix without this.)
    #[track_caller]
    fn lu(self) -> (Self, Self, Self);

    /// `Q` with orthonormal columns and the upper triangular `R` with `A = Q·R` (reduced): `[…, m, n] →`
    /// `[…, m, k]` and `[…, k, n]` where `k = min(m, n)`. The signs of `R`'s diagonal are the algorithm's
    /// (Householder's), not all positive.
    ///
    /// Gradient: `(gQ + Q·C)·R⁻ᵀ`, where the symmetric `C` has the lower triangle of `R·gRᵀ - gQᵀ·Q` (Walter and
    /// Lehmann 2010); for `m < n` that of the first `m` columns, and `Qᵀ` times the others. It needs the first `k`
    /// columns to be independent: if not exactly so, it is an error of the run.
    #[track_caller]
    fn qr(self) -> (Self, Self);

    /// Eigenvalues, ascending, and eigenvectors, the columns of `V`, with `A = V·diag(λ)·Vᵀ`: `[…, n, n] →`
    /// `[…, n]` and `[…, n, n]`. The lower triangle of `A` is read, and `A` taken as symmetric.
    ///
    /// Gradient: `V·(diag(gλ) + F∘(Vᵀ·gV))·Vᵀ` made symmetric, with `Fᵢⱼ = 1 / (λⱼ - λᵢ)`, and 0 where these are
    /// equal (Giles 2008, section 3.1; the [crate](crate)'s documentation says what that means). The sign of a
    /// vector is the algorithm's: only what doesn't depend on it is well-defined.
    ///
    /// ```
    /// # use chainrule_linalg::Linalg;
    /// # let tape = chainrule_tape::Tape::new();
    /// let a = tape.var([[2.0, 1.0], [1.0, 2.0]]);
    /// let (values, vectors) = a.eigh();
    /// let values = values.value()?.to_f64();
    /// assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
    /// assert!((vectors.abs() - 0.5f64.sqrt()).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn eigh(self) -> (Self, Self);

    /// The eigenvalues of symmetric matrices, ascending: `[…, n, n] → […, n]`. Gradient: `V·diag(g)·Vᵀ`. Also where
    /// eigenvalues are equal, as far as all that are equal have the same gradient.
    #[track_caller]
    fn eigvalsh(self) -> Self;

    /// `U`, `S` and `Vᵀ` with `A = U·diag(S)·Vᵀ` (reduced): `[…, m, n] →` `[…, m, k]`, `[…, k]` and `[…, k, n]`
    /// where `k = min(m, n)`. Columns of `U` and rows of `Vᵀ` are orthonormal, singular values descend.
    ///
    /// Derivative: Giles (2008), section 3.2, with what divides by `sⱼ - sᵢ` apart from what divides by `sⱼ + sᵢ`.
    /// Quotients by 0 are 0. So the derivative of what doesn't depend on how vectors are chosen, as `U·Vᵀ` of an
    /// invertible matrix, is right for equal singular values too. The sign of a pair of vectors is the algorithm's.
    #[track_caller]
    fn svd(self) -> (Self, Self, Self);

    /// The singular values, descending: `[…, m, n] → […, min(m, n)]`. Gradient: `U·diag(g)·Vᵀ`.
    #[track_caller]
    fn svdvals(self) -> Self;

    /// The Moore-Penrose inverse `A⁺`: `[…, m, n] → […, n, m]`. Singular values of no more than `max(m, n)·ε` times
    /// the largest count as 0, where `ε` is the distance from 1 to the next number.
    ///
    /// Derivative: `-A⁺·dA·A⁺ + A⁺·A⁺ᵀ·dAᵀ·(1 - A·A⁺) + (1 - A⁺·A)·dAᵀ·A⁺ᵀ·A⁺` (Golub and Pereyra 1973), where the
    /// rank stays the same.
    #[track_caller]
    fn pinv(self) -> Self;

    /// [`pinv`](Linalg::pinv) with another bound: singular values of no more than `cutoff` times the largest count
    /// as 0.
    #[track_caller]
    fn pinv_cutoff(self, cutoff: f64) -> Self;

    /// `X` of the smallest `‖A·X - B‖`, by QR: `[…, m, n]` and `[…, m, k] → […, n, k]`, or `[…, m, n]` and
    /// `[…, m] → […, n]` (see [`solve`](Linalg::solve) for which). For `m < n` that is the smallest `X` with
    /// `A·X = B`, by the factorization of `Aᵀ`.
    ///
    /// `A` must have full rank: if it exactly has not, this is an error of the run; if it nearly has not,
    /// `A.pinv()·B` is the better choice. The derivative is the chain rule's.
    ///
    /// ```
    /// # use chainrule_linalg::Linalg;
    /// # let tape = chainrule_tape::Tape::new();
    /// // A line through three points.
    /// let a = tape.var([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
    /// let line = a.lstsq(tape.var([1.0, 2.0, 6.0])).value()?.to_f64();
    /// assert!((line[0] - 0.5).abs() < 1e-14 && (line[1] - 2.5).abs() < 1e-14);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn lstsq(self, b: Self) -> Self;

    /// `eᴬ = Σ Aⁱ / i!` of square matrices: `[…, n, n] → […, n, n]`, by scaling and squaring with a Padé
    /// approximant (Higham 2005), in `f64` also for `f32`.
    ///
    /// Derivative: the upper right block of the exponential of `[[A, dA], [0, A]]` (Mathias 1996); the gradient is
    /// that of `Aᵀ` in the direction `g`.
    ///
    /// ```
    /// # use chainrule_linalg::Linalg;
    /// # let tape = chainrule_tape::Tape::new();
    /// let turn = tape.var([[0.0, -1.0], [1.0, 0.0]]).matrix_exp().value()?.to_f64();
    /// assert!((turn[0] - 1f64.cos()).abs() < 1e-15 && (turn[2] - 1f64.sin()).abs() < 1e-15);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn matrix_exp(self) -> Self;

    /// `A·A·…·A`, `n` times, by repeated squaring; for a negative `n` that of `A⁻¹`, and the identity matrix for 0:
    /// `[…, n, n] → […, n, n]`.
    #[track_caller]
    fn matrix_power(self, n: i32) -> Self;

    /// A norm of each matrix: `[…, m, n] → […]`; 0 of an empty one.
    ///
    /// Derivative of the Frobenius norm: `A / ‖A‖`, and 0 where the norm is 0; of the nuclear norm: `U·Vᵀ`, for all
    /// of `U` and `V` (as in PyTorch) also where singular values are 0; of the others: the largest's, split evenly
    /// among equals.
    ///
    /// ```
    /// # use chainrule_linalg::{Linalg, MatrixNorm};
    /// # let tape = chainrule_tape::Tape::new();
    /// let a = tape.var([[3.0, 0.0], [0.0, -4.0]]);
    /// assert_eq!(a.matrix_norm(MatrixNorm::Frobenius).item()?, 5.0);
    /// assert_eq!(a.matrix_norm(MatrixNorm::Nuclear).item()?, 7.0);
    /// assert_eq!(a.matrix_norm(MatrixNorm::Spectral).item()?, 4.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn matrix_norm(self, norm: MatrixNorm) -> Self;

    /// The largest singular value over the smallest: `[…, m, n] → […]`; ∞ of a singular matrix. The derivative is
    /// the chain rule's.
    #[track_caller]
    fn cond(self) -> Self;

    /// The number of singular values above `max(m, n)·ε` times the largest, as `i64`: `[…, m, n] → […]`. It has no
    /// derivative.
    #[track_caller]
    fn matrix_rank(self) -> Self;
}

impl Linalg for Var<'_> {
    #[track_caller]
    fn cholesky(self) -> Self {
        cholesky::cholesky(self)
    }

    #[track_caller]
    fn cholesky_solve(self, l: Self) -> Self {
        cholesky::cholesky_solve(self, l)
    }

    #[track_caller]
    fn solve_triangular(self, b: Self, triangle: Triangle) -> Self {
        triangular::solve_triangular("solve_triangular", self, b, triangle)
    }

    #[track_caller]
    fn solve(self, b: Self) -> Self {
        lu::solve("solve", self, b)
    }

    #[track_caller]
    fn inverse(self) -> Self {
        lu::inverse("inverse", self)
    }

    #[track_caller]
    fn det(self) -> Self {
        det::det(self)
    }

    #[track_caller]
    fn slogdet(self) -> (Self, Self) {
        det::slogdet("slogdet", self).into()
    }

    #[track_caller]
    fn logdet(self) -> Self {
        det::logdet(self)
    }

    #[track_caller]
    fn lu(self) -> (Self, Self, Self) {
        plu::lu(self).into()
    }

    #[track_caller]
    fn qr(self) -> (Self, Self) {
        qr::qr("qr", self).into()
    }

    #[track_caller]
    fn eigh(self) -> (Self, Self) {
        eigh::eigh("eigh", self).into()
    }

    #[track_caller]
    fn eigvalsh(self) -> Self {
        eigh::eigh("eigvalsh", self)[0]
    }

    #[track_caller]
    fn svd(self) -> (Self, Self, Self) {
        svd::svd("svd", self).into()
    }

    #[track_caller]
    fn svdvals(self) -> Self {
        svd::singular_values("svdvals", self)
    }

    #[track_caller]
    fn pinv(self) -> Self {
        svd::pinv("pinv", self, None)
    }

    #[track_caller]
    fn pinv_cutoff(self, cutoff: f64) -> Self {
        svd::pinv("pinv_cutoff", self, Some(cutoff))
    }

    #[track_caller]
    fn lstsq(self, b: Self) -> Self {
        qr::lstsq(self, b)
    }

    #[track_caller]
    fn matrix_exp(self) -> Self {
        exp::matrix_exp(self)
    }

    #[track_caller]
    fn matrix_power(self, n: i32) -> Self {
        exp::matrix_power(self, n)
    }

    #[track_caller]
    fn matrix_norm(self, norm: MatrixNorm) -> Self {
        norm::matrix_norm(self, norm)
    }

    #[track_caller]
    fn cond(self) -> Self {
        norm::cond(self)
    }

    #[track_caller]
    fn matrix_rank(self) -> Self {
        norm::matrix_rank(self)
    }
}
