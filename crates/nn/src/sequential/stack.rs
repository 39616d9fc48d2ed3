//! A [`Sequential`] in the making.

use super::{Given, Residual, Sequential, Shapes, Stage};
use crate::{Activation, BatchNorm, Dropout, Embedding, Layer, LayerNorm, Linear};
use crate::{AvgPool1d, AvgPool2d, AvgPool3d, Flatten, GlobalAvgPool, GlobalMaxPool};
use crate::{MaxPool1d, MaxPool2d, MaxPool3d};
use chainrule_tape::{Pool, Scope, Var};
use std::fmt;

/// A [`Sequential`] in the making: each method returns it with one more layer. Of a layer with parameters, the methods take the
/// width of the input in [`Sequential::new`], and know it in [`Sequential::with_input`].
///
/// ```
/// use chainrule_nn::{Activation, Embedding, Layer, Sequential};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let net = Sequential::new(&mut params.root(), |mut net| {
///     net = net.push("words", |at| Embedding::new(at, 100, 4)).then(|x| x.mean(-2));
///     for (inputs, outputs) in [(4, 8), (8, 8)] {
///         net = net.linear(inputs, outputs).activation(Activation::Elu(1.0)).dropout(0.2);
///     }
///     net
/// });
/// let tape = Tape::with(&params);
/// let y = net.forward(tape.var([[1i64, 5, 2], [7, 0, 0]]));
/// assert_eq!(y.shape().dims(), [2, 8]);
/// ```
#[must_use = "each method returns the stack with one more layer"]
pub struct Stack<'s, 'p, S = Given> {
    pub(crate) at: &'s mut Scope<'p>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) shapes: S,
}

impl<'s, 'p, S> Stack<'s, 'p, S> {
    pub(crate) fn new(at: &'s mut Scope<'p>, shapes: S) -> Stack<'s, 'p, S> {
        Stack { at, stages: Vec::new(), shapes }
    }

    /// The next layer's scope, named by its number.
    pub(crate) fn next(&mut self) -> Scope<'_> {
        self.at.sub(self.stages.len())
    }
}

/// Layers of any kind, and those without parameters.
impl<S: Shapes> Stack<'_, '_, S> {
    /// A layer of any kind, made in the scope `name`.
    pub fn push<L>(self, name: &str, make: impl FnOnce(&mut Scope<'_>) -> L) -> Self
    where
        L: Layer + Send + Sync + 'static,
    {
        let layer = make(&mut self.at.sub(name));
        self.named(name, layer)
    }

    /// A layer that is made already: one without parameters, or one that is used elsewhere too and shares its parameters.
    ///
    /// ```
    /// use chainrule_nn::{AdaptiveAvgPool2d, Linear, Sequential};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// let mut at = params.root();
    /// let shared = Linear::new(&mut at.sub("shared"), 4, 4);
    /// let net = Sequential::with_input(&mut at.sub("net"), [3, 8, 8], |net| {
    ///     net.with(AdaptiveAvgPool2d::new([1, 4])).with(shared.clone()).relu().with(shared)
    /// });
    /// assert_eq!(params.trainable_count(), 4 * 4 + 4);
    /// assert!(net.summary(&params)?.rows()[3].shared);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn with(self, layer: impl Layer + Send + Sync + 'static) -> Self {
        let number = self.stages.len().to_string();
        self.named(&number, layer)
    }

    /// A function of your own: `.then(|x| x.flatten(1))`.
    pub fn then(self, function: impl for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync + 'static) -> Self {
        self.with(function)
    }

    /// Layers with a way around them: see [`Residual`]. Their names are numbers within this layer's number: `3.0.weight`.
    ///
    /// ```
    /// use chainrule_nn::{Activation, Sequential};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// Sequential::with_input(&mut params.root(), [8], |net| {
    ///     net.residual(|block| block.dense(16, Activation::Relu).linear(8)).relu()
    /// });
    /// let names: Vec<&str> = params.iter().map(|(name, _, _)| name).collect();
    /// assert_eq!(names, ["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias"]);
    /// ```
    pub fn residual(mut self, build: impl for<'a, 'b> FnOnce(Stack<'a, 'b, S>) -> Stack<'a, 'b, S>) -> Self {
        let shapes = self.shapes.clone();
        let stages = build(Stack::new(&mut self.next(), shapes)).stages;
        self.with(Residual::new(Sequential::of(stages)))
    }

    /// A [`Dropout`].
    pub fn dropout(self, p: f64) -> Self {
        self.with(Dropout::new(p))
    }

    /// A [`Flatten`] of all axes but the batch.
    pub fn flatten(self) -> Self {
        self.with(Flatten::new())
    }

    /// A [`MaxPool1d`](crate::MaxPool1d).
    pub fn max_pool1d(self, pool: impl Into<Pool<1>>) -> Self {
        self.with(MaxPool1d::new(pool))
    }

    /// A [`MaxPool2d`](crate::MaxPool2d).
    pub fn max_pool2d(self, pool: impl Into<Pool<2>>) -> Self {
        self.with(MaxPool2d::new(pool))
    }

    /// A [`MaxPool3d`](crate::MaxPool3d).
    pub fn max_pool3d(self, pool: impl Into<Pool<3>>) -> Self {
        self.with(MaxPool3d::new(pool))
    }

    /// An [`AvgPool1d`](crate::AvgPool1d).
    pub fn avg_pool1d(self, pool: impl Into<Pool<1>>) -> Self {
        self.with(AvgPool1d::new(pool))
    }

    /// An [`AvgPool2d`](crate::AvgPool2d).
    pub fn avg_pool2d(self, pool: impl Into<Pool<2>>) -> Self {
        self.with(AvgPool2d::new(pool))
    }

    /// An [`AvgPool3d`](crate::AvgPool3d).
    pub fn avg_pool3d(self, pool: impl Into<Pool<3>>) -> Self {
        self.with(AvgPool3d::new(pool))
    }

    /// A [`GlobalAvgPool`].
    pub fn global_avg_pool(self) -> Self {
        self.with(GlobalAvgPool)
    }

    /// A [`GlobalMaxPool`].
    pub fn global_max_pool(self) -> Self {
        self.with(GlobalMaxPool)
    }

    /// An [`Activation`].
    pub fn activation(self, activation: Activation) -> Self {
        self.with(activation)
    }

    /// [`Activation::Relu`].
    pub fn relu(self) -> Self {
        self.with(Activation::Relu)
    }

    /// [`Activation::Sigmoid`].
    pub fn sigmoid(self) -> Self {
        self.with(Activation::Sigmoid)
    }

    /// [`Activation::Tanh`].
    pub fn tanh(self) -> Self {
        self.with(Activation::Tanh)
    }

    /// [`Activation::Gelu`].
    pub fn gelu(self) -> Self {
        self.with(Activation::Gelu)
    }

    /// [`Activation::Silu`].
    pub fn silu(self) -> Self {
        self.with(Activation::Silu)
    }

    /// [`Activation::Softmax`].
    pub fn softmax(self) -> Self {
        self.with(Activation::Softmax)
    }

    /// The layer, called `name` within this scope.
    fn named(mut self, name: &str, layer: impl Layer + Send + Sync + 'static) -> Self {
        let stage = Stage::new(self.at.sub(name).prefix(), layer);
        self.shapes.follow(self.at, name, &|x| stage.record(x));
        self.stages.push(stage);
        self
    }
}

/// Layers that are given the width of their input.
impl Stack<'_, '_, Given> {
    /// A layer of any kind, named by its number: `.layer(|at| Conv2d::new(at, 1, 32, 3))`.
    pub fn layer<L>(mut self, make: impl FnOnce(&mut Scope<'_>) -> L) -> Self
    where
        L: Layer + Send + Sync + 'static,
    {
        let layer = make(&mut self.next());
        self.with(layer)
    }

    /// A [`Linear`] layer.
    #[track_caller]
    pub fn linear(mut self, inputs: usize, outputs: usize) -> Self {
        let layer = Linear::new(&mut self.next(), inputs, outputs);
        self.with(layer)
    }

    /// A [`BatchNorm`].
    #[track_caller]
    pub fn batch_norm(mut self, features: usize) -> Self {
        let layer = BatchNorm::new(&mut self.next(), features);
        self.with(layer)
    }

    /// A [`LayerNorm`].
    #[track_caller]
    pub fn layer_norm(mut self, features: usize) -> Self {
        let layer = LayerNorm::new(&mut self.next(), features);
        self.with(layer)
    }

    /// An [`Embedding`].
    #[track_caller]
    pub fn embedding(mut self, count: usize, width: usize) -> Self {
        let layer = Embedding::new(&mut self.next(), count, width);
        self.with(layer)
    }
}

impl<S> fmt::Debug for Stack<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.stages.iter().map(|stage| (&stage.name, stage.layer.kind()))).finish()
    }
}
