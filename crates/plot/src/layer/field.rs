//! A function of two variables: contour lines, and bands of colour.

use super::{Layer, Point, Sample};
use crate::axes::{Area, Axes};
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;
use crate::text::{self, Anchor, Type};
use crate::{Grid, color_bar, contour, inline, levels};

const NUMBER: Type = Type::new(10.5, Color::Title);

/// Lines on which a function has the same value, with that value on some of them.
#[derive(Debug)]
pub(crate) struct Contours {
    pub(crate) grid: Grid,
    pub(crate) levels: Vec<f64>,
}

/// Bands between neighbouring levels, the higher the brighter, explained by a colour bar.
#[derive(Debug)]
pub(crate) struct Filled {
    grid: Grid,
    /// From the least value through the levels to the greatest.
    levels: Vec<f64>,
}

impl Filled {
    pub(crate) fn new(grid: Grid, levels: Vec<f64>) -> Self {
        let Some((lo, hi)) = grid.range() else { return Self { grid, levels: Vec::new() } };
        let inner = levels.into_iter().filter(|level| (lo..hi).contains(level) && *level > lo);
        let levels = std::iter::once(lo).chain(inner).chain([hi]).collect();
        Self { grid, levels }
    }
}

/// The way around a grid, along its outermost points, if a value of it can be drawn.
pub(super) fn frame(grid: &Grid) -> Box<dyn Iterator<Item = Point> + '_> {
    let (xs, ys) = (grid.xs(), grid.ys());
    let (Some(_), Some((&left, &right)), Some((&low, &high))) =
        (grid.range(), xs.first().zip(xs.last()), ys.first().zip(ys.last()))
    else {
        return Box::new(std::iter::empty());
    };
    let there = xs.iter().map(move |&x| (x, low)).chain(ys.iter().map(move |&y| (right, y)));
    let back = xs.iter().rev().map(move |&x| (x, high)).chain(ys.iter().rev().map(move |&y| (left, y)));
    Box::new(there.chain(back))
}

impl Layer for Contours {
    fn is_field(&self) -> bool {
        true
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        frame(&self.grid)
    }

    fn sample(&self) -> Sample {
        Sample::Stroke
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, _ink: Ink) {
        let mut lines = Vec::new();
        for (&level, number) in self.levels.iter().zip(levels::numbers(&self.levels)) {
            for line in contour::lines(&self.grid, level) {
                lines.push((axes.places(&line), number.clone()));
            }
        }
        let widths: Vec<_> =
            lines.iter().map(|(line, number)| (line.clone(), text::width(number, NUMBER.size))).collect();
        let Area { x, y, .. } = axes.area;
        let frame = ((x, y), (axes.area.right(), axes.area.bottom()));
        // So many lines leave no room for numbers, and each would be compared with all others.
        let is_crowded = self.levels.len() > levels::MOST;
        let spots = if is_crowded { Vec::new() } else { inline::place(&widths, NUMBER.size, frame) };
        for (i, (line, number)) in lines.iter().enumerate() {
            let Some(spot) = spots.iter().find(|spot| spot.line == i) else {
                sheet.polyline(line, Color::Axis, 1.1, "");
                continue;
            };
            for piece in inline::cut(line, spot.at, widths[i].1 / 2.0 + 3.0) {
                sheet.polyline(&piece, Color::Axis, 1.1, "");
            }
            let turn = spot.turn.to_radians();
            let (dx, dy) = (-NUMBER.drop() * turn.sin(), NUMBER.drop() * turn.cos());
            let style = NUMBER.anchor(Anchor::Middle).turn(spot.turn);
            sheet.haloed(spot.at.0 + dx, spot.at.1 + dy, number, style);
        }
    }
}

impl Layer for Filled {
    fn is_field(&self) -> bool {
        true
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        frame(&self.grid)
    }

    fn sample(&self) -> Sample {
        Sample::Patch
    }

    fn color_levels(&self) -> &[f64] {
        &self.levels
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, _ink: Ink) {
        let inner = self.levels.get(1..self.levels.len().saturating_sub(1)).unwrap_or_default();
        for (i, rings) in contour::bands(&axes.part(&self.grid), inner).iter().enumerate() {
            let rings: Vec<_> = rings.iter().map(|ring| axes.places(ring)).collect();
            sheet.rings(rings.iter().map(Vec::as_slice), color_bar::band(i, self.levels.len()));
        }
    }
}
