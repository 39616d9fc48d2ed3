//! What lies on a chart's axes: lines, points, fields, notes. Each kind stands in one file with the way it is drawn.

mod arrows;
mod band;
mod bars;
mod classes;
mod field;
mod histogram;
mod line;
mod note;
mod path;
mod points;

use std::fmt;

use crate::axes::Axes;
use crate::palette::Ink;
use crate::sheet::Sheet;

pub(crate) use arrows::Arrows;
pub(crate) use band::Band;
pub(crate) use bars::Bars;
pub(crate) use classes::Classes;
pub(crate) use field::{Contours, Filled};
pub(crate) use histogram::Histogram;
pub(crate) use line::Line;
pub(crate) use note::{Level, Mark};
pub(crate) use path::Path;
pub(crate) use points::Points;

/// A point of the data.
pub(crate) type Point = (f64, f64);

/// What shows a layer's name in the key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    Stroke,
    Dot,
    Patch,
}

/// How the ends of the axes are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Demands {
    /// Both axes end exactly with the data: a field fills its frame.
    pub(crate) exact: bool,
    /// The vertical axis (or, for bars, the horizontal one) is no larger than the data and begins at zero.
    pub(crate) from_zero: bool,
}

/// One kind of ink on the axes.
pub(crate) trait Layer: fmt::Debug + Send + Sync {
    /// The name in the key or at the line's end; empty for none. Layers of one name have one colour.
    fn name(&self) -> &str {
        ""
    }

    /// Whether it is a field, which fills its frame below the grid of the axes and all other layers, in the colours of its values.
    fn is_field(&self) -> bool {
        false
    }

    /// Whether the layer is drawn in a colour of its own, to be chosen by name or, without a name, as the next one.
    fn has_ink(&self) -> bool {
        !self.is_field()
    }

    /// The points that the axes must contain.
    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_>;

    /// Whether all between two successive points of [`extent`](Self::extent) belongs to the layer too: where a range of the
    /// horizontal axis cuts it off, the vertical axis contains what is left.
    fn is_joined(&self) -> bool {
        self.is_field()
    }

    /// Whether it stands across the whole chart at a value of the horizontal axis (`true`) or the vertical one.
    fn level(&self) -> Option<(bool, f64)> {
        None
    }

    fn demands(&self) -> Demands {
        Demands { exact: self.is_field(), ..Demands::default() }
    }

    fn sample(&self) -> Sample;

    /// The point at which the name may stand instead of in the key.
    fn end(&self, _shown: &dyn Fn(Point) -> bool) -> Option<Point> {
        None
    }

    /// The number of bars, if these are bars.
    fn bars(&self) -> Option<usize> {
        None
    }

    /// The levels that bound the bands of a filled field, for a colour bar.
    fn color_levels(&self) -> &[f64] {
        &[]
    }

    /// Whether it is a note, which lies on all other layers and is not cut off.
    fn is_note(&self) -> bool {
        false
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink);
}
