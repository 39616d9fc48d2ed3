//! Which class a model chooses where.

use super::field::frame;
use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;
use crate::{Grid, Region, contour};

/// A tint for each class, in the order of the lines' colours, and the boundary between them.
#[derive(Debug)]
pub(crate) struct Classes {
    pub(crate) region: Region,
}

impl Layer for Classes {
    fn is_field(&self) -> bool {
        true
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        // All margins are on the same points.
        let drawn = self.region.margins().iter().find(|margin| margin.range().is_some());
        Box::new(drawn.into_iter().flat_map(frame))
    }

    fn sample(&self) -> Sample {
        Sample::Patch
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        let margins: Vec<Grid> = self.region.margins().iter().map(|margin| axes.part(margin)).collect();
        for (class, margin) in margins.iter().enumerate() {
            let rings: Vec<_> = contour::region(margin, 0.0).iter().map(|ring| axes.places(ring)).collect();
            sheet.rings(rings.iter().map(Vec::as_slice), ink.class(class));
        }
        // Of two classes one boundary is enough; of more, each has its own.
        let skipped = usize::from(margins.len() == 2);
        for margin in &margins[skipped..] {
            for line in contour::lines(margin, 0.0) {
                sheet.polyline(&axes.places(&line), Color::Title, 1.4, "");
            }
        }
    }
}
