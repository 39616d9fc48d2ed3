//! Several charts in one picture.

use crate::palette::Color;
use crate::panel::{Insets, Panel};
use crate::svg::{self, Svg, Type};
use crate::{Chart, Picture, PlotError, Theme};

/// Several charts in one picture, side by side or stacked, their axes aligned.
///
/// All charts are as large as the largest, and lines of the same name have the same colour in each.
///
/// ```
/// use chainrule_plot::{Chart, Panels, Picture};
///
/// let loss = Chart::new("Loss").line("train", &[2.3, 0.6]).line("test", &[2.3, 0.7]);
/// let accuracy = Chart::new("Accuracy").line("train", &[0.1, 0.8]).line("test", &[0.1, 0.7]);
/// let svg = Panels::row([loss, accuracy]).title("LeNet on MNIST").to_svg();
/// assert!(svg.contains("width=\"1120\""));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct Panels {
    title: String,
    charts: Vec<Chart>,
    columns: usize,
}

impl Panels {
    /// Charts side by side.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// # let (loss, accuracy) = (Chart::new("a").line("", &[1.0]), Chart::new("b").line("", &[1.0]));
    /// assert!(Panels::row([loss, accuracy]).to_svg().contains("width=\"1120\" height=\"360\""));
    /// ```
    pub fn row(charts: impl IntoIterator<Item = Chart>) -> Self {
        Self::grid(usize::MAX, charts)
    }

    /// Charts stacked, the first on top.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// # let (loss, accuracy) = (Chart::new("a").line("", &[1.0]), Chart::new("b").line("", &[1.0]));
    /// assert!(Panels::column([loss, accuracy]).to_svg().contains("width=\"560\" height=\"720\""));
    /// ```
    pub fn column(charts: impl IntoIterator<Item = Chart>) -> Self {
        Self::grid(1, charts)
    }

    /// Charts in rows of `columns`, at least 1.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// let runs = (1..=4).map(|seed| Chart::new(format!("seed {seed}")).line("loss", &[1.0, 0.3]));
    /// assert!(Panels::grid(2, runs).to_svg().contains("width=\"1120\" height=\"720\""));
    /// ```
    pub fn grid(columns: usize, charts: impl IntoIterator<Item = Chart>) -> Self {
        Self { title: String::new(), charts: charts.into_iter().collect(), columns }
    }

    /// A title above all charts.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// let panels = Panels::row([Chart::new("Loss").line("", &[1.0, 0.5])]).title("Run 7");
    /// assert!(panels.to_svg().contains(">Run 7</text>"));
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }
}

impl Picture for Panels {
    /// The first error of a chart, and [`PlotError::NoData`] without a chart.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// assert!(Panels::row([]).check().is_err());
    /// assert!(Panels::row([Chart::new("Loss")]).check().is_err());
    /// ```
    fn check(&self) -> Result<(), PlotError> {
        if self.charts.is_empty() {
            return Err(PlotError::NoData { title: self.title.clone(), reason: "there is no chart" });
        }
        self.charts.iter().try_for_each(Chart::check)
    }

    fn to_svg_in(&self, theme: Theme) -> String {
        draw(&self.title, &self.charts.iter().collect::<Vec<_>>(), self.columns, theme)
    }
}

/// Draws charts in rows of `columns`, all with the same insets, so that their axes align.
pub(crate) fn draw(title: &str, charts: &[&Chart], columns: usize, theme: Theme) -> String {
    let size = charts.iter().fold((200.0f64, 150.0f64), |s, c| (s.0.max(c.size.0), s.1.max(c.size.1)));
    let names = inks(charts);
    let mut layout = Layout::new(charts, size, &names);
    let least = layout.insets.least_size();
    if least.0 > size.0 || least.1 > size.1 {
        // A long key must not squeeze out the lines.
        layout = Layout::new(charts, (size.0.max(least.0), size.1.max(least.1)), &names);
    }
    let Layout { panels, keyed, insets, size } = layout;

    let columns = columns.clamp(1, charts.len().max(1));
    let rows = charts.len().div_ceil(columns).max(1);
    let head = if title.is_empty() { 0.0 } else { 36.0 };
    let (width, height) = (columns as f64 * size.0, head + rows as f64 * size.1);
    let titles: Vec<&str> = std::iter::once(title)
        .chain(charts.iter().map(|chart| chart.title.as_str()))
        .filter(|title| !title.is_empty())
        .collect();
    let mut svg = Svg::new(width, height, &titles.join(", "), theme);
    let style = Type::new(17.0, Color::Title).bold();
    svg.text(16.0, 30.0, &svg::shorten(title, style.size, width - 32.0), style);
    for (i, panel) in panels.iter().enumerate() {
        let origin = ((i % columns) as f64 * size.0, head + (i / columns) as f64 * size.1);
        panel.draw(&mut svg, origin, insets, keyed);
    }
    svg.finish()
}

/// The charts at a size, and what they decide together.
struct Layout<'a> {
    panels: Vec<Panel<'a>>,
    /// One picture, one kind of legend: a key where the names of any chart collide.
    keyed: bool,
    insets: Insets,
    size: (f64, f64),
}

impl<'a> Layout<'a> {
    fn new(charts: &[&'a Chart], size: (f64, f64), names: &[&str]) -> Self {
        let panels: Vec<Panel<'a>> = charts.iter().map(|chart| Panel::new(chart, size, names)).collect();
        let keyed = !panels.iter().all(Panel::ends_fit);
        let insets = panels.iter().map(|panel| panel.insets(keyed)).fold(Insets::default(), Insets::max);
        Self { panels, keyed, insets, size }
    }
}

/// The names in the order of their first appearance; a name's place here chooses its ink.
fn inks<'a>(charts: &[&'a Chart]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for line in charts.iter().flat_map(|chart| &chart.lines) {
        if !line.name.is_empty() && !names.contains(&line.name.as_str()) {
            names.push(&line.name);
        }
    }
    names
}
