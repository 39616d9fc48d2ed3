//! RMSprop.

use super::sgd::Momentum;
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// RMSprop: the gradient divided by its running root mean square.
///
/// ```text
/// s ← α·s + (1 - α)·g²
/// p ← p - lr·g / (√s + ε)
/// ```
///
/// Its state is `S = s / (1 - α)` (`optim.rmsprop.s.NAME`); eight ops an element. Unless set, `α = 0.99` and `ε = 10⁻⁸`.
///
/// `ε` is outside of the root and the rate outside of the running sum of [`momentum`](Optimizer::momentum), as in PyTorch.
/// (Keras divides by `√(s + ε)`, has the rate in the sum, and `α = 0.9` and `ε = 10⁻⁷`.)
///
/// Source: Tieleman and Hinton, "Lecture 6.5: RMSprop", Coursera, 2012.
///
/// ```
/// # use chainrule_optim::rmsprop;
/// let optimizer = rmsprop(1e-3).alpha(0.95).momentum(0.9).centered();
/// ```
pub fn rmsprop(lr: f64) -> Optimizer<Rmsprop> {
    Optimizer::new(lr, Rmsprop { alpha: 0.99, eps: 1e-8, centered: false, momentum: 0.0 })
}

/// The rule of [`rmsprop`].
#[derive(Clone, Debug)]
pub struct Rmsprop {
    alpha: f64,
    eps: f64,
    centered: bool,
    momentum: f64,
}

impl Optimizer<Rmsprop> {
    /// The factor of the average of squares.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.rule.alpha = alpha;
        self
    }

    /// What is added to the divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// Goes along a running sum of the scaled gradients: see [`Momentum`]. 0 unless set.
    pub fn momentum(mut self, factor: f64) -> Self {
        self.rule.momentum = factor;
        self
    }

    /// Divides by the standard deviation instead: `√(s - a²) + ε`, with the gradients' running mean `a` (its state:
    /// `optim.rmsprop.a.NAME`, which is `a / (1 - α)`). Six more ops an element. A difference that rounding makes
    /// negative counts as 0.
    ///
    /// Source: Graves, "Generating sequences with recurrent neural networks", 2013, equations 38 to 41.
    pub fn centered(mut self) -> Self {
        self.rule.centered = true;
        self
    }
}

impl Transform for Rmsprop {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (alpha, share) = (self.alpha, 1.0 - self.alpha);
        let s = p.keep("rmsprop.s", p.state("rmsprop.s") * alpha + g * g);
        let mut spread = s;
        if self.centered {
            let a = p.keep("rmsprop.a", p.state("rmsprop.a") * alpha + g);
            spread = (s - a * a * share).maximum(0.0);
        }
        let root = share.sqrt();
        let scaled = g / (p.root(spread) + self.eps / root);
        let rate = p.per_step("rate", move |now| now.lr / root);
        Momentum::new(self.momentum).update(p, scaled) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("alpha", self.alpha)?;
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("momentum", self.momentum)
    }
}
