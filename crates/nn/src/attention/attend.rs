//! What a query may look at.

use chainrule_tape::{DType, Shape, Var};

/// What queries may look at, and how: options of
/// [`scaled_dot_product_attention`](crate::scaled_dot_product_attention) and of
/// [`MultiheadAttention`](crate::MultiheadAttention).
///
/// Scores have the shape `[…, heads, n, m]`, of `n` queries and `m` keys. All conditions given must allow a key: a
/// causal order, masks and padding can be combined. A key that is not allowed has the weight 0 and the derivative 0,
/// whatever its score. A query that is allowed **no key at all** gets the result 0, with derivatives 0 (as in
/// PyTorch's `F.scaled_dot_product_attention`; its `nn.MultiheadAttention` gives NaN if it returns the weights).
///
/// **True means: may be seen.** So it is in PyTorch's `F.scaled_dot_product_attention` and in Keras, but in PyTorch's
/// `nn.MultiheadAttention` and `nn.Transformer`, true in `attn_mask` or `key_padding_mask` means the contrary: for
/// those masks, give `mask.logical_not()`, or [`ignore_keys`](Attend::ignore_keys).
///
/// ```
/// use chainrule_nn::{Attend, scaled_dot_product_attention};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let (q, v) = (tape.var([[0.0], [0.0], [0.0]]), tape.var([[1.0], [3.0], [8.0]]));
/// let y = |attend| scaled_dot_product_attention(q, q, v, attend).value().map(|y| y.to_f64());
/// assert_eq!(y(Attend::all())?, [4.0, 4.0, 4.0]);
/// assert_eq!(y(Attend::causal())?, [1.0, 2.0, 4.0]);
/// let real = tape.var([false, true, true]);
/// assert_eq!(y(Attend::causal().allow_keys(real))?, [0.0, 3.0, 5.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "options change nothing unless they are given to an attention"]
pub struct Attend<'t> {
    pub(crate) causal: bool,
    pub(crate) after: usize,
    pub(crate) allowed: Option<Var<'t>>,
    pub(crate) keys: Option<Var<'t>>,
    pub(crate) bias: Option<Var<'t>>,
    pub(crate) scale: Option<f64>,
    pub(crate) dropout: f64,
}

impl<'t> Attend<'t> {
    /// Every query sees all keys; the scale is `1 / √d`; no dropout.
    pub fn all() -> Attend<'t> {
        Attend::default()
    }

    /// Query `i` sees the keys `0..=i`: itself and those before.
    pub fn causal() -> Attend<'t> {
        Attend { causal: true, ..Attend::default() }
    }

    /// The queries come after so many keys: in a causal order, query `i` sees the keys `0..=past + i`. For queries
    /// that continue a sequence whose keys are known, as in generation. (0 by default, as in PyTorch's `is_causal`.)
    pub fn after(self, past: usize) -> Attend<'t> {
        Attend { after: past, ..self }
    }

    /// A `bool` mask that broadcasts to `[…, heads, n, m]`: a query may see the keys where it is **true** (Keras's
    /// `attention_mask`; the contrary of `attn_mask` in PyTorch's `nn.MultiheadAttention`). Of several masks, all
    /// must be true.
    #[doc(alias = "attn_mask")]
    #[doc(alias = "attention_mask")]
    #[doc(alias = "mask")]
    #[track_caller]
    pub fn allow(self, mask: Var<'t>) -> Attend<'t> {
        Attend { allowed: Some(both(self.allowed, mask)), ..self }
    }

    /// A `bool` mask `[…, m]`, whose leading axes are those of the scores, mostly `[batch, m]`: no query may see a
    /// key where it is false, such as the padding of a sequence that is shorter than others of its batch.
    #[track_caller]
    pub fn allow_keys(self, real: Var<'t>) -> Attend<'t> {
        Attend { keys: Some(both(self.keys, real)), ..self }
    }

    /// The contrary of [`allow_keys`](Attend::allow_keys): no query may see a key where the mask is **true**. (This
    /// is PyTorch's `key_padding_mask`.)
    #[doc(alias = "key_padding_mask")]
    #[track_caller]
    pub fn ignore_keys(self, padding: Var<'t>) -> Attend<'t> {
        self.allow_keys(padding.logical_not())
    }

    /// What is added to the scores, after the scale: floats that broadcast to `[…, heads, n, m]`, such as
    /// [`alibi`](crate::alibi()). -∞ is as false in a mask. Of several, the sum counts.
    #[track_caller]
    pub fn bias(self, bias: Var<'t>) -> Attend<'t> {
        let bias = match self.bias {
            Some(before) => before + bias,
            None => bias,
        };
        Attend { bias: Some(bias), ..self }
    }

    /// The factor on the products of queries and keys, instead of `1 / √d` with a query's width `d`.
    pub fn scale(self, scale: f64) -> Attend<'t> {
        Attend { scale: Some(scale), ..self }
    }

    /// In training, drops each weight with this probability, see [`Dropout`](crate::Dropout). (Only in training,
    /// unlike PyTorch's function.)
    pub fn dropout(self, p: f64) -> Attend<'t> {
        Attend { dropout: p, ..self }
    }

    /// The mask of what is allowed of scores of this shape, if it is not everything, and whether it leaves each query
    /// a key.
    #[track_caller]
    pub(crate) fn mask(&self, scores: Var<'t>) -> Result<Option<(Var<'t>, bool)>, String> {
        let (tape, shape) = (scores.tape(), scores.shape());
        let &[.., n, m] = shape.dims() else { return Ok(None) };
        let mut masks = Vec::new();
        // Each query sees the key 0; if so many come before that the first query sees all keys, so do the others.
        let causal = self.causal && self.after.saturating_add(1) < m;
        if causal {
            let (row, column) = (tape.iota(n, DType::I64).reshape([n, 1]), tape.iota(m, DType::I64));
            masks.push(column.le(if self.after == 0 { row } else { row + self.after as f64 }));
        }
        if let Some(mask) = self.allowed {
            check("mask", mask, DType::Bool, &shape)?;
            masks.push(mask);
        }
        if let Some(keys) = self.keys {
            masks.push(beside_keys(keys, &shape)?);
        }
        if let Some(bias) = self.bias {
            check("bias", bias, scores.dtype(), &shape)?;
            masks.push(bias.ne(f64::NEG_INFINITY));
        }
        let leaves_keys = masks.len() == usize::from(causal);
        let mut all = None;
        for mask in masks {
            all = Some(both(all, mask));
        }
        Ok(all.map(|mask| (mask, leaves_keys)))
    }
}

/// What two masks allow.
#[track_caller]
fn both<'t>(before: Option<Var<'t>>, mask: Var<'t>) -> Var<'t> {
    match before {
        Some(before) => before.and(mask),
        None => mask,
    }
}

/// Whether a mask or bias has this dtype and broadcasts to the scores.
fn check(what: &str, x: Var<'_>, dtype: DType, scores: &Shape) -> Result<(), String> {
    if x.is_poisoned() {
        return Ok(());
    }
    if x.dtype() != dtype {
        return Err(format!("takes a {what} of {dtype}, not {}", x.dtype()));
    }
    if x.shape().broadcast(scores).as_ref() != Some(scores) {
        return Err(format!("takes a {what} that broadcasts to the scores {scores}, not {}", x.shape()));
    }
    Ok(())
}

/// The mask of keys as one of scores: axes of length 1 for heads and queries.
#[track_caller]
fn beside_keys<'t>(keys: Var<'t>, scores: &Shape) -> Result<Var<'t>, String> {
    if keys.is_poisoned() {
        return Ok(keys);
    }
    let (shape, m) = (keys.shape(), scores[scores.rank() - 1]);
    if keys.dtype() != DType::Bool {
        return Err(format!("takes a mask of keys of bool, not {}", keys.dtype()));
    }
    let mut dims = vec![1; scores.rank()];
    match shape.dims() {
        [lead @ .., last] if *last == m && lead.len() + 2 <= scores.rank() => {
            dims[..lead.len()].copy_from_slice(lead);
            dims[scores.rank() - 1] = m;
        }
        _ => return Err(format!("takes a mask of {m} keys, not {shape}")),
    }
    let mask = Shape::from(dims);
    if mask.broadcast(scores).as_ref() != Some(scores) {
        return Err(format!(
            "takes a mask of keys whose axes lead those of the scores {scores}, not {shape}"
        ));
    }
    Ok(keys.reshape(mask))
}
