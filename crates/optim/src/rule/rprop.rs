//! Rprop.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Rprop: each element has its own step, which grows while its gradient keeps its sign and shrinks when it turns; how large
/// the gradient is does not matter. For gradients of the whole data set, not of batches.
///
/// ```text
/// s ← s·η⁺ where g·g₋₁ > 0, s·η⁻ where g·g₋₁ < 0, within [smallest, largest];  s = lr before the first step
/// g ← 0 where g·g₋₁ < 0
/// p ← p - s·sign(g)
/// ```
///
/// The learning rate is where the steps begin, and without effect after the first. Its state is `s`
/// (`optim.rprop.s.NAME`, 0 until the first step) and the last gradient's sign (`optim.rprop.sign.NAME`). Unless set,
/// `η = (0.5, 1.2)` and steps are within `[10⁻⁶, 50]` (PyTorch's).
///
/// Source: Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", 1993;
/// this is the variant that steps back nowhere, iRprop⁻ of Igel and Hüsken, 2000, as in PyTorch.
///
/// ```
/// # use chainrule_optim::rprop;
/// let optimizer = rprop(0.01).step_sizes(1e-6, 1.0);
/// ```
pub fn rprop(lr: f64) -> Optimizer<Rprop> {
    Optimizer::new(lr, Rprop { etas: (0.5, 1.2), sizes: (1e-6, 50.0) })
}

/// The rule of [`rprop`].
#[derive(Clone, Debug)]
pub struct Rprop {
    etas: (f64, f64),
    sizes: (f64, f64),
}

impl Optimizer<Rprop> {
    /// The factors by which a step shrinks, below 1, and grows, above 1.
    pub fn etas(mut self, minus: f64, plus: f64) -> Self {
        self.rule.etas = (minus, plus);
        self
    }

    /// The smallest and the largest step.
    pub fn step_sizes(mut self, smallest: f64, largest: f64) -> Self {
        self.rule.sizes = (smallest, largest);
        self
    }
}

impl Transform for Rprop {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let ((minus, plus), (smallest, largest)) = (self.etas, self.sizes);
        let first = p.per_step("first", |now| if now.step == 1 { now.lr } else { 0.0 });
        let (sign, before) = (g.sign(), p.state("rprop.sign"));
        let turn = sign * before;
        let size =
            (p.state("rprop.s") + first) * turn.gt(0.0).select(plus, turn.lt(0.0).select(minus, turn + 1.0));
        let size = p.keep("rprop.s", size.clamp(smallest, largest));
        let sign = p.keep("rprop.sign", turn.lt(0.0).select(0.0, sign));
        size * sign
    }

    fn check(&self) -> Result<(), String> {
        let ((minus, plus), (smallest, largest)) = (self.etas, self.sizes);
        if !(minus > 0.0 && minus < 1.0 && plus > 1.0 && plus.is_finite()) {
            return Err(format!("etas are {minus} and {plus}; they must be between 0 and 1, and above 1"));
        }
        limits::not_negative("the smallest of step_sizes", smallest)?;
        if largest >= smallest {
            return Ok(());
        }
        Err(format!("step_sizes are {smallest} and {largest}; the first must not be above the second"))
    }
}
