//! The key: which colour has which name.

use crate::layer::Sample;
use crate::palette::{Color, Ink};
use crate::sheet::Sheet;
use crate::text::{self, Type};

pub(crate) const ROW: f64 = 19.0;
pub(crate) const NAME: Type = Type::new(12.5, Color::Title);
const SAMPLE: f64 = 22.0;

/// A name with its sample.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    name: &'a str,
    sample: Sample,
    ink: Ink,
}

/// Entries in rows, each with its distance from the left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key<'a> {
    rows: Vec<Vec<(f64, Entry<'a>)>>,
    room: f64,
}

impl<'a> Key<'a> {
    /// Each name once, as many in a row as `room` has room for.
    pub(crate) fn new(named: impl IntoIterator<Item = (&'a str, Sample, Ink)>, room: f64) -> Self {
        let mut rows: Vec<Vec<(f64, Entry)>> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut x = f64::INFINITY;
        for (name, sample, ink) in named {
            if name.is_empty() || seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let width = SAMPLE + 6.0 + text::width(name, NAME.size).min(room);
            if x + width > room {
                rows.push(Vec::new());
                x = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((x, Entry { name, sample, ink }));
            }
            x += width + 14.0;
        }
        Self { rows, room }
    }

    pub(crate) fn height(&self) -> f64 {
        ROW * self.rows.len() as f64
    }

    /// Draws it below `top`.
    pub(crate) fn draw(&self, sheet: &mut Sheet, left: f64, top: f64) {
        for (i, row) in self.rows.iter().enumerate() {
            let baseline = top + 13.0 + ROW * i as f64;
            for (x, Entry { name, sample, ink }) in row {
                let (x, middle) = (left + x, baseline - NAME.drop());
                match sample {
                    Sample::Stroke => {
                        sheet.polyline(&[(x + 1.0, middle), (x + SAMPLE, middle)], ink.stroke, 2.0, ink.dash);
                    }
                    Sample::Dot => sheet.dot(x + SAMPLE / 2.0 + 3.0, middle, 4.0, ink.stroke),
                    Sample::Patch => sheet.rect(x + 4.0, middle - 5.0, SAMPLE - 6.0, 10.0, ink.stroke),
                }
                let name = text::shorten(name, NAME.size, self.room - SAMPLE - 6.0);
                sheet.text(x + SAMPLE + 6.0, baseline, &name, NAME.fill(ink.text));
            }
        }
    }
}
