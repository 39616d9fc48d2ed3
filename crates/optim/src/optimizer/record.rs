//! How an optimizer's update is recorded.

use super::group::Class;
use super::{Optimizer, guard};
use crate::transform::update::{Group, Lr, Numbers, PerStep, STEP, count, since_name, steps_done};
use crate::{Schedule, Transform, Update};
use chainrule_tape::{DType, Error, Kind, ParamId, Params, Result, Tape, Var};

/// An update as it was recorded.
pub(crate) struct Traced<'t, R> {
    pub values: Vec<(ParamId, Var<'t>)>,
    pub numbers: Vec<PerStep>,
    pub classes: Vec<Class<R>>,
}

impl<R: Transform> Optimizer<R> {
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
                let of = |name: &str, times: f64, schedule: &Schedule| Group {
                    name: name.to_owned(),
                    lr: Lr::Var(lr * (times * schedule.factor(done))),
                };
                let mut groups = vec![of("", 1.0, &self.schedule)];
                for Class { name, settings } in &classes {
                    let times = self.times(settings);
                    if !times.is_finite() {
                        let what = "its rate is no multiple of the optimizer's, which is 0; set that, or use scale_lr";
                        return Err(Error::Params(format!("group({name:?}): {what}")));
                    }
                    groups.push(of(name, times, &settings.schedule));
                }
                groups
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
