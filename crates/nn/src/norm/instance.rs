//! Instance normalization.

use super::affine::along;
use super::batch::Features;
use super::feature_methods;
use super::images::positions;
use super::running::Running;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// Normalizes each channel of each element of the batch: `y = (x - μ) / √(σ² + ε) · weight + bias`, over `[n, channels, …]` with
/// `D` axes of positions, or one element `[channels, …]` of a batch. It is called [`InstanceNorm1d`], [`InstanceNorm2d`] and
/// [`InstanceNorm3d`], as in PyTorch. `μ` and `σ²` are the mean and (biased) variance over the positions; weight and bias, if there
/// are any, have the shape `[channels]`.
///
/// There are no parameters and no running statistics unless told otherwise, so it is the same in training and in use. With
/// running statistics, those of a batch are the means, over its elements, of `μ` and of the unbiased variance; they replace `μ` and
/// `σ²` in [inference](chainrule_tape::Tape::inference).
///
/// It removes the contrast of each image: for the transfer of styles.
///
/// Errors: an input of another rank, number of channels or dtype, or channels of a single number.
///
/// Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016.
///
/// ```
/// use chainrule_nn::{InstanceNorm1d, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = InstanceNorm1d::new(&mut params.root().sub("norm"), 1);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.var([[1.0f32, 3.0], [400.0, 200.0]]).unsqueeze(1)).value()?.to_f64();
/// assert!(y.iter().zip([-1.0, 1.0, 1.0, -1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InstanceNormNd<const D: usize>(Features);

/// Instance normalization of signals `[n, channels, l]` or `[channels, l]`; see [`InstanceNormNd`].
pub type InstanceNorm1d = InstanceNormNd<1>;

/// Instance normalization of images `[n, channels, h, w]` or `[channels, h, w]`; see [`InstanceNormNd`].
pub type InstanceNorm2d = InstanceNormNd<2>;

/// Instance normalization of volumes `[n, channels, d, h, w]` or `[channels, d, h, w]`; see [`InstanceNormNd`].
pub type InstanceNorm3d = InstanceNormNd<3>;

impl<const D: usize> InstanceNormNd<D> {
    const KIND: &'static str = match D {
        1 => "InstanceNorm1d",
        2 => "InstanceNorm2d",
        3 => "InstanceNorm3d",
        _ => "InstanceNormNd",
    };

    /// Without parameters and running statistics, as in PyTorch; ε = 1e-5.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, channels: usize) -> Self {
        Self::init(at, channels, None, None, Running::Off)
    }

    /// With the parameters `weight` (ones) and `bias` (zeros).
    #[track_caller]
    pub fn with_affine(at: &mut Scope<'_>, channels: usize) -> Self {
        Self::init(at, channels, Init::ones(), Init::zeros(), Running::Off)
    }

    /// With these first values, `None` for no weight or bias, and these running statistics. (PyTorch's have no
    /// [cumulative](Running::Cumulative) average.)
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        channels: usize,
        weight: impl Into<Option<Init>>,
        bias: impl Into<Option<Init>>,
        running: Running,
    ) -> Self {
        InstanceNormNd(Features::new(at, Self::KIND, channels, weight.into(), bias.into(), running))
    }

    feature_methods!();

    /// In training, or without running statistics.
    #[track_caller]
    fn by_itself<'t>(&self, x: Var<'t>, axis: usize) -> Var<'t> {
        let features = &self.0;
        let size: usize = x.shape().dims().iter().skip(axis + 1).product();
        let x = if size >= 2 || x.is_poisoned() {
            x
        } else {
            let what = format_args!("needs channels of 2 elements or more, not {size}");
            features.label.fail(Self::KIND, x, what)
        };
        let axes: Vec<isize> = (axis as isize + 1..x.rank() as isize).collect();
        if x.tape().is_training() {
            features.running.track(|| {
                let unbiased = x.var_with(axes.as_slice(), 1.0);
                let over_batch = |all: Var<'t>| if axis == 0 { all } else { all.mean(0) };
                [over_batch(x.mean(axes.as_slice())), over_batch(unbiased)]
            });
        }
        features.affine.scaled(x.normalize(axes.as_slice(), features.eps), axis)
    }
}

impl<const D: usize> Layer for InstanceNormNd<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (features, rank) = (&self.0, x.rank());
        let axis = if rank == D + 1 { 0 } else { 1 };
        let fits = rank == D + 1 || rank == D + 2;
        let x = features.expect_channels(Self::KIND, x, fits.then_some(axis), |channels| {
            format!("[n, {channels}{0}] or [{channels}{0}]", positions(D))
        });
        let y = match features.running.in_use(x) {
            Some([mean, variance]) => {
                let scale = along((variance + features.eps).rsqrt(), axis, rank);
                features.affine.apply(x - along(mean, axis, rank), scale, axis)
            }
            None => self.by_itself(x, axis),
        };
        features.label.note(y, Self::KIND)
    }
}
