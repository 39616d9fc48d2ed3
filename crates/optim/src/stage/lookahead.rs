//! Lookahead.

use crate::{Target, Transform, limits};
use chainrule_tape::Var;

/// Lets the optimizer run ahead for `k` steps, then goes from where it began by `alpha` of the way to where it came:
///
/// every `k`-th step `s ← s + alpha·(p - s)`, `p ← s`, where `s` are slow weights, at first the parameters themselves.
///
/// Its state is `optim.lookahead.NAME`. A setting of every optimizer: [`lookahead`](crate::Optimizer::lookahead).
///
/// Source: Zhang et al., "Lookahead optimizer: k steps forward, 1 step back", NeurIPS 2019, algorithm 1 (k = 5 or 6 and
/// alpha = 0.5 there).
///
/// ```
/// # use chainrule_optim::{TrainStep, sgd};
/// # use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([0.0]));
/// let mut step = TrainStep::new(sgd(1.0).lookahead(2, 0.5), |[x]| (x.tape().param(w) * x).sum(..));
/// let mut places = Vec::new();
/// for _ in 0..4 {
///     step.run(&mut params, [&Tensor::from([-1.0])])?;
///     places.extend(params.tensor(w).to_f64());
/// }
/// assert_eq!(places, [1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lookahead {
    k: u64,
    alpha: f64,
}

impl Lookahead {
    /// Back after `k` steps, to `alpha` of the way.
    pub fn new(k: u64, alpha: f64) -> Lookahead {
        Lookahead { k, alpha }
    }
}

impl Transform for Lookahead {
    fn finish<'t>(&self, p: Target<'_, 't>, value: Var<'t>) -> Var<'t> {
        let k = self.k.max(1);
        let back = p.per_step("back", move |now| if now.step % k == 0 { 1.0 } else { 0.0 }).gt(0.5);
        let slow = p.state_of_value("lookahead");
        let between = slow + (value - slow) * self.alpha;
        p.keep("lookahead", back.select(between, slow));
        back.select(between, value)
    }

    fn check(&self) -> Result<(), String> {
        if self.k == 0 {
            return Err("lookahead needs one step or more".into());
        }
        limits::up_to_one("alpha", self.alpha)
    }
}
