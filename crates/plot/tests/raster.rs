//! PNG and GIF files, decoded again.

#![cfg(feature = "raster")]

use std::error::Error;
use std::io::Cursor;

use chainrule_plot::{Animation, Chart, Panels, Picture, PlotError, Theme};

type Outcome = Result<(), Box<dyn Error>>;
type Rgb = [u8; 3];

const WHITE: Rgb = [255; 3];

/// A picture that is a given SVG text.
struct Svg(String);

impl Svg {
    fn new(width: f64, height: f64, elements: &str) -> Self {
        let namespace = "http://www.w3.org/2000/svg";
        Self(format!("<svg xmlns=\"{namespace}\" width=\"{width}\" height=\"{height}\">{elements}</svg>"))
    }

    /// A square of a fifth of the picture's size with its corner at `(x, y)`, on white.
    fn square(x: usize, y: usize, fill: &str) -> Self {
        Self::new(50.0, 40.0, &format!("<path d=\"M{x} {y}h10v8h-10z\" fill=\"{fill}\"/>"))
    }
}

impl Picture for Svg {
    fn check(&self) -> Result<(), PlotError> {
        Ok(())
    }

    fn to_svg_in(&self, _: Theme) -> String {
        self.0.clone()
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Image {
    width: usize,
    pixels: Vec<Rgb>,
    per_metre: u32,
}

impl Image {
    fn at(&self, x: usize, y: usize) -> Rgb {
        self.pixels[y * self.width + x]
    }

    fn size(&self) -> (usize, usize) {
        (self.width, self.pixels.len() / self.width)
    }

    /// How much darker than white the picture is.
    fn ink(&self) -> u64 {
        self.pixels.as_flattened().iter().map(|&v| u64::from(255 - v)).sum()
    }
}

fn decode_png(bytes: &[u8]) -> Result<Image, Box<dyn Error>> {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info()?;
    let mut data = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let info = reader.next_frame(&mut data)?;
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let density = reader.info().pixel_dims.ok_or("no density")?;
    assert_eq!((density.unit, density.xppu), (png::Unit::Meter, density.yppu));
    let pixels = data.as_chunks().0.to_vec();
    Ok(Image { width: info.width as usize, pixels, per_metre: density.xppu })
}

fn raster(picture: &impl Picture, scale: f64) -> Result<Image, Box<dyn Error>> {
    decode_png(&picture.to_png_in(Theme::Light, scale)?)
}

fn text(text: &str, attributes: &str) -> Result<Image, Box<dyn Error>> {
    text_in("system-ui, -apple-system, 'Segoe UI', sans-serif", text, attributes)
}

fn text_in(family: &str, text: &str, attributes: &str) -> Result<Image, Box<dyn Error>> {
    let element = format!(
        "<text x=\"20\" y=\"40\" font-family=\"{family}\" font-size=\"30\" {attributes}>{text}</text>"
    );
    raster(&Svg::new(200.0, 60.0, &element), 1.0)
}

#[test]
fn a_png_has_the_pixels_of_the_picture() -> Outcome {
    let picture = Svg::square(20, 30, "#0072b2");
    for (scale, per_metre) in [(1.0, 3780), (2.0, 7559), (3.0, 11339)] {
        let image = raster(&picture, scale)?;
        let at = |x: f64, y: f64| image.at((x * scale) as usize, (y * scale) as usize);
        assert_eq!(image.size(), ((50.0 * scale) as usize, (40.0 * scale) as usize));
        assert_eq!(image.per_metre, per_metre);
        assert_eq!((at(20.0, 30.0), at(29.9, 37.9)), ([0, 0x72, 0xb2], [0, 0x72, 0xb2]));
        assert_eq!((at(19.0, 30.0), at(30.0, 37.0), at(20.0, 29.0)), (WHITE, WHITE, WHITE));
    }
    Ok(())
}

#[test]
fn a_dark_chart_is_dark() -> Outcome {
    let chart = Chart::new("Loss").line("train", &[2.0, 1.0, 0.5]);
    let image = decode_png(&chart.to_png_in(Theme::Dark, 2.0)?)?;
    assert_eq!(image.size(), (1120, 720));
    assert_eq!(image.at(0, 0), [0x15, 0x18, 0x1c]);
    assert!(image.pixels.contains(&[0x4a, 0xa3, 0xdf]), "the line is drawn in the first colour");
    Ok(())
}

#[test]
fn characters_of_formulas_have_glyphs() -> Outcome {
    let missing = text("\u{e123}", "")?;
    let blank = text(" ", "")?;
    let characters = "Aaäßéñøž019αβγθλμπρσφωΔΘΣΦΩ∂∇⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ₖₜᵀᵏ−×…·→←≤≥≠≈√∞∑∏∈ℝ‖⟨⟩±′–—";
    for weight in ["", "font-weight=\"600\""] {
        for c in characters.chars() {
            let image = text(&c.to_string(), weight)?;
            assert!(image != missing && image != blank, "{c} {weight}");
        }
    }
    Ok(())
}

#[test]
fn bold_text_is_bold() -> Outcome {
    let (plain, bold) = (text("Loss", "")?.ink(), text("Loss", "font-weight=\"600\"")?.ink());
    assert!(bold * 10 > plain * 13, "{plain} {bold}");
    Ok(())
}

#[test]
fn text_in_any_family_is_drawn() -> Outcome {
    let image = text("Loss", "")?;
    assert!(image.ink() > 0);
    for family in ["serif", "monospace", "Palatino", "", "DejaVu Sans"] {
        assert_eq!(text_in(family, "Loss", "")?, image, "{family}");
        assert_eq!(text_in(family, "Loss", "font-style=\"italic\"")?, image, "{family}");
    }
    Ok(())
}

#[test]
fn a_picture_without_pixels_or_with_too_many_is_an_error() -> Outcome {
    let picture = Svg::square(0, 0, "#000");
    for scale in [0.0, 0.001, -1.0, 1000.0, f64::NAN, f64::INFINITY] {
        let error = picture.to_png_in(Theme::Light, scale).unwrap_err();
        assert!(matches!(error, PlotError::Pixels { width: 50.0, height: 40.0, .. }), "{error}");
    }
    let error = picture.to_png_in(Theme::Light, 1000.0).unwrap_err().to_string();
    assert!(error.contains("50 x 40 at scale 1000 is 50000 x 40000 pixels"), "{error}");
    let broken = Svg("<svg".to_owned()).to_png_in(Theme::Light, 1.0);
    assert!(matches!(broken, Err(PlotError::Raster { .. })));
    Ok(())
}

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
    let squares = corners.map(|(x, y)| Svg::square(x, y, "#d55e00"));
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
            assert_eq!(image.at(x, y), if inside { [0xd5, 0x5e, 0] } else { WHITE }, "{at:?}: {x} {y}");
        }
    }
    Ok(())
}

#[test]
fn frames_that_change_nothing_take_their_time() -> Outcome {
    let still = || Svg::square(5, 5, "#000000");
    let animation = Animation::new(10.0).hold(0.0).frame(still()).frame(still()).frame(still());
    let gif = decode_gif(&animation.to_gif_in(Theme::Light, 1.0)?)?;
    assert_eq!((gif.delays, gif.stored), (vec![10, 10, 10], vec![2000, 1, 1]));
    assert_eq!(gif.frames[2], raster(&still(), 1.0)?);
    Ok(())
}

#[test]
fn times_add_up() -> Outcome {
    for rate in [0.01, 0.3, 7.0, 24.0, 30.0, 33.3, 50.0] {
        let frames = (0..13).map(|i| Svg::square(i, i, "#000000"));
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
        let texts =
            "<text x=\"20\" y=\"40\" font-size=\"30\" font-family=\"sans-serif\">weights and loss</text>";
        Svg::new(
            900.0,
            360.0,
            &format!("{texts}<circle cx=\"{}\" cy=\"180\" r=\"6\" fill=\"#cc79a7\"/>", 50 + 10 * i),
        )
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
    let frames = sizes.map(|width| Svg::new(width, 40.0, ""));
    let animation = frames.into_iter().fold(Animation::new(10.0), Animation::frame);
    let error = animation.to_gif_in(Theme::Light, 2.0).unwrap_err();
    assert_eq!(error.to_string(), "frames[2] has 120 x 80 pixels, but frames[0] has 100 x 80");
}

#[test]
fn the_frame_that_fails_is_named() {
    let broken = Animation::new(10.0).frame(Svg::square(0, 0, "#000")).frame(Svg("<svg".to_owned()));
    let error = broken.to_gif_in(Theme::Light, 1.0).unwrap_err().to_string();
    assert!(error.starts_with("frames[1]: the picture cannot be made into pixels: "), "{error}");
}
