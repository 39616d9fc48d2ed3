//! A way that something takes: where it starts, where it goes, where it ends.

use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::{Color, Ink};
use crate::scale::HUGE;
use crate::sheet::Sheet;

/// The way between two arrowheads, in pixels.
const STRIDE: f64 = 70.0;

/// Points joined by a line: a dot at the start, arrowheads on the way, a ring at the end.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

impl Layer for Path {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        // A path ends where a point is not finite.
        let finite = |&&(x, y): &&Point| x.abs() <= HUGE && y.abs() <= HUGE;
        Box::new(self.points.iter().take_while(finite).copied())
    }

    fn is_joined(&self) -> bool {
        true
    }

    fn sample(&self) -> Sample {
        Sample::Stroke
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        // A path that leaves for infinity ends there.
        let places: Vec<_> = self.points.iter().map_while(|&point| axes.at(point)).collect();
        let (Some(&start), Some(&end)) = (places.first(), places.last()) else { return };
        // A rim of paper, so that paths are seen on any colour and where they cross.
        sheet.polyline(&places, Color::Paper, 3.6, "");
        sheet.polyline(&places, ink.stroke, 2.0, ink.dash);
        if places.len() <= 80 {
            let mut last = start;
            for &(x, y) in &places {
                if (x - last.0).hypot(y - last.1) >= 5.0 {
                    sheet.dot(x, y, 2.2, ink.stroke);
                    last = (x, y);
                }
            }
        }
        for (tip, direction) in heads(&places) {
            sheet.polygon(&arrowhead(tip, direction, 8.0), ink.stroke);
        }
        sheet.circle(start.0, start.1, 4.5, ink.stroke);
        sheet.ring(end.0, end.1, 5.0, ink.stroke);
    }
}

/// Where arrowheads stand, and their directions: in the middle of steps, a stride apart.
fn heads(places: &[Point]) -> Vec<(Point, Point)> {
    let mut way = STRIDE / 2.0;
    let mut heads = Vec::new();
    for pair in places.windows(2) {
        let step = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = step.0.hypot(step.1);
        way += length;
        if way >= STRIDE && length > 0.5 {
            let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
            heads.push((middle, (step.0 / length, step.1 / length)));
            way = 0.0;
        }
    }
    heads
}

/// A triangle whose tip lies a little ahead of `at`.
pub(super) fn arrowhead(at: Point, direction: Point, size: f64) -> [Point; 3] {
    let (x, y) = direction;
    let along = |forward: f64, aside: f64| (at.0 + forward * x - aside * y, at.1 + forward * y + aside * x);
    [along(0.6 * size, 0.0), along(-0.4 * size, 0.42 * size), along(-0.4 * size, -0.42 * size)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrowheads_point_along_the_way() {
        let heads = heads(&[(0.0, 0.0), (100.0, 0.0), (100.0, 10.0), (100.0, 200.0)]);
        assert_eq!(heads, [((50.0, 0.0), (1.0, 0.0)), ((100.0, 105.0), (0.0, 1.0))]);
        let [tip, left, right] = arrowhead((0.0, 0.0), (0.0, 1.0), 10.0);
        assert_eq!(tip, (0.0, 6.0));
        assert!(left.1 == right.1 && left.0 == -right.0 && left.1 < 0.0);
    }

    #[test]
    fn a_path_that_stands_still_has_no_arrowhead() {
        assert!(heads(&[(5.0, 5.0); 40]).is_empty());
    }
}
