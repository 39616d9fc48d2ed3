//! Products, counts, truth values and indices over axes.

use crate::ops::{Axes, Sample, is_lone};
use crate::{DType, Tensor, Var};

impl<'t> Var<'t> {
    /// The product over axes, which are dropped; 1 over an empty axis. Derivative: the product of the others, also where some
    /// are 0: products are taken of halves, and no step divides.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([2.0, 0.0, 5.0]);
    /// assert_eq!(x.prod(..).item()?, 0.0);
    /// assert_eq!(tape.grad(x.prod(..), x).value()?.to_f64(), [0.0, 10.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn prod(self, axes: impl Axes) -> Var<'t> {
        self.prod_over(axes, false)
    }

    /// The product over axes, which are kept with length 1.
    #[track_caller]
    pub fn prod_keep(self, axes: impl Axes) -> Var<'t> {
        self.prod_over(axes, true)
    }

    /// Whether any element over axes, which are dropped, is true; false over an empty axis. Of numbers: whether any is not 0
    /// (NaN is not). The result is `bool`; there is no derivative.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, -2.0], [3.0, 4.0]]);
    /// assert_eq!(x.lt(0.0).any(1).value()?.to_f64(), [1.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn any(self, axes: impl Axes) -> Var<'t> {
        self.how_many("any", true, DType::F32, axes, false).gt(0.0)
    }

    /// Whether any element is true, over axes that are kept with length 1.
    #[track_caller]
    pub fn any_keep(self, axes: impl Axes) -> Var<'t> {
        self.how_many("any", true, DType::F32, axes, true).gt(0.0)
    }

    /// Whether all elements over axes, which are dropped, are true; true over an empty axis. Of numbers: whether none is 0.
    /// The result is `bool`; there is no derivative.
    #[track_caller]
    pub fn all(self, axes: impl Axes) -> Var<'t> {
        self.how_many("all", false, DType::F32, axes, false).eq(0.0)
    }

    /// Whether all elements are true, over axes that are kept with length 1.
    #[track_caller]
    pub fn all_keep(self, axes: impl Axes) -> Var<'t> {
        self.how_many("all", false, DType::F32, axes, true).eq(0.0)
    }

    /// How many elements over axes, which are dropped, are not 0 (or true), as `i64`. NaN is not 0. No derivative.
    #[track_caller]
    pub fn count_nonzero(self, axes: impl Axes) -> Var<'t> {
        self.how_many("count_nonzero", true, DType::I64, axes, false)
    }

    /// How many elements are not 0, over axes that are kept with length 1.
    #[track_caller]
    pub fn count_nonzero_keep(self, axes: impl Axes) -> Var<'t> {
        self.how_many("count_nonzero", true, DType::I64, axes, true)
    }

    /// The index of the largest element along an axis, which is dropped, as `i64`; the first among equals. A NaN counts as the
    /// largest. A mistake if the axis is empty. No derivative.
    #[track_caller]
    pub fn argmax(self, axis: isize) -> Var<'t> {
        self.first_winner("argmax", axis, false)
    }

    /// The index of the smallest element along an axis, which is dropped, as `i64`; the first among equals. A NaN counts as
    /// the smallest. A mistake if the axis is empty. No derivative.
    #[track_caller]
    pub fn argmin(self, axis: isize) -> Var<'t> {
        self.first_winner("argmin", axis, true)
    }

    #[track_caller]
    fn prod_over(self, axes: impl Axes, keep: bool) -> Var<'t> {
        let _op = self.tape().within("prod", &[self]);
        let Some(axes) = self.axes("prod", axes) else { return self.tape().poison() };
        if self.dtype() == DType::Bool {
            return self.tape().fail("prod", "bool has no product; cast it first", &[self]);
        }
        let mut y = self;
        for &axis in &axes {
            y = y.prod_along(axis);
        }
        y.keep_or_drop(&axes, keep)
    }

    /// The product along one axis, which exists and is kept with length 1.
    #[track_caller]
    fn prod_along(self, axis: usize) -> Var<'t> {
        let (shape, at) = (self.shape(), axis as isize);
        let mut n = shape[axis];
        if n == 0 {
            return self.tape().full(shape.with(axis, 1), 1.0, self.dtype());
        }
        let (mut y, mut odd) = (self, None);
        while n > 1 {
            if n % 2 == 1 {
                let last = y.slice(at, n - 1..n);
                odd = Some(match odd {
                    Some(others) => last * others,
                    None => last,
                });
            }
            n /= 2;
            y = y.slice(at, 0..n) * y.slice(at, n..2 * n);
        }
        match odd {
            Some(others) => y * others,
            None => y,
        }
    }

    /// How many elements are true, or not 0; or the opposite.
    #[track_caller]
    fn how_many(
        self,
        name: &'static str,
        wanted: bool,
        count: DType,
        axes: impl Axes,
        keep: bool,
    ) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        let Some(axes) = self.axes(name, axes) else { return self.tape().poison() };
        let truth = if self.dtype() == DType::Bool { self } else { self.ne(0.0) };
        let counted = if wanted { truth } else { !truth };
        counted.cast(count).sum_over(&axes, keep)
    }

    #[track_caller]
    fn first_winner(self, name: &'static str, axis: isize, smallest: bool) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        let shape = self.shape();
        if self.is_poisoned() {
            return self;
        }
        if self.dtype() == DType::Bool {
            return self.tape().fail(name, "bool has no order; cast it first", &[self]);
        }
        if is_lone(axis, shape.rank()) {
            return self.tape().full((), 0.0, DType::I64);
        }
        let Some(at) = shape.axis(axis) else {
            return self.tape().fail(name, format!("there is no axis {axis}"), &[self]);
        };
        let n = shape[at];
        if n == 0 {
            return self.tape().fail(name, format!("axis {axis} is empty"), &[self]);
        }
        // The largest of `n - index` over the winners belongs to the first one.
        let mut column = vec![1; shape.rank() - at];
        column[0] = n;
        let from_end = n as f64 - self.tape().iota(n, DType::I64).reshape(column);
        let best = if smallest { self.min_keep(axis) } else { self.max_keep(axis) };
        let wins = self.eq(best).or(self.is_nan());
        n as f64 - wins.select(from_end.expand(shape), 0.0).max(axis)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "prod", inputs: matrix, apply: |x| x[0].prod(1).square() },
    Sample { name: "prod_zeros", inputs: zeros, apply: |x| x[0].prod(-1) },
    Sample { name: "prod_all", inputs: zeros, apply: |x| (x[0] + 0.5).prod(..) },
    Sample { name: "prod_keep", inputs: matrix, apply: |x| x[0] * x[0].prod_keep(0) },
    Sample { name: "any", inputs: matrix, apply: |x| x[0].sum(1) * x[0].lt(-0.8).any(1).cast(DType::F64) },
    Sample { name: "any_keep", inputs: matrix, apply: |x| x[0] * x[0].lt(-0.8).any_keep(1).cast(DType::F64) },
    Sample { name: "all", inputs: matrix, apply: |x| x[0].sum(1) * x[0].gt(-0.8).all(1).cast(DType::F64) },
    Sample { name: "all_keep", inputs: matrix, apply: |x| x[0] * x[0].gt(-0.8).all_keep(1).cast(DType::F64) },
    Sample {
        name: "count_nonzero",
        inputs: matrix,
        apply: |x| x[0].sum(0) * x[0].count_nonzero(0).cast(DType::F64),
    },
    Sample {
        name: "count_nonzero_keep",
        inputs: matrix,
        apply: |x| x[0] * x[0].count_nonzero_keep(..).cast(DType::F64),
    },
    Sample { name: "argmax", inputs: matrix, apply: |x| x[0].sum(1) * x[0].argmax(1).cast(DType::F64) },
    Sample { name: "argmin", inputs: matrix, apply: |x| x[0].sum(0) * x[0].argmin(0).cast(DType::F64) },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}

fn zeros() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, 0.0, 2.0, 0.0, -1.5], [0.3, 1.5, -0.7, 0.0, 2.0]])]
}
