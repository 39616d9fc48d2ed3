//! The arena of nodes.

use super::Var;
use super::layers::Caller;
use super::mistakes::Composition;
use super::nodes::Node;
use super::recording::{Random, Recording};
use crate::execute::Cache;
use crate::params::Params;
use crate::{DType, Result};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;

/// Whether layers such as dropout and batch norm act as in training or as in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Mode {
    /// Dropout drops, batch norm uses the batch's statistics.
    #[default]
    Training,
    /// Dropout passes on, batch norm uses the running statistics.
    Inference,
}

/// An append-only arena of nodes: the record of a computation.
///
/// Expressions on its [`Var`]s append nodes; nothing is computed until a value is asked for. A tape has one owner, no
/// global state and no lock: tapes on several threads run independently.
///
/// ```
/// use chainrule_tape::Tape;
/// let tape = Tape::new();
/// let x = tape.var(2.0);
/// let y = x * x.sin();
/// let dy = tape.grad(y, x);
/// assert!((dy.item()? - (2f64.sin() + 2.0 * 2f64.cos())).abs() < 1e-15);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Tape {
    pub(super) recording: RefCell<Recording>,
    pub(crate) cache: RefCell<Cache>,
    mode: Cell<Mode>,
    /// The line to which nodes are attributed while a derivative rule records: that of the op it belongs to.
    pub(super) line: Cell<Option<&'static Location<'static>>>,
    /// The line that called a layer through a trait object, for what is recorded in the layer's own files.
    pub(super) caller: Cell<Option<Caller>>,
    /// The op that is being made of others, to which their mistakes are attributed.
    pub(super) composition: Cell<Option<Composition>>,
}

impl Tape {
    /// An empty tape, in training mode.
    pub fn new() -> Tape {
        Tape::default()
    }

    /// An empty tape for a model with these params (their values as they are now; nothing is copied until they
    /// change).
    pub fn with(params: &Params) -> Tape {
        let tape = Tape::new();
        tape.set_params(params);
        tape
    }

    /// This tape in inference mode.
    pub fn inference(self) -> Tape {
        self.mode.set(Mode::Inference);
        self
    }

    /// Whether layers act as in training.
    pub fn is_training(&self) -> bool {
        self.mode.get() == Mode::Training
    }

    /// Forgets everything that was recorded, but keeps plans: recording the same again costs no planning. That no
    /// [`Var`] outlives it is checked by the compiler. The params stay as they were: for new values, use
    /// [`clear_with`](Tape::clear_with).
    pub fn clear(&mut self) {
        self.recording.get_mut().clear();
    }

    /// Clears the tape and binds new values of the params.
    pub fn clear_with(&mut self, params: &Params) {
        // The old values are dropped first, so that the caller's are not shared any more.
        let recording = self.recording.get_mut();
        recording.recycle();
        recording.clear();
        self.set_params(params);
    }

    fn set_params(&self, params: &Params) {
        let mut recording = self.recording.borrow_mut();
        if let Err(error) = params.check() {
            recording.error.get_or_insert(error);
        }
        recording.random.seed = params.seed();
        match recording.params.as_mut().and_then(Arc::get_mut) {
            Some(own) => own.become_clone(params),
            None => recording.params = Some(Arc::new(params.clone())),
        }
    }

    /// The number of nodes recorded.
    pub fn len(&self) -> usize {
        self.recording.borrow().nodes.len()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first mistake made while recording.
    ///
    /// # Errors
    /// That mistake, with op, operands and source line.
    pub fn check(&self) -> Result<()> {
        self.recording.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// The params' values that this tape was made with.
    pub fn params(&self) -> Option<Arc<Params>> {
        self.recording.borrow().params.clone()
    }

    /// Seeds the random numbers of this tape.
    pub fn seed(&self, seed: u64) {
        self.recording.borrow_mut().random.seed = seed;
    }

    /// Takes the counter of the random numbers from this `i64` scalar: with another value, all numbers are others.
    ///
    /// Without this call, the counter is the number of steps that an optimizer has taken with the tape's params
    /// ([`Params::STEP`]); without an optimizer, how often the tape was [cleared](Tape::clear).
    #[track_caller]
    pub fn count_random_by(&self, counter: Var<'_>) {
        if self.rejects("count_random_by", &[counter]) {
            return;
        }
        let meta = counter.meta();
        if meta.dtype != DType::I64 || meta.shape.numel() != 1 {
            self.mistake("count_random_by", "the counter is one i64".into(), &[meta]);
            return;
        }
        self.recording.borrow_mut().random.counter = Some(counter.index);
    }

    /// Seed and stream number for the next random op, and the counter.
    #[track_caller]
    pub(crate) fn next_random(&self) -> (u64, u64, Var<'_>) {
        let Random { counter, clears, .. } = self.recording.borrow().random;
        let step = || self.params()?.id(Params::STEP);
        let counter = match counter {
            Some(index) => Var { tape: self, index },
            None => {
                let counter = step().map_or_else(|| self.var(clears), |id| self.param(id));
                self.count_random_by(counter);
                counter
            }
        };
        let random = &mut self.recording.borrow_mut().random;
        random.streams += 1;
        (random.seed, random.streams, counter)
    }

    /// How many random ops were recorded.
    pub fn random_ops(&self) -> u64 {
        self.recording.borrow().random.streams
    }

    pub(crate) fn with_node<R>(&self, var: Var<'_>, f: impl FnOnce(&Node) -> R) -> Option<R> {
        self.recording.borrow().nodes.get(var.index as usize).map(f)
    }

    pub(crate) fn recording(&self) -> std::cell::Ref<'_, Recording> {
        self.recording.borrow()
    }

    pub(crate) fn recording_mut(&self) -> std::cell::RefMut<'_, Recording> {
        self.recording.borrow_mut()
    }
}
