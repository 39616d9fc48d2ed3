//! AdaBelief.

use super::adam::{root_scale, unbiased};
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adam that divides by how far gradients are from their average, instead of how far from 0.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g                          m̂ = m / (1 - β₁ᵗ)
/// s ← β₂·s + (1 - β₂)·(g - m)² + ε_root          ŝ = s / (1 - β₂ᵗ)
/// p ← p - lr·m̂ / (√ŝ + ε)
/// ```
///
/// Its state is `m / (1 - β₁)` (`optim.adabelief.m.NAME`) and `s / (1 - β₂)` (`optim.adabelief.s.NAME`); thirteen
/// ops an element. Unless set,
/// `β = (0.9, 0.999)` and `ε = ε_root = 10⁻¹⁶` (optax's and the authors' code's; the paper adds its one `ε` in both places,
/// too). [Weight decay](Optimizer::weight_decay) goes through the gradient unless
/// [`decoupled`](Optimizer::decoupled).
///
/// Source: Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients", NeurIPS 2020,
/// algorithm 2.
///
/// ```
/// # use chainrule_optim::adabelief;
/// let optimizer = adabelief(1e-3).weight_decay(0.01).decoupled();
/// ```
pub fn adabelief(lr: f64) -> Optimizer<Adabelief> {
    Optimizer::new(lr, Adabelief { betas: (0.9, 0.999), eps: 1e-16, eps_root: 1e-16 })
}

/// The rule of [`adabelief`].
#[derive(Clone, Debug)]
pub struct Adabelief {
    betas: (f64, f64),
    eps: f64,
    eps_root: f64,
}

impl Optimizer<Adabelief> {
    /// The factors of the averages of gradients and of their squared distances.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = (beta1, beta2);
        self
    }

    /// What is added to the divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// What is added to the average of squared distances in each step.
    pub fn eps_root(mut self, eps: f64) -> Self {
        self.rule.eps_root = eps;
        self
    }
}

impl Transform for Adabelief {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let ((beta1, beta2), eps) = (self.betas, self.eps);
        let m = p.keep("adabelief.m", p.state("adabelief.m") * beta1 + g);
        let surprise = (g - m * (1.0 - beta1)).square();
        let s = p.state("adabelief.s") * beta2 + surprise + self.eps_root / (1.0 - beta2);
        let s = p.keep("adabelief.s", s);
        let root = root_scale(beta2);
        let eps = p.per_step("eps", move |now| eps / root(now));
        let rate = p.per_step("rate", move |now| now.lr * (1.0 - beta1) / unbiased(beta1, now) / root(now));
        m / (p.root(s) + eps) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("eps_root", self.eps_root)
    }
}
