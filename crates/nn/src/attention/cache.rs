//! What is kept of a sequence while it grows.

use chainrule_tape::Var;

/// The keys and values of the positions so far, as an attention keeps them: both `[…, kv_heads, time, head_width]`, the keys
/// with their [rotation](crate::Rotary), if any.
///
/// It is a state that goes in and out of [`MultiheadAttention::forward_cached`](crate::MultiheadAttention::forward_cached): a new
/// position then costs one position's products, not the whole sequence's. To carry it to another tape, take the values:
///
/// ```
/// use chainrule_nn::{KeyValue, Layer, MultiheadAttention};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let attention = MultiheadAttention::new(&mut params.root(), 4, 2).causal();
/// let mut past: Option<[Tensor; 2]> = None;
/// for token in [0.5f32, -1.0, 2.0] {
///     let tape = Tape::with(&params).inference();
///     let x = tape.var(Tensor::full([1, 1, 4], token));
///     let before = past.take().map(|[key, value]| KeyValue { key: tape.var(key), value: tape.var(value) });
///     let (_, now) = attention.forward_cached(x, before);
///     past = Some([now.key.value()?, now.value.value()?]);
/// }
/// assert_eq!(past.map(|[key, _]| key.shape().dims().to_vec()), Some(vec![1, 2, 3, 2]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeyValue<'t> {
    /// The keys.
    pub key: Var<'t>,
    /// The values.
    pub value: Var<'t>,
}

impl<'t> KeyValue<'t> {
    /// The number of positions.
    pub fn len(&self) -> usize {
        self.key.shape().dims().iter().rev().nth(1).copied().unwrap_or(0)
    }

    /// Whether there are no positions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These and then those of `next`.
    #[track_caller]
    pub(crate) fn then(self, next: KeyValue<'t>) -> KeyValue<'t> {
        let tape = next.key.tape();
        KeyValue {
            key: tape.concat(&[self.key, next.key], -2),
            value: tape.concat(&[self.value, next.value], -2),
        }
    }
}
