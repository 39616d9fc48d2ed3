//! GIF files, decoded again.

use std::error::Error;
use std::io::Cursor;

use super::{Drawn, Image, ORANGE, Outcome, WHITE, decode_png, raster};
use crate::palette::Color;
use crate::text::Type;
use crate::{Animation, Chart, Panels, Picture, Theme};

#[derive(Debug)]
struct Decoded {
    repeat: gif::Repeat,
    delays: Vec<u16>,
    /// The pixels that each frame stores.
    stored: Vec<usize>,
    /// What is seen at each frame.
    frames: Vec<Image>,
}

fn decode_gif(bytes: &[u8]) -> Result<Decoded, Box<dyn Error>> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(Cursor::new(bytes))?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut screen = Image { width, pixels: vec![[1, 2, 3]; width * height], per_metre: 3780 };
    let (mut delays, mut stored, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(frame) = decoder.read_next_frame()? {
        assert_eq!(frame.dispose, gif::DisposalMethod::Keep);
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        for (i, rgba) in frame.buffer.as_chunks::<4>().0.iter().enumerate() {
            let (x, y) = (left + i % usize::from(frame.width), top + i / usize::from(frame.width));
            if rgba[3] == 255 {
                screen.pixels[y * width + x] = [rgba[0], rgba[1], rgba[2]];
            }
        }
        delays.push(frame.delay);
        stored.push(usize::from(frame.width) * usize::from(frame.height));
        frames.push(screen.clone());
    }
    Ok(Decoded { repeat: decoder.repeat(), delays, stored, frames })
}

#[test]
fn a_gif_shows_its_frames() -> Outcome {
    let corners = [(0, 0), (20, 10), (40, 32)];
    let squares = corners.map(|(x, y)| Drawn::square(x, y, 1));
    let animation = squares.into_iter().fold(Animation::new(8.0), Animation::frame);
    let gif = decode_gif(&animation.to_gif_in(Theme::Light, 1.0)?)?;
    assert_eq!(gif.repeat, gif::Repeat::Infinite);
    // 12.5 hundredths of a second each, and the last frame's two seconds.
    assert_eq!(gif.delays, [13, 12, 200]);
    assert_eq!(gif.stored, [50 * 40, 30 * 18, 30 * 30]);
    assert_eq!(gif.frames.len(), 3);
    for (image, at) in gif.frames.iter().zip(corners) {
        // Each frame is checked everywhere: the square is where it should be, and nowhere else.
        for (x, y) in (0..50).flat_map(|x| (0..40).map(move |y| (x, y))) {
            let inside = (at.0..at.0 + 10).contains(&x) && (at.1..at.1 + 8).contains(&y);
            assert_eq!(image.at(x, y), if inside { ORANGE } else { WHITE }, "{at:?}: {x} {y}");
        }
    }
    Ok(())
}

#[test]
fn frames_that_change_nothing_take_their_time() -> Outcome {
    let still = || Drawn::square(5, 5, 0);
    let animation = Animation::new(10.0).hold(0.0).frame(still()).frame(still()).frame(still());
    let gif = decode_gif(&animation.to_gif_in(Theme::Light, 1.0)?)?;
    assert_eq!((gif.delays, gif.stored), (vec![10, 10, 10], vec![2000, 1, 1]));
    assert_eq!(gif.frames[2], raster(&still(), 1.0)?);
    Ok(())
}

#[test]
fn times_add_up() -> Outcome {
    for rate in [0.01, 0.3, 7.0, 24.0, 30.0, 33.3, 50.0] {
        let frames = (0..13).map(|i| Drawn::square(i, i, 0));
        let animation = frames.fold(Animation::new(rate).hold(0.0), Animation::frame);
        let delays = decode_gif(&animation.to_gif_in(Theme::Light, 0.2)?)?.delays;
        let sum: f64 = delays.iter().map(|&delay| f64::from(delay)).sum();
        assert!((sum - 1300.0 / rate).abs() <= 0.5, "{rate}: {delays:?}");
        assert!(delays.iter().all(|&delay| delay >= 2), "{rate}: {delays:?}");
    }
    Ok(())
}

/// Two charts with lines that grow and move, and texts that change.
fn step(step: usize) -> Panels {
    let t = step as f64 / 10.0;
    let xs: Vec<f64> = (0..100).map(|i| f64::from(i) / 20.0).collect();
    let wave = |k: f64| xs.iter().map(|x| (k * x - t).cos()).collect::<Vec<_>>();
    let model = Chart::new(format!("Step {step}")).x_label("x").y_label("y").size(300.0, 240.0);
    let losses: Vec<f64> = (0..=step + 1).map(|i| (-0.1 * i as f64).exp()).collect();
    Panels::row([
        model.line_at("truth", &xs, &wave(1.0)).line_at("model", &xs, &wave(1.3)),
        Chart::new("Loss").x_label("step").log_y().size(300.0, 240.0).line("train", &losses),
    ])
}

#[test]
fn a_gif_of_many_colors_is_near_the_frames() -> Outcome {
    for theme in [Theme::Light, Theme::Dark] {
        let animation = (0..12).map(step).fold(Animation::new(10.0), Animation::frame);
        let bytes = animation.to_gif_in(theme, 1.0)?;
        assert_eq!(bytes, animation.to_gif_in(theme, 1.0)?, "the same frames give the same bytes");
        let gif = decode_gif(&bytes)?;
        assert_eq!(gif.frames.len(), 12);
        let mut colors = std::collections::HashSet::new();
        for (i, shown) in gif.frames.iter().enumerate() {
            let drawn = decode_png(&step(i).to_png_in(theme, 1.0)?)?;
            colors.extend(drawn.pixels.iter().copied());
            let channels = || drawn.pixels.as_flattened().iter().zip(shown.pixels.as_flattened());
            let worst = channels().map(|(a, b)| a.abs_diff(*b)).max();
            let sum: f64 = channels().map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
            assert!(worst <= Some(24), "frame {i} in {theme:?}: {worst:?}");
            assert!(sum / (drawn.pixels.len() as f64) < 0.05, "frame {i} in {theme:?}: {sum}");
            // The sheet and the first line are exact.
            let line = if theme == Theme::Light { [0, 0x72, 0xb2] } else { [0x4a, 0xa3, 0xdf] };
            for rgb in [drawn.at(0, 0), line] {
                let mut pixels = drawn.pixels.iter().zip(&shown.pixels).filter(|(a, _)| **a == rgb);
                assert!(
                    pixels.clone().count() > 50 && pixels.all(|(_, b)| *b == rgb),
                    "{rgb:?} of frame {i}"
                );
            }
        }
        assert!(colors.len() > 500, "{} colors are too few for this test", colors.len());
    }
    Ok(())
}

#[test]
fn only_what_changes_is_stored() -> Outcome {
    let dot = |i: usize| {
        Drawn::new(900.0, 360.0, |sheet| {
            sheet.text(20.0, 40.0, "weights and loss", Type::new(30.0, Color::Title));
            sheet.dot((50 + 10 * i) as f64, 180.0, 6.0, Color::Stroke(3));
        })
    };
    let one = Animation::new(20.0).frame(dot(0)).to_gif_in(Theme::Light, 1.0)?;
    let animation = (0..60).map(dot).fold(Animation::new(20.0), Animation::frame);
    let gif = animation.to_gif_in(Theme::Light, 1.0)?;
    // A dot and the place where it was: 12 x 22 pixels of at most two bytes.
    assert!(gif.len() < one.len() + 59 * 600, "{} {}", one.len(), gif.len());
    assert!(decode_gif(&gif)?.stored[1..].iter().all(|&pixels| pixels <= 13 * 23));
    Ok(())
}

#[test]
fn frames_of_two_sizes_are_an_error() {
    let sizes = [50.0, 50.0, 60.0, 70.0];
    let frames = sizes.map(|width| Drawn::new(width, 40.0, |_| {}));
    let animation = frames.into_iter().fold(Animation::new(10.0), Animation::frame);
    let error = animation.to_gif_in(Theme::Light, 2.0).unwrap_err();
    assert_eq!(error.to_string(), "frames[2] has 120 x 80 pixels, but frames[0] has 100 x 80");
}

#[test]
fn the_frame_that_fails_is_named() {
    let empty = Drawn::new(0.0, 40.0, |_| {});
    let broken = Animation::new(10.0).frame(Drawn::square(0, 0, 0)).frame(empty);
    let error = broken.to_gif_in(Theme::Light, 1.0).unwrap_err().to_string();
    assert!(error.starts_with("frames[1]: a picture of 0 x 40 at scale 1 is 0 x 40 pixels"), "{error}");
}
