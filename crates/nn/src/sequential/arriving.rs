//! What arrives at a layer that is being made.

use chainrule_tape::{DType, Meta, Scope, Shape, Tape, Var};

/// Of a [`Stack`](crate::Stack) whose layers are given the widths of their inputs.
#[derive(Clone, Debug)]
pub struct Given(pub(crate) ());

/// Of a [`Stack`](crate::Stack) that knows the shape of what its last layer makes.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// One input, without the batch.
    input: Meta,
    /// What arrives at the next layer, with a batch of [`BATCH`]; None after a mistake.
    arriving: Option<Meta>,
    /// Whether there are no layers yet.
    is_first: bool,
}

/// The size of the batch with which layers are recorded to learn their shapes. (Not 1, which may be dropped.)
const BATCH: usize = 2;

/// What a [`Stack`](crate::Stack) knows of shapes.
pub trait Shapes: Clone {
    /// One more layer, which is numbered `at` this scope's end.
    #[doc(hidden)]
    fn follow(&mut self, at: &mut Scope<'_>, name: &str, record: &dyn for<'t> Fn(Var<'t>) -> Var<'t>);
}

impl Shapes for Given {
    fn follow(&mut self, _: &mut Scope<'_>, _: &str, _: &dyn for<'t> Fn(Var<'t>) -> Var<'t>) {}
}

impl Shapes for Inferred {
    fn follow(&mut self, at: &mut Scope<'_>, name: &str, record: &dyn for<'t> Fn(Var<'t>) -> Var<'t>) {
        self.is_first = false;
        let Some(meta) = self.arriving.take() else { return };
        let tape = Tape::with(at.params()).inference();
        let y = record(tape.input(&meta.shape, meta.dtype));
        match tape.check() {
            Err(error) if y.is_poisoned() => at.mistake(format!("layer `{name}`: {error}")),
            _ => self.arriving = Some(y.meta()),
        }
    }
}

impl Inferred {
    pub(crate) fn new(input: Meta) -> Inferred {
        let shape: Shape = [BATCH].into_iter().chain(input.shape.iter().copied()).collect();
        let arriving = Some(Meta::new(shape, input.dtype));
        Inferred { input, arriving, is_first: true }
    }

    /// Says that the inputs are indices, if nobody has used them yet.
    pub(crate) fn of_indices(&mut self) {
        if self.is_first {
            *self = Inferred::new(Meta::new(&self.input.shape, DType::I64));
        }
    }

    /// What arrives at the next layer.
    pub(crate) fn arriving(&self) -> Arriving {
        Arriving(self.arriving.clone())
    }

    /// What arrives is not what is wanted, as was noted.
    pub(crate) fn lose(&mut self) {
        self.arriving = None;
    }

    /// One input and one output.
    pub(crate) fn of_one(self) -> Option<(Meta, Meta)> {
        let output = self.arriving?;
        let shape = Shape::from(output.shape.get(1..).unwrap_or_default());
        Some((self.input, Meta::new(shape, output.dtype)))
    }
}

/// What arrives at a layer that is being made: see [`Stack::layer`](crate::Stack::layer).
#[derive(Clone, Debug)]
pub struct Arriving(Option<Meta>);

impl Arriving {
    /// After a mistake.
    pub(crate) fn lost() -> Arriving {
        Arriving(None)
    }

    /// Whether it is known: not after a mistake.
    pub(crate) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The length of the last axis: for layers like [`Linear`](crate::Linear). 0 if there is none.
    pub fn width(&self) -> usize {
        self.shape().last().copied().unwrap_or(0)
    }

    /// The number of channels: the length of the first axis after the batch. 0 if there is none.
    pub fn channels(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    /// The shape without the batch.
    pub fn shape(&self) -> &[usize] {
        self.0.as_ref().and_then(|meta| meta.shape.get(1..)).unwrap_or_default()
    }
}
