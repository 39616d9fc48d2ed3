//! What a transform works with while it is recorded.

use crate::Target;
use crate::optimizer::group::Rates;
use chainrule_tape::{DType, Error, ParamId, Params, Result, Tape, Tensor, Var};
use smallvec::SmallVec;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// The name of the step counter in the params.
pub(crate) const STEP: &str = Params::STEP;

/// One update of all trainable parameters, as it is recorded.
pub struct Update<'t> {
    tape: &'t Tape,
    pub(crate) params: Arc<Params>,
    pub(crate) entries: Vec<Entry<'t>>,
    dtype: DType,
    pub(crate) numbers: Numbers<'t>,
    pub(crate) groups: Vec<Group<'t>>,
    pub(crate) made: RefCell<Made<'t>>,
    /// The parameters that the stage sees, and the number of their group.
    seen: RefCell<(usize, Rc<[usize]>)>,
}

/// Parameters of the same settings.
pub(crate) struct Group<'t> {
    /// Empty for those that have the optimizer's own.
    pub name: String,
    pub lr: Lr<'t>,
}

/// A learning rate while an update is recorded.
#[derive(Clone, Copy)]
pub(crate) enum Lr<'t> {
    Number(f64),
    Var(Var<'t>),
}

/// A parameter to be updated.
pub(crate) struct Entry<'t> {
    pub id: ParamId,
    pub value: Var<'t>,
    /// Counts the optimizer's steps before this parameter's first one.
    pub since: Option<ParamId>,
    /// The number of its group.
    pub group: usize,
}

/// How numbers that change from step to step stand in the graph.
#[derive(Clone, Copy)]
pub(crate) enum Numbers<'t> {
    /// As inputs of a program.
    Inputs,
    /// As constants: the rate, and the number of steps done.
    Constants {
        /// The learning rate.
        lr: f64,
        /// The steps done before this one.
        done: u64,
    },
    /// As what is made of the rate, which is recorded.
    Recorded {
        /// The learning rate.
        lr: Var<'t>,
        /// The steps done before this one.
        done: u64,
    },
}

/// What the transforms have made so far.
#[derive(Default)]
pub(crate) struct Made<'t> {
    /// The number of the transform that records, from 1.
    pub stage: usize,
    pub numbers: Vec<(NumberKey, Var<'t>, PerStep)>,
    /// What concerns each parameter.
    pub states: Vec<States<'t>>,
    pub missing: Vec<Missing>,
    /// The shared numbers that have been given a new value.
    pub shared: SmallVec<[ParamId; 2]>,
}

/// What the transforms have made for one parameter.
#[derive(Clone, Default)]
pub(crate) struct States<'t> {
    /// The value from which the update is subtracted, if that is not the parameter itself.
    pub start: Option<Var<'t>>,
    /// The states that have been given a new value.
    pub kept: SmallVec<[ParamId; 2]>,
    /// What weight decay adds to the step, if that is the rule's to do.
    pub decay: Option<Var<'t>>,
    /// Whether there is a state already.
    pub remembered: bool,
    /// Where in `missing` the states are that there are not.
    pub missing: SmallVec<[usize; 2]>,
}

/// What tells numbers apart.
pub(crate) struct NumberKey {
    pub stage: usize,
    pub key: String,
    pub dtype: DType,
    pub since: Option<ParamId>,
    pub group: usize,
}

/// A state that the params don't have yet.
pub(crate) struct Missing {
    pub name: String,
    pub value: Tensor,
    /// The parameter, if this is the first that the optimizer sees of it.
    pub first_of: Option<ParamId>,
}

/// A number that is computed before each step, and the tensor that passes it to the program.
pub(crate) struct PerStep {
    pub value: Box<dyn Fn(Now) -> f64 + Send + Sync>,
    pub since: Option<ParamId>,
    pub group: usize,
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
        numbers: Numbers<'t>,
    ) -> Result<Update<'t>> {
        let Some(params) = tape.params() else {
            return Err(Error::Params("this tape has no params: make it by Tape::with(&params)".into()));
        };
        let entry = |id| Entry { id, value: tape.param(id), since: params.memory(id, SINCE), group: 0 };
        let entries: Vec<Entry<'t>> = ids.map(entry).collect();
        let wide = entries.iter().any(|entry| entry.value.dtype() == DType::F64);
        let dtype = if wide { DType::F64 } else { DType::F32 };
        let made = Made { states: vec![States::default(); entries.len()], ..Made::default() };
        let lr = match numbers {
            Numbers::Recorded { lr, .. } => Lr::Var(lr),
            Numbers::Constants { lr, .. } => Lr::Number(lr),
            Numbers::Inputs => Lr::Number(0.0),
        };
        let groups = vec![Group { name: String::new(), lr }];
        let seen = RefCell::new((0, (0..entries.len()).collect()));
        Ok(Update { tape, params, entries, dtype, numbers, groups, made: RefCell::new(made), seen })
    }

    /// Shows the parameters of one group alone, or all of them, and gives their indices.
    pub(crate) fn see(&self, group: Option<usize>) -> Rc<[usize]> {
        let inside = |&index: &usize| group.is_none_or(|group| self.entries[index].group == group);
        let indices: Rc<[usize]> = (0..self.entries.len()).filter(inside).collect();
        self.seen.replace((group.unwrap_or(0), indices.clone()));
        indices
    }

    /// The number of the group that is seen; 0 also if all are.
    pub(crate) fn seen_group(&self) -> usize {
        self.seen.borrow().0
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape {
        self.tape
    }

    /// The trainable parameters, in order; for a rule, those of one [group](crate::Optimizer::group).
    pub fn targets(&self) -> impl ExactSizeIterator<Item = Target<'_, 't>> {
        let seen = self.seen.borrow().1.clone();
        (0..seen.len()).map(move |number| Target::new(self, seen[number]))
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

impl PerStep {
    pub(crate) fn at(&self, params: &Params, done: u64, lr: f64) -> f64 {
        let before = self.since.map_or(0, |id| count(params.tensor(id)));
        (self.value)(Now { step: done.saturating_sub(before) + 1, lr })
    }

    /// Computes the number for the step after `done` ones.
    pub(crate) fn set(&mut self, params: &Params, done: u64, rates: &Rates) -> Result<()> {
        let value = self.at(params, done, rates[self.group]);
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

/// The key of the count of steps before a parameter's first one.
const SINCE: &str = "since";

/// The name of the count of steps before a parameter's first one; there is none if that was the optimizer's first.
pub(crate) fn since_name(param: &str) -> String {
    format!("optim.{SINCE}.{param}")
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
