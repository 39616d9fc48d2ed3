//! The logarithm of the gamma function and its derivatives: `lgamma`, `digamma`, `polygamma`.
//!
//! Scalar functions of `f64` with branches, the same bits at every level; the kernels call them for one element after
//! the other, and round for `f32`.

use super::isa::{NoFma, horner};
use super::sinc::sin_cos_pi;
use super::{ln, pow};
use std::f64::consts::PI;

fn log(x: f64) -> f64 {
    ln::double::ln::<NoFma>(x)
}

/// `lgamma(1 + f) / f` for `|f| <= ½`, minimax in relative error (`tests/golden/coefficients.py`).
const AT_ONE: [f64; 27] = [
    -0.5772156649015329,
    0.8224670334241145,
    -0.4006856343865509,
    0.2705808084271578,
    -0.2073855510239896,
    0.16955717708658807,
    -0.14404989721402542,
    0.12550966362858587,
    -0.11133424375609928,
    0.10009967658595888,
    -0.090954675502969,
    0.08334878085480413,
    -0.07691982757560754,
    0.0715099012051003,
    -0.06683431104875423,
    0.06170534292333794,
    -0.05732475446200121,
    0.061216584982344224,
    -0.062115198722635344,
    0.02245437831384024,
    -0.006114866903610458,
    0.13439146236831856,
    -0.16504255395384904,
    -0.13542686509027985,
    0.1807893588428783,
    0.2187445466580107,
    -0.24189449529104726,
];

/// `lgamma(2 + f) / f` for `-½ <= f <= 1`.
const AT_TWO: [f64; 21] = [
    0.42278433509846713,
    0.3224670334241131,
    -0.06735230105319816,
    0.02058080842780187,
    -0.007385551028674398,
    0.0028905103299901847,
    -0.0011927539112603872,
    0.0005096695394165257,
    -0.00022315477528339663,
    9.945736459948563e-05,
    -4.4925977825388044e-05,
    2.0507979628712994e-05,
    -9.441487648643393e-06,
    4.373411494938608e-06,
    -2.031291110790761e-06,
    9.51806062570479e-07,
    -4.6279894274862425e-07,
    2.3041105799858425e-07,
    -1.0085811672077288e-07,
    3.024230819230293e-08,
    -4.292934780906224e-09,
];

/// `ln |Γ(x)|`: +∞ at 0, at the negative integers and at ±∞.
///
/// Polynomials about the zeros 1 and 2; Stirling's series from 12 on, and the recurrence in between; for negative
/// numbers the reflection formula (Abramowitz and Stegun, 6.1.15, 6.1.17 and 6.1.40). Near its zeros among the
/// negative numbers the error is some ulp of the terms that cancel.
pub fn lgamma(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else if x <= 0.0 {
        if x == x.floor() {
            return f64::INFINITY;
        }
        let (sin, _) = sin_cos_pi(-x);
        log(PI) - log(sin.abs()) - lgamma(1.0 - x)
    } else if x < 0.5 {
        x * horner::<NoFma, _, _>(x, AT_ONE) - log(x)
    } else if x <= 1.5 {
        (x - 1.0) * horner::<NoFma, _, _>(x - 1.0, AT_ONE)
    } else if x <= 3.0 {
        (x - 2.0) * horner::<NoFma, _, _>(x - 2.0, AT_TWO)
    } else if x < 12.0 {
        let (mut x, mut product) = (x, 1.0);
        while x > 3.0 {
            x -= 1.0;
            product *= x;
        }
        log(product) + lgamma(x)
    } else {
        // ln √(2π) and Stirling's series.
        const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
        const SERIES: [f64; 8] = [
            1.0 / 12.0,
            -1.0 / 360.0,
            1.0 / 1260.0,
            -1.0 / 1680.0,
            1.0 / 1188.0,
            -691.0 / 360_360.0,
            1.0 / 156.0,
            -3617.0 / 122_400.0,
        ];
        let inverse = 1.0 / x;
        let rest = inverse * horner::<NoFma, _, _>(inverse * inverse, SERIES);
        let great = (x - 0.5) * (log(x) - 1.0);
        if great < f64::INFINITY { great + (HALF_LN_TAU - 0.5 + rest) } else { great }
    }
}

/// `ψ(x)`, the derivative of `ln Γ(x)`: -∞ at +0, +∞ at -0, NaN at the negative integers.
///
/// The asymptotic series from 12 on, reached by the recurrence; for negative numbers the reflection formula (Abramowitz
/// and Stegun, 6.3.5, 6.3.7 and 6.3.18). Near its zeros the error is some ulp of the terms that cancel.
pub fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY.copysign(-x);
    }
    if x < 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        let (sin, cos) = sin_cos_pi(-x);
        return digamma(1.0 - x) + PI * cos / sin;
    }
    const SERIES: [f64; 7] =
        [-1.0 / 12.0, 1.0 / 120.0, -1.0 / 252.0, 1.0 / 240.0, -1.0 / 132.0, 691.0 / 32_760.0, -1.0 / 12.0];
    // From the smallest term on, each rounded by itself.
    let steps = if x < 12.0 { (12.0 - x).ceil() } else { 0.0 };
    let (start, mut below, mut k) = (x, 0.0, steps);
    while k > 0.0 {
        k -= 1.0;
        below += 1.0 / (start + k);
    }
    let x = start + steps;
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let rest = square * horner::<NoFma, _, _>(square, SERIES) - 0.5 * inverse;
    log(x) + (rest - below)
}

/// Hurwitz's zeta function `Σₖ (q + k)⁻ˢ` for `q > 0` and an integer `s > 1`, times `unitˢ`: the first terms, and the rest by
/// the formula of Euler and Maclaurin (Johansson, "Rigorous high-precision computation of the Hurwitz zeta function and its
/// derivatives", 2014).
fn zeta(s: f64, q: f64, unit: f64) -> f64 {
    // B₂ⱼ / (2j)!
    const WEIGHTS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3617.0 / 10_670_622_842_880_000.0,
    ];
    let power = |a: f64| pow::pow_f64::<NoFma>(a / unit, -s);
    // (Each term is less than the sum before it, so that what an addition loses is known: Dekker.)
    let (mut sum, mut lost, mut a, mut k) = (0.0, 0.0, q, 0.0);
    while a < 12.0 + 2.0 * s {
        let (next, error) = pow::sum(sum, power(a));
        // The terms that are left make no difference.
        if next == sum || next == f64::INFINITY {
            return next;
        }
        (sum, lost, k) = (next, lost + error, k + 1.0);
        a = q + k;
    }
    let term = power(a);
    let (mut factor, mut rest, mut at) = (s / a, a / (s - 1.0) + 0.5, s);
    for weight in WEIGHTS {
        rest += weight * factor;
        factor *= (at + 1.0) / a * ((at + 2.0) / a);
        at += 2.0;
    }
    sum + (lost + if term == 0.0 { 0.0 } else { term * rest })
}

/// The derivative of this order of `ψ`: `(-1)ⁿ⁺¹ n! ζ(n + 1, x)`, with ζ of Hurwitz, also for negative `x`.
///
/// At 0 and at the negative integers, which are poles: +∞ for odd orders; for even ones -∞, though the sign differs
/// between the sides.
pub fn polygamma(order: u32, x: f64) -> f64 {
    if order == 0 || x.is_nan() {
        return if order == 0 { digamma(x) } else { x };
    }
    let n = f64::from(order);
    let s = n + 1.0;
    let floor = x.floor();
    let sum = if x > 0.0 {
        zeta(s, x, 1.0)
    } else if x == floor {
        f64::INFINITY
    } else {
        // The terms on the negative side are (-1)ˢ times those of a finite sum, a difference of two infinite ones.
        let part = x - floor;
        let negative = zeta(s, 1.0 - part, 1.0) - zeta(s, 1.0 - x, 1.0);
        zeta(s, part, 1.0) + if order % 2 == 1 { negative } else { -negative }
    };
    let factorial = (2..=order).map(f64::from).take(180).product::<f64>();
    let in_range = sum > 1e-290 && factorial < f64::INFINITY;
    let size = if in_range || x <= 0.0 {
        factorial * sum
    } else if x == f64::INFINITY {
        0.0
    } else {
        // A factor is out of range, though the product may be in it: n! / xⁿ⁺¹ is one of moderate numbers.
        let (mut ratio, mut k) = (1.0 / x, 0.0);
        while k < n && ratio > 0.0 && ratio < f64::INFINITY {
            k += 1.0;
            ratio *= k / x;
        }
        ratio * zeta(s, x, x)
    };
    if order % 2 == 1 { size } else { -size }
}
