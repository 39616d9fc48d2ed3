//! A rectangle of the sheet with a scale along each side.

use crate::Grid;
use crate::scale::{HUGE, Scale};

/// A rectangle of the sheet in which the data lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where the data's points are on the sheet.
#[derive(Clone, Debug)]
pub(crate) struct Axes {
    pub(crate) area: Area,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    /// How many layers of bars share each row.
    pub(crate) bar_layers: usize,
}

impl Axes {
    /// A point's place; `None` if it has none: NaN, infinite, or not positive on a logarithmic axis.
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        if x.abs() > HUGE || y.abs() > HUGE {
            return None;
        }
        let (x, y) = (self.x.place(x), self.y.place(y));
        let place = (self.area.x + x * self.area.width, self.area.y + (1.0 - y) * self.area.height);
        (place.0.is_finite() && place.1.is_finite()).then_some(place)
    }

    /// The places of points, those without one left out.
    pub(crate) fn places(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().filter_map(|&point| self.at(point)).collect()
    }

    /// The part of a grid that has places: on a logarithmic axis, what is positive.
    pub(crate) fn part(&self, grid: &Grid) -> Grid {
        grid.part(|x| self.x.place(x).is_finite(), |y| self.y.place(y).is_finite())
    }

    pub(crate) fn contains(&self, (x, y): (f64, f64)) -> bool {
        let Area { x: left, y: top, width, height } = self.area;
        (left - 0.5..=left + width + 0.5).contains(&x) && (top - 0.5..=top + height + 0.5).contains(&y)
    }
}
