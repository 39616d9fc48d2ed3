//! What all pictures can do.

use std::path::Path;

use crate::{PlotError, Sheet, Theme, file, svg};

/// Something that can be drawn and saved: a [`Chart`](crate::Chart), several of them in [`Panels`](crate::Panels), a
/// [`ConfusionMatrix`](crate::ConfusionMatrix), ….
///
/// ```
/// use chainrule_plot::{Chart, Picture};
///
/// let chart = Chart::new("Loss").x_label("epoch").line("train", &[2.0, 1.0]);
/// assert!(chart.to_svg().starts_with("<svg "));
/// chart.save(std::env::temp_dir().join("chainrule-doc-picture.svg"))?;
/// # Ok::<(), chainrule_plot::PlotError>(())
/// ```
pub trait Picture {
    /// Whether there is something to draw, and all of it fits together.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture, PlotError};
    /// let empty = Chart::new("Loss").line("train", &[f64::NAN]);
    /// assert!(matches!(empty.check(), Err(PlotError::NoData { .. })));
    /// ```
    ///
    /// # Errors
    ///
    /// What is missing or wrong, with the name of the part.
    fn check(&self) -> Result<(), PlotError>;

    /// The picture on a sheet in the colours of `theme`, from which SVG text and pixels are made.
    ///
    /// This always returns a picture: that of something which does not pass [`check`](Self::check) says why.
    fn draw_in(&self, theme: Theme) -> Sheet;

    /// The picture as the text of an SVG file in the colours of `theme`.
    #[must_use]
    fn to_svg_in(&self, theme: Theme) -> String {
        svg::write(&self.draw_in(theme))
    }

    /// The picture as the text of an SVG file, on white.
    ///
    /// ```
    /// # use chainrule_plot::{Chart, Picture};
    /// assert!(Chart::new("Loss").to_svg().contains("no layer has a finite point"));
    /// ```
    #[must_use]
    fn to_svg(&self) -> String {
        self.to_svg_in(Theme::Light)
    }

    /// The picture as the bytes of a PNG file in the colours of `theme`, with `scale` pixels for each unit of the SVG picture.
    ///
    /// Texts are set in DejaVu Sans, which comes with the crate: the pixels don't depend on the fonts that are installed.
    ///
    /// ```
    /// use chainrule_plot::{Chart, Picture, PlotError, Theme};
    ///
    /// let chart = Chart::new("Loss").line("train", &[2.0, 1.0]);
    /// let png = chart.to_png_in(Theme::Dark, 3.0)?;
    /// assert!(png.starts_with(b"\x89PNG"));
    /// assert!(matches!(chart.to_png_in(Theme::Dark, f64::NAN), Err(PlotError::Pixels { .. })));
    /// # Ok::<(), PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), and [`PlotError::Pixels`] if a side would have less than one pixel or more than 16384.
    #[cfg(feature = "raster")]
    fn to_png_in(&self, theme: Theme, scale: f64) -> Result<Vec<u8>, PlotError> {
        self.check()?;
        crate::raster::png(&self.draw_in(theme), scale)
    }

    /// Writes the picture to a file, on white: as SVG if its name ends in `.svg`, as PNG if it ends in `.png`.
    ///
    /// PNG needs the cargo feature `raster`. It has two pixels for each unit of the SVG picture, which is sharp on a dense screen
    /// and on paper. The file appears whole or not at all.
    ///
    /// ```
    /// use chainrule_plot::{Chart, Picture};
    ///
    /// let error = Chart::new("Loss").line("train", &[2.0, 1.0]).save("loss.jpg").unwrap_err();
    /// assert_eq!(error.to_string(), "cannot write loss.jpg: a picture's file ends in .svg or .png");
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), [`PlotError::Ending`] for another ending, or for `.png` without the feature, and
    /// [`PlotError::Write`] with the path.
    fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError>
    where
        Self: Sized,
    {
        self.save_in(Theme::Light, path)
    }

    /// Writes the picture to a file in the colours of `theme`.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save).
    fn save_in(&self, theme: Theme, path: impl AsRef<Path>) -> Result<(), PlotError>
    where
        Self: Sized,
    {
        let path = path.as_ref();
        match file::ending(path).as_str() {
            "svg" => {
                self.check()?;
                file::write(path, self.to_svg_in(theme).as_bytes())
            }
            #[cfg(feature = "raster")]
            "png" => file::write(path, &self.to_png_in(theme, 2.0)?),
            #[cfg(not(feature = "raster"))]
            "png" => Err(file::unknown(path, file::NO_RASTER)),
            "gif" => {
                Err(file::unknown(path, "a GIF is an `Animation`'s; a picture's file ends in .svg or .png"))
            }
            _ => Err(file::unknown(path, "a picture's file ends in .svg or .png")),
        }
    }
}
