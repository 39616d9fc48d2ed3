//! Adan.

use super::adam::{root_scale, unbiased};
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adan: Adam with Nesterov's look ahead, made of the differences of successive gradients.
///
/// ```text
/// d = g - g₋₁, 0 in the first step
/// m ← β₁·m + (1 - β₁)·g                        m̂ = m / (1 - β₁ᵗ)
/// v ← β₂·v + (1 - β₂)·d                        v̂ = v / (1 - β₂ᵗ)
/// n ← β₃·n + (1 - β₃)·(g + (1 - β₂)·d)²        n̂ = n / (1 - β₃ᵗ)
/// p ← p - lr·(m̂ + (1 - β₂)·v̂) / (√n̂ + ε)
/// ```
///
/// The factors are what is kept, as in the authors' code and optax: the paper's `β` are 1 minus these, and with them its
/// `g + (1 - β₂)·d` is this one. Its state is `m / (1 - β₁)`, `v / (1 - β₂)`, `n / (1 - β₃)` and the last gradient
/// (`optim.adan.m.NAME`, `.v.`, `.n.`, `.g.`); eighteen ops an element. Unless set, `β = (0.98, 0.92, 0.99)` and `ε = 10⁻⁸` (the authors' code's).
/// [Weight decay](Optimizer::weight_decay) is decoupled (`p·(1 - lr·weight_decay)`, as in optax and in the authors' code with
/// `no_prox`; the paper divides by `1 + lr·weight_decay` after the step), and 0 unless set.
///
/// Source: Xie et al., "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models", 2022,
/// algorithm 1.
///
/// ```
/// # use chainrule_optim::adan;
/// let optimizer = adan(1e-3).betas(0.98, 0.92, 0.99).weight_decay(0.02);
/// ```
pub fn adan(lr: f64) -> Optimizer<Adan> {
    Optimizer::new(lr, Adan { betas: (0.98, 0.92, 0.99), eps: 1e-8 }).decoupled()
}

/// The rule of [`adan`].
#[derive(Clone, Debug)]
pub struct Adan {
    betas: (f64, f64, f64),
    eps: f64,
}

impl Optimizer<Adan> {
    /// The factors of the averages of gradients, of their differences, and of squares.
    pub fn betas(mut self, beta1: f64, beta2: f64, beta3: f64) -> Self {
        self.rule.betas = (beta1, beta2, beta3);
        self
    }

    /// What is added to the divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }
}

impl Transform for Adan {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let ((beta1, beta2, beta3), eps) = (self.betas, self.eps);
        let later = p.per_step("later", |now| if now.step == 1 { 0.0 } else { 1.0 });
        let difference = (g - p.state("adan.g")) * later;
        let ahead = g + difference * (1.0 - beta2);
        p.keep("adan.g", g);
        let m = p.keep("adan.m", p.state("adan.m") * beta1 + g);
        let v = p.keep("adan.v", p.state("adan.v") * beta2 + difference);
        let n = p.keep("adan.n", p.state("adan.n") * beta3 + ahead * ahead);
        let root = root_scale(beta3);
        let eps = p.per_step("eps", move |now| eps / root(now));
        let rate = p.per_step("m", move |now| now.lr * (1.0 - beta1) / unbiased(beta1, now) / root(now));
        let turn =
            p.per_step("v", move |now| now.lr * (1.0 - beta2).powi(2) / unbiased(beta2, now) / root(now));
        (m * rate + v * turn) / (p.root(n) + eps)
    }

    fn check(&self) -> Result<(), String> {
        limits::betas((self.betas.0, self.betas.1))?;
        limits::below_one("beta3", self.betas.2)?;
        limits::not_negative("eps", self.eps)
    }
}
