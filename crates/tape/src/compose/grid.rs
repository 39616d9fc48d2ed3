//! Ranges and grids.

use crate::ops::{Sample, sample};
use crate::{DType, Shape, Tape, Var};

impl Tape {
    /// `n` numbers from `start` to `end`, both included, at equal distances; of `n = 1`, the start. (PyTorch's and
    /// NumPy's `linspace`.)
    #[track_caller]
    pub fn linspace(&self, start: f64, end: f64, n: usize, dtype: DType) -> Var<'_> {
        let _op = self.within("linspace", &[]);
        if !dtype.is_float() {
            return self.fail("linspace", format!("not defined for {dtype}"), &[]);
        }
        let index = self.iota(n, DType::F64);
        if n < 2 {
            return (index + start).cast(dtype);
        }
        let (step, last) = ((end - start) / (n - 1) as f64, (n - 1) as f64);
        // The second half counts from the end, so that the end is exact.
        let first = index.lt(n as f64 / 2.0);
        first.select(index * step + start, end - (last - index) * step).cast(dtype)
    }

    /// `start, start + step, …` up to, but without, `end`. The step may be negative. (PyTorch's and NumPy's `arange`.)
    ///
    /// A mistake if the step is 0 or leads away from the end, or if one of the numbers is no integer and the dtype is
    /// `i64`.
    #[track_caller]
    pub fn arange(&self, start: f64, end: f64, step: f64, dtype: DType) -> Var<'_> {
        let _op = self.within("arange", &[]);
        let length = ((end - start) / step).ceil();
        if !(0.0..9e15).contains(&length) {
            return self.fail("arange", format!("no steps of {step} lead from {start} to {end}"), &[]);
        }
        let whole = [start, end, step].iter().all(|x| x.fract() == 0.0);
        if dtype == DType::Bool || dtype == DType::I64 && !whole {
            return self.fail("arange", format!("{start}, {end} and {step} make no range of {dtype}"), &[]);
        }
        (self.iota(length as usize, DType::F64) * step + start).cast(dtype)
    }

    /// The coordinates of a grid's points: of vectors of lengths `n₀, n₁, …`, one tensor `[n₀, n₁, …]` for each,
    /// which has element `iₖ` of vector `k` at `[i₀, i₁, …]` (PyTorch's `meshgrid` with `indexing="ij"`). The
    /// gradient of an element is the sum over its points.
    ///
    /// A mistake if one of them is no vector; a scalar counts as one of length 1.
    #[track_caller]
    pub fn meshgrid<'t>(&'t self, vectors: &[Var<'t>]) -> Vec<Var<'t>> {
        for x in vectors {
            if x.rank() > 1 {
                return vec![self.fail("meshgrid", "takes vectors", vectors); vectors.len()];
            }
        }
        let whole: Shape = vectors.iter().map(|x| x.numel()).collect();
        let mut grids = Vec::with_capacity(vectors.len());
        for (axis, x) in vectors.iter().enumerate() {
            let mut column = vec![1; vectors.len()];
            column[axis] = whole[axis];
            grids.push(x.reshape(column).expand(&whole));
        }
        grids
    }

    /// [`meshgrid`](Tape::meshgrid) with the first two axes exchanged, so that the first vector runs along the rows:
    /// `[n₁, n₀, …]` (NumPy's default, `indexing="xy"`).
    #[track_caller]
    pub fn meshgrid_xy<'t>(&'t self, vectors: &[Var<'t>]) -> Vec<Var<'t>> {
        let _op = self.within("meshgrid_xy", vectors);
        let mut grids = self.meshgrid(vectors);
        if vectors.len() > 1 {
            for grid in &mut grids {
                *grid = grid.transpose(0, 1);
            }
        }
        grids
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "linspace",
        inputs: two,
        apply: |x| x[0].tape().linspace(-1.0, 1.0, 3, x[0].dtype()) * x[0].square(),
    },
    Sample {
        name: "arange",
        inputs: two,
        apply: |x| x[0].tape().arange(1.0, -2.0, -1.0, x[0].dtype()) * x[0].square(),
    },
    Sample {
        name: "meshgrid",
        inputs: two,
        apply: |x| {
            let grids = x[0].tape().meshgrid(x);
            grids[0].square() * grids[1]
        },
    },
    Sample {
        name: "meshgrid_xy",
        inputs: two,
        apply: |x| {
            let grids = x[0].tape().meshgrid_xy(x);
            grids[0].square() * grids[1]
        },
    },
];

fn two() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0], &[3]), sample([1.1, -0.4], &[2])]
}
