//! Attention.

use crate::{Layer, Linear};
use chainrule_tape::{DType, Scope, Var};

/// `softmax(q·kᵀ/√d)·v` over the last two axes: `q` of shape `[…, n, d]`, `k` `[…, m, d]` and `v` `[…, m, w]` give
/// `[…, n, w]`; leading axes are broadcast. If `causal`, position `i` of `q` sees positions `0..=i` of `k` alone: the others
/// have the weight 0, and the derivative 0.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 1.
///
/// ```
/// use chainrule_nn::scaled_dot_product_attention;
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let (q, v) = (tape.var([[0.3], [0.3]]), tape.var([[1.0], [3.0]]));
/// let y = scaled_dot_product_attention(q, q, v, true);
/// assert_eq!(y.value()?.to_f64(), [1.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn scaled_dot_product_attention<'t>(q: Var<'t>, k: Var<'t>, v: Var<'t>, causal: bool) -> Var<'t> {
    let (tape, width) = (q.tape(), q.shape().last().copied().unwrap_or(1));
    if q.rank() < 2 || k.rank() < 2 || v.rank() < 2 {
        return tape.fail("attention", "takes matrices", &[q, k, v]);
    }
    let scores = q.matmul(k.t()) * (1.0 / (width.max(1) as f64).sqrt());
    let weights = match *scores.shape().dims() {
        [.., n, m] if causal => {
            let (row, column) = (tape.iota(n, DType::I64).reshape([n, 1]), tape.iota(m, DType::I64));
            column.le(row).select(scores, f64::NEG_INFINITY)
        }
        _ => scores,
    };
    weights.softmax(-1).matmul(v)
}

/// Attention of each position to all others, in several heads: `x` of shape `[batch, time, width]` gives queries, keys and
/// values `x·W + b`, each cut in `heads` parts of `width / heads`; the [attention](scaled_dot_product_attention) of each
/// part to itself is put side by side again and mapped by a last linear layer. The result has the shape of `x`.
///
/// Parameters: `qkv.weight` `[width, 3·width]` and `qkv.bias`, `out.weight` `[width, width]` and `out.bias`, as those of
/// [`Linear`].
///
/// An input of another width, rank or dtype is a mistake.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2.
///
/// ```
/// use chainrule_nn::{Layer, MultiheadAttention};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let attention = MultiheadAttention::new(&mut params.root().sub("attention"), 8, 2).causal();
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 3 * 5 * 8], [3, 5, 8])?);
/// assert_eq!(attention.forward(x).shape().dims(), [3, 5, 8]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiheadAttention {
    qkv: Linear,
    out: Linear,
    heads: usize,
    causal: bool,
}

impl MultiheadAttention {
    /// Every position sees all others.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, width: usize, heads: usize) -> MultiheadAttention {
        if heads == 0 || !width.is_multiple_of(heads) {
            at.mistake(format!("{width} elements can't be cut in {heads} heads"));
        }
        let qkv = Linear::new(&mut at.sub("qkv"), width, 3 * width);
        let out = Linear::new(&mut at.sub("out"), width, width);
        MultiheadAttention { qkv, out, heads, causal: false }
    }

    /// Every position sees itself and those before.
    pub fn causal(self) -> MultiheadAttention {
        MultiheadAttention { causal: true, ..self }
    }
}

impl Layer for MultiheadAttention {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let qkv = self.qkv.forward(x);
        if qkv.is_poisoned() {
            return qkv;
        }
        let &[batch, time, width] = x.shape().dims() else {
            let what = format!("takes sequences [batch, time, {}], not {}", self.qkv.inputs(), x.shape());
            return x.tape().fail("MultiheadAttention", what, &[x]);
        };
        let head = |i: usize| {
            let part = qkv.slice(-1, i * width..(i + 1) * width);
            part.reshape([batch, time, self.heads, width / self.heads]).transpose(1, 2)
        };
        let y = scaled_dot_product_attention(head(0), head(1), head(2), self.causal);
        self.out.forward(y.transpose(1, 2).reshape([batch, time, width]))
    }
}
