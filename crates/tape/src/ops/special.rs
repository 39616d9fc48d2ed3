//! Elementwise special functions: the error function and its relatives, and the gamma function's.

use super::unary::unary;
use super::{Sample, elementwise_op};
use crate::Var;
use chainrule_kernels::pointwise as kernel;
use std::f64::consts::FRAC_2_SQRT_PI;

unary! {
    /// The error function, `y = 2/√π ∫₀ˣ exp(-s²) ds`. Derivative: `2/√π · exp(-x²)`.
    erf = "erf", kernel::ERF; |x, y, t| (t * (FRAC_2_SQRT_PI * (-(x * x)).exp())); [-1.5, 0.3, 2.0]

    /// `y = 1 - erf x`, accurate also where it is small. Derivative: `-2/√π · exp(-x²)`.
    erfc = "erfc", kernel::ERFC; |x, y, t| (-(t * (FRAC_2_SQRT_PI * (-(x * x)).exp()))); [-1.5, 0.3, 2.0]

    /// The number whose [`erf`](Var::erf) is `x`: ±∞ at ±1, NaN beyond. Derivative: `√π/2 · exp(y²)`, infinite at ±1.
    erfinv = "erfinv", kernel::ERFINV; |x, y, t| (t * ((y * y).exp() / FRAC_2_SQRT_PI)); [-0.7, 0.0, 0.4]

    /// `y = ln |Γ(x)|`; `Γ(n) = (n - 1)!`. It is +∞ at 0 and at the negative integers. Derivative:
    /// [`digamma`](Var::digamma).
    ///
    /// Computed in `f64` for both types. Near its zeros among the negative numbers the error is some `f64` ulp of the terms
    /// that cancel, which are of the size of `ln |x|!`; elsewhere it is within 4 ulp.
    ///
    /// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.1.
    lgamma = "lgamma", kernel::LGAMMA; |x, y, t| (t * x.digamma()); [-1.4, 0.3, 1.0, 4.5]

    /// `y = ψ(x)`, the derivative of [`lgamma`](Var::lgamma). As in PyTorch it is -∞ at 0, +∞ at -0, and NaN at the negative
    /// integers, where the two sides differ. Derivative: `ψ′`, [`polygamma(1)`](Var::polygamma).
    ///
    /// Computed in `f64` for both types. Near its zeros (1.4616… is the positive one) the error is some `f64` ulp of the
    /// terms that cancel.
    ///
    /// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.3.
    digamma = "digamma", kernel::DIGAMMA; |x, y, t| (t * x.polygamma(1)); [-1.4, 0.3, 1.0, 4.5]
}
