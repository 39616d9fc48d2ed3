//! Precision, recall and their mean.

use super::{Confusion, Metric};
use chainrule_tape::{Result, Tensor};

/// How the numbers of several classes become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Average {
    /// The number of class 1: for two classes, of which that is the one looked for.
    Binary,
    /// The mean over the classes.
    Macro,
    /// The mean over the classes, weighted by how many rows are of each.
    Weighted,
    /// Of all rows together: then precision, recall and F1 are the accuracy.
    Micro,
    /// The number of one class.
    Class(usize),
}

/// The share of what was predicted to be of a class that is. With two classes, of class 1; else the mean over the classes, unless
/// [`average`](PrecisionRecall::average) says otherwise. Nothing predicted counts as 0.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::{Metric, metrics};
/// let (outputs, targets) = (Tensor::from([0.9, 0.8, 0.3, 0.6]), Tensor::from([1.0, 0.0, 1.0, 1.0]));
/// assert_eq!(metrics::precision().of(&outputs, &targets)?, 2.0 / 3.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn precision() -> PrecisionRecall {
    PrecisionRecall::new("precision", Confusion::precision)
}

/// The share of what is of a class that was predicted to be; otherwise as [`precision`].
pub fn recall() -> PrecisionRecall {
    PrecisionRecall::new("recall", Confusion::recall)
}

/// The harmonic mean of precision and recall; otherwise as [`precision`].
///
/// Source: van Rijsbergen, "Information retrieval", 1979, chapter 7 (with β = 1).
pub fn f1() -> PrecisionRecall {
    PrecisionRecall::new("f1", Confusion::f1)
}

/// The metrics of [`precision`], [`recall`] and [`f1`].
#[derive(Clone, Debug)]
pub struct PrecisionRecall {
    name: &'static str,
    of: fn(&Confusion, usize) -> f64,
    average: Option<Average>,
    threshold: f64,
    confusion: Confusion,
}

impl PrecisionRecall {
    fn new(name: &'static str, of: fn(&Confusion, usize) -> f64) -> PrecisionRecall {
        PrecisionRecall { name, of, average: None, threshold: 0.5, confusion: Confusion::default() }
    }

    /// How the numbers of several classes become one.
    pub fn average(self, average: Average) -> Self {
        PrecisionRecall { average: Some(average), ..self }
    }

    /// Where class 1 begins, if there is one number for each target: 0.5 unless set; 0 for logits.
    pub fn threshold(self, threshold: f64) -> Self {
        PrecisionRecall { threshold, ..self }
    }
}

impl Metric for PrecisionRecall {
    fn name(&self) -> &str {
        self.name
    }

    fn reset(&mut self) {
        self.confusion = Confusion::default();
    }

    fn update(&mut self, outputs: &Tensor, targets: &Tensor) -> Result<()> {
        self.confusion.update(outputs, targets, self.threshold)
    }

    fn value(&self) -> f64 {
        let count = self.confusion.counts().len();
        if count == 0 {
            return f64::NAN;
        }
        let usual = if count == 2 { Average::Binary } else { Average::Macro };
        let weighted = |weight: &dyn Fn(usize) -> f64| {
            let total: f64 = (0..count).map(weight).sum();
            (0..count).map(|class| weight(class) * (self.of)(&self.confusion, class)).sum::<f64>() / total
        };
        match self.average.unwrap_or(usual) {
            Average::Binary => (self.of)(&self.confusion, 1),
            Average::Class(class) => (self.of)(&self.confusion, class),
            Average::Macro => weighted(&|_| 1.0),
            Average::Weighted => weighted(&|class| self.confusion.actual(class) as f64),
            Average::Micro => self.confusion.accuracy(),
        }
    }
}
