//! Pictures one after the other.

use std::fmt;

use crate::{Picture, PlotError};

/// Pictures of one size, shown one after the other, again and again.
pub struct Animation {
    frames_per_second: f64,
    frames: Vec<Box<dyn Picture>>,
}

impl Animation {
    /// Without a frame yet.
    pub fn new(frames_per_second: f64) -> Self {
        Self { frames_per_second, frames: Vec::new() }
    }

    /// Adds the next frame.
    pub fn frame(mut self, picture: impl Picture + 'static) -> Self {
        self.frames.push(Box::new(picture));
        self
    }

    /// The last frame: what is seen where nothing moves.
    pub fn last(&self) -> Option<&dyn Picture> {
        self.frames.last().map(|frame| &**frame)
    }

    /// Whether there is a frame, and each has something to draw.
    ///
    /// # Errors
    ///
    /// The first error of a frame, and [`PlotError::NoData`] without one.
    pub fn check(&self) -> Result<(), PlotError> {
        if self.frames.is_empty() {
            return Err(PlotError::NoData { title: "animation".to_owned(), reason: "there is no frame" });
        }
        self.frames.iter().try_for_each(|frame| frame.check())
    }
}

impl fmt::Debug for Animation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Animation")
            .field("frames_per_second", &self.frames_per_second)
            .field("frames", &self.frames.len())
            .finish()
    }
}
