//! Texts as outlines, in the fonts that this crate brings along.

use std::sync::LazyLock;

use tiny_skia::{Path, PathBuilder, Transform};

use super::font::{Font, Glyph};
use crate::sheet::Text;
use crate::text::{Anchor, printable};

/// DejaVu Sans, plain and bold: the only fonts there are, so that a picture's pixels don't depend on the machine's.
static FONTS: LazyLock<[Option<Font<'static>>; 2]> =
    LazyLock::new(|| [Font::new(dejavu::sans::regular()), Font::new(dejavu::sans::bold())]);

/// A glyph and where it stands: right of the text's start and above its baseline, in ems.
struct Placed {
    font: &'static Font<'static>,
    glyph: Glyph,
    x: f32,
    y: f32,
}

/// The outlines of a text where it stands on its sheet; `None` if there is nothing to see.
pub(super) fn outline(Text { at, text, style, .. }: &Text) -> Option<Path> {
    let (glyphs, width) = place(text, style.bold);
    let start = match style.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let size = style.size as f32;
    let to = Transform::from_translate(at.0 as f32, at.1 as f32)
        .pre_concat(Transform::from_rotate(style.turn as f32))
        .pre_scale(size, -size);
    let mut path = PathBuilder::new();
    for Placed { font, glyph, x, y } in glyphs {
        font.draw(glyph, to.pre_translate(start + x, y), &mut path);
    }
    path.finish()
}

/// The glyphs of a text, one after the other, and their width in ems.
fn place(text: &str, bold: bool) -> (Vec<Placed>, f32) {
    // A letter that the bold font lacks is a plain one.
    let [plain, heavy] = &*FONTS;
    let fonts: Vec<&'static Font> =
        [heavy.as_ref().filter(|_| bold), plain.as_ref()].into_iter().flatten().collect();
    let mut glyphs: Vec<Placed> = Vec::new();
    let mut pen = 0.0;
    for c in spaced(text).chars().map(printable) {
        let known = fonts.iter().find_map(|font| font.glyph(c).map(|glyph| (*font, glyph)));
        let Some((font, glyph)) = known.or(fonts.first().map(|font| (*font, 0))) else { continue };
        let before = glyphs.last().filter(|before| std::ptr::eq(before.font, font));
        if let Some((dx, dy)) = before.filter(|_| is_mark(c)).and_then(|letter| above(letter, glyph)) {
            glyphs.push(Placed { font, glyph, x: dx, y: dy });
            continue;
        }
        pen += before.map_or(0.0, |before| font.kerning(before.glyph, glyph));
        glyphs.push(Placed { font, glyph, x: pen, y: 0.0 });
        pen += font.width(glyph);
    }
    (glyphs, pen)
}

/// SVG draws several spaces as one, and none at the ends.
fn spaced(text: &str) -> String {
    let is_space = |c: char| printable(c) == ' ';
    text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a character stands above the one before it: a hat, a bar, a tilde.
fn is_mark(c: char) -> bool {
    ('\u{0300}'..='\u{036f}').contains(&c)
}

/// Where a mark stands: in the middle of its letter, and as far above it as above a small one.
fn above(letter: &Placed, mark: Glyph) -> Option<(f32, f32)> {
    let font = letter.font;
    let (under, over, small) =
        (font.bounds(letter.glyph)?, font.bounds(mark)?, font.bounds(font.glyph('x')?)?);
    let x = letter.x + (under.left + under.right - over.left - over.right) / 2.0;
    Some((x, letter.y + (under.top - small.top).max(0.0)))
}
