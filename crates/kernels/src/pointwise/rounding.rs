//! Rounding to integers, and remainders of divisions.

use super::kernel::kernels;
use crate::math::isa::{Fma, Isa};
use crate::math::pow::product;

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

/// The remainder of a division, exactly.
trait Rest: Round + std::ops::Rem<Output = Self> {
    /// Whether [`rest`](Rest::rest) is exact: the quotient is an integer of so few digits that its product with `b` is a
    /// number, or a sum of two.
    fn is_easy(self, b: Self) -> bool;
    /// The remainder of `self / b` rounded toward 0, where that is easy.
    fn rest<I: Isa>(self, b: Self) -> Self;
    /// A remainder moved to the divisor's sign.
    fn moved(self, b: Self) -> Self;
}

/// What a remainder of positive numbers is, given it for a quotient that was perhaps rounded to the next integer.
macro_rules! corrected {
    ($rest:expr, $b:expr) => {{
        let (rest, b) = ($rest, $b);
        let rest = if rest < 0.0 { rest + b } else { rest };
        if rest >= b { rest - b } else { rest }
    }};
}

macro_rules! moved {
    ($rest:expr, $b:expr) => {
        if ($rest != 0.0) & (($rest < 0.0) != ($b < 0.0)) { $rest + $b } else { $rest }
    };
}

impl Rest for f32 {
    #[inline(always)]
    fn is_easy(self, b: f32) -> bool {
        const QUOTIENT: f64 = (1u64 << 28) as f64;
        (f64::from(self.abs()) < f64::from(b.abs()) * QUOTIENT) & (b.abs() < f32::INFINITY)
    }

    #[inline(always)]
    fn rest<I: Isa>(self, b: f32) -> f32 {
        let (x, b) = (f64::from(self.abs()), f64::from(b.abs()));
        let quotient = (x / b).trunc_by::<I>();
        (corrected!((-quotient).fma::<I>(b, x), b) as f32).copysign(self)
    }

    #[inline(always)]
    fn moved(self, b: f32) -> f32 {
        moved!(self, b)
    }
}

impl Rest for f64 {
    #[inline(always)]
    fn is_easy(self, b: f64) -> bool {
        const QUOTIENT: f64 = (1u64 << 51) as f64;
        // Within these, neither the product's error underflows nor its parts overflow.
        const LEAST: f64 = f64::from_bits((1023 - 900) << 52);
        const MOST: f64 = f64::from_bits((1023 + 900) << 52);
        (self.abs() < b.abs() * QUOTIENT) & (b.abs() > LEAST) & (b.abs() < MOST)
    }

    #[inline(always)]
    fn rest<I: Isa>(self, b: f64) -> f64 {
        let (x, b) = (self.abs(), b.abs());
        let (high, low) = product::<I>((x / b).trunc_by::<I>(), b);
        corrected!((x - high) - low, b).copysign(self)
    }

    #[inline(always)]
    fn moved(self, b: f64) -> f64 {
        moved!(self, b)
    }
}

/// Repairs the elements whose remainder is not easy (`%` is exact everywhere, and slow).
#[inline(always)]
fn fix<T: Rest>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    // All are looked at first, without a branch, because there is mostly nothing to do.
    if a.iter().zip(b).fold(false, |any, (&a, &b)| any | !a.is_easy(b)) {
        for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
            if !a.is_easy(b) {
                *y = f(a, b);
            }
        }
    }
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
        (a: f32, b: f32) -> f32 { a.rest::<I>(b) } fixing |y| { fix(y, a, b, |a, b| a % b) }
        (a: f64, b: f64) -> f64 { a.rest::<I>(b) } fixing |y| { fix(y, a, b, |a, b| a % b) }
        (a: i64, b: i64) -> i64 { if b == 0 { 0 } else { a.wrapping_rem(b) } }
    }

    /// The remainder of `a / b` rounded down; it has the sign of `b`. NaN if `b` is 0; for integers 0.
    REMAINDER = "remainder" plain <I> {
        (a: f32, b: f32) -> f32 { a.rest::<I>(b).moved(b) } fixing |y| { fix(y, a, b, |a, b| (a % b).moved(b)) }
        (a: f64, b: f64) -> f64 { a.rest::<I>(b).moved(b) } fixing |y| { fix(y, a, b, |a, b| (a % b).moved(b)) }
        (a: i64, b: i64) -> i64 {
            let rest = if b == 0 { 0 } else { a.wrapping_rem(b) };
            if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
        }
    }
}
