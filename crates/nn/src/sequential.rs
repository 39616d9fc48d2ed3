//! Layers one after the other.

mod arriving;
mod inferred;
mod residual;
mod stack;

use crate::layer::FILES;
use crate::{Layer, Summary, summary_of};
use chainrule_tape::{Error, Meta, Params, Result, Scope, Shape, Var};
use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

pub use arriving::{Arriving, Given, Inferred, Shapes};
pub use residual::{Parallel, Residual};
pub use stack::Stack;

/// Layers one after the other, each with a scope: its number (counting all layers, as in PyTorch) or its name.
///
/// Said in full, as PyTorch's, each layer with the width of its input:
///
/// ```
/// use chainrule_nn::{Layer, Linear, Sequential};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let net = Sequential::new(&mut params.root(), |net| {
///     net.linear(2, 8).relu().linear(8, 8).relu().push("out", |at| Linear::new(at, 8, 1))
/// });
/// let names: Vec<&str> = params.iter().map(|(name, _, _)| name).collect();
/// assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias", "out.weight", "out.bias"]);
///
/// let tape = Tape::with(&params);
/// let y = net.forward(tape.var([[0.5f32, 1.0]]));
/// assert_eq!(y.shape().dims(), [1, 1]);
/// ```
///
/// Or, as Keras's, with the shape of the first input alone:
///
/// ```
/// use chainrule_nn::{Activation, Sequential};
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let net = Sequential::with_input(&mut params.root(), [2], |net| {
///     net.dense(3, Activation::Relu)
///         .batch_norm()
///         .dense(2, Activation::Relu)
///         .batch_norm()
///         .dense(1, Activation::Sigmoid)
/// });
/// assert_eq!(net.summary(&params)?.to_string(), "\
/// Layer (type)    Output shape   Parameters
/// ─────────────────────────────────────────
/// 0 (Linear)      [1, 3]                  9
/// 1 (Relu)        [1, 3]                  0
/// 2 (BatchNorm)   [1, 3]                 12
/// 3 (Linear)      [1, 2]                  8
/// 4 (Relu)        [1, 2]                  0
/// 5 (BatchNorm)   [1, 2]                  8
/// 6 (Linear)      [1, 1]                  3
/// 7 (Sigmoid)     [1, 1]                  0
/// ─────────────────────────────────────────
/// Trainable                              30
/// Not trainable                          10
/// Total                                  40
/// ");
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone)]
pub struct Sequential {
    stages: Vec<Stage>,
    /// One input, and one output, if they are known.
    shapes: Option<(Meta, Meta)>,
}

impl Sequential {
    /// The layers that `build` puts on an empty [`Stack`], each made for the width that it is given.
    pub fn new<'p>(
        at: &mut Scope<'p>,
        build: impl for<'s> FnOnce(Stack<'s, 'p, Given>) -> Stack<'s, 'p, Given>,
    ) -> Sequential {
        Sequential { stages: build(Stack::new(at, Given(()))).stages, shapes: None }
    }

    /// The layers that `build` puts on an empty [`Stack`], each made for what the one before it makes; the first, for inputs of this
    /// shape, without the batch: `[2]` for rows of two numbers, `[1, 28, 28]` for images with one channel. (If the first layer is an
    /// [`embedding`](Stack::embedding), the inputs are indices: `[20]` for sequences of 20.)
    ///
    /// A layer is recorded as soon as it is made, in inference mode, to learn the shape of its result; nothing is computed. What
    /// can't be recorded, as the shape does not fit, is a mistake that the params report: it names the layer, what arrives there and
    /// what it wants.
    ///
    /// ```
    /// use chainrule_nn::{Activation, Sequential};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// let digits = Sequential::with_input(&mut params.root(), [1, 28, 28], |net| {
    ///     net.conv2d(32, 3, Activation::Relu)
    ///         .max_pool2d(2)
    ///         .conv2d(64, 3, Activation::Relu)
    ///         .max_pool2d(2)
    ///         .flatten()
    ///         .dropout(0.5)
    ///         .dense(10, Activation::Identity)
    /// });
    /// assert_eq!(digits.output_shape().unwrap().dims(), [10]);
    /// assert_eq!(params.get("8.weight").unwrap().shape().dims(), [10, 64 * 5 * 5]);
    ///
    /// let mut params = Params::seeded(7);
    /// let words = Sequential::with_input(&mut params.root(), [20], |net| {
    ///     net.embedding(1000, 16).lstm(32).then(|x| x.at(1, -1)).dense(2, Activation::Identity)
    /// });
    /// assert_eq!(words.output_shape().unwrap().dims(), [2]);
    ///
    /// let mut params = Params::seeded(7);
    /// Sequential::with_input(&mut params.root(), [28, 28], |net| net.conv2d(32, 3, Activation::Relu));
    /// let message = params.check().unwrap_err().to_string();
    /// assert!(message.contains("layer `0`: a Conv2d takes [channels, height, width], but [28, 28] arrives"));
    /// ```
    pub fn with_input<'p>(
        at: &mut Scope<'p>,
        input: impl Into<Shape>,
        build: impl for<'s> FnOnce(Stack<'s, 'p, Inferred>) -> Stack<'s, 'p, Inferred>,
    ) -> Sequential {
        let inferred = Inferred::new(Meta::new(input, at.dtype()));
        let Stack { stages, shapes, .. } = build(Stack::new(at, inferred));
        Sequential { stages, shapes: shapes.of_one() }
    }

    pub(crate) fn of(stages: Vec<Stage>) -> Sequential {
        Sequential { stages, shapes: None }
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// The layers as a table; see [`summary`](crate::summary()).
    ///
    /// # Errors
    /// The first mistake in the model. Without [`with_input`](Sequential::with_input) the shape of an input is not known; then
    /// use [`summary`](crate::summary()), which is given one.
    pub fn summary(&self, params: &Params) -> Result<Summary> {
        params.check()?;
        let Some((input, _)) = &self.shapes else {
            let what = "the shape of the input is not known: use summary(&params, shape, |x| net.forward(x)), or make the \
                        model by Sequential::with_input";
            return Err(Error::Params(what.into()));
        };
        let batch: Shape = [1].into_iter().chain(input.shape.iter().copied()).collect();
        summary_of(params, [Meta::new(batch, input.dtype)], |[x]| self.forward(x))
    }

    /// The shape of what comes out, without the batch; known after [`with_input`](Sequential::with_input).
    pub fn output_shape(&self) -> Option<&Shape> {
        self.shapes.as_ref().map(|(_, output)| &output.shape)
    }
}

impl Layer for Sequential {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _calls = x.tape().calls_from_here(FILES);
        let mut x = x;
        for stage in &self.stages {
            x = stage.record(x);
        }
        x
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.stages.iter().map(|stage| (&stage.name, stage.layer.kind()))).finish()
    }
}

/// A layer and its name.
#[derive(Clone)]
pub(crate) struct Stage {
    pub name: Arc<str>,
    pub layer: Arc<dyn Layer + Send + Sync>,
    /// Whether it has a row of its own in a table: not, if it has others one after the other.
    pub noted: bool,
}

impl Stage {
    pub(crate) fn new<L: Layer + Send + Sync + 'static>(name: &str, layer: L) -> Stage {
        let noted = TypeId::of::<L>() != TypeId::of::<Sequential>();
        Stage { name: name.into(), layer: Arc::new(layer), noted }
    }

    pub(crate) fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        if self.noted {
            x.tape().part(&self.name, self.layer.kind(), || self.layer.forward(x))
        } else {
            self.layer.forward(x)
        }
    }
}
