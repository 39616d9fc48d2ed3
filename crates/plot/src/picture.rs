//! What all pictures can do.

use std::path::Path;

use crate::{PlotError, Theme, svg};

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

    /// The picture as the text of an SVG file in the colours of `theme`.
    ///
    /// This always returns a picture: that of something which does not pass [`check`](Self::check) says why.
    fn to_svg_in(&self, theme: Theme) -> String;

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

    /// Writes the picture to a file, on white.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), and [`PlotError::Write`] with the path.
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
    /// Those of [`check`](Self::check), and [`PlotError::Write`] with the path.
    fn save_in(&self, theme: Theme, path: impl AsRef<Path>) -> Result<(), PlotError>
    where
        Self: Sized,
    {
        self.check()?;
        svg::save(path.as_ref(), &self.to_svg_in(theme))
    }
}
