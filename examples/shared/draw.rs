//! How a model that predicts characters writes.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::{self, WeightedIndex};

/// A number with the probability `softmax(logits / temperature)`. A low temperature prefers what is likely.
pub fn draw(logits: &[f64], temperature: f64, rng: &mut impl Rng) -> Result<i64, weighted::Error> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = logits.iter().map(|logit| ((logit - largest) / temperature).exp());
    Ok(WeightedIndex::new(weights)?.sample(rng) as i64)
}
