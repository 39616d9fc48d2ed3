//! Layers one after the other.

use crate::{Activation, BatchNorm, Dropout, Embedding, LayerNorm, Linear};
use chainrule_tape::{Scope, Var};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A part of a model: a function of one value, usually with parameters.
///
/// A model of your own needs no trait; this one is for putting parts together at run time. It is object safe, and
/// every function `Fn(Var) -> Var` is a layer.
///
/// ```
/// use chainrule_nn::{Activation, Layer, Linear};
/// use chainrule_tape::{Params, Scope, Tape, Var};
///
/// struct Residual(Linear);
///
/// impl Layer for Residual {
///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
///         x + self.0.forward(x).relu()
///     }
/// }
///
/// let mut params = Params::seeded(7);
/// let layers: [Box<dyn Layer>; 2] =
///     [Box::new(Residual(Linear::new(&mut params.root(), 2, 2))), Box::new(Activation::Tanh)];
/// let tape = Tape::with(&params);
/// let y = layers.iter().fold(tape.var([[0.5f32, 1.0]]), |x, layer| layer.forward(x));
/// assert_eq!(y.shape().dims(), [1, 2]);
/// ```
pub trait Layer {
    /// Records the layer's function of `x`. Whether as in training or as in use is the tape's
    /// [mode](chainrule_tape::Mode).
    ///
    /// This crate's layers are `#[track_caller]` here: what they record is attributed to the line that calls them.
    /// (A `dyn Layer` can't pass that line on; the message then has the layer's name and the line that made it.) A
    /// layer of your own keeps its own lines, so that a mistake in it is found there.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t>;
}

impl<F> Layer for F
where
    F: for<'t> Fn(Var<'t>) -> Var<'t>,
{
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self(x)
    }
}

/// Layers one after the other, each with a scope: its number (counting all layers, as in PyTorch) or its name.
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
#[derive(Clone)]
pub struct Sequential {
    stages: Vec<Stage>,
}

impl Sequential {
    /// The layers that `build` puts on an empty [`Stack`].
    pub fn new<'p>(
        at: &mut Scope<'p>,
        build: impl for<'s> FnOnce(Stack<'s, 'p>) -> Stack<'s, 'p>,
    ) -> Sequential {
        Sequential { stages: build(Stack { at, stages: Vec::new() }).stages }
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }
}

impl Layer for Sequential {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let mut x = x;
        for stage in &self.stages {
            x = stage.forward(x);
        }
        x
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.stages.iter().map(|stage| (&stage.name, stage.call.kind()))).finish()
    }
}

/// A [`Sequential`] in the making: each method returns it with one more layer.
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
pub struct Stack<'s, 'p> {
    at: &'s mut Scope<'p>,
    stages: Vec<Stage>,
}

impl Stack<'_, '_> {
    /// A layer of any kind, made in the scope `name`.
    pub fn push<L>(mut self, name: &str, make: impl FnOnce(&mut Scope<'_>) -> L) -> Self
    where
        L: Layer + Send + Sync + 'static,
    {
        let mut at = self.at.sub(name);
        let call = Call::new(make(&mut at));
        self.stages.push(Stage { name: at.prefix().into(), call });
        self
    }

    /// A function of your own: `.then(|x| x.flatten(1))`.
    pub fn then(self, function: impl for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync + 'static) -> Self {
        self.with(Call::Function(Arc::new(function)))
    }

    /// A [`Linear`] layer.
    #[track_caller]
    pub fn linear(mut self, inputs: usize, outputs: usize) -> Self {
        let layer = Linear::new(&mut self.scope(), inputs, outputs);
        self.with(Call::Linear(layer))
    }

    /// A [`BatchNorm`].
    #[track_caller]
    pub fn batch_norm(mut self, features: usize) -> Self {
        let layer = BatchNorm::new(&mut self.scope(), features);
        self.with(Call::BatchNorm(layer))
    }

    /// A [`LayerNorm`].
    #[track_caller]
    pub fn layer_norm(mut self, features: usize) -> Self {
        let layer = LayerNorm::new(&mut self.scope(), features);
        self.with(Call::LayerNorm(layer))
    }

    /// An [`Embedding`].
    #[track_caller]
    pub fn embedding(mut self, count: usize, width: usize) -> Self {
        let layer = Embedding::new(&mut self.scope(), count, width);
        self.with(Call::Embedding(layer))
    }

    /// A [`Dropout`].
    pub fn dropout(self, p: f64) -> Self {
        self.with(Call::Dropout(Dropout::new(p)))
    }

    /// An [`Activation`].
    pub fn activation(self, activation: Activation) -> Self {
        self.with(Call::Activation(activation))
    }

    /// [`Activation::Relu`].
    pub fn relu(self) -> Self {
        self.activation(Activation::Relu)
    }

    /// [`Activation::Sigmoid`].
    pub fn sigmoid(self) -> Self {
        self.activation(Activation::Sigmoid)
    }

    /// [`Activation::Tanh`].
    pub fn tanh(self) -> Self {
        self.activation(Activation::Tanh)
    }

    /// [`Activation::Gelu`].
    pub fn gelu(self) -> Self {
        self.activation(Activation::Gelu)
    }

    /// [`Activation::Silu`].
    pub fn silu(self) -> Self {
        self.activation(Activation::Silu)
    }

    /// [`Activation::Softmax`].
    pub fn softmax(self) -> Self {
        self.activation(Activation::Softmax)
    }

    /// The next layer's scope, named by its number.
    fn scope(&mut self) -> Scope<'_> {
        self.at.sub(self.stages.len())
    }

    fn with(mut self, call: Call) -> Self {
        let name = self.scope().prefix().into();
        self.stages.push(Stage { name, call });
        self
    }
}

impl fmt::Debug for Stack<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.stages.iter().map(|stage| (&stage.name, stage.call.kind()))).finish()
    }
}

/// A layer and its name.
#[derive(Clone)]
struct Stage {
    name: Arc<str>,
    call: Call,
}

/// The kinds of layers. This crate's own have variants, as a call through a trait object loses the caller's source
/// line, which belongs into messages. Other layers' ops are recorded in their own code, whose lines are kept.
macro_rules! stages {
    (with_scope: $($Layer:ident)*; without: $($Simple:ident)*) => {
        #[derive(Clone)]
        enum Call {
            $($Layer($Layer),)*
            $($Simple($Simple),)*
            Function(Arc<dyn for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync>),
            Other(Arc<dyn Layer + Send + Sync>),
        }

        impl Call {
            fn new<L: Layer + Send + Sync + 'static>(layer: L) -> Call {
                let any: &dyn Any = &layer;
                $(if let Some(own) = any.downcast_ref::<$Layer>() {
                    return Call::$Layer(own.clone());
                })*
                $(if let Some(own) = any.downcast_ref::<$Simple>() {
                    return Call::$Simple(*own);
                })*
                Call::Other(Arc::new(layer))
            }

            fn kind(&self) -> &'static str {
                match self {
                    $(Call::$Layer(_) => stringify!($Layer),)*
                    $(Call::$Simple(layer) => layer.kind(),)*
                    Call::Function(_) => "Function",
                    Call::Other(_) => "Layer",
                }
            }
        }

        impl Stage {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let y = match &self.call {
                    // These note their outputs themselves.
                    $(Call::$Layer(layer) => return layer.forward(x),)*
                    Call::Other(layer) => return layer.forward(x),
                    $(Call::$Simple(layer) => layer.apply(x),)*
                    Call::Function(function) => function(x),
                };
                y.tape().note_layer(y, &self.name, self.call.kind());
                y
            }
        }
    };
}

stages!(with_scope: Linear BatchNorm LayerNorm Embedding Sequential; without: Activation Dropout);
