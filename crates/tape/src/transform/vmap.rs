//! A function of one element, over a batch of them.

use crate::record::{Batch, OpRef, Source};
use crate::{Tape, Var};
use smallvec::SmallVec;

const NONE: u32 = u32::MAX;

impl Tape {
    /// A function over a batch: `f` is recorded for one element of `x`, which lie along the first axis of each, and the result
    /// is that of all elements, along a first axis of its own. What else `f` uses is shared by all elements.
    ///
    /// The recording is of the size of one element's: each op has a rule for batches. `f` may differentiate, so that this makes
    /// per-example gradients, and may itself be over a batch. Random numbers are shared by all elements.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (w, x) = (tape.var([2.0, 1.0]), tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
    /// let gradients = tape.vmap(&[x], |x| tape.grad(w.dot(x[0]).square(), w));
    /// assert_eq!(gradients.value()?.to_f64(), [8.0, 16.0, 60.0, 80.0, 160.0, 192.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// A mistake if there is nothing in `x`, or if their first axes differ.
    #[track_caller]
    pub fn vmap<'t>(&'t self, x: &[Var<'t>], f: impl FnOnce(&[Var<'t>]) -> Var<'t>) -> Var<'t> {
        self.vmap_all(x, |x| vec![f(x)]).pop().unwrap_or_else(|| self.poison())
    }

    /// The same for a function of several results.
    #[track_caller]
    pub fn vmap_all<'t>(&'t self, x: &[Var<'t>], f: impl FnOnce(&[Var<'t>]) -> Vec<Var<'t>>) -> Vec<Var<'t>> {
        // (Even after a mistake there are as many results.)
        let mut elements: Vec<Var<'t>> = Vec::with_capacity(x.len());
        let size = x.first().and_then(|x| x.shape().first().copied());
        let fits = !self.rejects("vmap", x)
            && size.is_some()
            && x.iter().all(|x| x.shape().first().copied() == size);
        if !fits && x.iter().all(|x| !x.is_poisoned()) {
            self.fail("vmap", "the first axes, of the batch, have the same length", x);
        }
        for x in x {
            elements.push(if fits { self.full(&x.shape()[1..], 0.0, x.dtype()) } else { self.poison() });
        }
        let y = f(&elements);
        self.batch(&y, &elements, x, size.unwrap_or(0))
    }

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
        // The nodes that the results need.
        let mut needed = vec![false; high + 1 - low];
        y.iter().filter(|y| y.index as usize >= low).for_each(|y| needed[y.index as usize - low] = true);
        {
            let recording = self.recording();
            for index in (low..=high).rev() {
                if needed[index - low] {
                    for &input in recording.nodes[index].inputs.iter().filter(|&&input| input as usize >= low)
                    {
                        needed[input as usize - low] = true;
                    }
                }
            }
        }
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
