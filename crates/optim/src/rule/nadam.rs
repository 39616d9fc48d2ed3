//! NAdam.

use super::adam::{betas_and_eps, moments, root_scale};
use crate::{Now, Optimizer, Target, Transform, limits};
use chainrule_tape::Var;
use std::sync::{Arc, Mutex, PoisonError};

/// Adam with Nesterov's look ahead, by a momentum that grows towards `β₁`.
///
/// ```text
/// μₜ = β₁·(1 - 0.96^(t·ψ) / 2)                Mₜ = μ₁·μ₂ … μₜ
/// m ← β₁·m + (1 - β₁)·g
/// v ← β₂·v + (1 - β₂)·g²                      v̂ = v / (1 - β₂ᵗ)
/// p ← p - lr·((1 - μₜ) / (1 - Mₜ)·g + μₜ₊₁ / (1 - Mₜ₊₁)·m) / (√v̂ + ε)
/// ```
///
/// [Weight decay](Optimizer::weight_decay) goes through the gradient unless [`decoupled`](Optimizer::decoupled). `ε` is added
/// after the correction of the bias. Its state is that of [`adam`](crate::adam) (`optim.nadam.m.NAME`, `optim.nadam.v.NAME`); twelve ops an element.
/// Unless set, `β = (0.9, 0.999)`, `ε = 10⁻⁸` and the momentum decay `ψ` is 0.004.
///
/// Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 2, with the schedule of
/// `μ` of Sutskever et al., 2013.
///
/// ```
/// # use chainrule_optim::nadam;
/// let optimizer = nadam(2e-3).momentum_decay(0.01);
/// ```
pub fn nadam(lr: f64) -> Optimizer<Nadam> {
    Optimizer::new(lr, Nadam { betas: (0.9, 0.999), eps: 1e-8, momentum_decay: 0.004 })
}

/// The rule of [`nadam`].
#[derive(Clone, Debug)]
pub struct Nadam {
    betas: (f64, f64),
    eps: f64,
    momentum_decay: f64,
}

betas_and_eps!(Nadam);

impl Optimizer<Nadam> {
    /// How fast the momentum grows towards `β₁`.
    pub fn momentum_decay(mut self, decay: f64) -> Self {
        self.rule.momentum_decay = decay;
        self
    }
}

impl Transform for Nadam {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (m, v) = moments(p, g, ["nadam.m", "nadam.v"], self.betas);
        let ((beta1, beta2), eps, psi) = (self.betas, self.eps, self.momentum_decay);
        let root = root_scale(beta2);
        let mu = move |t: u64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * psi));
        let product = Product::of(mu);
        let now_share = {
            let product = product.clone();
            move |now: Now| now.lr * (1.0 - mu(now.step)) / (1.0 - product.up_to(now.step)) / root(now)
        };
        let next_share = move |now: Now| {
            let next = mu(now.step + 1);
            now.lr * next * (1.0 - beta1) / (1.0 - product.up_to(now.step) * next) / root(now)
        };
        let eps = p.per_step("eps", move |now| eps / root(now));
        let (now, next) = (p.per_step("now", now_share), p.per_step("next", next_share));
        (g * now + m * next) / (p.root(v) + eps)
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("momentum_decay", self.momentum_decay)
    }
}

/// The products `f(1)·f(2) … f(t)`, always multiplied in this order, so that a resumed training gets the same bits. The
/// last one is remembered: a step costs one multiplication.
#[derive(Clone)]
struct Product<F> {
    factor: F,
    last: Arc<Mutex<(u64, f64)>>,
}

impl<F: Fn(u64) -> f64> Product<F> {
    /// A product of factors below 1 stays below this, and 1 minus it is 1: there is no need to go on.
    const NOTHING: f64 = f64::EPSILON / 8.0;

    fn of(factor: F) -> Product<F> {
        Product { factor, last: Arc::new(Mutex::new((0, 1.0))) }
    }

    fn up_to(&self, t: u64) -> f64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 > t {
            *last = (0, 1.0);
        }
        while last.0 < t && last.1 >= Self::NOTHING {
            *last = (last.0 + 1, last.1 * (self.factor)(last.0 + 1));
        }
        if last.1 >= Self::NOTHING { last.1 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_do_not_depend_on_the_way() {
        let factor = |t: u64| 0.9 - 0.3 / t as f64;
        let (going, fresh) = (Product::of(factor), Product::of(factor));
        let steps: Vec<f64> = (1..=40).map(|t| going.up_to(t)).collect();
        assert_eq!(steps[39], fresh.up_to(40));
        assert_eq!(steps[6], fresh.up_to(7));
        assert_eq!(fresh.up_to(u64::MAX), 0.0);
        assert_eq!(fresh.up_to(7), steps[6]);
    }
}
