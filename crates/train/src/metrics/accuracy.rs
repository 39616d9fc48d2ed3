//! How often a class is right.

use super::Metric;
use super::classes::Classes;
use chainrule_tape::{DType, Error, Result, Tensor};

/// The share of rows whose class is right: of outputs `[…, classes]` the largest, with labels `[…]` of dtype `i64`; of one number
/// for each target, whether it is above 0.5, with targets of 0 and 1.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// let logits = Tensor::from([-0.5, 2.0, 0.1]);
/// let found = metrics::accuracy().threshold(0.0).of(&logits, &Tensor::from([0.0, 1.0, 0.0]))?;
/// assert_eq!(found, 2.0 / 3.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn accuracy() -> Accuracy {
    Accuracy { threshold: 0.5, right: 0, rows: 0 }
}

/// The metric of [`accuracy`].
#[derive(Clone, Debug)]
pub struct Accuracy {
    threshold: f64,
    right: usize,
    rows: usize,
}

impl Accuracy {
    /// Where class 1 begins, if there is one number for each target: 0 for logits.
    pub fn threshold(self, threshold: f64) -> Self {
        Accuracy { threshold, ..self }
    }
}

impl Metric for Accuracy {
    fn name(&self) -> &str {
        "accuracy"
    }

    fn reset(&mut self) {
        (self.right, self.rows) = (0, 0);
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        let classes = Classes::of("accuracy", outputs, targets, self.threshold)?;
        self.right += classes.predicted.iter().zip(&classes.actual).filter(|(a, b)| a == b).count();
        self.rows += classes.actual.len();
        Ok(())
    }

    fn value(&self) -> f64 {
        self.right as f64 / self.rows as f64
    }
}

/// The share of rows `[…, classes]` whose label is among the `k` largest: fewer than `k` outputs are larger than the label's, or
/// equal and before it. A NaN is larger than all.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// let outputs = Tensor::from([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]);
/// assert_eq!(metrics::top_k(2).of(&outputs, &Tensor::from([1i64, 2]))?, 0.5);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn top_k(k: usize) -> TopK {
    TopK { k, name: format!("top_{k}"), right: 0, rows: 0 }
}

/// The metric of [`top_k`].
#[derive(Clone, Debug)]
pub struct TopK {
    k: usize,
    name: String,
    right: usize,
    rows: usize,
}

impl Metric for TopK {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {
        (self.right, self.rows) = (0, 0);
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        let (shape, wanted) = (outputs.shape(), targets.shape());
        let classes = match shape.split_last() {
            Some((&classes, rows))
                if classes > 0 && rows == wanted.dims() && targets.dtype() == DType::I64 =>
            {
                classes
            }
            _ => {
                return Err(Error::Tensor(format!(
                    "{}: outputs are [rows, classes] and labels [rows] of i64, not {shape} and {wanted} {}",
                    self.name,
                    targets.dtype()
                )));
            }
        };
        let outputs = outputs.to_f64();
        for (row, &label) in outputs.chunks_exact(classes).zip(targets.as_slice::<i64>()?) {
            let own = usize::try_from(label).ok().and_then(|label| row.get(label)).ok_or_else(|| {
                Error::Tensor(format!("{}: there is no class {label} of {classes}", self.name))
            })?;
            let before = |(class, x): (usize, &f64)| {
                x > own || (x.is_nan() && !own.is_nan()) || (x == own && (class as i64) < label)
            };
            self.right += usize::from(row.iter().enumerate().filter(|&one| before(one)).count() < self.k);
        }
        self.rows += targets.numel();
        Ok(())
    }

    fn value(&self) -> f64 {
        self.right as f64 / self.rows as f64
    }
}
