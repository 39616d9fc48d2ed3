//! Ascent.

use crate::{Optimizer, Target, Transform};
use chainrule_tape::Var;

impl<R: Transform> Optimizer<R> {
    /// Makes the loss larger instead of smaller: turns the gradients around, before [weight
    /// decay](Optimizer::weight_decay), which still draws the parameters towards 0 (PyTorch's `maximize`). For all rules;
    /// called twice, it is off again.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([1.0]));
    /// let mut step = TrainStep::new(sgd(0.5).maximize(), |[x]| (x.tape().param(w) * x).sum(..));
    /// step.run(&mut params, [&Tensor::from([4.0])])?;
    /// assert_eq!(params.tensor(w).to_f64(), [3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn maximize(self) -> Self {
        self.before(Ascent)
    }
}

/// `g ← -g`.
#[derive(Clone, Copy, Debug)]
struct Ascent;

impl Transform for Ascent {
    fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        -g
    }
}
