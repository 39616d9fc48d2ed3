//! Encoders.

use super::TransformerConfig;
use super::feed_forward::{FeedForward, Norm, Residual, self_attention};
use super::stack::expect_past;
use crate::{Attend, KeyValue, Layer, MultiheadAttention};
use chainrule_tape::{Scope, Var};

/// A layer of a transformer's encoder: self-attention and then two linear layers, each with a norm and a way past it.
/// `x` and `y` have the shape `[…, time, width]`.
///
/// `x ← norm1(x + attention(x))`, `y = norm2(x + linear2(activation(linear1(x))))`; with norms first,
/// `x ← x + attention(norm1(x))`, `y = x + linear2(activation(linear1(norm2(x))))`. In training, with dropout of
/// attention weights, of hidden elements and of what is added to `x`.
///
/// With a [causal](TransformerConfig::causal) configuration, such as [`TransformerConfig::gpt`], it is the block of
/// models that predict what comes next (*decoder-only*).
///
/// Parameters, with PyTorch's names and layouts: `self_attn.in_proj_weight`, `self_attn.in_proj_bias`,
/// `self_attn.out_proj.weight`, `self_attn.out_proj.bias` (see [`MultiheadAttention`]), `linear1.weight`
/// `[hidden, width]`, `linear1.bias`, `linear2.weight` `[width, hidden]`, `linear2.bias`, `norm1.weight`,
/// `norm1.bias`, `norm2.weight` and `norm2.bias`.
///
/// Errors: rows of another width or dtype, masks that don't fit.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.1.
///
/// ```
/// use chainrule_nn::{Attend, Layer, TransformerConfig, TransformerEncoderLayer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let layer = TransformerEncoderLayer::new(&mut params.root(), TransformerConfig::new(8, 2).hidden(16));
/// let tape = Tape::with(&params).inference();
/// let x = tape.var(Tensor::full([1, 3, 8], 0.5f32));
/// let padding = tape.var([[false, false, true]]);
/// assert_eq!(layer.forward_with(x, Attend::all().ignore_keys(padding)).shape().dims(), [1, 3, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct TransformerEncoderLayer {
    self_attn: MultiheadAttention,
    feed_forward: FeedForward,
    residual: [Residual; 2],
}

impl TransformerEncoderLayer {
    /// A layer with this configuration.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, config: TransformerConfig) -> TransformerEncoderLayer {
        let self_attn = self_attention(&mut at.sub("self_attn"), &config);
        let feed_forward = FeedForward::new(at, &config);
        let first = Residual::new(&mut at.sub("norm1"), &config);
        let second = Residual::new(&mut at.sub("norm2"), &config);
        TransformerEncoderLayer { self_attn, feed_forward, residual: [first, second] }
    }

    /// With masks and other options of attention.
    #[track_caller]
    pub fn forward_with<'t>(&self, x: Var<'t>, options: Attend<'t>) -> Var<'t> {
        let y = self.self_attn.forward_self(self.residual[0].enter(x), options);
        self.finish(self.residual[0].leave(x, y))
    }

    /// Of rows that continue a sequence, see [`MultiheadAttention::forward_cached`].
    #[track_caller]
    pub fn forward_cached<'t>(&self, x: Var<'t>, past: Option<KeyValue<'t>>) -> (Var<'t>, KeyValue<'t>) {
        let (y, past) = self.self_attn.forward_cached(self.residual[0].enter(x), past);
        (self.finish(self.residual[0].leave(x, y)), past)
    }

    #[track_caller]
    fn finish<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.feed_forward.forward(self.residual[1].enter(x));
        self.residual[1].leave(x, y)
    }
}

impl Layer for TransformerEncoderLayer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_with(x, Attend::all())
    }
}

/// [Encoder layers](TransformerEncoderLayer) one after the other, `layers.0`, `layers.1`, …, and a last norm, `norm`,
/// if it has one. (PyTorch copies one layer, so that all begin with the same values; here each has its own.)
///
/// ```
/// use chainrule_nn::{Layer, TransformerConfig, TransformerEncoder};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let config = TransformerConfig::new(8, 2).hidden(16).norm_first();
/// let mut params = Params::seeded(7);
/// let encoder = TransformerEncoder::with_norm(&mut params.root(), config, 2);
/// assert!(params.get("layers.1.self_attn.in_proj_weight").is_some() && params.get("norm.bias").is_some());
///
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::full([3, 5, 8], 0.5f32));
/// assert_eq!(encoder.forward(x).shape().dims(), [3, 5, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct TransformerEncoder {
    layers: Vec<TransformerEncoderLayer>,
    norm: Option<Norm>,
}

impl TransformerEncoder {
    /// So many layers, without a last norm, as in PyTorch unless one is given.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, config: TransformerConfig, layers: usize) -> TransformerEncoder {
        let mut made = Vec::with_capacity(layers);
        for i in 0..layers {
            made.push(TransformerEncoderLayer::new(&mut at.sub("layers").sub(i), config));
        }
        TransformerEncoder { layers: made, norm: None }
    }

    /// With a last norm, which layers with [norms first](TransformerConfig::norm_first) should have.
    #[track_caller]
    pub fn with_norm(at: &mut Scope<'_>, config: TransformerConfig, layers: usize) -> TransformerEncoder {
        let encoder = TransformerEncoder::new(at, config, layers);
        TransformerEncoder { norm: Some(Norm::new(&mut at.sub("norm"), &config)), ..encoder }
    }

    /// The layers.
    pub fn layers(&self) -> &[TransformerEncoderLayer] {
        &self.layers
    }

    /// With masks and other options of attention, in all layers.
    #[track_caller]
    pub fn forward_with<'t>(&self, x: Var<'t>, options: Attend<'t>) -> Var<'t> {
        let mut x = x;
        for layer in &self.layers {
            x = layer.forward_with(x, options);
        }
        self.finish(x)
    }

    /// Of rows that continue a sequence, see [`MultiheadAttention::forward_cached`]: `past` has what each layer
    /// keeps, or nothing.
    #[track_caller]
    pub fn forward_cached<'t>(&self, x: Var<'t>, past: &[KeyValue<'t>]) -> (Var<'t>, Vec<KeyValue<'t>>) {
        let mut x = expect_past("TransformerEncoder", x, self.layers.len(), past);
        let mut kept = Vec::with_capacity(self.layers.len());
        for (i, layer) in self.layers.iter().enumerate() {
            let (y, now) = layer.forward_cached(x, past.get(i).copied());
            x = y;
            kept.push(now);
        }
        (self.finish(x), kept)
    }

    #[track_caller]
    fn finish<'t>(&self, x: Var<'t>) -> Var<'t> {
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}

impl Layer for TransformerEncoder {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_with(x, Attend::all())
    }
}
