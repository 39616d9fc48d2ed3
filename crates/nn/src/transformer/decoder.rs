//! Decoders, which look at what an encoder made.

use super::TransformerConfig;
use super::feed_forward::{FeedForward, Norm, Residual, cross_attention, self_attention};
use super::stack::expect_past;
use crate::{Attend, KeyValue, MultiheadAttention};
use chainrule_tape::{Scope, Var};

/// A layer of a transformer's decoder: self-attention of `x` `[…, time, width]`, attention to what an encoder made,
/// `memory` `[…, m, width]`, and two linear layers, each with a norm and a way past it.
///
/// `x ← norm1(x + self_attn(x))`, `x ← norm2(x + multihead_attn(x, memory))`,
/// `y = norm3(x + linear2(activation(linear1(x))))`; with norms first as in
/// [`TransformerEncoderLayer`](crate::TransformerEncoderLayer). Self-attention is causal only if the
/// [configuration](TransformerConfig::causal) or the options say so, as in PyTorch.
///
/// Parameters, with PyTorch's names and layouts: those of an encoder's layer, with those of the second attention,
/// `multihead_attn.in_proj_weight` and so on, after those of the first, and `norm3.weight` and `norm3.bias`.
///
/// Errors: rows of another width or dtype, masks that don't fit.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.1.
///
/// ```
/// use chainrule_nn::{TransformerConfig, TransformerDecoderLayer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let config = TransformerConfig::new(8, 2).hidden(16).causal();
/// let layer = TransformerDecoderLayer::new(&mut params.root(), config);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::full([3, 5, 8], 0.5f32));
/// let memory = tape.var(Tensor::full([3, 7, 8], 0.5f32));
/// assert_eq!(layer.forward(x, memory).shape().dims(), [3, 5, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct TransformerDecoderLayer {
    self_attn: MultiheadAttention,
    multihead_attn: MultiheadAttention,
    feed_forward: FeedForward,
    residual: [Residual; 3],
}

impl TransformerDecoderLayer {
    /// A layer with this configuration.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, config: TransformerConfig) -> TransformerDecoderLayer {
        let self_attn = self_attention(&mut at.sub("self_attn"), &config);
        let multihead_attn = cross_attention(&mut at.sub("multihead_attn"), &config);
        let feed_forward = FeedForward::new(at, &config);
        let first = Residual::new(&mut at.sub("norm1"), &config);
        let second = Residual::new(&mut at.sub("norm2"), &config);
        let third = Residual::new(&mut at.sub("norm3"), &config);
        TransformerDecoderLayer { self_attn, multihead_attn, feed_forward, residual: [first, second, third] }
    }

    /// Without masks but those of the configuration.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>, memory: Var<'t>) -> Var<'t> {
        self.forward_with(x, memory, Attend::all(), Attend::all())
    }

    /// With options for the attention to itself, and to the memory.
    #[track_caller]
    pub fn forward_with<'t>(
        &self,
        x: Var<'t>,
        memory: Var<'t>,
        own: Attend<'t>,
        to_memory: Attend<'t>,
    ) -> Var<'t> {
        let first = &self.residual[0];
        let x = first.leave(x, self.self_attn.forward_self(first.enter(x), own));
        self.finish(x, memory, to_memory)
    }

    /// Of rows that continue a sequence, see [`MultiheadAttention::forward_cached`]: the keys and values that go in
    /// and out are those of self-attention. (The memory's are made anew.)
    #[track_caller]
    pub fn forward_cached<'t>(
        &self,
        x: Var<'t>,
        memory: Var<'t>,
        to_memory: Attend<'t>,
        past: Option<KeyValue<'t>>,
    ) -> (Var<'t>, KeyValue<'t>) {
        let first = &self.residual[0];
        let (y, past) = self.self_attn.forward_cached(first.enter(x), past);
        (self.finish(first.leave(x, y), memory, to_memory), past)
    }

    /// What comes after self-attention.
    #[track_caller]
    fn finish<'t>(&self, x: Var<'t>, memory: Var<'t>, to_memory: Attend<'t>) -> Var<'t> {
        let [_, second, third] = &self.residual;
        let y = self.multihead_attn.forward_with(second.enter(x), memory, memory, to_memory);
        let x = second.leave(x, y);
        third.leave(x, self.feed_forward.forward(third.enter(x)))
    }
}

/// [Decoder layers](TransformerDecoderLayer) one after the other, `layers.0`, `layers.1`, …, all of which look at the
/// same memory, and a last norm, `norm`, if it has one.
///
/// ```
/// use chainrule_nn::{Attend, TransformerConfig, TransformerDecoder};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let decoder = TransformerDecoder::new(&mut params.root(), TransformerConfig::new(8, 2).hidden(16), 2);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::full([1, 3, 8], 0.5f32));
/// let memory = tape.var(Tensor::full([1, 2, 8], 0.5f32));
/// let real = Attend::all().allow_keys(tape.var([[true, false]]));
/// assert_eq!(decoder.forward_with(x, memory, Attend::causal(), real).shape().dims(), [1, 3, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct TransformerDecoder {
    layers: Vec<TransformerDecoderLayer>,
    norm: Option<Norm>,
}

impl TransformerDecoder {
    /// So many layers, without a last norm, as in PyTorch unless one is given.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, config: TransformerConfig, layers: usize) -> TransformerDecoder {
        let mut made = Vec::with_capacity(layers);
        for i in 0..layers {
            made.push(TransformerDecoderLayer::new(&mut at.sub("layers").sub(i), config));
        }
        TransformerDecoder { layers: made, norm: None }
    }

    /// With a last norm, which layers with [norms first](TransformerConfig::norm_first) should have.
    #[track_caller]
    pub fn with_norm(at: &mut Scope<'_>, config: TransformerConfig, layers: usize) -> TransformerDecoder {
        let decoder = TransformerDecoder::new(at, config, layers);
        TransformerDecoder { norm: Some(Norm::new(&mut at.sub("norm"), &config)), ..decoder }
    }

    /// The layers.
    pub fn layers(&self) -> &[TransformerDecoderLayer] {
        &self.layers
    }

    /// Without masks but those of the configuration.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>, memory: Var<'t>) -> Var<'t> {
        self.forward_with(x, memory, Attend::all(), Attend::all())
    }

    /// With options for the attention to itself, and to the memory, in all layers.
    #[track_caller]
    pub fn forward_with<'t>(
        &self,
        x: Var<'t>,
        memory: Var<'t>,
        own: Attend<'t>,
        to_memory: Attend<'t>,
    ) -> Var<'t> {
        let mut x = x;
        for layer in &self.layers {
            x = layer.forward_with(x, memory, own, to_memory);
        }
        self.finish(x)
    }

    /// Of rows that continue a sequence, see [`TransformerDecoderLayer::forward_cached`]: `past` has what each layer
    /// keeps, or nothing. For a causal configuration.
    #[track_caller]
    pub fn forward_cached<'t>(
        &self,
        x: Var<'t>,
        memory: Var<'t>,
        to_memory: Attend<'t>,
        past: &[KeyValue<'t>],
    ) -> (Var<'t>, Vec<KeyValue<'t>>) {
        let mut x = expect_past("TransformerDecoder", x, self.layers.len(), past);
        let mut kept = Vec::with_capacity(self.layers.len());
        for (i, layer) in self.layers.iter().enumerate() {
            let (y, now) = layer.forward_cached(x, memory, to_memory, past.get(i).copied());
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
