//! Arithmetic: the kernels that are one instruction, or a few.

use super::kernel::kernels;
use crate::math::isa::Fma;

/// Zero in place of subnormal numbers, told by their bits: a comparison of numbers may be slow for them too.
pub(super) trait Flush {
    fn flush(self) -> Self;
}

macro_rules! impl_flush {
    ($T:ty) => {
        impl Flush for $T {
            #[inline(always)]
            fn flush(self) -> $T {
                let (bits, exponent) = (self.to_bits(), <$T>::INFINITY.to_bits());
                <$T>::from_bits(if bits & exponent == 0 { bits & (-0.0 as $T).to_bits() } else { bits })
            }
        }
    };
}
impl_flush!(f32);
impl_flush!(f64);

kernels! {
    /// `-x`; integers wrap around.
    NEG = "neg" plain <I> {
        (x: f32) -> f32 { -x }
        (x: f64) -> f64 { -x }
        (x: i64) -> i64 { x.wrapping_neg() }
    }

    /// `|x|`; integers wrap around (`|MIN| = MIN`).
    ABS = "abs" plain <I> {
        (x: f32) -> f32 { x.abs() }
        (x: f64) -> f64 { x.abs() }
        (x: i64) -> i64 { x.wrapping_abs() }
    }

    /// The sign of `x`: -1, 0 or 1; `sign(±0) = 0`, `sign(NaN) = NaN`.
    SIGN = "sign" plain <I> {
        (x: f32) -> f32 {
            let s = (x > 0.0) as i32 as f32 - (x < 0.0) as i32 as f32;
            if x.is_nan() { x } else { s }
        }
        (x: f64) -> f64 {
            let s = if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 };
            if x.is_nan() { x } else { s }
        }
        (x: i64) -> i64 { (x > 0) as i64 - (x < 0) as i64 }
    }

    /// `√x`, correctly rounded; NaN below zero, `√-0 = -0`.
    SQRT = "sqrt" plain <I> {
        (x: f32) -> f32 { x.sqrt() }
        (x: f64) -> f64 { x.sqrt() }
    }

    /// `1 / √x`; NaN below zero, `rsqrt(±0) = ±∞`.
    RSQRT = "rsqrt" plain <I> {
        (x: f32) -> f32 { 1.0 / x.sqrt() }
        (x: f64) -> f64 { 1.0 / x.sqrt() }
    }

    /// `1 / x`, correctly rounded; `recip(±0) = ±∞`.
    RECIP = "recip" plain <I> {
        (x: f32) -> f32 { 1.0 / x }
        (x: f64) -> f64 { 1.0 / x }
    }

    /// `x`, but zero of the same sign where `x` is subnormal (closer to 0 than the type's `MIN_POSITIVE`).
    FLUSH = "flush_subnormals" plain <I> {
        (x: f32) -> f32 { x.flush() }
        (x: f64) -> f64 { x.flush() }
    }

    /// `a + b`; integers wrap around.
    ADD = "add" update <I> {
        (a: f32, b: f32) -> f32 { a + b }
        (a: f64, b: f64) -> f64 { a + b }
        (a: i64, b: i64) -> i64 { a.wrapping_add(b) }
    }

    /// `a - b`; integers wrap around.
    SUB = "sub" update <I> {
        (a: f32, b: f32) -> f32 { a - b }
        (a: f64, b: f64) -> f64 { a - b }
        (a: i64, b: i64) -> i64 { a.wrapping_sub(b) }
    }

    /// `a * b`; integers wrap around.
    MUL = "mul" update <I> {
        (a: f32, b: f32) -> f32 { a * b }
        (a: f64, b: f64) -> f64 { a * b }
        (a: i64, b: i64) -> i64 { a.wrapping_mul(b) }
    }

    /// `a / b`, correctly rounded.
    DIV = "div" plain <I> {
        (a: f32, b: f32) -> f32 { a / b }
        (a: f64, b: f64) -> f64 { a / b }
    }

    /// The greater of `a` and `b`; NaN if either is NaN; `b` if they compare equal (-0 and +0).
    MAXIMUM = "maximum" update <I> {
        (a: f32, b: f32) -> f32 { let m = a.at_least(b); if a.is_nan() { a } else { m } }
        (a: f64, b: f64) -> f64 { let m = a.at_least(b); if a.is_nan() { a } else { m } }
        (a: i64, b: i64) -> i64 { a.max(b) }
    }

    /// The lesser of `a` and `b`; NaN if either is NaN; `b` if they compare equal (-0 and +0).
    MINIMUM = "minimum" plain <I> {
        (a: f32, b: f32) -> f32 { let m = a.at_most(b); if a.is_nan() { a } else { m } }
        (a: f64, b: f64) -> f64 { let m = a.at_most(b); if a.is_nan() { a } else { m } }
        (a: i64, b: i64) -> i64 { a.min(b) }
    }

    /// `a * b + c`, rounded once where the level has a fused multiply-add, else twice.
    FMA = "fma" plain <I> {
        (a: f32, b: f32, c: f32) -> f32 { a.fma::<I>(b, c) }
        (a: f64, b: f64, c: f64) -> f64 { a.fma::<I>(b, c) }
    }
}
