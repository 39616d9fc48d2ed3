//! TrueType fonts: which glyph a character has, how wide it is, and its outline.
//!
//! Apple, "TrueType Reference Manual", and Microsoft, "OpenType specification" 1.9: the tables `cmap` (format 12), `glyf`, `head`,
//! `hhea`, `hmtx`, `kern` (format 0) and `loca`. All numbers are big-endian. What a file does not have is `None`, a wrong
//! number in it included.

mod contours;
mod data;

use tiny_skia::{PathBuilder, Transform};

use data::Data;

/// A glyph's number in its font. Number 0 stands for characters that have none.
pub(super) type Glyph = u16;

/// How deep glyphs are made of glyphs.
const DEEPEST: usize = 5;

/// A font's file, cut into its tables.
#[derive(Debug)]
pub(super) struct Font<'a> {
    /// Ranges of characters: first, last, and the first one's glyph.
    ranges: Data<'a>,
    outlines: Data<'a>,
    /// Where each glyph's outline begins.
    places: Data<'a>,
    /// Whether `places` has them as 4 bytes each, or as half of them in 2.
    long: bool,
    widths: Data<'a>,
    /// From this glyph on all are equally wide.
    last_width: usize,
    /// Pairs of glyphs, and how much wider apart they stand; sorted.
    pairs: Data<'a>,
    units: f32,
}

/// The smallest rectangle around a glyph, in ems, upwards from the baseline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
}

impl<'a> Font<'a> {
    pub(super) fn new(file: &'a [u8]) -> Option<Self> {
        let file = Data(file);
        let head = table(file, b"head")?;
        let last_width = usize::from(table(file, b"hhea")?.u16(34)?).checked_sub(1)?;
        Some(Self {
            ranges: ranges(table(file, b"cmap")?)?,
            outlines: table(file, b"glyf")?,
            places: table(file, b"loca")?,
            long: head.u16(50)? == 1,
            widths: table(file, b"hmtx")?,
            last_width,
            pairs: table(file, b"kern").and_then(pairs).unwrap_or(Data(&[])),
            units: f32::from(head.u16(18)?),
        })
    }

    /// The glyph of a character.
    pub(super) fn glyph(&self, c: char) -> Option<Glyph> {
        let c = u32::from(c);
        let range = search(self.ranges, 12, |range| range.u32(4).is_some_and(|last| last < c));
        let first = range.u32(0).filter(|&first| first <= c)?;
        Glyph::try_from(range.u32(8)?.checked_add(c - first)?).ok().filter(|&glyph| glyph > 0)
    }

    /// From one glyph's origin to the next one's, in ems.
    pub(super) fn width(&self, glyph: Glyph) -> f32 {
        let width = self.widths.u16(4 * usize::from(glyph).min(self.last_width));
        f32::from(width.unwrap_or_default()) / self.units
    }

    /// How much further apart than their widths say two neighbours stand, in ems; mostly less than nothing.
    pub(super) fn kerning(&self, left: Glyph, right: Glyph) -> f32 {
        let pair = u32::from(left) << 16 | u32::from(right);
        let found = search(self.pairs, 6, |other| other.u32(0).is_some_and(|other| other < pair));
        let by = found.i16(4).filter(|_| found.u32(0) == Some(pair));
        f32::from(by.unwrap_or_default()) / self.units
    }

    /// `None` for a glyph without ink, such as a space.
    pub(super) fn bounds(&self, glyph: Glyph) -> Option<Bounds> {
        let outline = self.outline(glyph)?;
        let at = |at| outline.i16(at).map(|v| f32::from(v) / self.units);
        Some(Bounds { left: at(2)?, right: at(6)?, top: at(8)? })
    }

    /// Adds a glyph's outline to a path; `to` takes it there from ems, upwards from the baseline.
    pub(super) fn draw(&self, glyph: Glyph, to: Transform, path: &mut PathBuilder) {
        self.add(glyph, to.pre_scale(self.units.recip(), self.units.recip()), path, DEEPEST);
    }

    fn add(&self, glyph: Glyph, to: Transform, path: &mut PathBuilder, depth: usize) -> Option<()> {
        let outline = self.outline(glyph)?;
        match usize::try_from(outline.i16(0)?) {
            Ok(count) => contours::add(outline, count, to, path),
            Err(_) => self.composite(outline, to, path, depth.checked_sub(1)?),
        }
    }

    /// A glyph made of others, each moved and perhaps turned or scaled.
    fn composite(&self, outline: Data, to: Transform, path: &mut PathBuilder, depth: usize) -> Option<()> {
        let mut at = 10;
        loop {
            let (flags, glyph) = (outline.u16(at)?, outline.u16(at + 2)?);
            let has = |flag: u16| flags & flag != 0;
            at += 4;
            // How far the part is moved, in 2 bytes each or in 1.
            let (dx, dy) = if has(0x1) {
                at += 4;
                (outline.i16(at - 4)?, outline.i16(at - 2)?)
            } else {
                at += 2;
                (i16::from(outline.u8(at - 2)? as i8), i16::from(outline.u8(at - 1)? as i8))
            };
            // One factor, two, or a matrix, in numbers of 2 bits before the point and 14 behind it.
            let mut number = || {
                at += 2;
                Some(f32::from(outline.i16(at - 2)?) / 16384.0)
            };
            let [xx, yx, xy, yy] = if has(0x8) {
                let scale = number()?;
                [scale, 0.0, 0.0, scale]
            } else if has(0x40) {
                [number()?, 0.0, 0.0, number()?]
            } else if has(0x80) {
                [number()?, number()?, number()?, number()?]
            } else {
                [1.0, 0.0, 0.0, 1.0]
            };
            let part = Transform::from_row(xx, yx, xy, yy, f32::from(dx), f32::from(dy));
            self.add(glyph, to.pre_concat(part), path, depth);
            if !has(0x20) {
                // That was the last part.
                return Some(());
            }
        }
    }

    fn outline(&self, glyph: Glyph) -> Option<Data<'a>> {
        let place = |i: usize| {
            if self.long {
                self.places.u32(4 * i)
            } else {
                self.places.u16(2 * i).map(|half| 2 * u32::from(half))
            }
        };
        let (start, end) = (place(usize::from(glyph))? as usize, place(usize::from(glyph) + 1)? as usize);
        self.outlines.0.get(start..end).filter(|outline| !outline.is_empty()).map(Data)
    }
}

/// The table of a name: the file begins with a list of where they are.
fn table<'a>(file: Data<'a>, name: &[u8; 4]) -> Option<Data<'a>> {
    let entry = (0..usize::from(file.u16(4)?))
        .map(|i| 12 + 16 * i)
        .find(|&at| file.u32(at) == Some(u32::from_be_bytes(*name)))?;
    file.part(file.u32(entry + 8)? as usize, file.u32(entry + 12)? as usize)
}

/// The ranges of characters in a `cmap` that has those of all planes.
fn ranges(cmap: Data) -> Option<Data> {
    let mut maps =
        (0..usize::from(cmap.u16(2)?)).filter_map(|i| cmap.u32(4 + 8 * i + 4)).map(|at| at as usize);
    let map = maps.find(|&at| cmap.u16(at) == Some(12))?;
    cmap.part(map + 16, 12 * cmap.u32(map + 12)? as usize)
}

/// The pairs of the first list of a `kern`. Its length is not read: it counts bytes in 16 bits, which are too few.
fn pairs(kern: Data) -> Option<Data> {
    let is_horizontal_format_0 = kern.u16(2)? > 0 && kern.u16(8)? == 1;
    is_horizontal_format_0.then_some(())?;
    kern.part(18, 6 * usize::from(kern.u16(10)?))
}

/// The first entry of sorted ones, of `size` bytes each, that is not below what is looked for.
fn search<'a>(entries: Data<'a>, size: usize, is_below: impl Fn(Data) -> bool) -> Data<'a> {
    let (mut low, mut high) = (0, entries.0.len() / size);
    while low < high {
        let middle = low + (high - low) / 2;
        if entries.part(size * middle, size).is_some_and(&is_below) {
            low = middle + 1
        } else {
            high = middle
        }
    }
    entries.part(size * low, size).unwrap_or(Data(&[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [fn() -> &'static [u8]; 2] = [dejavu::sans::regular, dejavu::sans::bold];

    fn draw(font: &Font, glyph: Glyph) -> Option<tiny_skia::Path> {
        let mut path = PathBuilder::new();
        font.draw(glyph, Transform::identity(), &mut path);
        path.finish()
    }

    #[test]
    fn letters_have_their_widths_and_pairs() -> Result<(), &'static str> {
        let font = Font::new(FILES[0]()).ok_or("no font")?;
        let glyph = |c: char| font.glyph(c).ok_or("no glyph");
        for (c, width) in [(' ', 651.0), ('x', 1212.0), ('\u{302}', 0.0), ('∇', 1370.0)] {
            assert_eq!(font.width(glyph(c)?) * 2048.0, width, "{c}");
        }
        for (a, b, by) in [('A', 'V', -131.0), ('T', 'o', -348.0), ('H', 'H', 0.0)] {
            assert_eq!(font.kerning(glyph(a)?, glyph(b)?) * 2048.0, by, "{a}{b}");
        }
        // Private use, and beyond all planes' letters.
        assert_eq!(['\u{e123}', '\u{10ffff}', '\0'].map(|c| font.glyph(c)), [None; 3]);
        Ok(())
    }

    #[test]
    fn outlines_fill_their_bounds() -> Result<(), &'static str> {
        for file in FILES {
            let font = Font::new(file()).ok_or("no font")?;
            // Latin, Greek and operators, made of contours or of other glyphs.
            let characters = ('!'..='~').chain('À'..='ž').chain('Α'..='ω').chain('∀'..='⋿');
            let glyphs: Vec<Glyph> = characters.filter_map(|c| font.glyph(c)).collect();
            assert!(glyphs.len() > 500, "{}", glyphs.len());
            for glyph in glyphs {
                let bounds = font.bounds(glyph).ok_or("no bounds")?;
                let found =
                    draw(&font, glyph).and_then(|path| path.compute_tight_bounds()).ok_or("no ink")?;
                // The file's own are off by a few units of 1/2048 em.
                let pairs = [
                    (bounds.left, found.left()),
                    (bounds.right, found.right()),
                    (bounds.top, found.bottom()),
                ];
                assert!(pairs.iter().all(|(a, b)| (a - b).abs() < 0.01), "{glyph}: {pairs:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_broken_file_is_no_font_or_lacks_glyphs() {
        let whole = FILES[0]();
        let glyphs = |file: &[u8]| {
            Font::new(file).map_or(0, |font| (0..6000).filter(|&glyph| draw(&font, glyph).is_some()).count())
        };
        let all = glyphs(whole);
        assert_eq!(glyphs(&whole[..100]), 0);
        // Every 89th byte of one of these copies is wrong.
        for offset in 0..4 {
            let mut file = whole.to_vec();
            file[2000 + offset..].iter_mut().step_by(89).for_each(|byte| *byte ^= 0xa5);
            assert!(glyphs(&file) < all, "{offset}");
        }
    }
}
