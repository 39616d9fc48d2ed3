//! Elementwise functions of one operand: the macro that defines them, and the algebraic ones.

use super::{Sample, elementwise_op};
use crate::Var;
use chainrule_kernels::pointwise as kernel;

/// One block an op: doc; `method = "name", kernel; |x, y, t| derivative (or `cut`); sample points`.
macro_rules! unary {
    (@derivative $x:ident $y:ident $t:ident cut) => { None };
    (@derivative $x:ident $y:ident $t:ident $d:expr) => { Some($d) };
    // What is cut is checked as a factor of something that is not.
    (@apply $method:ident cut) => { |x| x[0] * x[0].$method() };
    (@apply $method:ident $d:expr) => { |x| x[0].$method() };
    ($($(#[$doc:meta])* $method:ident = $name:literal, $kernel:expr; |$x:ident, $y:ident, $t:ident| $d:tt; [$($at:expr),*])*) => {
        $(mod $method {
            use super::*;
            elementwise_op!(Unary, $name, $kernel, |at, i, $t| {
                let ($x, $y) = (at.x[0], at.y);
                unary!(@derivative $x $y $t $d)
            });

            impl<'t> Var<'t> {
                $(#[$doc])*
                #[track_caller]
                pub fn $method(self) -> Var<'t> {
                    self.apply(&Unary)
                }
            }

            pub(super) const SAMPLE: Sample = Sample {
                name: $name,
                inputs: || { const POINTS: &[f64] = &[$($at),*]; if POINTS.is_empty() { vec![] } else { vec![POINTS.into()] } },
                apply: unary!(@apply $method $d),
            };
        })*

        pub(crate) const SAMPLES: &[Sample] = &[$($method::SAMPLE),*];
    };
}
pub(super) use unary;

unary! {
    /// `y = -x`. Derivative: `-1`.
    negate = "neg", kernel::NEG; |x, y, t| (-t); [-1.5, 0.3]

    /// `y = |x|`. Derivative: `sign(x)`, so 0 at 0.
    abs = "abs", kernel::ABS; |x, y, t| (t * x.sign()); [-1.5, 0.3, 2.0]

    /// `y = sign(x)`: -1, 0 or 1, and NaN for NaN. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut.
    sign = "sign", kernel::SIGN; |x, y, t| cut; [-1.5, 0.3, 2.0]

    /// `y = ⌊x⌋`, the largest integer not above `x`. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut.
    floor = "floor", kernel::FLOOR; |x, y, t| cut; [-1.5, 0.3, 2.6]

    /// `y = ⌈x⌉`, the smallest integer not below `x`. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut.
    ceil = "ceil", kernel::CEIL; |x, y, t| cut; [-1.5, 0.3, 2.6]

    /// The integer nearest to `x`, the even one of two: 0.5 and -0.5 become 0, 1.5 becomes 2. Its derivative is 0 where it
    /// exists; a gradient that meets it is cut.
    round = "round", kernel::ROUND; |x, y, t| cut; [-1.7, 0.3, 2.6]

    /// The integer part of `x`, the nearest integer on the way to 0. Its derivative is 0 where it exists; a gradient that
    /// meets it is cut.
    trunc = "trunc", kernel::TRUNC; |x, y, t| cut; [-1.5, 0.3, 2.6]

    /// `y = x`, but zero of the same sign where `x` is subnormal, that is, `|x| < 1.2·10⁻³⁸` (`f32`) or `2.2·10⁻³⁰⁸` (`f64`).
    /// Some processors compute with subnormal numbers a hundred times more slowly, and an average that decays becomes one
    /// sooner or later. Derivative: 1, as for what is merely rounded.
    flush_subnormals = "flush_subnormals", kernel::FLUSH; |x, y, t| t; [-1.5, 0.0, 2.0]

    /// `y = √x`, NaN below 0. Derivative: `1 / 2y`, infinite at 0.
    sqrt = "sqrt", kernel::SQRT; |x, y, t| (t * 0.5 / y); [0.2, 1.0, 4.0]

    /// `y = 1 / √x`. Derivative: `-y³ / 2`.
    rsqrt = "rsqrt", kernel::RSQRT; |x, y, t| (t * -0.5 * y * y * y); [0.2, 1.0, 4.0]

    /// `y = ∛x`, of the sign of `x`. Derivative: `1 / 3y²`, infinite at 0.
    cbrt = "cbrt", kernel::CBRT; |x, y, t| (t / (y * y * 3.0)); [-1.5, 0.3, 8.0]

    /// `y = 1 / x`. Derivative: `-y²`.
    reciprocal = "reciprocal", kernel::RECIP; |x, y, t| (-(t * y * y)); [-1.5, 0.4, 2.0]

    /// `y = ¬x`, of truth values.
    logical_not = "not", kernel::NOT; |x, y, t| cut; []
}

impl<'t> std::ops::Neg for Var<'t> {
    type Output = Var<'t>;

    #[track_caller]
    fn neg(self) -> Var<'t> {
        self.negate()
    }
}

impl<'t> std::ops::Not for Var<'t> {
    type Output = Var<'t>;

    #[track_caller]
    fn not(self) -> Var<'t> {
        self.logical_not()
    }
}
