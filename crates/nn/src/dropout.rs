//! Dropout, and other noise in training.

mod alpha;
mod channels;
mod gaussian;

pub use alpha::{AlphaDropout, FeatureAlphaDropout};
pub use channels::{Dropout1d, Dropout2d, Dropout3d, DropoutNd};
pub use gaussian::{GaussianDropout, GaussianNoise};

use crate::Layer;
use crate::label::note;
use chainrule_tape::{Shape, Var};

/// Sets each element to 0 with probability `p` in training, and multiplies the others by `1 / (1 - p)`, so that the
/// expected value stays the same. In [inference](chainrule_tape::Tape::inference) it passes its input on.
///
/// `y = x·m / (1 - p)` with a mask `m` of independent zeros and ones; derivative: `m / (1 - p)`. The mask depends on the
/// tape's seed and counter only, see [`Tape::uniform`](chainrule_tape::Tape::uniform).
///
/// A unit that can't rely on others being there learns features that are useful on their own; the result is like an
/// average over many thinned networks.
///
/// Errors: a `p` outside `0..=1` is a mistake; for `p = 1` the result is 0.
///
/// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014, section 4;
/// scaled in training ("inverted") rather than in use, section 10.
///
/// ```
/// use chainrule_nn::{Dropout, Layer};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let y = Dropout::new(0.5).forward(tape.var([1.0; 4]));
/// assert!(y.value()?.to_f64().iter().all(|&y| y == 0.0 || y == 2.0));
///
/// let tape = Tape::new().inference();
/// let y = Dropout::new(0.5).forward(tape.var([1.0; 4]));
/// assert_eq!(y.value()?.to_f64(), [1.0; 4]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dropout {
    p: f64,
}

impl Dropout {
    /// Drops each element with this probability.
    pub const fn new(p: f64) -> Dropout {
        Dropout { p }
    }

    /// The probability that an element is dropped.
    pub const fn p(&self) -> f64 {
        self.p
    }

    /// As part of another layer.
    #[track_caller]
    pub(crate) fn apply<'t>(&self, x: Var<'t>) -> Var<'t> {
        match kept("Dropout", x, self.p) {
            Kept::Some(keep) => drop_but(x, x.shape(), keep),
            Kept::All(x) => x,
        }
    }
}

impl Layer for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(self.apply(x), "Dropout")
    }
}

/// What a layer that drops with probability `p` does now.
enum Kept<'t> {
    /// It drops all but this share, in training.
    Some(f64),
    /// It passes on this value, which is poisoned if `p` is no probability.
    All(Var<'t>),
}

#[track_caller]
fn kept<'t>(kind: &'static str, x: Var<'t>, p: f64) -> Kept<'t> {
    let tape = x.tape();
    if !(0.0..=1.0).contains(&p) {
        return Kept::All(tape.fail(kind, format!("{p} is no probability"), &[x]));
    }
    if !tape.is_training() || p == 0.0 || x.is_poisoned() { Kept::All(x) } else { Kept::Some(1.0 - p) }
}

/// Keeps a share of the elements, scaled, with a mask of this shape.
#[track_caller]
fn drop_but<'t>(x: Var<'t>, mask: Shape, keep: f64) -> Var<'t> {
    let scale = if keep > 0.0 { 1.0 / keep } else { 0.0 };
    x.tape().uniform(mask, x.dtype()).lt(keep).select(x * scale, 0.0)
}
