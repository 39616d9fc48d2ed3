//! Notes on a chart: a point with a name, a level across it.

use super::{Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;
use crate::text::{self, Anchor, Type};

const NOTE: Type = Type::new(12.0, Color::Title);

/// A named point.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) at: Point,
    pub(crate) text: String,
}

impl Layer for Mark {
    fn has_ink(&self) -> bool {
        false
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        Box::new(std::iter::once(self.at))
    }

    fn sample(&self) -> Sample {
        Sample::Dot
    }

    fn is_note(&self) -> bool {
        true
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, _ink: Ink) {
        let Some((x, y)) = axes.at(self.at).filter(|&place| axes.contains(place)) else { return };
        sheet.cross(x, y, 4.5, Color::Title);
        // On the side that has room, and off the edge of the chart.
        let room = axes.area.right() - x;
        let width = text::width(&self.text, NOTE.size) + 10.0;
        let left = width > room && width <= x - axes.area.x;
        let (x, anchor) = if left { (x - 8.0, Anchor::End) } else { (x + 8.0, Anchor::Start) };
        let y = (y - 7.0).max(axes.area.y + 12.0);
        sheet.haloed(x, y, &self.text, NOTE.anchor(anchor));
    }
}

/// A value of one axis, marked across the chart.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) value: f64,
    pub(crate) text: String,
    pub(crate) vertical: bool,
}

impl Layer for Level {
    fn has_ink(&self) -> bool {
        false
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        Box::new(std::iter::empty())
    }

    fn level(&self) -> Option<(bool, f64)> {
        Some((self.vertical, self.value))
    }

    fn sample(&self) -> Sample {
        Sample::Stroke
    }

    fn is_note(&self) -> bool {
        true
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, _ink: Ink) {
        let area = axes.area;
        let scale = if self.vertical { &axes.x } else { &axes.y };
        let place = scale.place(self.value);
        if !(0.0..=1.0).contains(&place) {
            return;
        }
        let width = text::width(&self.text, NOTE.size);
        if self.vertical {
            let x = area.x + place * area.width;
            sheet.polyline(&[(x, area.y), (x, area.bottom())], Color::Quiet, 1.2, "5 4");
            let left = x + 6.0 + width > area.right();
            let (x, anchor) = if left { (x - 6.0, Anchor::End) } else { (x + 6.0, Anchor::Start) };
            sheet.haloed(x, area.y + 13.0, &self.text, NOTE.anchor(anchor));
        } else {
            let y = area.y + (1.0 - place) * area.height;
            sheet.polyline(&[(area.x, y), (area.right(), y)], Color::Quiet, 1.2, "5 4");
            let y = if y - area.y < 18.0 { y + 15.0 } else { y - 6.0 };
            sheet.haloed(area.right() - 6.0, y, &self.text, NOTE.anchor(Anchor::End));
        }
    }
}
