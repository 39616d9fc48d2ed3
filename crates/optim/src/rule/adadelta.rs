//! Adadelta.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adadelta: the gradient scaled by the ratio of the root mean squares of the steps and of the gradients, so that the
/// step has the parameter's unit. The usual rate is 1.
///
/// ```text
/// s ← ρ·s + (1 - ρ)·g²
/// e = g·√(d + ε) / √(s + ε)
/// d ← ρ·d + (1 - ρ)·e²
/// p ← p - lr·e
/// ```
///
/// Its state is `s / (1 - ρ)` (`optim.adadelta.s.NAME`) and `d / (1 - ρ)` (`optim.adadelta.d.NAME`); thirteen ops an
/// element. Unless set, `ρ = 0.9` and `ε = 10⁻⁶`.
///
/// Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1.
///
/// ```
/// # use chainrule_optim::adadelta;
/// let optimizer = adadelta(1.0).rho(0.95);
/// ```
pub fn adadelta(lr: f64) -> Optimizer<Adadelta> {
    Optimizer::new(lr, Adadelta { rho: 0.9, eps: 1e-6 })
}

/// The rule of [`adadelta`].
#[derive(Clone, Debug)]
pub struct Adadelta {
    rho: f64,
    eps: f64,
}

impl Optimizer<Adadelta> {
    /// The factor of both averages.
    pub fn rho(mut self, rho: f64) -> Self {
        self.rule.rho = rho;
        self
    }

    /// What is added under the roots.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }
}

impl Transform for Adadelta {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (rho, eps) = (self.rho, self.eps / (1.0 - self.rho));
        let s = p.keep("adadelta.s", p.state("adadelta.s") * rho + g * g);
        let d = p.state("adadelta.d");
        let e = g * ((d + eps) / (s + eps)).sqrt();
        p.keep("adadelta.d", d * rho + e * e);
        e * p.lr()
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("rho", self.rho)?;
        limits::not_negative("eps", self.eps)
    }
}
