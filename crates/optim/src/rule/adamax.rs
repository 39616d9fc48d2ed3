//! Adamax.

use super::adam::unbiased;
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adam with the largest gradient so far, forgotten slowly, in the place of the root mean square.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g
/// u ← max(β₂·u, |g| + ε)
/// p ← p - lr / (1 - β₁ᵗ)·m / u
/// ```
///
/// Its state is `M = m / (1 - β₁)` (`optim.adamax.m.NAME`) and `u` (`optim.adamax.u.NAME`); nine ops an element. Unless
/// set, `β = (0.9, 0.999)` and `ε = 10⁻⁸`.
///
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2 (`ε` is PyTorch's).
///
/// ```
/// # use chainrule_optim::adamax;
/// let optimizer = adamax(2e-3).betas(0.9, 0.99);
/// ```
pub fn adamax(lr: f64) -> Optimizer<Adamax> {
    Optimizer::new(lr, Adamax { betas: (0.9, 0.999), eps: 1e-8 })
}

/// The rule of [`adamax`].
#[derive(Clone, Debug)]
pub struct Adamax {
    betas: (f64, f64),
    eps: f64,
}

impl Optimizer<Adamax> {
    /// The factors of the average of gradients and of the largest one.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = (beta1, beta2);
        self
    }

    /// What is added to the gradient's size.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }
}

impl Transform for Adamax {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (beta1, beta2) = self.betas;
        let m = p.keep("adamax.m", p.state("adamax.m") * beta1 + g);
        let u = p.keep("adamax.u", (p.state("adamax.u") * beta2).maximum(g.abs() + self.eps));
        let rate = p.per_step("rate", move |now| now.lr * (1.0 - beta1) / unbiased(beta1, now));
        m / u * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)
    }
}
