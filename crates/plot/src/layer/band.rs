//! The room between two lines.

use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::Ink;
use crate::sheet::Sheet;

/// A shaded band from a lower to an upper value at each `x`.
#[derive(Debug)]
pub(crate) struct Band {
    pub(crate) name: String,
    pub(crate) low: Vec<Point>,
    pub(crate) high: Vec<Point>,
}

impl Layer for Band {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        // Around the band.
        Box::new(self.low.iter().chain(self.high.iter().rev()).copied())
    }

    fn is_joined(&self) -> bool {
        true
    }

    fn sample(&self) -> Sample {
        Sample::Patch
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        // A gap in either line is a gap in the band.
        let pairs: Vec<_> =
            self.low.iter().zip(&self.high).map(|(&l, &h)| axes.at(l).zip(axes.at(h))).collect();
        for run in pairs.split(Option::is_none) {
            let outline = run.iter().flatten().map(|pair| pair.0);
            let back = run.iter().flatten().rev().map(|pair| pair.1);
            sheet.shade(&outline.chain(back).collect::<Vec<_>>(), ink.stroke, 0.22);
        }
    }
}
