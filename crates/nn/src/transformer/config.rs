//! What a transformer's layers are like.

use crate::{Activation, AttentionConfig, Init, Rotary};

/// The sizes and kinds of a transformer's layers.
///
/// ```
/// use chainrule_nn::{Activation, Layer, TransformerConfig, TransformerEncoderLayer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let config = TransformerConfig::new(8, 2).hidden(16).activation(Activation::Gelu).norm_first();
/// let mut params = Params::seeded(7);
/// let layer = TransformerEncoderLayer::new(&mut params.root(), config);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::full([3, 5, 8], 0.5f32));
/// assert_eq!(layer.forward(x).shape().dims(), [3, 5, 8]);
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "a configuration makes nothing unless it is given to a layer"]
pub struct TransformerConfig {
    pub(crate) attention: AttentionConfig,
    pub(crate) hidden: usize,
    pub(crate) dropout: f64,
    pub(crate) activation: Activation,
    pub(crate) gated: bool,
    pub(crate) norm_first: bool,
    pub(crate) rms_norm: bool,
    pub(crate) eps: f64,
    pub(crate) rotary: Option<Rotary>,
    pub(crate) causal: bool,
    /// Xavier's distribution for all matrices.
    pub(crate) xavier: bool,
}

impl TransformerConfig {
    /// PyTorch's defaults: 2048 hidden elements, dropout 0.1, a rectifier, norms after the residual sum (as in the
    /// paper of 2017) with ε = 1e-5, biases, no causal order.
    pub const fn new(width: usize, heads: usize) -> TransformerConfig {
        TransformerConfig {
            attention: AttentionConfig::new(width, heads),
            hidden: 2048,
            dropout: 0.1,
            activation: Activation::Relu,
            gated: false,
            norm_first: false,
            rms_norm: false,
            eps: 1e-5,
            rotary: None,
            causal: false,
            xavier: false,
        }
    }

    /// As in GPT-2: causal, norms first, `4·width` hidden elements, [`Activation::GeluTanh`], dropout 0.1.
    ///
    /// Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.3.
    pub const fn gpt(width: usize, heads: usize) -> TransformerConfig {
        TransformerConfig::new(width, heads)
            .hidden(width.saturating_mul(4))
            .activation(Activation::GeluTanh)
            .norm_first()
            .causal()
    }

    /// As in Llama: causal, root-mean-square norms first, gated hidden elements with [`Activation::Silu`] (SwiGLU),
    /// `8/3·width` of them, rounded up to a multiple of 256, rotary positions, no biases, no dropout.
    ///
    /// Source: Touvron et al., "LLaMA: open and efficient foundation language models", 2023, section 2.2.
    pub const fn llama(width: usize, heads: usize) -> TransformerConfig {
        let config = TransformerConfig::new(width, heads);
        config
            .hidden((width.saturating_mul(8) / 3).div_ceil(256).saturating_mul(256))
            .activation(Activation::Silu)
            .gated()
            .norm_first()
            .rms_norm()
            .rotary(Rotary::new(config.attention.head_width()))
            .without_bias()
            .dropout(0.0)
            .causal()
    }

    /// The number of elements between the two linear layers (PyTorch's `dim_feedforward`).
    #[doc(alias = "dim_feedforward")]
    pub const fn hidden(self, hidden: usize) -> TransformerConfig {
        TransformerConfig { hidden, ..self }
    }

    /// The probability, in training, that a weight of attention, a hidden element, or an element of what is added to
    /// the residual is dropped.
    pub const fn dropout(self, p: f64) -> TransformerConfig {
        TransformerConfig { dropout: p, ..self }
    }

    /// The function between the two linear layers.
    pub const fn activation(self, activation: Activation) -> TransformerConfig {
        TransformerConfig { activation, ..self }
    }

    /// Gated hidden elements: `linear1` makes twice as many, and they are `activation(a)·b` of its first and second
    /// half. (With [`Activation::Silu`], this is SwiGLU.)
    ///
    /// Source: Shazeer, "GLU variants improve transformer", 2020, equation 6.
    pub const fn gated(self) -> TransformerConfig {
        TransformerConfig { gated: true, ..self }
    }

    /// Norms before each part, on its way from the residual sum, not after it: deep stacks then train without a
    /// warm-up.
    ///
    /// Source: Xiong et al., "On layer normalization in the transformer architecture", ICML 2020, table 1.
    pub const fn norm_first(self) -> TransformerConfig {
        TransformerConfig { norm_first: true, ..self }
    }

    /// [`RmsNorm`](crate::RmsNorm) in place of [`LayerNorm`](crate::LayerNorm).
    pub const fn rms_norm(self) -> TransformerConfig {
        TransformerConfig { rms_norm: true, ..self }
    }

    /// What the norms add to the variance.
    #[doc(alias = "layer_norm_eps")]
    pub const fn eps(self, eps: f64) -> TransformerConfig {
        TransformerConfig { eps, ..self }
    }

    /// So many heads of keys and values, see [`AttentionConfig::kv_heads`].
    pub const fn kv_heads(self, kv_heads: usize) -> TransformerConfig {
        TransformerConfig { attention: self.attention.kv_heads(kv_heads), ..self }
    }

    /// Rotary positions in self-attention.
    pub const fn rotary(self, rotary: Rotary) -> TransformerConfig {
        TransformerConfig { rotary: Some(rotary), ..self }
    }

    /// In self-attention, every position sees itself and those before.
    pub const fn causal(self) -> TransformerConfig {
        TransformerConfig { causal: true, ..self }
    }

    /// No biases, in linear layers, attention and norms.
    pub const fn without_bias(self) -> TransformerConfig {
        TransformerConfig { attention: self.attention.without_bias(), ..self }
    }

    /// How the weight of a linear map from so many elements begins.
    pub(crate) fn weights(&self, inputs: usize) -> Init {
        if self.xavier { Init::xavier_uniform() } else { Init::usual(inputs) }
    }
}
