//! Diagonals and triangles of matrices, which are the last two axes or two that are named.

use crate::ops::{Axes, Sample, sample};
use crate::{DType, Shape, Tape, Var};

impl<'t> Var<'t> {
    /// The matrices' elements on and below a diagonal, 0 above: `y[…, i, j]` is `x[…, i, j]` where `j - i ≤ k`. `k`
    /// is 0 for the main diagonal, above 0 for one to its right. The gradient is 0 above, too.
    #[track_caller]
    pub fn tril(self, k: isize) -> Var<'t> {
        self.triangle("tril", k, true)
    }

    /// The matrices' elements on and above a diagonal, 0 below: `y[…, i, j]` is `x[…, i, j]` where `j - i ≥ k`. The
    /// gradient is 0 below, too.
    #[track_caller]
    pub fn triu(self, k: isize) -> Var<'t> {
        self.triangle("triu", k, false)
    }

    #[track_caller]
    fn triangle(self, name: &'static str, k: isize, lower: bool) -> Var<'t> {
        let _op = self.tape.within(name, &[self]);
        let shape = self.shape();
        let [.., m, n] = *shape else {
            return self.tape.fail(name, "takes matrices", &[self]);
        };
        let right = self.tape.iota(n, DType::I64) - self.tape.iota(m, DType::I64).reshape([m, 1]);
        // (All diagonals that far out are alike.)
        let far = |length: usize| length.min(1 << 48) as isize;
        let k = k.clamp(-far(m), far(n)) as f64;
        let inside = if lower { right.le(k) } else { right.ge(k) };
        inside.select(self, 0.0)
    }

    /// A diagonal of the matrices that two axes make, as a new last axis: `y[…, i] = x[…, i, …, i + offset]`, for an
    /// offset below 0 `x[…, i - offset, …, i]`. The other axes stay in order; axes may count from the end. (PyTorch's
    /// `diagonal`.)
    ///
    /// The gradient is 0 elsewhere. A diagonal outside the matrix is empty. A mistake if the axes are the same.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.diagonal(1, 0, 1).value()?.to_f64(), [2.0, 6.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn diagonal(self, offset: isize, axis1: isize, axis2: isize) -> Var<'t> {
        let _op = self.tape.within("diagonal", &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        if let Err(what) = [axis1, axis2].resolve(&shape) {
            return self.tape.fail("diagonal", what, &[self]);
        }
        let (Some(a), Some(b)) = (shape.axis(axis1), shape.axis(axis2)) else { return self };
        let others = (0..shape.rank()).filter(|&axis| axis != a && axis != b);
        let order: Vec<usize> = others.chain([a, b]).collect();
        let x = if order.iter().copied().eq(0..shape.rank()) { self } else { self.permute(&order) };
        let Diagonal { length, row, column } = Diagonal::of(shape[a], shape[b], offset);
        let last = order.len() - 2;
        // In the flat matrix, from its first row on, the diagonal's elements lie one row and one element apart.
        let outer = order[..last].iter().map(|&axis| shape[axis]);
        let flat = outer.chain([length.saturating_mul(shape[b])]).collect::<Shape>();
        let rows = x.slice(last as isize, row..row + length).reshape(flat);
        let step = shape[b].saturating_add(1);
        let end = match length {
            0 => 0,
            _ => (length - 1).saturating_mul(step).saturating_add(column + 1),
        };
        rows.slice_step(-1, column.min(end)..end, step)
    }

    /// Matrices with the last axis on a diagonal, 0 elsewhere: the transpose of [`diagonal`](Var::diagonal). `[…, n]`
    /// becomes square matrices of `n + |offset|` rows, which are the axes `axis1` and `axis2` of the result; these
    /// may count from the end (-2 and -1 are the usual ones). The gradient is the diagonal's.
    #[track_caller]
    pub fn diag_embed(self, offset: isize, axis1: isize, axis2: isize) -> Var<'t> {
        let _op = self.tape.within("diag_embed", &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        let Some(&length) = shape.last() else {
            return self.tape.fail("diag_embed", "a scalar is no diagonal", &[self]);
        };
        let longer = Shape::from(vec![1; shape.rank() + 1]);
        let axes = [axis1, axis2].resolve(&longer);
        let (Some(a), Some(b), Ok(_)) = (longer.axis(axis1), longer.axis(axis2), axes.as_ref()) else {
            return self.tape.fail("diag_embed", axes.err().unwrap_or_default(), &[self]);
        };
        let n = length.saturating_add(offset.unsigned_abs());
        if n > 1 << 48 {
            return self.tape.fail("diag_embed", format!("a matrix of {n} rows is too large"), &[self]);
        }
        let last = shape.rank() - 1;
        let square = shape[..last].iter().chain([&n, &n]).copied().collect::<Shape>();
        if length == 0 {
            return self.tape.full(square, 0.0, self.dtype());
        }
        let Diagonal { row, column, .. } = Diagonal::of(n, n, offset);
        let rows = shape[..last].iter().chain([&length, &n]).copied().collect::<Shape>();
        let used = (length - 1).saturating_mul(n + 1).saturating_add(column + 1);
        let spread = self.pad_step(-1, column, length.saturating_mul(n).saturating_sub(used), n + 1);
        let y = spread.reshape(rows).pad(-2, row, n - row - length);
        let mut order: Vec<usize> = (0..last).collect();
        for (at, axis) in [(a.min(b), last + usize::from(a > b)), (a.max(b), last + usize::from(a < b))] {
            order.insert(at, axis);
        }
        if order.iter().copied().eq(0..order.len()) { y } else { y.permute(&order) }
    }

    /// Of a vector, the square matrix with it on a diagonal; of a matrix, that diagonal as a vector. (PyTorch's and
    /// NumPy's `diag`.) The gradient is that of [`diag_embed`](Var::diag_embed) or [`diagonal`](Var::diagonal).
    #[track_caller]
    pub fn diag(self, offset: isize) -> Var<'t> {
        let _op = self.tape.within("diag", &[self]);
        match self.rank() {
            1 => self.diag_embed(offset, 0, 1),
            2 => self.diagonal(offset, 0, 1),
            _ => self.tape.fail("diag", "takes a vector or a matrix", &[self]),
        }
    }

    /// The sum of the main diagonal of the matrices that are the last two axes: `[…, m, n] → […]`. Derivative: 1 on
    /// the diagonal.
    #[track_caller]
    pub fn trace(self) -> Var<'t> {
        let _op = self.tape.within("trace", &[self]);
        if self.rank() < 2 {
            return self.tape.fail("trace", "takes matrices", &[self]);
        }
        self.diagonal(0, -2, -1).sum(-1)
    }
}

/// Where a diagonal of a matrix begins, and how long it is.
struct Diagonal {
    length: usize,
    row: usize,
    column: usize,
}

impl Diagonal {
    fn of(rows: usize, columns: usize, offset: isize) -> Diagonal {
        let (row, column) = match offset.unsigned_abs() {
            down if offset < 0 => (down.min(rows), 0),
            right => (0, right.min(columns)),
        };
        Diagonal { length: (rows - row).min(columns - column), row, column }
    }
}

impl Tape {
    /// The identity matrix of `n` rows (for `bool`, `true` on the diagonal).
    #[track_caller]
    pub fn eye(&self, n: usize, dtype: DType) -> Var<'_> {
        let _op = self.within("eye", &[]);
        let index = self.iota(n, DType::I64);
        index.reshape([n, 1]).eq(index).cast(dtype)
    }

    /// Matrices one below and to the right of the other, 0 elsewhere. A vector counts as a matrix of one row, a
    /// scalar as one of one element. (PyTorch's `block_diag`.) Each gets its part of the gradient.
    #[track_caller]
    pub fn block_diag<'t>(&'t self, blocks: &[Var<'t>]) -> Var<'t> {
        let _op = self.within("block_diag", blocks);
        let mut matrices = Vec::with_capacity(blocks.len());
        let mut columns = 0usize;
        for block in blocks {
            let matrix = match block.rank() {
                0 => block.reshape([1, 1]),
                1 => block.unsqueeze(0),
                2 => *block,
                _ => return self.fail("block_diag", "takes matrices", blocks),
            };
            columns = columns.saturating_add(matrix.shape().get(1).copied().unwrap_or(0));
            matrices.push(matrix);
        }
        if blocks.is_empty() {
            return self.fail("block_diag", "there are no blocks", &[]);
        }
        let mut before = 0;
        for matrix in &mut matrices {
            let own = matrix.shape()[1];
            *matrix = matrix.pad(1, before, columns.saturating_sub(before).saturating_sub(own));
            before = before.saturating_add(own);
        }
        self.concat(&matrices, 0)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "tril", inputs: six, apply: |x| x[0].tril(0).square() },
    Sample { name: "triu", inputs: six, apply: |x| x[0].triu(1).square() },
    Sample { name: "diagonal", inputs: six, apply: |x| x[0].diagonal(1, 0, 1).square() },
    Sample {
        name: "diagonal_moved",
        inputs: six,
        apply: |x| x[0].reshape([3, 1, 2]).diagonal(-1, 0, -1).square(),
    },
    Sample { name: "diag_embed", inputs: six, apply: |x| x[0].diag_embed(-1, 0, -1).square() },
    Sample { name: "diag", inputs: six, apply: |x| x[0].at(0, 0).diag(0).square() * x[0].diag(0).sum(..) },
    Sample { name: "trace", inputs: six, apply: |x| x[0].square().trace() * x[0] },
    Sample {
        name: "eye",
        inputs: six,
        apply: |x| x[0].tape().eye(3, x[0].dtype()) * x[0].slice(0, ..1).square(),
    },
    Sample {
        name: "block_diag",
        inputs: six,
        apply: |x| x[0].tape().block_diag(&[x[0], x[0].at(0, 1), x[0].t()]).square(),
    },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
