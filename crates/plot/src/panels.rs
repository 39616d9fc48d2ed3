//! Several pictures in one.

use crate::key::Key;
use crate::palette::Color;
use crate::panel::{Insets, MARGIN, Names, Panel};
use crate::sheet::Sheet;
use crate::text::{self, Type};
use crate::{Chart, ConfusionMatrix, Graph, GraphPicture, Picture, PlotError, Surface, Theme};

/// Several charts or other pictures in one, side by side, stacked or in a grid (small multiples).
///
/// All are as large as the largest. The charts' axes are aligned, and layers of the same name have the same colour in each;
/// where they need a key, they share it.
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
    parts: Vec<Part>,
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
    pub fn row<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::grid(usize::MAX, parts)
    }

    /// Charts stacked, the first on top.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// # let (loss, accuracy) = (Chart::new("a").line("", &[1.0]), Chart::new("b").line("", &[1.0]));
    /// assert!(Panels::column([loss, accuracy]).to_svg().contains("width=\"560\" height=\"720\""));
    /// ```
    pub fn column<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::grid(1, parts)
    }

    /// Charts in rows of `columns`, at least 1.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// let runs = (1..=4).map(|seed| Chart::new(format!("seed {seed}")).line("loss", &[1.0, 0.3]));
    /// assert!(Panels::grid(2, runs).to_svg().contains("width=\"1120\" height=\"720\""));
    /// ```
    pub fn grid<P: Into<Part>>(columns: usize, parts: impl IntoIterator<Item = P>) -> Self {
        Self { title: String::new(), parts: parts.into_iter().map(Into::into).collect(), columns }
    }

    /// Adds one more, of any kind: a chart, a surface, a confusion matrix, a graph.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, ConfusionMatrix, Panels, Picture};
    /// let matrix = ConfusionMatrix::new(vec![vec![9, 1], vec![0, 10]])?;
    /// let both = Panels::row([Chart::new("Loss").line("", &[1.0, 0.5])]).and(matrix);
    /// assert!(both.to_svg().contains("accuracy 95.0%"));
    ///
    /// let tape = chainrule_tape::Tape::new();
    /// let with_graph = both.and(chainrule_plot::graph(&[tape.var(2.0).sin()]));
    /// assert!(with_graph.to_svg().contains(">sin</text>"));
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    pub fn and(mut self, part: impl Into<Part>) -> Self {
        self.parts.push(part.into());
        self
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
    /// The first error of a part, and [`PlotError::NoData`] without a part.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Panels, Picture};
    /// assert!(Panels::row([] as [Chart; 0]).check().is_err());
    /// assert!(Panels::row([Chart::new("Loss")]).check().is_err());
    /// ```
    fn check(&self) -> Result<(), PlotError> {
        if self.parts.is_empty() {
            return Err(PlotError::NoData { title: self.title.clone(), reason: "there is no chart" });
        }
        self.parts.iter().try_for_each(Part::check)
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        draw(&self.title, &self.parts, self.columns, theme)
    }
}

/// A picture in [`Panels`]: made from any of them by `into()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Part {
    /// Layers on axes.
    Chart(Chart),
    /// A table of counts.
    ConfusionMatrix(ConfusionMatrix),
    /// A function of two variables in space.
    Surface(Surface),
    /// A recorded graph, without its tape.
    Graph(GraphPicture),
}

impl From<Chart> for Part {
    fn from(chart: Chart) -> Self {
        Self::Chart(chart)
    }
}

impl From<ConfusionMatrix> for Part {
    fn from(matrix: ConfusionMatrix) -> Self {
        Self::ConfusionMatrix(matrix)
    }
}

impl From<Surface> for Part {
    fn from(surface: Surface) -> Self {
        Self::Surface(surface)
    }
}

impl From<GraphPicture> for Part {
    fn from(graph: GraphPicture) -> Self {
        Self::Graph(graph)
    }
}

impl From<Graph<'_>> for Part {
    fn from(graph: Graph<'_>) -> Self {
        Self::Graph(graph.finish())
    }
}

impl Part {
    fn check(&self) -> Result<(), PlotError> {
        match self {
            Self::Chart(chart) => chart.check(),
            Self::ConfusionMatrix(matrix) => matrix.check(),
            Self::Surface(surface) => surface.check(),
            Self::Graph(graph) => graph.check(),
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Chart(chart) => chart.title.clone(),
            Self::ConfusionMatrix(matrix) => matrix.heading(),
            Self::Surface(surface) => surface.title().to_owned(),
            Self::Graph(graph) => graph.heading().to_owned(),
        }
    }

    fn chart(&self) -> Option<&Chart> {
        match self {
            Self::Chart(chart) => Some(chart),
            Self::ConfusionMatrix(_) | Self::Surface(_) | Self::Graph(_) => None,
        }
    }

    /// The names that have a colour, in order.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Chart(chart) => chart.layers.iter().map(|layer| layer.name()).collect(),
            Self::ConfusionMatrix(_) | Self::Graph(_) => Vec::new(),
            Self::Surface(surface) => surface.names().collect(),
        }
    }

    fn size(&self) -> (f64, f64) {
        match self {
            Self::Chart(chart) => chart.size,
            Self::ConfusionMatrix(matrix) => matrix.size(),
            Self::Surface(surface) => surface.size_in_pixels(),
            Self::Graph(graph) => graph.size(),
        }
    }
}

/// Draws pictures in rows of `columns`, the charts all with the same insets, so that their axes align.
pub(crate) fn draw(title: &str, parts: &[Part], columns: usize, theme: Theme) -> Sheet {
    let size = parts.iter().map(Part::size).fold((200.0f64, 150.0f64), |s, c| (s.0.max(c.0), s.1.max(c.1)));
    let charts: Vec<&Chart> = parts.iter().filter_map(Part::chart).collect();
    let names = inks(parts);
    let mut layout = Layout::new(&charts, size, &names);
    let least = layout.insets.least_size();
    if least.0 > size.0 || least.1 > size.1 {
        // A long key must not squeeze out the lines.
        layout = Layout::new(&charts, (size.0.max(least.0), size.1.max(least.1)), &names);
    }
    let Layout { panels, names: place, insets, size } = layout;

    let columns = columns.clamp(1, parts.len().max(1));
    let rows = parts.len().div_ceil(columns).max(1);
    let width = columns as f64 * size.0;
    let key = match place {
        Names::Shared => Key::new(panels.iter().flat_map(Panel::names), width - 2.0 * MARGIN),
        Names::Key | Names::Ends => Key::default(),
    };
    let mut head = if title.is_empty() { 0.0 } else { 36.0 };
    let key_top = if title.is_empty() { 12.0 } else { head + 6.0 };
    if key.height() > 0.0 {
        head = key_top + key.height();
    }
    let titles: Vec<String> = std::iter::once(title.to_owned())
        .chain(parts.iter().map(Part::title))
        .filter(|title| !title.is_empty())
        .collect();
    let mut sheet = Sheet::new(width, head + rows as f64 * size.1, &titles.join(", "), theme);
    let style = Type::new(17.0, Color::Title).bold();
    sheet.text(MARGIN, 30.0, &text::shorten(title, style.size, width - 2.0 * MARGIN), style);
    key.draw(&mut sheet, MARGIN, key_top);
    let mut panels = panels.iter();
    for (i, part) in parts.iter().enumerate() {
        let origin = ((i % columns) as f64 * size.0, head + (i / columns) as f64 * size.1);
        match part {
            Part::Chart(_) => {
                panels.next().into_iter().for_each(|p| p.draw(&mut sheet, origin, insets, place))
            }
            Part::ConfusionMatrix(matrix) => matrix.draw(&mut sheet, origin),
            Part::Surface(surface) => surface.draw(&mut sheet, origin, size, &names),
            Part::Graph(graph) => graph.draw(&mut sheet, origin, size),
        }
    }
    sheet
}

/// The charts at a size, and what they decide together.
struct Layout<'a> {
    panels: Vec<Panel<'a>>,
    /// One picture, one kind of legend: a key where the names of any chart collide.
    names: Names,
    insets: Insets,
    size: (f64, f64),
}

impl<'a> Layout<'a> {
    fn new(charts: &[&'a Chart], size: (f64, f64), names: &[&str]) -> Self {
        let panels: Vec<Panel<'a>> = charts.iter().map(|chart| Panel::new(chart, size, names)).collect();
        let place = match panels.iter().all(Panel::ends_fit) {
            true => Names::Ends,
            false if panels.len() == 1 => Names::Key,
            false => Names::Shared,
        };
        let insets =
            panels.iter().map(|panel| panel.shared_insets(place)).fold(Insets::default(), Insets::max);
        Self { panels, names: place, insets, size }
    }
}

/// The names in the order of their first appearance; a name's place here chooses its ink.
fn inks(parts: &[Part]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in parts.iter().flat_map(Part::names) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
