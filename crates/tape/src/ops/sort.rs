//! Sorting.

use super::{no_derivative, Sample, is_lone, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Lower, Meta, Op, Slice, SliceMut, Var};
use std::cmp::Ordering;
use std::sync::Arc;

/// The elements at indices along an axis, which exists: `y[…, i, …] = x[…, index[…, i, …], …]`.
#[track_caller]
pub(super) fn along<'t>(x: Var<'t>, index: Var<'t>, axis: usize) -> Var<'t> {
    if x.is_poisoned() || index.is_poisoned() {
        return x.tape.poison();
    }
    let (shape, places) = (x.shape(), index.shape());
    if places.numel() == 0 {
        return x.tape.full(places, 0.0, x.dtype());
    }
    let product = |lengths: &[usize]| lengths.iter().product::<usize>();
    let (outer, inner) = (product(&shape[..axis]), product(&shape[axis + 1..]));
    // Where each line starts, and the places along it, in the flat array.
    let line = x.tape.iota(outer, DType::I64).reshape([outer, 1, 1]) * (shape[axis] * inner) as f64;
    let column = x.tape.iota(inner, DType::I64).reshape([1, 1, inner]);
    let flat = index.reshape([outer, places[axis], inner]) * inner as f64 + (line + column);
    x.reshape(shape.numel()).rows(flat).reshape(places)
}

/// Of each line along the last axis, the order that sorts it.
#[derive(Clone, Debug)]
struct ArgSort {
    length: usize,
    descending: bool,
}

/// NaN is above all others, and equal to itself.
fn order<T: PartialOrd>(a: T, b: T) -> Ordering {
    let is_nan = |x: &T| x.partial_cmp(x).is_none();
    a.partial_cmp(&b).unwrap_or_else(|| is_nan(&a).cmp(&is_nan(&b)))
}

impl ArgSort {
    fn sort<T: Copy + PartialOrd>(&self, x: &[T], y: &mut [i64]) {
        if self.length == 0 {
            return;
        }
        for (x, y) in x.chunks_exact(self.length).zip(y.chunks_exact_mut(self.length)) {
            y.iter_mut().zip(0..).for_each(|(y, i)| *y = i);
            // With their places, no two are equal, so that this is stable, and needs no memory.
            if self.descending {
                y.sort_unstable_by(|&a, &b| order(x[b as usize], x[a as usize]).then(a.cmp(&b)));
            } else {
                y.sort_unstable_by(|&a, &b| order(x[a as usize], x[b as usize]).then(a.cmp(&b)));
            }
        }
    }
}

impl Call for ArgSort {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            ([Slice::F32(x)], SliceMut::I64(y)) => self.sort(x, y),
            ([Slice::F64(x)], SliceMut::I64(y)) => self.sort(x, y),
            ([Slice::I64(x)], SliceMut::I64(y)) => self.sort(x, y),
            ([Slice::Bool(x)], SliceMut::I64(y)) => self.sort(x, y),
            _ => return Err("makes i64".into()),
        }
        Ok(())
    }
}

impl Op for ArgSort {
    fn name(&self) -> &'static str {
        "argsort"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].shape.last() != Some(&self.length) {
            return Err(format!("made for lines of {}", self.length));
        }
        Ok(Meta::new(&x[0].shape, DType::I64))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&[self.length, self.descending as usize]);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    no_derivative! {}

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        // The last axis is the last of a batch too.
        at.together()
    }
}

impl<'t> Var<'t> {
    /// The elements along an axis, which may count from the end, in ascending order, of the same shape. Equals stay in order, and
    /// NaN is last. The gradient goes to where each element came from.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([3.0, 1.0, 2.0]).sort(0).value()?.to_f64(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn sort(self, axis: isize) -> Var<'t> {
        self.sorted("sort", axis, false)
    }

    /// The elements along an axis, which may count from the end, in descending order, of the same shape. Equals stay in order, and
    /// NaN is first. The gradient goes to where each element came from.
    #[track_caller]
    pub fn sort_descending(self, axis: isize) -> Var<'t> {
        self.sorted("sort_descending", axis, true)
    }

    /// The indices along an axis, which may count from the end, of [`sort`](Var::sort)'s elements, as `i64`. No derivative.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([3.0, 1.0, 2.0, 1.0]).argsort(0).value()?.to_f64(), [1.0, 3.0, 2.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn argsort(self, axis: isize) -> Var<'t> {
        self.sorting_indices("argsort", axis, false)
    }

    /// The indices along an axis, which may count from the end, of [`sort_descending`](Var::sort_descending)'s elements, as `i64`.
    /// No derivative.
    #[track_caller]
    pub fn argsort_descending(self, axis: isize) -> Var<'t> {
        self.sorting_indices("argsort_descending", axis, true)
    }

    /// The `k` largest elements along an axis, which may count from the end and gets length `k`: the values in descending order,
    /// and their indices, as `i64`. NaN counts as the largest; of equals, the first come first. The gradient goes to where
    /// each value came from. A mistake if the axis is shorter.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (values, indices) = tape.var([3.0, 1.0, 4.0, 2.0]).topk(2, 0);
    /// assert_eq!(values.value()?.to_f64(), [4.0, 3.0]);
    /// assert_eq!(indices.value()?.to_f64(), [2.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn topk(self, k: usize, axis: isize) -> (Var<'t>, Var<'t>) {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && k == 1 {
            return (self, self.tape.full((), 0.0, DType::I64));
        }
        let Some(at) = shape.axis(axis) else {
            let bad = self.tape.fail("topk", format!("there is no axis {axis}"), &[self]);
            return (bad, bad);
        };
        if k > shape[at] {
            let bad = self.tape.fail("topk", format!("there are no {k} elements along axis {axis}"), &[self]);
            return (bad, bad);
        }
        let index = self.sorting_indices("topk", axis, true).slice(axis, 0..k);
        (along(self, index, at), index)
    }

    /// The `k`-th smallest element along an axis, which may count from the end and is dropped, and its index, as `i64`. `k` counts
    /// from 1, as in PyTorch; NaN counts as the largest. The gradient goes to where the value came from. A mistake if there is no
    /// such element.
    #[track_caller]
    pub fn kthvalue(self, k: usize, axis: isize) -> (Var<'t>, Var<'t>) {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && k == 1 {
            return (self, self.tape.full((), 0.0, DType::I64));
        }
        let Some(at) = shape.axis(axis) else {
            let bad = self.tape.fail("kthvalue", format!("there is no axis {axis}"), &[self]);
            return (bad, bad);
        };
        if k == 0 || k > shape[at] {
            let what = format!("there is no element {k} (from 1) along axis {axis}");
            let bad = self.tape.fail("kthvalue", what, &[self]);
            return (bad, bad);
        }
        let index = self.sorting_indices("kthvalue", axis, false).slice(axis, k - 1..k);
        let value = along(self, index, at);
        (value.keep_or_drop(&[at], false), index.keep_or_drop(&[at], false))
    }

    #[track_caller]
    fn sorted(self, name: &'static str, axis: isize, descending: bool) -> Var<'t> {
        let index = self.sorting_indices(name, axis, descending);
        match self.shape().axis(axis) {
            Some(at) => along(self, index, at),
            // A scalar, or a mistake.
            None if index.is_poisoned() => index,
            None => self,
        }
    }

    #[track_caller]
    fn sorting_indices(self, name: &'static str, axis: isize, descending: bool) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) {
            return self.tape.full((), 0.0, DType::I64);
        }
        let Some(at) = shape.axis(axis) else {
            return self.tape.fail(name, format!("there is no axis {axis}"), &[self]);
        };
        let op = ArgSort { length: shape[at], descending };
        if at + 1 == shape.rank() {
            return self.apply_with(op);
        }
        self.move_axis(axis, -1).apply_with(op).move_axis(-1, axis)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "sort", inputs: six, apply: |x| x[0].sort(-1).square() * x[0] },
    Sample { name: "sort_first", inputs: six, apply: |x| x[0].square().sort(0) * x[0] },
    Sample { name: "sort_descending", inputs: six, apply: |x| x[0].sort_descending(1).square() * x[0] },
    Sample { name: "argsort", inputs: six, apply: |x| x[0].argsort(1).cast(DType::F64) * x[0] },
    Sample {
        name: "argsort_descending",
        inputs: six,
        apply: |x| x[0].argsort_descending(0).cast(DType::F64) * x[0],
    },
    Sample { name: "topk", inputs: six, apply: |x| x[0].topk(2, 1).0.square() },
    Sample { name: "kthvalue", inputs: six, apply: |x| x[0].kthvalue(2, 1).0.square() },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
