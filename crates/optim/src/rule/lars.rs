//! LARS.

use crate::{Momentum, Optimizer, Target, Transform, TrustRatio, limits};
use chainrule_tape::{Shape, Var};

/// LARS: gradient descent with momentum, each parameter's rate scaled by its length and its gradient's.
///
/// ```text
/// g ← g + weight_decay·p
/// b ← momentum·b + lr·coefficient·‖p‖ / (‖g‖ + ε)·g
/// p ← p - b
/// ```
///
/// The norms are of each parameter by itself; where one is 0, the ratio is 1: see [`TrustRatio`]. The rate is inside the
/// running sum, as in the paper, so that a change of it acts slowly. The paper divides by `‖g‖ + weight_decay·‖p‖` with the
/// gradient alone; this is optax's form. Its state is `b` (`optim.momentum.NAME`). Unless set, momentum is 0.9, the
/// coefficient 0.001, `ε = 0`, and no decay (optax's).
///
/// Source: You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017, algorithm 1.
///
/// ```
/// # use chainrule_optim::lars;
/// let matrix = |_: &str, shape: &chainrule_tape::Shape| shape.rank() >= 2;
/// let optimizer = lars(1.0).weight_decay(1e-4).decay_only(matrix).trust_only(matrix);
/// ```
pub fn lars(lr: f64) -> Optimizer<Lars> {
    Optimizer::new(lr, Lars { momentum: Momentum::new(0.9), trust: TrustRatio::new(0.001) })
}

/// The rule of [`lars`].
#[derive(Clone, Debug)]
pub struct Lars {
    momentum: Momentum,
    trust: TrustRatio,
}

impl Optimizer<Lars> {
    /// The factor of the running sum.
    pub fn momentum(mut self, factor: f64) -> Self {
        self.rule.momentum.factor = factor;
        self
    }

    /// Goes along the running sum as it will be, Nesterov's way: see [`Momentum`].
    pub fn nesterov(mut self) -> Self {
        self.rule.momentum = self.rule.momentum.nesterov();
        self
    }

    /// The coefficient of the ratio.
    pub fn trust_coefficient(mut self, coefficient: f64) -> Self {
        self.rule.trust.set_coefficient(coefficient);
        self
    }

    /// What is added to the gradient's norm.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.trust = self.rule.trust.eps(eps);
        self
    }

    /// Scales the gradients of those parameters alone for which `only` holds. To spare biases and the scales of norms:
    /// `|_, shape| shape.rank() >= 2`.
    pub fn trust_only(mut self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Self {
        self.rule.trust = self.rule.trust.only(only);
        self
    }
}

impl Transform for Lars {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        self.momentum.update(p, self.trust.update(p, g) * p.lr())
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("momentum", self.momentum.factor)?;
        self.momentum.check()?;
        self.trust.check()
    }
}
