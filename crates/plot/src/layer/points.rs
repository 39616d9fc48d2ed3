//! Points that nothing joins.

use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::Ink;
use crate::sheet::Sheet;

/// A dot each, smaller where there are many.
#[derive(Debug)]
pub(crate) struct Points {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

impl Layer for Points {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        Box::new(self.points.iter().copied())
    }

    fn sample(&self) -> Sample {
        Sample::Dot
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        // As much ink as 60 dots of 3.5 pixels, within what can be seen and told apart.
        let radius = (3.5 * (60.0 / self.points.len().max(1) as f64).sqrt()).clamp(1.6, 3.5);
        for (x, y) in axes.places(&self.points) {
            sheet.dot(x, y, radius, ink.stroke);
        }
    }
}
