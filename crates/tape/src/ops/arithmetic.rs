//! Elementwise arithmetic of two operands, which are broadcast to their common shape.

use super::{Sample, elementwise_op, sample};
use crate::{Operand, Var};
use chainrule_kernels::pointwise as kernel;
use std::ops;

const ZERO: Option<crate::Constant> = Some(crate::Constant::Zero);
const ONE: Option<crate::Constant> = Some(crate::Constant::One);

/// One block an op: doc; `method = "name", kernel; |a, b, y, t| [derivative for a, for b]; sample points;
/// [constants that leave the other operand as it is]`.
macro_rules! binary {
    ($($(#[$doc:meta])* $method:ident = $name:literal, $kernel:expr; |$a:ident, $b:ident, $y:ident, $t:ident| [$da:expr, $db:expr];
        [$pa:expr, $pb:expr]; [$($neutral:expr),*])*) => {
        $(mod $method {
            use super::*;
            elementwise_op!(Binary, $name, $kernel, |at, i, $t| {
                let ($a, $b, $y) = (at.x[0], at.x[1], at.y);
                Some(if i == 0 { $da } else { $db })
            }, [$($neutral),*]);

            impl<'t> Var<'t> {
                $(#[$doc])*
                #[track_caller]
                pub fn $method(self, other: impl Operand<'t>) -> Var<'t> {
                    self.binary(&Binary, other)
                }
            }

            pub(super) const SAMPLE: Sample =
                Sample { name: $name, inputs: || vec![sample($pa, &[3]), sample($pb, &[3])], apply: |x| x[0].$method(x[1]) };
        })*

        pub(crate) const SAMPLES: &[Sample] = &[$($method::SAMPLE,)* BROADCAST, POWI, POW_CONSTANT, CLAMP, CLAMP_MIN, CLAMP_MAX];
    };
}

binary! {
    /// `y = a + b`. Derivatives: 1 and 1. (0 is not neutral: `-0 + 0` is `+0`.)
    plus = "add", kernel::ADD; |a, b, y, t| [t, t]; [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; []

    /// `y = a - b`. Derivatives: 1 and -1.
    minus = "sub", kernel::SUB; |a, b, y, t| [t, -t]; [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; [None, ZERO]

    /// `y = a·b`. Derivatives: `b` and `a`.
    times = "mul", kernel::MUL; |a, b, y, t| [t * b, t * a]; [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; [ONE, ONE]

    /// `y = a / b`. Derivatives: `1 / b` and `-y / b`.
    over = "div", kernel::DIV; |a, b, y, t| [t / b, -(t * y / b)]; [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; [None, ONE]

    /// `y = aᵇ`. Derivatives: `b·aᵇ⁻¹` and `y·ln a`. Where `a` is 0 and `b >= 0`, the latter is 0 (as is its limit for
    /// `b > 0`), and where both are 0, the former is 0. `0⁰` is 1; a negative `a` needs an integer `b`, or the result is NaN.
    pow = "pow", kernel::POW; |a, b, y, t| [
        by_base(a, b, t),
        by_exponent(a, b, y, t)
    ]; [[1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; [None, ONE]

    /// `y = max(a, b)`, NaN if either is. The derivative goes to the larger; a tie is split evenly.
    maximum = "maximum", kernel::MAXIMUM; |a, b, y, t| [t * share(a, b, a.lt(b)), t * share(a, b, b.lt(a))];
        [[-1.5, 0.3, 2.0], [0.5, 0.2, -1.0]]; []

    /// `y = min(a, b)`, NaN if either is. The derivative goes to the smaller; a tie is split evenly.
    minimum = "minimum", kernel::MINIMUM; |a, b, y, t| [t * share(a, b, a.gt(b)), t * share(a, b, b.gt(a))];
        [[-1.5, 0.3, 2.0], [0.5, 0.2, -1.0]]; []

    /// `y = a - b·⌊a / b⌋`, the remainder with the sign of `b` (Python's `%`), exact but for the last
    /// addition. NaN where `b` is 0; of integers 0. Derivatives: 1 and `-⌊a / b⌋`.
    remainder = "remainder", kernel::REMAINDER; |a, b, y, t| [t, -(t * ((a - y) / b).round())];
        [[-1.5, 0.3, 2.0], [0.4, 2.0, -0.7]]; []

    /// `y = a - b·trunc(a / b)`, the remainder with the sign of `a` (C's and Rust's `%`), exact. NaN where `b` is 0; of
    /// integers 0. Derivatives: 1 and `-trunc(a / b)`.
    fmod = "fmod", kernel::FMOD; |a, b, y, t| [t, -(t * ((a - y) / b).round())];
        [[-1.5, 0.3, 2.0], [0.4, 2.0, -0.7]]; []

    /// The angle of the point `(b, a)`, from -π to π: `y = atan(a / b)` in the right quadrant, written `a.atan2(b)`. Zeros
    /// keep their signs: `atan2(±0, -0) = ±π`. Derivatives: `b / (a² + b²)` and `-a / (a² + b²)`, 0 at the origin.
    atan2 = "atan2", kernel::ATAN2; |a, b, y, t| [
        { let r = radius(a, b); t * (b / r / r) },
        { let r = radius(a, b); -(t * (a / r / r)) }
    ]; [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; []

    /// `y = √(a² + b²)`, without overflow on the way. Derivatives: `a / y` and `b / y`, 0 at the origin (PyTorch: NaN).
    hypot = "hypot", kernel::HYPOT; |a, b, y, t| [t * (a / unless_zero(y)), t * (b / unless_zero(y))];
        [[-1.5, 0.3, 2.0], [0.5, 2.0, -1.0]]; []
}

/// `t·b·aᵇ⁻¹`, and 0 where both are 0. The branch that isn't chosen stays finite, for the second order's sake.
fn by_base<'t>(a: Var<'t>, b: Var<'t>, t: Var<'t>) -> Var<'t> {
    let zero = a.eq(0.0).and(b.eq(0.0));
    zero.select(0.0, t * b * zero.select(1.0, a).pow(b - 1.0))
}

/// `t·y·ln a`, and 0 where `a` is 0 and `b` is not negative.
fn by_exponent<'t>(a: Var<'t>, b: Var<'t>, y: Var<'t>, t: Var<'t>) -> Var<'t> {
    let zero = a.eq(0.0).and(b.ge(0.0));
    zero.select(0.0, t * y * zero.select(1.0, a).ln())
}

/// A radius, or 1 where that is 0, for the derivatives' divisions.
fn unless_zero(y: Var<'_>) -> Var<'_> {
    y.eq(0.0).select(1.0, y)
}

fn radius<'t>(a: Var<'t>, b: Var<'t>) -> Var<'t> {
    unless_zero(a.hypot(b))
}

/// 0 where an operand loses, 1/2 at a tie, else 1: also where one of them is NaN.
fn share<'t>(a: Var<'t>, b: Var<'t>, loses: Var<'t>) -> Var<'t> {
    let tie = a.eq(b).cast(a.dtype()) * 0.5;
    loses.select(0.0, 1.0 - tie)
}

/// The same ops with operands of different shapes.
const BROADCAST: Sample = Sample {
    name: "broadcast",
    inputs: || vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3]), sample([1.5, 0.5], &[2, 1])],
    apply: |x| x[0] * x[1] + x[1] / (x[0] + 3.0),
};

const POWI: Sample = Sample {
    name: "powi",
    inputs: || vec![sample([0.5, -1.2, 2.0], &[3])],
    apply: |x| x[0].powi(3) + x[0].powi(-2),
};

/// Constant exponents, also at 0 and below.
const POW_CONSTANT: Sample = Sample {
    name: "pow_constant",
    inputs: || vec![sample([0.0, -1.2, 2.0], &[3])],
    apply: |x| x[0].pow(2.0) + x[0].pow(3.0) * 0.5,
};

const CLAMP: Sample = Sample {
    name: "clamp",
    inputs: || vec![sample([0.5, -1.2, 2.0], &[3])],
    apply: |x| x[0].clamp(-1.0, 1.0) * x[0],
};

const CLAMP_MIN: Sample = Sample { name: "clamp_min", apply: |x| x[0].clamp_min(-1.0) * x[0], ..CLAMP };

const CLAMP_MAX: Sample = Sample { name: "clamp_max", apply: |x| x[0].clamp_max(1.0) * x[0], ..CLAMP };

impl<'t> Var<'t> {
    /// `x·x·…·x`, `n` times, by repeated squaring; that of `1 / x` for a negative `n`.
    #[track_caller]
    pub fn powi(self, n: i32) -> Var<'t> {
        let _op = self.tape.within("powi", &[self]);
        let base = if n < 0 { self.reciprocal() } else { self };
        let (mut power, mut square, mut left) = (None, base, n.unsigned_abs());
        while left > 0 {
            if left % 2 == 1 {
                power = Some(power.map_or(square, |p| p * square));
            }
            left /= 2;
            if left > 0 {
                square = square * square;
            }
        }
        power.unwrap_or_else(|| self.tape.full(self.shape(), 1.0, self.dtype()))
    }

    /// The element limited to `low..=high`; NaN stays NaN. Derivative: 1 inside, 0 outside and at the limits.
    #[track_caller]
    pub fn clamp(self, low: f64, high: f64) -> Var<'t> {
        let _op = self.tape.within("clamp", &[self]);
        let above = self.le(low).select(low, self);
        self.ge(high).select(high, above)
    }

    /// The element, but at least `low`; NaN stays NaN. Derivative: 1 above, 0 below and at the limit (PyTorch: 1 there).
    #[track_caller]
    pub fn clamp_min(self, low: f64) -> Var<'t> {
        let _op = self.tape.within("clamp_min", &[self]);
        self.le(low).select(low, self)
    }

    /// The element, but at most `high`; NaN stays NaN. Derivative: 1 below, 0 above and at the limit (PyTorch: 1 there).
    #[track_caller]
    pub fn clamp_max(self, high: f64) -> Var<'t> {
        let _op = self.tape.within("clamp_max", &[self]);
        self.ge(high).select(high, self)
    }
}

/// `a + b`, `a + 1.0` and `1.0 + a`, and so for the other operators.
macro_rules! operators {
    ($($Trait:ident $op:ident $method:ident)*) => { $(
        impl<'t> ops::$Trait<Var<'t>> for Var<'t> {
            type Output = Var<'t>;

            #[track_caller]
            fn $op(self, other: Var<'t>) -> Var<'t> {
                self.$method(other)
            }
        }

        impl<'t> ops::$Trait<f64> for Var<'t> {
            type Output = Var<'t>;

            #[track_caller]
            fn $op(self, other: f64) -> Var<'t> {
                self.$method(other)
            }
        }

        impl<'t> ops::$Trait<Var<'t>> for f64 {
            type Output = Var<'t>;

            #[track_caller]
            fn $op(self, other: Var<'t>) -> Var<'t> {
                other.tape().full_like(other, self).$method(other)
            }
        }
    )* };
}

operators! {
    Add add plus
    Sub sub minus
    Mul mul times
    Div div over
    Rem rem fmod
}
