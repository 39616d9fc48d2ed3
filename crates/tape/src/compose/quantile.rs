//! The median and other quantiles.

use crate::ops::{Sample, is_lone};
use crate::{Tensor, Var};

impl<'t> Var<'t> {
    /// The median along an axis, which may count from the end and is dropped: of an even number, the lower of the two in the
    /// middle, as in PyTorch; NaN if one is NaN. The gradient goes to that element; of equals, to the one that comes to lie there
    /// when they are sorted in order. A mistake if the axis is empty.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([4.0, 1.0, 3.0, 2.0]).median(0).item()?, 2.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn median(self, axis: isize) -> Var<'t> {
        let _op = self.tape().within("median", &[self]);
        if is_lone(axis, self.rank()) {
            return self;
        }
        let Some((sorted, at, n)) = self.sorted_nonempty("median", axis) else { return self.tape().poison() };
        let (middle, last) = (sorted.place(at, (n - 1) / 2), sorted.place(at, n - 1));
        last.is_nan().select(last, middle)
    }

    /// The value below which a share `q` of the elements along an axis lies; the axis may count from the end and is dropped. Between
    /// two elements, the value is interpolated: with the elements sorted, it is at place `q·(n - 1)`. NaN if one is NaN. The
    /// gradient goes to the two, in the same shares. A mistake if the axis is empty, or `q` is not in `0..=1`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([4.0, 1.0, 3.0, 2.0]).quantile(0.5, 0).item()?, 2.5);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn quantile(self, q: f64, axis: isize) -> Var<'t> {
        let _op = self.tape().within("quantile", &[self]);
        if !(0.0..=1.0).contains(&q) {
            return self.tape().fail("quantile", format!("{q} is not from 0 to 1"), &[self]);
        }
        if !self.dtype().is_float() {
            return self.tape().fail("quantile", "takes floating-point numbers; cast it first", &[self]);
        }
        if is_lone(axis, self.rank()) {
            return self;
        }
        let Some((sorted, at, n)) = self.sorted_nonempty("quantile", axis) else {
            return self.tape().poison();
        };
        let position = q * (n - 1) as f64;
        let (low, share) = (position as usize, position.fract());
        let (a, last) = (sorted.place(at, low), sorted.place(at, n - 1));
        let y = if share == 0.0 {
            a
        } else {
            let b = sorted.place(at, low + 1);
            // Right with an infinity, where the difference is not; the difference is exact for equals.
            let mixed = a * (1.0 - share) + b * share;
            mixed.abs().eq(f64::INFINITY).select(mixed, a + (b - a) * share)
        };
        last.is_nan().select(last, y)
    }

    /// The elements at one place along an axis, which is dropped.
    #[track_caller]
    fn place(self, axis: usize, i: usize) -> Var<'t> {
        self.slice(axis as isize, i..i + 1).keep_or_drop(&[axis], false)
    }

    /// The elements sorted along an axis, the axis, and its length; `None`, with the mistake noted, if there are none.
    #[track_caller]
    fn sorted_nonempty(self, name: &'static str, axis: isize) -> Option<(Var<'t>, usize, usize)> {
        let shape = self.shape();
        let Some(at) = shape.axis(axis) else {
            self.tape().fail(name, format!("there is no axis {axis}"), &[self]);
            return None;
        };
        if shape[at] == 0 {
            self.tape().fail(name, format!("axis {axis} is empty"), &[self]);
            return None;
        }
        Some((self.sort(axis), at, shape[at])).filter(|_| !self.is_poisoned())
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "median", inputs: matrix, apply: |x| x[0].median(1).square() },
    Sample { name: "median_even", inputs: matrix, apply: |x| x[0].median(0) * x[0] },
    Sample { name: "quantile", inputs: matrix, apply: |x| x[0].quantile(0.3, -1).square() },
    Sample { name: "quantile_even", inputs: matrix, apply: |x| x[0].square().quantile(0.5, 0) },
    Sample { name: "quantile_last", inputs: matrix, apply: |x| x[0].quantile(1.0, 1).square() },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}
