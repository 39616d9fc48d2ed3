//! Dropout of whole channels.

use super::{Kept, drop_but, kept};
use crate::Layer;
use crate::label::note;
use crate::norm::positions;
use chainrule_tape::{Shape, Var};

/// Sets whole channels to 0 with probability `p` in training, and multiplies the others by `1 / (1 - p)`: [`Dropout`](crate::Dropout)
/// with one decision for each channel of each element of the batch, over `[n, channels, …]` with `D` axes of positions. It is called
/// [`Dropout1d`], [`Dropout2d`] and [`Dropout3d`], as in PyTorch. (Keras's are `SpatialDropout1D` and so on.)
///
/// Neighbours in an image are so alike that dropping some of them takes nothing away.
///
/// Errors: a `p` outside `0..=1`, or an input of another rank. (An element without a batch, `[channels, …]`, is taken where PyTorch
/// takes it, but not by [`Dropout2d`], where PyTorch takes it for a batch of signals.)
///
/// Source: Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015, section 3.2.
///
/// ```
/// use chainrule_nn::{Dropout1d, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let y = Dropout1d::new(0.5).forward(tape.full([4, 8, 3], 1.0, DType::F32)).value()?.to_f64();
/// assert!(y.chunks(3).all(|channel| channel == [0.0; 3] || channel == [2.0; 3]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DropoutNd<const D: usize> {
    p: f64,
}

/// Dropout of channels of signals `[n, channels, l]` or `[channels, l]`; see [`DropoutNd`].
pub type Dropout1d = DropoutNd<1>;

/// Dropout of channels of images `[n, channels, h, w]`; see [`DropoutNd`].
pub type Dropout2d = DropoutNd<2>;

/// Dropout of channels of volumes `[n, channels, d, h, w]` or `[channels, d, h, w]`; see [`DropoutNd`].
pub type Dropout3d = DropoutNd<3>;

impl<const D: usize> DropoutNd<D> {
    const KIND: &'static str = match D {
        1 => "Dropout1d",
        2 => "Dropout2d",
        3 => "Dropout3d",
        _ => "DropoutNd",
    };

    /// Drops each channel with this probability (PyTorch's is 0.5 unless told otherwise).
    pub const fn new(p: f64) -> Self {
        DropoutNd { p }
    }

    /// The probability that a channel is dropped.
    pub const fn p(&self) -> f64 {
        self.p
    }
}

impl<const D: usize> Layer for DropoutNd<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, rank) = (x.tape(), x.rank());
        let x = if rank == D + 2 || (rank == D + 1 && D != 2) || x.is_poisoned() {
            x
        } else {
            let (shape, positions) = (x.shape(), positions(D));
            let alone = if D == 2 { String::new() } else { format!(" or [channels{positions}]") };
            tape.fail(Self::KIND, format!("takes [n, channels{positions}]{alone}, not {shape}"), &[x])
        };
        let y = match kept(Self::KIND, x, self.p) {
            Kept::Some(keep) => drop_but(x, per_channel(x, D), keep),
            Kept::All(x) => x,
        };
        note(y, Self::KIND)
    }
}

/// The shape of one number for each channel, whose axes of positions are the last so many.
pub(super) fn per_channel(x: Var<'_>, positions: usize) -> Shape {
    let shape = x.shape();
    let channels = shape.rank().saturating_sub(positions);
    (0..shape.rank()).map(|axis| if axis < channels { shape[axis] } else { 1 }).collect()
}
