//! Means, variances and norms.

use crate::Var;
use crate::ops::Axes;

impl<'t> Var<'t> {
    /// The mean over axes, which are dropped.
    #[track_caller]
    pub fn mean(self, axes: impl Axes) -> Var<'t> {
        let count = self.count(&axes);
        self.sum(axes) * (1.0 / count)
    }

    /// The mean over axes, which are kept with length 1.
    #[track_caller]
    pub fn mean_keep(self, axes: impl Axes) -> Var<'t> {
        let count = self.count(&axes);
        self.sum_keep(axes) * (1.0 / count)
    }

    /// The mean square distance from the mean over axes, which are dropped. (Statistics' unbiased estimate is this
    /// times `n / (n - 1)`.)
    #[track_caller]
    pub fn var(self, axes: impl Axes + Clone) -> Var<'t> {
        (self - self.mean_keep(axes.clone())).square().mean(axes)
    }

    /// The variance over axes, which are kept with length 1.
    #[track_caller]
    pub fn var_keep(self, axes: impl Axes + Clone) -> Var<'t> {
        (self - self.mean_keep(axes.clone())).square().mean_keep(axes)
    }

    /// The square root of the variance over axes, which are dropped. Derivative where it is 0: 0.
    #[track_caller]
    pub fn std(self, axes: impl Axes + Clone) -> Var<'t> {
        self.var(axes).root()
    }

    /// `√Σ xᵢ²` over axes, which are dropped. Derivative: `x / y`, and 0 where `y` is 0.
    #[track_caller]
    pub fn norm(self, axes: impl Axes) -> Var<'t> {
        self.square().sum(axes).root()
    }

    /// The square root with the derivative 0 at 0.
    #[track_caller]
    fn root(self) -> Var<'t> {
        let zero = self.eq(0.0);
        // The root never sees the 0, where its derivative is infinite.
        zero.select(0.0, zero.select(1.0, self).sqrt())
    }

    /// The number of elements that a reduction over these axes takes together.
    fn count(self, axes: &impl Axes) -> f64 {
        let shape = self.shape();
        axes.resolve(&shape)
            .map_or(1.0, |axes| axes.iter().map(|&axis| shape[axis]).product::<usize>() as f64)
    }
}
