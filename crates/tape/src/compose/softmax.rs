//! Softmax and its relatives, in the log-sum-exp form.

use crate::{DType, Var};

impl<'t> Var<'t> {
    /// `yᵢ = xᵢ - ln Σⱼ e^xⱼ` along an axis: the logarithm of [`softmax`](Var::softmax), accurate where that underflows.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Var<'t> {
        let shifted = self - self.max_keep(axis).detach();
        shifted - shifted.exp().sum_keep(axis).ln()
    }

    /// `ln Σⱼ e^xⱼ` along an axis, which is dropped.
    #[track_caller]
    pub fn logsumexp(self, axis: isize) -> Var<'t> {
        let largest = self.max_keep(axis).detach();
        // In a row of -∞, or with a +∞, there is nothing finite to subtract: the result is that infinity, not NaN.
        let largest = largest.abs().lt(f64::INFINITY).select(largest, 0.0);
        let y = (self - largest).exp().sum_keep(axis).ln() + largest;
        y.drop_axis(axis)
    }

    /// The index of the largest element along an axis, which is dropped; the first among equals. A NaN counts as the
    /// largest. No derivative.
    #[track_caller]
    pub fn argmax(self, axis: isize) -> Var<'t> {
        let shape = self.shape();
        let Some(at) = shape.axis(axis) else {
            return self.tape.fail("argmax", format!("there is no axis {axis}"), &[self]);
        };
        // The largest of `n - index` over the winners belongs to the first one.
        let n = shape[at];
        let mut column = vec![1; shape.rank() - at];
        column[0] = n;
        let from_end = n as f64 - self.tape.iota(n, DType::I64).reshape(column);
        let wins = self.eq(self.max_keep(axis)).or(self.is_nan());
        n as f64 - wins.select(from_end.expand(shape), 0.0).max(axis)
    }

    /// An axis of length 1, known to exist, dropped.
    #[track_caller]
    fn drop_axis(self, axis: isize) -> Var<'t> {
        if self.is_poisoned() { self } else { self.squeeze(axis) }
    }
}
