//! Yogi.

use super::adam::{betas_and_eps, root_scale, unbiased};
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adam whose average of squares moves by the size of the new square alone, so that it falls slowly.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g                    m̂ = m / (1 - β₁ᵗ)
/// v ← v - (1 - β₂)·sign(v - g²)·g²         v̂ = v / (1 - β₂ᵗ)
/// p ← p - lr·m̂ / (√v̂ + ε)
/// ```
///
/// Its state is `m` and `v` (`optim.yogi.m.NAME`, `optim.yogi.v.NAME`); fourteen ops an element. This is optax's variant: with Adam's correction of
/// the bias, which the paper leaves out, and both averages starting from
/// [`initial_accumulator`](Optimizer::initial_accumulator), `10⁻⁶` unless set. `β = (0.9, 0.999)` and `ε = 10⁻³` (the
/// paper's).
///
/// Source: Zaheer et al., "Adaptive methods for nonconvex optimization", NeurIPS 2018, algorithm 2.
///
/// ```
/// # use chainrule_optim::yogi;
/// let optimizer = yogi(0.01).eps(1e-4);
/// ```
pub fn yogi(lr: f64) -> Optimizer<Yogi> {
    Optimizer::new(lr, Yogi { betas: (0.9, 0.999), eps: 1e-3, initial: 1e-6 })
}

/// The rule of [`yogi`].
#[derive(Clone, Debug)]
pub struct Yogi {
    betas: (f64, f64),
    eps: f64,
    initial: f64,
}

betas_and_eps!(Yogi);

impl Optimizer<Yogi> {
    /// What both averages start from.
    pub fn initial_accumulator(mut self, value: f64) -> Self {
        self.rule.initial = value;
        self
    }
}

impl Transform for Yogi {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let ((beta1, beta2), eps) = (self.betas, self.eps);
        let m = p.state_full("yogi.m", self.initial) * beta1 + g * (1.0 - beta1);
        let (square, v) = (g * g, p.state_full("yogi.v", self.initial));
        let v = v - (v - square).sign() * square * (1.0 - beta2);
        let (m, v) = (p.keep("yogi.m", m), p.keep("yogi.v", v));
        // √v̂ is √v times this.
        let root = move |now| root_scale(beta2)(now) / (1.0 - beta2).sqrt();
        let eps = p.per_step("eps", move |now| eps / root(now));
        let rate = p.per_step("rate", move |now| now.lr / unbiased(beta1, now) / root(now));
        m / (p.root(v) + eps) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("initial_accumulator", self.initial)
    }
}
