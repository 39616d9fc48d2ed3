//! Gradient clipping.

use crate::{Target, Transform, Update, limits};
use chainrule_tape::Var;

/// Scales all gradients together so that their common norm is at most `max`:
///
/// `g ← g · min(1, max / (‖g‖ + 10⁻⁶))`, with `‖g‖ = √Σ g²` over all elements of all parameters.
///
/// The small number in the divisor is PyTorch's. A NaN in one gradient makes all of them NaN.
///
/// Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
/// algorithm 1.
#[derive(Clone, Copy, Debug)]
pub struct ClipNorm {
    max: f64,
}

impl ClipNorm {
    /// Clips to this norm.
    pub fn new(max: f64) -> ClipNorm {
        ClipNorm { max }
    }
}

impl Transform for ClipNorm {
    fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        let squares = grads.iter().map(|g| g.square().sum(..).cast(at.dtype()));
        let Some(sum) = squares.reduce(|sum, square| sum + square) else { return grads };
        let scale = (self.max / (sum.sqrt() + 1e-6)).minimum(1.0);
        grads.into_iter().map(|g| g * scale.cast(g.dtype())).collect()
    }

    fn check(&self) -> Result<(), String> {
        limits::positive("clip_norm", self.max)
    }
}

/// Limits each element of each gradient: `g ← max(-limit, min(limit, g))`. A NaN stays NaN.
#[derive(Clone, Copy, Debug)]
pub struct ClipValue {
    limit: f64,
}

impl ClipValue {
    /// Clips to `-limit..=limit`.
    pub fn new(limit: f64) -> ClipValue {
        ClipValue { limit }
    }
}

impl Transform for ClipValue {
    fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        g.clamp(-self.limit, self.limit)
    }

    fn check(&self) -> Result<(), String> {
        limits::positive("clip_value", self.limit)
    }
}
