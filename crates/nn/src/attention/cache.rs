//! What is kept of a sequence while it grows.

use chainrule_tape::Var;

/// The keys and values of the positions so far, as an attention keeps them: both `[…, kv_heads, time, head_width]`,
/// the keys with their [rotation](crate::Rotary), if any.
///
/// It is a state that goes in and out of
/// [`MultiheadAttention::forward_cached`](crate::MultiheadAttention::forward_cached): a new position then costs one
/// position's products, not the whole sequence's. To carry it to another tape, take the values:
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

    /// These and then those of `next`, or what is wrong.
    #[track_caller]
    pub(crate) fn then(self, next: KeyValue<'t>) -> Result<KeyValue<'t>, String> {
        let tape = next.key.tape();
        let same_but_time = |a: Var<'t>, b: Var<'t>| {
            let (a, b) = (a.shape(), b.shape());
            let axis = a.rank().wrapping_sub(2);
            a.rank() == b.rank() && a.iter().zip(b.iter()).enumerate().all(|(i, (a, b))| i == axis || a == b)
        };
        let poisoned = [self.key, self.value, next.key].iter().any(|x| x.is_poisoned());
        let fits = same_but_time(self.key, next.key) && self.key.shape() == self.value.shape();
        if !fits && !poisoned {
            let (key, value, next) = (self.key.shape(), self.value.shape(), next.key.shape());
            return Err(format!("can't continue keys {key} and values {value} by those of {next}"));
        }
        Ok(KeyValue {
            key: tape.concat(&[self.key, next.key], -2),
            value: tape.concat(&[self.value, next.value], -2),
        })
    }
}
