//! Logarithms and what is made of them: `ln`, `log2`, `log10`, `log1p`, `asinh`, `acosh`, `atanh`.
//!
//! `x = 2ᵉ m` with `√½ <= m < √2`, and `ln m` is a polynomial: minimax in relative error, by Remez's exchange
//! (`tests/golden/coefficients.py`).

use super::isa::{Fma, Isa, horner};

/// Defines the family for one type, `$ln(f, c, e)` being `ln(1 + f) + e ln 2`.
macro_rules! logarithms {
    ($module:ident: $T:ident, $digits:expr, bias $bias:expr, ln $ln:ident) => {
        pub(crate) mod $module {
            use super::*;
            use std::$T::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E, LOG10_2, LOG10_E};

            /// A positive normal number as `(e, m)`.
            #[inline(always)]
            pub(crate) fn parts(x: $T) -> ($T, $T) {
                const MANTISSA: u32 = $digits - 1;
                const TWO_POW: $T = (1u64 << MANTISSA) as $T;
                let shifted =
                    x.to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits()).wrapping_add($bias << MANTISSA);
                let m = (shifted & ((1 << MANTISSA) - 1)) + FRAC_1_SQRT_2.to_bits();
                // The biased exponent, set into the mantissa of a power of two: no integer conversion.
                let e = $T::from_bits(shifted >> MANTISSA | TWO_POW.to_bits());
                (e - (TWO_POW + $bias as $T), $T::from_bits(m))
            }

            /// A positive number, normal or not, as `(e, m)`.
            #[inline(always)]
            pub(crate) fn all_parts(x: $T) -> ($T, $T) {
                const UP: $T = (1u64 << $digits) as $T;
                let tiny = x < $T::MIN_POSITIVE;
                let (e, m) = parts(if tiny { x * UP } else { x });
                (if tiny { e - $digits as $T } else { e }, m)
            }

            /// The result for any argument `1 + x` of a logarithm, given it for positive finite ones.
            #[inline(always)]
            fn special(x: $T, y: $T) -> $T {
                let y = if x > 0.0 { y } else { $T::NAN };
                let y = if x == 0.0 { $T::NEG_INFINITY } else { y };
                if x < $T::INFINITY { y } else { x }
            }

            /// `ln x`: -∞ at zero, NaN below.
            #[inline(always)]
            pub(crate) fn ln<I: Isa>(x: $T) -> $T {
                let (e, m) = all_parts(x);
                special(x, $ln::<I>(m - 1.0, e))
            }

            /// `log₂ x`, exact for powers of two.
            #[inline(always)]
            pub(crate) fn log2<I: Isa>(x: $T) -> $T {
                let (e, m) = all_parts(x);
                special(x, $ln::<I>(m - 1.0, 0.0).fma::<I>(LOG2_E, e))
            }

            /// `log₁₀ x`. The first part of log₁₀ 2 has so few digits that its product with `e` is exact.
            #[inline(always)]
            pub(crate) fn log10<I: Isa>(x: $T) -> $T {
                const UNIT: $T = (1u64 << ($digits / 5 * 3)) as $T;
                const HIGH: $T = (LOG10_2 * UNIT) as u64 as $T / UNIT;
                let (e, m) = all_parts(x);
                let small = $ln::<I>(m - 1.0, 0.0).fma::<I>(LOG10_E, e * (LOG10_2 - HIGH));
                special(x, e.fma::<I>(HIGH, small))
            }

            /// `ln(1 + x)`: `1 + x` is rounded, and what was lost is added to the mantissa.
            #[inline(always)]
            pub(crate) fn log1p<I: Isa>(x: $T) -> $T {
                let u = 1.0 + x;
                let (e, m) = parts(u);
                // Above 2⁶⁴ nothing that was lost matters.
                const MOST: $T = 64.0;
                const ROUND: $T = 1.5 * (1u64 << ($digits - 1)) as $T + $bias as $T;
                let scale = $T::from_bits((ROUND - MOST.at_most(e)).to_bits() << ($digits - 1));
                let lost = x - (u - 1.0);
                let y = special(u, $ln::<I>(lost.fma::<I>(scale, m - 1.0), e));
                if x.abs() < $T::EPSILON / 2.0 { x } else { y }
            }

            /// From here on `√(x² ± 1)` is `x`, and its square far from overflow.
            const GREAT: $T = (1u64 << ($digits + 2)) as $T;

            /// `asinh x = ln(|x| + √(x² + 1))` as a `log1p`, with the sign of `x`.
            #[inline(always)]
            pub(crate) fn asinh<I: Isa>(x: $T) -> $T {
                let size = x.abs();
                let square = size * size;
                let argument = size + square / (1.0 + (1.0 + square).sqrt());
                let great = size > GREAT;
                let y = log1p::<I>(if great { size } else { argument });
                (y + if great { LN_2 } else { 0.0 }).copysign(x)
            }

            /// `acosh x = ln(x + √(x² - 1))` as a `log1p`: NaN below 1.
            #[inline(always)]
            pub(crate) fn acosh<I: Isa>(x: $T) -> $T {
                let t = x - 1.0;
                let argument = t + (t * (x + 1.0)).sqrt();
                let great = x > GREAT;
                let y = log1p::<I>(if great { x } else { argument });
                if t < 0.0 { $T::NAN } else { y + if great { LN_2 } else { 0.0 } }
            }

            /// `atanh x = ln((1 + x) / (1 - x)) / 2` as a `log1p`: ±∞ at ±1, NaN beyond.
            #[inline(always)]
            pub(crate) fn atanh<I: Isa>(x: $T) -> $T {
                let size = x.abs();
                (0.5 * log1p::<I>(2.0 * size / (1.0 - size))).copysign(x)
            }
        }
    };
}
logarithms!(single: f32, 24, bias 127, ln ln_f32);
logarithms!(double: f64, 53, bias 1023, ln ln_f64);

/// `ln(1 + f) + e ln 2 = f - f²/2 + f³ q(f) + e ln 2`.
#[inline(always)]
fn ln_f32<I: Isa>(f: f32, e: f32) -> f32 {
    let square = f * f;
    let q = horner::<I, _, _>(
        f,
        [
            0.33333313,
            -0.2500001,
            0.20002118,
            -0.16668,
            0.14219561,
            -0.124055296,
            0.118880674,
            -0.11675986,
            0.06747212,
        ],
    );
    let y = (f * square).fma::<I>(q, e * -2.121_944_4e-4);
    let y = square.fma::<I>(-0.5, y) + f;
    e.fma::<I>(355.0 / 512.0, y)
}

/// `ln(1 + f) + e ln 2` with `s = f / (2 + f)` and `ln(1 + f) = 2 artanh s = 2 s + s³ q(s²)`, arranged as in
/// fdlibm: `2 s = f - f²/2 + s f²/2` to the last bit.
#[inline(always)]
fn ln_f64<I: Isa>(f: f64, e: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let q = horner::<I, _, _>(
        z,
        [
            0.6666666666666734,
            0.3999999999941394,
            0.28571428742597565,
            0.2222219854653177,
            0.181835659798884,
            0.15314001608078937,
            0.14796502076931115,
        ],
    );
    let half = 0.5 * f * f;
    let tail = s.fma::<I>(z.fma::<I>(q, half), e * 1.908_214_929_270_587_7e-10);
    e.fma::<I>(0.693_147_180_369_123_8, f - (half - tail))
}
