//! Larger and smaller images.

use crate::Layer;
use crate::label::note;
use chainrule_tape::{Interpolation, Var};

/// Resizes the spatial axes of `[n, c, …]`: one, two or three of them. PyTorch's `Upsample`; what lies between elements is found
/// by an [`Interpolation`], by default the nearest one, as there. (The linear one is PyTorch's `linear`, `bilinear` or
/// `trilinear`, by the number of axes.)
///
/// The derivative of an element is the sum of its shares. Mistakes are those of [`Var::interpolate`], and an input without
/// spatial axes.
///
/// ```
/// use chainrule_nn::{Layer, Upsample};
/// use chainrule_tape::{Interpolation, Tape};
///
/// let tape = Tape::new();
/// let x = tape.var([[0.0, 4.0]]).unsqueeze(0);
/// assert_eq!(Upsample::by(2.0).forward(x).value()?.to_f64(), [0.0, 0.0, 4.0, 4.0]);
/// let linear = Upsample::to([5]).mode(Interpolation::Linear { align_corners: true });
/// assert_eq!(linear.forward(x).value()?.to_f64(), [0.0, 1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Upsample {
    size: Size,
    mode: Interpolation,
}

#[derive(Clone, PartialEq, Debug)]
enum Size {
    Lengths(Vec<usize>),
    Factor(f64),
    Factors(Vec<f64>),
}

impl Upsample {
    /// By a factor, along all spatial axes: `n` elements become `⌊n·factor⌋`.
    pub fn by(factor: f64) -> Upsample {
        Upsample { size: Size::Factor(factor), mode: Interpolation::Nearest }
    }

    /// By a factor for each spatial axis.
    pub fn by_each<const N: usize>(factors: [f64; N]) -> Upsample {
        Upsample { size: Size::Factors(factors.to_vec()), mode: Interpolation::Nearest }
    }

    /// To these lengths of the spatial axes.
    pub fn to<const N: usize>(size: [usize; N]) -> Upsample {
        Upsample { size: Size::Lengths(size.to_vec()), mode: Interpolation::Nearest }
    }

    /// With this interpolation.
    #[must_use]
    pub fn mode(self, mode: Interpolation) -> Upsample {
        Upsample { mode, ..self }
    }

    /// For so many spatial axes.
    #[track_caller]
    fn resize<'t, const N: usize>(&self, x: Var<'t>) -> Var<'t> {
        let each = match &self.size {
            Size::Lengths(size) => match <[usize; N]>::try_from(&size[..]) {
                Ok(size) => return x.interpolate(size, self.mode),
                Err(_) => None,
            },
            Size::Factor(factor) => Some([*factor; N]),
            Size::Factors(factors) => <[f64; N]>::try_from(&factors[..]).ok(),
        };
        match each {
            Some(factors) => x.interpolate_by(factors, self.mode),
            None => self.fail(x),
        }
    }

    #[track_caller]
    fn fail<'t>(&self, x: Var<'t>) -> Var<'t> {
        let axes = match &self.size {
            Size::Lengths(size) => size.len().to_string(),
            Size::Factors(factors) => factors.len().to_string(),
            Size::Factor(_) => "1 to 3".to_owned(),
        };
        x.tape().fail(
            "Upsample",
            format!("takes [n, channels, …] with {axes} spatial axes, not {}", x.shape()),
            &[x],
        )
    }
}

impl Layer for Upsample {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        if x.is_poisoned() {
            return x;
        }
        let y = match x.rank() {
            3 => self.resize::<1>(x),
            4 => self.resize::<2>(x),
            5 => self.resize::<3>(x),
            _ => self.fail(x),
        };
        note(y, "Upsample")
    }
}

/// Channels laid out as blocks of `r·r` elements: `[…, c·r², h, w] → […, c, h·r, w·r]`; see [`Var::pixel_shuffle`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PixelShuffle(usize);

impl PixelShuffle {
    /// By this factor.
    pub const fn new(factor: usize) -> PixelShuffle {
        PixelShuffle(factor)
    }
}

impl Layer for PixelShuffle {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x.pixel_shuffle(self.0), "PixelShuffle")
    }
}

/// Blocks of `r·r` elements laid out as channels, the inverse of [`PixelShuffle`]; see [`Var::pixel_unshuffle`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PixelUnshuffle(usize);

impl PixelUnshuffle {
    /// By this factor.
    pub const fn new(factor: usize) -> PixelUnshuffle {
        PixelUnshuffle(factor)
    }
}

impl Layer for PixelUnshuffle {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x.pixel_unshuffle(self.0), "PixelUnshuffle")
    }
}

/// Channels of the groups in turn; see [`Var::channel_shuffle`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelShuffle(usize);

impl ChannelShuffle {
    /// Of so many groups.
    pub const fn new(groups: usize) -> ChannelShuffle {
        ChannelShuffle(groups)
    }
}

impl Layer for ChannelShuffle {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x.channel_shuffle(self.0), "ChannelShuffle")
    }
}
