//! The arena of nodes.

use super::recording::{Leaf, Node, Random, Recording, Source, scalar_class};
use super::{Key, Meta, Op, OpRef, Var};
use crate::execute::Cache;
use crate::params::{ParamId, Params};
use crate::{At, DType, Error, Mistake, Result, Shape, Tensor};
use smallvec::SmallVec;
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
    recording: RefCell<Recording>,
    pub(crate) cache: RefCell<Cache>,
    mode: Cell<Mode>,
    /// The line to which nodes are attributed while a derivative rule records: that of the op it belongs to.
    line: Cell<Option<&'static Location<'static>>>,
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
        let params = self.recording.get_mut().params.take();
        let mut fresh = std::mem::take(self.recording.get_mut());
        fresh.nodes.clear();
        fresh.scalars.clear();
        fresh.scalar_of.clear();
        fresh.data.clear();
        fresh.inputs = 0;
        fresh.param_vars.clear();
        fresh.assigns.clear();
        fresh.layers.clear();
        fresh.values.clear();
        fresh.values_key = Key::default();
        let Random { seed, clears, .. } = fresh.random;
        fresh.random = Random { seed, clears: clears + 1, ..Random::default() };
        fresh.error = None;
        fresh.params = params;
        *self.recording.get_mut() = fresh;
    }

    /// Clears the tape and binds new values of the params.
    pub fn clear_with(&mut self, params: &Params) {
        // The old values are dropped first, so that the caller's are not shared any more.
        self.recording.get_mut().params = None;
        self.clear();
        self.set_params(params);
    }

    fn set_params(&self, params: &Params) {
        let mut recording = self.recording.borrow_mut();
        if let Err(error) = params.check() {
            recording.error.get_or_insert(error);
        }
        recording.random.seed = params.seed();
        recording.params = Some(Arc::new(params.clone()));
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

    /// A value: a number, array, slice, `Vec` or [`Tensor`]. `2.0` is `f64`; `2.0f32` is `f32`.
    #[track_caller]
    pub fn var(&self, value: impl Into<Tensor>) -> Var<'_> {
        let value = value.into();
        let meta = Meta::new(value.shape(), value.dtype());
        let mut recording = self.recording.borrow_mut();
        recording.data.push(value);
        let leaf = Leaf::Data(recording.data.len() as u32 - 1);
        self.leaf(&mut recording, leaf, meta)
    }

    /// A program's next input: its value is given at each run (see [`compile`](Tape::compile)).
    #[track_caller]
    pub fn input(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        let meta = Meta::new(shape, dtype);
        if let Err(what) = check_size(&meta) {
            return self.mistake("input", what, &[]);
        }
        let mut recording = self.recording.borrow_mut();
        recording.inputs += 1;
        let leaf = Leaf::Input(recording.inputs - 1);
        self.leaf(&mut recording, leaf, meta)
    }

    /// A parameter of the model that this tape was made [`with`](Tape::with).
    #[track_caller]
    pub fn param(&self, id: ParamId) -> Var<'_> {
        let mut recording = self.recording.borrow_mut();
        if let Some(&index) = recording.param_vars.get(&id.0) {
            return Var { tape: self, index };
        }
        let found = recording
            .params
            .as_ref()
            .map(|params| params.shape_of(id).map(|(shape, dtype)| Meta::new(shape, dtype)));
        let problem = match found {
            Some(Some(meta)) => {
                let var = self.leaf(&mut recording, Leaf::Param(id), meta);
                recording.param_vars.insert(id.0, var.index);
                return var;
            }
            Some(None) => "this parameter belongs to other params than the tape's",
            None => "this tape has no params: make it by Tape::with(&params)",
        };
        drop(recording);
        self.mistake("param", problem.into(), &[])
    }

    /// The same number in every element.
    #[track_caller]
    pub fn full(&self, shape: impl Into<Shape>, value: f64, dtype: DType) -> Var<'_> {
        let whole = match dtype {
            DType::I64 => value == value.trunc() && value.abs() <= 2f64.powi(53),
            DType::Bool => value == 0.0 || value == 1.0,
            DType::F32 | DType::F64 => true,
        };
        let meta = Meta::new(shape, dtype);
        if let Err(what) = check_size(&meta) {
            return self.mistake("constant", what, &[]);
        }
        if !whole {
            return self.mistake("constant", format!("{value} is no {dtype}"), &[meta]);
        }
        let mut recording = self.recording.borrow_mut();
        let next = recording.scalars.len() as u32;
        let number = *recording.scalar_of.entry(value.to_bits()).or_insert(next);
        if number == next {
            recording.scalars.push(value);
        }
        self.leaf(&mut recording, Leaf::Scalar(number), meta)
    }

    #[track_caller]
    fn leaf<'t>(&'t self, recording: &mut Recording, leaf: Leaf, meta: Meta) -> Var<'t> {
        let mut prefix = recording.prefix();
        match leaf {
            Leaf::Input(number) => prefix.write(number as u64),
            Leaf::Param(id) => prefix.write(id.0 as u64 | 1 << 32),
            Leaf::Data(number) => prefix.write(number as u64 | 2 << 32),
            Leaf::Scalar(number) => {
                prefix.write(number as u64 | 3 << 32);
                prefix.write(scalar_class(recording.scalars[number as usize]));
            }
        }
        write_meta(&mut prefix, &meta);
        self.append(
            recording,
            Node { source: Source::Leaf(leaf), inputs: SmallVec::new(), meta, at: self.at(), prefix },
        )
    }

    /// Appends an op. Its inputs' shapes must be what the op takes: there is no broadcasting here.
    #[track_caller]
    pub fn op<'t>(&'t self, op: impl Op, inputs: &[Var<'t>]) -> Var<'t> {
        self.push(OpRef::Shared(Arc::new(op)), inputs)
    }

    /// Appends an elementwise op, its inputs broadcast to their common shape.
    #[track_caller]
    pub(crate) fn elementwise<'t>(&'t self, op: OpRef, inputs: &[Var<'t>]) -> Var<'t> {
        if inputs.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        let first = inputs[0].meta().shape;
        let mut common = first.clone();
        let mut same = true;
        for x in &inputs[1..] {
            let shape = x.meta().shape;
            if shape != common {
                same = false;
                let Some(both) = common.broadcast(&shape) else {
                    let metas: Vec<Meta> = inputs.iter().map(|x| x.meta()).collect();
                    return self.mistake(op.name(), "these shapes don't broadcast".into(), &metas);
                };
                common = both;
            }
        }
        if same {
            return self.push(op, inputs);
        }
        let inputs: SmallVec<[Var<'t>; 3]> = inputs.iter().map(|x| x.expand(common.clone())).collect();
        self.push(op, &inputs)
    }

    #[track_caller]
    pub(crate) fn push<'t>(&'t self, op: OpRef, inputs: &[Var<'t>]) -> Var<'t> {
        if inputs.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        let mut recording = self.recording.borrow_mut();
        let inferred = {
            let meta = |x: &Var<'t>| recording.nodes.get(x.index as usize).map(|node| &node.meta);
            let metas: SmallVec<[&Meta; 3]> = inputs.iter().filter_map(meta).collect();
            let foreign = inputs.iter().any(|x| !std::ptr::eq(x.tape, self));
            if foreign { Err("the operands are on different tapes".to_owned()) } else { op.infer(&metas) }
        };
        let inferred = inferred.and_then(|meta| check_size(&meta).map(|()| meta));
        match inferred {
            Ok(meta) => {
                let mut prefix = recording.prefix();
                prefix.write(super::key::type_word(&*op));
                op.attributes(&mut prefix);
                for x in inputs {
                    prefix.write(x.index as u64);
                }
                let inputs = inputs.iter().map(|x| x.index).collect();
                self.append(
                    &mut recording,
                    Node { source: Source::Op(op), inputs, meta, at: self.at(), prefix },
                )
            }
            Err(what) => {
                drop(recording);
                let metas: Vec<Meta> = inputs.iter().map(|x| x.meta()).collect();
                self.mistake(op.name(), what, &metas)
            }
        }
    }

    fn append<'t>(&'t self, recording: &mut Recording, node: Node) -> Var<'t> {
        let index = recording.nodes.len() as u32;
        recording.nodes.push(node);
        Var { tape: self, index }
    }

    /// Notes a mistake, unless there is an earlier one, and returns a poisoned value.
    #[track_caller]
    pub(crate) fn mistake(&self, op: &'static str, what: String, operands: &[Meta]) -> Var<'_> {
        let operands = operands.iter().map(|meta| (meta.shape.clone(), meta.dtype)).collect();
        let mistake = Mistake { op, what, operands, at: self.at() };
        self.recording.borrow_mut().error.get_or_insert_with(|| Error::Record(Box::new(mistake)));
        self.poison()
    }

    #[track_caller]
    pub(crate) fn poison(&self) -> Var<'_> {
        // There is a mistake already, unless the poisoned operand came from elsewhere.
        let mut recording = self.recording.borrow_mut();
        if recording.error.is_none() {
            let what = "of another tape, where a mistake was made".to_owned();
            let mistake = Mistake { op: "operand", what, operands: Vec::new(), at: self.at() };
            recording.error = Some(Error::Record(Box::new(mistake)));
        }
        Var { tape: self, index: Var::POISONED }
    }

    /// Whether one of these values is poisoned or of another tape, which is a mistake.
    #[track_caller]
    pub(crate) fn rejects(&self, op: &'static str, vars: &[Var<'_>]) -> bool {
        if vars.iter().any(|var| var.is_poisoned()) {
            self.poison();
            return true;
        }
        let foreign = vars.iter().any(|var| !std::ptr::eq(var.tape, self));
        if foreign {
            self.mistake(op, "a value is of another tape".into(), &[]);
        }
        foreign
    }

    /// Notes an error that is not an op's own, such as a layer's about its input.
    #[track_caller]
    pub fn fail(&self, op: &'static str, what: impl Into<String>, operands: &[Var<'_>]) -> Var<'_> {
        let metas: Vec<Meta> = operands.iter().map(|x| x.meta()).collect();
        if operands.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        self.mistake(op, what.into(), &metas)
    }

    #[track_caller]
    fn at(&self) -> At {
        // (No closure: it would be its own caller.)
        match self.line.get() {
            Some(line) => At(line),
            None => At(Location::caller()),
        }
    }

    /// Runs `f` with everything that it records attributed to the source line `at`.
    pub(crate) fn on_behalf_of<R>(&self, at: At, f: impl FnOnce() -> R) -> R {
        let before = self.line.replace(Some(at.0));
        let result = f();
        self.line.set(before);
        result
    }

    /// Gives a parameter a new value at the end of the run: how optimizers and running statistics are written.
    /// Reading the parameter on this tape still gives the old value. A second assignment replaces the first; see
    /// [`assigned`](Tape::assigned).
    #[track_caller]
    pub fn assign(&self, id: ParamId, value: Var<'_>) {
        if self.rejects("assign", &[value]) {
            return;
        }
        let (old, new) = (self.param(id).meta(), value.meta());
        if old != new {
            self.mistake("assign", "a parameter keeps its shape and dtype".into(), &[old, new]);
            return;
        }
        let assigns = &mut self.recording.borrow_mut().assigns;
        match assigns.iter_mut().find(|(other, _)| *other == id) {
            Some((_, earlier)) => *earlier = value.index,
            None => assigns.push((id, value.index)),
        }
    }

    /// The value that a parameter will have at the end of the run: the one [assigned](Tape::assign) last, or the old one.
    /// What is updated several times in one step starts from here.
    #[track_caller]
    pub fn assigned(&self, id: ParamId) -> Var<'_> {
        let assigned =
            self.recording.borrow().assigns.iter().find(|(other, _)| *other == id).map(|&(_, index)| index);
        assigned.map_or_else(|| self.param(id), |index| Var { tape: self, index })
    }

    /// The params' values that this tape was made with.
    pub fn params(&self) -> Option<Arc<Params>> {
        self.recording.borrow().params.clone()
    }

    /// Notes that a value is the output of the layer `name` of type `kind` (such as `Linear`).
    pub fn note_layer(&self, output: Var<'_>, name: &Arc<str>, kind: &'static str) {
        if !output.is_poisoned() && std::ptr::eq(output.tape, self) {
            self.recording.borrow_mut().layers.push((output.index, name.clone(), kind));
        }
    }

    /// Name, type and output of the layers recorded so far, in order.
    pub fn layers(&self) -> Vec<(Arc<str>, &'static str, Meta)> {
        let recording = self.recording.borrow();
        let of = |(index, name, kind): &(u32, Arc<str>, &'static str)| {
            (name.clone(), *kind, recording.nodes[*index as usize].meta.clone())
        };
        recording.layers.iter().map(of).collect()
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

/// No tensor of more elements fits in the address space, and sizes and strides of fewer can be computed without overflow.
fn check_size(meta: &Meta) -> Result<(), String> {
    if meta.shape.numel() <= 1 << 48 {
        Ok(())
    } else {
        Err(format!("a tensor of shape {} is too large", meta.shape))
    }
}

fn write_meta(key: &mut Key, meta: &Meta) {
    key.write(meta.dtype as u64);
    key.write_slice(&meta.shape);
}
