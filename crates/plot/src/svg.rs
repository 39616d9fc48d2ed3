//! What is drawn on a sheet as the text of an SVG file.
//!
//! Only presentation attributes are written (no style sheet, no `dominant-baseline`), since that is the part of
//! SVG on which browsers, Inkscape, librsvg and LaTeX's converters agree.

use std::fmt::Write as _;

use crate::Theme;
use crate::palette::Color;
use crate::sheet::{Element, Facet, Fill, Group, HALO, Outline, SEAM, Shape, Sheet, Step, Stroke, Text};
use crate::text::{Anchor, printable};

/// The reader's own sans-serif, whichever system this is.
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// The text of an SVG file.
pub(crate) fn write(sheet: &Sheet) -> String {
    let (w, h, label) = (num(sheet.width), num(sheet.height), escape(&sheet.label));
    let paper = Color::Paper.hex(sheet.theme);
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\" aria-label=\"{label}\" font-family=\"{FONT}\">\n\
         <rect x=\"0\" y=\"0\" width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n"
    );
    let mut svg = Svg { text, theme: sheet.theme };
    svg.elements(&sheet.elements);
    svg.text.push_str("</svg>\n");
    svg.text
}

/// A picture as it is being written.
struct Svg {
    text: String,
    theme: Theme,
}

impl Svg {
    fn elements(&mut self, elements: &[Element]) {
        for element in elements {
            match element {
                Element::Shape(shape) => self.shape(shape),
                Element::Text(text) => self.lettering(text),
                Element::Facet(facet) => self.facet(facet),
                Element::Group(group, inside) => self.group(*group, inside),
            }
        }
    }

    fn group(&mut self, group: Group, inside: &[Element]) {
        let end = match group {
            Group::Clip(area) => {
                let (x, y, w, h) = (num(area.x), num(area.y), num(area.width), num(area.height));
                let _ = writeln!(
                    self.text,
                    "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" \
                     overflow=\"hidden\">"
                );
                "</svg>\n"
            }
            Group::Faint(opacity) => {
                let _ = writeln!(self.text, "<g opacity=\"{}\">", num(opacity));
                "</g>\n"
            }
            Group::Mesh => {
                let _ = writeln!(
                    self.text,
                    "<g fill=\"currentColor\" stroke=\"currentColor\" stroke-width=\"{SEAM}\" \
                     stroke-linejoin=\"round\" stroke-linecap=\"round\">"
                );
                "</g>\n"
            }
        };
        self.elements(inside);
        self.text.push_str(end);
    }

    fn shape(&mut self, Shape { outline, fill, stroke }: &Shape) {
        match outline {
            Outline::Rect(area, radius) => {
                let (x, y, w, h) = (num(area.x), num(area.y), num(area.width), num(area.height));
                let _ = write!(self.text, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
                if *radius > 0.0 {
                    let _ = write!(self.text, " rx=\"{}\"", num(*radius));
                }
            }
            Outline::Circle((x, y), radius) => {
                let (x, y, r) = (num(*x), num(*y), num(*radius));
                let _ = write!(self.text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"");
            }
            Outline::Path(steps) => {
                self.text.push_str("<path d=\"");
                steps.iter().for_each(|step| self.step(step));
                self.text.push('"');
            }
        }
        self.fill(fill.as_ref());
        if let Some(Stroke { color, width, dash }) = stroke {
            let color = color.hex(self.theme);
            let _ = write!(self.text, " stroke=\"{color}\" stroke-width=\"{}\"", num(*width));
            if fill.is_none() {
                self.text.push_str(" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
            }
            if !dash.is_empty() {
                let _ = write!(self.text, " stroke-dasharray=\"{dash}\"");
            }
        }
        self.text.push_str("/>\n");
    }

    fn step(&mut self, step: &Step) {
        let at = |&(x, y): &(f64, f64)| format!("{} {}", num(x), num(y));
        let _ = match step {
            Step::Move(to) => write!(self.text, "M{}", at(to)),
            Step::Line(to) => write!(self.text, "L{}", at(to)),
            Step::Curve(a, b, to) => write!(self.text, "C{} {} {}", at(a), at(b), at(to)),
            Step::Close => write!(self.text, "Z"),
        };
    }

    fn fill(&mut self, fill: Option<&Fill>) {
        let Some(Fill { color, opacity, even_odd }) = fill else {
            return self.text.push_str(" fill=\"none\"");
        };
        let _ = write!(self.text, " fill=\"{}\"", color.hex(self.theme));
        if *opacity < 1.0 {
            let _ = write!(self.text, " fill-opacity=\"{}\"", num(*opacity));
        }
        if *even_odd {
            self.text.push_str(" fill-rule=\"evenodd\"");
        }
    }

    /// A path from point to point in a group that draws in the `currentColor`, to a tenth of a pixel: there are thousands of these.
    fn facet(&mut self, Facet { points, color: [r, g, b], width }: &Facet) {
        self.text.push_str("<path");
        if *width != SEAM {
            let _ = write!(self.text, " stroke-width=\"{}\"", num(*width));
        }
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

    fn lettering(&mut self, Text { at, text, tip, style, halo }: &Text) {
        if *halo {
            let paper = Color::Paper.hex(self.theme);
            let _ = writeln!(
                self.text,
                "<g stroke=\"{paper}\" stroke-width=\"{HALO}\" stroke-linejoin=\"round\" paint-order=\"stroke\">"
            );
        }
        let (x, y, size, fill) = (num(at.0), num(at.1), num(style.size), style.fill.hex(self.theme));
        let _ = write!(self.text, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"");
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
        if *halo {
            self.text.push_str("</g>\n");
        }
    }
}

/// A coordinate to a hundredth of a pixel, without useless zeros.
fn num(value: f64) -> String {
    let mut text = format!("{value:.2}");
    let kept = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(kept);
    if text == "-0" { "0".to_owned() } else { text }
}

/// Text as it may stand in an element or an attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(printable(c)),
        }
    }
    out
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
}
