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
    #[error("nothing to draw{}: {reason}", within(.title))]
    NoData {
        /// The picture's title.
        title: String,
        /// What was looked for and not found.
        reason: &'static str,
    },
    /// An axis or a histogram can't have these ends.
    #[error("{axis} range from {} to {}: the ends must be from -1e300 to 1e300, the first below the second",
        short(*.lo), short(*.hi))]
    Range {
        /// Which: `x`, `y` or `histogram`.
        axis: &'static str,
        /// The lower end as given.
        lo: f64,
        /// The upper end as given.
        hi: f64,
    },
    /// A logarithmic axis has no place for zero and what is below.
    #[error("{axis} range from {} to {}: the ends of a logarithmic axis must be positive", short(*.lo), short(*.hi))]
    LogRange {
        /// Which: `x` or `y`.
        axis: &'static str,
        /// The lower end as given.
        lo: f64,
        /// The upper end as given.
        hi: f64,
    },
    /// A histogram can't have so many bins.
    #[error("histogram `{name}` of {bins} bins: there can be 1 to {most}")]
    Bins {
        /// The name of the histogram.
        name: String,
        /// The number of bins as given.
        bins: usize,
        /// The largest number there can be.
        most: usize,
    },
    /// There is not one bar for each category.
    #[error("bars `{name}`: {values} values for {categories} categories")]
    Categories {
        /// The name of the bars.
        name: String,
        /// The number of values.
        values: usize,
        /// The number of categories.
        categories: usize,
    },
    /// A layer has more `x` values than `y` values, or fewer.
    #[error("{layer} `{name}` has {xs} x values but {ys} y values")]
    Lengths {
        /// What it is: `line`, `band`, `points` or `path`.
        layer: &'static str,
        /// Its name.
        name: String,
        /// The number of `x` values.
        xs: usize,
        /// The number of `y` values.
        ys: usize,
    },
    /// The coordinates of a path in space are not equally many.
    #[error("path `{name}` has {} x values, {} y values and {} z values", .counts[0], .counts[1], .counts[2])]
    PathLengths {
        /// The path's name.
        name: String,
        /// The numbers of `x`, `y` and `z` values.
        counts: [usize; 3],
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
    #[error("{slice}[{index}] is class {label}, but there are {classes} classes{}", up_to(*.classes))]
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
    /// There are more classes than a table can have.
    #[error("a table of {classes} classes: there can be at most {most}")]
    Classes {
        /// The number of classes as given.
        classes: usize,
        /// The largest number there can be.
        most: usize,
    },
    /// There are more or fewer class names than classes.
    #[error("{names} class names for {classes} classes")]
    ClassNames {
        /// The number of names given.
        names: usize,
        /// The number of classes.
        classes: usize,
    },
    /// An axis of a grid has fewer than two values.
    #[error("the grid has {values} values of {axis}, but needs at least 2")]
    GridSize {
        /// The axis: `x` or `y`.
        axis: char,
        /// The number of its values.
        values: usize,
    },
    /// The values of a grid's axis are not finite and strictly increasing.
    #[error("{axis}[{index}] of the grid is {value}, which is not a finite number{}", above(*.axis, *.index))]
    GridAxis {
        /// The axis: `x` or `y`.
        axis: char,
        /// The first value that is not finite or not above the one before it.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A grid has more or fewer values than points.
    #[error("a grid of {columns} x {rows} points needs one value for each, but got {values}")]
    GridValues {
        /// The number of points along `x`.
        columns: usize,
        /// The number of points along `y`.
        rows: usize,
        /// The number of values.
        values: usize,
    },
    /// The file's ending is none that can be written.
    #[error("cannot write {}: {advice}", .path.display())]
    Ending {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
    },
    /// The picture would have no pixel, or too many.
    #[error("a picture of {width} x {height} at scale {scale} is {} x {} pixels, but a side can have 1 to 16384",
        .width * .scale, .height * .scale)]
    Pixels {
        /// The width of the SVG picture.
        width: f64,
        /// The height of the SVG picture.
        height: f64,
        /// The pixels for each of its units.
        scale: f64,
    },
    /// The pixels could not be encoded.
    #[error("the picture cannot be made into pixels: {reason}")]
    Raster {
        /// What the encoder said.
        reason: String,
    },
    /// A time of an animation is not a number, or out of bounds.
    #[error("an animation's {name} has to be from {least} to {most}, not {value}")]
    Timing {
        /// Which of them.
        name: &'static str,
        /// What it is.
        value: f64,
        /// The least it can be.
        least: f64,
        /// The most it can be.
        most: f64,
    },
    /// Something is wrong with a frame of an animation.
    #[error("frames[{frame}]: {source}")]
    Frame {
        /// Its place.
        frame: usize,
        /// What is wrong.
        source: Box<PlotError>,
    },
    /// Two frames of an animation differ in size.
    #[error("frames[{frame}] has {} x {} pixels, but frames[0] has {} x {}", .size.0, .size.1, .first.0, .first.1)]
    FrameSize {
        /// The first frame that has not the size of frame 0.
        frame: usize,
        /// Its width and height.
        size: (usize, usize),
        /// Width and height of frame 0.
        first: (usize, usize),
    },
    /// A recording has a mistake, or could not be computed.
    #[error(transparent)]
    Recording(#[from] chainrule_tape::Error),
    /// The file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

fn above(axis: char, index: usize) -> String {
    index.checked_sub(1).map_or_else(String::new, |before| format!(" above {axis}[{before}]"))
}

fn within(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" in `{title}`") }
}

fn up_to(classes: usize) -> String {
    classes.checked_sub(1).map_or_else(String::new, |last| format!(" (0 to {last})"))
}

/// A number as a program has it, without the zeros of very large and very small ones.
fn short(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-5..1e7).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}
