//! Lines, points, fields and notes on common axes.

mod layers;

use std::sync::Arc;

use crate::layer::{Demands, Histogram, Layer};
use crate::scale::HUGE;
use crate::{Picture, PlotError, Sheet, Theme, panels};

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
