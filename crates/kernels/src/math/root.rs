//! The cube root, and the square root of a sum of squares.

use super::isa::{Fma, Isa, horner};
use super::{exp, ln};

/// Defines the cube root for one type: `x = 2³ᵏ m`, a polynomial good to 2⁻⁹ (`tests/golden/coefficients.py`), and
/// steps of Halley's method, each of which triples the number of digits.
macro_rules! cube_root {
    ($name:ident, $module:ident: $T:ident, $steps:expr) => {
        /// `∛x`, of the sign of `x`.
        #[inline(always)]
        pub(crate) fn $name<I: Isa>(x: $T) -> $T {
            use exp::$module::{ROUND, power_of_two};
            let (e, m) = ln::$module::all_parts(x.abs());
            let k = e.fma::<I>(1.0 / 3.0, ROUND) - ROUND;
            let left = e - 3.0 * k;
            let m = m * if left > 0.5 {
                2.0
            } else if left < -0.5 {
                0.5
            } else {
                1.0
            };
            let mut y = horner::<I, $T, _>(m, [0.44356588, 0.8983827, -0.4738982, 0.15333873, -0.01955428]);
            for _ in 0..$steps {
                let cube = y * y * y;
                y += y * (m - cube) / (2.0 * cube + m);
            }
            let y = (y * power_of_two(k)).copysign(x);
            if (x != 0.0) & (x.abs() < $T::INFINITY) { y } else { x }
        }
    };
}
cube_root!(cbrt_f32, single: f32, 1);
cube_root!(cbrt_f64, double: f64, 2);

/// `√(x² + y²)`: squares of `f32` neither overflow nor underflow in `f64`.
#[inline(always)]
pub(crate) fn hypot_f32<I: Isa>(x: f32, y: f32) -> f32 {
    let (a, b) = (f64::from(x), f64::from(y));
    let root = a.fma::<I>(a, b * b).sqrt() as f32;
    if (x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY) { f32::INFINITY } else { root }
}

/// `√(x² + y²)`, of numbers scaled so that their squares neither overflow nor underflow.
#[inline(always)]
pub(crate) fn hypot_f64<I: Isa>(x: f64, y: f64) -> f64 {
    const UP: f64 = f64::from_bits((1023 + 600) << 52);
    const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
    const GREAT: f64 = f64::from_bits((1023 + 500) << 52);
    const SMALL: f64 = f64::from_bits((1023 - 500) << 52);
    let (a, b) = (x.abs(), y.abs());
    let most = a.at_least(b);
    let (great, small) = (most > GREAT, most < SMALL);
    let scale = if great {
        DOWN
    } else if small {
        UP
    } else {
        1.0
    };
    let back = if great {
        UP
    } else if small {
        DOWN
    } else {
        1.0
    };
    let (c, d) = (a * scale, b * scale);
    let root = c.fma::<I>(c, d * d).sqrt() * back;
    if (a == f64::INFINITY) | (b == f64::INFINITY) { f64::INFINITY } else { root }
}
