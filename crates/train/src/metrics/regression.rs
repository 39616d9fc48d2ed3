//! How far numbers are off.

use super::Metric;
use super::classes::pairs;
use chainrule_tape::{Result, Tensor};

/// The mean of `|y - t|`.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// assert_eq!(metrics::mae().of(&Tensor::from([1.0, 4.0]), &Tensor::from([2.0, 2.0]))?, 1.5);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn mae() -> ErrorMean {
    ErrorMean::new("mae", f64::abs, |mean| mean)
}

/// The mean of `(y - t)²`.
pub fn mse() -> ErrorMean {
    ErrorMean::new("mse", |error| error * error, |mean| mean)
}

/// The root of the mean of `(y - t)²`.
pub fn rmse() -> ErrorMean {
    ErrorMean::new("rmse", |error| error * error, f64::sqrt)
}

/// The metrics of [`mae`], [`mse`] and [`rmse`].
#[derive(Clone, Debug)]
pub struct ErrorMean {
    name: &'static str,
    each: fn(f64) -> f64,
    last: fn(f64) -> f64,
    sum: f64,
    count: usize,
}

impl ErrorMean {
    fn new(name: &'static str, each: fn(f64) -> f64, last: fn(f64) -> f64) -> ErrorMean {
        ErrorMean { name, each, last, sum: 0.0, count: 0 }
    }
}

impl Metric for ErrorMean {
    fn name(&self) -> &str {
        self.name
    }

    fn reset(&mut self) {
        (self.sum, self.count) = (0.0, 0);
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        let pairs = pairs(self.name, outputs, targets)?;
        self.count += pairs.len();
        self.sum += pairs.into_iter().map(|(y, t)| (self.each)(y - t)).sum::<f64>();
        Ok(())
    }

    fn value(&self) -> f64 {
        (self.last)(self.sum / self.count as f64)
    }
}

/// The coefficient of determination `1 - Σ(y - t)² / Σ(t - t̄)²`: 1 for outputs that are the targets, 0 for their mean, less for
/// worse. Over all elements together. NaN if all targets are equal.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// let targets = Tensor::from([1.0, 2.0, 3.0]);
/// assert_eq!(metrics::r2().of(&targets, &targets)?, 1.0);
/// assert_eq!(metrics::r2().of(&Tensor::from([2.0, 2.0, 2.0]), &targets)?, 0.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn r2() -> R2 {
    R2::default()
}

/// The metric of [`r2`].
#[derive(Clone, Debug, Default)]
pub struct R2 {
    errors: f64,
    count: f64,
    mean: f64,
    /// The sum of squared deviations from the mean, kept up by Welford's method.
    spread: f64,
}

impl Metric for R2 {
    fn name(&self) -> &str {
        "r2"
    }

    fn reset(&mut self) {
        *self = R2::default();
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        for (y, t) in pairs("r2", outputs, targets)? {
            self.errors += (y - t).powi(2);
            self.count += 1.0;
            let before = t - self.mean;
            self.mean += before / self.count;
            self.spread += before * (t - self.mean);
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        if self.spread == 0.0 { f64::NAN } else { 1.0 - self.errors / self.spread }
    }
}
