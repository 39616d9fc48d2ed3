//! Values that are independent of each other: uniform, normal, truncated normal.

use super::{Distribution, Init};
use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// The standard deviation of a standard normal distribution that is cut off at ±2: `√(1 - 4·φ(2) / erf(√2))` with the density
/// `φ`.
const STD_WITHIN_2: f64 = 0.879_625_661_034_239_8;

impl Init {
    /// `U(low, high)`: evenly from `low` up to `high`, which is not itself drawn (but may be reached by rounding to
    /// `f32`). Mean `(low + high) / 2`, variance `(high - low)² / 12`.
    pub const fn uniform(low: f64, high: f64) -> Init {
        Init::Uniform { low, high }
    }

    /// `N(mean, std²)`, by the transform of Box and Muller ("A note on the generation of random normal deviates", 1958).
    pub const fn normal(mean: f64, std: f64) -> Init {
        Init::Normal { mean, std }
    }

    /// `N(mean, std²)`, drawn anew until it lies between `low` and `high`. (PyTorch's limits are -2 and 2 unless told
    /// otherwise; Keras's are always two standard deviations around the mean.) The values' own standard deviation is smaller
    /// than `std`.
    ///
    /// Proposals are drawn so that far and narrow limits cost no more than others: Robert, "Simulation of truncated normal
    /// variables", Statistics and Computing 1995.
    ///
    /// ```
    /// use chainrule_nn::Init;
    /// use chainrule_tape::{DType, Params};
    ///
    /// let mut rng = Params::seeded(7).root().rng("weight");
    /// let values = Init::truncated_normal(0.0, 0.02, -0.04, 0.04).sample(1000, DType::F32, &mut rng);
    /// assert!(values.to_f64().iter().all(|x| x.abs() <= 0.04));
    /// ```
    pub const fn truncated_normal(mean: f64, std: f64, low: f64, high: f64) -> Init {
        Init::TruncatedNormal { mean, std, low, high }
    }
}

impl Distribution {
    /// Values of mean 0 and this standard deviation.
    pub(super) fn fill(self, values: &mut [f64], std: f64, rng: &mut impl Rng) {
        match self {
            // U(-a, a) has the variance a² / 3.
            Distribution::Uniform => uniform(values, -std * 3f64.sqrt(), std * 3f64.sqrt(), rng),
            Distribution::Normal => normal(values, 0.0, std, rng),
            Distribution::TruncatedNormal => {
                let wider = std / STD_WITHIN_2;
                truncated(values, 0.0, wider, [-2.0 * wider, 2.0 * wider], rng);
            }
        }
    }
}

pub(super) fn uniform(values: &mut [f64], low: f64, high: f64, rng: &mut impl Rng) {
    values.fill_with(|| low + (high - low) * rng.random::<f64>());
}

/// Box and Muller's transform: a pair of uniform numbers gives a pair of normal ones.
pub(super) fn normal(values: &mut [f64], mean: f64, std: f64, rng: &mut impl Rng) {
    for pair in values.chunks_mut(2) {
        for (value, side) in pair.iter_mut().zip(normal_pair(rng)) {
            *value = mean + std * side;
        }
    }
}

fn normal_pair(rng: &mut impl Rng) -> [f64; 2] {
    // 1 - u is never 0, whose logarithm is infinite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    [radius * cos, radius * sin]
}

pub(super) fn truncated(values: &mut [f64], mean: f64, std: f64, limits: [f64; 2], rng: &mut impl Rng) {
    let [low, high] = limits;
    if !(std > 0.0 && mean.is_finite()) {
        // (NaN stays NaN.)
        values.fill(if std > 0.0 || std.is_nan() { mean * std } else { mean.max(low).min(high) });
        return;
    }
    let within = limits.map(|limit| (limit - mean) / std);
    // Rounding may not lead over a limit.
    values.fill_with(|| (mean + std * standard_within(within, rng)).clamp(low, high));
}

/// A standard normal number from `low` to `high`.
fn standard_within([low, high]: [f64; 2], rng: &mut impl Rng) -> f64 {
    if low > 0.0 {
        return tail(low, high, rng);
    }
    if high < 0.0 {
        return -tail(-high, -low, rng);
    }
    if high - low > TAU.sqrt() {
        // Normal proposals: most are within.
        loop {
            if let Some(x) = normal_pair(rng).into_iter().find(|x| (low..=high).contains(x)) {
                return x;
            }
        }
    }
    // Even proposals, accepted as the density beside its largest, at 0.
    loop {
        let x = low + (high - low) * rng.random::<f64>();
        if rng.random::<f64>() <= (-0.5 * x * x).exp() {
            return x;
        }
    }
}

/// The same for `low` above 0: exponential proposals with the best rate.
fn tail(low: f64, high: f64, rng: &mut impl Rng) -> f64 {
    if low.is_infinite() {
        return low;
    }
    let rate = 0.5 * (low + low.hypot(2.0));
    let share = -(-rate * (high - low)).exp_m1();
    let nearest = rate.min(high);
    loop {
        let x = low - (-share * rng.random::<f64>()).ln_1p() / rate;
        let accept = 0.5 * ((nearest - rate).powi(2) - (x - rate).powi(2));
        if rng.random::<f64>() <= accept.exp() {
            return x;
        }
    }
}
