//! The complement of the error function, and the inverse of the error function.
//!
//! `erfc x = e^(-x²) p(t) / (1 + 2x)` from ½ on, with a polynomial `p` in `t = (x - k) / (x + k)`, the form of Shepherd
//! and Laframboise ("Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", Mathematics of Computation 36,
//! 1981); the coefficients are minimax in relative error, by Remez's exchange (`tests/golden/coefficients.py`).

use super::isa::{Fma, Isa, horner};
use super::{erf, exp, ln, pow};

/// Defines `erfc` for one type; from `most` on the result rounds to 0. `lost(x, x²)` is what the rounded square lacks.
macro_rules! complement {
    ($name:ident, $erf:ident, $module:ident: $T:ident, most $most:expr, k $k:expr, lost $lost:ident, p $p:tt) => {
        /// `erfc x = 1 - erf x`, accurate also where it is small.
        #[inline(always)]
        pub(crate) fn $name<I: Isa>(x: $T) -> $T {
            const MOST: $T = $most;
            let size = MOST.at_most(x.abs());
            let square = size * size;
            let e = exp::$module::exp_within::<I>(-square, -$lost::<I>(size, square));
            let p = horner::<I, _, _>((size - $k) / (size + $k), $p);
            let far = e * (p / (1.0 + 2.0 * size));
            let far = if x < 0.0 { 2.0 - far } else { far };
            if size < 0.5 { 1.0 - erf::$erf::<I>(x) } else { far }
        }
    };
}

#[inline(always)]
fn lost_f32<I: Isa>(x: f32, square: f32) -> f32 {
    (f64::from(x) * f64::from(x) - f64::from(square)) as f32
}

#[inline(always)]
fn lost_f64<I: Isa>(x: f64, _: f64) -> f64 {
    pow::product::<I>(x, x).1
}

complement! {
    erfc_f32, erf_f32, single: f32, most 10.2, k 2.0, lost lost_f32,
    p [
        1.2769784, -0.09276377, -0.16603099, 0.16404909, -0.054208655, -0.008010245, 0.008646569, 0.0011670649,
        -0.0012468578, -0.0002549887
    ]
}

complement! {
    erfc_f64, erf_f64, double: f64, most 27.5, k 3.0, lost lost_f64,
    p [
        1.2530080582697296, -0.13562110612458061, -0.047562294353431116, 0.12964515870268783,
        -0.11927366341650807, 0.06830802734676458, -0.023770514890172508, 0.0025293917667247455,
        0.0018886900140589868, -0.0007798317875472552, -0.00010515737497503835, 0.00012509646725576188,
        4.938964979172542e-06, -2.0089706667885016e-05, -7.025955639223026e-07, 3.446340418609751e-06,
        3.067012796861791e-07, -5.777462899338543e-07, -8.878772374200726e-08, 6.852919820449434e-08,
        1.0846562535567336e-08
    ]
}

/// The inverse of `erf`: ±∞ at ±1, NaN beyond. A polynomial in `w = -ln(1 - x²)`, or far out in `√w`, is good to 20 bits
/// (the variables are Giles's, "Approximating the erfinv function", GPU Computing Gems 2, 2011), and one step of Halley's
/// method triples that. The step takes the difference of `erf`, or far out of `erfc`, whose smallness keeps its digits.
#[inline(always)]
pub(crate) fn erfinv<I: Isa>(x: f64) -> f64 {
    let size = x.abs();
    let rest = 1.0 - size;
    let w = -ln::double::ln::<I>(rest * (1.0 + size));
    let near = horner::<I, _, _>(
        w,
        [
            0.8862265894892617,
            0.23202411666840342,
            0.011497565615826835,
            -0.0022386849217257594,
            -0.00021589355406654908,
            9.006673897836831e-05,
            -9.691141886563167e-06,
            4.1049971954590153e-07,
            -3.351242756619252e-09,
        ],
    );
    let far = horner::<I, _, _>(
        w.sqrt(),
        [
            3.8137049527772806,
            -6.710262024696499,
            6.672042614478664,
            -3.381459984629482,
            1.1033430989936657,
            -0.23978928914186484,
            0.03465994954725999,
            -0.0032101219472197985,
            0.00017276839822258139,
            -4.115227826649639e-06,
        ],
    );
    let y = size * if w < 6.25 { near } else { far };
    let excess = if size < 0.5 { erf::erf_f64::<I>(y) - size } else { rest - erfc_f64::<I>(y) };
    let slope = std::f64::consts::FRAC_2_SQRT_PI * exp::double::exp::<I>(-(y * y));
    let step = excess / slope;
    let y = y - step / (1.0 + y * step);
    (if size == 1.0 { f64::INFINITY } else { y }).copysign(x)
}
