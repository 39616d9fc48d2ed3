//! The box around a surface: its floor and back walls, and numbers on the three edges that nothing hides.

use crate::Grid;
use crate::contour::Point;
use crate::palette::Color;
use crate::scale::{Ends, Scale};
use crate::sheet::Sheet;
use crate::text::{self, Anchor, Type};

use super::view::{HEIGHT, Space, View};

const LABEL: Type = Type::new(12.0, Color::Quiet);
/// From an edge to its numbers.
const GAP: f64 = 8.0;

/// The scales along `x`, `y` and `z`.
#[derive(Debug)]
pub(super) struct Axes<'a> {
    scales: [Scale; 3],
    ranges: [(f64, f64); 3],
    labels: &'a [String; 3],
}

/// A text with its middle, and its turn in degrees.
pub(super) struct Text {
    pub(super) middle: Point,
    pub(super) text: String,
    pub(super) turn: f64,
}

impl Text {
    pub(super) fn half(&self) -> (f64, f64) {
        let (w, h) = (text::width(&self.text, LABEL.size) / 2.0, LABEL.size / 2.0);
        let (sin, cos) = self.turn.to_radians().sin_cos();
        (w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs())
    }

    /// Whether this is closer to another text than the gaps beside and below it.
    pub(super) fn meets(&self, other: &Self, gap: (f64, f64)) -> bool {
        let ((w, h), (ow, oh)) = (self.half(), other.half());
        (self.middle.0 - other.middle.0).abs() < w + ow + gap.0
            && (self.middle.1 - other.middle.1).abs() < h + oh + gap.1
    }

    fn draw(&self, sheet: &mut Sheet) {
        let (sin, cos) = self.turn.to_radians().sin_cos();
        let (x, y) = (self.middle.0 - LABEL.drop() * sin, self.middle.1 + LABEL.drop() * cos);
        sheet.text(x, y, &self.text, LABEL.anchor(Anchor::Middle).turn(self.turn));
    }
}

/// An edge of the box with numbers.
struct Edge {
    axis: usize,
    from: Space,
    /// Where the ticks point.
    outward: Point,
    /// Where the numbers are: a little lower, so that those of two edges leave each other room where these meet.
    aside: Point,
}

impl<'a> Axes<'a> {
    pub(super) fn new(grid: &Grid, heights: Option<(f64, f64)>, labels: &'a [String; 3]) -> Option<Self> {
        let ends = |values: &[f64]| Some((*values.first()?, *values.last()?));
        let (lo, hi) = grid.range()?;
        let heights = heights.map_or((lo, hi), |asked| (lo.min(asked.0), hi.max(asked.1)));
        let ranges = [ends(grid.xs())?, ends(grid.ys())?, heights];
        let scales = [0, 1, 2].map(|axis| scale(axis, ranges[axis], 5));
        Some(Self { scales, ranges, labels })
    }

    /// The place in the box of a point.
    pub(super) fn place(&self, point: Space) -> Space {
        let at: Space = std::array::from_fn(|k| 2.0 * self.scales[k].place(point[k]) - 1.0);
        [at[0], at[1], at[2] * HEIGHT]
    }

    /// How high a value is between the lower and the upper end of the axis, from 0 to 1.
    pub(super) fn share(&self, z: f64) -> f64 {
        let (lo, hi) = self.ranges[2];
        if hi > lo { (z / 2.0 - lo / 2.0) / (hi / 2.0 - lo / 2.0) } else { 0.5 }
    }

    /// The view that fills the frame with the box and its numbers, and as many numbers as have room.
    pub(super) fn fit(&mut self, mut view: View, (start, end): (Point, Point)) -> View {
        let bare = extent(corners().map(|corner| view.place(corner)).into_iter());
        let bare = (bare.1.0 - bare.0.0, bare.1.1 - bare.0.1);
        let room = (end.0 - start.0, end.1 - start.1);
        view.scale = (room.0 / bare.0).min(room.1 / bare.1) * 0.8;
        for _ in 0..4 {
            self.choose_ticks(&view);
            let (lo, hi) = self.extent(&view);
            // What the numbers take does not grow with the box.
            let texts = (hi.0 - lo.0 - view.scale * bare.0, hi.1 - lo.1 - view.scale * bare.1);
            let scale = ((room.0 - texts.0) / bare.0).min((room.1 - texts.1) / bare.1);
            view.scale = scale.max(0.1 * room.0.min(room.1));
            let (lo, hi) = self.extent(&view);
            view.centre.0 += (start.0 + end.0 - lo.0 - hi.0) / 2.0;
            view.centre.1 += (start.1 + end.1 - lo.1 - hi.1) / 2.0;
        }
        view
    }

    fn choose_ticks(&mut self, view: &View) {
        for edge in edges(view) {
            let axis = edge.axis;
            let (a, b) = (view.place(edge.from), view.place(along(&edge, 1.0)));
            let most = ((b.0 - a.0).hypot(b.1 - a.1) / 32.0).clamp(1.0, 10.0) as usize;
            let free = (1..=most).rev().find(|&count| {
                self.scales[axis] = scale(axis, self.ranges[axis], count);
                let texts = self.numbers(view, &edge);
                texts.windows(2).all(|pair| !pair[0].meets(&pair[1], (7.0, 5.0)))
            });
            // Even few of them have no room on a short edge.
            if free.is_none() {
                self.scales[axis].ticks.truncate(1);
            }
        }
    }

    /// The corners of everything that is drawn here.
    fn extent(&self, view: &View) -> (Point, Point) {
        let texts = self.texts(view).into_iter().flat_map(|text| {
            let ((x, y), (w, h)) = (text.middle, text.half());
            [(x - w, y - h), (x + w, y + h)]
        });
        extent(corners().map(|corner| view.place(corner)).into_iter().chain(texts))
    }

    fn numbers(&self, view: &View, edge: &Edge) -> Vec<Text> {
        let ticks = self.scales[edge.axis].ticks.iter();
        let text = |at: f64, label: &str| {
            let foot = view.place(along(edge, at));
            let mut text = Text { middle: foot, text: label.to_owned(), turn: 0.0 };
            let (w, h) = text.half();
            let (dx, dy) = edge.aside;
            let reach = GAP + dx.abs() * w + dy.abs() * h;
            text.middle = (foot.0 + dx * reach, foot.1 + dy * reach);
            text
        };
        ticks.map(|tick| text(tick.at, &tick.label)).collect()
    }

    pub(super) fn texts(&self, view: &View) -> Vec<Text> {
        let mut texts: Vec<Text> = Vec::new();
        let [x, y, z] = edges(view);
        for edge in [z, x, y] {
            let mut numbers = self.numbers(view, &edge);
            // At a corner of the box one number is enough.
            numbers.retain(|number| !texts.iter().any(|text| text.meets(number, (2.0, 1.0))));
            let label = &self.labels[edge.axis];
            if !label.is_empty() {
                texts.push(if edge.axis == 2 {
                    above(view, &edge, label)
                } else {
                    beside(view, &edge, label, &numbers)
                });
            }
            texts.extend(numbers);
        }
        texts
    }

    /// The floor, the walls behind the surface, and all texts.
    pub(super) fn draw(&self, sheet: &mut Sheet, view: &View) {
        let far = [-view.towards[0].signum(), -view.towards[1].signum()];
        // The three faces that the surface is in front of, each with the axes that run in it.
        let faces = [(2, -1.0, [0, 1]), (0, far[0], [1, 2]), (1, far[1], [0, 2])];
        for (fixed, at, [a, b]) in faces {
            let point = |u: f64, v: f64| {
                let mut unit = [0.0; 3];
                (unit[fixed], unit[a], unit[b]) = (at, u, v);
                view.place([unit[0], unit[1], unit[2] * HEIGHT])
            };
            let outline = [point(-1.0, -1.0), point(1.0, -1.0), point(1.0, 1.0), point(-1.0, 1.0)];
            sheet.polygon(&outline, Color::Faint);
            for (axis, is_first) in [(a, true), (b, false)] {
                for tick in &self.scales[axis].ticks {
                    let at = 2.0 * tick.at - 1.0;
                    let ends = [-1.0, 1.0].map(|end| if is_first { point(at, end) } else { point(end, at) });
                    sheet.polyline(&ends, Color::Grid, 1.0, "");
                }
            }
            sheet.polyline(
                &[outline[0], outline[1], outline[2], outline[3], outline[0]],
                Color::Grid,
                1.0,
                "",
            );
        }
        for edge in edges(view) {
            sheet.polyline(&[edge.from, along(&edge, 1.0)].map(|end| view.place(end)), Color::Axis, 1.0, "");
            for tick in &self.scales[edge.axis].ticks {
                let foot = view.place(along(&edge, tick.at));
                let tip = (foot.0 + 4.0 * edge.outward.0, foot.1 + 4.0 * edge.outward.1);
                sheet.polyline(&[foot, tip], Color::Axis, 1.0, "");
            }
        }
        for text in self.texts(view) {
            text.draw(sheet);
        }
    }
}

fn scale(axis: usize, (lo, hi): (f64, f64), count: usize) -> Scale {
    Scale::linear(lo, hi, count, if axis == 2 { Ends::Round } else { Ends::Exact })
}

fn corners() -> [Space; 8] {
    let end = |k: usize, bit: usize| if k >> bit & 1 == 0 { -1.0 } else { 1.0 };
    std::array::from_fn(|k| [end(k, 0), end(k, 1), HEIGHT * end(k, 2)])
}

fn extent(points: impl Iterator<Item = Point>) -> (Point, Point) {
    let nothing = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    points.fold(nothing, |(lo, hi), p| ((lo.0.min(p.0), lo.1.min(p.1)), (hi.0.max(p.0), hi.1.max(p.1))))
}

/// The nearer edges of the floor, and the leftmost upright one.
fn edges(view: &View) -> [Edge; 3] {
    let near = [view.towards[0].signum(), view.towards[1].signum()];
    let edge = |axis: usize, from: Space, outward: Space| {
        let mut middle = from;
        middle[axis] = 0.0;
        let outward = view.direction(middle, outward);
        let length = outward.0.hypot(1.5 * outward.1);
        Edge { axis, from, outward, aside: (outward.0 / length, 1.5 * outward.1 / length) }
    };
    let x = edge(0, [-1.0, near[1], -HEIGHT], [0.0, near[1], 0.0]);
    let y = edge(1, [near[0], -1.0, -HEIGHT], [near[0], 0.0, 0.0]);
    let feet = [[near[0], -near[1], -HEIGHT], [-near[0], near[1], -HEIGHT]];
    let left = if view.place(feet[0]).0 <= view.place(feet[1]).0 { feet[0] } else { feet[1] };
    [x, y, Edge { axis: 2, from: left, outward: (-1.0, 0.0), aside: (-1.0, 0.0) }]
}

/// The point at a share of an edge's length, from 0 to 1.
fn along(edge: &Edge, share: f64) -> Space {
    let mut point = edge.from;
    let half = if edge.axis == 2 { HEIGHT } else { 1.0 };
    point[edge.axis] = half * (2.0 * share - 1.0);
    point
}

/// An axis' label along its edge, outside of the numbers.
fn beside(view: &View, edge: &Edge, label: &str, numbers: &[Text]) -> Text {
    let (a, b) = (view.place(edge.from), view.place(along(edge, 1.0)));
    let length = (b.0 - a.0).hypot(b.1 - a.1).max(1.0);
    let mut normal = (-(b.1 - a.1) / length, (b.0 - a.0) / length);
    if normal.0 * edge.outward.0 + normal.1 * edge.outward.1 < 0.0 {
        normal = (-normal.0, -normal.1);
    }
    let depth = |text: &Text| {
        let (w, h) = text.half();
        let middle = (text.middle.0 - a.0) * normal.0 + (text.middle.1 - a.1) * normal.1;
        middle + normal.0.abs() * w + normal.1.abs() * h
    };
    let reach = numbers.iter().map(depth).fold(GAP, f64::max) + 4.0 + LABEL.size / 2.0;
    let middle = ((a.0 + b.0) / 2.0 + normal.0 * reach, (a.1 + b.1) / 2.0 + normal.1 * reach);
    let (dx, dy) = if b.0 >= a.0 { (b.0 - a.0, b.1 - a.1) } else { (a.0 - b.0, a.1 - b.1) };
    let text = text::shorten(label, LABEL.size, 1.2 * length.max(60.0));
    Text { middle, text, turn: dy.atan2(dx).to_degrees() }
}

/// The label of the upright axis, above it, and above the wall's edge that rises from there.
fn above(view: &View, edge: &Edge, label: &str) -> Text {
    let top = view.place(along(edge, 1.0));
    let text = text::shorten(label, LABEL.size, 220.0);
    let half = text::width(&text, LABEL.size) / 2.0;
    let corners = corners().map(|corner| view.place(corner));
    let sides = corners.iter().flat_map(|&a| corners.iter().map(move |&b| (a, b)));
    let bottom = |right: f64| {
        let above = sides.clone().filter(|&(a, b)| a.0 < right && right <= b.0);
        above.map(|(a, b)| a.1 + (b.1 - a.1) * (right - a.0) / (b.0 - a.0)).fold(top.1, f64::min)
    };
    // Over the numbers and a little further, unless that is far up.
    let right = [16.0, -5.0].map(|further| top.0 + half.min(further));
    let right = if top.1 - bottom(right[0]) < 30.0 { right[0] } else { right[1] };
    Text { middle: (right - half, bottom(right) - 8.0 - LABEL.size / 2.0), text, turn: 0.0 }
}

/// Whether a corner or the middle of a text is in front of the box: left and right, and above and below of which there
/// are parts.
#[cfg(test)]
pub(super) fn hidden_by_box(view: &View, text: &Text) -> bool {
    let ((x, y), (w, h)) = (text.middle, (text::width(&text.text, LABEL.size) / 2.0, LABEL.size / 2.0));
    let (sin, cos) = text.turn.to_radians().sin_cos();
    let corners = corners().map(|corner| view.place(corner));
    [(0.0, 0.0), (-w, -h), (w, -h), (w, h), (-w, h)].into_iter().any(|(dx, dy)| {
        let (x, y) = (x + dx * cos - dy * sin, y + dx * sin + dy * cos);
        // Inside the convex hull: no direction in which all corners are on one side.
        (0..720).all(|k| {
            let (s, c) = (f64::from(k) * std::f64::consts::PI / 360.0).sin_cos();
            corners.iter().any(|p| (p.0 - x) * c + (p.1 - y) * s > 0.0)
        })
    })
}
