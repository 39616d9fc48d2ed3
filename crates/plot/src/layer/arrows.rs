//! A vector at each of many points.

use super::path::arrowhead;
use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;

/// Vectors that begin at their points, in the directions that they have on the sheet. Lengths grow with the square root of
/// the vectors' own: the small ones stay visible.
#[derive(Debug)]
pub(crate) struct Arrows {
    pub(crate) vectors: Vec<(Point, Point)>,
}

impl Layer for Arrows {
    fn has_ink(&self) -> bool {
        false
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        Box::new(self.vectors.iter().map(|vector| vector.0))
    }

    fn sample(&self) -> Sample {
        Sample::Stroke
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, _ink: Ink) {
        let on_sheet = |&(from, vector): &(Point, Point)| {
            let start = axes.at(from)?;
            // A small step along the vector: right for any scale.
            let (span_x, span_y) = (axes.x.span(), axes.y.span());
            let size = (vector.0 / span_x).hypot(vector.1 / span_y);
            if !(size.is_finite() && size > 0.0) {
                return None;
            }
            let small = 1e-4 / size;
            let end = axes.at((from.0 + small * vector.0, from.1 + small * vector.1))?;
            let step = (end.0 - start.0, end.1 - start.1);
            let length = step.0.hypot(step.1);
            (length > 0.0).then(|| (start, (step.0 / length, step.1 / length), length / small))
        };
        let arrows: Vec<_> = self.vectors.iter().filter_map(on_sheet).collect();
        let longest = arrows.iter().map(|arrow| arrow.2).fold(0.0, f64::max);
        let room = (axes.area.width * axes.area.height / self.vectors.len().max(1) as f64).sqrt();
        for ((x, y), (dx, dy), length) in arrows {
            let length = 0.9 * room * (length / longest).sqrt();
            let tip = (x + length * dx, y + length * dy);
            let head = arrowhead(tip, (dx, dy), (0.4 * length).min(6.5));
            // A rim of paper, to be seen on any colour.
            sheet.polyline(&[(x, y), tip], Color::Paper, 2.3, "");
            sheet.polyline(&[(x, y), tip], Color::Title, 1.2, "");
            sheet.polygon(&head, Color::Title);
        }
    }
}
