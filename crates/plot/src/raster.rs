//! Pictures as pixels: their SVG text, rasterized by `resvg` with the fonts that this crate brings along.

mod colors;
pub(crate) mod gif;

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use crate::palette::Color;
use crate::{PlotError, Theme};

/// The most pixels of a side.
const LONGEST: f64 = 16384.0;

/// CSS's pixels in a metre: 96 an inch.
const PIXELS_PER_METRE: f64 = 96.0 / 0.0254;

const FAMILY: &str = "DejaVu Sans";

/// The only fonts there are, so that a picture's pixels don't depend on the machine's fonts.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_source(Source::Binary(Arc::new(dejavu::sans::regular())));
    fonts.load_font_source(Source::Binary(Arc::new(dejavu::sans::bold())));
    // A text in a family that isn't there would not be drawn.
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    fonts.set_monospace_family(FAMILY);
    Arc::new(fonts)
});

/// Opaque pixels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<[u8; 3]>,
}

/// Draws SVG text on the theme's sheet, with `scale` pixels for each of its units.
pub(crate) fn draw(svg: &str, theme: Theme, scale: f64) -> Result<Image, PlotError> {
    let options = Options { fontdb: FONTS.clone(), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(failed)?;
    let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let wrong = || PlotError::Pixels { width: size.0, height: size.1, scale };
    let (width, height) = ((size.0 * scale).round(), (size.1 * scale).round());
    if !(1.0..=LONGEST).contains(&width) || !(1.0..=LONGEST).contains(&height) {
        return Err(wrong());
    }
    let mut pixmap = Pixmap::new(width as u32, height as u32).ok_or_else(wrong)?;
    let [r, g, b] = Color::Paper.rgb(theme);
    pixmap.fill(resvg::tiny_skia::Color::from_rgba8(r, g, b, 255));
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    let pixels = pixmap.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect();
    Ok(Image { width: width as usize, height: height as usize, pixels })
}

/// The bytes of a PNG file, which says how many pixels an inch has, so that documents show the picture in its own size.
pub(crate) fn png(svg: &str, theme: Theme, scale: f64) -> Result<Vec<u8>, PlotError> {
    let image = draw(svg, theme, scale)?;
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
