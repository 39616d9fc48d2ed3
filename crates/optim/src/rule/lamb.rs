//! LAMB.

use super::adam::{betas_and_eps, moments, root_scale, unbiased};
use crate::{Optimizer, Target, Transform, TrustRatio, limits};
use chainrule_tape::{Shape, Var};

/// LAMB: Adam's step, made as long as the parameter that it changes.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g        m̂ = m / (1 - β₁ᵗ)
/// v ← β₂·v + (1 - β₂)·g²       v̂ = v / (1 - β₂ᵗ)
/// u = m̂ / (√v̂ + ε) + weight_decay·p
/// p ← p - lr·‖p‖ / ‖u‖·u
/// ```
///
/// The norms are of each parameter by itself; where one is 0, the ratio is 1: see [`TrustRatio`]. [Weight
/// decay](Optimizer::weight_decay) is part of `u`, whether [`decoupled`](Optimizer::decoupled) or not. Its state is that of
/// [`adam`](crate::adam) (`optim.lamb.m.NAME`, `optim.lamb.v.NAME`). Unless set, `β = (0.9, 0.999)`, `ε = 10⁻⁶` and no
/// decay (optax's).
///
/// Source: You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020,
/// algorithm 2, with `φ(x) = x`.
///
/// ```
/// # use chainrule_optim::lamb;
/// let matrix = |_: &str, shape: &chainrule_tape::Shape| shape.rank() >= 2;
/// let optimizer = lamb(2e-3).weight_decay(0.01).decay_only(matrix).trust_only(matrix);
/// ```
pub fn lamb(lr: f64) -> Optimizer<Lamb> {
    let mut optimizer =
        Optimizer::new(lr, Lamb { betas: (0.9, 0.999), eps: 1e-6, trust: TrustRatio::new(1.0) });
    optimizer.decay.inside = true;
    optimizer
}

/// The rule of [`lamb`].
#[derive(Clone, Debug)]
pub struct Lamb {
    betas: (f64, f64),
    eps: f64,
    trust: TrustRatio,
}

betas_and_eps!(Lamb);

impl Optimizer<Lamb> {
    /// Scales the steps of those parameters alone for which `only` holds. To spare biases and the scales of norms:
    /// `|_, shape| shape.rank() >= 2`.
    pub fn trust_only(mut self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Self {
        self.rule.trust = self.rule.trust.only(only);
        self
    }
}

impl Transform for Lamb {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (m, v) = moments(p, g, ["lamb.m", "lamb.v"], self.betas);
        let ((beta1, beta2), eps) = (self.betas, self.eps);
        let root = root_scale(beta2);
        let eps = p.per_step("eps", move |now| eps / root(now));
        let scale = p.per_step("scale", move |now| (1.0 - beta1) / unbiased(beta1, now) / root(now));
        let step = m / (p.root(v) + eps) * scale;
        let step = p.decay().map_or(step, |decay| step + decay);
        self.trust.update(p, step) * p.lr()
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)?;
        self.trust.check()
    }
}
