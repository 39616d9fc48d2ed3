//! Dropout for self-normalizing networks.

use super::channels::per_channel;
use super::{Kept, kept};
use crate::Layer;
use crate::label::note;
use chainrule_tape::{Shape, Var};

/// What [`selu`](Var::selu) tends to at -∞: `-scale·α`.
const LEAST: f64 = -1.758_099_340_847_376_6;

/// Dropout that keeps mean and variance: in training, each element of `x` becomes `s = -1.7581`, the least value of
/// [`selu`](Var::selu), with probability `p`, and the result `y = a·x + b` is scaled and shifted so that, for an `x` of mean 0 and
/// variance 1, `y` has these too: `a = 1 / √((1 - p)·(1 + p·s²))` and `b = -a·p·s`. In
/// [inference](chainrule_tape::Tape::inference) it passes its input on.
///
/// Derivative: `a` where the element is kept, else 0. For `p = 1` all is 0, as in PyTorch.
///
/// Errors: a `p` outside `0..=1`.
///
/// Source: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017, section "new dropout technique".
///
/// ```
/// use chainrule_nn::{AlphaDropout, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let y = AlphaDropout::new(0.3).forward(tape.normal(100_000, DType::F64));
/// assert!(y.mean(..).item()?.abs() < 0.02 && (y.var(..).item()? - 1.0).abs() < 0.02);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AlphaDropout {
    p: f64,
}

impl AlphaDropout {
    /// Replaces each element with this probability (PyTorch's is 0.5 unless told otherwise).
    pub const fn new(p: f64) -> AlphaDropout {
        AlphaDropout { p }
    }

    /// The probability that an element is replaced.
    pub const fn p(&self) -> f64 {
        self.p
    }
}

impl Layer for AlphaDropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = alpha_dropout("AlphaDropout", x, self.p, Var::shape);
        note(y, "AlphaDropout")
    }
}

/// [`AlphaDropout`] of whole channels, with one decision for each of `[n, channels, …]`.
///
/// Errors: a `p` outside `0..=1`, or an input of less than two axes.
///
/// ```
/// use chainrule_nn::{FeatureAlphaDropout, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let y = FeatureAlphaDropout::new(0.5).forward(tape.full([4, 8, 2, 2], 1.0, DType::F64)).value()?.to_f64();
/// assert!(y.chunks(4).all(|channel| channel == [channel[0]; 4]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FeatureAlphaDropout {
    p: f64,
}

impl FeatureAlphaDropout {
    /// Replaces each channel with this probability (PyTorch's is 0.5 unless told otherwise).
    pub const fn new(p: f64) -> FeatureAlphaDropout {
        FeatureAlphaDropout { p }
    }

    /// The probability that a channel is replaced.
    pub const fn p(&self) -> f64 {
        self.p
    }
}

impl Layer for FeatureAlphaDropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, rank) = (x.tape(), x.rank());
        let x = if rank >= 2 || x.is_poisoned() {
            x
        } else {
            tape.fail("FeatureAlphaDropout", format!("takes [n, channels, …], not {}", x.shape()), &[x])
        };
        let channels = |x: Var<'_>| per_channel(x, rank.saturating_sub(2));
        let y = alpha_dropout("FeatureAlphaDropout", x, self.p, channels);
        note(y, "FeatureAlphaDropout")
    }
}

#[track_caller]
fn alpha_dropout<'t>(kind: &'static str, x: Var<'t>, p: f64, mask: impl FnOnce(Var<'t>) -> Shape) -> Var<'t> {
    let keep = match kept(kind, x, p) {
        Kept::All(x) => return x,
        Kept::Some(keep) => keep,
    };
    if keep == 0.0 {
        return x * 0.0;
    }
    let scale = 1.0 / (keep * (1.0 + p * LEAST * LEAST)).sqrt();
    let shift = -scale * p * LEAST;
    let kept = x.tape().uniform(mask(x), x.dtype()).lt(keep);
    kept.select(x * scale + shift, scale * LEAST + shift)
}
