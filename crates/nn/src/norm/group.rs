//! Group normalization.

use super::affine::Affine;
use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// Normalizes groups of channels: `y = (x - μ) / √(σ² + ε) · weight + bias`, with `x` and `y` of shape `[n, channels, …]`. Channels
/// are cut in groups that follow each other; `μ` and `σ²` are the mean and (biased) variance of a group of one element of the batch,
/// over its channels and all positions. The parameters `weight` (ones at first) and `bias` (zeros) have the shape `[channels]`.
///
/// Elements of the batch don't depend on each other and there is no state: for images in batches too small for
/// [`BatchNorm2d`](crate::BatchNorm2d). With one group it is a layer normalization of images, with a group for each channel an
/// instance normalization.
///
/// Errors: an input of another number of channels or dtype, or groups that don't divide the channels.
///
/// Source: Wu and He, "Group normalization", ECCV 2018, equations 1, 6 and 7.
///
/// ```
/// use chainrule_nn::{GroupNorm, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = GroupNorm::new(&mut params.root().sub("norm"), 2, 4);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.var([[1.0f32, 3.0, 400.0, 200.0]])).value()?.to_f64();
/// assert!(y.iter().zip([-1.0, 1.0, 1.0, -1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GroupNorm {
    label: Label,
    affine: Affine,
    groups: usize,
    channels: usize,
    eps: f64,
}

impl GroupNorm {
    /// So many groups of so many channels altogether; with weight and bias, and ε = 1e-5, as in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, groups: usize, channels: usize) -> GroupNorm {
        GroupNorm::init(at, groups, channels, Init::ones(), Init::zeros())
    }

    /// Without weight and bias.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, groups: usize, channels: usize) -> GroupNorm {
        GroupNorm::init(at, groups, channels, None, None)
    }

    /// With these first values; `None` for no weight or bias.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        groups: usize,
        channels: usize,
        weight: impl Into<Option<Init>>,
        bias: impl Into<Option<Init>>,
    ) -> GroupNorm {
        if groups == 0 || channels == 0 || !channels.is_multiple_of(groups) {
            at.mistake(format!("GroupNorm can't cut {channels} channels in {groups} groups"));
        }
        let affine = Affine::new(at, channels, weight.into(), bias.into());
        GroupNorm { label: Label::new(at), affine, groups, channels, eps: 1e-5 }
    }

    /// What is added to the variance before it divides; 1e-5 unless told otherwise. (Keras's is 1e-3.)
    #[must_use]
    pub fn eps(self, eps: f64) -> GroupNorm {
        GroupNorm { eps, ..self }
    }

    /// The scale, `[channels]`.
    pub fn weight(&self) -> Option<ParamId> {
        self.affine.weight
    }

    /// The shift, `[channels]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.affine.bias
    }
}

impl Layer for GroupNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (shape, channels) = (x.shape(), self.channels);
        let x = match *shape.dims() {
            _ if x.is_poisoned() => return x,
            [_, found, ..] if found == channels => self.label.expect_dtype("GroupNorm", x),
            [_, found, ..] => {
                self.label.fail("GroupNorm", x, format_args!("takes {channels} channels, not {found}"))
            }
            _ => self.label.fail("GroupNorm", x, format_args!("takes [n, {channels}, …], not {shape}")),
        };
        let (n, groups) = (shape.first().copied().unwrap_or(1), self.groups.max(1));
        let size = shape.dims().iter().skip(1).product::<usize>() / groups;
        let y = x.reshape([n, groups, size]).normalize(-1, self.eps).reshape(&shape);
        self.label.note(self.affine.scaled(y, 1), "GroupNorm")
    }
}
