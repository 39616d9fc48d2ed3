//! Searching and counting.

use super::{no_derivative, Sample, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Lower, Meta, Op, Slice, SliceMut, Var};
use std::cmp::Ordering;
use std::sync::Arc;

/// Where values belong in ascending sequences: one for all, or one for each line of values.
#[derive(Clone, Debug)]
struct SearchSorted {
    length: usize,
    /// How many values look in each sequence, where they have their own.
    values: usize,
    shared: bool,
    right: bool,
}

impl SearchSorted {
    fn search<T: Copy + PartialOrd>(&self, sorted: &[T], values: &[T], y: &mut [i64]) {
        let find = |sorted: &[T], value: T| {
            // (A NaN is neither before nor after, and so belongs at the end.)
            sorted.partition_point(|x| match x.partial_cmp(&value) {
                Some(Ordering::Greater) => false,
                Some(Ordering::Equal) => self.right,
                _ => true,
            }) as i64
        };
        if self.shared || self.length == 0 {
            y.iter_mut().zip(values).for_each(|(y, &value)| *y = find(sorted, value));
        } else if self.values > 0 {
            let lines = values.chunks_exact(self.values).zip(y.chunks_exact_mut(self.values));
            for (sorted, (values, y)) in sorted.chunks_exact(self.length).zip(lines) {
                y.iter_mut().zip(values).for_each(|(y, &value)| *y = find(sorted, value));
            }
        }
    }
}

impl Call for SearchSorted {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            ([Slice::F32(sorted), Slice::F32(values)], SliceMut::I64(y)) => self.search(sorted, values, y),
            ([Slice::F64(sorted), Slice::F64(values)], SliceMut::I64(y)) => self.search(sorted, values, y),
            ([Slice::I64(sorted), Slice::I64(values)], SliceMut::I64(y)) => self.search(sorted, values, y),
            _ => return Err("takes numbers of one dtype".into()),
        }
        Ok(())
    }
}

impl Op for SearchSorted {
    fn name(&self) -> &'static str {
        "searchsorted"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype != x[1].dtype || x[0].dtype == DType::Bool {
            return Err("takes two operands of numbers of one dtype; cast one of them".into());
        }
        Ok(Meta::new(&x[1].shape, DType::I64))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&[self.length, self.values, self.shared as usize, self.right as usize]);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    no_derivative! {}

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        if !self.shared {
            return at.together();
        }
        if !at.batched[0] {
            return at.tape.op(self.clone(), &[at.x[0], at.x[1]]);
        }
        // Each element's values, however many axes they have, look in its own sequence.
        let values = at.whole(1);
        let shape = values.shape();
        let each = shape[1..].iter().product();
        let op = SearchSorted { shared: false, values: each, ..self.clone() };
        at.tape.op(op, &[at.x[0], values.reshape([at.size, each])]).reshape(shape)
    }
}

impl<'t> Var<'t> {
    /// Where values belong in this ascending sequence, as `i64` of the values' shape: the number of its elements below each
    /// value, or, if `right`, not above it. NaN belongs at the end. The sequence has one axis, or as many as the values, of the
    /// same lengths but for the last: each line of values then looks in its own. Whether it ascends is not checked. No derivative.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (sorted, values) = (tape.var([1.0, 2.0, 2.0, 5.0]), tape.var([2.0, 0.0, 9.0]));
    /// assert_eq!(sorted.searchsorted(values, false).value()?.to_f64(), [1.0, 0.0, 4.0]);
    /// assert_eq!(sorted.searchsorted(values, true).value()?.to_f64(), [3.0, 0.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn searchsorted(self, values: Var<'t>, right: bool) -> Var<'t> {
        self.search("searchsorted", values, right)
    }

    /// The number of the bucket of each element between ascending boundaries of one axis, as `i64`:
    /// [`searchsorted`](Var::searchsorted) the other way around, as in PyTorch. Bucket `i` is `boundaries[i-1] < x ≤ boundaries[i]`,
    /// or, if `right`, `boundaries[i-1] ≤ x < boundaries[i]`. No derivative.
    #[track_caller]
    pub fn bucketize(self, boundaries: Var<'t>, right: bool) -> Var<'t> {
        let _op = self.tape.within("bucketize", &[self, boundaries]);
        if boundaries.rank() != 1 && !boundaries.is_poisoned() {
            return self.tape.fail("bucketize", "boundaries have one axis", &[self, boundaries]);
        }
        boundaries.search("bucketize", self, right)
    }

    /// How often each of the numbers `0..length` occurs among these (of `i64`), as `i64`: `[…] → [length]`. A number out of range
    /// is an error of the run. (PyTorch's `minlength`, where all are below it.) No derivative.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1i64, 1, 3]).bincount(4).value()?.to_f64(), [0.0, 2.0, 0.0, 1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn bincount(self, length: usize) -> Var<'t> {
        let _op = self.tape.within("bincount", &[self]);
        if self.dtype() != DType::I64 {
            return self.tape.fail("bincount", "takes i64", &[self]);
        }
        let ones = self.tape.full(self.shape(), 1.0, DType::I64);
        ones.segment_sum(self.check_index_of("bincount", length), length)
    }

    /// The sum of the weights that belong to each of the numbers `0..length` among these (of `i64`, of the weights' shape):
    /// `y[x[i]] += weights[i]`, of the weights' dtype. A number out of range is an error of the run. Derivative by a weight: 1.
    #[track_caller]
    pub fn bincount_weighted(self, weights: Var<'t>, length: usize) -> Var<'t> {
        let _op = self.tape.within("bincount_weighted", &[self, weights]);
        if self.dtype() != DType::I64 {
            return self.tape.fail("bincount_weighted", "takes i64", &[self, weights]);
        }
        if self.shape() != weights.shape() {
            return self.tape.fail("bincount_weighted", "the weights have another shape", &[self, weights]);
        }
        weights.segment_sum(self.check_index_of("bincount_weighted", length), length)
    }

    #[track_caller]
    fn search(self, name: &'static str, values: Var<'t>, right: bool) -> Var<'t> {
        let _op = self.tape.within(name, &[self, values]);
        let (sorted, shape) = (self.shape(), values.shape());
        let Some((&length, lines)) = sorted.split_last() else {
            return self.tape.fail(name, "a scalar is no sequence", &[self, values]);
        };
        let shared = lines.is_empty();
        let fits = shared || shape.split_last().is_some_and(|(_, leading)| leading == lines);
        if !fits {
            let what = "the sequences have one axis, or the values' axes but for the last";
            return self.tape.fail(name, what, &[self, values]);
        }
        let each = if shared { 0 } else { shape[shape.rank() - 1] };
        self.tape.op(SearchSorted { length, values: each, shared, right }, &[self, values])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "searchsorted",
        inputs: six,
        apply: |x| x[0].tape().var([-0.8, 0.0, 1.0]).searchsorted(x[0], false).cast(DType::F64) * x[0],
    },
    Sample {
        name: "bucketize",
        inputs: six,
        apply: |x| x[0].bucketize(x[0].tape().var([-0.8, 0.0, 1.0]), true).cast(DType::F64) * x[0],
    },
    Sample {
        name: "bincount",
        inputs: six,
        apply: |x| x[0].tape().var([2i64, 0, 2, 1]).bincount(3).cast(DType::F64) * x[0],
    },
    Sample {
        name: "bincount_weighted",
        inputs: six,
        apply: |x| x[0].tape().var([[2i64, 0, 2], [1, 0, 2]]).bincount_weighted(x[0].square(), 4).square(),
    },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
