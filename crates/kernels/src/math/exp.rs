//! The exponential function and what is made of it: `exp`, `exp2`, `expm1`, `sigmoid`, `tanh`, `sinh`, `cosh`.
//!
//! `x = n ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite's reduction), and `eʳ - 1` is a polynomial: minimax
//! in relative error, by Remez's exchange (`tests/golden/coefficients.py`).

use super::isa::{Fma, Isa, horner};

/// Defines the family for one type. `q` approximates `(eʳ - 1 - r) / r²`.
macro_rules! exponentials {
    ($module:ident: $T:ident, $digits:expr, bias $bias:expr, ln2 ($high:expr, $low:expr),
     exp ($least:expr, $most:expr), one $one:expr, q $q:tt) => {
        pub(crate) mod $module {
            use super::*;
            use std::$T::consts::{LN_2, LOG2_E};

            /// The least and the greatest argument that make a difference to `eˣ`.
            pub(crate) const LEAST: $T = $least;
            pub(crate) const MOST: $T = $most;
            /// Adding it rounds a number to an integer and leaves that in the low bits of the mantissa.
            pub(crate) const ROUND: $T = 1.5 * (1u64 << ($digits - 1)) as $T;

            /// `2ⁿ` for a normal result.
            #[inline(always)]
            pub(crate) fn power_of_two(n: $T) -> $T {
                $T::from_bits((n + (ROUND + $bias)).to_bits() << ($digits - 1))
            }

            /// `x + low` as `(n, eʳ - 1)`, where `low` is small beside `x`; the first part of ln 2 has so few
            /// digits that its product with `n` is exact.
            #[inline(always)]
            fn reduced<I: Isa>(x: $T, low: $T) -> ($T, $T) {
                let n = x.fma::<I>(LOG2_E, ROUND) - ROUND;
                let r = (-n).fma::<I>($high, x);
                let r = (-n).fma::<I>($low, r) + low;
                (n, (r * r).fma::<I>(horner::<I, _, _>(r, $q), r))
            }

            /// `e^(x + low)` for arguments that are within the range, or NaN: `2ⁿ` in two factors, of which the
            /// last makes overflow and gradual underflow.
            #[inline(always)]
            pub(crate) fn exp_within<I: Isa>(x: $T, low: $T) -> $T {
                let (n, p) = reduced::<I>(x, low);
                scaled::<I>(n, p)
            }

            /// `2ⁿ·(1 + p)`.
            #[inline(always)]
            fn scaled<I: Isa>(n: $T, p: $T) -> $T {
                let half = n.fma::<I>(0.5, ROUND) - ROUND;
                (1.0 + p) * power_of_two(half) * power_of_two(n - half)
            }

            /// `eˣ`. What is 0 isn't computed: masked scores are often -∞, and a result that underflows costs some processors
            /// more than a hundred cycles.
            #[inline(always)]
            pub(crate) fn exp<I: Isa>(x: $T) -> $T {
                let y = exp_within::<I>(if x <= LEAST { 0.0 } else { MOST.at_most(x) }, 0.0);
                if x <= LEAST { 0.0 } else { y }
            }

            /// `2ˣ`: `x = n + r`, and `2ʳ` is `e^(r ln 2)`.
            #[inline(always)]
            pub(crate) fn exp2<I: Isa>(x: $T) -> $T {
                const MOST: $T = $bias + 2.0;
                const LEAST: $T = -($bias + $digits as $T);
                let within = if x <= LEAST { 0.0 } else { MOST.at_most(x) };
                let n = (within + ROUND) - ROUND;
                let r = (within - n) * LN_2;
                let y = scaled::<I>(n, (r * r).fma::<I>(horner::<I, _, _>(r, $q), r));
                if x <= LEAST { 0.0 } else { y }
            }

            /// `eˣ - 1`.
            #[inline(always)]
            pub(crate) fn expm1<I: Isa>(x: $T) -> $T {
                const LEAST: $T = -2.0 * $one;
                let (n, p) = reduced::<I>(LEAST.at_least(MOST.at_most(x)), 0.0);
                // Half of the result: 2ⁿ alone may overflow when the result does not.
                let scale = power_of_two(n - 1.0);
                let y = 2.0 * p.fma::<I>(scale, scale - 0.5);
                if x.abs() < $T::EPSILON / 2.0 { x } else { y }
            }

            /// `1 / (1 + e⁻ˣ)`, by the exponential that doesn't overflow.
            #[inline(always)]
            pub(crate) fn sigmoid<I: Isa>(x: $T) -> $T {
                let e = exp::<I>(-x.abs());
                (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
            }

            /// `tanh x = t / (t + 2)` with `t = e²ˣ - 1`.
            #[inline(always)]
            pub(crate) fn tanh<I: Isa>(x: $T) -> $T {
                const ONE: $T = $one;
                let t = expm1::<I>(2.0 * ONE.at_most(x.abs()));
                (t / (t + 2.0)).copysign(x)
            }

            /// `sinh x = h + h / (2h + 1)` with `h = (eˣ - 1) / 2`.
            #[inline(always)]
            pub(crate) fn sinh<I: Isa>(x: $T) -> $T {
                // An eighth of the exponential does not overflow where the result doesn't.
                let (n, p) = reduced::<I>((MOST + 1.0).at_most(x.abs()), 0.0);
                let eighth = power_of_two(n - 3.0);
                let h = 4.0 * p.fma::<I>(eighth, eighth - 0.125);
                let rest = h / (2.0 * h + 1.0);
                let y = h + if h < 1.0 / $T::EPSILON { rest } else { 0.0 };
                if x.abs() < $T::EPSILON / 2.0 { x } else { y.copysign(x) }
            }

            /// `cosh x = h + 1 / 4h` with `h = e^|x| / 2`.
            #[inline(always)]
            pub(crate) fn cosh<I: Isa>(x: $T) -> $T {
                let (n, p) = reduced::<I>((MOST + 1.0).at_most(x.abs()), 0.0);
                let h = 4.0 * ((1.0 + p) * power_of_two(n - 3.0));
                h + 0.25 / h
            }
        }
    };
}

exponentials! {
    single: f32, 24, bias 127.0,
    ln2 (355.0 / 512.0, -2.121_944_4e-4),
    exp (-104.0, 89.0),
    one 10.0, // tanh 10 rounds to 1
    q [0.5, 0.16666666, 0.041666362, 0.0083333915, 0.0013940625, 0.00019844834]
}

exponentials! {
    double: f64, 53, bias 1023.0,
    ln2 (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10),
    exp (-746.0, 710.0),
    one 22.0,
    q [
        0.5, 0.16666666666666677, 0.041666666666666505, 0.008333333333321683, 0.0013888888888963073,
        0.00019841269886000133, 2.480158717109594e-05, 2.75572443270121e-06, 2.755740387837055e-07,
        2.51089995369901e-08, 2.0874956478980393e-09
    ]
}
