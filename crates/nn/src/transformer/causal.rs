//! A stack that predicts what comes next.

use super::{TransformerConfig, TransformerEncoder};
use crate::{KeyValue, Layer};
use chainrule_tape::{Scope, Var};

/// A *decoder-only* stack: causal [layers](crate::TransformerEncoderLayer), `layers.0`, `layers.1`, …, and a last
/// norm, `norm`. Rows `[…, time, width]` become rows of the same shape, each of which depends on those up to its own
/// position. Between an [`Embedding`](crate::Embedding) and a [`Linear`](crate::Linear) layer to as many logits, it
/// is a language model.
///
/// For generation, [`forward_cached`](CausalTransformer::forward_cached) adds to what is known of the positions so far.
///
/// Source: Radford et al., "Improving language understanding by generative pre-training", 2018, section 3.1.
///
/// ```
/// use chainrule_nn::{CausalTransformer, Embedding, Layer, Linear, Losses, TransformerConfig};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// let token = Embedding::new(&mut at.sub("token"), 5, 8);
/// let body = CausalTransformer::new(&mut at, TransformerConfig::llama(8, 2).hidden(16), 2);
/// let head = Linear::without_bias(&mut at.sub("head"), 8, 5);
///
/// // Of each token, the next one.
/// let tape = Tape::with(&params);
/// let text = tape.var([[0i64, 1, 2, 3], [3, 2, 1, 0]]);
/// let logits = head.forward(body.forward(token.forward(text.slice(1, ..3))));
/// let loss = logits.cross_entropy(text.slice(1, 1..));
/// assert!(loss.item()? > 0.0);
///
/// // Generation of the most likely next tokens.
/// let tape = Tape::with(&params).inference();
/// let (mut next, mut past) = (tape.var([[0i64, 1]]), Vec::new());
/// for _ in 0..3 {
///     let (y, now) = body.forward_cached(token.forward(next), &past);
///     next = head.forward(y).at(1, -1).argmax(-1).reshape([1, 1]);
///     past = now;
/// }
/// assert_eq!(past[0].len(), 4);
/// assert!((0.0..5.0).contains(&next.item()?));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CausalTransformer(TransformerEncoder);

impl CausalTransformer {
    /// So many layers of this configuration, mostly [`TransformerConfig::gpt`] or [`TransformerConfig::llama`], and
    /// causal in any case.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, config: TransformerConfig, layers: usize) -> CausalTransformer {
        CausalTransformer(TransformerEncoder::with_norm(at, config.causal(), layers))
    }

    /// Of rows that continue a sequence: the result, and what each layer keeps of all positions, for the next call.
    /// `past` is what the last call gave, or nothing. Parts of a sequence, one after the other, give what the whole
    /// does.
    #[track_caller]
    pub fn forward_cached<'t>(&self, x: Var<'t>, past: &[KeyValue<'t>]) -> (Var<'t>, Vec<KeyValue<'t>>) {
        self.0.forward_cached(x, past)
    }
}

impl Layer for CausalTransformer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.forward(x)
    }
}
