//! Batch normalization of signals, images and volumes.

use super::batch::Features;
use super::feature_methods;
use super::running::Running;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// [Batch normalization](crate::BatchNorm) of channels, the second axis, over `[n, channels, …]` with `D` axes of positions. It
/// is called [`BatchNorm1d`], [`BatchNorm2d`] and [`BatchNorm3d`], as in PyTorch; with one axis, that may also be missing.
///
/// All of `y = (x - μ) / √(σ² + ε) · weight + bias` but `x` and `y` has the shape `[channels]`: the mean and variance of a channel
/// are taken over the batch and all positions.
///
/// Errors: an input of another rank, number of channels or dtype, or training with a single number for each channel.
///
/// ```
/// use chainrule_nn::{BatchNorm2d, Layer};
/// use chainrule_tape::{DType, Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = BatchNorm2d::new(&mut params.root().sub("norm"), 3);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.normal([8, 3, 5, 5], DType::F32) * 4.0 + 1.0);
/// assert!(y.mean([0, 2, 3]).abs().max(..).item()? < 1e-5);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNormNd<const D: usize>(Features);

/// Batch normalization of vectors `[n, channels]` or signals `[n, channels, l]`; see [`BatchNormNd`].
pub type BatchNorm1d = BatchNormNd<1>;

/// Batch normalization of images `[n, channels, h, w]`; see [`BatchNormNd`].
pub type BatchNorm2d = BatchNormNd<2>;

/// Batch normalization of volumes `[n, channels, d, h, w]`; see [`BatchNormNd`].
pub type BatchNorm3d = BatchNormNd<3>;

impl<const D: usize> BatchNormNd<D> {
    const KIND: &'static str = match D {
        1 => "BatchNorm1d",
        2 => "BatchNorm2d",
        3 => "BatchNorm3d",
        _ => "BatchNormNd",
    };

    /// The parameters `weight` (ones) and `bias` (zeros), and the state `running_mean` (zeros) and `running_var`
    /// (ones); a momentum of 0.1 and ε = 1e-5, as in PyTorch. (PyTorch's `num_batches_tracked` is kept only where it is used.)
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, channels: usize) -> Self {
        Self::init(at, channels, Init::ones(), Init::zeros(), Running::default())
    }

    /// Without weight and bias.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, channels: usize) -> Self {
        Self::init(at, channels, None, None, Running::default())
    }

    /// With these first values, `None` for no weight or bias, and these running statistics.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        channels: usize,
        weight: impl Into<Option<Init>>,
        bias: impl Into<Option<Init>>,
        running: Running,
    ) -> Self {
        BatchNormNd(Features::new(at, Self::KIND, channels, weight.into(), bias.into(), running))
    }

    feature_methods!();
}

impl<const D: usize> Layer for BatchNormNd<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let rank = x.rank();
        let fits = rank == D + 2 || (D == 1 && rank == 2);
        let x = self.0.expect_channels(Self::KIND, x, fits.then_some(1), |channels| {
            let all = format!("[n, {channels}{}]", positions(D));
            if D == 1 { format!("[n, {channels}] or {all}") } else { all }
        });
        self.0.batch_norm(Self::KIND, x, 1)
    }
}

/// The axes of positions, in words.
pub(crate) fn positions(d: usize) -> &'static str {
    match d {
        1 => ", l",
        2 => ", h, w",
        3 => ", d, h, w",
        _ => ", …",
    }
}

impl Features {
    /// The input, if it has this axis, of the right number of channels, and the right dtype; else a recorded mistake,
    /// which says the `shapes` that it takes.
    #[track_caller]
    pub(super) fn expect_channels<'t>(
        &self,
        kind: &'static str,
        x: Var<'t>,
        axis: Option<usize>,
        shapes: impl FnOnce(usize) -> String,
    ) -> Var<'t> {
        let (count, shape) = (self.count, x.shape());
        match axis.and_then(|axis| shape.dims().get(axis)) {
            _ if x.is_poisoned() => x,
            Some(&found) if found == count => self.label.expect_dtype(kind, x),
            Some(found) => self.label.fail(kind, x, format_args!("takes {count} channels, not {found}")),
            None => self.label.fail(kind, x, format_args!("takes {}, not {shape}", shapes(count))),
        }
    }
}
