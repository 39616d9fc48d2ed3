//! Pictures one after the other.

use std::fmt;
use std::path::Path;

use crate::{Picture, PlotError, Theme, file};

/// A GIF counts hundredths of a second, and browsers take less than two of them for ten.
const FASTEST: f64 = 50.0;
const SLOWEST: f64 = 0.01;

/// The longest time that the last frame can be held, in seconds.
const LONGEST_HOLD: f64 = 600.0;

/// Pictures of one size, shown one after the other, again and again.
///
/// ```
/// use chainrule_plot::{Animation, Chart};
///
/// // Gradient descent on x², one frame for each step.
/// let mut x = 0.9;
/// let curve: Vec<f64> = (-10..=10).map(|i| f64::from(i) / 10.0).collect();
/// let squares: Vec<f64> = curve.iter().map(|x| x * x).collect();
/// let mut descent = Animation::new(4.0);
/// for step in 0..5 {
///     let chart = Chart::new(format!("Step {step}")).x_label("x").y_label("x²").line_at("x²", &curve, &squares);
///     descent = descent.frame(chart.line_at("here", &[x, x], &[0.0, x * x]));
///     x -= 0.3 * 2.0 * x;
/// }
/// # #[cfg(feature = "raster")]
/// descent.save(std::env::temp_dir().join("chainrule-doc-descent.gif"))?;
/// # Ok::<(), chainrule_plot::PlotError>(())
/// ```
#[must_use = "an animation is drawn by `save`"]
pub struct Animation {
    frames_per_second: f64,
    hold: f64,
    frames: Vec<Box<dyn Picture + Send + Sync>>,
}

impl Animation {
    /// Without a frame yet. The rate can be anything from 0.01 to 50 frames per second.
    pub fn new(frames_per_second: f64) -> Self {
        Self { frames_per_second, hold: 2.0, frames: Vec::new() }
    }

    /// Adds the next frame.
    pub fn frame(mut self, picture: impl Picture + Send + Sync + 'static) -> Self {
        self.frames.push(Box::new(picture));
        self
    }

    /// How many seconds the last frame is shown before the first one comes again: 2 unless this says otherwise, 600 at most, and
    /// no shorter than another frame.
    ///
    /// ```
    /// # use chainrule_plot::{Animation, Chart};
    /// let chart = Chart::new("Loss").line("train", &[2.0, 1.0]);
    /// assert!(Animation::new(10.0).hold(0.5).frame(chart.clone()).check().is_ok());
    /// let error = Animation::new(10.0).hold(f64::NAN).frame(chart).check().unwrap_err();
    /// assert_eq!(error.to_string(), "an animation's hold has to be from 0 to 600, not NaN");
    /// ```
    pub fn hold(self, seconds: f64) -> Self {
        Self { hold: seconds, ..self }
    }

    /// The last frame: what is seen where nothing moves.
    pub fn last(&self) -> Option<&dyn Picture> {
        self.frames.last().map(|frame| &**frame as &dyn Picture)
    }

    /// Whether there is a frame, each has something to draw, and the times are possible. That all frames have one size is seen
    /// when they are drawn.
    ///
    /// ```
    /// # use chainrule_plot::{Animation, Chart};
    /// let chart = Chart::new("Loss").line("train", &[2.0, 1.0]);
    /// assert!(Animation::new(10.0).frame(chart.clone()).check().is_ok());
    /// let error = Animation::new(1000.0).frame(chart.clone()).check().unwrap_err();
    /// assert_eq!(error.to_string(), "an animation's frames_per_second has to be from 0.01 to 50, not 1000");
    /// let error = Animation::new(10.0).frame(chart).frame(Chart::new("Empty")).check().unwrap_err();
    /// assert!(error.to_string().starts_with("frames[1]: nothing to draw in `Empty`"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlotError::NoData`] without a frame, [`PlotError::Timing`], and the first error of a frame, in [`PlotError::Frame`].
    pub fn check(&self) -> Result<(), PlotError> {
        within("frames_per_second", self.frames_per_second, SLOWEST, FASTEST)?;
        within("hold", self.hold, 0.0, LONGEST_HOLD)?;
        if self.frames.is_empty() {
            return Err(PlotError::NoData { title: "animation".to_owned(), reason: "there is no frame" });
        }
        self.frames.iter().enumerate().try_for_each(|(frame, picture)| {
            picture.check().map_err(|source| PlotError::Frame { frame, source: Box::new(source) })
        })
    }

    /// Writes the animation to a file ending in `.gif`, on white. The file appears whole or not at all.
    ///
    /// This needs the cargo feature `raster`.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), [`PlotError::FrameSize`], [`PlotError::Ending`] for another ending, or without the
    /// feature, and [`PlotError::Write`] with the path.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        self.save_in(Theme::Light, path)
    }

    /// Writes the animation to a file ending in `.gif`, in the colours of `theme`.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save).
    #[cfg_attr(not(feature = "raster"), expect(unused_variables, reason = "nothing is drawn"))]
    pub fn save_in(&self, theme: Theme, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        match file::ending(path).as_str() {
            #[cfg(feature = "raster")]
            "gif" => file::write(path, &self.to_gif_in(theme, 1.0)?),
            #[cfg(not(feature = "raster"))]
            "gif" => Err(file::unknown(path, file::NO_RASTER)),
            _ => Err(file::unknown(path, "an animation's file ends in .gif")),
        }
    }

    /// The bytes of a GIF file with `scale` pixels for each unit of the SVG pictures.
    ///
    /// A GIF has 256 colours. If the frames have more, each pixel takes the nearest of 255 that are chosen for all frames together,
    /// so that nothing flickers; those of large areas and of lines stay exact. Of each frame only the rectangle that changes is
    /// stored.
    ///
    /// ```
    /// use chainrule_plot::{Animation, Chart, Theme};
    ///
    /// let chart = Chart::new("Loss").size(300.0, 200.0);
    /// let losses = [2.0, 1.0, 0.6, 0.5];
    /// let frames = (2..=4).map(|epochs| chart.clone().line("train", &losses[..epochs]));
    /// let gif = frames.fold(Animation::new(2.0), Animation::frame).to_gif_in(Theme::Dark, 1.5)?;
    /// // Every GIF begins with its version, its width and its height.
    /// assert_eq!(gif[..10], *b"GIF89a\xc2\x01\x2c\x01");
    /// # Ok::<(), chainrule_plot::PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), [`PlotError::FrameSize`] for the first frame that is not as large as `frames[0]`, and
    /// [`PlotError::Pixels`] if a side would have less than one pixel or more than 16384.
    #[cfg(feature = "raster")]
    pub fn to_gif_in(&self, theme: Theme, scale: f64) -> Result<Vec<u8>, PlotError> {
        self.check()?;
        crate::raster::gif::encode(&self.frames, &self.delays(), theme, scale)
    }

    /// Each frame's time in hundredths of a second. They are rounded so that the sum is right: 30 frames last one second at 30
    /// frames per second.
    #[cfg(feature = "raster")]
    fn delays(&self) -> Vec<u16> {
        let start = |frame: usize| (frame as f64 * 100.0 / self.frames_per_second).round();
        let mut delays: Vec<u16> =
            (0..self.frames.len()).map(|frame| (start(frame + 1) - start(frame)) as u16).collect();
        if let Some(last) = delays.last_mut() {
            *last = (*last).max((self.hold * 100.0).round() as u16);
        }
        delays
    }
}

fn within(name: &'static str, value: f64, least: f64, most: f64) -> Result<(), PlotError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(PlotError::Timing { name, value, least, most }) }
}

impl fmt::Debug for Animation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Animation")
            .field("frames_per_second", &self.frames_per_second)
            .field("hold", &self.hold)
            .field("frames", &self.frames.len())
            .finish()
    }
}
