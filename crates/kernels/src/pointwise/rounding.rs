//! Rounding to integers, and remainders of divisions.

use super::kernel::kernels;
use crate::math::isa::Isa;

/// Rounding, by an instruction where the level has one.
trait Round: Copy {
    fn floor_by<I: Isa>(self) -> Self;
    fn trunc_by<I: Isa>(self) -> Self;
    fn round_by<I: Isa>(self) -> Self;
}

macro_rules! impl_round {
    ($T:ident) => {
        impl Round for $T {
            #[inline(always)]
            fn floor_by<I: Isa>(self) -> $T {
                if I::FMA {
                    return self.floor();
                }
                let near = self.round_by::<I>();
                if near > self { near - 1.0 } else { near }
            }

            #[inline(always)]
            fn trunc_by<I: Isa>(self) -> $T {
                if I::FMA { self.trunc() } else { self.abs().floor_by::<I>().copysign(self) }
            }

            #[inline(always)]
            fn round_by<I: Isa>(self) -> $T {
                if I::FMA {
                    return self.round_ties_even();
                }
                // Adding it rounds |x| to an integer, a half to the even one; beyond, every number is one.
                const INTEGERS: $T = 1.0 / $T::EPSILON;
                let near = ((self.abs() + INTEGERS) - INTEGERS).copysign(self);
                if self.abs() < INTEGERS { near } else { self }
            }
        }
    };
}
impl_round!(f32);
impl_round!(f64);

/// The remainder of `fmod` moved to the divisor's sign.
macro_rules! remainder {
    ($a:expr, $b:expr) => {{
        let (b, rest) = ($b, $a % $b);
        if (rest != 0.0) & ((rest < 0.0) != (b < 0.0)) { rest + b } else { rest }
    }};
}

kernels! {
    /// The greatest integer that is not greater than `x`; `floor(-0) = -0`.
    FLOOR = "floor" plain <I> {
        (x: f32) -> f32 { x.floor_by::<I>() }
        (x: f64) -> f64 { x.floor_by::<I>() }
        (x: i64) -> i64 { x }
    }

    /// The least integer that is not less than `x`; `ceil(-0.5) = -0`.
    CEIL = "ceil" plain <I> {
        (x: f32) -> f32 { -(-x).floor_by::<I>() }
        (x: f64) -> f64 { -(-x).floor_by::<I>() }
        (x: i64) -> i64 { x }
    }

    /// The nearest integer, the even one of two; `round(-0.5) = -0`.
    ROUND = "round" plain <I> {
        (x: f32) -> f32 { x.round_by::<I>() }
        (x: f64) -> f64 { x.round_by::<I>() }
        (x: i64) -> i64 { x }
    }

    /// The integer part of `x`: the nearest integer on the way to 0, of the sign of `x`.
    TRUNC = "trunc" plain <I> {
        (x: f32) -> f32 { x.trunc_by::<I>() }
        (x: f64) -> f64 { x.trunc_by::<I>() }
        (x: i64) -> i64 { x }
    }

    /// The remainder of `a / b` rounded toward 0, exactly; it has the sign of `a`. NaN if `b` is 0; for integers 0.
    FMOD = "fmod" plain <I> {
        (a: f32, b: f32) -> f32 { a % b }
        (a: f64, b: f64) -> f64 { a % b }
        (a: i64, b: i64) -> i64 { if b == 0 { 0 } else { a.wrapping_rem(b) } }
    }

    /// The remainder of `a / b` rounded down; it has the sign of `b`. NaN if `b` is 0; for integers 0.
    REMAINDER = "remainder" plain <I> {
        (a: f32, b: f32) -> f32 { remainder!(a, b) }
        (a: f64, b: f64) -> f64 { remainder!(a, b) }
        (a: i64, b: i64) -> i64 {
            let rest = if b == 0 { 0 } else { a.wrapping_rem(b) };
            if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
        }
    }
}
