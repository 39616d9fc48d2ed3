//! Which colour is which value.

use crate::axes::Area;
use crate::levels;
use crate::palette::Color;
use crate::sheet::Sheet;
use crate::text::{self, Type};

const GAP: f64 = 12.0;
const BAR: f64 = 12.0;

/// The colour of the band above the `i`-th of `levels` levels.
pub(crate) fn band(i: usize, levels: usize) -> Color {
    Color::Value((i as f64 + 0.5) / levels.saturating_sub(1).max(1) as f64)
}

/// The room that the bar and its numbers take.
pub(crate) fn width(levels: &[f64], label: Type) -> f64 {
    let texts = levels::numbers(inner(levels));
    GAP + BAR + 6.0 + texts.iter().map(|text| text::width(text, label.size)).fold(0.0, f64::max) + 10.0
}

/// Draws a bar of the bands between `levels`, lowest at the bottom, at the right of an area, with the levels between bands.
pub(crate) fn draw(sheet: &mut Sheet, area: Area, levels: &[f64], label: Type) {
    let bands = levels.len().saturating_sub(1).max(1);
    let (x, each) = (area.right() + GAP, area.height / bands as f64);
    for i in 0..bands {
        sheet.rect(x, area.bottom() - each * (i + 1) as f64, BAR, each + 0.3, band(i, levels.len()));
    }
    // As many numbers as have room.
    let stride = ((15.0 / each).ceil() as usize).max(1);
    for (i, text) in levels::numbers(inner(levels)).iter().enumerate().step_by(stride) {
        let y = area.bottom() - each * (i + 1) as f64;
        sheet.text(x + BAR + 6.0, y + label.drop(), text, label);
    }
}

/// The levels between bands.
fn inner(levels: &[f64]) -> &[f64] {
    levels.get(1..levels.len().saturating_sub(1)).unwrap_or_default()
}
