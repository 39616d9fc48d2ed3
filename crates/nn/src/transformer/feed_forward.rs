//! What a transformer's layers are made of, beside attention.

use super::TransformerConfig;
use crate::{Activation, Dropout, Init, Layer, LayerNorm, Linear, MultiheadAttention, RmsNorm};
use chainrule_tape::{Scope, Var};

/// The self-attention of a layer.
#[track_caller]
pub(super) fn self_attention(at: &mut Scope<'_>, config: &TransformerConfig) -> MultiheadAttention {
    let mut attention = cross_attention(at, config);
    if config.causal {
        attention = attention.causal();
    }
    if let Some(rotary) = config.rotary {
        attention = attention.rotary(rotary);
    }
    attention
}

/// The attention of a layer to what an encoder made.
#[track_caller]
pub(super) fn cross_attention(at: &mut Scope<'_>, config: &TransformerConfig) -> MultiheadAttention {
    let out = config.weights(config.attention.width);
    MultiheadAttention::init(at, config.attention, out).dropout(config.dropout)
}

/// Two linear layers with a function, or a gate, and dropout between them.
#[derive(Clone, Debug)]
pub(super) struct FeedForward {
    linear1: Linear,
    linear2: Linear,
    activation: Activation,
    gated: bool,
    dropout: Dropout,
}

impl FeedForward {
    #[track_caller]
    pub(super) fn new(at: &mut Scope<'_>, config: &TransformerConfig) -> FeedForward {
        let (width, hidden) = (config.attention.width, config.hidden);
        let made = if config.gated { 2 * hidden } else { hidden };
        let bias = |inputs| config.attention.bias.then(|| Init::usual(inputs));
        let linear1 = Linear::init(&mut at.sub("linear1"), width, made, config.weights(width), bias(width));
        let linear2 =
            Linear::init(&mut at.sub("linear2"), hidden, width, config.weights(hidden), bias(hidden));
        let TransformerConfig { activation, gated, .. } = *config;
        FeedForward { linear1, linear2, activation, gated, dropout: Dropout::new(config.dropout) }
    }

    #[track_caller]
    pub(super) fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (x, hidden) = (self.linear1.forward(x), self.linear2.inputs());
        let y = if self.gated {
            self.activation.apply(x.slice(-1, ..hidden)) * x.slice(-1, hidden..)
        } else {
            self.activation.apply(x)
        };
        self.linear2.forward(self.dropout.apply(y))
    }
}

/// The way past a part of a layer: `x + dropout(part(norm(x)))`, or `norm(x + dropout(part(x)))`.
#[derive(Clone, Debug)]
pub(super) struct Residual {
    norm: Norm,
    norm_first: bool,
    dropout: Dropout,
}

impl Residual {
    /// With the norm in this scope.
    #[track_caller]
    pub(super) fn new(at: &mut Scope<'_>, config: &TransformerConfig) -> Residual {
        let norm = Norm::new(at, config);
        Residual { norm, norm_first: config.norm_first, dropout: Dropout::new(config.dropout) }
    }

    /// What the part gets.
    #[track_caller]
    pub(super) fn enter<'t>(&self, x: Var<'t>) -> Var<'t> {
        if self.norm_first { self.norm.forward(x) } else { x }
    }

    /// `x` with what the part made.
    #[track_caller]
    pub(super) fn leave<'t>(&self, x: Var<'t>, y: Var<'t>) -> Var<'t> {
        let sum = x + self.dropout.apply(y);
        if self.norm_first { sum } else { self.norm.forward(sum) }
    }
}

/// The normalization of a configuration.
#[derive(Clone, Debug)]
pub(super) enum Norm {
    Layer(LayerNorm),
    Rms(RmsNorm),
}

impl Norm {
    #[track_caller]
    pub(super) fn new(at: &mut Scope<'_>, config: &TransformerConfig) -> Norm {
        let (width, eps) = (config.attention.width, config.eps);
        if config.rms_norm {
            Norm::Rms(RmsNorm::new(at, width).eps(eps))
        } else if config.attention.bias {
            Norm::Layer(LayerNorm::new(at, width).eps(eps))
        } else {
            Norm::Layer(LayerNorm::without_bias(at, width).eps(eps))
        }
    }

    #[track_caller]
    pub(super) fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        match self {
            Norm::Layer(norm) => norm.forward(x),
            Norm::Rms(norm) => norm.forward(x),
        }
    }
}
