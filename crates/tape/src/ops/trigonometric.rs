//! Elementwise trigonometric functions and their inverses, in radians.

use super::unary::unary;
use super::{Sample, elementwise_op};
use crate::Var;
use chainrule_kernels::pointwise as kernel;

unary! {
    /// `y = sin x`, in radians. Derivative: `cos x`.
    sin = "sin", kernel::SIN; |x, y, t| (t * x.cos()); [-1.5, 0.3, 2.0]

    /// `y = cos x`, in radians. Derivative: `-sin x`.
    cos = "cos", kernel::COS; |x, y, t| (-(t * x.sin())); [-1.5, 0.3, 2.0]

    /// `y = tan x`, in radians. Derivative: `1 + y²`.
    tan = "tan", kernel::TAN; |x, y, t| (t * (y * y + 1.0)); [-1.1, 0.3, 2.0]

    /// The angle from -π/2 to π/2 whose sine is `x`; NaN beyond ±1. Derivative: `1 / √(1 - x²)`, infinite at ±1.
    asin = "asin", kernel::ASIN; |x, y, t| (t / ((1.0 - x) * (x + 1.0)).sqrt()); [-0.7, 0.0, 0.4]

    /// The angle from 0 to π whose cosine is `x`; NaN beyond ±1. Derivative: `-1 / √(1 - x²)`, infinite at ±1.
    acos = "acos", kernel::ACOS; |x, y, t| (-(t / ((1.0 - x) * (x + 1.0)).sqrt())); [-0.7, 0.0, 0.4]

    /// The angle from -π/2 to π/2 whose tangent is `x`. Derivative: `1 / (1 + x²)`.
    atan = "atan", kernel::ATAN; |x, y, t| (t / (x * x + 1.0)); [-1.5, 0.0, 3.0]
}
