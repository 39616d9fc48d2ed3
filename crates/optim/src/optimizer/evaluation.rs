//! The values with which a model is to be evaluated.

use crate::transform::update::Numbers;
use crate::{Optimizer, Target, Transform};
use chainrule_tape::{Kind, Params, Result, Tape, Var};

impl<R: Transform> Optimizer<R> {
    /// The params with which the model is to be evaluated and shipped: a copy in which the rule's averages stand in the
    /// place of the trainable parameters. For most rules these are the parameters; [`asgd`](crate::asgd) and
    /// [`schedule_free_adamw`](crate::schedule_free_adamw) train at one place and find another.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, schedule_free_sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([3.0]));
    /// let mut step = TrainStep::new(schedule_free_sgd(0.5), |[x]| (x.tape().param(w) - x).square().sum(..));
    /// for _ in 0..100 {
    ///     step.run(&mut params, [&Tensor::from([1.0])])?;
    /// }
    /// let found = schedule_free_sgd(0.5).evaluation(&params)?;
    /// assert!((found.tensor(w).to_f64()[0] - 1.0).abs() < 0.01);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a setting is out of range, or the params hold something else under a name that the optimizer uses.
    pub fn evaluation(&self, params: &Params) -> Result<Params> {
        self.check()?;
        params.check()?;
        let tape = Tape::with(params);
        let ids = params.ids().filter(|&id| params.kind(id) == Kind::Trainable);
        let (update, classes) = self.update(&tape, ids, Numbers::Constants { lr: self.lr(), done: 0 })?;
        let targets: Vec<Target<'_, '_>> = update.targets().collect();
        let rule =
            |p: Target<'_, '_>| p.group().checked_sub(1).map_or(&self.rule, |n| &classes[n].settings.rule);
        let vars: Vec<Var<'_>> = targets.iter().map(|&p| rule(p).evaluation(p)).collect();
        let values = tape.values(&vars)?;
        let mut found = params.clone();
        for (p, value) in targets.iter().zip(values) {
            found.set(p.name(), value)?;
        }
        Ok(found)
    }
}
