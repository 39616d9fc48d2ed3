//! Means and variances.

use crate::ops::{Axes, Sample};
use crate::{Tensor, Var};

impl<'t> Var<'t> {
    /// The mean over axes, which are dropped; NaN over none.
    #[track_caller]
    pub fn mean(self, axes: impl Axes) -> Var<'t> {
        self.mean_over("mean", axes, false)
    }

    /// The mean over axes, which are kept with length 1.
    #[track_caller]
    pub fn mean_keep(self, axes: impl Axes) -> Var<'t> {
        self.mean_over("mean", axes, true)
    }

    /// The mean square distance from the mean over axes, which are dropped: `Σ (xᵢ - μ)² / n`. (Statistics' unbiased estimate
    /// is [`var_with`](Var::var_with) a correction of 1.) Derivative: `2·(xᵢ - μ) / n`.
    #[track_caller]
    pub fn var(self, axes: impl Axes) -> Var<'t> {
        self.variance("var", axes, 0.0, false)
    }

    /// The variance over axes, which are kept with length 1.
    #[track_caller]
    pub fn var_keep(self, axes: impl Axes) -> Var<'t> {
        self.variance("var", axes, 0.0, true)
    }

    /// `Σ (xᵢ - μ)² / (n - correction)` over axes, which are dropped. A correction of 1 (Bessel's) makes the estimate unbiased.
    /// As in PyTorch, a correction above `n` counts as `n`: the result is infinite, or NaN where the sum is 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 6.0]);
    /// assert_eq!(x.var_with(0, 1.0).item()?, 7.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn var_with(self, axes: impl Axes, correction: f64) -> Var<'t> {
        self.variance("var_with", axes, correction, false)
    }

    /// [`var_with`](Var::var_with) a correction over axes, which are kept with length 1.
    #[track_caller]
    pub fn var_with_keep(self, axes: impl Axes, correction: f64) -> Var<'t> {
        self.variance("var_with", axes, correction, true)
    }

    /// The square root of the variance over axes, which are dropped. Derivative where it is 0: 0.
    #[track_caller]
    pub fn std(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape().within("std", &[self]);
        self.variance("std", axes, 0.0, false).root()
    }

    /// The square root of the variance over axes, which are kept with length 1.
    #[track_caller]
    pub fn std_keep(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape().within("std", &[self]);
        self.variance("std", axes, 0.0, true).root()
    }

    /// The square root of the variance [with a correction](Var::var_with) over axes, which are dropped. Derivative where it
    /// is 0: 0.
    #[track_caller]
    pub fn std_with(self, axes: impl Axes, correction: f64) -> Var<'t> {
        let _op = self.tape().within("std_with", &[self]);
        self.variance("std_with", axes, correction, false).root()
    }

    /// The square root of the variance [with a correction](Var::var_with) over axes, which are kept with length 1.
    #[track_caller]
    pub fn std_with_keep(self, axes: impl Axes, correction: f64) -> Var<'t> {
        let _op = self.tape().within("std_with", &[self]);
        self.variance("std_with", axes, correction, true).root()
    }

    /// The sum of what is not NaN over axes, which are dropped. The gradient goes to every element but the NaNs.
    #[track_caller]
    pub fn nansum(self, axes: impl Axes) -> Var<'t> {
        self.nansum_over("nansum", axes, false).0
    }

    /// The sum of what is not NaN over axes, which are kept with length 1.
    #[track_caller]
    pub fn nansum_keep(self, axes: impl Axes) -> Var<'t> {
        self.nansum_over("nansum", axes, true).0
    }

    /// The mean of what is not NaN over axes, which are dropped; NaN where nothing is left.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1.0, f64::NAN, 4.0]).nanmean(0).item()?, 2.5);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn nanmean(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape().within("nanmean", &[self]);
        let (sum, count) = self.nansum_over("nanmean", axes, false);
        sum / count
    }

    /// The mean of what is not NaN over axes, which are kept with length 1.
    #[track_caller]
    pub fn nanmean_keep(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape().within("nanmean", &[self]);
        let (sum, count) = self.nansum_over("nanmean", axes, true);
        sum / count
    }

    /// `x / √(m + ε)` with the mean `m` of the squares over axes: what [`normalize`](Var::normalize) does, but without taking the
    /// mean off. Of the same shape. (PyTorch's `rms_norm` without weights, where the axes are the last ones.)
    ///
    /// Derivative: `(g - y·mean(g·y)) / √(m + ε)`.
    ///
    /// Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019, equation 4.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([4.0, 0.0, 0.0, 0.0]).rms_norm(-1, 0.0).value()?.to_f64(), [2.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn rms_norm(self, axes: impl Axes, eps: f64) -> Var<'t> {
        let Some(axes) = self.axes("rms_norm", axes) else { return self.tape().poison() };
        if !self.dtype().is_float() {
            return self.tape().fail("rms_norm", "takes floating-point numbers; cast it first", &[self]);
        }
        let mean = self.square().sum_over(&axes, true) * (1.0 / self.count(&axes));
        self * (mean + eps).rsqrt()
    }

    /// The covariances of variables, one in each row of observations: `Σₖ (xᵢₖ - mᵢ)·(xⱼₖ - mⱼ) / (n - c)` with the rows' means
    /// `m` and a correction `c`, 1 for unbiased estimates. `[…, v, n]` becomes `[…, v, v]`, a vector `[n]` its variance.
    /// (PyTorch's and NumPy's `cov`, where the correction is 1 unless given, and a single row becomes a scalar.)
    ///
    /// NaN or infinite if there are no more observations than the correction.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0], [4.0, 2.0, 0.0]]);
    /// assert_eq!(x.cov(1.0).value()?.to_f64(), [1.0, -2.0, -2.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cov(self, correction: f64) -> Var<'t> {
        if self.rank() == 0 || !self.dtype().is_float() {
            let what = "takes rows of floating-point observations";
            return self.tape().fail("cov", what, &[self]);
        }
        if self.rank() == 1 {
            return self.var_with(0, correction);
        }
        let centered = self - self.mean_keep(-1);
        let left = self.count(&[self.rank() - 1]) - correction;
        centered.matmul(centered.t()) * (1.0 / if left < 0.0 { 0.0 } else { left })
    }

    #[track_caller]
    fn mean_over(self, name: &'static str, axes: impl Axes, keep: bool) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        let Some(axes) = self.axes(name, axes) else { return self.tape().poison() };
        if !self.dtype().is_float() {
            return self.tape().fail(name, "takes floating-point numbers; cast it first", &[self]);
        }
        self.sum_over(&axes, keep) * (1.0 / self.count(&axes))
    }

    #[track_caller]
    fn variance(self, name: &'static str, axes: impl Axes, correction: f64, keep: bool) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        let Some(axes) = self.axes(name, axes) else { return self.tape().poison() };
        if !self.dtype().is_float() {
            return self.tape().fail(name, "takes floating-point numbers; cast it first", &[self]);
        }
        let count = self.count(&axes);
        let left = count - correction;
        let mean = self.sum_over(&axes, true) * (1.0 / count);
        (self - mean).square().sum_over(&axes, keep) * (1.0 / if left < 0.0 { 0.0 } else { left })
    }

    /// The sum of what is not NaN, and how many that are.
    #[track_caller]
    fn nansum_over(self, name: &'static str, axes: impl Axes, keep: bool) -> (Var<'t>, Var<'t>) {
        let _op = self.tape().within(name, &[self]);
        let Some(axes) = self.axes(name, axes) else { return (self.tape().poison(), self.tape().poison()) };
        let nan = self.is_nan();
        let count = (!nan).cast(self.dtype()).sum_over(&axes, keep);
        (nan.select(0.0, self).sum_over(&axes, keep), count)
    }

    /// The square root with the derivative 0 at 0.
    #[track_caller]
    pub(super) fn root(self) -> Var<'t> {
        let zero = self.eq(0.0);
        // The root never sees the 0, where its derivative is infinite.
        zero.select(0.0, zero.select(1.0, self).sqrt())
    }

    /// The number of elements that a reduction over these axes takes together.
    fn count(self, axes: &[usize]) -> f64 {
        let shape = self.shape();
        axes.iter().map(|&axis| shape[axis] as f64).product()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "mean", inputs: matrix, apply: |x| x[0].square().mean(0) },
    Sample { name: "mean_keep", inputs: matrix, apply: |x| x[0] * x[0].mean_keep(-1) },
    Sample { name: "var", inputs: matrix, apply: |x| x[0].var(1).square() },
    Sample { name: "var_keep", inputs: matrix, apply: |x| x[0] * x[0].var_keep(0) },
    Sample { name: "var_with", inputs: matrix, apply: |x| x[0].var_with(.., 1.0).square() },
    Sample { name: "var_with_keep", inputs: matrix, apply: |x| x[0] * x[0].var_with_keep(1, 0.5) },
    Sample { name: "std", inputs: matrix, apply: |x| x[0].std([0, 1]) },
    Sample { name: "std_keep", inputs: matrix, apply: |x| x[0] * x[0].std_keep(1) },
    Sample { name: "std_with", inputs: matrix, apply: |x| x[0].std_with(1, 1.0) },
    Sample { name: "std_with_keep", inputs: matrix, apply: |x| x[0] * x[0].std_with_keep(1, 1.0) },
    Sample { name: "nansum", inputs: matrix, apply: |x| with_nan(x[0]).square().nansum(0) },
    Sample { name: "nansum_keep", inputs: matrix, apply: |x| x[0] * with_nan(x[0]).nansum_keep(0) },
    Sample { name: "nanmean", inputs: matrix, apply: |x| with_nan(x[0]).square().nanmean(1) },
    Sample { name: "nanmean_keep", inputs: matrix, apply: |x| x[0] * with_nan(x[0]).nanmean_keep(..) },
    Sample { name: "rms_norm", inputs: matrix, apply: |x| x[0].rms_norm(-1, 0.1) },
    Sample { name: "cov", inputs: matrix, apply: |x| x[0].cov(1.0).square() },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}

/// The last elements replaced by NaN.
fn with_nan(x: Var<'_>) -> Var<'_> {
    x.gt(1.0).select(f64::NAN, x)
}
