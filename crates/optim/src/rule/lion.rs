//! Lion.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Lion: every element goes by the rate, in the direction of an average of gradients.
///
/// ```text
/// p ← p - lr·sign(β₁·m + (1 - β₁)·g)
/// m ← β₂·m + (1 - β₂)·g
/// ```
///
/// The sign of 0 is 0. Its state is `m` (`optim.lion.m.NAME`); nine ops an element. [Weight
/// decay](Optimizer::weight_decay) is decoupled, as in the paper, and 0 unless set; `β = (0.9, 0.99)` (the paper's). As every
/// element moves by the whole rate, the rate is three to ten times smaller than Adam's, and the decay as much larger.
///
/// Source: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, program 1.
///
/// ```
/// # use chainrule_optim::lion;
/// let optimizer = lion(1e-4).weight_decay(0.1);
/// ```
pub fn lion(lr: f64) -> Optimizer<Lion> {
    Optimizer::new(lr, Lion { betas: (0.9, 0.99) }).decoupled()
}

/// The rule of [`lion`].
#[derive(Clone, Debug)]
pub struct Lion {
    betas: (f64, f64),
}

impl Optimizer<Lion> {
    /// The factors of the average: `β₁` where it gives the direction, `β₂` where it is remembered.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = (beta1, beta2);
        self
    }
}

impl Transform for Lion {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let ((beta1, beta2), m) = (self.betas, p.state("lion.m"));
        p.keep("lion.m", m * beta2 + g * (1.0 - beta2));
        (m * beta1 + g * (1.0 - beta1)).sign() * p.lr()
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)
    }
}
