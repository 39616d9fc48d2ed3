//! Lines, points, fields and notes on common axes.

use std::sync::Arc;

use crate::layer::{
    Arrows, Band, Bars, Classes, Contours, Demands, Filled, Histogram, Layer, Level, Line, Mark, Path, Points,
};
use crate::scale::HUGE;
use crate::{Grid, Levels, Picture, PlotError, Region, Sheet, Theme, panels};

/// Lines, points, bars, fields and notes on common axes, each kind added by a method of its own, in any number and
/// order.
///
/// A line ends in its name; where names would collide, and for all that has no end, a key above the plot shows them. Layers
/// of one name have one colour, in all charts of a picture. A point that is NaN or infinite (or, on a logarithmic axis, not
/// positive) is a gap. To draw several charts in one picture, see [`Panels`](crate::Panels).
///
/// ```
/// use chainrule_plot::{Chart, Picture};
///
/// let svg = Chart::new("Loss")
///     .x_label("epoch")
///     .y_label("cross-entropy")
///     .line("train", &[2.3, 0.6, 0.2, 0.1])
///     .line("test", &[2.3, 0.7, 0.4, 0.3])
///     .v_line(3.0, "best")
///     .to_svg();
/// assert!(svg.contains(">train</text>") && svg.contains(">cross-entropy</text>"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct Chart {
    pub(crate) title: String,
    pub(crate) x_label: String,
    pub(crate) y_label: String,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
    pub(crate) x_range: Option<(f64, f64)>,
    pub(crate) y_range: Option<(f64, f64)>,
    pub(crate) equal: bool,
    /// The names of the rows of bars.
    pub(crate) categories: Option<Vec<String>>,
    pub(crate) size: (f64, f64),
    pub(crate) layers: Vec<Arc<dyn Layer>>,
    /// The first layer that was given what does not fit together.
    mistake: Option<Mistake>,
}

/// A vector at a point: `((x, y), (dx, dy))`.
pub type Arrow = ((f64, f64), (f64, f64));

#[derive(Clone, Debug)]
enum Mistake {
    Lengths { layer: &'static str, name: String, xs: usize, ys: usize },
    Bins { name: String, bins: usize },
    Range { axis: &'static str, lo: f64, hi: f64 },
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
            log_x: false,
            log_y: false,
            x_range: None,
            y_range: None,
            equal: false,
            categories: None,
            size: (560.0, 360.0),
            layers: Vec::new(),
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

    /// Makes the horizontal axis logarithmic. Points whose `x` is not positive become gaps.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Loss").x_label("learning rate").log_x().line_at("", &[1e-4, 1e-2], &[0.3, 0.1]);
    /// assert!(chart.to_svg().contains(">10⁻³</text>") || chart.to_svg().contains(">0.001</text>"));
    /// ```
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
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

    /// The values at the left and the right end of the horizontal axis. What lies outside is cut off, and the vertical axis fits
    /// what is left. On a logarithmic axis both are positive.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let zoomed = Chart::new("").x_range(0.0, 2.0).line("", &[2.0, 1.0, 0.5, 0.2]);
    /// assert!(zoomed.check().is_ok() && Chart::new("").x_range(2.0, 0.0).line("", &[1.0]).check().is_err());
    /// ```
    pub fn x_range(mut self, lo: f64, hi: f64) -> Self {
        self.x_range = self.range("x", lo, hi);
        self
    }

    /// The values at the lower and the upper end of the vertical axis. What lies outside is cut off. On a logarithmic axis both
    /// are positive. A chart of [`bars`](Self::bars), whose vertical axis has names, takes no notice of it.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Accuracy").y_range(0.0, 1.0).line("test", &[0.7, 0.75]);
    /// assert!(chart.to_svg().contains(">0.0</text>"));
    /// ```
    pub fn y_range(mut self, lo: f64, hi: f64) -> Self {
        self.y_range = self.range("y", lo, hi);
        self
    }

    /// Makes a unit as long on one axis as on the other, so that circles are round; a decade, if both are logarithmic. If just
    /// one is, or there are [`categories`](Self::categories), there is no common unit, and this changes nothing.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let (xs, ys): (Vec<f64>, Vec<f64>) = (0..=60).map(|i| (f64::from(i) / 9.5).sin_cos()).unzip();
    /// let circle = Chart::new("").equal_axes().line_at("", &xs, &ys);
    /// ```
    pub fn equal_axes(mut self) -> Self {
        self.equal = true;
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
    pub fn line(self, name: impl Into<String>, ys: &[f64]) -> Self {
        let points = ys.iter().enumerate().map(|(i, &y)| ((i + 1) as f64, y)).collect();
        self.with(Line { name: name.into(), points, thin: false })
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
        let points = self.pairs("line", &name, xs, ys);
        self.with(Line { name, points, thin: false })
    }

    /// Like [`line_at`](Self::line_at), thin and pale, without a name at its end: one of many runs behind their mean, which
    /// has the same name and so the same colour.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let epochs = [1.0, 2.0, 3.0];
    /// let runs = [[1.0, 0.5, 0.2], [1.2, 0.3, 0.3]];
    /// let chart = Chart::new("Loss").line_at("mean", &epochs, &[1.1, 0.4, 0.25]);
    /// let chart = runs.iter().fold(chart, |chart, run| chart.thin_line_at("mean", &epochs, run));
    /// ```
    pub fn thin_line_at(mut self, name: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        let name = name.into();
        let points = self.pairs("line", &name, xs, ys);
        self.with(Line { name, points, thin: true })
    }

    /// The room between two lines, shaded: a range of values at each `x`.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let chart = Chart::new("Loss").band("10% to 90%", &[1.0, 2.0], &[0.8, 0.3], &[1.2, 0.6]);
    /// ```
    pub fn band(mut self, name: impl Into<String>, xs: &[f64], low: &[f64], high: &[f64]) -> Self {
        let name = name.into();
        let (low, high) = (self.pairs("band", &name, xs, low), self.pairs("band", &name, xs, high));
        self.with(Band { name, low, high })
    }

    /// A dot at each point (`xs[i]`, `ys[i]`).
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let flowers = Chart::new("Iris").x_label("petal length, cm").y_label("petal width, cm")
    ///     .points("setosa", &[1.4, 1.3, 1.5], &[0.2, 0.2, 0.4])
    ///     .points("virginica", &[6.0, 5.1, 5.9], &[2.5, 1.9, 2.1]);
    /// assert_eq!(flowers.to_svg().matches("<circle").count(), 6 + 2); // two in the key
    /// ```
    pub fn points(mut self, name: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        let name = name.into();
        let points = self.pairs("points", &name, xs, ys);
        self.with(Points { name, points })
    }

    /// The way from the first point to the last: a dot at its start, arrowheads along it, a ring at its end. It ends before
    /// the first point that is not finite.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let descent = Chart::new("").path("gradient descent", &[2.0, 1.0, 0.5], &[1.0, 0.9, 0.8]);
    /// ```
    pub fn path(mut self, name: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        let name = name.into();
        let points = self.pairs("path", &name, xs, ys);
        self.with(Path { name, points })
    }

    /// An arrow for each vector (`dx`, `dy`) at its point (`x`, `y`), given as `((x, y), (dx, dy))`: a vector field. The
    /// longest is as long as the field is wide between two of them, and lengths grow with the square root of the vectors'.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let at = |i: i32| (f64::from(i % 9 - 4), f64::from(i / 9 - 4));
    /// let turning: Vec<_> = (0..81).map(at).map(|(x, y)| ((x, y), (-y, x))).collect();
    /// let chart = Chart::new("Rotation").equal_axes().arrows(&turning);
    /// ```
    pub fn arrows(self, vectors: &[Arrow]) -> Self {
        self.with(Arrows { vectors: vectors.to_vec() })
    }

    /// The names of the rows of [`bars`](Self::bars), from top to bottom. For other layers of such a chart, a note perhaps, the
    /// rows are at y = 0, 1, 2, ….
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("Epochs to the minimum").categories(["momentum", "NAG"]).bars("", &[45.0, 31.0]);
    /// assert!(chart.to_svg().contains(">NAG</text>"));
    /// ```
    pub fn categories<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.categories = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// A horizontal bar for each of the [`categories`](Self::categories), with its value written at its end. A value that is
    /// not finite is written as `none`.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let both = Chart::new("").categories(["moons", "circles"])
    ///     .bars("linear", &[0.86, 0.51])
    ///     .bars("nonlinear", &[0.99, 1.0]);
    /// assert!(both.check().is_ok());
    /// let one = Chart::new("").categories(["moons", "circles"]).bars("linear", &[0.86]);
    /// assert_eq!(one.check().unwrap_err().to_string(), "bars `linear`: 1 values for 2 categories");
    /// ```
    pub fn bars(self, name: impl Into<String>, values: &[f64]) -> Self {
        let rank = self.bar_layers().len();
        self.with(Bars { name: name.into(), values: values.to_vec(), rank })
    }

    /// How many of the values lie in each of `bins` bins of equal width, 1 to 10000. Values that are not finite are left out.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let values = [-0.3, 0.1, 0.2, 0.25, 0.9];
    /// let chart = Chart::new("Activations").x_label("value").y_label("count").histogram("layer 1", &values, 10);
    /// assert!(chart.check().is_ok());
    /// let error = Chart::new("").histogram("layer 1", &values, 0).check().unwrap_err();
    /// assert_eq!(error.to_string(), "histogram `layer 1` of 0 bins: there can be 1 to 10000");
    /// ```
    pub fn histogram(self, name: impl Into<String>, values: &[f64], bins: usize) -> Self {
        self.counted(name.into(), values, bins, None)
    }

    /// A [`histogram`](Self::histogram) of the values from `lo` to `hi`: bins that can be compared between charts.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let chart = Chart::new("tanh").histogram_in("", &[-0.9, 0.1, 0.2], 20, (-1.0, 1.0));
    /// ```
    pub fn histogram_in(
        mut self,
        name: impl Into<String>,
        values: &[f64],
        bins: usize,
        (lo, hi): (f64, f64),
    ) -> Self {
        match self.range("histogram", lo, hi) {
            Some(range) => self.counted(name.into(), values, bins, Some(range)),
            None => self,
        }
    }

    /// Lines on which a function has the same value, with the values on them: contours. A number asks for so many round
    /// [`Levels`](crate::Levels).
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Grid, Levels};
    /// let rosenbrock = |x: f64, y: f64| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
    /// let grid = Grid::of((-2.0, 2.0), (-1.0, 3.0), (81, 81), rosenbrock);
    /// let chart = Chart::new("Rosenbrock").contours(&grid, Levels::Log(12));
    /// ```
    pub fn contours(self, grid: &Grid, levels: impl Into<Levels>) -> Self {
        self.with(Contours { grid: grid.clone(), levels: levels.into().of(grid) })
    }

    /// A function as bands of colour between [`Levels`](crate::Levels), the higher the brighter, with a bar that says which
    /// colour is which value.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Grid};
    /// let bowl = Grid::of((-2.0, 2.0), (-2.0, 2.0), (41, 41), |x, y| x * x + y * y);
    /// let chart = Chart::new("A bowl").equal_axes().filled_contours(&bowl, 8).mark(0.0, 0.0, "minimum");
    /// ```
    pub fn filled_contours(self, grid: &Grid, levels: impl Into<Levels>) -> Self {
        self.with(Filled::new(grid.clone(), levels.into().of(grid)))
    }

    /// A tint for each class's part of the plane, in the colours of the first lines or points, and the boundary between them:
    /// a decision region. Add the points of the classes in their order, and colours agree.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Grid, Region};
    /// let score = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * y);
    /// let chart = Chart::new("XOR").regions(&Region::binary(&score))
    ///     .points("0", &[-1.0, 1.0], &[1.0, -1.0])
    ///     .points("1", &[-1.0, 1.0], &[-1.0, 1.0]);
    /// ```
    pub fn regions(self, region: &Region) -> Self {
        self.with(Classes { region: region.clone() })
    }

    /// A cross at (`x`, `y`) with a note beside it.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// let chart = Chart::new("").line("", &[3.0, 1.0, 2.0]).mark(2.0, 1.0, "minimum");
    /// assert!(chart.to_svg().contains(">minimum</text>"));
    /// ```
    pub fn mark(self, x: f64, y: f64, text: impl Into<String>) -> Self {
        self.with(Mark { at: (x, y), text: text.into() })
    }

    /// A dashed line across the chart at `y`, with a note. The axis is made to contain it.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let chart = Chart::new("Accuracy").line("test", &[0.5, 0.9]).h_line(0.1, "chance");
    /// ```
    pub fn h_line(self, y: f64, text: impl Into<String>) -> Self {
        self.with(Level { value: y, text: text.into(), vertical: false })
    }

    /// A dashed line from bottom to top at `x`, with a note. The axis is made to contain it.
    ///
    /// ```
    /// # use chainrule_plot::Chart;
    /// let chart = Chart::new("Loss").line("test", &[0.5, 0.3, 0.4]).v_line(2.0, "stopped");
    /// ```
    pub fn v_line(self, x: f64, text: impl Into<String>) -> Self {
        self.with(Level { value: x, text: text.into(), vertical: true })
    }

    pub(crate) fn with(mut self, layer: impl Layer + 'static) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Points of which both coordinates are given; the first mistake is kept.
    fn pairs(&mut self, layer: &'static str, name: &str, xs: &[f64], ys: &[f64]) -> Vec<(f64, f64)> {
        if xs.len() != ys.len() {
            let name = name.to_owned();
            self.mistake.get_or_insert(Mistake::Lengths { layer, name, xs: xs.len(), ys: ys.len() });
        }
        xs.iter().copied().zip(ys.iter().copied()).collect()
    }

    fn range(&mut self, axis: &'static str, lo: f64, hi: f64) -> Option<(f64, f64)> {
        if lo < hi && lo.abs() <= HUGE && hi.abs() <= HUGE {
            return Some((lo, hi));
        }
        self.mistake.get_or_insert(Mistake::Range { axis, lo, hi });
        None
    }

    fn counted(mut self, name: String, values: &[f64], bins: usize, range: Option<(f64, f64)>) -> Self {
        if (1..=Histogram::MOST).contains(&bins) {
            return self.with(Histogram::new(name, values, bins, range));
        }
        self.mistake.get_or_insert(Mistake::Bins { name, bins });
        self
    }

    /// The number of bars in each layer of them.
    pub(crate) fn bar_layers(&self) -> Vec<(&str, usize)> {
        self.layers.iter().filter_map(|layer| layer.bars().map(|bars| (layer.name(), bars))).collect()
    }

    /// What the layers ask of the axes together.
    pub(crate) fn demands(&self) -> Demands {
        let all = self.layers.iter().map(|layer| layer.demands());
        all.fold(Demands::default(), |a, b| Demands {
            exact: a.exact || b.exact,
            from_zero: a.from_zero || b.from_zero,
        })
    }

    /// Whether a point can be drawn; otherwise it is a gap.
    pub(crate) fn shows(&self, (x, y): (f64, f64)) -> bool {
        x.abs() <= HUGE && y.abs() <= HUGE && (!self.log_y || y > 0.0) && (!self.log_x || x > 0.0)
    }

    /// All points of all layers that can be drawn.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.layers.iter().flat_map(|layer| layer.extent()).filter(|&point| self.shows(point))
    }
}

impl Picture for Chart {
    /// [`PlotError::Lengths`], [`PlotError::Categories`], [`PlotError::Range`], [`PlotError::LogRange`], [`PlotError::Bins`] and
    /// [`PlotError::NoData`].
    fn check(&self) -> Result<(), PlotError> {
        match self.mistake.clone() {
            Some(Mistake::Lengths { layer, name, xs, ys }) => {
                return Err(PlotError::Lengths { layer, name, xs, ys });
            }
            Some(Mistake::Range { axis, lo, hi }) => return Err(PlotError::Range { axis, lo, hi }),
            Some(Mistake::Bins { name, bins }) => {
                return Err(PlotError::Bins { name, bins, most: Histogram::MOST });
            }
            None => {}
        }
        let axes = [("x", self.log_x, self.x_range), ("y", self.log_y, self.y_range)];
        if let Some((axis, (lo, hi))) = axes.into_iter().find_map(|(axis, is_log, range)| {
            Some((axis, range?)).filter(|&(_, (lo, _))| is_log && lo <= 0.0)
        }) {
            return Err(PlotError::LogRange { axis, lo, hi });
        }
        let categories = self.categories.as_ref().map_or(0, Vec::len);
        if let Some(&(name, values)) = self.bar_layers().iter().find(|bars| bars.1 != categories) {
            return Err(PlotError::Categories { name: name.to_owned(), values, categories });
        }
        if self.visible().next().is_some() {
            return Ok(());
        }
        let reason = match self.log_x || self.log_y {
            true => "no layer has a finite, positive point",
            false => "no layer has a finite point",
        };
        Err(PlotError::NoData { title: self.title.clone(), reason })
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        panels::draw("", std::slice::from_ref(&self.clone().into()), 1, theme)
    }
}
