//! How well scores order two classes.

use super::Metric;
use super::classes::pairs;
use chainrule_tape::{Error, Result, Tensor};

/// The area under the receiver operating characteristic: the probability that a row of class 1 has a larger output than one of
/// class 0, where equal ones count half. NaN if a class has no rows, or an output is NaN.
///
/// Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", 1982.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// let (outputs, targets) = (Tensor::from([0.1, 0.4, 0.35, 0.8]), Tensor::from([0.0, 0.0, 1.0, 1.0]));
/// assert_eq!(metrics::roc_auc().of(&outputs, &targets)?, 0.75);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn roc_auc() -> RocAuc {
    RocAuc::default()
}

/// The metric of [`roc_auc`].
#[derive(Clone, Debug, Default)]
pub struct RocAuc {
    /// Outputs, and whether they are of class 1.
    scores: Vec<(f64, bool)>,
}

impl Metric for RocAuc {
    fn name(&self) -> &str {
        "roc_auc"
    }

    fn reset(&mut self) {
        self.scores.clear();
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        for (row, (score, target)) in pairs("roc_auc", outputs, targets)?.into_iter().enumerate() {
            if target != 0.0 && target != 1.0 {
                return Err(Error::Tensor(format!("roc_auc: target {row} is {target}, neither 0 nor 1")));
            }
            self.scores.push((score, target == 1.0));
        }
        Ok(())
    }

    fn value(&self) -> f64 {
        if self.scores.iter().any(|(score, _)| score.is_nan()) {
            return f64::NAN;
        }
        let mut sorted = self.scores.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Pairs in the right order, twice, as equal ones are half a pair.
        let (mut twice, mut below) = (0u128, 0u128);
        for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
            let ones = equal.iter().filter(|(_, one)| *one).count() as u128;
            let zeros = equal.len() as u128 - ones;
            twice += ones * (2 * below + zeros);
            below += zeros;
        }
        let ones = self.scores.len() as u128 - below;
        twice as f64 / 2.0 / (ones * below) as f64
    }
}
