//! Scaled dot-product attention.

use super::Attend;
use crate::Dropout;
use chainrule_tape::{DType, Shape, Var};

/// `softmax(q·kᵀ/√d)·v` over the last two axes: `q` of shape `[…, heads, n, d]`, `k` `[…, heads, m, d]` and `v`
/// `[…, heads, m, w]` give `[…, heads, n, w]`; leading axes are broadcast, and may be none. [`Attend`] says which
/// keys a query may see, what is added to the scores, another scale, and dropout.
///
/// *Grouped queries*: where `k` and `v` have fewer heads than `q`, each of theirs serves as many of the queries' next
/// to each other: with 6 heads and 2 of keys, the queries' heads 0, 1 and 2 look at the first one. (PyTorch's
/// `enable_gqa`.)
///
/// Derivatives are those of the formula. A query that may see no key has the result 0, and derivatives 0.
///
/// Errors: widths or numbers of heads that don't fit, less than two axes, a mask that is not `bool` or does not fit the
/// scores.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 1; Ainslie et al., "GQA: training
/// generalized multi-query transformer models from multi-head checkpoints", EMNLP 2023, for grouped queries.
///
/// ```
/// use chainrule_nn::{Attend, scaled_dot_product_attention};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let (q, v) = (tape.var([[0.3], [0.3]]), tape.var([[1.0], [3.0]]));
/// let y = scaled_dot_product_attention(q, q, v, Attend::causal());
/// assert_eq!(y.value()?.to_f64(), [1.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn scaled_dot_product_attention<'t>(q: Var<'t>, k: Var<'t>, v: Var<'t>, options: Attend<'t>) -> Var<'t> {
    let _op = q.tape().within(OP, &[q, k, v]);
    match attend(q, k, v, options) {
        Ok((y, _)) => y,
        Err(what) => q.tape().fail(OP, what, &[q, k, v]),
    }
}

/// The weights `softmax(q·kᵀ/√d)`, `[…, heads, n, m]`, by which [`scaled_dot_product_attention`] adds up the values:
/// each query's are positive and have the sum 1 (0 if it may see no key). With dropout, they are what training has
/// left of them.
#[track_caller]
pub fn attention_weights<'t>(q: Var<'t>, k: Var<'t>, options: Attend<'t>) -> Var<'t> {
    let _op = q.tape().within("attention_weights", &[q, k]);
    match weights(q, k, options) {
        Ok(weights) => weights,
        Err(what) => q.tape().fail("attention_weights", what, &[q, k]),
    }
}

const OP: &str = "scaled_dot_product_attention";

/// The result and the weights, or what is wrong with the arguments.
#[track_caller]
pub(crate) fn attend<'t>(
    q: Var<'t>,
    k: Var<'t>,
    v: Var<'t>,
    options: Attend<'t>,
) -> Result<(Var<'t>, Var<'t>), String> {
    let weights = weights(q, k, options)?;
    if v.is_poisoned() || weights.is_poisoned() {
        return Ok((v + weights, weights));
    }
    let (keys, values) = (k.shape(), v.shape());
    match (keys.dims(), values.dims()) {
        (&[.., m, _], &[.., found, _]) if m == found => {}
        (_, [_, _, ..]) => return Err(format!("takes a value for each key: keys {keys}, values {values}")),
        _ => return Err(format!("takes matrices of values, not {values}")),
    }
    Ok((grouped(weights, v)?, weights))
}

#[track_caller]
fn weights<'t>(q: Var<'t>, k: Var<'t>, options: Attend<'t>) -> Result<Var<'t>, String> {
    if q.is_poisoned() || k.is_poisoned() {
        return Ok(q + k);
    }
    let (queries, keys) = (q.shape(), k.shape());
    let width = match (queries.dims(), keys.dims()) {
        (&[.., _, width], &[.., _, found]) if width == found => width,
        (&[.., _, width], &[.., _, found]) => {
            return Err(format!("takes keys of the queries' {width} elements, not {found}"));
        }
        _ => return Err(format!("takes matrices of queries and keys, not {queries} and {keys}")),
    };
    if q.dtype() != k.dtype() || !q.dtype().is_float() {
        return Err(format!(
            "takes queries and keys of one floating-point type, not {} and {}",
            q.dtype(),
            k.dtype()
        ));
    }
    let scale = options.scale.unwrap_or_else(|| 1.0 / (width.max(1) as f64).sqrt());
    let scores = grouped(q, k.t())? * scale;
    let mask = options.mask(scores)?;
    let scores = match options.bias {
        Some(bias) => scores + bias,
        None => scores,
    };
    let weights = match mask {
        None => scores.softmax(-1),
        Some((mask, true)) => mask.select(scores, f64::NEG_INFINITY).softmax(-1),
        // A query without keys would be 0/0. With finite numbers in place of -∞ its weights are some numbers, which the mask
        // then makes 0; others' are 0 anyway.
        Some((mask, false)) => mask.select(mask.select(scores, lowest(scores.dtype())).softmax(-1), 0.0),
    };
    if options.dropout == 0.0 { Ok(weights) } else { Ok(Dropout::new(options.dropout).apply(weights)) }
}

/// The least finite number.
fn lowest(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::MIN } else { f32::MIN as f64 }
}

/// The product of matrices whose heads, the third axis from the end, may be fewer on the right: each serves several
/// on the left.
#[track_caller]
fn grouped<'t>(a: Var<'t>, b: Var<'t>) -> Result<Var<'t>, String> {
    let (left, right) = (a.shape(), b.shape());
    let (&[ref lead @ .., heads, rows, columns], &[.., fewer, _, _]) = (left.dims(), right.dims()) else {
        return Ok(a.matmul(b));
    };
    if heads == fewer || heads == 1 || fewer == 1 {
        return Ok(a.matmul(b));
    }
    if fewer == 0 || heads % fewer != 0 {
        return Err(format!(
            "takes as many heads of keys and values as of queries, or a divisor of {heads}, not {fewer}"
        ));
    }
    let split: Shape = lead.iter().copied().chain([fewer, heads / fewer, rows, columns]).collect();
    let y = a.reshape(split).matmul(b.unsqueeze(-3));
    Ok(match y.shape().dims() {
        &[ref lead @ .., _, _, rows, columns] => {
            y.reshape(lead.iter().copied().chain([heads, rows, columns]).collect::<Shape>())
        }
        _ => y,
    })
}
