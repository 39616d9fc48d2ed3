//! One of two results.

use super::Vars;
use crate::Var;

/// Of a `bool` mask: the values of `yes` where it is true, those of `no` elsewhere. Both are recorded and computed, and the
/// derivative goes to what was chosen; the mask is broadcast with the values.
///
/// What is not chosen gets a gradient of 0, but 0 times an infinite derivative is NaN: give a function that is not differentiable
/// at what it isn't meant for another argument there, as below.
///
/// ```
/// use chainrule_tape::{Tape, Var, cond, grad};
/// let tape = Tape::new();
/// // √x, and 0 for negative numbers, with a derivative of 0 there.
/// fn root(x: Var<'_>) -> Var<'_> {
///     let positive = x.gt(0.0);
///     let safe = positive.select(x, 1.0);
///     cond(positive, || safe.sqrt(), || x * 0.0).sum(..)
/// }
/// let slope = grad(root, tape.var([4.0, -1.0]));
/// assert_eq!(slope.value()?.to_f64(), [0.25, 0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// A mistake if the mask is not `bool`, if shapes don't broadcast, or if the two have different numbers of values.
#[track_caller]
pub fn cond<'t, Y: Vars<'t>>(mask: Var<'t>, yes: impl FnOnce() -> Y, no: impl FnOnce() -> Y) -> Y {
    let (yes, no) = (yes(), no());
    let (mut chosen, others) = (yes.leaves(), no.leaves());
    if chosen.len() != others.len() {
        let what = format!("one way has {} values, the other {}", chosen.len(), others.len());
        let poison = mask.tape().fail("cond", what, &[mask]);
        return yes.map(|_| poison);
    }
    for (chosen, other) in chosen.iter_mut().zip(others) {
        *chosen = mask.select(*chosen, other);
    }
    yes.with(&mut chosen.into_iter())
}
