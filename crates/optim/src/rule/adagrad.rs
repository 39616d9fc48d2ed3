//! Adagrad.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adagrad: the gradient divided by the root of the sum of all squares so far.
///
/// ```text
/// s ← s + g²
/// p ← p - lr / (1 + (t - 1)·lr_decay)·g / (√s + ε)
/// ```
///
/// Its state is `s` (`optim.adagrad.s.NAME`); seven ops an element. Unless set, `ε = 10⁻¹⁰`, `lr_decay = 0`, and `s`
/// starts from 0.
///
/// Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
/// JMLR 12, 2011, figure 1 with the diagonal `Hₜ`.
///
/// ```
/// # use chainrule_optim::adagrad;
/// let optimizer = adagrad(0.01).initial_accumulator(0.1);
/// ```
pub fn adagrad(lr: f64) -> Optimizer<Adagrad> {
    Optimizer::new(lr, Adagrad { eps: 1e-10, lr_decay: 0.0, initial: 0.0 })
}

/// The rule of [`adagrad`].
#[derive(Clone, Debug)]
pub struct Adagrad {
    eps: f64,
    lr_decay: f64,
    initial: f64,
}

impl Optimizer<Adagrad> {
    /// What is added to the divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// How fast the rate falls: `lr / (1 + (t - 1)·decay)`.
    pub fn lr_decay(mut self, decay: f64) -> Self {
        self.rule.lr_decay = decay;
        self
    }

    /// What the sum of squares starts from.
    pub fn initial_accumulator(mut self, value: f64) -> Self {
        self.rule.initial = value;
        self
    }
}

impl Transform for Adagrad {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let s = p.keep("adagrad.s", p.state_full("adagrad.s", self.initial) + g * g);
        let decay = self.lr_decay;
        let rate = p.per_step("rate", move |now| now.lr / (1.0 + (now.step - 1) as f64 * decay));
        g / (p.root(s) + self.eps) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("lr_decay", self.lr_decay)?;
        limits::not_negative("initial_accumulator", self.initial)
    }
}
