//! Elements by index.

use super::{Sample, sample};
use crate::record::Key;
use crate::{Batch, DType, Gradients, Lower, Meta, Op, Rule, Shape, Var};
use smallvec::SmallVec;

#[derive(Debug)]
struct Gather;

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
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
        at.gradients(|i| (i == 0).then(|| g.scatter_add(at.x[1], at.x[0].shape()[0])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx.gather(at.x[1]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        let (table, index) = (at.x[0], at.x[1]);
        if !at.batched[0] {
            return table.gather(index);
        }
        if !at.batched[1] {
            // Rows of all elements side by side.
            let axis = index.rank() as isize;
            return table.transpose(0, 1).gather(index).move_axis(axis, 0);
        }
        let (rows, index) = in_batch(at, index, table.shape()[1]);
        table.reshape([&[rows], &table.shape()[2..]].concat()).gather(index)
    }
}

#[derive(Debug)]
struct ScatterAdd {
    rows: usize,
}

impl Op for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
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
        at.gradients(|i| (i == 0).then(|| g.gather(at.x[1])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx.scatter_add(at.x[1], self.rows))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        if !at.batched[1] {
            // Rows of all elements side by side.
            let axis = at.x[1].rank() as isize;
            return at.x[0].move_axis(0, axis).scatter_add(at.x[1], self.rows).transpose(0, 1);
        }
        let (rows, index) = in_batch(at, at.x[1], self.rows);
        let y = at.whole(0).scatter_add(index, rows);
        let shape = y.shape();
        y.reshape([&[at.size, self.rows], &shape[1..]].concat())
    }
}

#[derive(Debug)]
struct CheckIndex {
    bound: usize,
}

impl Op for CheckIndex {
    fn name(&self) -> &'static str {
        "index"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        index_dtype(x[0])?;
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        key.write_usize(self.bound);
    }

    fn lower(&self) -> Lower {
        Lower::CheckIndex(self.bound)
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, _: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| None)
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

/// The rows of all elements of a batch one below the other: how many, and where these indices are among them.
fn in_batch<'t>(at: &Batch<'_, 't>, index: Var<'t>, rows: usize) -> (usize, Var<'t>) {
    let mut column = SmallVec::<[usize; 4]>::from_elem(1, index.rank());
    column[0] = at.size;
    let first = at.tape.iota(at.size, DType::I64).reshape(&column[..]) * rows as f64;
    (at.size * rows, index.check_index(rows) + first)
}

fn index_dtype(meta: &Meta) -> Result<(), String> {
    if meta.dtype == DType::I64 { Ok(()) } else { Err(format!("indices are i64, not {}", meta.dtype)) }
}

impl<'t> Var<'t> {
    /// Rows by index: `y[i…] = x[index[i…]]`, of shape `[index's axes…, x's axes but the first…]`. An index out of range
    /// is an error of the run. The gradient of a row is the sum over its uses.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let table = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let rows = table.gather(tape.var([2i64, 0]));
    /// assert_eq!(rows.value()?.to_f64(), [5.0, 6.0, 1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn gather(self, index: Var<'t>) -> Var<'t> {
        if self.rank() == 0 && !self.is_poisoned() {
            return self.tape.fail("gather", "a scalar has no rows", &[self, index]);
        }
        self.tape.op(Gather, &[self, index])
    }

    /// The transpose of [`gather`](Var::gather): zeros of `rows` rows, to which row `index[i…]` has `x[i…]` added, in
    /// the order of `i`.
    #[track_caller]
    pub fn scatter_add(self, index: Var<'t>, rows: usize) -> Var<'t> {
        self.tape.op(ScatterAdd { rows }, &[self, index])
    }

    /// These indices, which must lie in `0..bound`: one that doesn't is an error of the run.
    #[track_caller]
    pub fn check_index(self, bound: usize) -> Var<'t> {
        self.apply_with(CheckIndex { bound })
    }

    /// `true` at each index: `[…] → […, classes]`, as `bool`. A label outside `0..classes` is an error of the run.
    #[track_caller]
    pub fn one_hot(self, classes: usize) -> Var<'t> {
        let classes_axis = self.tape.iota(classes, DType::I64);
        self.check_index(classes).unsqueeze(-1).eq(classes_axis)
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "gather",
        inputs: table,
        apply: |x| x[0].gather(x[0].tape().var([[2i64, 0], [2, 1]])).square(),
    },
    Sample {
        name: "scatter_add",
        inputs: table,
        apply: |x| x[0].scatter_add(x[0].tape().var([1i64, 3, 1]), 4).square(),
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
