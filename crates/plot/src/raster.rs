//! Pictures as pixels: a sheet's elements drawn by `tiny-skia`, texts in the fonts that this crate brings along.

mod canvas;
mod colors;
mod font;
pub(crate) mod gif;
mod text;

use canvas::Canvas;

use crate::{PlotError, Sheet};

/// The most pixels of a side.
const LONGEST: f64 = 16384.0;

/// CSS's pixels in a metre: 96 an inch.
const PIXELS_PER_METRE: f64 = 96.0 / 0.0254;

/// Opaque pixels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<[u8; 3]>,
}

/// Draws a sheet with `scale` pixels for each of its units.
pub(crate) fn draw(sheet: &Sheet, scale: f64) -> Result<Image, PlotError> {
    let wrong = || PlotError::Pixels { width: sheet.width, height: sheet.height, scale };
    let (width, height) = ((sheet.width * scale).round(), (sheet.height * scale).round());
    if !(1.0..=LONGEST).contains(&width) || !(1.0..=LONGEST).contains(&height) {
        return Err(wrong());
    }
    let mut canvas = Canvas::new(width as u32, height as u32, scale, sheet.theme).ok_or_else(wrong)?;
    canvas.draw(&sheet.elements);
    let pixels = canvas.pixmap.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect();
    Ok(Image { width: width as usize, height: height as usize, pixels })
}

/// The bytes of a PNG file, which says how many pixels an inch has, so that documents show the picture in its own size.
pub(crate) fn png(sheet: &Sheet, scale: f64) -> Result<Vec<u8>, PlotError> {
    let image = draw(sheet, scale)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width as u32, image.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let density = (scale * PIXELS_PER_METRE).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(image.pixels.as_flattened()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Raster { reason: error.to_string() }
}

#[cfg(test)]
mod tests;
