//! PNG and GIF files, decoded again.

mod drawing;
mod gif;

use std::error::Error;
use std::io::Cursor;

use crate::palette::Color;
use crate::sheet::Sheet;
use crate::{Chart, Picture, PlotError, Theme};

type Outcome = Result<(), Box<dyn Error>>;
type Rgb = [u8; 3];

const WHITE: Rgb = [255; 3];

const BLUE: Rgb = [0, 0x72, 0xb2];
const ORANGE: Rgb = [0xd5, 0x5e, 0];

/// A picture that is a given sheet.
struct Drawn(Sheet);

impl Drawn {
    fn new(width: f64, height: f64, draw: impl FnOnce(&mut Sheet)) -> Self {
        let mut sheet = Sheet::new(width, height, "", Theme::Light);
        draw(&mut sheet);
        Self(sheet)
    }

    /// A square of a fifth of the picture's size with its corner at `(x, y)`, in the ink of a line.
    fn square(x: usize, y: usize, line: usize) -> Self {
        let fill = Color::Stroke(line);
        Self::new(50.0, 40.0, |sheet| sheet.rect(x as f64, y as f64, 10.0, 8.0, fill))
    }
}

impl Picture for Drawn {
    fn check(&self) -> Result<(), PlotError> {
        Ok(())
    }

    fn draw_in(&self, _: Theme) -> Sheet {
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

#[test]
fn a_png_has_the_pixels_of_the_picture() -> Outcome {
    let picture = Drawn::square(20, 30, 0);
    for (scale, per_metre) in [(1.0, 3780), (2.0, 7559), (3.0, 11339)] {
        let image = raster(&picture, scale)?;
        let at = |x: f64, y: f64| image.at((x * scale) as usize, (y * scale) as usize);
        assert_eq!(image.size(), ((50.0 * scale) as usize, (40.0 * scale) as usize));
        assert_eq!(image.per_metre, per_metre);
        assert_eq!((at(20.0, 30.0), at(29.9, 37.9)), (BLUE, BLUE));
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
fn a_picture_without_pixels_or_with_too_many_is_an_error() -> Outcome {
    let picture = Drawn::square(0, 0, 0);
    for scale in [0.0, 0.001, -1.0, 1000.0, f64::NAN, f64::INFINITY] {
        let error = picture.to_png_in(Theme::Light, scale).unwrap_err();
        assert!(matches!(error, PlotError::Pixels { width: 50.0, height: 40.0, .. }), "{error}");
    }
    let error = picture.to_png_in(Theme::Light, 1000.0).unwrap_err().to_string();
    assert!(error.contains("50 x 40 at scale 1000 is 50000 x 40000 pixels"), "{error}");
    Ok(())
}
