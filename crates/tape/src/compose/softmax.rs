//! Relatives of softmax, in the log-sum-exp form, and other functions of all elements along an axis.

use crate::ops::{Axes, Sample};
use crate::{Tensor, Var};

impl<'t> Var<'t> {
    /// `yᵢ = xᵢ - ln Σⱼ e^xⱼ` along an axis: the logarithm of [`softmax`](Var::softmax), accurate where that underflows. Of no
    /// elements, there are none.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Var<'t> {
        let _op = self.tape().within("log_softmax", &[self]);
        if self.has_no_lines(axis) {
            return self;
        }
        let shifted = self - self.max_keep(axis).detach();
        shifted - shifted.exp().sum_keep(axis).ln()
    }

    /// `yᵢ = e^-xᵢ / Σⱼ e^-xⱼ` along an axis: [`softmax`](Var::softmax) of `-x`, so the least number gets the most. Range: `[0, 1]`,
    /// with the sum 1. Derivative: `dy = -y·(dx - Σ y·dx)`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1000.0, 3.0, 3.0]).softmin(0).value()?.to_f64(), [0.0, 0.5, 0.5]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn softmin(self, axis: isize) -> Var<'t> {
        let _op = self.tape().within("softmin", &[self]);
        (-self).softmax(axis)
    }

    /// The nearest point of the probabilities along an axis: `yᵢ = max(xᵢ - τ, 0)`, with the τ that makes the sum 1. As
    /// [`softmax`](Var::softmax), but exactly 0 for what is more than 1 below the largest, and for more.
    ///
    /// Range: `[0, 1]`, with the sum 1. Derivative: `dy = dx - mean(dx)` where `y` is above 0, with the mean over these; else 0.
    ///
    /// Source: Martins and Astudillo, "From softmax to sparsemax", ICML 2016, algorithm 1 and equation 9.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([3.0, 2.5, -1e4]).sparsemax(0).value()?.to_f64(), [0.75, 0.25, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn sparsemax(self, axis: isize) -> Var<'t> {
        let _op = self.tape().within("sparsemax", &[self]);
        if self.has_no_lines(axis) {
            return self;
        }
        if !self.dtype().is_float() {
            return self.tape().fail("sparsemax", "takes floating-point numbers; cast it first", &[self]);
        }
        let x = self - self.max_keep(axis).detach();
        // τ if the elements of this mask, and no others, are above it.
        let limit = |mask: Var<'t>, x: Var<'t>| {
            (mask.select(x, 0.0).sum_keep(axis) - 1.0) / mask.cast(x.dtype()).sum_keep(axis)
        };
        // The largest k elements are, for the largest k with 1 + k·xₖ > x₁ + … + xₖ.
        let sorted = x.detach().sort_descending(axis);
        let k = self.tape().full_like(sorted, 1.0).cumsum(axis);
        let above = x.gt(limit((sorted * k + 1.0).gt(sorted.cumsum(axis)), sorted));
        (x - limit(above, x)).clamp_min(0.0)
    }

    /// The largest of each `pieces` neighbours along an axis, which becomes as many times shorter: `[n, k·pieces]` with axis 1
    /// becomes `[n, k]`. After a linear map, a convex function of straight pieces that is learned.
    ///
    /// Derivative: 1 for the largest, 0 for the others; ties share it evenly. NaN among the neighbours makes NaN. A mistake if the
    /// axis can't be cut into such pieces.
    ///
    /// Source: Goodfellow et al., "Maxout networks", ICML 2013, section 3.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([[1.0, 4.0, 2.0, -3.0, -1.0, -2.0]]).maxout(3, -1).value()?.to_f64(), [4.0, -1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn maxout(self, pieces: usize, axis: isize) -> Var<'t> {
        let _op = self.tape().within("maxout", &[self]);
        let shape = self.shape();
        let what = match shape.axis(axis) {
            None => format!("there is no axis {axis}"),
            Some(at) if pieces == 0 || !shape[at].is_multiple_of(pieces) => {
                format!("{} elements can't be cut into pieces of {pieces}", shape[at])
            }
            Some(at) => {
                let inner = at as isize + 1;
                return self.unflatten(at as isize, &[shape[at] / pieces, pieces]).max(inner);
            }
        };
        self.tape().fail("maxout", what, &[self])
    }

    /// `ln Σⱼ e^xⱼ` over axes, which are dropped; -∞ over an empty axis. The largest element is subtracted first, so that
    /// nothing overflows. Derivative: [`softmax`](Var::softmax), and 0 where the result is infinite, which is where all
    /// elements are -∞, or one is +∞.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1000.0, 1000.0], [f64::NEG_INFINITY, 3.0]]);
    /// assert_eq!(x.logsumexp(1).value()?.to_f64(), [1000.0 + 2f64.ln(), 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn logsumexp(self, axes: impl Axes) -> Var<'t> {
        self.logsumexp_over(axes, false)
    }

    /// [`logsumexp`](Var::logsumexp) over axes, which are kept with length 1.
    #[track_caller]
    pub fn logsumexp_keep(self, axes: impl Axes) -> Var<'t> {
        self.logsumexp_over(axes, true)
    }

    #[track_caller]
    fn logsumexp_over(self, axes: impl Axes, keep: bool) -> Var<'t> {
        let _op = self.tape().within("logsumexp", &[self]);
        let Some(axes) = self.axes("logsumexp", axes) else { return self.tape().poison() };
        let shape = self.shape();
        if !self.dtype().is_float() {
            return self.tape().fail("logsumexp", "takes floating-point numbers; cast it first", &[self]);
        }
        if axes.iter().any(|&axis| shape[axis] == 0) {
            let kept = axes.iter().fold(shape, |shape, &axis| shape.with(axis, 1));
            return self.tape().full(kept, f64::NEG_INFINITY, self.dtype()).keep_or_drop(&axes, keep);
        }
        let largest = self.max_over(&axes).detach();
        // Where the result is that infinity, there is nothing finite to subtract, and the rest sees zeros: whatever it makes
        // of them is not chosen, but must be finite for the derivatives' sake.
        let infinite = largest.abs().eq(f64::INFINITY);
        let shift = infinite.select(0.0, largest);
        let exponentials = (infinite.select(0.0, self) - shift).exp();
        let y = infinite.select(largest, exponentials.sum_over(&axes, true).ln() + shift);
        y.keep_or_drop(&axes, keep)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "log_softmax", inputs: matrix, apply: |x| x[0].log_softmax(0).square() },
    Sample { name: "softmin", inputs: matrix, apply: |x| x[0].softmin(0).square() },
    Sample { name: "sparsemax", inputs: matrix, apply: |x| x[0].sparsemax(0).square() },
    Sample { name: "maxout", inputs: matrix, apply: |x| x[0].maxout(3, -1).square() },
    Sample { name: "logsumexp", inputs: matrix, apply: |x| x[0].logsumexp(-1) },
    Sample { name: "logsumexp_all", inputs: matrix, apply: |x| x[0].square().logsumexp([0, 1]) },
    Sample { name: "logsumexp_keep", inputs: matrix, apply: |x| x[0] * x[0].logsumexp_keep(0) },
    Sample { name: "logsumexp_infinities", inputs: matrix, apply: infinities },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}

/// With an element of the first row, and all of the second, at -∞.
fn infinities<'t>(x: &[Var<'t>]) -> Var<'t> {
    let mask = x[0].tape().var([[true, false, true], [false, false, false]]);
    let y = mask.select(x[0], f64::NEG_INFINITY).logsumexp(1);
    y.eq(f64::NEG_INFINITY).select(0.0, y)
}
