//! Elementwise functions of one operand.

use super::{Sample, elementwise_op, sample};
use crate::Var;
use chainrule_kernels::pointwise as kernel;

/// One block an op: doc; `method = "name", kernel; |x, y, t| derivative (or `cut`); sample points`.
macro_rules! unary {
    (@derivative $x:ident $y:ident $t:ident cut) => { None };
    (@derivative $x:ident $y:ident $t:ident $d:expr) => { Some($d) };
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
                apply: |x| x[0].$method(),
            };
        })*

        pub(super) const SAMPLES: &[Sample] = &[$($method::SAMPLE,)* SQUARE];
    };
}

unary! {
    /// `y = -x`. Derivative: `-1`.
    negate = "neg", kernel::NEG; |x, y, t| (-t); [-1.5, 0.3]

    /// `y = |x|`. Derivative: `sign(x)`, so 0 at 0.
    abs = "abs", kernel::ABS; |x, y, t| (t * x.sign()); [-1.5, 0.3, 2.0]

    /// `y = sign(x)`: -1, 0 or 1, and NaN for NaN. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut.
    sign = "sign", kernel::SIGN; |x, y, t| cut; []

    /// `y = ⌊x⌋`, the largest integer not above `x`. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut.
    floor = "floor", kernel::FLOOR; |x, y, t| cut; []

    /// `y = x`, but zero of the same sign where `x` is subnormal, that is, `|x| < 1.2·10⁻³⁸` (`f32`) or `2.2·10⁻³⁰⁸` (`f64`).
    /// Some processors compute with subnormal numbers a hundred times more slowly, and an average that decays becomes one
    /// sooner or later. Derivative: 1, as for what is merely rounded.
    flush_subnormals = "flush_subnormals", kernel::FLUSH; |x, y, t| t; [-1.5, 0.0, 2.0]

    /// `y = √x`, NaN below 0. Derivative: `1 / 2y`, infinite at 0.
    sqrt = "sqrt", kernel::SQRT; |x, y, t| (t * 0.5 / y); [0.2, 1.0, 4.0]

    /// `y = 1 / √x`. Derivative: `-y³ / 2`.
    rsqrt = "rsqrt", kernel::RSQRT; |x, y, t| (t * -0.5 * y * y * y); [0.2, 1.0, 4.0]

    /// `y = 1 / x`. Derivative: `-y²`.
    reciprocal = "reciprocal", kernel::RECIP; |x, y, t| (-(t * y * y)); [-1.5, 0.4, 2.0]

    /// `y = eˣ`. Derivative: `y`.
    exp = "exp", kernel::EXP; |x, y, t| (t * y); [-1.5, 0.0, 2.0]

    /// `y = eˣ - 1`, accurate near 0. Derivative: `eˣ`.
    expm1 = "expm1", kernel::EXPM1; |x, y, t| (t * x.exp()); [-1.5, 0.1, 2.0]

    /// `y = ln x`, -∞ at 0 and NaN below. Derivative: `1 / x`.
    ln = "ln", kernel::LN; |x, y, t| (t / x); [0.2, 1.0, 4.0]

    /// `y = ln(1 + x)`, accurate near 0. Derivative: `1 / (1 + x)`.
    log1p = "log1p", kernel::LOG1P; |x, y, t| (t / (x + 1.0)); [-0.5, 0.1, 3.0]

    /// `y = sin x`, in radians. Derivative: `cos x`.
    sin = "sin", kernel::SIN; |x, y, t| (t * x.cos()); [-1.5, 0.3, 2.0]

    /// `y = cos x`, in radians. Derivative: `-sin x`.
    cos = "cos", kernel::COS; |x, y, t| (-(t * x.sin())); [-1.5, 0.3, 2.0]

    /// `y = tanh x`. Derivative: `1 - y²`.
    tanh = "tanh", kernel::TANH; |x, y, t| (t * (1.0 - y * y)); [-1.5, 0.3, 2.0]

    /// The logistic function, `y = 1 / (1 + e⁻ˣ)`. Derivative: `y·(1 - y)`.
    sigmoid = "sigmoid", kernel::SIGMOID; |x, y, t| (t * (y * (1.0 - y))); [-1.5, 0.3, 2.0]

    /// The error function, `y = 2/√π ∫₀ˣ exp(-s²) ds`. Derivative: `2/√π · exp(-x²)`.
    erf = "erf", kernel::ERF; |x, y, t| (t * (std::f64::consts::FRAC_2_SQRT_PI * (-(x * x)).exp())); [-1.5, 0.3, 2.0]

    /// `y = ¬x`, of truth values.
    logical_not = "not", kernel::NOT; |x, y, t| cut; []
}

impl<'t> Var<'t> {
    /// `y = x²`. Derivative: `2x`.
    #[track_caller]
    pub fn square(self) -> Var<'t> {
        self * self
    }
}

const SQUARE: Sample =
    Sample { name: "square", inputs: || vec![sample([-1.5, 0.0, 2.0], &[3])], apply: |x| x[0].square() };

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
