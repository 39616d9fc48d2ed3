//! Gradient clipping.

use super::centralize::within_units;
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

/// Scales each parameter's gradient so that its norm is at most `max`, whatever the others' are:
/// `g ← g · min(1, max / (‖g‖ + 10⁻⁶))` (PyTorch's `clip_grad_norm_` of each parameter alone; Keras's `clipnorm`, but for
/// the small number).
#[derive(Clone, Copy, Debug)]
pub struct ClipNormEach {
    max: f64,
}

impl ClipNormEach {
    /// Clips to this norm.
    pub fn new(max: f64) -> ClipNormEach {
        ClipNormEach { max }
    }
}

impl Transform for ClipNormEach {
    fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        g * (self.max / (g.square().sum(..).sqrt() + 1e-6)).minimum(1.0)
    }

    fn check(&self) -> Result<(), String> {
        limits::positive("clip_norm_each", self.max)
    }
}

/// Scales the gradient of each unit so that its norm is at most `most` times that of the unit's weights:
/// `g ← g · min(1, most · max(‖p‖, eps) / ‖g‖)`.
///
/// A unit is what the first axis of a weight counts; a vector, as a bias is, is one as a whole. The norm of weights
/// counts as `eps` or more, so that weights of 0 can leave it.
///
/// Source: Brock et al., "High-performance large-scale image recognition without normalization", ICML 2021, equation 3.
/// (The source leaves the last layer out: a [`Transform`] around this one can do so by name.)
///
/// ```
/// # use chainrule_optim::{TrainStep, sgd};
/// # use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([[3.0, 4.0], [3.0, 4.0]]));
/// let mut step = TrainStep::new(sgd(1.0).clip_adaptive(0.1), |[x]| (x.tape().param(w) * x).sum(..));
/// step.run(&mut params, [&Tensor::from([[10.0, 0.0], [0.25, 0.0]])])?;
/// assert_eq!(params.tensor(w).to_f64(), [2.5, 4.0, 2.75, 4.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClipAdaptive {
    most: f64,
    eps: f64,
}

impl ClipAdaptive {
    /// Clips to this part of the weights' norm. (0.01 for large batches in the source.)
    pub fn new(most: f64) -> ClipAdaptive {
        ClipAdaptive { most, eps: 1e-3 }
    }

    /// What the weights' norm is at least. 10⁻³ unless set.
    pub fn eps(self, eps: f64) -> ClipAdaptive {
        ClipAdaptive { eps, ..self }
    }
}

impl Transform for ClipAdaptive {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let norm = |x: Var<'t>| match within_units(&x.shape()) {
            Some(axes) => x.square().sum_keep(&axes[..]).sqrt(),
            None => x.square().sum(..).sqrt(),
        };
        let most = norm(p.value()).maximum(self.eps) * self.most;
        // (The small number is there for gradients of 0.)
        g * (most / norm(g).maximum(1e-6)).minimum(1.0)
    }

    fn check(&self) -> Result<(), String> {
        limits::positive("clip_adaptive", self.most)?;
        limits::positive("eps", self.eps)
    }
}
