//! One chart of a picture: its measure, its axes, its lines and their names.

use crate::chart::{Chart, Line};
use crate::palette::{self, Color, Ink};
use crate::scale::{Ends, Scale};
use crate::svg::{self, Anchor, Svg, Type};
use crate::{Picture, labels, trace};

const MARGIN: f64 = 16.0;
const TITLE: Type = Type::new(15.0, Color::Title).bold();
const LABEL: Type = Type::new(12.0, Color::Quiet);
const NAME: Type = Type::new(12.5, Color::Title);
/// From one name to the next, one below the other.
const NAME_GAP: f64 = 15.0;
/// How far a name may stand from its line's end and still be read as the line's.
const MAX_SHIFT: f64 = 14.0;
const KEY_ROW: f64 = 19.0;
const KEY_STROKE: f64 = 22.0;

/// The room around the axes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Insets {
    top: f64,
    right: f64,
    bottom: f64,
    left: f64,
}

impl Insets {
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

/// A rectangle of the sheet in which the data lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A chart of a given size, with its lines' inks.
#[derive(Debug)]
pub(crate) struct Panel<'a> {
    chart: &'a Chart,
    size: (f64, f64),
    lines: Vec<(&'a Line, Ink)>,
    /// The least and the greatest `x` and `y` to be drawn; `None` if there is nothing to draw.
    range: Option<[(f64, f64); 2]>,
}

impl<'a> Panel<'a> {
    pub(crate) fn new(chart: &'a Chart, size: (f64, f64), names: &[&str]) -> Self {
        let mut unnamed = names.len();
        let ink_of = |line: &Line| {
            let known = names.iter().position(|name| *name == line.name);
            palette::ink(known.unwrap_or_else(|| {
                unnamed += 1;
                unnamed - 1
            }))
        };
        let inks: Vec<Ink> = chart.lines.iter().map(ink_of).collect();
        let nothing = [(f64::INFINITY, f64::NEG_INFINITY); 2];
        let wider = |r: (f64, f64), v: f64| (r.0.min(v), r.1.max(v));
        let range = chart.visible().fold(nothing, |[x, y], point| [wider(x, point.0), wider(y, point.1)]);
        let range = chart.check().is_ok().then_some(range);
        Self { chart, size, lines: chart.lines.iter().zip(inks).collect(), range }
    }

    /// Whether every name can stand at its line's end: short enough, not far from it, and right of all lines.
    pub(crate) fn ends_fit(&self) -> bool {
        let Some([(x_min, x_max), _]) = self.range else { return true };
        let insets = self.insets(false);
        let area = self.area((0.0, 0.0), insets);
        let ends = self.ends();
        let wanted: Vec<f64> = ends.iter().map(|&(_, _, (_, y))| self.y_at(y, area)).collect();
        let places = spread(&wanted, area);
        insets.right <= 0.3 * self.size.0
            && ends.iter().all(|&(_, _, (x, _))| x_max - x <= 0.05 * (x_max - x_min))
            && wanted.iter().zip(places).all(|(wanted, place)| (wanted - place).abs() <= MAX_SHIFT)
    }

    /// The room this chart needs around its axes, with a key (`keyed`) or with names at the ends of lines.
    pub(crate) fn insets(&self, keyed: bool) -> Insets {
        let chart = self.chart;
        let mut top = 14.0;
        top += if chart.title.is_empty() { 0.0 } else { 25.0 };
        top += if keyed { KEY_ROW * self.key().len() as f64 } else { 0.0 };
        top += if chart.y_label.is_empty() { 11.0 } else { 28.0 };
        let bottom = if chart.x_label.is_empty() { 34.0 } else { 52.0 };
        let height = self.size.1 - top - bottom;
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let left = self.y_scale(height).map_or(0.0, |scale| {
            widest(&mut scale.ticks.iter().map(|tick| svg::width(&tick.label, LABEL.size)))
        });
        let right = widest(&mut self.ends().iter().map(|end| svg::width(&end.0.name, NAME.size)));
        let right = if keyed || right == 0.0 { 24.0 } else { right + 18.0 };
        Insets { top, right, bottom, left: MARGIN + left + 8.0 }
    }

    pub(crate) fn draw(&self, svg: &mut Svg, origin: (f64, f64), insets: Insets, keyed: bool) {
        let area = self.area(origin, insets);
        let left = origin.0 + MARGIN;
        let room = self.size.0 - 2.0 * MARGIN;
        let mut baseline = origin.1 + 14.0;
        if !self.chart.title.is_empty() {
            svg.text(left, baseline + 15.0, &svg::shorten(&self.chart.title, TITLE.size, room), TITLE);
            baseline += 25.0;
        }
        if keyed {
            self.draw_key(svg, left, baseline + 13.0);
        }
        svg.text(left, area.y - 17.0, &svg::shorten(&self.chart.y_label, LABEL.size, room), LABEL);
        if let Err(error) = self.chart.check() {
            let note = LABEL.anchor(Anchor::Middle);
            let text = svg::shorten(&error.to_string(), note.size, room);
            svg.text(origin.0 + self.size.0 / 2.0, area.y + area.height / 2.0, &text, note);
            return;
        }
        let (Some(x), Some(y)) = (self.x_scale(area.width), self.y_scale(area.height)) else { return };
        draw_axes(svg, area, &x, &y);
        let x_label = svg::shorten(&self.chart.x_label, LABEL.size, area.width);
        let middle = (area.x + area.width / 2.0, area.y + area.height + 39.0);
        svg.text(middle.0, middle.1, &x_label, LABEL.anchor(Anchor::Middle));
        // Later lines first: the first line is the one that matters, and lies on top.
        for &(line, ink) in self.lines.iter().rev() {
            let shown = |p: (f64, f64)| {
                self.chart.shows(p).then(|| {
                    (area.x + x.place(p.0) * area.width, area.y + (1.0 - y.place(p.1)) * area.height)
                })
            };
            trace::draw(svg, line.points.iter().map(|&p| shown(p)), ink);
        }
        if !keyed {
            self.draw_names(svg, area, &x);
        }
    }

    /// The last point of each named line that can be drawn.
    fn ends(&self) -> Vec<(&'a Line, Ink, (f64, f64))> {
        let last = |line: &Line| line.points.iter().rev().copied().find(|&point| self.chart.shows(point));
        let named = self.lines.iter().filter(|(line, _)| !line.name.is_empty());
        named.filter_map(|&(line, ink)| last(line).map(|end| (line, ink, end))).collect()
    }

    fn draw_names(&self, svg: &mut Svg, area: Area, x_scale: &Scale) {
        let ends = self.ends();
        let wanted: Vec<f64> = ends.iter().map(|&(_, _, (_, y))| self.y_at(y, area)).collect();
        let x_at = |x: f64| area.x + x_scale.place(x) * area.width;
        // In one column, right of the longest line.
        let column = ends.iter().map(|&(_, _, (x, _))| x_at(x)).fold(area.x, f64::max) + 13.0;
        for ((&(line, ink, (x, _)), &at), place) in ends.iter().zip(&wanted).zip(spread(&wanted, area)) {
            if (at - place).abs() > 3.0 {
                svg.polyline(&[(x_at(x) + 3.5, at), (column - 2.5, place)], ink.stroke, 0.75, "");
            }
            svg.text(column, place + NAME.drop(), &line.name, NAME.fill(ink.text));
        }
    }

    /// The key's rows: each line's name once, as many in a row as have room.
    fn key(&self) -> Vec<Vec<(f64, &'a str, Ink)>> {
        let room = self.size.0 - 2.0 * MARGIN;
        let mut rows: Vec<Vec<(f64, &str, Ink)>> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut x = f64::INFINITY;
        for &(line, ink) in self.lines.iter().filter(|(line, _)| !line.name.is_empty()) {
            if seen.contains(&line.name.as_str()) {
                continue;
            }
            seen.push(&line.name);
            let width = KEY_STROKE + 6.0 + svg::width(&line.name, NAME.size).min(room);
            if x + width > room {
                rows.push(Vec::new());
                x = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((x, &line.name, ink));
            }
            x += width + 14.0;
        }
        rows
    }

    fn draw_key(&self, svg: &mut Svg, left: f64, baseline: f64) {
        let room = self.size.0 - 2.0 * MARGIN - KEY_STROKE - 6.0;
        for (i, row) in self.key().into_iter().enumerate() {
            let y = baseline + KEY_ROW * i as f64;
            for (x, name, ink) in row {
                let (x, middle) = (left + x, y - NAME.drop());
                svg.polyline(&[(x + 1.0, middle), (x + KEY_STROKE, middle)], ink.stroke, 2.0, ink.dash);
                let name = svg::shorten(name, NAME.size, room);
                svg.text(x + KEY_STROKE + 6.0, y, &name, NAME.fill(ink.text));
            }
        }
    }

    fn area(&self, origin: (f64, f64), insets: Insets) -> Area {
        let Insets { top, right, bottom, left } = insets;
        let (width, height) = ((self.size.0 - left - right).max(1.0), (self.size.1 - top - bottom).max(1.0));
        Area { x: origin.0 + left, y: origin.1 + top, width, height }
    }

    fn y_at(&self, y: f64, area: Area) -> f64 {
        let place = self.y_scale(area.height).map_or(0.5, |scale| scale.place(y));
        area.y + (1.0 - place) * area.height
    }

    fn y_scale(&self, height: f64) -> Option<Scale> {
        let [_, (lo, hi)] = self.range?;
        let count = (height / 38.0).clamp(2.0, 20.0) as usize;
        Some(if self.chart.log_y {
            Scale::log(lo, hi, count)
        } else {
            Scale::linear(lo, hi, count, Ends::Round)
        })
    }

    /// The horizontal axis, with as many numbers as do not touch each other.
    fn x_scale(&self, width: f64) -> Option<Scale> {
        let [(lo, hi), _] = self.range?;
        let whole = self.chart.visible().all(|(x, _)| x.fract() == 0.0);
        let ends = if whole { Ends::Whole } else { Ends::Exact };
        let room = 0.015 * (hi - lo);
        let most = (width / 45.0).clamp(1.0, 20.0) as usize;
        let scales = (1..=most).rev().map(|count| Scale::linear(lo - room, hi + room, count, ends));
        scales.reduce(|best, next| if fits(&best, width) { best } else { next })
    }
}

/// Whether the numbers below an axis leave each other room.
fn fits(scale: &Scale, width: f64) -> bool {
    scale.ticks.windows(2).all(|pair| {
        let half = |text: &str| svg::width(text, LABEL.size) / 2.0;
        (pair[1].at - pair[0].at) * width >= half(&pair[0].label) + half(&pair[1].label) + 14.0
    })
}

fn spread(wanted: &[f64], area: Area) -> Vec<f64> {
    labels::spread(wanted, NAME_GAP, area.y, area.y + area.height)
}

/// Grid, ticks and numbers; the data are the only strong ink.
fn draw_axes(svg: &mut Svg, area: Area, x: &Scale, y: &Scale) {
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    for place in &y.minor {
        let at = bottom - place * area.height;
        svg.polyline(&[(area.x, at), (right, at)], Color::Faint, 1.0, "");
    }
    for tick in &y.ticks {
        let at = bottom - tick.at * area.height;
        svg.polyline(&[(area.x, at), (right, at)], Color::Grid, 1.0, "");
        svg.text(area.x - 8.0, at + LABEL.drop(), &tick.label, LABEL.anchor(Anchor::End));
    }
    svg.polyline(&[(area.x, bottom), (right, bottom)], Color::Axis, 1.0, "");
    for tick in &x.ticks {
        let at = area.x + tick.at * area.width;
        svg.polyline(&[(at, bottom), (at, bottom + 4.0)], Color::Axis, 1.0, "");
        svg.text(at, bottom + 18.0, &tick.label, LABEL.anchor(Anchor::Middle));
    }
}
