//! How texts are set, and how much room they take.

use crate::palette::Color;

/// Which point of a text stands at its coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) fill: Color,
    pub(crate) anchor: Anchor,
    pub(crate) bold: bool,
    /// Degrees clockwise around the anchor.
    pub(crate) turn: f64,
}

impl Type {
    pub(crate) const fn new(size: f64, fill: Color) -> Self {
        Self { size, fill, anchor: Anchor::Start, bold: false, turn: 0.0 }
    }

    pub(crate) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) const fn fill(self, fill: Color) -> Self {
        Self { fill, ..self }
    }

    pub(crate) const fn turn(self, turn: f64) -> Self {
        Self { turn, ..self }
    }

    /// How far below a text's middle its baseline lies.
    pub(crate) fn drop(self) -> f64 {
        0.36 * self.size
    }
}

/// About how wide `text` will be. The font is the reader's, so this leans to the wide side (DejaVu, Verdana).
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems: f64 = text.chars().map(advance).sum();
    ems * size
}

/// The width of a character over the font's size.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.32,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 0.40,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.95,
        '₀'..='₉' | '′' => 0.42,
        '″' => 0.55,
        '∂' => 0.66,
        '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' | '⁻' => 0.42,
        'A'..='Z' | '−' | '×' => 0.72,
        'a'..='z' => 0.58,
        '\u{0300}'..='\u{036f}' => 0.0,
        '\u{1100}'.. => 1.0,
        _ => 0.62,
    }
}

/// `text` cut to fit `room` pixels, its end replaced by an ellipsis where it does not.
pub(crate) fn shorten(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut used = 0.0;
    let kept: String = text
        .chars()
        .take_while(|&c| {
            used += advance(c) * size;
            used <= room
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// What is written for a character: XML has no way to write most control characters, and no font a glyph.
pub(crate) fn printable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_texts_are_shortened() {
        assert_eq!(shorten("cat", 12.0, 100.0), "cat");
        let short = shorten("a very long class name indeed", 12.0, 80.0);
        assert!(short.ends_with('…') && short.starts_with("a very"), "{short}");
        assert!(width(&short, 12.0) <= 80.0);
        assert_eq!(shorten("cat", 12.0, 0.0), "…");
    }
}
