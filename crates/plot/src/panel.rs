//! One chart of a picture: its measure, its axes, its layers and their names.

mod scales;

use crate::axes::{Area, Axes};
use crate::chart::Chart;
use crate::key::{Key, NAME};
use crate::layer::{Layer, Sample};
use crate::palette::{self, Color, Ink};
use crate::sheet::Sheet;
use crate::text::{self, Anchor, Type};
use crate::{Picture, color_bar, labels};

pub(crate) const MARGIN: f64 = 16.0;
pub(crate) const TITLE: Type = Type::new(15.0, Color::Title).bold();
pub(crate) const LABEL: Type = Type::new(12.0, Color::Quiet);
/// From one name to the next, one below the other.
const NAME_GAP: f64 = 15.0;
/// How far a name may stand from its line's end and still be read as the line's.
const MAX_SHIFT: f64 = 14.0;

/// Where the layers' names stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Names {
    /// At the ends of lines.
    Ends,
    /// In a key above the chart's axes.
    Key,
    /// In a key that the charts of a picture share.
    Shared,
}

/// The room around the axes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Insets {
    top: f64,
    right: f64,
    bottom: f64,
    left: f64,
}

impl Insets {
    /// What has room for both.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            top: self.top.max(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            left: self.left.max(other.left),
        }
    }

    /// The size of a chart with so much room around its axes, and just enough between them.
    pub(crate) fn least_size(self) -> (f64, f64) {
        (self.left + self.right + 100.0, self.top + self.bottom + 80.0)
    }
}

/// A chart of a given size, with its layers' inks.
#[derive(Debug)]
pub(crate) struct Panel<'a> {
    chart: &'a Chart,
    size: (f64, f64),
    layers: Vec<(&'a dyn Layer, Ink)>,
    /// The least and the greatest `x` and `y` to be drawn; `None` if there is nothing to draw.
    range: Option<[(f64, f64); 2]>,
}

impl<'a> Panel<'a> {
    /// `names` are those of the whole picture: a name's place among them chooses its ink.
    pub(crate) fn new(chart: &'a Chart, size: (f64, f64), names: &[&str]) -> Self {
        let mut unnamed = names.len();
        let ink_of = |layer: &dyn Layer| {
            let known = names.iter().position(|name| *name == layer.name());
            palette::ink(known.unwrap_or_else(|| {
                unnamed += usize::from(layer.has_ink());
                unnamed.saturating_sub(1)
            }))
        };
        let mut inks: Vec<Ink> = chart.layers.iter().map(|layer| &**layer).map(ink_of).collect();
        // Classes are tinted in the colours of the points, which come in the same order.
        let dots = chart.layers.iter().position(|layer| layer.has_ink() && layer.sample() == Sample::Dot);
        let first = dots.map_or(palette::ink(0), |i| inks[i]);
        for (layer, ink) in chart.layers.iter().zip(&mut inks) {
            *ink = if layer.has_ink() { *ink } else { first };
        }
        let layers = chart.layers.iter().map(|layer| &**layer).zip(inks).collect();
        Self { chart, size, layers, range: scales::range(chart) }
    }

    /// Whether every name can stand at its line's end: short enough, not far from it, and right of all lines.
    pub(crate) fn ends_fit(&self) -> bool {
        let Some([(x_min, x_max), _]) = self.range else { return true };
        let ends = self.ends();
        let endless = |(layer, _): &(&dyn Layer, Ink)| {
            !layer.name().is_empty() && !ends.iter().any(|end| end.0 == layer.name())
        };
        if self.layers.iter().any(endless) {
            return false;
        }
        let insets = self.insets(Names::Ends);
        let area = self.area((0.0, 0.0), insets);
        let Some(scale) = self.y_scale(area.height) else { return true };
        let y_at = |y: f64| area.y + (1.0 - scale.place(y).clamp(0.0, 1.0)) * area.height;
        let wanted: Vec<f64> = ends.iter().map(|&(_, _, (_, y))| y_at(y)).collect();
        let places = spread(&wanted, area);
        insets.right <= 0.3 * self.size.0
            && ends.iter().all(|&(_, _, (x, _))| x_max - x <= 0.05 * (x_max - x_min))
            && wanted.iter().zip(places).all(|(wanted, place)| (wanted - place).abs() <= MAX_SHIFT)
    }

    /// The layers' names, for a key.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'a str, Sample, Ink)> + '_ {
        self.layers.iter().map(|&(layer, ink)| (layer.name(), layer.sample(), ink))
    }

    /// The room this chart needs around its axes.
    pub(crate) fn insets(&self, names: Names) -> Insets {
        let chart = self.chart;
        let mut top = 14.0;
        top += if chart.title.is_empty() { 0.0 } else { 25.0 };
        // A little apart from the label below it.
        top += if names == Names::Key { self.key().height() + 5.0 } else { 0.0 };
        top += if chart.y_label.is_empty() { 11.0 } else { 28.0 };
        let bottom = if chart.x_label.is_empty() { 34.0 } else { 52.0 };
        let height = self.size.1 - top - bottom;
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let left = self.y_scale(height).map_or(0.0, |scale| {
            widest(&mut scale.ticks.iter().map(|tick| text::width(&tick.label, LABEL.size)))
        });
        let name = widest(&mut self.ends().iter().map(|end| text::width(end.0, NAME.size)));
        let right = if names != Names::Ends || name == 0.0 { 24.0 } else { name + 18.0 };
        let bar = self.color_levels().map_or(0.0, |levels| color_bar::width(levels, LABEL));
        let (left, right) = (MARGIN + left.min(0.45 * self.size.0) + 8.0, right.max(bar));
        Insets { top, right: right.max(self.overhang(self.size.0 - left - right) + 4.0), bottom, left }
    }

    /// The insets that charts of one picture share, so that their axes align, but for this chart's own names of rows and
    /// colour bar, which would take room from all others.
    fn own(&self, shared: Insets, names: Names) -> Insets {
        let own = self.insets(names);
        let left = if self.chart.categories.is_some() { own.left } else { shared.left };
        let right = if self.color_levels().is_some() { own.right } else { shared.right };
        Insets { left, right, ..shared }
    }

    /// What this chart asks of the others.
    pub(crate) fn shared_insets(&self, names: Names) -> Insets {
        let own = self.insets(names);
        let left = if self.chart.categories.is_some() { 0.0 } else { own.left };
        let right = if self.color_levels().is_some() { 0.0 } else { own.right };
        Insets { left, right, ..own }
    }

    pub(crate) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64), shared: Insets, names: Names) {
        let insets = self.own(shared, names);
        let mut area = self.area(origin, insets);
        let left = origin.0 + MARGIN;
        let room = self.size.0 - 2.0 * MARGIN;
        let mut top = origin.1 + 14.0;
        if !self.chart.title.is_empty() {
            sheet.text(left, top + 15.0, &text::shorten(&self.chart.title, TITLE.size, room), TITLE);
            top += 25.0;
        }
        if names == Names::Key {
            self.key().draw(sheet, left, top);
        }
        if let Err(error) = self.chart.check() {
            let note = LABEL.anchor(Anchor::Middle);
            let text = text::shorten(&error.to_string(), note.size, room);
            sheet.text(origin.0 + self.size.0 / 2.0, area.y + area.height / 2.0, &text, note);
            return;
        }
        let Some(axes) = self.axes(area) else { return };
        let y_label = text::shorten(&self.chart.y_label, LABEL.size, room);
        sheet.text(left + axes.area.x - area.x, area.y - 17.0, &y_label, LABEL);
        area = axes.area;
        self.draw_layers(sheet, &axes, true);
        draw_axes(sheet, &axes, self.chart.categories.is_some(), !self.chart.demands().exact);
        let x_label = text::shorten(&self.chart.x_label, LABEL.size, area.width + insets.right);
        let middle = (area.x + area.width / 2.0, area.bottom() + 39.0);
        sheet.text(middle.0, middle.1, &x_label, LABEL.anchor(Anchor::Middle));
        self.draw_layers(sheet, &axes, false);
        if let Some(levels) = self.color_levels() {
            color_bar::draw(sheet, area, levels, LABEL);
        }
        if names == Names::Ends {
            self.draw_names(sheet, &axes);
        }
    }

    /// Later layers first: the first line is the one that matters, and lies on top. Notes lie on everything.
    fn draw_layers(&self, sheet: &mut Sheet, axes: &Axes, below: bool) {
        let order = |note: bool| {
            let layers = self.layers.iter().rev();
            layers.filter(move |(layer, _)| layer.is_field() == below && layer.is_note() == note)
        };
        let Chart { x_range, y_range, categories, .. } = self.chart;
        let cut = x_range.is_some() || y_range.is_some() || categories.is_some();
        let inside = |sheet: &mut Sheet| order(false).for_each(|&(layer, ink)| layer.draw(sheet, axes, ink));
        if order(false).next().is_some() {
            // Half a line's width beyond the frame.
            let Area { x, y, width, height } = axes.area;
            let area = Area { x: x - 2.0, y: y - 2.0, width: width + 4.0, height: height + 4.0 };
            if cut { sheet.clipped(area, inside) } else { inside(sheet) }
        }
        order(true).for_each(|&(layer, ink)| layer.draw(sheet, axes, ink));
    }

    /// The last point of each named line that can be drawn and is not cut off.
    fn ends(&self) -> Vec<(&'a str, Ink, (f64, f64))> {
        let named = self.layers.iter().filter(|(layer, _)| !layer.name().is_empty());
        let end = |&(layer, ink): &(&'a dyn Layer, Ink)| {
            let within =
                |range: Option<(f64, f64)>, v: f64| range.is_none_or(|(lo, hi)| (lo..=hi).contains(&v));
            let shown = |point: (f64, f64)| {
                self.chart.shows(point)
                    && within(self.chart.x_range, point.0)
                    && within(self.chart.y_range, point.1)
            };
            layer.end(&shown).map(|end| (layer.name(), ink, end))
        };
        named.filter_map(end).collect()
    }

    fn draw_names(&self, sheet: &mut Sheet, axes: &Axes) {
        let (ends, area) = (self.ends(), axes.area);
        let y_at = |y: f64| area.y + (1.0 - axes.y.place(y).clamp(0.0, 1.0)) * area.height;
        let wanted: Vec<f64> = ends.iter().map(|&(_, _, (_, y))| y_at(y)).collect();
        let x_at = |x: f64| area.x + axes.x.place(x) * area.width;
        // In one column, right of the longest line.
        let column = ends.iter().map(|&(_, _, (x, _))| x_at(x)).fold(area.x, f64::max) + 13.0;
        for ((&(name, ink, (x, _)), &at), place) in ends.iter().zip(&wanted).zip(spread(&wanted, area)) {
            if (at - place).abs() > 3.0 {
                sheet.polyline(&[(x_at(x) + 3.5, at), (column - 2.5, place)], ink.stroke, 0.75, "");
            }
            sheet.text(column, place + NAME.drop(), name, NAME.fill(ink.text));
        }
    }

    fn key(&self) -> Key<'a> {
        Key::new(self.names(), self.size.0 - 2.0 * MARGIN)
    }

    fn color_levels(&self) -> Option<&'a [f64]> {
        self.layers.iter().map(|(layer, _)| layer.color_levels()).find(|levels| !levels.is_empty())
    }

    fn area(&self, origin: (f64, f64), insets: Insets) -> Area {
        let Insets { top, right, bottom, left } = insets;
        let (width, height) = ((self.size.0 - left - right).max(1.0), (self.size.1 - top - bottom).max(1.0));
        Area { x: origin.0 + left, y: origin.1 + top, width, height }
    }
}

fn spread(wanted: &[f64], area: Area) -> Vec<f64> {
    labels::spread(wanted, NAME_GAP, area.y, area.bottom())
}

/// Grid, ticks and numbers; the data are the only strong ink. Rows of bars have names instead of numbers, and the grid of
/// the bars' values; a field has no grid on it.
fn draw_axes(sheet: &mut Sheet, axes: &Axes, rows: bool, grid: bool) {
    let Axes { area, x, y, .. } = axes;
    let (right, bottom) = (area.right(), area.bottom());
    for place in y.minor.iter().filter(|_| grid) {
        let at = bottom - place * area.height;
        sheet.polyline(&[(area.x, at), (right, at)], Color::Faint, 1.0, "");
    }
    for tick in &y.ticks {
        let at = bottom - tick.at * area.height;
        if grid && !rows {
            sheet.polyline(&[(area.x, at), (right, at)], Color::Grid, 1.0, "");
        }
        sheet.text(area.x - 8.0, at + LABEL.drop(), &tick.label, LABEL.anchor(Anchor::End));
    }
    for tick in x.ticks.iter().filter(|_| rows) {
        let at = area.x + tick.at * area.width;
        sheet.polyline(&[(at, area.y), (at, bottom)], Color::Grid, 1.0, "");
    }
    sheet.polyline(&[(area.x, bottom), (right, bottom)], Color::Axis, 1.0, "");
    for tick in &x.ticks {
        let at = area.x + tick.at * area.width;
        sheet.polyline(&[(at, bottom), (at, bottom + 4.0)], Color::Axis, 1.0, "");
        sheet.text(at, bottom + 18.0, &tick.label, LABEL.anchor(Anchor::Middle));
    }
}
