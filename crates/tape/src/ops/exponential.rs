//! Elementwise exponentials and logarithms, and the hyperbolic functions.

use super::unary::unary;
use super::{Sample, elementwise_op};
use crate::Var;
use chainrule_kernels::pointwise as kernel;
use std::f64::consts::{LN_2, LOG2_E, LOG10_E};

unary! {
    /// `y = eˣ`. Derivative: `y`.
    exp = "exp", kernel::EXP; |x, y, t| (t * y); [-1.5, 0.0, 2.0]

    /// `y = 2ˣ`. Derivative: `y·ln 2`.
    exp2 = "exp2", kernel::EXP2; |x, y, t| (t * (y * LN_2)); [-1.5, 0.0, 2.0]

    /// `y = eˣ - 1`, accurate near 0. Derivative: `eˣ`.
    expm1 = "expm1", kernel::EXPM1; |x, y, t| (t * x.exp()); [-1.5, 0.1, 2.0]

    /// `y = ln x`, -∞ at 0 and NaN below. Derivative: `1 / x`.
    #[doc(alias = "log")]
    ln = "ln", kernel::LN; |x, y, t| (t / x); [0.2, 1.0, 4.0]

    /// `y = log₂ x`, exact for powers of two, -∞ at 0 and NaN below. Derivative: `1 / (x·ln 2)`.
    log2 = "log2", kernel::LOG2; |x, y, t| (t / x * LOG2_E); [0.2, 1.0, 4.0]

    /// `y = log₁₀ x`, -∞ at 0 and NaN below. Derivative: `1 / (x·ln 10)`.
    log10 = "log10", kernel::LOG10; |x, y, t| (t / x * LOG10_E); [0.2, 1.0, 4.0]

    /// `y = ln(1 + x)`, accurate near 0. Derivative: `1 / (1 + x)`.
    log1p = "log1p", kernel::LOG1P; |x, y, t| (t / (x + 1.0)); [-0.5, 0.1, 3.0]

    /// The logistic function, `y = 1 / (1 + e⁻ˣ)`. Derivative: `y·(1 - y)`.
    sigmoid = "sigmoid", kernel::SIGMOID; |x, y, t| (t * (y * (1.0 - y))); [-1.5, 0.3, 2.0]

    /// `y = sinh x = (eˣ - e⁻ˣ) / 2`. Derivative: `cosh x`.
    sinh = "sinh", kernel::SINH; |x, y, t| (t * x.cosh()); [-1.5, 0.0, 2.0]

    /// `y = cosh x = (eˣ + e⁻ˣ) / 2`. Derivative: `sinh x`.
    cosh = "cosh", kernel::COSH; |x, y, t| (t * x.sinh()); [-1.5, 0.0, 2.0]

    /// `y = tanh x`. Derivative: `1 - y²`.
    tanh = "tanh", kernel::TANH; |x, y, t| (t * (1.0 - y * y)); [-1.5, 0.3, 2.0]

    /// The number whose [`sinh`](Var::sinh) is `x`. Derivative: `1 / √(x² + 1)`.
    asinh = "asinh", kernel::ASINH; |x, y, t| (t / x.hypot(1.0)); [-1.5, 0.0, 2.0]

    /// The number, not negative, whose [`cosh`](Var::cosh) is `x`; NaN below 1. Derivative: `1 / √(x² - 1)`, infinite at 1.
    acosh = "acosh", kernel::ACOSH; |x, y, t| (t / ((x - 1.0).sqrt() * (x + 1.0).sqrt())); [1.2, 2.0, 5.0]

    /// The number whose [`tanh`](Var::tanh) is `x`: ±∞ at ±1, NaN beyond. Derivative: `1 / (1 - x²)`.
    atanh = "atanh", kernel::ATANH; |x, y, t| (t / ((1.0 - x) * (x + 1.0))); [-0.5, 0.0, 0.7]
}
