//! What can go wrong between numbers and a picture.

use std::io;
use std::path::PathBuf;

/// Why a picture could not be made or written.
///
/// ```
/// use chainrule_plot::{ConfusionMatrix, PlotError};
///
/// let error = ConfusionMatrix::from_labels(&[0, 1, 7], &[0, 1, 1], 2).unwrap_err();
/// assert!(matches!(error, PlotError::Label { index: 2, label: 7, .. }));
/// assert_eq!(error.to_string(), "truth[2] is class 7, but there are 2 classes (0 to 1)");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There is not one point, or not one count, that could be drawn.
    #[error("nothing to draw in `{title}`: {reason}")]
    NoData {
        /// The picture's title.
        title: String,
        /// What was looked for and not found.
        reason: &'static str,
    },
    /// A line has more `x` values than `y` values, or fewer.
    #[error("line `{name}` has {xs} x values but {ys} y values")]
    LineLengths {
        /// The line's name.
        name: String,
        /// The number of `x` values.
        xs: usize,
        /// The number of `y` values.
        ys: usize,
    },
    /// The slices of true and predicted labels are not equally long.
    #[error("{truth} true labels but {predicted} predicted labels")]
    LabelLengths {
        /// The number of true labels.
        truth: usize,
        /// The number of predicted labels.
        predicted: usize,
    },
    /// A label names no class.
    #[error("{slice}[{index}] is class {label}, but there are {classes} classes (0 to {})", .classes.saturating_sub(1))]
    Label {
        /// Which slice holds it: `truth` or `predicted`.
        slice: &'static str,
        /// Its place in that slice.
        index: usize,
        /// The label itself.
        label: i64,
        /// The number of classes.
        classes: usize,
    },
    /// The table of counts has a row that is longer or shorter than the table is high.
    #[error("row {row} of the counts has {cells} cells, but there are {classes} rows")]
    NotSquare {
        /// The first such row.
        row: usize,
        /// Its length.
        cells: usize,
        /// The number of rows.
        classes: usize,
    },
    /// There are more or fewer class names than classes.
    #[error("{names} class names for {classes} classes")]
    ClassNames {
        /// The number of names given.
        names: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
