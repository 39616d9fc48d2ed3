//! The few SVG elements that the pictures are made of, as text.
//!
//! Only presentation attributes are written (no style sheet, no `dominant-baseline`), since that is the part of
//! SVG on which browsers, Inkscape, librsvg and LaTeX's converters agree.

use std::fmt::Write as _;

use crate::Theme;
use crate::axes::Area;
use crate::palette::Color;

/// The reader's own sans-serif, whichever system this is.
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

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

/// A picture as it is being written.
#[derive(Debug)]
pub(crate) struct Svg {
    text: String,
    theme: Theme,
}

impl Svg {
    /// An empty sheet; `label` is what a screen reader says of it.
    pub(crate) fn new(width: f64, height: f64, label: &str, theme: Theme) -> Self {
        let (w, h) = (num(width), num(height));
        let label = escape(label);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" aria-label=\"{label}\" font-family=\"{FONT}\">"
        );
        let mut svg = Self { text, theme };
        svg.rect(0.0, 0.0, width, height, Color::Paper);
        svg
    }

    pub(crate) fn theme(&self) -> Theme {
        self.theme
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Color) {
        let fill = fill.hex(self.theme);
        let (x, y, w, h) = (num(x), num(y), num(width), num(height));
        let _ =
            writeln!(self.text, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"/>");
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        let (fill, edge) = (fill.hex(self.theme), Color::Paper.hex(self.theme));
        let (x, y, r) = (num(x), num(y), num(radius));
        let _ = writeln!(
            self.text,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"1\"/>"
        );
    }

    /// A dot without a rim.
    pub(crate) fn dot(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        let (x, y, r, fill) = (num(x), num(y), num(radius), fill.hex(self.theme));
        let _ = writeln!(self.text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\"/>");
    }

    /// A ring filled with paper.
    pub(crate) fn ring(&mut self, x: f64, y: f64, radius: f64, stroke: Color) {
        let (stroke, fill) = (stroke.hex(self.theme), Color::Paper.hex(self.theme));
        let (x, y, r) = (num(x), num(y), num(radius));
        let _ = writeln!(
            self.text,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"2.2\"/>"
        );
    }

    /// A diagonal cross with a rim of paper.
    pub(crate) fn cross(&mut self, x: f64, y: f64, radius: f64, stroke: Color) {
        for (stroke, width) in [(Color::Paper, 4.5), (stroke, 2.0)] {
            self.polyline(&[(x - radius, y - radius), (x + radius, y + radius)], stroke, width, "");
            self.polyline(&[(x - radius, y + radius), (x + radius, y - radius)], stroke, width, "");
        }
    }

    /// A polygon filled so that what lies below shines through.
    pub(crate) fn shade(&mut self, points: &[(f64, f64)], fill: Color, opacity: f64) {
        if points.len() < 3 {
            return;
        }
        let fill = fill.hex(self.theme);
        self.text.push_str("<path d=\"");
        self.moves(points);
        let _ = writeln!(self.text, "Z\" fill=\"{fill}\" fill-opacity=\"{}\"/>", num(opacity));
    }

    /// A filled polygon; nothing if it has fewer than three corners.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: Color) {
        if points.len() < 3 {
            return;
        }
        let fill = fill.hex(self.theme);
        self.text.push_str("<path d=\"");
        self.moves(points);
        let _ = writeln!(self.text, "Z\" fill=\"{fill}\"/>");
    }

    /// Several closed rings filled as one shape: rings within rings are holes. Its edge gets a hairline of the same colour, so
    /// that no paper shines through between neighbours.
    pub(crate) fn rings<'a>(&mut self, rings: impl IntoIterator<Item = &'a [(f64, f64)]>, fill: Color) {
        let fill = fill.hex(self.theme);
        self.text.push_str("<path d=\"");
        for ring in rings {
            self.moves(ring);
            self.text.push('Z');
        }
        let _ = writeln!(
            self.text,
            "\" fill=\"{fill}\" fill-rule=\"evenodd\" stroke=\"{fill}\" stroke-width=\"0.6\"/>"
        );
    }

    fn moves(&mut self, points: &[(f64, f64)]) {
        for (i, &(x, y)) in points.iter().enumerate() {
            let verb = if i == 0 { 'M' } else { 'L' };
            let _ = write!(self.text, "{verb}{} {}", num(x), num(y));
        }
    }

    /// What `inside` draws, cut off at the edges of a rectangle.
    pub(crate) fn clipped(&mut self, area: Area, inside: impl FnOnce(&mut Self)) {
        let (x, y, w, h) = (num(area.x), num(area.y), num(area.width), num(area.height));
        let _ = writeln!(
            self.text,
            "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" overflow=\"hidden\">"
        );
        inside(self);
        self.text.push_str("</svg>\n");
    }

    /// A text with a rim of paper, legible on any colour.
    pub(crate) fn haloed(&mut self, x: f64, y: f64, text: &str, style: Type) {
        if text.is_empty() {
            return;
        }
        let paper = Color::Paper.hex(self.theme);
        let _ = writeln!(
            self.text,
            "<g stroke=\"{paper}\" stroke-width=\"3.5\" stroke-linejoin=\"round\" paint-order=\"stroke\">"
        );
        self.text(x, y, text, style);
        self.text.push_str("</g>\n");
    }

    /// A line through `points`; `dash` is SVG's pattern, empty for a solid line.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: Color, width: f64, dash: &str) {
        let stroke = stroke.hex(self.theme);
        if points.is_empty() {
            return;
        }
        self.text.push_str("<path d=\"");
        self.moves(points);
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = writeln!(
            self.text,
            "\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\" stroke-linejoin=\"round\" \
             stroke-linecap=\"round\"{dash}/>",
            num(width)
        );
    }

    /// Starts a group of elements that share `attributes`, up to [`close`](Self::close).
    pub(crate) fn open(&mut self, attributes: &str) {
        let _ = writeln!(self.text, "<g {attributes}>");
    }

    pub(crate) fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    /// A short line in a group that draws in the `currentColor`.
    pub(crate) fn stroke(&mut self, ends: &[(f64, f64); 2], stroke: Color, width: f64) {
        let _ = write!(self.text, "<path stroke-width=\"{}\"", num(width));
        self.steps(ends, stroke.rgb(self.theme));
    }

    /// A polygon, or a line of two points, in a group that draws in the `currentColor`.
    pub(crate) fn facet(&mut self, points: &[(f64, f64)], fill: [u8; 3]) {
        self.text.push_str("<path");
        self.steps(points, fill);
    }

    /// The rest of a path, from point to point, to a tenth of a pixel: there are thousands of these.
    fn steps(&mut self, points: &[(f64, f64)], [r, g, b]: [u8; 3]) {
        let _ = write!(self.text, " color=\"#{r:02x}{g:02x}{b:02x}\" d=\"");
        let mut last = (0, 0);
        for (i, &(x, y)) in points.iter().enumerate() {
            let at = ((10.0 * x).round() as i64, (10.0 * y).round() as i64);
            let verb = if i == 0 { 'M' } else { 'l' };
            let (dx, dy) = (num((at.0 - last.0) as f64 / 10.0), num((at.1 - last.1) as f64 / 10.0));
            let space = if dy.starts_with('-') { "" } else { " " };
            let _ = write!(self.text, "{verb}{dx}{space}{dy}");
            last = at;
        }
        self.text.push_str(if points.len() > 2 { "z\"/>\n" } else { "\"/>\n" });
    }

    /// A path in SVG's own language: filled, drawn with a stroke (colour and width), or both.
    pub(crate) fn shape(&mut self, path: &str, fill: Option<Color>, stroke: Option<(Color, f64)>) {
        let fill = fill.map_or("none".to_owned(), |fill| fill.hex(self.theme));
        let stroke = stroke.map_or(String::new(), |(color, width)| {
            format!(" stroke=\"{}\" stroke-width=\"{}\"", color.hex(self.theme), num(width))
        });
        let _ = writeln!(self.text, "<path d=\"{path}\" fill=\"{fill}\"{stroke}/>");
    }

    /// A text whose baseline starts, is centred or ends at `(x, y)`; nothing if it is empty.
    pub(crate) fn text(&mut self, x: f64, y: f64, text: &str, style: Type) {
        self.tipped(x, y, text, "", style);
    }

    /// A text with a `tip` that a browser shows while the pointer rests on it.
    pub(crate) fn tipped(&mut self, x: f64, y: f64, text: &str, tip: &str, style: Type) {
        if text.is_empty() {
            return;
        }
        let (x, y) = (num(x), num(y));
        let _ = write!(
            self.text,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"",
            num(style.size),
            style.fill.hex(self.theme)
        );
        self.text.push_str(match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        });
        if style.bold {
            self.text.push_str(" font-weight=\"600\"");
        }
        if style.turn != 0.0 {
            let _ = write!(self.text, " transform=\"rotate({} {x} {y})\"", num(style.turn));
        }
        self.text.push('>');
        if !tip.is_empty() {
            let _ = write!(self.text, "<title>{}</title>", escape(tip));
        }
        let _ = writeln!(self.text, "{}</text>", escape(text));
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// A coordinate to a hundredth of a pixel, without useless zeros.
pub(crate) fn num(value: f64) -> String {
    let mut text = format!("{value:.2}");
    let kept = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(kept);
    if text == "-0" { "0".to_owned() } else { text }
}

/// Text as it may stand in an element or an attribute. XML has no way to write most control characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [(1.0, "1"), (0.5, "0.5"), (-0.001, "0"), (100.0, "100"), (12.346, "12.35")] {
            assert_eq!(num(value), text);
        }
    }

    #[test]
    fn markup_in_a_text_is_escaped() {
        assert_eq!(escape("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
        assert_eq!(escape("bell\u{7} line\nbreak"), "bell\u{fffd} line break");
        assert_eq!(escape("naïve ∂f/∂x"), "naïve ∂f/∂x");
    }

    #[test]
    fn only_long_texts_are_shortened() {
        assert_eq!(shorten("cat", 12.0, 100.0), "cat");
        let short = shorten("a very long class name indeed", 12.0, 80.0);
        assert!(short.ends_with('…') && short.starts_with("a very"), "{short}");
        assert!(width(&short, 12.0) <= 80.0);
        assert_eq!(shorten("cat", 12.0, 0.0), "…");
    }
}
