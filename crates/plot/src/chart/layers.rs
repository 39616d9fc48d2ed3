//! What can be put on a chart: a method for each kind of layer.

use super::{Arrow, Chart};
use crate::layer::{Arrows, Band, Bars, Classes, Contours, Filled, Level, Line, Mark, Path, Points};
use crate::{Grid, Levels, Region};

impl Chart {
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
    /// Slices of different lengths are an error that [`check`](crate::Picture::check) and [`save`](crate::Picture::save) return.
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
}
