//! Each kind of element: texts, clips, opacity, rings, dashes.

use std::error::Error;

use super::{BLUE, Drawn, Image, ORANGE, Outcome, WHITE, raster};
use crate::Theme;
use crate::axes::Area;
use crate::palette::Color;
use crate::sheet::{Sheet, Step};
use crate::text::{Anchor, Type};

const PLAIN: Type = Type::new(30.0, Color::Title);
const BOLD: Type = PLAIN.bold();

fn text(text: &str, style: Type) -> Result<Image, Box<dyn Error>> {
    raster(&Drawn::new(200.0, 60.0, |sheet| sheet.text(20.0, 40.0, text, style)), 1.0)
}

/// Where a picture is not white: the first and the last column and row.
fn inked(image: &Image) -> Result<[usize; 4], Box<dyn Error>> {
    let (width, height) = image.size();
    let is_inked = |x: usize, y: usize| image.at(x, y) != WHITE;
    let mut columns = (0..width).filter(|&x| (0..height).any(|y| is_inked(x, y)));
    let mut rows = (0..height).filter(|&y| (0..width).any(|x| is_inked(x, y)));
    let (left, top) = (columns.next().ok_or("no ink")?, rows.next().ok_or("no ink")?);
    Ok([left, columns.next_back().unwrap_or(left), top, rows.next_back().unwrap_or(top)])
}

#[test]
fn characters_of_formulas_have_glyphs() -> Outcome {
    let characters = "Aaäßéñøž019αβγθλμπρσφωΔΘΣΦΩ∂∇⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ₖₜᵀᵏ−×…·→←≤≥≠≈√∞∑∏∈ℝ‖⟨⟩±′–—";
    for style in [PLAIN, BOLD] {
        let (missing, blank) = (text("\u{e123}", style)?, text(" ", style)?);
        for c in characters.chars() {
            let image = text(&c.to_string(), style)?;
            assert!(image != missing && image != blank, "{c} {style:?}");
        }
    }
    Ok(())
}

#[test]
fn bold_text_is_bold() -> Outcome {
    let (plain, bold) = (text("Loss", PLAIN)?.ink(), text("Loss", BOLD)?.ink());
    assert!(bold * 10 > plain * 13, "{plain} {bold}");
    Ok(())
}

#[test]
fn texts_stand_at_their_anchors() -> Outcome {
    let place = |anchor: Anchor, turn: f64| {
        let style = PLAIN.anchor(anchor).turn(turn);
        let image = raster(&Drawn::new(200.0, 200.0, |sheet| sheet.text(100.0, 100.0, "HIH", style)), 1.0)?;
        inked(&image)
    };
    // DejaVu Sans has H 0.752 em wide and 0.729 high, with a stem 0.098 from its left, and I 0.295 wide.
    let width = 30.0 * (2.0 * 0.752 + 0.295);
    let ink = |start: f64| ((start + 2.94).round() as usize, (start + width - 2.94).round() as usize - 1);
    let cases = [(Anchor::Start, 100.0), (Anchor::Middle, 100.0 - width / 2.0), (Anchor::End, 100.0 - width)];
    for (anchor, start) in cases {
        let (first, last) = ink(start);
        assert_eq!(place(anchor, 0.0)?, [first, last, 78, 99], "{anchor:?}");
        // Turned clockwise by a right angle: rightwards becomes downwards, upwards becomes rightwards.
        assert_eq!(place(anchor, 90.0)?, [100, 121, first, last], "{anchor:?}");
    }
    Ok(())
}

#[test]
fn letters_are_kerned() -> Outcome {
    let end = |letters: &str| Ok::<_, Box<dyn Error>>(inked(&text(letters, PLAIN)?)?[1]);
    // "AV" is narrower than "A" and "V" by 131 of 2048 of an em: 1.9 pixels.
    let apart = end("AHV")? as f64 - 0.752 * 30.0;
    assert!((apart - end("AV")? as f64 - 1.9).abs() < 1.0, "{apart} {}", end("AV")?);
    Ok(())
}

#[test]
fn several_spaces_are_one() -> Outcome {
    assert_eq!(text("  to\n\t be ", PLAIN)?, text("to be", PLAIN)?);
    assert!(text("to be", PLAIN)? != text("tobe", PLAIN)?);
    Ok(())
}

#[test]
fn marks_stand_above_their_letters() -> Outcome {
    for (small, tall) in [("x", "x\u{302}"), ("θ", "θ\u{302}"), ("H", "H\u{304}")] {
        let [left, right, top, bottom] = inked(&text(small, PLAIN)?)?;
        let marked = inked(&text(tall, PLAIN)?)?;
        assert_eq!([marked[0], marked[1], marked[3]], [left, right, bottom], "{tall}");
        assert!((3..=9).contains(&(top - marked[2])), "{tall}: {top} {}", marked[2]);
    }
    Ok(())
}

#[test]
fn a_halo_covers_what_is_below() -> Outcome {
    let letter = |halo: bool| {
        Drawn::new(60.0, 60.0, |sheet| {
            sheet.rect(0.0, 0.0, 60.0, 60.0, Color::Stroke(0));
            let draw = if halo { Sheet::haloed } else { Sheet::text };
            draw(sheet, 20.0, 40.0, "I", PLAIN);
        })
    };
    let (plain, haloed) = (raster(&letter(false), 1.0)?, raster(&letter(true), 1.0)?);
    // The stem is 22.9 to 25.9; its rim of 1.75 pixels reaches from 21.2 to 27.6.
    let row = |image: &Image| [19, 22, 24, 26, 29].map(|x| image.at(x, 30));
    let ink = Color::Title.rgb(Theme::Light);
    assert_eq!(row(&plain), [BLUE, BLUE, ink, BLUE, BLUE]);
    assert_eq!(row(&haloed), [BLUE, WHITE, ink, WHITE, BLUE]);
    Ok(())
}

#[test]
fn what_is_clipped_ends_at_the_edges() -> Outcome {
    let clip = |x: f64, width: f64| Area { x, y: 10.0, width, height: 20.0 };
    let picture = Drawn::new(60.0, 40.0, |sheet| {
        sheet.clipped(clip(10.0, 40.0), |sheet| {
            sheet.rect(0.0, 0.0, 20.0, 40.0, Color::Stroke(0));
            sheet.clipped(clip(30.0, 30.0), |sheet| sheet.rect(0.0, 0.0, 60.0, 40.0, Color::Stroke(1)));
        });
        sheet.rect(58.0, 0.0, 2.0, 40.0, Color::Stroke(0));
    });
    let image = raster(&picture, 1.0)?;
    for (x, y) in (0..60).flat_map(|x| (0..40).map(move |y| (x, y))) {
        let expected = match (x, y) {
            (58.., _) | (10..20, 10..30) => BLUE,
            (30..50, 10..30) => ORANGE,
            _ => WHITE,
        };
        assert_eq!(image.at(x, y), expected, "{x} {y}");
    }
    Ok(())
}

#[test]
fn opacity_mixes_colors() -> Outcome {
    let square = [(0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)];
    let picture = Drawn::new(80.0, 40.0, |sheet| {
        sheet.shade(&square, Color::Stroke(0), 0.4);
        sheet.faint(0.4, |sheet| {
            // What lies below in the same group does not shine through.
            sheet.rect(40.0, 0.0, 40.0, 40.0, Color::Stroke(1));
            sheet.rect(40.0, 0.0, 40.0, 40.0, Color::Stroke(0));
        });
    });
    let image = raster(&picture, 1.0)?;
    for rgb in [image.at(20, 20), image.at(60, 20)] {
        for (channel, full) in rgb.into_iter().zip(BLUE) {
            let mixed = 255.0 * 0.6 + f64::from(full) * 0.4;
            assert!((f64::from(channel) - mixed).abs() <= 1.5, "{rgb:?}");
        }
    }
    Ok(())
}

#[test]
fn rings_have_holes_and_lines_have_dashes_and_round_ends() -> Outcome {
    let ring = |lo: f64, hi: f64| [(lo, lo), (hi, lo), (hi, hi), (lo, hi)];
    let picture = Drawn::new(60.0, 80.0, |sheet| {
        let (outer, inner) = (ring(10.0, 50.0), ring(20.0, 40.0));
        sheet.rings([outer.as_slice(), inner.as_slice()], Color::Stroke(0));
        sheet.polyline(&[(10.0, 60.0), (50.0, 60.0)], Color::Stroke(1), 4.0, "12 16");
        sheet.curve(vec![Step::Move((10.0, 70.0)), Step::Line((50.0, 70.0))], Color::Stroke(1), 4.0);
    });
    let image = raster(&picture, 2.0)?;
    let at = |x: f64, y: f64| image.at((2.0 * x) as usize, (2.0 * y) as usize);
    assert_eq!([at(15.0, 30.0), at(30.0, 30.0), at(45.0, 30.0), at(5.0, 30.0)], [BLUE, WHITE, BLUE, WHITE]);
    // Dashes from 10 to 22 and from 38 to 50, each with half a circle of radius 2 at its ends.
    let dashes = [8.5, 15.0, 23.0, 24.5, 30.0, 36.5, 45.0, 51.0].map(|x| at(x, 60.0) == ORANGE);
    assert_eq!(dashes, [true, true, true, false, false, true, true, true]);
    assert_eq!([7.0, 8.5, 30.0, 51.0, 52.5].map(|x| at(x, 70.0) == ORANGE), [false, true, true, true, false]);
    Ok(())
}
