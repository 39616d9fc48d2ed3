//! Which classes are taken for which.

use super::classes::Classes;
use chainrule_tape::{Result, Tensor};
use std::fmt;

/// How many rows of each actual class were predicted to be of which: `counts()[actual][predicted]`.
///
/// `chainrule_plot::ConfusionMatrix` draws it. It prints as a table.
///
/// ```
/// use chainrule_tape::Tensor;
/// use chainrule_train::metrics::Confusion;
///
/// let outputs = Tensor::from([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]);
/// let confusion = Confusion::of(&outputs, &Tensor::from([0i64, 1, 1]))?;
/// assert_eq!(confusion.counts(), [[1, 0], [1, 1]]);
/// assert_eq!((confusion.precision(0), confusion.recall(1)), (0.5, 0.5));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// Of outputs `[…, classes]` with labels `[…]`, or of probabilities with targets of 0 and 1.
    ///
    /// # Errors
    /// If the shapes don't fit, or a target is no class.
    pub fn of(outputs: &Tensor, targets: &Tensor) -> Result<Confusion> {
        let mut confusion = Confusion::default();
        confusion.update(outputs, targets, 0.5)?;
        Ok(confusion)
    }

    /// Counts these too. Where there is one output for each target, it is class 1 above the threshold.
    ///
    /// # Errors
    /// As [`of`](Confusion::of).
    pub fn update(&mut self, outputs: &Tensor, targets: &Tensor, threshold: f64) -> Result<()> {
        let classes = Classes::of("confusion", outputs, targets, threshold)?;
        let count = classes.count.max(self.counts.len());
        self.counts.resize(count, Vec::new());
        self.counts.iter_mut().for_each(|row| row.resize(count, 0));
        for (&actual, &predicted) in classes.actual.iter().zip(&classes.predicted) {
            self.counts[actual][predicted] += 1;
        }
        Ok(())
    }

    /// The counts, `[actual][predicted]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// How many rows are of this class.
    pub fn actual(&self, class: usize) -> u64 {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    /// How many rows were predicted to be of this class.
    pub fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }

    /// How many rows of this class were predicted to be of it.
    pub fn right(&self, class: usize) -> u64 {
        self.counts.get(class).and_then(|row| row.get(class)).copied().unwrap_or(0)
    }

    /// The share of all rows that is right; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        let classes = 0..self.counts.len();
        let (right, all): (u64, u64) =
            classes.fold((0, 0), |(a, b), i| (a + self.right(i), b + self.actual(i)));
        right as f64 / all as f64
    }

    /// Of the rows predicted to be of this class, the share that is: 0 if there are none.
    pub fn precision(&self, class: usize) -> f64 {
        share(self.right(class), self.predicted(class))
    }

    /// Of the rows of this class, the share predicted to be of it: 0 if there are none.
    pub fn recall(&self, class: usize) -> f64 {
        share(self.right(class), self.actual(class))
    }

    /// The harmonic mean of precision and recall, `2·right / (predicted + actual)`: 0 if there are none.
    pub fn f1(&self, class: usize) -> f64 {
        share(2 * self.right(class), self.predicted(class) + self.actual(class))
    }
}

/// As a quotient; of nothing, 0.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.counts.iter().flatten().max().copied().unwrap_or(0);
        let width = most.max(self.counts.len() as u64).to_string().len() + 2;
        write!(f, "{:width$}", "")?;
        (0..self.counts.len()).try_for_each(|class| write!(f, "{class:>width$}"))?;
        for (class, row) in self.counts.iter().enumerate() {
            write!(f, "\n{class:>width$}")?;
            row.iter().try_for_each(|count| write!(f, "{count:>width$}"))?;
        }
        Ok(())
    }
}
