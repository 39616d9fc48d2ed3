//! `pow`.
//!
//! `xʸ = e^(y ln x)`: the error of `y ln x` is the relative error of the result, and `y ln x` goes up to 745. So
//! for `f64` the logarithm has some 12 more digits than the type; for `f32` all is computed in `f64`.

use super::isa::{Fma, Isa, horner};
use super::{exp, ln};

/// Applies the special cases of IEEE 754 to `power = |x|ʸ`, which is right unless `x` is 0 or infinite, or an
/// operand is NaN: `x⁰ = 1` and `1ʸ = 1` even for NaN; a negative base needs an integer `y`, whose parity makes
/// the sign.
macro_rules! special {
    ($T:ident, $digits:expr, $x:expr, $y:expr, $power:expr) => {{
        const INTEGERS: $T = (1u64 << ($digits - 1)) as $T;
        let (x, y, power): ($T, $T, $T) = ($x, $y, $power);
        let (base, size) = (x.abs(), y.abs());
        // From 2^(digits - 1) on all numbers are integers, from 2^digits on all are even.
        let shifted = size + INTEGERS;
        let integer = size >= INTEGERS || shifted - INTEGERS == size;
        let last = if size < INTEGERS { shifted.to_bits() } else { size.to_bits() } & 1;
        let odd = integer && size < 2.0 * INTEGERS && last == 1;
        let (zero, infinite) = (base == 0.0, base == $T::INFINITY);
        let limit = if zero == (y < 0.0) { $T::INFINITY } else { 0.0 };
        let power = if zero || infinite { limit } else { power };
        let power = if x < 0.0 && !infinite && !integer { $T::NAN } else { power };
        let power = if odd { power.copysign(x) } else { power };
        let power = if x.is_nan() || y.is_nan() { $T::NAN } else { power };
        if y == 0.0 || x == 1.0 { 1.0 } else { power }
    }};
}

/// `xʸ` for `f32`.
#[inline(always)]
pub(crate) fn pow_f32<I: Isa>(x: f32, y: f32) -> f32 {
    const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
    // Every f32 is normal as an f64.
    let (e, m) = ln::double::parts(f64::from(x.abs()));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    // log₂ m = 2 artanh(s) / ln 2, good to 2⁻⁴⁴.
    let q = horner::<I, _, _>(z, POW_F32_LOG);
    let log2 = s.fma::<I>(q, e);
    // |log₂ x| is 0 or more than 2⁻²⁴: an infinite y is no different from a great one. And beyond ±160 the
    // result overflows or underflows to zero.
    const MOST: f32 = (1u64 << 40) as f32;
    let t = f64::from((-MOST).at_least(MOST.at_most(y))) * log2;
    let t = (-160.0).at_least((160.0).at_most(t));
    let k = t + ROUND;
    let p = horner::<I, _, _>(t - (k - ROUND), POW_F32_EXP);
    // The conversion makes overflow and gradual underflow.
    let power = (p * f64::from_bits((k + 1023.0).to_bits() << 52)) as f32;
    special!(f32, 24, x, y, power)
}

/// `2 artanh(s) / (s ln 2)` in `s²`, for `|s| <= (√2 - 1) / (√2 + 1)`.
const POW_F32_LOG: [f64; 5] = {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    [
        2.0 * LOG2_E,
        0.6666666564437771 * LOG2_E,
        0.400003355465858 * LOG2_E,
        0.2853728028020266 * LOG2_E,
        0.2358276928620276 * LOG2_E,
    ]
};

/// `2ʳ` for `|r| <= ½`.
const POW_F32_EXP: [f64; 7] = [
    1.0,
    0.6931472063967239,
    0.2402265135756272,
    0.05550327454656596,
    0.00961800255051526,
    0.0013400406145480175,
    0.00015476657027478058,
];

/// `a b` as the rounded product and its error: one instruction more with FMA, else by Dekker's splitting.
#[inline(always)]
pub(crate) fn product<I: Isa>(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    if I::FMA {
        return (p, a.fma::<I>(b, -p));
    }
    let split = |x: f64| {
        let t = x * ((1 << 27) + 1) as f64;
        let high = t - (t - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// `a + b` as the rounded sum and its error, for `|a| >= |b|` or `a = 0` (Dekker).
#[inline(always)]
pub(super) fn sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    (s, (a - s) + b)
}

/// `ln m + e ln 2` as the sum of two numbers, good to about 2⁻⁶⁵: `s = (m - 1) / (m + 1)` and
/// `ln m = 2 s (1 + s² (1/3 + s² q(s²)))`, in double-double arithmetic but for `q`.
#[inline(always)]
fn ln_extended<I: Isa>(m: f64, e: f64) -> (f64, f64) {
    // s + sl = f / (d + dl), where all but sl are exact.
    let (f, d) = (m - 1.0, m + 1.0);
    let dl = m - (d - 1.0);
    let inverse = 1.0 / d;
    let s = f * inverse;
    let (p, pl) = product::<I>(s, d);
    let sl = ((f - p) - pl - s * dl) * inverse;

    let (z, zl) = product::<I>(s, s);
    let zl = (2.0 * s).fma::<I>(sl, zl);
    let q = horner::<I, _, _>(
        z,
        [
            0.2000000000000113,
            0.1428571428504865,
            0.11111111260194531,
            0.09090892161011414,
            0.07693379786175458,
            0.06628381183043415,
            0.06598434026297798,
        ],
    );
    const THIRD: f64 = 1.0 / 3.0;
    // What 1/3 lacks: 1 - 3 THIRD, exactly, by three.
    const THIRD_LOW: f64 = ((1.0 - 2.0 * THIRD) - THIRD) / 3.0;
    let (c, cl) = sum(THIRD, z * q);
    let cl = cl + THIRD_LOW;
    let (u, ul) = product::<I>(z, c);
    let ul = zl.fma::<I>(c, z.fma::<I>(cl, ul));

    let (s, sl) = (2.0 * s, 2.0 * sl);
    let (v, vl) = product::<I>(s, u);
    let vl = sl.fma::<I>(u, s.fma::<I>(ul, vl));
    let (h, r) = sum(e * 0.693_147_180_369_123_8, s);
    let (h, t) = sum(h, v);
    sum(h, e.fma::<I>(1.908_214_929_270_587_7e-10, r + (t + (vl + sl))))
}

/// `xʸ` for `f64`.
#[inline(always)]
pub(crate) fn pow_f64<I: Isa>(x: f64, y: f64) -> f64 {
    let (e, m) = ln::double::all_parts(x.abs());
    let (h, l) = ln_extended::<I>(m, e);
    // |ln x| is 0 or more than 2⁻⁵⁴: beyond 2⁶⁶ the result overflows, or underflows to zero, anyway.
    const MOST: f64 = (1u128 << 66) as f64;
    let (p, q) = {
        let y = (-MOST).at_least(MOST.at_most(y));
        let (p, q) = product::<I>(y, h);
        sum(p, y.fma::<I>(l, q))
    };
    let q = if p.abs() < 1024.0 { q } else { 0.0 };
    let power = exp::double::exp_within::<I>(exp::double::LEAST.at_least(exp::double::MOST.at_most(p)), q);
    special!(f64, 53, x, y, power)
}
