//! How good a model's outputs are, counted batch by batch outside of any tape.
//!
//! | metric | targets | outputs |
//! |---|---|---|
//! | [`accuracy`], [`top_k`] | classes `[…]`, `i64` | logits or probabilities `[…, classes]` |
//! | [`accuracy`], [`precision`], [`recall`], [`f1`], [`Confusion`] | the same, or 0 and 1 | the same, or one number for each target, above or below a threshold |
//! | [`roc_auc`] | 0 and 1 | one number for each |
//! | [`mae`], [`mse`], [`rmse`], [`r2`] | numbers | as many numbers |

mod accuracy;
mod classes;
mod confusion;
mod precision_recall;
mod regression;
mod roc_auc;

pub use accuracy::{Accuracy, TopK, accuracy, top_k};
pub use confusion::Confusion;
pub use precision_recall::{Average, PrecisionRecall, f1, precision, recall};
pub use regression::{ErrorMean, R2, mae, mse, r2, rmse};
pub use roc_auc::{RocAuc, roc_auc};

use chainrule_tape::{Result, Tensor};

/// A number that is gathered over batches of outputs and targets.
///
/// ```
/// use chainrule_tape::{Result, Tensor};
/// use chainrule_train::Metric;
///
/// /// The largest error of all.
/// #[derive(Default)]
/// struct Worst(f64);
///
/// impl Metric for Worst {
///     fn name(&self) -> &str {
///         "worst_error"
///     }
///
///     fn reset(&mut self) {
///         self.0 = 0.0;
///     }
///
///     fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
///         let errors = outputs.to_f64().into_iter().zip(targets.to_f64()).map(|(y, t)| (y - t).abs());
///         self.0 = errors.fold(self.0, f64::max);
///         Ok(())
///     }
///
///     fn value(&self) -> f64 {
///         self.0
///     }
/// }
/// ```
pub trait Metric {
    /// What it is called in logs and histories: `accuracy`.
    fn name(&self) -> &str;

    /// Forgets what was gathered.
    fn reset(&mut self);

    /// Takes a batch in.
    ///
    /// # Errors
    /// If shapes or dtypes don't fit, or a target is none: the message names the metric.
    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()>;

    /// The number for everything since the last reset; NaN if there was nothing.
    fn value(&self) -> f64;

    /// The number for these alone.
    ///
    /// ```
    /// use chainrule_tape::Tensor;
    /// use chainrule_train::{Metric, metrics};
    /// let outputs = Tensor::from([[0.1, 0.9], [0.8, 0.2]]);
    /// assert_eq!(metrics::accuracy().of(&outputs, &Tensor::from([1i64, 1]))?, 0.5);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`update`](Metric::update).
    fn of(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<f64> {
        self.reset();
        self.update(outputs, targets)?;
        Ok(self.value())
    }
}
