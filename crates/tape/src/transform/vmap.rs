//! A function of one element, over a batch of them.

use super::{Vars, on_placeholders};
use crate::differentiate::needed;
use crate::ops::placeholder;
use crate::record::{Batch, OpRef, Source};
use crate::{Tape, Var};
use smallvec::SmallVec;

const NONE: u32 = u32::MAX;

/// A function over a batch: `f` is recorded for one element of `x`, which lie along the first axis of each of its values, and the
/// result is that of all elements, along a new first axis of each of its values. What else `f` uses is shared by all elements. (An
/// axis other than the first is [moved](Var::move_axis) there.)
///
/// The recording is of the size of one element's: each op has a rule for batches. `f` may differentiate, so that this makes
/// per-example gradients, and may itself be made of this. Random numbers recorded in `f` are shared by all elements.
///
/// ```
/// use chainrule_tape::{Tape, grad, vmap};
/// let tape = Tape::new();
/// let (w, x) = (tape.var([2.0, 1.0]), tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
/// let gradients = vmap(|x| grad(|w| w.dot(x).square(), w), x);
/// assert_eq!(gradients.value()?.to_f64(), [8.0, 16.0, 60.0, 80.0, 160.0, 192.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// A mistake if the first axes of `x` differ in length, or there is none.
#[track_caller]
pub fn vmap<'t, X: Vars<'t>, Y: Vars<'t>>(f: impl FnOnce(X) -> Y, x: X) -> Y {
    let batches = x.leaves();
    let Some(first) = batches.first() else { return f(x) };
    let tape = first.tape();
    let size = first.shape().first().copied();
    let poisoned = tape.rejects("vmap", &batches);
    let fits = !poisoned && size.is_some() && batches.iter().all(|x| x.shape().first().copied() == size);
    if !fits && !poisoned {
        let what = if batches.iter().any(|x| x.rank() == 0) {
            "a scalar has no axis along which a batch lies (values that all elements share are captured)"
        } else {
            "the first axes, along which the batch lies, have the same length"
        };
        tape.fail("vmap", what, &batches);
    }
    let mut elements = Vec::with_capacity(batches.len());
    for x in &batches {
        elements.push(if fits { placeholder(tape, &x.shape()[1..], x.dtype()) } else { tape.poison() });
    }
    let (y, assigned) = on_placeholders(tape, || f(x.with(&mut elements.iter().copied())));
    if let Some((_, value)) = assigned.first() {
        let what = "a parameter is assigned by the function, which would be done for each element";
        tape.fail("vmap", what, &[*value]);
    }
    y.with(&mut tape.batch(&y.leaves(), &elements, &batches, size.unwrap_or(0)).into_iter())
}

impl Tape {
    /// What values `y` made from `elements` are for batches of them.
    #[track_caller]
    pub(super) fn batch<'t>(
        &'t self,
        y: &[Var<'t>],
        elements: &[Var<'t>],
        batches: &[Var<'t>],
        size: usize,
    ) -> Vec<Var<'t>> {
        if self.rejects("vmap", &[y, elements, batches].concat()) {
            return vec![self.poison(); y.len()];
        }
        let var = |index: u32| Var { tape: self, index };
        let low = elements.iter().map(|x| x.index as usize).min().unwrap_or(0);
        let high = y.iter().map(|y| y.index as usize).max().unwrap_or(low).max(low);
        let needed = needed(&self.recording(), low, high, y.iter().map(|y| y.index as usize));
        let mut whole = vec![NONE; high + 1 - low];
        for (element, batch) in elements.iter().zip(batches) {
            if element.index as usize <= high {
                whole[element.index as usize - low] = batch.index;
            }
        }
        let of = |whole: &[u32], x: u32| match (x as usize).checked_sub(low).and_then(|at| whole.get(at)) {
            Some(&batch) if batch != NONE => Some(var(batch)),
            _ => None,
        };
        for index in low..=high {
            if !needed[index - low] || whole[index - low] != NONE {
                continue;
            }
            let (op, inputs, at): (OpRef, SmallVec<[u32; 3]>, _) = {
                let recording = self.recording();
                let node = &recording.nodes[index];
                match &node.source {
                    Source::Leaf(_) => continue,
                    Source::Op(op) => (op.clone(), node.inputs.clone(), node.at),
                }
            };
            let batched: SmallVec<[bool; 3]> = inputs.iter().map(|&x| of(&whole, x).is_some()).collect();
            if !batched.contains(&true) {
                continue;
            }
            let x: SmallVec<[Var<'t>; 3]> = inputs.iter().map(|&x| of(&whole, x).unwrap_or(var(x))).collect();
            let rule = Batch { tape: self, x: &x, batched: &batched, size, op: &op };
            let result = self.on_behalf_of(at, || op.batch(&rule));
            if result.is_poisoned() {
                return vec![self.poison(); y.len()];
            }
            let element = var(index as u32).meta();
            let meta = result.meta();
            if meta.dtype != element.dtype
                || meta.shape.first() != Some(&size)
                || meta.shape[1..] != *element.shape
            {
                let what =
                    "the batching rule's result is not a batch of the output's shape and dtype".to_owned();
                self.on_behalf_of(at, || self.mistake(op.name(), what, &[element, meta]));
                return vec![self.poison(); y.len()];
            }
            whole[index - low] = result.index;
        }
        let shared = |y: Var<'t>| y.expand([&[size], y.shape().dims()].concat());
        y.iter().map(|&y| of(&whole, y.index).unwrap_or_else(|| shared(y))).collect()
    }
}
