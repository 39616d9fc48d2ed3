//! Random numbers.

use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// A number from the standard normal distribution (Box and Muller, 1958).
pub fn normal(rng: &mut impl Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
