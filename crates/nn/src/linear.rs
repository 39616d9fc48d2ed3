//! The linear map.

mod bilinear;

use crate::label::Label;
use crate::{Embedding, Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

pub use bilinear::Bilinear;

/// A linear map of the last axis: `y = x·Wᵀ + b`, with `x` of shape `[…, inputs]`, the parameters `weight` `W` of shape
/// `[outputs, inputs]` and `bias` `b` of shape `[outputs]`, and `y` of shape `[…, outputs]`. (Names and layout are PyTorch's;
/// Keras keeps the transposed weight.)
///
/// Derivatives, where `g` arrives at `y`: `g·W` for `x`, `gᵀ·x` for `W` and the sum of `g`'s rows for `b`.
///
/// An input of another width, or another dtype than the parameters', is a mistake that names the layer and its line.
///
/// ```
/// use chainrule_nn::{Layer, Linear};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = Linear::new(&mut params.root().sub("out"), 3, 2);
/// params.set("out.weight", [[1.0f32, 0.0, 2.0], [0.0, 1.0, 2.0]])?;
/// params.set("out.bias", [0.5f32, -0.5])?;
///
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[1.0f32, 2.0, 3.0]]));
/// assert_eq!(y.value()?.to_f64(), [7.5, 7.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    label: Label,
    weight: ParamId,
    bias: Option<ParamId>,
    inputs: usize,
    outputs: usize,
    /// Whether the weight is another layer's.
    tied: bool,
}

impl Linear {
    /// Weight and bias begin as `U(-a, a)` with `a = 1 / √inputs`, as PyTorch's do: there the rule is written as
    /// He's uniform one with a slope of √5, which comes to the same.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, outputs: usize) -> Linear {
        let usual = Init::usual(inputs);
        Linear::init(at, inputs, outputs, usual, usual)
    }

    /// [`new`](Linear::new) without a bias: for a layer before a normalization, which would take the bias away again.
    #[track_caller]
    pub fn without_bias(at: &mut Scope<'_>, inputs: usize, outputs: usize) -> Linear {
        Linear::init(at, inputs, outputs, Init::usual(inputs), None)
    }

    /// With these first values; a bias of `None` leaves it out.
    ///
    /// ```
    /// use chainrule_nn::{Init, Linear};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// let mut at = params.root();
    /// Linear::init(&mut at.sub("hidden"), 64, 128, Init::he_normal(), Init::zeros());
    /// Linear::init(&mut at.sub("out"), 128, 10, Init::xavier_uniform(), None);
    /// assert_eq!(params.trainable_count(), 64 * 128 + 128 + 128 * 10);
    /// ```
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        weight: Init,
        bias: impl Into<Option<Init>>,
    ) -> Linear {
        if inputs == 0 || outputs == 0 {
            at.mistake(format!("a Linear layer from {inputs} to {outputs} elements has no weights"));
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", [outputs, inputs]);
        let bias = bias.into().map(|init| init.param(at, "bias", outputs));
        Linear { label, weight, bias, inputs, outputs, tied: false }
    }

    /// From vectors of an embedding to a number for each of its members, by the embedding's own weight `[count, width]`: the last
    /// layer of a language model. The gradients of both uses add up. The bias is this layer's own: one for each member, 0 at
    /// first.
    ///
    /// Source: Press and Wolf, "Using the output embedding to improve language models", EACL 2017.
    ///
    /// ```
    /// use chainrule_nn::{Embedding, Layer, Linear};
    /// use chainrule_tape::{Params, Tape};
    ///
    /// let mut params = Params::seeded(7);
    /// let mut at = params.root();
    /// let words = Embedding::new(&mut at.sub("words"), 100, 16);
    /// let out = Linear::tied_without_bias(&mut at.sub("out"), &words);
    /// assert_eq!(params.trainable_count(), 100 * 16);
    /// // By its name in PyTorch's `state_dict`, the weight is found too.
    /// assert_eq!(params.id("out.weight"), Some(words.weight()));
    ///
    /// let tape = Tape::with(&params);
    /// let logits = out.forward(words.forward(tape.var([[3i64, 7]])));
    /// assert_eq!(logits.shape().dims(), [1, 2, 100]);
    /// ```
    #[track_caller]
    pub fn tied(at: &mut Scope<'_>, embedding: &Embedding) -> Linear {
        Linear::with_weight(at, embedding.weight(), Init::zeros())
    }

    /// [`tied`](Linear::tied) without a bias.
    #[track_caller]
    pub fn tied_without_bias(at: &mut Scope<'_>, embedding: &Embedding) -> Linear {
        Linear::with_weight(at, embedding.weight(), None)
    }

    /// With another layer's weight, `[outputs, inputs]`; a bias of `None` leaves it out. (Two layers that share everything are one:
    /// use it twice, or a clone of it, which holds the same parameters.)
    ///
    /// The weight is called `weight` in this scope too, by [`Scope::alias`], as it is in PyTorch's `state_dict`: a file may have
    /// it under either name, or both.
    #[track_caller]
    pub fn with_weight(at: &mut Scope<'_>, weight: ParamId, bias: impl Into<Option<Init>>) -> Linear {
        let shape = at.params().tensor(weight).shape().clone();
        let (inputs, outputs) = match shape.dims() {
            &[outputs, inputs] => (inputs, outputs),
            _ => {
                let name = at.params().name(weight).to_owned();
                at.mistake(format!("`{name}` is {shape}; the weight of a Linear layer is [outputs, inputs]"));
                (1, 1)
            }
        };
        let label = Label::new(at);
        at.alias("weight", weight);
        let bias = bias.into().map(|init| init.param(at, "bias", outputs));
        Linear { label, weight, bias, inputs, outputs, tied: true }
    }

    /// The weight, `[outputs, inputs]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias, `[outputs]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }

    /// The width that goes in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The width that comes out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The map, as part of a layer of this kind.
    #[track_caller]
    pub(crate) fn apply<'t>(&self, kind: &'static str, x: Var<'t>) -> Var<'t> {
        let x = self.label.expect(kind, x, self.inputs);
        let y = x.matmul(x.tape().param(self.weight).t());
        match self.bias {
            Some(bias) => y + x.tape().param(bias),
            None => y,
        }
    }
}

impl Layer for Linear {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.label.note(self.apply("Linear", x), "Linear");
        if self.tied {
            y.tape().note_tied();
        }
        y
    }
}
