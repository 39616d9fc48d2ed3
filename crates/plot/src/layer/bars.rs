//! Horizontal bars, a row for each category.

use super::{Demands, Layer, Point, Sample};
use crate::axes::Axes;
use crate::number;
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;
use crate::text::Type;

/// A bar from zero to each value, with the value at its end. Several layers of bars share each category's row.
#[derive(Debug)]
pub(crate) struct Bars {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
    /// Which of the layers of bars in the chart this is, counted from 0.
    pub(crate) rank: usize,
}

const NUMBER: Type = Type::new(11.5, Color::Quiet);
/// The share of a row that bars take.
const FULL: f64 = 0.76;

impl Bars {
    /// The middle and the thickness of a category's bar on the vertical axis, if there are `of` layers of bars.
    fn place(&self, category: usize, of: usize) -> (f64, f64) {
        let thickness = FULL / of.max(1) as f64;
        (category as f64 - FULL / 2.0 + thickness * (self.rank as f64 + 0.5), thickness)
    }
}

impl Layer for Bars {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        // The rows are the chart's own; only the values matter.
        Box::new(self.values.iter().map(|&value| (value, 1.0)))
    }

    fn demands(&self) -> Demands {
        Demands { from_zero: true, ..Demands::default() }
    }

    fn bars(&self) -> Option<usize> {
        Some(self.values.len())
    }

    fn sample(&self) -> Sample {
        Sample::Patch
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        for (category, &value) in self.values.iter().enumerate() {
            let (middle, thickness) = self.place(category, axes.bar_layers);
            let zero = axes.x.place(0.0);
            let zero = if zero.is_finite() { zero.clamp(0.0, 1.0) } else { 0.0 };
            let zero = axes.area.x + zero * axes.area.width;
            let Some((end, upper)) = axes.at((value, middle - thickness / 2.0)) else {
                if let Some((_, y)) = axes.at((axes.x.low(), middle)) {
                    sheet.text(zero + 6.0, y + NUMBER.drop(), "none", NUMBER);
                }
                continue;
            };
            let Some((_, lower)) = axes.at((value, middle + thickness / 2.0)) else { continue };
            let (top, height) = (upper.min(lower), (upper - lower).abs());
            sheet.rect(zero.min(end), top + 0.5, (end - zero).abs(), height - 1.0, ink.stroke);
            let text = number::significant(value, 3);
            sheet.text(zero.max(end) + 5.0, top + height / 2.0 + NUMBER.drop(), &text, NUMBER);
        }
    }
}
