//! An optimizer: stages around a rule, and a learning rate.

use crate::update::{Numbers, PerStep, STEP, count, since_name, steps_done};
use crate::{ClipNorm, ClipValue, Schedule, Transform, Update, WeightDecay, constant, limits};
use chainrule_tape::{DType, Error, Kind, ParamId, Params, Result, Shape, Tape, Var};

/// An update rule with its learning rate, and what goes before and after it.
///
/// A step takes the gradients through the stages [before](Optimizer::before) the rule (clipping, in the order of the
/// calls), through [weight decay](Optimizer::weight_decay), the rule itself, and the stages
/// [after](Optimizer::after) it. The result is subtracted from the parameters. In which order the settings are called is
/// otherwise of no matter.
///
/// A setting that is out of range is reported by the first run, not by the call.
#[derive(Debug)]
pub struct Optimizer<R> {
    pub(crate) rule: R,
    lr: f64,
    schedule: Schedule,
    before: Vec<Box<dyn Transform>>,
    pub(crate) decay: WeightDecay,
    after: Vec<Box<dyn Transform>>,
}

impl<R: Transform> Optimizer<R> {
    /// An optimizer by a rule; [`Transform`] shows how to write one.
    pub fn new(lr: f64, rule: R) -> Self {
        Optimizer {
            rule,
            lr,
            schedule: constant(),
            before: Vec::new(),
            decay: WeightDecay::new(0.0),
            after: Vec::new(),
        }
    }

    /// Multiplies the learning rate in each step by the schedule's factor.
    pub fn schedule(self, schedule: impl Into<Schedule>) -> Self {
        Optimizer { schedule: schedule.into(), ..self }
    }

    /// Scales the gradients so that their common norm is at most `max`: see [`ClipNorm`].
    pub fn clip_norm(self, max: f64) -> Self {
        self.before(ClipNorm::new(max))
    }

    /// Limits each element of the gradients to `-limit..=limit`: see [`ClipValue`].
    pub fn clip_value(self, limit: f64) -> Self {
        self.before(ClipValue::new(limit))
    }

    /// Draws the parameters towards 0, through the gradient unless [`decoupled`](Optimizer::decoupled): see
    /// [`WeightDecay`].
    pub fn weight_decay(mut self, rate: f64) -> Self {
        self.decay.rate = rate;
        self
    }

    /// Makes the weight decay act on the parameters themselves, as [`adamw`](crate::adamw)'s does.
    pub fn decoupled(self) -> Self {
        Optimizer { decay: self.decay.decoupled(), ..self }
    }

    /// Restricts the weight decay to parameters for which `only` holds, by name and shape. To spare biases and the
    /// scales of norms: `|_, shape| shape.rank() >= 2`.
    pub fn decay_only(self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Self {
        Optimizer { decay: self.decay.only(only), ..self }
    }

    /// Adds a stage between the gradients and weight decay.
    pub fn before(mut self, stage: impl Transform + 'static) -> Self {
        self.before.push(Box::new(stage));
        self
    }

    /// Adds a stage between the rule and the parameters: it takes and gives what is to be subtracted.
    ///
    /// ```
    /// # use chainrule_optim::{Target, Transform, adam};
    /// # use chainrule_tape::Var;
    /// /// A tenth of the rate for a part of the model.
    /// #[derive(Debug)]
    /// struct Slower(&'static str);
    ///
    /// impl Transform for Slower {
    ///     fn update<'t>(&self, p: Target<'_, 't>, step: Var<'t>) -> Var<'t> {
    ///         if p.name().starts_with(self.0) { step * 0.1 } else { step }
    ///     }
    /// }
    ///
    /// let optimizer = adam(1e-3).after(Slower("backbone."));
    /// ```
    pub fn after(mut self, stage: impl Transform + 'static) -> Self {
        self.after.push(Box::new(stage));
        self
    }

    /// The same optimizer, its rule in a box: optimizers of several kinds then have one type.
    pub fn boxed(self) -> Optimizer<Box<dyn Transform>>
    where
        R: 'static,
    {
        let Optimizer { rule, lr, schedule, before, decay, after } = self;
        Optimizer { rule: Box::new(rule), lr, schedule, before, decay, after }
    }

    /// The learning rate, before the schedule.
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// Sets the learning rate, before the schedule.
    pub fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// The learning rate of the step after `step` ones.
    pub fn lr_at(&self, step: u64) -> f64 {
        self.lr * self.schedule.factor(step)
    }

    /// The learning rate of the step after `step` ones, if it is one.
    pub(crate) fn checked_lr(&self, step: u64) -> Result<f64> {
        let rate = self.lr_at(step);
        if rate >= 0.0 && rate.is_finite() {
            return Ok(rate);
        }
        limits::not_negative("the learning rate", self.lr).map_err(Error::Params)?;
        let what = format!("the learning rate of step {} (by {:?})", step + 1, self.schedule);
        limits::not_negative(&what, rate).map_err(Error::Params)?;
        Ok(rate)
    }

    /// What is wrong with the settings, if something is.
    ///
    /// # Errors
    /// Names the setting and its value.
    pub fn check(&self) -> Result<()> {
        let stages = self.stages().try_for_each(|stage| stage.check());
        stages.and_then(|()| self.schedule.check()).map_err(Error::Params)?;
        self.checked_lr(0).map(drop)
    }

    fn stages(&self) -> impl Iterator<Item = &dyn Transform> {
        let own: [&dyn Transform; 2] = [&self.decay, &self.rule];
        let before = self.before.iter().map(|stage| &**stage);
        before.chain(own).chain(self.after.iter().map(|stage| &**stage))
    }

    /// Adds what the optimizer keeps from step to step to the params, where it is missing.
    /// [`TrainStep`](crate::TrainStep) does this itself; [`record`](Optimizer::record) needs it to be done.
    ///
    /// # Errors
    /// If a setting is out of range, or the params hold something else under a name that the optimizer uses.
    pub fn prepare(&self, params: &mut Params) -> Result<()> {
        self.check()?;
        params.check()?;
        let step = match params.id(STEP) {
            Some(id) => id,
            None => params.add(STEP, Kind::Optimizer, 0i64),
        };
        let counter = params.tensor(step);
        let scalar = counter.shape().rank() == 0 && counter.dtype() == DType::I64;
        if !scalar || params.kind(step) != Kind::Optimizer {
            return Err(Error::Params(format!("the params' `{STEP}` is not an optimizer's step counter")));
        }
        let done = count(counter);
        // The stages are recorded once with gradients of 0, to learn which states they ask for.
        let tape = Tape::with(params);
        let numbers = Numbers::Constants { lr: self.lr, done };
        let ids = params.ids().filter(|&id| params.kind(id) == Kind::Trainable);
        let update = Update::new(&tape, ids, numbers)?;
        let zero = |x: Var<'_>| tape.full(x.shape(), 0.0, x.dtype());
        let grads = update.targets().map(|p| zero(p.value())).collect();
        self.steps(&update, grads);
        tape.check()?;
        for missing in update.into_missing() {
            if let (Some(first_of), true) = (missing.first_of, done > 0) {
                let name = since_name(params.name(first_of));
                params.add(&name, Kind::Optimizer, done as i64);
                params.set(&name, done as i64)?;
            }
            params.add(&missing.name, Kind::Optimizer, missing.value);
        }
        params.check()
    }

    /// Records the update of parameters by gradients on a tape whose params are [prepared](Optimizer::prepare), to be
    /// written by [`Tape::commit`] or at the end of a program's run. Gives the parameters' new values, which can be
    /// differentiated in turn. The learning rate is a constant of this recording.
    ///
    /// ```
    /// # use chainrule_optim::sgd;
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([3.0]));
    /// let optimizer = sgd(0.25).momentum(0.5);
    /// optimizer.prepare(&mut params)?;
    /// for _ in 0..2 {
    ///     let tape = Tape::with(&params);
    ///     let loss = (tape.param(w) - 1.0).square().sum(..);
    ///     optimizer.record(&tape, tape.param_grads(loss)?)?;
    ///     tape.commit(&mut params)?;
    /// }
    /// assert_eq!(params.tensor(w).to_f64(), [1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the learning rate is no rate, the params lack a state, or a mistake was recorded.
    pub fn record<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
    ) -> Result<Vec<(ParamId, Var<'t>)>> {
        let done = tape.params().map_or(0, |params| steps_done(&params));
        let lr = self.checked_lr(done)?;
        self.trace(tape, grads, Numbers::Constants { lr, done }).map(|(values, _)| values)
    }

    /// Records the update, with the assignments of parameters, states and the step counter.
    #[allow(clippy::type_complexity)]
    pub(crate) fn trace<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
        numbers: Numbers,
    ) -> Result<(Vec<(ParamId, Var<'t>)>, Vec<PerStep>)> {
        let update = Update::new(tape, grads.iter().map(|&(id, _)| id), numbers)?;
        let updates = self.steps(&update, grads.into_iter().map(|(_, g)| g).collect());
        let mut values = Vec::with_capacity(updates.len());
        for (p, step) in update.targets().zip(updates) {
            let value = p.start() - step;
            tape.assign(p.id(), value);
            values.push((p.id(), value));
        }
        if let Some(counter) = tape.params().and_then(|params| params.id(STEP)) {
            tape.assign(counter, tape.param(counter) + 1.0);
        }
        tape.check()?;
        let (missing, numbers) = update.finish();
        match missing.first() {
            Some(missing) => Err(Error::Params(format!(
                "the params lack the optimizer's `{}`: call its prepare(&mut params) first",
                missing.name
            ))),
            None => Ok((values, numbers)),
        }
    }

    /// Takes the gradients through all stages.
    fn steps<'t>(&self, update: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        let count = grads.len();
        self.stages().fold(grads, |grads, stage| {
            update.next_stage();
            let next = stage.update_all(update, grads);
            if next.len() != count {
                let what = format!("{stage:?} gave {} results for {count} gradients", next.len());
                return vec![update.tape().fail("optimizer", what, &[]); count];
            }
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adam;
    use chainrule_tape::Tensor;

    #[test]
    fn states_are_added_once_and_counted_from_their_first_step() {
        let mut params = Params::seeded(0);
        params.add("a", Kind::Trainable, [1.0f32, 2.0]);
        params.add("b", Kind::Frozen, [1.0f32]);
        let optimizer = adam(0.1);
        optimizer.prepare(&mut params).unwrap();
        let names =
            |params: &Params| params.iter().skip(2).map(|(name, ..)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&params), ["optim.step", "optim.adam.m.a", "optim.adam.v.a"]);
        let layout = params.layout();
        optimizer.prepare(&mut params).unwrap();
        assert_eq!(params.layout(), layout);

        params.set(STEP, 5i64).unwrap();
        params.unfreeze("b");
        optimizer.prepare(&mut params).unwrap();
        assert_eq!(names(&params)[3..], ["optim.since.b", "optim.adam.m.b", "optim.adam.v.b"]);
        assert_eq!(params.get("optim.since.b"), Some(&Tensor::from(5i64)));
    }

    #[test]
    fn names_in_use_are_reported() {
        let mut params = Params::seeded(0);
        params.add("a", Kind::Trainable, [1.0f32, 2.0]);
        params.add("optim.adam.m.a", Kind::Optimizer, [1.0f32]);
        let error = adam(0.1).prepare(&mut params).unwrap_err().to_string();
        assert!(error.contains("`optim.adam.m.a` ([1] f32)"), "{error}");
    }
}
