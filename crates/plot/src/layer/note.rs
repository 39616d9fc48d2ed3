//! Notes on a chart: a point with a name, a level across it.

use super::{Layer, Point, Sample};
use crate::axes::{Area, Axes};
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
        // Off the upper edge of the chart.
        let y = (y - 7.0).max(axes.area.y + 12.0);
        beside(sheet, axes.area, (x, y), 8.0, &self.text);
    }
}

/// A text on the right of a place if it has room there, or on the side that has more, and cut to that.
fn beside(sheet: &mut Sheet, area: Area, (x, y): Point, gap: f64, text: &str) {
    let (left, right) = (x - area.x - gap, area.right() - x - gap);
    let on_right = text::width(text, NOTE.size) <= right || right >= left;
    let text = text::shorten(text, NOTE.size, if on_right { right } else { left });
    let (x, anchor) = if on_right { (x + gap, Anchor::Start) } else { (x - gap, Anchor::End) };
    sheet.haloed(x, y, &text, NOTE.anchor(anchor));
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
        if self.vertical {
            let x = area.x + place * area.width;
            sheet.polyline(&[(x, area.y), (x, area.bottom())], Color::Quiet, 1.2, "5 4");
            beside(sheet, area, (x, area.y + 13.0), 6.0, &self.text);
        } else {
            let y = area.y + (1.0 - place) * area.height;
            sheet.polyline(&[(area.x, y), (area.right(), y)], Color::Quiet, 1.2, "5 4");
            let y = if y - area.y < 18.0 { y + 15.0 } else { y - 6.0 };
            let text = text::shorten(&self.text, NOTE.size, area.width - 12.0);
            sheet.haloed(area.right() - 6.0, y, &text, NOTE.anchor(Anchor::End));
        }
    }
}
