//! Inverse trigonometric functions: `atan`, `atan2`, `asin`, `acos`.
//!
//! `atan` by the nearest of 0, π/4 and π/2, so that the rest is at most π/8; `asin` beyond ½ by that of
//! `√((1 - x) / 2)`, half the complementary angle. Polynomials in the square are minimax in relative error, by
//! Remez's exchange (`tests/golden/coefficients.py`).

use super::isa::{Fma, Isa, horner};

/// Defines the family for one type. `pi_low` is what the type's π lacks; above `great` a sum may overflow.
macro_rules! arcs {
    ($module:ident: $T:ident, pi_low $pi_low:expr, great $great:expr, atan $atan:tt, asin $asin:tt) => {
        pub(crate) mod $module {
            use super::*;
            use std::$T::consts::{FRAC_PI_2, FRAC_PI_4, PI};

            const PI_LOW: $T = $pi_low;

            /// `atan(a / b)` for numbers that aren't negative, nor both 0 or infinite.
            #[inline(always)]
            fn quotient<I: Isa>(a: $T, b: $T) -> $T {
                // tan(π/8) and tan(3π/8).
                const FIRST: $T = std::$T::consts::SQRT_2 - 1.0;
                const SECOND: $T = std::$T::consts::SQRT_2 + 1.0;
                let (low, high) = (a <= b * FIRST, a > b * SECOND);
                let over = if low {
                    a
                } else if high {
                    -b
                } else {
                    a - b
                };
                let under = if low {
                    b
                } else if high {
                    a
                } else {
                    a + b
                };
                let from = if low {
                    0.0
                } else if high {
                    FRAC_PI_2
                } else {
                    FRAC_PI_4
                };
                let from_low = if low {
                    0.0
                } else if high {
                    PI_LOW / 2.0
                } else {
                    PI_LOW / 4.0
                };
                let t = over / under;
                let z = t * t;
                let y = (t * z).fma::<I>(horner::<I, _, _>(z, $atan), t);
                from + (y + from_low)
            }

            /// The arc tangent.
            #[inline(always)]
            pub(crate) fn atan<I: Isa>(x: $T) -> $T {
                quotient::<I>(x.abs(), 1.0).copysign(x)
            }

            /// The angle of the point `(x, y)`, with the signed zeros and infinities of IEEE 754's `atan2`.
            #[inline(always)]
            pub(crate) fn atan2<I: Isa>(y: $T, x: $T) -> $T {
                const GREAT: $T = $great;
                let (a, b) = (y.abs(), x.abs());
                let infinite = (a == $T::INFINITY) & (b == $T::INFINITY);
                let (a, b) = if infinite { (1.0, 1.0) } else { (a, b) };
                let b = if (a == 0.0) & (b == 0.0) { 1.0 } else { b };
                // Sums of great numbers may overflow, and products of subnormal ones are rounded.
                let scale = if (a > GREAT) | (b > GREAT) { 0.25 } else { 1.0 };
                let scale = if (a < 1.0 / GREAT) & (b < 1.0 / GREAT) { 1.0 / $T::EPSILON } else { scale };
                let angle = quotient::<I>(a * scale, b * scale);
                (if x.is_sign_negative() { PI - (angle - PI_LOW) } else { angle }).copysign(y)
            }

            /// For `|x|`: whether that is above ½; then half of its `acos`, else its `asin`.
            #[inline(always)]
            fn half<I: Isa>(x: $T) -> (bool, $T) {
                let size = x.abs();
                let above = size > 0.5;
                let z = if above { 0.5 * (1.0 - size) } else { size * size };
                let t = if above { z.sqrt() } else { size };
                (above, (t * z).fma::<I>(horner::<I, _, _>(z, $asin), t))
            }

            /// The arc sine: NaN beyond ±1.
            #[inline(always)]
            pub(crate) fn asin<I: Isa>(x: $T) -> $T {
                let (above, y) = half::<I>(x);
                (if above { FRAC_PI_2 - (2.0 * y - PI_LOW / 2.0) } else { y }).copysign(x)
            }

            /// The arc cosine: NaN beyond ±1.
            #[inline(always)]
            pub(crate) fn acos<I: Isa>(x: $T) -> $T {
                let (above, y) = half::<I>(x);
                let far = if x < 0.0 { PI - (2.0 * y - PI_LOW) } else { 2.0 * y };
                if above { far } else { FRAC_PI_2 - (y.copysign(x) - PI_LOW / 2.0) }
            }
        }
    };
}

arcs! {
    single: f32, pi_low -8.742_278e-8, great 1e37,
    atan [-0.33333316, 0.19998462, -0.14243327, 0.10592141, -0.060736757],
    asin [0.16666754, 0.07495237, 0.045477923, 0.02414258, 0.042228565]
}

arcs! {
    double: f64, pi_low 1.224_646_799_147_353_2e-16, great 1e307,
    atan [
        -0.33333333333333326, 0.19999999999997603, -0.14285714285379997, 0.11111111087696829,
        -0.09090908127769504, 0.07692282391743671, -0.06666221498205628, 0.058769716968941385,
        -0.052180899728585375, 0.04502300611813961, -0.03344600733775434, 0.01516683367490817
    ],
    asin [
        0.16666666666665375, 0.07500000000344816, 0.04464285682196374, 0.030381959395930264,
        0.022371751928735917, 0.017359795754137146, 0.013884349515757333, 0.012174947885469998,
        0.0065034974272483274, 0.019594401089590496, -0.016326782841428075, 0.031981748331936725
    ]
}
