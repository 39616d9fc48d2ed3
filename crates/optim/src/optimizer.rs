//! An optimizer: stages around a rule, and a learning rate.

use crate::group::{Class, Common, Groups, Rates};
use crate::sam::Sam;
use crate::update::{Group, Lr, Numbers, PerStep, STEP, count, since_name, steps_done};
use crate::{
    Centralize, ClipAdaptive, ClipNorm, ClipNormEach, ClipValue, Ema, Lookahead, Noise, Schedule, Transform,
    Update, WeightDecay, constant, guard, limits,
};
use chainrule_tape::{DType, Error, Kind, ParamId, Params, Result, Shape, Tape, Var};
use smallvec::smallvec;
use std::sync::Arc;

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
    /// The rate before it was [set](Optimizer::set_lr).
    first_lr: f64,
    schedule: Schedule,
    before: Vec<Box<dyn Transform>>,
    pub(crate) decay: WeightDecay,
    after: Vec<Box<dyn Transform>>,
    pub(crate) groups: Groups<R>,
    pub(crate) sam: Option<Sam>,
    pub(crate) skip_nonfinite: bool,
}

/// An update as it was recorded.
pub(crate) struct Traced<'t, R> {
    pub values: Vec<(ParamId, Var<'t>)>,
    pub numbers: Vec<PerStep>,
    pub classes: Vec<Class<R>>,
}

impl<R: Transform> Optimizer<R> {
    /// An optimizer by a rule; [`Transform`] shows how to write one.
    pub fn new(lr: f64, rule: R) -> Self {
        Optimizer::begun(Common { lr, schedule: constant(), decay: WeightDecay::new(0.0) }, rule)
    }

    pub(crate) fn begun(Common { lr, schedule, decay }: Common, rule: R) -> Self {
        Optimizer {
            rule,
            lr,
            first_lr: lr,
            schedule,
            before: Vec::new(),
            decay,
            after: Vec::new(),
            groups: Groups::default(),
            sam: None,
            skip_nonfinite: false,
        }
    }

    /// What the settings of a group begin with.
    pub(crate) fn common(&self) -> Common {
        Common { lr: self.first_lr, schedule: self.schedule.clone(), decay: self.decay.clone() }
    }

    /// Another learning rate: for a [`group`](Optimizer::group).
    pub fn with_lr(self, lr: f64) -> Self {
        Optimizer { lr, first_lr: lr, ..self }
    }

    /// So many times the learning rate: for a [`group`](Optimizer::group).
    pub fn scale_lr(self, factor: f64) -> Self {
        let lr = self.first_lr * factor;
        self.with_lr(lr)
    }

    /// Multiplies the learning rate in each step by the schedule's factor.
    pub fn schedule(self, schedule: impl Into<Schedule>) -> Self {
        Optimizer { schedule: schedule.into(), ..self }
    }

    /// Scales the gradients so that their common norm is at most `max`: see [`ClipNorm`].
    pub fn clip_norm(self, max: f64) -> Self {
        self.before(ClipNorm::new(max))
    }

    /// Scales each parameter's gradient so that its norm is at most `max`: see [`ClipNormEach`].
    pub fn clip_norm_each(self, max: f64) -> Self {
        self.before(ClipNormEach::new(max))
    }

    /// Limits each element of the gradients to `-limit..=limit`: see [`ClipValue`].
    pub fn clip_value(self, limit: f64) -> Self {
        self.before(ClipValue::new(limit))
    }

    /// Scales the gradient of each unit so that its norm is at most `most` times that of the unit's weights: see
    /// [`ClipAdaptive`].
    pub fn clip_adaptive(self, most: f64) -> Self {
        self.before(ClipAdaptive::new(most))
    }

    /// Makes the mean of each unit's gradient 0: see [`Centralize`].
    pub fn centralize(self) -> Self {
        self.before(Centralize)
    }

    /// Adds noise to the gradients, of the variance `eta/(1 + t)^0.55` in the step after `t` ones: see [`Noise`].
    pub fn noise(self, eta: f64) -> Self {
        self.before(Noise::new(eta))
    }

    /// Goes back to a slower average every `k` steps: see [`Lookahead`].
    pub fn lookahead(self, k: u64, alpha: f64) -> Self {
        self.after(Lookahead::new(k, alpha))
    }

    /// Keeps an average of the parameters, to evaluate with: see [`Ema`].
    pub fn ema(self, ema: Ema) -> Self {
        self.after(ema)
    }

    /// Takes the gradients from the place within a distance `rho` where the loss is (by its slope) largest, so that the
    /// descent goes to where the loss is low all around:
    ///
    /// `e = rho·g/(‖g‖ + 10⁻¹²)`, with the norm over all parameters; the gradients of the step are those at `p + e`, and the
    /// step starts from `p`.
    ///
    /// The loss is recorded twice in one program, which takes twice as long; running statistics are those of the first
    /// time. It needs a [`TrainStep`](crate::TrainStep).
    ///
    /// Source: Foret et al., "Sharpness-aware minimization for efficiently improving generalization", ICLR 2021, algorithm 1.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([1.0]));
    /// let mut step = TrainStep::new(sgd(0.25).sam(0.5), |[x]| (x.tape().param(w) * x).square().sum(..));
    /// step.run(&mut params, [&Tensor::from([1.0])])?;
    /// // The slope at 1.5 is 3.
    /// assert!((params.tensor(w).to_f64()[0] - 0.25).abs() < 1e-12);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn sam(self, rho: f64) -> Self {
        Optimizer { sam: Some(Sam::new(rho)), ..self }
    }

    /// [`sam`](Optimizer::sam) with distances relative to the parameters: `e = rho·p²·g/(‖|p|·g‖ + 10⁻¹²)`.
    ///
    /// Source: Kwon et al., "ASAM: adaptive sharpness-aware minimization", ICML 2021, equation 9 (without its η).
    pub fn adaptive_sam(self, rho: f64) -> Self {
        Optimizer { sam: Some(Sam::new(rho).adaptive()), ..self }
    }

    /// Leaves all parameters, states and running statistics as they were in a step whose gradients are not all finite,
    /// as if it had not been run. How often that happened is `optim.skipped` in the params.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, adam};
    /// # use chainrule_tape::{Params, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([3.0]));
    /// let mut step = TrainStep::new(adam(0.1).skip_nonfinite(), |[x]| (x.tape().param(w) * x).sum(..));
    /// step.run(&mut params, [&Tensor::from([f64::NAN])])?;
    /// assert_eq!((step.steps(&params), step.skipped(&params)), (0, 1));
    /// # assert_eq!(params.tensor(w).to_f64(), [3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn skip_nonfinite(self) -> Self {
        Optimizer { skip_nonfinite: true, ..self }
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
        let Optimizer { rule, lr, first_lr, schedule, before, decay, after, groups, sam, skip_nonfinite } =
            self;
        let rule = Arc::new(rule);
        let groups = groups.boxed(&rule);
        Optimizer {
            rule: Box::new(rule),
            lr,
            first_lr,
            schedule,
            before,
            decay,
            after,
            groups,
            sam,
            skip_nonfinite,
        }
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
    fn checked_lr(&self, lr: f64, step: u64) -> Result<f64> {
        let rate = lr * self.schedule.factor(step);
        if rate >= 0.0 && rate.is_finite() {
            return Ok(rate);
        }
        limits::not_negative("the learning rate", lr).map_err(Error::Params)?;
        let what = format!("the learning rate of step {} (by {:?})", step + 1, self.schedule);
        limits::not_negative(&what, rate).map_err(Error::Params)?;
        Ok(rate)
    }

    /// The learning rates of the step after `step` ones: that of class 0, and those of the others.
    pub(crate) fn rates(&self, classes: &[Class<R>], step: u64) -> Result<Rates> {
        let mut rates: Rates = smallvec![self.checked_lr(self.lr, step)?];
        for Class { settings, .. } in classes {
            rates.push(settings.checked_lr(self.in_proportion(settings.lr), step)?);
        }
        Ok(rates)
    }

    /// The rate of a group, after this optimizer's was set to another.
    fn in_proportion(&self, lr: f64) -> f64 {
        match () {
            () if lr == self.first_lr => self.lr,
            () if self.lr == self.first_lr => lr,
            () => lr * (self.lr / self.first_lr),
        }
    }

    /// What is wrong with the settings, if something is.
    ///
    /// # Errors
    /// Names the setting and its value.
    pub fn check(&self) -> Result<()> {
        let stages = self.stages().try_for_each(|stage| stage.check());
        let sam = self.sam.map_or(Ok(()), |sam| sam.check());
        stages.and(sam).and_then(|()| self.schedule.check()).map_err(Error::Params)?;
        self.checked_lr(self.lr, 0).map(drop)
    }

    /// What is wrong with these settings as those of a group, if something is.
    pub(crate) fn check_group(&self, name: &str) -> Result<()> {
        let apart = self.before.is_empty() && self.after.is_empty() && self.groups.patterns.is_empty();
        if !apart || self.sam.is_some() || self.skip_nonfinite {
            return Err(Error::Params(format!(
                "group({name:?}): a group has its own rate, schedule, weight decay and rule; stages are those of all"
            )));
        }
        self.check().map_err(|error| Error::Params(format!("group({name:?}): {error}")))
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
        self.check_patterns(params)?;
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
        let (update, classes) = self.update(&tape, ids, numbers)?;
        let zero = |x: Var<'_>| tape.full(x.shape(), 0.0, x.dtype());
        let grads = update.targets().map(|p| zero(p.value())).collect();
        self.values(&update, &classes, grads);
        tape.check()?;
        for missing in update.into_missing() {
            if let (Some(first_of), true) = (missing.first_of, done > 0) {
                let name = since_name(params.name(first_of));
                params.add(&name, Kind::Optimizer, done as i64);
                params.set(&name, done as i64)?;
            }
            params.add(&missing.name, Kind::Optimizer, missing.value);
        }
        if self.skip_nonfinite {
            guard::prepare(params);
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
        self.record_numbers(tape, grads, Numbers::Constants { lr: self.lr, done })
    }

    /// The same with a learning rate that is recorded, in the place of the optimizer's own: the new values can be
    /// differentiated by it. The schedule multiplies it. See [`unroll`](Optimizer::unroll) for several steps.
    ///
    /// ```
    /// # use chainrule_optim::adam;
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([3.0]));
    /// let optimizer = adam(0.0);
    /// optimizer.prepare(&mut params)?;
    /// let tape = Tape::with(&params);
    /// let (rate, loss) = (tape.var(0.5), tape.param(w).square().sum(..));
    /// let new = optimizer.record_with(&tape, tape.param_grads(loss)?, rate)?;
    /// let slope = tape.grad(new[0].1.sum(..), rate).item()?;
    /// assert!((slope + 1.0).abs() < 1e-8); // Adam's first step is one rate long.
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`record`](Optimizer::record); and if a rule uses the rate other than linearly.
    pub fn record_with<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
        lr: Var<'t>,
    ) -> Result<Vec<(ParamId, Var<'t>)>> {
        let done = tape.params().map_or(0, |params| steps_done(&params));
        self.record_numbers(tape, grads, Numbers::Recorded { lr, done })
    }

    pub(crate) fn record_numbers<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
        numbers: Numbers<'t>,
    ) -> Result<Vec<(ParamId, Var<'t>)>> {
        if self.sam.is_some() {
            return Err(Error::Params("sam records the loss twice: it needs a TrainStep".into()));
        }
        Ok(self.trace(tape, grads, numbers)?.values)
    }

    /// Records the update, with the assignments of parameters, states and the step counter.
    pub(crate) fn trace<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
        numbers: Numbers<'t>,
    ) -> Result<Traced<'t, R>> {
        let (ids, grads): (Vec<ParamId>, Vec<Var<'t>>) = grads.into_iter().unzip();
        let finite = if self.skip_nonfinite { guard::all_finite(&grads) } else { None };
        let (update, classes) = self.update(tape, ids.iter().copied(), numbers)?;
        let values = self.values(&update, &classes, grads);
        let mut new = Vec::with_capacity(values.len());
        for (&id, value) in ids.iter().zip(values) {
            tape.assign(id, value);
            new.push((id, value));
        }
        if let Some(counter) = tape.params().and_then(|params| params.id(STEP)) {
            tape.assign(counter, tape.param(counter) + 1.0);
        }
        if let Some(finite) = finite {
            guard::only_if(tape, finite);
            new.iter_mut().for_each(|(id, value)| *value = tape.assigned(*id));
        }
        tape.check()?;
        let (missing, numbers) = update.finish();
        match missing.first() {
            Some(missing) => Err(Error::Params(format!(
                "the params lack the optimizer's `{}`: call its prepare(&mut params) first",
                missing.name
            ))),
            None => Ok(Traced { values: new, numbers, classes }),
        }
    }

    /// An update of these parameters, with their groups.
    pub(crate) fn update<'t>(
        &self,
        tape: &'t Tape,
        ids: impl Iterator<Item = ParamId>,
        numbers: Numbers<'t>,
    ) -> Result<(Update<'t>, Vec<Class<R>>)> {
        let mut update = Update::new(tape, ids, numbers)?;
        let names: Vec<&str> = update.entries.iter().map(|entry| update.params.name(entry.id)).collect();
        let (of, classes) = self.classes(names.into_iter())?;
        update.entries.iter_mut().zip(of).for_each(|(entry, group)| entry.group = group);
        let groups: Vec<Group<'t>> = match numbers {
            Numbers::Recorded { lr, done } => {
                let group = |name: &str, settings: &Optimizer<R>| {
                    let factor = settings.lr / self.first_lr;
                    let factor = if settings.lr == self.first_lr { 1.0 } else { factor };
                    Group {
                        name: name.to_owned(),
                        lr: Lr::Var(lr * (factor * settings.schedule.factor(done))),
                    }
                };
                let own = Group { name: String::new(), lr: Lr::Var(lr * self.schedule.factor(done)) };
                [own]
                    .into_iter()
                    .chain(classes.iter().map(|class| group(&class.name, &class.settings)))
                    .collect()
            }
            _ => {
                let done = if let Numbers::Constants { done, .. } = numbers { done } else { 0 };
                let names = [""].into_iter().chain(classes.iter().map(|class| class.name.as_str()));
                let group = |(name, lr): (&str, f64)| Group { name: name.to_owned(), lr: Lr::Number(lr) };
                names.zip(self.rates(&classes, done)?).map(group).collect()
            }
        };
        update.groups = groups;
        Ok((update, classes))
    }

    /// The parameters' new values: the gradients taken through all stages, subtracted, and finished.
    fn values<'t>(&self, update: &Update<'t>, classes: &[Class<R>], grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        let mut steps = self.before.iter().fold(grads, |grads, stage| through(stage, update, grads));
        for group in 0..=classes.len() {
            let settings = group.checked_sub(1).map_or(self, |class| &classes[class].settings);
            let inside = update.see(Some(group));
            if inside.is_empty() {
                continue;
            }
            let grads = inside.iter().map(|&index| steps[index]).collect();
            let grads = through(&settings.decay, update, grads);
            for (&index, step) in inside.iter().zip(through(&settings.rule, update, grads)) {
                steps[index] = step;
            }
        }
        update.see(None);
        steps = self.after.iter().fold(steps, |steps, stage| through(stage, update, steps));
        let mut values: Vec<Var<'t>> =
            update.targets().zip(steps).map(|(p, step)| p.start() - step).collect();
        for stage in &self.after {
            update.next_stage();
            values = update.targets().zip(values).map(|(p, value)| stage.finish(p, value)).collect();
        }
        values
    }
}

/// Takes gradients through one stage.
fn through<'t>(stage: &dyn Transform, update: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
    let count = grads.len();
    update.next_stage();
    let next = stage.update_all(update, grads);
    if next.len() != count {
        let what = format!("{stage:?} gave {} results for {count} gradients", next.len());
        return vec![update.tape().fail("optimizer", what, &[]); count];
    }
    next
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
