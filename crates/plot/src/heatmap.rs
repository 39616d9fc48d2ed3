//! A confusion matrix as a shaded table.

use crate::number;
use crate::palette::Color;
use crate::sheet::Sheet;
use crate::text::{self, Anchor, Type};

const TITLE: Type = Type::new(15.0, Color::Title).bold();
const NOTE: Type = Type::new(12.0, Color::Quiet);
const MARGIN: f64 = 16.0;
/// The most room a class name gets.
const NAME_ROOM: f64 = 150.0;
/// A row's share from which a blue cell is too dark for black numbers. Orange never is.
const DARK: f64 = 0.75;

/// A table of counts with its measures.
#[derive(Debug)]
pub(crate) struct Heatmap<'a> {
    heading: &'a str,
    note: String,
    counts: &'a [Vec<usize>],
    names: &'a [String],
    texts: Vec<Vec<String>>,
    short: Vec<String>,
    cell_type: Type,
    name_type: Type,
    cell: f64,
    /// Names at 45°, or upright below their columns.
    tilted: bool,
    left: f64,
    below: f64,
    pub(crate) size: (f64, f64),
}

const TOP: f64 = 66.0;

impl<'a> Heatmap<'a> {
    pub(crate) fn new(heading: &'a str, counts: &'a [Vec<usize>], names: &'a [String], all: usize) -> Self {
        let classes = counts.len();
        let cell_type = Type::new(number_size(classes), Color::Title).anchor(Anchor::Middle);
        let name_type = Type::new(if classes <= 20 { 12.0 } else { 11.0 }, Color::Title);
        let texts: Vec<Vec<String>> =
            counts.iter().map(|row| row.iter().map(|&n| number::count(n)).collect()).collect();
        let widest = texts.iter().flatten().map(|text| text::width(text, cell_type.size)).fold(0.0, f64::max);
        let cell = (420.0 / classes as f64).clamp(22.0, 72.0).max(widest + 8.0);
        let side = cell * classes as f64;
        let shorten = |name: &String| text::shorten(name, name_type.size, NAME_ROOM);
        let short: Vec<String> = names.iter().map(shorten).collect();
        let longest = short.iter().map(|name| text::width(name, name_type.size)).fold(0.0, f64::max);
        let tilted = longest > cell - 6.0;
        let below = if tilted { longest * 0.71 + 14.0 } else { 20.0 };
        let note = format!("{} samples; shade: share of the row", number::count(all));
        let left = MARGIN + 22.0 + longest + 8.0;
        let text_width = text::width(heading, TITLE.size * 1.05).max(text::width(&note, NOTE.size));
        let width = (left + side + MARGIN + 4.0).max(text_width + 2.0 * MARGIN);
        let size = (width, TOP + side + below + 36.0);
        Self {
            heading,
            note,
            counts,
            names,
            texts,
            short,
            cell_type,
            name_type,
            cell,
            tilted,
            left,
            below,
            size,
        }
    }

    pub(crate) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64)) {
        let Self { cell, cell_type, .. } = *self;
        let (left, top) = (origin.0 + self.left, origin.1 + TOP);
        sheet.text(origin.0 + MARGIN, origin.1 + 29.0, self.heading, TITLE);
        sheet.text(origin.0 + MARGIN, origin.1 + 49.0, &self.note, NOTE);
        let classes = self.counts.len();
        for (i, row) in self.counts.iter().enumerate() {
            let total = row.iter().fold(0, |sum: usize, &n| sum.saturating_add(n));
            let y = top + cell * i as f64;
            for (j, &n) in row.iter().enumerate() {
                let x = left + cell * j as f64;
                let share = n as f64 / total.max(1) as f64;
                sheet.rect(x + 0.5, y + 0.5, cell - 1.0, cell - 1.0, cell_fill(n, share, i != j));
                let fill = match n {
                    0 => Color::Axis,
                    _ if i == j && share > DARK => Color::Paper,
                    _ => Color::Title,
                };
                let middle = (x + cell / 2.0, y + cell / 2.0 + cell_type.drop());
                sheet.text(middle.0, middle.1, &self.texts[i][j], cell_type.fill(fill));
            }
        }
        self.draw_names(sheet, left, top);
        let side = cell * classes as f64;
        let axis = NOTE.anchor(Anchor::Middle);
        sheet.text(left + side / 2.0, top + side + self.below + 20.0, "predicted class", axis);
        sheet.text(origin.0 + MARGIN + 10.0, top + side / 2.0, "true class", axis.turn(-90.0));
    }

    fn draw_names(&self, sheet: &mut Sheet, left: f64, top: f64) {
        let side = self.cell * self.counts.len() as f64;
        for (i, (name, whole)) in self.short.iter().zip(self.names).enumerate() {
            let tip = if name == whole { "" } else { whole };
            let middle = self.cell * (i as f64 + 0.5);
            let row_name = self.name_type.anchor(Anchor::End);
            sheet.tipped(left - 8.0, top + middle + row_name.drop(), name, tip, row_name);
            if self.tilted {
                let style = row_name.turn(-45.0);
                sheet.tipped(left + middle + 4.0, top + side + 13.0, name, tip, style);
            } else {
                let style = row_name.anchor(Anchor::Middle);
                sheet.tipped(left + middle, top + side + 17.0, name, tip, style);
            }
        }
    }
}

pub(crate) fn heading(title: &str, correct: usize, all: usize) -> String {
    let accuracy = number::percent(correct, all);
    let title = text::shorten(title, TITLE.size, 480.0);
    if title.is_empty() { format!("Accuracy {accuracy}") } else { format!("{title}: accuracy {accuracy}") }
}

/// An error is visible however rare it is, and the rare ones differ; an empty cell stays out of the way.
fn cell_fill(n: usize, share: f64, wrong: bool) -> Color {
    if n == 0 {
        return Color::Faint;
    }
    let share = if wrong { share.powf(0.6) } else { share };
    Color::Tint(usize::from(wrong), 0.1 + 0.9 * share)
}

/// Smaller numbers in larger tables.
fn number_size(classes: usize) -> f64 {
    match classes {
        0..=6 => 14.0,
        7..=12 => 12.5,
        13..=20 => 11.0,
        _ => 10.0,
    }
}
