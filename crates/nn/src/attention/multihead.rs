//! Attention in several heads.

use super::projection::{Heads, Projection};
use super::scaled::attend;
use super::{Attend, AttentionConfig, KeyValue, Rotary};
use crate::label::Label;
use crate::{Init, Layer, Linear};
use chainrule_tape::{Scope, Var};

/// Attention in several heads: queries, keys and values are linear maps of their rows, each cut in `heads` parts of
/// `width / heads` elements; the [attention](crate::scaled_dot_product_attention) of each part to its own is put side
/// by side again and mapped by a last linear layer.
///
/// [`forward`](Layer::forward) is *self-attention*, of rows `x` `[…, time, width]` to each other, by one product for
/// all three maps; [`forward_with`](MultiheadAttention::forward_with) attends to other rows (*cross-attention*). The
/// result has the queries' shape. The leading axes, mostly `[batch]`, may be none. (PyTorch's layer with
/// `batch_first=True`.)
///
/// Parameters, with PyTorch's names and layouts: `in_proj_weight` `[3·width, width]`, the three maps' rows below each
/// other (Xavier's uniform distribution at first), `in_proj_bias` `[3·width]` (zeros), `out_proj.weight`
/// `[width, width]` (as that of a [`Linear`] layer) and `out_proj.bias` (zeros). If keys or values are made from rows
/// of another width: `q_proj_weight` `[width, width]`, `k_proj_weight` `[width, key_width]` and `v_proj_weight`
/// `[width, value_width]` in place of `in_proj_weight`. With fewer heads of keys and values, those have fewer rows.
///
/// Defaults are PyTorch's: with biases, every position sees all others, no dropout, no rotary positions.
///
/// Errors: rows of another width or dtype, masks that don't fit, fewer than two axes.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2.
///
/// ```
/// use chainrule_nn::{Attend, Layer, MultiheadAttention};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let attention = MultiheadAttention::new(&mut params.root().sub("attention"), 8, 2);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::full([3, 5, 8], 0.5f32));
/// assert_eq!(attention.forward(x).shape().dims(), [3, 5, 8]);
///
/// // Attention to other rows, of which the last one is padding.
/// let memory = tape.var(Tensor::full([3, 4, 8], 0.5f32));
/// let real = tape.var([[true, true, true, false]; 3]);
/// let (y, weights) = attention.forward_with_weights(x, memory, memory, Attend::all().allow_keys(real));
/// assert_eq!(y.shape().dims(), [3, 5, 8]);
/// // One weight for each head, query and key; `weights.mean(1)` is what PyTorch returns unless told otherwise.
/// assert_eq!(weights.shape().dims(), [3, 2, 5, 4]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiheadAttention {
    label: Label,
    config: AttentionConfig,
    project: Projection,
    out: Linear,
    causal: bool,
    dropout: f64,
    rotary: Option<Rotary>,
}

pub(super) const KIND: &str = "MultiheadAttention";

impl MultiheadAttention {
    /// `heads` heads of `width / heads` elements, as many of keys and values.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, width: usize, heads: usize) -> MultiheadAttention {
        MultiheadAttention::with(at, AttentionConfig::new(width, heads))
    }

    /// With fewer heads of keys and values, other widths of what they are made from, or no biases.
    #[track_caller]
    pub fn with(at: &mut Scope<'_>, config: AttentionConfig) -> MultiheadAttention {
        MultiheadAttention::init(at, config, Init::usual(config.width))
    }

    /// With these first values of the last layer's weight.
    #[track_caller]
    pub(crate) fn init(at: &mut Scope<'_>, config: AttentionConfig, out: Init) -> MultiheadAttention {
        if let Some(what) = config.mistake() {
            at.mistake(what);
        }
        let label = Label::new(at);
        let (width, project) = (config.width, Projection::new(at, label.clone(), config));
        let zeros = config.bias.then(Init::zeros);
        let out = Linear::init(&mut at.sub("out_proj"), width, width, out, zeros);
        MultiheadAttention { label, config, project, out, causal: false, dropout: 0.0, rotary: None }
    }

    /// Every position sees itself and those before.
    #[must_use]
    pub fn causal(self) -> MultiheadAttention {
        MultiheadAttention { causal: true, ..self }
    }

    /// In training, drops each weight of the attention with this probability, see [`Dropout`](crate::Dropout).
    #[must_use]
    pub fn dropout(self, p: f64) -> MultiheadAttention {
        MultiheadAttention { dropout: p, ..self }
    }

    /// Turns queries and keys by their positions. The rotation's width is a head's, or less.
    #[must_use]
    pub fn rotary(self, rotary: Rotary) -> MultiheadAttention {
        MultiheadAttention { rotary: Some(rotary), ..self }
    }

    /// The width of queries and results.
    pub fn width(&self) -> usize {
        self.config.width
    }

    /// The number of heads of queries.
    pub fn heads(&self) -> usize {
        self.config.heads
    }

    /// The number of heads of keys and values.
    pub fn kv_heads(&self) -> usize {
        self.config.kv_heads
    }

    /// Self-attention with masks and other options, beside those of the layer.
    #[track_caller]
    pub fn forward_self<'t>(&self, x: Var<'t>, options: Attend<'t>) -> Var<'t> {
        let result = match self.turn(self.project.one(x), options.after, options.after) {
            Ok([q, k, v]) => attend(q, k, v, self.options(options)),
            Err(what) => Err(what),
        };
        self.finish(x, result).0
    }

    /// Attention of the queries' rows `[…, n, width]` to those that keys `[…, m, key_width]` and values
    /// `[…, m, value_width]` are made from: `[…, n, width]`. For the same rows in all places,
    /// [`forward_self`](MultiheadAttention::forward_self) needs fewer products.
    ///
    /// [`Attend::after`] is the position of the first query where that matters, to a causal order and to rotary
    /// positions; keys begin at 0.
    #[track_caller]
    pub fn forward_with<'t>(
        &self,
        query: Var<'t>,
        key: Var<'t>,
        value: Var<'t>,
        options: Attend<'t>,
    ) -> Var<'t> {
        self.forward_with_weights(query, key, value, options).0
    }

    /// The result and the weights of each head, `[…, heads, n, m]`. (PyTorch's mean over the heads is
    /// `weights.mean(-3)`.) In training with dropout, the weights are those that are left.
    #[track_caller]
    pub fn forward_with_weights<'t>(
        &self,
        query: Var<'t>,
        key: Var<'t>,
        value: Var<'t>,
        options: Attend<'t>,
    ) -> (Var<'t>, Var<'t>) {
        let result = match self.turn(self.project.three([query, key, value]), options.after, 0) {
            Ok([q, k, v]) => attend(q, k, v, self.options(options)),
            Err(what) => Err(what),
        };
        self.finish(query, result)
    }

    /// Self-attention of rows that continue a sequence: they see the keys and values of the positions so far and
    /// their own. The result, and the keys and values of all positions, for the next call. Parts of a causal
    /// sequence, one after the other, give what the whole does.
    ///
    /// ```
    /// # use chainrule_nn::{Layer, MultiheadAttention};
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// # let mut params = Params::seeded(7).with_dtype(chainrule_tape::DType::F64);
    /// # let attention = MultiheadAttention::new(&mut params.root(), 4, 2).causal();
    /// # let tape = Tape::with(&params);
    /// # let x = tape.var(Tensor::arange(12).cast(chainrule_tape::DType::F64)).sin().reshape([1, 3, 4]);
    /// let (first, past) = attention.forward_cached(x.slice(1, ..2), None);
    /// let (last, past) = attention.forward_cached(x.slice(1, 2..), Some(past));
    /// assert_eq!(past.len(), 3);
    /// let (parts, whole) = (tape.concat(&[first, last], 1), attention.forward(x));
    /// assert!((parts - whole).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn forward_cached<'t>(&self, x: Var<'t>, past: Option<KeyValue<'t>>) -> (Var<'t>, KeyValue<'t>) {
        let start = past.map_or(0, |past| past.len());
        match self.continued(x, past, start) {
            Ok((q, all)) => {
                let options = self.options(Attend::all().after(start));
                (self.finish(x, attend(q, all.key, all.value, options)).0, all)
            }
            Err(what) => {
                let y = self.label.fail(KIND, x, what);
                (y, KeyValue { key: y, value: y })
            }
        }
    }

    /// Queries of rows from position `start` on, and keys and values of all positions.
    #[track_caller]
    fn continued<'t>(
        &self,
        x: Var<'t>,
        past: Option<KeyValue<'t>>,
        start: usize,
    ) -> Result<(Var<'t>, KeyValue<'t>), String> {
        let [q, key, value] = self.turn(self.project.one(x), start, start)?;
        let new = KeyValue { key, value };
        match past {
            Some(past) => Ok((q, past.then(new)?)),
            None => Ok((q, new)),
        }
    }

    /// The options of a call, with those of the layer.
    fn options<'t>(&self, options: Attend<'t>) -> Attend<'t> {
        let dropout = if options.dropout == 0.0 { self.dropout } else { options.dropout };
        Attend { causal: options.causal || self.causal, dropout, ..options }
    }

    /// Turns queries and keys by their positions, which begin at `query` and at `key`.
    #[track_caller]
    fn turn<'t>(
        &self,
        heads: Result<Heads<'t>, String>,
        query: usize,
        key: usize,
    ) -> Result<Heads<'t>, String> {
        let heads = heads?;
        let ([q, k, v], Some(rotary)) = (heads, self.rotary) else { return Ok(heads) };
        match rotary.mistake(self.config.head_width()) {
            Some(what) => Err(format!("has a rotation of its heads that {what}")),
            None => Ok([rotary.forward_from(q, query), rotary.forward_from(k, key), v]),
        }
    }

    /// Puts the heads side by side, and maps them.
    #[track_caller]
    fn finish<'t>(&self, x: Var<'t>, result: Result<(Var<'t>, Var<'t>), String>) -> (Var<'t>, Var<'t>) {
        let (y, weights) = match result {
            Ok((y, weights)) if !y.is_poisoned() => (y, weights),
            Ok((y, _)) => return (y, y),
            Err(what) => {
                let y = self.label.fail(KIND, x, what);
                return (y, y);
            }
        };
        let rows = y.transpose(-3, -2);
        let shape = rows.shape();
        let together = match shape.dims() {
            &[ref lead @ .., time, _, _] => lead.iter().copied().chain([time, self.config.width]).collect(),
            _ => shape,
        };
        let y = self.out.forward(rows.reshape(together));
        (self.label.note(y, KIND), weights)
    }
}

impl Layer for MultiheadAttention {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_self(x, Attend::all())
    }
}
