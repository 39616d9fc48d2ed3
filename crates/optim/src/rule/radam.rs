//! RAdam.

use super::adam::{betas_and_eps, moments, root_scale, unbiased};
use crate::{Now, Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adam that goes along the average of gradients alone until its average of squares can be trusted, and then turns to
/// Adam's step as that becomes certain.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g        m̂ = m / (1 - β₁ᵗ)
/// v ← β₂·v + (1 - β₂)·g²       ρ = ρ∞ - 2·t·β₂ᵗ / (1 - β₂ᵗ),  ρ∞ = 2 / (1 - β₂) - 1
/// ρ > 5:  p ← p - lr·m̂·r·√(1 - β₂ᵗ) / (√v + ε),  r = √((ρ - 4)·(ρ - 2)·ρ∞ / ((ρ∞ - 4)·(ρ∞ - 2)·ρ))
/// else:   p ← p - lr·m̂
/// ```
///
/// `ε` is added before the correction of `v`'s bias, as in PyTorch ([`adam`](crate::adam) adds it after). Its state is that of
/// [`adam`](crate::adam) (`optim.radam.m.NAME`, `optim.radam.v.NAME`); eleven ops an element. [Weight
/// decay](Optimizer::weight_decay) goes through the gradient unless [`decoupled`](Optimizer::decoupled), which is the authors'
/// way. Unless set, `β = (0.9, 0.999)` and `ε = 10⁻⁸`.
///
/// Source: Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2 (the
/// threshold of 5 is PyTorch's and the authors' code's; the paper's is 4).
///
/// ```
/// # use chainrule_optim::radam;
/// let optimizer = radam(1e-3).weight_decay(0.01).decoupled();
/// ```
pub fn radam(lr: f64) -> Optimizer<Radam> {
    Optimizer::new(lr, Radam { betas: (0.9, 0.999), eps: 1e-8 })
}

/// The rule of [`radam`].
#[derive(Clone, Debug)]
pub struct Radam {
    betas: (f64, f64),
    eps: f64,
}

betas_and_eps!(Radam);

impl Transform for Radam {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (m, v) = moments(p, g, ["radam.m", "radam.v"], self.betas);
        let ((beta1, beta2), eps) = (self.betas, self.eps);
        let certain = move |now| certainty(beta2, now);
        // The divisor is root·√V + rest: (√v + ε) / √(1 - β₂ᵗ), or 1 as long as v is not to be trusted.
        let root = p.per_step("root", move |now| match certain(now) {
            Some(_) => root_scale(beta2)(now),
            None => 0.0,
        });
        let rest = p.per_step("rest", move |now| match certain(now) {
            Some(_) => eps / unbiased(beta2, now).sqrt(),
            None => 1.0,
        });
        let rate = p.per_step("rate", move |now| {
            now.lr * (1.0 - beta1) / unbiased(beta1, now) * certain(now).unwrap_or(1.0)
        });
        m / (p.root(v) * root + rest) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)
    }
}

/// The factor `r`, if `ρ` is above 5.
fn certainty(beta2: f64, now: Now) -> Option<f64> {
    let most = 2.0 / (1.0 - beta2) - 1.0;
    let t = now.step as f64;
    let rho = most - 2.0 * t * beta2.powf(t) / unbiased(beta2, now);
    let square = |rho: f64| (rho - 4.0) * (rho - 2.0) / rho;
    (rho > 5.0).then(|| (square(rho) / square(most)).sqrt())
}
