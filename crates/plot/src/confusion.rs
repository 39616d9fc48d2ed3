//! Which classes were taken for which.

use crate::heatmap::{self, Heatmap};
use crate::sheet::Sheet;
use crate::{Picture, PlotError, Theme};

/// Counts of (true class, predicted class), drawn as a table: a row for each true class, a column for each
/// prediction, shaded by the share of the row, blue on the diagonal and orange for the errors. The orange rises
/// faster, so that rare errors can be told from rarer ones. The title gives the overall accuracy.
///
/// ```
/// use chainrule_plot::{ConfusionMatrix, Picture};
///
/// let truth = [0, 0, 0, 1, 1, 2];
/// let predicted = [0, 0, 1, 1, 1, 2];
/// let matrix = ConfusionMatrix::from_labels(&truth, &predicted, 3)?.named(["cat", "dog", "bird"])?;
/// assert_eq!(matrix.counts(), [[2, 1, 0], [0, 2, 0], [0, 0, 1]]);
/// assert!(matrix.to_svg().contains("accuracy 83.3%"));
/// # Ok::<(), chainrule_plot::PlotError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct ConfusionMatrix {
    title: String,
    counts: Vec<Vec<usize>>,
    names: Vec<String>,
}

impl ConfusionMatrix {
    /// From a square table of counts: `counts[true class][predicted class]`. Classes are named `0`, `1`, ….
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture, PlotError};
    /// let matrix = ConfusionMatrix::new(vec![vec![50, 2], vec![3, 45]])?;
    /// assert_eq!(matrix.accuracy(), 0.95);
    ///
    /// let ragged = ConfusionMatrix::new(vec![vec![50, 2], vec![3]]);
    /// assert!(matches!(ragged, Err(PlotError::NotSquare { row: 1, cells: 1, classes: 2 })));
    /// # Ok::<(), PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlotError::NotSquare`], [`PlotError::Classes`] for more than 1000 classes, and [`PlotError::NoData`] if all counts are zero.
    pub fn new(counts: Vec<Vec<usize>>) -> Result<Self, PlotError> {
        let classes = possible(counts.len())?;
        if let Some(row) = counts.iter().position(|row| row.len() != classes) {
            return Err(PlotError::NotSquare { row, cells: counts[row].len(), classes });
        }
        let title = "Confusion matrix".to_owned();
        if counts.iter().flatten().all(|&n| n == 0) {
            return Err(PlotError::NoData { title, reason: "there are no samples" });
        }
        let names = (0..classes).map(|class| class.to_string()).collect();
        Ok(Self { title, counts, names })
    }

    /// From the true and the predicted class of each sample, both `0..classes`.
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture};
    /// let matrix = ConfusionMatrix::from_labels(&[0, 1, 1], &[0, 1, 0], 2)?;
    /// assert_eq!(matrix.counts(), [[1, 0], [1, 1]]);
    ///
    /// let error = ConfusionMatrix::from_labels(&[0, 1], &[0, -1], 2).unwrap_err();
    /// assert_eq!(error.to_string(), "predicted[1] is class -1, but there are 2 classes (0 to 1)");
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlotError::LabelLengths`], [`PlotError::Label`], [`PlotError::Classes`] for more than 1000 classes, and
    /// [`PlotError::NoData`] without a sample.
    pub fn from_labels(truth: &[i64], predicted: &[i64], classes: usize) -> Result<Self, PlotError> {
        if truth.len() != predicted.len() {
            return Err(PlotError::LabelLengths { truth: truth.len(), predicted: predicted.len() });
        }
        let class = |slice, index, label: i64| match usize::try_from(label) {
            Ok(class) if class < classes => Ok(class),
            _ => Err(PlotError::Label { slice, index, label, classes }),
        };
        let mut counts = vec![vec![0; possible(classes)?]; classes];
        for (index, (&t, &p)) in truth.iter().zip(predicted).enumerate() {
            counts[class("truth", index, t)?][class("predicted", index, p)?] += 1;
        }
        Self::new(counts)
    }

    /// Names the classes, in their order. Long names are shortened in the picture and whole in its tooltips.
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture};
    /// let matrix = ConfusionMatrix::new(vec![vec![9, 1], vec![0, 10]])?;
    /// assert!(matrix.clone().named(["ham", "spam"])?.to_svg().contains(">spam</text>"));
    /// assert!(matrix.named(["ham", "spam", "eggs"]).is_err());
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlotError::ClassNames`] if there are not as many names as classes.
    pub fn named<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Result<Self, PlotError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.counts.len() {
            return Err(PlotError::ClassNames { names: names.len(), classes: self.counts.len() });
        }
        self.names = names;
        Ok(self)
    }

    /// Replaces the title, `Confusion matrix`; the accuracy follows it.
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture};
    /// let matrix = ConfusionMatrix::new(vec![vec![9, 1], vec![0, 10]])?.title("Iris");
    /// assert!(matrix.to_svg().contains(">Iris: accuracy 95.0%</text>"));
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The counts: `counts()[true class][predicted class]`.
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture};
    /// assert_eq!(ConfusionMatrix::from_labels(&[1, 1], &[1, 0], 2)?.counts(), [[0, 0], [1, 1]]);
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    #[must_use]
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// The share of samples whose class was predicted.
    ///
    /// ```
    /// # use chainrule_plot::{ConfusionMatrix, Picture};
    /// assert_eq!(ConfusionMatrix::new(vec![vec![3, 1], vec![0, 4]])?.accuracy(), 0.875);
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let (correct, all) = self.tally();
        correct as f64 / all as f64
    }

    pub(crate) fn heading(&self) -> String {
        let (correct, all) = self.tally();
        heatmap::heading(&self.title, correct, all)
    }

    pub(crate) fn size(&self) -> (f64, f64) {
        Heatmap::new(&self.heading(), &self.counts, &self.names, self.tally().1).size
    }

    pub(crate) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64)) {
        Heatmap::new(&self.heading(), &self.counts, &self.names, self.tally().1).draw(sheet, origin);
    }

    /// The number of samples on the diagonal, and of all samples. Counts beyond `usize` saturate.
    fn tally(&self) -> (usize, usize) {
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.fold(0, usize::saturating_add);
        let correct = sum(&mut self.counts.iter().enumerate().map(|(class, row)| row[class]));
        (correct, sum(&mut self.counts.iter().flatten().copied()))
    }
}

/// The most classes of a table, which has a cell for each pair of them.
const MOST: usize = 1000;

fn possible(classes: usize) -> Result<usize, PlotError> {
    if classes <= MOST { Ok(classes) } else { Err(PlotError::Classes { classes, most: MOST }) }
}

impl Picture for ConfusionMatrix {
    /// Always: a matrix without samples can't be made.
    fn check(&self) -> Result<(), PlotError> {
        Ok(())
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        let (width, height) = self.size();
        let mut sheet = Sheet::new(width, height, &self.heading(), theme);
        self.draw(&mut sheet, (0.0, 0.0));
        sheet
    }
}
