//! A line through points, broken at gaps.

use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::Ink;
use crate::sheet::Sheet;
use crate::trace;

/// The points joined in their order. A thin one stands behind the others, without a name at its end.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
    pub(crate) thin: bool,
}

impl Layer for Line {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        Box::new(self.points.iter().copied())
    }

    fn is_joined(&self) -> bool {
        true
    }

    fn sample(&self) -> Sample {
        Sample::Stroke
    }

    fn end(&self, shown: &dyn Fn(Point) -> bool) -> Option<Point> {
        self.points.iter().rev().copied().find(|&point| shown(point)).filter(|_| !self.thin)
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        let places = self.points.iter().map(|&point| axes.at(point));
        if self.thin {
            trace::draw(sheet, places, Ink { stroke: ink.tint(0.45), ..ink }, 1.0);
        } else {
            trace::draw(sheet, places, ink, 2.0);
        }
    }
}
