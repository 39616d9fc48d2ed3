//! Encoder and decoder.

use super::{TransformerConfig, TransformerDecoder, TransformerEncoder};
use crate::Attend;
use chainrule_tape::{Scope, Var};

/// An [encoder](TransformerEncoder) of a source `[…, m, width]`, and a [decoder](TransformerDecoder) of a target
/// `[…, n, width]` that looks at what the encoder made: for translation and the like. Both end with a norm. The
/// result has the target's shape.
///
/// The target's self-attention is causal if the [configuration](TransformerConfig::causal) or the options say so, as
/// in PyTorch; the source's is not.
///
/// Parameters have PyTorch's names: `encoder.layers.0.self_attn.in_proj_weight` and so on. As there, all matrices
/// begin with Xavier's uniform distribution.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, figure 1 (without embeddings and the last
/// linear layer).
///
/// ```
/// use chainrule_nn::{Transformer, TransformerConfig};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let config = TransformerConfig::new(8, 2).hidden(16).causal();
/// let transformer = Transformer::new(&mut params.root(), config, 2, 2);
/// let tape = Tape::with(&params);
/// let (source, target) = (Tensor::full([3, 7, 8], 0.5f32), Tensor::full([3, 5, 8], 0.5f32));
/// assert_eq!(transformer.forward(tape.var(source), tape.var(target)).shape().dims(), [3, 5, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct Transformer {
    encoder: TransformerEncoder,
    decoder: TransformerDecoder,
}

impl Transformer {
    /// So many layers of the encoder, and of the decoder. (PyTorch has 6 of each unless told otherwise.)
    #[track_caller]
    pub fn new(
        at: &mut Scope<'_>,
        config: TransformerConfig,
        encoder_layers: usize,
        decoder_layers: usize,
    ) -> Transformer {
        let config = TransformerConfig { xavier: true, ..config };
        let both_ways = TransformerConfig { causal: false, ..config };
        Transformer {
            encoder: TransformerEncoder::with_norm(&mut at.sub("encoder"), both_ways, encoder_layers),
            decoder: TransformerDecoder::with_norm(&mut at.sub("decoder"), config, decoder_layers),
        }
    }

    /// The encoder.
    pub fn encoder(&self) -> &TransformerEncoder {
        &self.encoder
    }

    /// The decoder.
    pub fn decoder(&self) -> &TransformerDecoder {
        &self.decoder
    }

    /// Without masks but those of the configuration.
    #[track_caller]
    pub fn forward<'t>(&self, source: Var<'t>, target: Var<'t>) -> Var<'t> {
        self.forward_with(source, target, Attend::all(), Attend::all(), Attend::all())
    }

    /// With options for the attention of the source to itself, of the target to itself, and of the target to the
    /// source.
    #[track_caller]
    pub fn forward_with<'t>(
        &self,
        source: Var<'t>,
        target: Var<'t>,
        of_source: Attend<'t>,
        of_target: Attend<'t>,
        to_source: Attend<'t>,
    ) -> Var<'t> {
        let memory = self.encoder.forward_with(source, of_source);
        self.decoder.forward_with(target, memory, of_target, to_source)
    }
}
