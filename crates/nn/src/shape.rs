//! Layers that change the shape, or nothing.

use crate::Layer;
use crate::label::note;
use chainrule_tape::Var;

/// `y = x`: where a layer is wanted and nothing is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Identity;

impl Layer for Identity {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x, "Identity")
    }
}

/// Several axes as one: `[n, c, h, w] → [n, c·h·w]`; see [`Var::flatten_axes`].
///
/// ```
/// use chainrule_nn::{Flatten, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let x = tape.input([2, 3, 4, 5], DType::F32);
/// assert_eq!(Flatten::new().forward(x).shape().dims(), [2, 60]);
/// assert_eq!(Flatten::axes(2, -1).forward(x).shape().dims(), [2, 3, 20]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flatten {
    from: isize,
    to: isize,
}

impl Flatten {
    /// All axes but the first, the batch; as PyTorch's and Keras's.
    pub const fn new() -> Flatten {
        Flatten::axes(1, -1)
    }

    /// The axes from `from` to `to`, both included; they may count from the end.
    pub const fn axes(from: isize, to: isize) -> Flatten {
        Flatten { from, to }
    }
}

impl Default for Flatten {
    fn default() -> Flatten {
        Flatten::new()
    }
}

impl Layer for Flatten {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x.flatten_axes(self.from, self.to), "Flatten")
    }
}

/// One axis as several: `[n, c·h·w] → [n, c, h, w]`; see [`Var::unflatten`].
///
/// ```
/// use chainrule_nn::{Layer, Unflatten};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let x = tape.input([2, 60], DType::F32);
/// assert_eq!(Unflatten::new(1, [3, 4, 5]).forward(x).shape().dims(), [2, 3, 4, 5]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unflatten {
    axis: isize,
    lengths: Vec<usize>,
}

impl Unflatten {
    /// This axis, cut in axes of these lengths.
    pub fn new(axis: isize, lengths: impl Into<Vec<usize>>) -> Unflatten {
        Unflatten { axis, lengths: lengths.into() }
    }
}

impl Layer for Unflatten {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(x.unflatten(self.axis, &self.lengths), "Unflatten")
    }
}
