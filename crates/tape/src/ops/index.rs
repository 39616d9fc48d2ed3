//! Elements by index.

use super::{no_derivative, Sample, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Gradients, Lower, Meta, Op, Rule, Shape, Slice, SliceMut, Var};
use smallvec::SmallVec;
use std::sync::Arc;

/// Rows by index: the one primitive of all that reads by index.
#[derive(Debug)]
struct Rows;

impl Op for Rows {
    fn name(&self) -> &'static str {
        "index_select"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        index_dtype(x[1])?;
        Ok(Meta::new(x[1].shape.iter().chain(&x[0].shape[1..]).copied().collect::<Shape>(), x[0].dtype))
    }

    fn attributes(&self, _: &mut Key) {}

    fn lower(&self) -> Lower {
        Lower::Gather
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 0).then(|| g.segment_sum(at.x[1], at.x[0].shape()[0])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx.rows(at.x[1]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        let (table, index) = (at.x[0], at.x[1]);
        if !at.batched[0] {
            return table.rows(index);
        }
        if !at.batched[1] {
            // Rows of all elements side by side.
            let axis = index.rank() as isize;
            return table.transpose(0, 1).rows(index).move_axis(axis, 0);
        }
        let (rows, index) = in_batch(at, self.name(), index, table.shape()[1]);
        table.reshape([&[rows], &table.shape()[2..]].concat()).rows(index)
    }
}

/// Rows added up by index: the transpose of [`Rows`].
#[derive(Debug)]
struct SegmentSum {
    rows: usize,
}

impl Op for SegmentSum {
    fn name(&self) -> &'static str {
        "segment_sum"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        index_dtype(x[1])?;
        let Some(row) = x[0].shape.strip_prefix(x[1].shape.dims()) else {
            return Err("the values' shape starts with the indices'".into());
        };
        if x[0].dtype == DType::Bool {
            return Err("bool has no sum; cast it first".into());
        }
        Ok(Meta::new([self.rows].iter().chain(row).copied().collect::<Shape>(), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_usize(self.rows);
    }

    fn lower(&self) -> Lower {
        Lower::ScatterAdd
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 0).then(|| g.rows(at.x[1])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx.segment_sum(at.x[1], self.rows))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        if !at.batched[1] {
            // Rows of all elements side by side.
            let axis = at.x[1].rank() as isize;
            return at.x[0].move_axis(0, axis).segment_sum(at.x[1], self.rows).transpose(0, 1);
        }
        let (rows, index) = in_batch(at, self.name(), at.x[1], self.rows);
        let y = at.whole(0).segment_sum(index, rows);
        let shape = y.shape();
        y.reshape([&[at.size, self.rows], &shape[1..]].concat())
    }
}

#[derive(Debug)]
struct CheckIndex {
    /// The op that wants the indices, for the error.
    name: &'static str,
    bound: usize,
}

impl Op for CheckIndex {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        index_dtype(x[0])?;
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        key.write_str(self.name);
        key.write_usize(self.bound);
    }

    fn lower(&self) -> Lower {
        Lower::CheckIndex(self.bound)
    }

    no_derivative! {}

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

/// For each place along the last axis, the number of the last index that is it, or -1.
#[derive(Clone, Debug)]
struct LastSource {
    places: usize,
}

impl Call for LastSource {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        let ([Slice::I64(index)], SliceMut::I64(last)) = (inputs, output) else {
            return Err("indices are i64".into());
        };
        last.fill(-1);
        if last.is_empty() {
            return index.first().map_or(Ok(()), |bad| Err(format!("index {bad} is outside 0..0")));
        }
        // As many runs of indices as of places.
        let runs = last.len() / self.places;
        let length = index.len() / runs;
        if length == 0 {
            return Ok(());
        }
        for (last, index) in last.chunks_exact_mut(self.places).zip(index.chunks_exact(length)) {
            for (number, &place) in index.iter().enumerate() {
                let found = usize::try_from(place).ok().and_then(|place| last.get_mut(place));
                *found.ok_or_else(|| format!("index {place} is outside 0..{}", self.places))? = number as i64;
            }
        }
        Ok(())
    }
}

impl Op for LastSource {
    fn name(&self) -> &'static str {
        "scatter"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        index_dtype(x[0])?;
        match x[0].shape.rank().checked_sub(1) {
            Some(axis) => Ok(Meta::new(x[0].shape.with(axis, self.places), DType::I64)),
            None => Err("a scalar has no places".into()),
        }
    }

    fn attributes(&self, key: &mut Key) {
        key.write_usize(self.places);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    no_derivative! {}

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        // Only the last axis is looked at.
        at.together()
    }
}

/// The rows of all elements of a batch one below the other: how many, and where these indices are among them.
fn in_batch<'t>(at: &Batch<'_, 't>, name: &'static str, index: Var<'t>, rows: usize) -> (usize, Var<'t>) {
    let mut column = SmallVec::<[usize; 4]>::from_elem(1, index.rank());
    column[0] = at.size;
    let first = at.tape.iota(at.size, DType::I64).reshape(&column[..]) * rows as f64;
    (at.size * rows, index.check_index_of(name, rows) + first)
}

fn index_dtype(meta: &Meta) -> Result<(), String> {
    if meta.dtype == DType::I64 { Ok(()) } else { Err(format!("indices are i64, not {}", meta.dtype)) }
}

impl<'t> Var<'t> {
    /// Rows by index, `y[i…] = x[index[i…]]`: [`index_select`](Var::index_select) of the first axis, which exists.
    #[track_caller]
    pub(crate) fn rows(self, index: Var<'t>) -> Var<'t> {
        self.tape.op(Rows, &[self, index])
    }

    /// Sums of rows by index: `y[j] = Σ x[i…]` over all `i` with `index[i…] = j`, for `j` in `0..rows`, added in the
    /// order of `i`; a row without any is 0. `x` is `[index's axes…, row…]`, `y` is `[rows, row…]`.
    ///
    /// The transpose of [`index_select`](Var::index_select) of the first axis: the gradient of each row of `x` is the
    /// gradient of the sum that it went to. An index out of range is an error of the run. (JAX's and TensorFlow's
    /// `segment_sum`.)
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let sums = x.segment_sum(tape.var([1i64, 0, 1]), 3);
    /// assert_eq!(sums.value()?.to_f64(), [3.0, 4.0, 6.0, 8.0, 0.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn segment_sum(self, index: Var<'t>, rows: usize) -> Var<'t> {
        self.tape.op(SegmentSum { rows }, &[self, index])
    }

    /// These indices, which must lie in `0..bound`: one that doesn't is an error of the run.
    #[track_caller]
    pub fn check_index(self, bound: usize) -> Var<'t> {
        self.check_index_of("check_index", bound)
    }

    /// The same, with the name of the op that wants the indices.
    #[track_caller]
    pub(crate) fn check_index_of(self, name: &'static str, bound: usize) -> Var<'t> {
        self.apply_with(CheckIndex { name, bound })
    }

    /// For each of `places`, the last of these indices that is it: its number along the last axis, or -1 where there
    /// is none.
    #[track_caller]
    pub(crate) fn last_source(self, places: usize) -> Var<'t> {
        self.apply_with(LastSource { places })
    }

    /// `true` at each index: `[…] → […, classes]`, as `bool`. A label outside `0..classes` is an error of the run.
    #[track_caller]
    pub fn one_hot(self, classes: usize) -> Var<'t> {
        let _op = self.tape.within("one_hot", &[self]);
        let classes_axis = self.tape.iota(classes, DType::I64);
        self.check_index_of("one_hot", classes).unsqueeze(-1).eq(classes_axis)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "segment_sum",
        inputs: table,
        apply: |x| x[0].segment_sum(x[0].tape().var([1i64, 3, 1]), 4).square(),
    },
    Sample {
        name: "check_index",
        inputs: table,
        apply: |x| x[0].index_select(0, x[0].tape().var([1i64, 1]).check_index(3)).square(),
    },
    Sample {
        name: "one_hot",
        inputs: table,
        apply: |x| x[0].tape().var([1i64, 0, 1]).one_hot(2).select(x[0].square(), 0.0),
    },
];

fn table() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])]
}
