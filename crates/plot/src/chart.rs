//! Named lines over epochs or steps.

use crate::scale::HUGE;
use crate::{Picture, PlotError, Theme, panels};

/// One or more named lines over epochs or steps.
///
/// Each line ends in its name; where names would collide, a key above the plot takes their place. A point that
/// is NaN or infinite (or, on a logarithmic axis, not positive) is a gap in its line, and a point between two
/// gaps is a dot. To draw several of these in one picture, see [`Panels`](crate::Panels).
///
/// ```
/// use chainrule_plot::{Chart, Picture};
///
/// let svg = Chart::new("Loss")
///     .x_label("epoch")
///     .y_label("cross-entropy")
///     .line("train", &[2.3, 0.6, 0.2, 0.1])
///     .line("test", &[2.3, 0.7, 0.4, 0.3])
///     .to_svg();
/// assert!(svg.contains(">train</text>") && svg.contains(">cross-entropy</text>"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct Chart {
    pub(crate) title: String,
    pub(crate) x_label: String,
    pub(crate) y_label: String,
    pub(crate) log_y: bool,
    pub(crate) size: (f64, f64),
    pub(crate) lines: Vec<Line>,
    /// The first line that was given a wrong number of points: name, `x`s, `y`s.
    mistake: Option<(String, usize, usize)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Chart {
    /// An empty chart of 560 × 360 pixels. An empty `title` takes no room.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Learning rate").line("", &[0.1, 0.05, 0.02]);
    /// assert!(chart.to_svg().contains(">Learning rate</text>"));
    /// ```
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            y_label: String::new(),
            log_y: false,
            size: (560.0, 360.0),
            lines: Vec::new(),
            mistake: None,
        }
    }

    /// What the horizontal axis counts, written below it.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Loss").x_label("epoch").line("train", &[2.0, 1.0]);
    /// assert!(chart.to_svg().contains(">epoch</text>"));
    /// ```
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// What the vertical axis measures, written above it, where it can be read without tilting the head.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Speed").y_label("steps/s").line("", &[410.0, 432.0]);
    /// assert!(chart.to_svg().contains(">steps/s</text>"));
    /// ```
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = label.into();
        self
    }

    /// Makes the vertical axis logarithmic. Values that are not positive become gaps.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Loss").log_y().line("train", &[1.0, 1e-3, 1e-6]);
    /// assert!(chart.to_svg().contains(">10⁻³</text>"));
    /// ```
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// The picture's width and height in pixels: 560 × 360 unless told, and at least 200 × 150. A picture
    /// whose labels and key leave no room for its lines becomes larger.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Loss").size(800.0, 300.0).line("train", &[2.0, 1.0]);
    /// assert!(chart.to_svg().contains("width=\"800\" height=\"300\""));
    /// ```
    pub fn size(mut self, width: f64, height: f64) -> Self {
        let or_least = |value: f64, least: f64| if value.is_nan() { least } else { value.clamp(least, 1e5) };
        self.size = (or_least(width, 200.0), or_least(height, 150.0));
        self
    }

    /// A line through `ys` at x = 1, 2, 3, …: a value an epoch. An empty name is not written.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let diverged = [0.9, 0.5, f64::NAN, 0.7, 0.4]; // a gap at epoch 3
    /// let svg = Chart::new("Loss").line("train", &diverged).to_svg();
    /// assert!(!svg.contains("NaN"));
    /// ```
    pub fn line(mut self, name: impl Into<String>, ys: &[f64]) -> Self {
        let points = ys.iter().enumerate().map(|(i, &y)| ((i + 1) as f64, y)).collect();
        self.lines.push(Line { name: name.into(), points });
        self
    }

    /// A line through the points (`xs[i]`, `ys[i]`), joined in the order given.
    ///
    /// Slices of different lengths are an error that [`check`](Picture::check) and [`save`](Picture::save) return.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Loss").x_label("step")
    ///     .line("train", &[2.1, 1.7, 1.2, 0.9, 0.8, 0.7])
    ///     .line_at("test", &[2.0, 4.0, 6.0], &[1.8, 1.1, 1.0]); // measured at every second step
    /// assert!(chart.check().is_ok());
    ///
    /// let wrong = Chart::new("Loss").line_at("test", &[1.0, 2.0], &[0.5]);
    /// assert_eq!(wrong.check().unwrap_err().to_string(), "line `test` has 2 x values but 1 y values");
    /// ```
    pub fn line_at(mut self, name: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        let name = name.into();
        if xs.len() != ys.len() && self.mistake.is_none() {
            self.mistake = Some((name.clone(), xs.len(), ys.len()));
        }
        let points = xs.iter().copied().zip(ys.iter().copied()).collect();
        self.lines.push(Line { name, points });
        self
    }

    /// Whether a point can be drawn; otherwise it is a gap.
    pub(crate) fn shows(&self, (x, y): (f64, f64)) -> bool {
        x.abs() <= HUGE && y.abs() <= HUGE && (!self.log_y || y > 0.0)
    }

    /// All points of all lines that can be drawn.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.lines.iter().flat_map(|line| line.points.iter().copied()).filter(|&point| self.shows(point))
    }
}

impl Picture for Chart {
    /// [`PlotError::LineLengths`] and [`PlotError::NoData`].
    fn check(&self) -> Result<(), PlotError> {
        if let Some((name, xs, ys)) = &self.mistake {
            return Err(PlotError::LineLengths { name: name.clone(), xs: *xs, ys: *ys });
        }
        if self.visible().next().is_some() {
            return Ok(());
        }
        let reason =
            if self.log_y { "no line has a finite, positive point" } else { "no line has a finite point" };
        Err(PlotError::NoData { title: self.title.clone(), reason })
    }

    fn to_svg_in(&self, theme: Theme) -> String {
        panels::draw("", &[self], 1, theme)
    }
}
