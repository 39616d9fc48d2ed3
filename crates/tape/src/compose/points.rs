//! Reading and writing by several indices at once, one for each of the first axes.

use crate::ops::{Sample, sample};
use crate::{Meta, Operand, Shape, Var};

impl<'t> Var<'t> {
    /// Elements by one index for each of the first axes: `y[b…, r…] = x[i[b…], j[b…], r…]` for two. The indices are broadcast to
    /// their common shape, `b…`; the axes without an index, `r…`, follow. (PyTorch's and NumPy's `x[i, j]`.)
    ///
    /// The gradient of an element is the sum over its uses. An index out of range is an error of the run, and so is a
    /// negative one.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.index(&[tape.var([0i64, 1, 1]), tape.var([1i64, 1, 0])]);
    /// assert_eq!(y.value()?.to_f64(), [2.0, 4.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn index(self, indices: &[Var<'t>]) -> Var<'t> {
        match self.points("index", indices) {
            Some(Points { places, rows, row, .. }) => self.reshape([&[rows], &row[..]].concat()).rows(places),
            None => self.tape.poison(),
        }
    }

    /// `x` with other elements by one index for each of the first axes: `y[i[b…], j[b…], r…] = source[b…, r…]` for two, `x`
    /// elsewhere. The source is broadcast to `[b…, r…]`. Of several sources for one place the last one in row-major order
    /// wins, and the gradient goes to that one. (PyTorch's `index_put`.) An index out of range is an error of the run.
    #[track_caller]
    pub fn index_put(self, indices: &[Var<'t>], source: impl Operand<'t>) -> Var<'t> {
        let Some((points, source)) = self.point_sources("index_put", indices, source) else {
            return self.tape.poison();
        };
        if source.numel() == 0 {
            return self;
        }
        let Points { places, rows, row, count, .. } = points;
        let last = places.reshape(count).last_source(rows);
        let kept = last.lt(0.0);
        let new = source.reshape([&[count], &row[..]].concat()).rows(kept.select(0.0, last));
        let kept = kept.reshape([&[rows], &vec![1; row.rank()][..]].concat());
        kept.select(self.reshape(new.shape()), new).reshape(self.shape())
    }

    /// `x` with elements added by one index for each of the first axes: `y[i[b…], j[b…], r…] += source[b…, r…]` for two, in
    /// row-major order. The source is broadcast to `[b…, r…]`. (PyTorch's `index_put` with `accumulate`.) The gradient of each
    /// source is that of its place. An index out of range is an error of the run.
    #[track_caller]
    pub fn index_put_add(self, indices: &[Var<'t>], source: impl Operand<'t>) -> Var<'t> {
        match self.point_sources("index_put_add", indices, source) {
            Some((Points { places, rows, .. }, source)) => {
                self + source.segment_sum(places, rows).reshape(self.shape())
            }
            None => self.tape.poison(),
        }
    }

    /// The points that these indices tell, and what goes there, one for each. `None` after a mistake, which is noted.
    #[track_caller]
    fn point_sources(
        self,
        name: &'static str,
        indices: &[Var<'t>],
        source: impl Operand<'t>,
    ) -> Option<(Points<'t>, Var<'t>)> {
        let points = self.points(name, indices)?;
        let whole = points.whole();
        let source = source.on(self.tape, &Meta::new(&whole, self.dtype()));
        if source.dtype() == self.dtype() && source.shape().expands_to(&whole) {
            return Some((points, source.expand(whole)));
        }
        let what = format!("the source expands to {whole} and is {}", self.dtype());
        self.tape.fail(name, what, &[self, source]);
        None
    }

    /// The points that these indices tell. `None` after a mistake, which is noted.
    #[track_caller]
    fn points(self, name: &'static str, indices: &[Var<'t>]) -> Option<Points<'t>> {
        let shape = self.shape();
        let all = [&[self], indices].concat();
        let common =
            indices.iter().try_fold(Shape::scalar(), |common, index| common.broadcast(&index.shape()));
        let (common, what) = match common {
            None => (Shape::scalar(), "the indices don't broadcast".to_owned()),
            Some(_) if indices.is_empty() || indices.len() > shape.rank() => {
                (Shape::scalar(), format!("{} indices for {} axes", indices.len(), shape.rank()))
            }
            Some(common) => (common, String::new()),
        };
        if !what.is_empty() || self.tape.rejects(name, &all) {
            self.tape.fail(name, what, &all);
            return None;
        }
        let (by_index, row) = shape.split_at(indices.len());
        let strides = Shape::from(by_index).strides();
        let mut places = self;
        for (axis, index) in indices.iter().enumerate() {
            let place = index.check_index_of(name, by_index[axis]);
            let place = if strides[axis] == 1 { place } else { place * strides[axis] as f64 };
            places = if axis == 0 { place } else { places + place };
        }
        let (rows, count) = (Shape::from(by_index).numel(), common.numel());
        Some(Points { places: places.expand(&common), rows, row: Shape::from(row), count, common })
    }
}

/// Points of a tensor, as rows of it with the first axes as one.
struct Points<'t> {
    /// Which row each of them is.
    places: Var<'t>,
    /// How many rows there are.
    rows: usize,
    /// The shape of a row.
    row: Shape,
    /// How many points there are.
    count: usize,
    /// The shape of `places`.
    common: Shape,
}

impl Points<'_> {
    /// The shape of what is at the points.
    fn whole(&self) -> Shape {
        self.common.iter().chain(self.row.iter()).copied().collect()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "index",
        inputs: two,
        apply: |x| {
            let tape = x[0].tape();
            x[0].index(&[tape.var([2i64, 0, 2]), tape.var([[1i64], [0]])]).square() * x[1].sum(..)
        },
    },
    Sample {
        name: "index_rows",
        inputs: two,
        apply: |x| x[0].index(&[x[0].tape().var([2i64, 0, 2])]).square() * x[1].sum(..),
    },
    Sample {
        name: "index_put",
        inputs: two,
        apply: |x| {
            let tape = x[0].tape();
            x[0].index_put(&[tape.var([2i64, 0, 2]), tape.var(1i64)], x[1]).square()
        },
    },
    Sample {
        name: "index_put_add",
        inputs: two,
        apply: |x| x[0].index_put_add(&[x[0].tape().var([[2i64], [2]])], x[1].slice(0, ..2)).square(),
    },
];

fn two() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2]), sample([1.1, -0.4, 0.9], &[3])]
}
