//! Boxes, arrows and the key.

use super::layout::{self, Layout};
use super::node::{LINE, Look, NOTE, NUMBER, Node, PAD, TITLE};
use crate::PlotError;
use crate::axes::Area;
use crate::palette::Color;
use crate::sheet::{Sheet, Step};
use crate::text::{self, Anchor, Type};

const MARGIN: f64 = 20.0;
const HEAD: Type = Type::new(15.0, Color::Title).bold();
/// Graphs that are wider than this from left to right are drawn from top to bottom.
const WIDEST: f64 = 1280.0;
const VALUE: Color = Color::Name(0);
const GRADIENT: Color = Color::Name(1);

/// A graph with a place for everything.
#[derive(Debug)]
pub(super) struct Drawing<'a> {
    title: &'a str,
    nodes: &'a [Node],
    /// What the key explains: text and its colour.
    key: Vec<(&'static str, Type)>,
    sizes: Vec<(f64, f64)>,
    layout: Layout,
    edges: Vec<(usize, usize)>,
    down: bool,
    top: f64,
    pub(super) size: (f64, f64),
}

impl<'a> Drawing<'a> {
    pub(super) fn new(title: &'a str, nodes: &'a [Node], values: bool, gradients: bool) -> Self {
        let arrows =
            |(to, node): (usize, &Node)| node.inputs.iter().map(move |&from| (from, to)).collect::<Vec<_>>();
        let edges: Vec<(usize, usize)> = nodes.iter().enumerate().flat_map(arrows).collect();
        let sizes: Vec<(f64, f64)> = nodes.iter().map(Node::size).collect();
        let mut layout = layout::layout(&sizes, &edges);
        let down = layout.size.0 > WIDEST && layout.size.0 > layout.size.1;
        if down {
            let turned: Vec<(f64, f64)> = sizes.iter().map(|&(w, h)| (h, w)).collect();
            layout = layout::layout(&turned, &edges);
            layout.size = turn(layout.size);
            layout.middles.iter_mut().for_each(|point| *point = turn(*point));
            layout.routes.iter_mut().flatten().for_each(|point| *point = turn(*point));
        }
        let mut key = Vec::new();
        if values {
            key.push(("value", NUMBER.fill(VALUE)));
        }
        if gradients {
            key.push(("∂ gradient of the output, which flows back", NUMBER.fill(GRADIENT)));
        }
        let key_width = key.iter().map(|(text, style)| text::width(text, style.size) + 18.0).sum::<f64>();
        let heads = [!title.is_empty(), !key.is_empty()].into_iter().filter(|&is| is).count();
        let top = MARGIN + 24.0 * heads as f64;
        let width = layout.size.0.max(text::width(title, HEAD.size)).max(key_width);
        let size = ((width + 2.0 * MARGIN).ceil(), (layout.size.1 + top + MARGIN).ceil());
        Self { title, nodes, key, sizes, layout, edges, down, top, size }
    }

    pub(super) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64), size: (f64, f64)) {
        let middle = |own: f64, place: f64| ((place - own) / 2.0).max(0.0);
        let (x, y) = (origin.0 + middle(self.size.0, size.0), origin.1 + middle(self.size.1, size.1));
        let mut line = y + MARGIN + 8.0;
        if !self.title.is_empty() {
            sheet.text(x + MARGIN, line, self.title, HEAD);
            line += 24.0;
        }
        let mut at = x + MARGIN;
        for (text, style) in &self.key {
            sheet.text(at, line, text, *style);
            at += text::width(text, style.size) + 18.0;
        }
        let left = x + (self.size.0 - self.layout.size.0) / 2.0;
        let shift = |point: (f64, f64)| (left + point.0, y + self.top + point.1);
        for (route, &(from, to)) in self.layout.routes.iter().zip(&self.edges) {
            let route: Vec<(f64, f64)> = route.iter().map(|&point| shift(point)).collect();
            self.arrow(sheet, &route);
            if !self.nodes[from].gradient.is_empty() && !self.nodes[to].gradient.is_empty() {
                let middle = shift(self.layout.middles[from]);
                let out = if self.down {
                    (middle.0, middle.1 + self.sizes[from].1 / 2.0)
                } else {
                    (middle.0 + self.sizes[from].0 / 2.0, middle.1)
                };
                self.head(sheet, out, 8.0, Color::Stroke(1));
            }
        }
        for ((node, &size), &middle) in self.nodes.iter().zip(&self.sizes).zip(&self.layout.middles) {
            let (x, y) = shift(middle);
            draw_box(sheet, node, (x - size.0 / 2.0, y - size.1 / 2.0), size);
        }
    }

    /// A line of straight pieces and curves with a head at its end.
    fn arrow(&self, sheet: &mut Sheet, route: &[(f64, f64)]) {
        let (Some(&start), Some(&end)) = (route.first(), route.last()) else { return };
        let along = |by: f64| if self.down { (0.0, by) } else { (by, 0.0) };
        let mut steps = vec![Step::Move(start)];
        for (i, pair) in route.windows(2).enumerate() {
            let (a, b) = (pair[0], pair[1]);
            if i % 2 == 0 {
                steps.push(Step::Line(b));
                continue;
            }
            let half = along((if self.down { b.1 - a.1 } else { b.0 - a.0 }) / 2.0);
            steps.push(Step::Curve((a.0 + half.0, a.1 + half.1), (b.0 - half.0, b.1 - half.1), b));
        }
        sheet.curve(steps, Color::Axis, 1.3);
        self.head(sheet, end, -7.0, Color::Axis);
    }

    /// A triangle with its tip at `tip` and its base `length` further along.
    fn head(&self, sheet: &mut Sheet, tip: (f64, f64), length: f64, fill: Color) {
        let half = length.abs() * 0.5;
        let corner = |side: f64| {
            if self.down { (tip.0 + side, tip.1 + length) } else { (tip.0 + length, tip.1 + side) }
        };
        sheet.polygon(&[tip, corner(-half), corner(half)], fill);
    }
}

fn draw_box(sheet: &mut Sheet, node: &Node, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let (fill, edge) = match node.look {
        Look::Op => (Color::Paper, Color::Axis),
        Look::Param => (Color::Tint(2, 0.16), Color::Stroke(2)),
        Look::Data => (Color::Faint, Color::Axis),
        Look::Constant => (Color::Faint, Color::Faint),
    };
    let (edge, weight) = if node.is_output { (Color::Title, 2.2) } else { (edge, 1.2) };
    sheet.plate(Area { x, y, width, height }, 6.0, fill, (edge, weight));
    let mut line = y + 16.5;
    let lone = node.note.is_empty() && node.value.is_empty() && node.gradient.is_empty();
    if lone {
        sheet.tipped(x + width / 2.0, line, &node.title, &node.tip, TITLE.anchor(Anchor::Middle));
    } else {
        sheet.tipped(x + PAD, line, &node.title, &node.tip, TITLE);
        sheet.text(x + width - PAD, line, &node.note, NOTE.anchor(Anchor::End));
    }
    for (lines, fill) in [(&node.value, VALUE), (&node.gradient, GRADIENT)] {
        for text in lines {
            line += LINE;
            sheet.text(x + PAD, line, text, NUMBER.fill(fill));
        }
    }
}

/// Says why there is no graph.
pub(super) fn sorry(sheet: &mut Sheet, origin: (f64, f64), size: (f64, f64), title: &str, error: &PlotError) {
    let (x, mut y) = (origin.0 + MARGIN, origin.1 + MARGIN + 8.0);
    let room = size.0 - 2.0 * MARGIN;
    sheet.text(x, y, &text::shorten(title, HEAD.size, room), HEAD);
    for text in error.to_string().lines() {
        y += 20.0;
        sheet.text(x, y, &text::shorten(text, NOTE.size, room), NOTE);
    }
}

fn turn((a, b): (f64, f64)) -> (f64, f64) {
    (b, a)
}
