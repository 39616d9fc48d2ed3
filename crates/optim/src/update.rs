//! What a transform works with while it is recorded.

use chainrule_tape::{DType, Error, Kind, Meta, ParamId, Params, Result, Tape, Tensor, Var};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// The name of the step counter in the params.
pub(crate) const STEP: &str = "optim.step";

/// One update of all trainable parameters, as it is recorded.
pub struct Update<'t> {
    tape: &'t Tape,
    params: Arc<Params>,
    entries: Vec<Entry<'t>>,
    dtype: DType,
    numbers: Numbers,
    made: RefCell<Made<'t>>,
}

struct Entry<'t> {
    id: ParamId,
    value: Var<'t>,
    /// Counts the optimizer's steps before this parameter's first one.
    since: Option<ParamId>,
}

/// How numbers that change from step to step stand in the graph.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Numbers {
    /// As inputs of a program.
    Inputs,
    /// As constants: the rate, and the number of steps done.
    Constants {
        /// The learning rate.
        lr: f64,
        /// The steps done before this one.
        done: u64,
    },
}

/// What the transforms have made so far.
#[derive(Default)]
struct Made<'t> {
    /// The number of the transform that records, from 1.
    stage: usize,
    numbers: Vec<(NumberKey, Var<'t>, PerStep)>,
    /// Values from which the update is subtracted, where they are not the parameters themselves.
    starts: Vec<(usize, Var<'t>)>,
    kept: Vec<ParamId>,
    missing: Vec<Missing>,
    /// The parameters with a state that exists.
    remembered: Vec<usize>,
}

#[derive(PartialEq)]
struct NumberKey {
    stage: usize,
    key: String,
    dtype: DType,
    since: Option<ParamId>,
}

/// A state that the params don't have yet.
pub(crate) struct Missing {
    pub target: ParamId,
    pub name: String,
    pub value: Tensor,
    /// Whether this is the first that the optimizer sees of the parameter.
    pub first: bool,
}

/// A number that is computed before each step, and the tensor that passes it to the program.
pub(crate) struct PerStep {
    value: Box<dyn Fn(Now) -> f64 + Send + Sync>,
    since: Option<ParamId>,
    pub tensor: Tensor,
}

/// The step for which a number is computed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Now {
    /// The number of this step for the parameter: 1 in its first. (A parameter that is unfrozen later starts its own
    /// count then.)
    pub step: u64,
    /// The learning rate of this step.
    pub lr: f64,
}

impl<'t> Update<'t> {
    /// An update of the parameters `ids` of the tape's params.
    pub(crate) fn new(
        tape: &'t Tape,
        ids: impl Iterator<Item = ParamId>,
        numbers: Numbers,
    ) -> Result<Update<'t>> {
        let Some(params) = tape.params() else {
            return Err(Error::Params("this tape has no params: make it by Tape::with(&params)".into()));
        };
        let entry = |id| {
            let since = params.id(&since_name(params.name(id)));
            Entry { id, value: tape.param(id), since }
        };
        let entries: Vec<Entry<'t>> = ids.map(entry).collect();
        let wide = entries.iter().any(|entry| entry.value.dtype() == DType::F64);
        let dtype = if wide { DType::F64 } else { DType::F32 };
        Ok(Update { tape, params, entries, dtype, numbers, made: RefCell::default() })
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape {
        self.tape
    }

    /// The trainable parameters, in order.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = Target<'_, 't>> {
        (0..self.entries.len()).map(|index| Target { at: self, index })
    }

    /// The widest dtype of the parameters: the one for values that concern all of them.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Begins the next stage: its numbers are others, even where their keys are the same.
    pub(crate) fn next_stage(&self) {
        self.made.borrow_mut().stage += 1;
    }

    /// The states that were asked for and don't exist.
    pub(crate) fn into_missing(self) -> Vec<Missing> {
        self.made.into_inner().missing
    }

    /// The same, and the numbers to be computed before each run, in the order of the inputs that take them.
    pub(crate) fn finish(self) -> (Vec<Missing>, Vec<PerStep>) {
        let made = self.made.into_inner();
        (made.missing, made.numbers.into_iter().map(|(_, _, number)| number).collect())
    }
}

impl fmt::Debug for Update<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.targets()).finish()
    }
}

/// One parameter in an [`Update`].
#[derive(Clone, Copy)]
pub struct Target<'u, 't> {
    at: &'u Update<'t>,
    index: usize,
}

impl<'u, 't> Target<'u, 't> {
    fn entry(self) -> &'u Entry<'t> {
        &self.at.entries[self.index]
    }

    /// Its name, such as `hidden.weight`.
    pub fn name(self) -> &'u str {
        self.at.params.name(self.entry().id)
    }

    /// Its id.
    pub fn id(self) -> ParamId {
        self.entry().id
    }

    /// Its value before the step.
    pub fn value(self) -> Var<'t> {
        self.entry().value
    }

    /// The learning rate of the step: a scalar of the parameter's dtype.
    #[track_caller]
    pub fn lr(self) -> Var<'t> {
        // The same for all transforms and parameters.
        self.number(0, "lr", None, |now| now.lr)
    }

    /// A number that is computed in `f64` before each step, such as a bias correction: a scalar of the parameter's
    /// dtype, at no cost per element. The key names it within the transform; parameters share it.
    ///
    /// ```
    /// # use chainrule_optim::{Target, Transform};
    /// # use chainrule_tape::Var;
    /// /// Gradient descent with the rate lr/√t.
    /// #[derive(Debug)]
    /// struct Slowing;
    ///
    /// impl Transform for Slowing {
    ///     fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
    ///         g * p.per_step("rate", |now| now.lr / (now.step as f64).sqrt())
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn per_step(self, key: &str, value: impl Fn(Now) -> f64 + Send + Sync + 'static) -> Var<'t> {
        let stage = self.at.made.borrow().stage;
        self.number(stage, key, self.entry().since, value)
    }

    #[track_caller]
    fn number(
        self,
        stage: usize,
        key: &str,
        since: Option<ParamId>,
        value: impl Fn(Now) -> f64 + Send + Sync + 'static,
    ) -> Var<'t> {
        let (update, dtype) = (self.at, self.value().dtype());
        let key = NumberKey { stage, key: key.to_owned(), dtype, since };
        if let Some((_, var, _)) = update.made.borrow().numbers.iter().find(|(other, ..)| *other == key) {
            return *var;
        }
        let number = PerStep { value: Box::new(value), since, tensor: Tensor::zeros((), dtype) };
        let var = match update.numbers {
            Numbers::Inputs => update.tape.input((), dtype),
            Numbers::Constants { lr, done } => {
                update.tape.full((), number.value(&update.params, done, lr), dtype)
            }
        };
        update.made.borrow_mut().numbers.push((key, var, number));
        var
    }

    /// Memory of the parameter's shape and dtype: what [`keep`](Target::keep) stored under this key in the step
    /// before, zeros in the first. It lives in the params as `optim.KEY.NAME` and is saved with them.
    #[track_caller]
    pub fn state(self, key: &str) -> Var<'t> {
        self.state_full(key, 0.0)
    }

    /// The same, with this number in every element in the first step.
    #[track_caller]
    pub fn state_full(self, key: &str, initial: f64) -> Var<'t> {
        let (update, meta, name) = (self.at, self.value().meta(), self.state_name(key));
        let Some(id) = update.params.id(&name) else {
            let value = match meta.dtype {
                DType::F32 => Tensor::full(meta.shape.clone(), initial as f32),
                _ => Tensor::full(meta.shape.clone(), initial),
            };
            let made = &mut *update.made.borrow_mut();
            if made.missing.iter().all(|other| other.name != name) {
                let first = !made.remembered.contains(&self.index);
                made.missing.push(Missing { target: self.id(), name, value, first });
            }
            return update.tape.full(meta.shape, initial, meta.dtype);
        };
        let tensor = update.params.tensor(id);
        let found = Meta::new(tensor.shape(), tensor.dtype());
        if update.params.kind(id) != Kind::Optimizer || found != meta {
            let what = format!(
                "the params' `{name}` ({} {}) is not this optimizer's memory of `{}`",
                found.shape,
                found.dtype,
                self.name()
            );
            return update.tape.fail("optimizer", what, &[self.value()]);
        }
        let made = &mut *update.made.borrow_mut();
        made.remembered.push(self.index);
        made.missing.iter_mut().filter(|missing| missing.target == self.id()).for_each(|m| m.first = false);
        update.tape.param(id)
    }

    /// Stores a value for the next step. Once for each key and step.
    #[track_caller]
    pub fn keep(self, key: &str, value: Var<'t>) {
        let (update, name) = (self.at, self.state_name(key));
        let Some(id) = update.params.id(&name) else {
            if !update.made.borrow().missing.iter().any(|missing| missing.name == name) {
                let what = format!("keep(\"{key}\") without state(\"{key}\")");
                let _ = update.tape.fail("optimizer", what, &[value]);
            }
            return;
        };
        let twice = {
            let kept = &mut update.made.borrow_mut().kept;
            let twice = kept.contains(&id);
            kept.push(id);
            twice
        };
        if twice {
            let what = format!("two transforms keep `{name}`: give each its own key");
            let _ = update.tape.fail("optimizer", what, &[value]);
        } else {
            update.tape.assign(id, value);
        }
    }

    fn state_name(self, key: &str) -> String {
        format!("optim.{key}.{}", self.name())
    }

    /// The value from which the step is taken: the parameter's own, unless [`start_from`](Target::start_from) set
    /// another.
    pub fn start(self) -> Var<'t> {
        let made = self.at.made.borrow();
        let set = made.starts.iter().rev().find(|(index, _)| *index == self.index);
        set.map_or(self.value(), |&(_, value)| value)
    }

    /// Takes the step from this value instead of the parameter's own: `p ← value - update`.
    pub fn start_from(self, value: Var<'t>) {
        self.at.made.borrow_mut().starts.push((self.index, value));
    }
}

impl fmt::Debug for Target<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name(), self.value())
    }
}

impl PerStep {
    fn value(&self, params: &Params, done: u64, lr: f64) -> f64 {
        let before = self.since.map_or(0, |id| count(params.tensor(id)));
        (self.value)(Now { step: done.saturating_sub(before) + 1, lr })
    }

    /// Computes the number for the step after `done` ones.
    pub(crate) fn set(&mut self, params: &Params, done: u64, lr: f64) -> Result<()> {
        let value = self.value(params, done, lr);
        match self.tensor.dtype() {
            DType::F32 => self.tensor.as_mut_slice::<f32>()?.fill(value as f32),
            _ => self.tensor.as_mut_slice::<f64>()?.fill(value),
        }
        Ok(())
    }
}

impl fmt::Debug for PerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PerStep({})", self.tensor)
    }
}

/// The name of the count of steps before a parameter's first one; there is none if that was the optimizer's first.
pub(crate) fn since_name(param: &str) -> String {
    format!("optim.since.{param}")
}

/// The value of a counter.
pub(crate) fn count(tensor: &Tensor) -> u64 {
    let value = tensor.as_slice::<i64>().ok().and_then(|values| values.first().copied());
    value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

/// The number of steps that an optimizer has made with these params.
pub(crate) fn steps_done(params: &Params) -> u64 {
    params.get(STEP).map_or(0, count)
}
