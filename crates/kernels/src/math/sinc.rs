//! `sinc x = sin πx / πx` and its derivatives of any order.

use super::isa::NoFma;
use super::trig;
use std::f64::consts::PI;

/// Sine and cosine of `πx` for `x >= 0`, exact where these are 0 or ±1.
pub(super) fn sin_cos_pi(x: f64) -> (f64, f64) {
    let half = 0.5 * x;
    trig::double::sin_cos_turns::<NoFma>(half - half.floor())
}

/// The derivative of this order of `sin πx / πx`, whose limit at 0 is 1.
///
/// With `u = πx`, the derivatives `πⁿ gₙ` satisfy `u gₙ + n gₙ₋₁ = sin(u + nπ/2)`, which follows from
/// `u·sinc = sin u`. Up from `g₀` this is stable while `n <= u`; else down from 0 at an order far above, where it
/// forgets its beginning (Miller's algorithm: Gautschi, "Computational aspects of three-term recurrence relations",
/// SIAM Review 9, 1967).
pub fn sinc(order: u32, x: f64) -> f64 {
    let size = x.abs();
    let u = PI * size;
    let (sin, cos) = sin_cos_pi(size);
    let turned = |n: u32| [sin, cos, -sin, -cos][(n % 4) as usize];
    let n = f64::from(order);
    let g = if u > n {
        (1..=order).fold(sin / u, |g, n| (turned(n) - f64::from(n) * g) / u)
    } else if size == 0.0 && order == 0 {
        1.0
    } else {
        let from = order.saturating_mul(2).saturating_add(40);
        (order + 1..=from).rev().fold(0.0, |g, n| (turned(n) - u * g) / f64::from(n))
    };
    let y = g * (0..order).fold(1.0, |power, _| power * PI);
    if x < 0.0 && order % 2 == 1 { -y } else { y }
}
