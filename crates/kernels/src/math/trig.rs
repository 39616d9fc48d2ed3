//! `sin`, `cos` and `tan`.
//!
//! `|x| = n π/2 + r` with `|r| <= π/4` (Cody and Waite's reduction) up to [`REDUCIBLE`]; sine and cosine of `r`
//! are polynomials: minimax in relative error, by Remez's exchange (`tests/golden/coefficients.py`). The
//! kernels compute greater arguments, which are rare, with the standard library.

use super::isa::{Fma, Isa, horner};
use std::f64::consts::FRAC_2_PI;

/// Arguments of less than this magnitude are reduced exactly enough.
pub(crate) const REDUCIBLE: f64 = (1 << 20) as f64;

/// π/2 in three parts: products of the first two, of 33 bits, with `n < 2²⁰` are exact.
const PI_2: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

pub(crate) mod single {
    use super::*;

    /// For `|x|`: the quadrant in the low bits, `sin r` and `cos r`. The reduction is in `f64`.
    #[inline(always)]
    fn parts<I: Isa>(x: f32) -> (u32, f32, f32) {
        const ROUND: f32 = 1.5 * (1 << 23) as f32;
        const SECOND: f64 = PI_2[1] + PI_2[2];
        let k = x.abs().fma::<I>(FRAC_2_PI as f32, ROUND);
        let n = f64::from(k - ROUND);
        let r = (-n).fma::<I>(SECOND, (-n).fma::<I>(PI_2[0], f64::from(x.abs()))) as f32;
        let z = r * r;
        let sin = (r * z)
            .fma::<I>(horner::<I, _, _>(z, [-0.16666667, 0.008333327, -0.00019838796, 2.713432e-06]), r);
        let cos = horner::<I, _, _>(z, [1.0, -0.5, 0.041666638, -0.0013886944, 2.4391096e-05]);
        (k.to_bits(), sin, cos)
    }

    /// `sin x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn sin<I: Isa>(x: f32) -> f32 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let y = if quadrant & 1 == 0 { sin } else { cos };
        f32::from_bits(y.to_bits() ^ ((quadrant & 2) << 30) ^ (x.to_bits() & (1 << 31)))
    }

    /// `cos x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn cos<I: Isa>(x: f32) -> f32 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let y = if quadrant & 1 == 0 { cos } else { sin };
        f32::from_bits(y.to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 30))
    }

    /// `tan x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn tan<I: Isa>(x: f32) -> f32 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let even = quadrant & 1 == 0;
        let y = (if even { sin } else { -cos }) / (if even { cos } else { sin });
        f32::from_bits(y.to_bits() ^ (x.to_bits() & (1 << 31)))
    }
}

pub(crate) mod double {
    use super::*;

    const ROUND: f64 = 1.5 * (1u64 << 52) as f64;

    /// `sin r` and `cos r` for `|r| <= π/4`.
    #[inline(always)]
    fn octant<I: Isa>(r: f64) -> (f64, f64) {
        let z = r * r;
        let sin = horner::<I, _, _>(
            z,
            [
                -0.16666666666666632,
                0.0083333333333223,
                -0.00019841269829710582,
                2.755731365586924e-06,
                -2.5050752140297373e-08,
                1.5896431993157595e-10,
            ],
        );
        let cos = horner::<I, _, _>(
            z,
            [
                -0.5,
                0.0416666666666666,
                -0.0013888888888873958,
                2.4801587289372626e-05,
                -2.755731431901774e-07,
                2.0875718539942023e-09,
                -1.1359393005091851e-11,
            ],
        );
        ((r * z).fma::<I>(sin, r), z.fma::<I>(cos, 1.0))
    }

    /// For `|x|`: the quadrant in the low bits, `sin r` and `cos r`.
    #[inline(always)]
    fn parts<I: Isa>(x: f64) -> (u64, f64, f64) {
        let x = x.abs();
        let k = x.fma::<I>(FRAC_2_PI, ROUND);
        let n = k - ROUND;
        // The first difference is exact; of the second we keep the rounding error (Knuth's two-sum).
        let (a, b) = ((-n).fma::<I>(PI_2[0], x), n * PI_2[1]);
        let r = a - b;
        let part = r - a;
        let lost = (a - (r - part)) - (b + part);
        let (sin, cos) = octant::<I>(r + (-n).fma::<I>(PI_2[2], lost));
        (k.to_bits(), sin, cos)
    }

    /// `sin x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn sin<I: Isa>(x: f64) -> f64 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let y = if quadrant & 1 == 0 { sin } else { cos };
        f64::from_bits(y.to_bits() ^ ((quadrant & 2) << 62) ^ (x.to_bits() & (1 << 63)))
    }

    /// `cos x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn cos<I: Isa>(x: f64) -> f64 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let y = if quadrant & 1 == 0 { cos } else { sin };
        f64::from_bits(y.to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 62))
    }

    /// `tan x` for `|x| <` [`REDUCIBLE`].
    #[inline(always)]
    pub(crate) fn tan<I: Isa>(x: f64) -> f64 {
        let (quadrant, sin, cos) = parts::<I>(x);
        let even = quadrant & 1 == 0;
        let y = (if even { sin } else { -cos }) / (if even { cos } else { sin });
        f64::from_bits(y.to_bits() ^ (x.to_bits() & (1 << 63)))
    }

    /// Sine and cosine of `t` turns, `0 <= t < 1`.
    #[inline(always)]
    pub(crate) fn sin_cos_turns<I: Isa>(t: f64) -> (f64, f64) {
        let k = 4.0 * t + ROUND;
        let r = (4.0 * t - (k - ROUND)) * std::f64::consts::FRAC_PI_2;
        let (sin, cos) = octant::<I>(r);
        let quadrant = k.to_bits();
        let (y, x) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, sin) };
        (
            f64::from_bits(y.to_bits() ^ ((quadrant & 2) << 62)),
            f64::from_bits(x.to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 62)),
        )
    }
}
