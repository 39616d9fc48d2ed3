//! Batch normalization of any axis, and what it shares with that of images.

use super::affine::{Affine, along};
use super::feature_methods;
use super::running::{Running, Statistics};
use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// Normalizes each feature over the batch: `y = (x - μ) / √(σ² + ε) · weight + bias`, with `x` and `y` of shape
/// `[…, features]` and all others of shape `[features]`. All axes but the last count as the batch; another axis of features
/// can be [chosen](BatchNorm::axis). (It is Keras's `BatchNormalization`. For channels before the positions of an image, as
/// convolutions have them, take [`BatchNorm2d`](crate::BatchNorm2d) and its like.)
///
/// In training, `μ` and `σ²` are the batch's mean and (biased) variance, and the state moves towards them:
/// `running ← (1 - momentum)·running + momentum·batch`, where the batch's variance is the unbiased one, `n / (n - 1)`
/// times the biased. In [inference](chainrule_tape::Tape::inference), `μ` and `σ²` are `running_mean` and
/// `running_var`, so that each row's result depends on that row alone. The derivative in training includes the
/// batch's statistics as functions of `x`. [`Running`] has other ways to keep statistics.
///
/// It keeps the size of values and gradients steady from layer to layer, which allows higher learning rates.
///
/// Errors: an input of another width or dtype, or training with a single row, whose variance says nothing.
///
/// Source: Ioffe and Szegedy, "Batch normalization", ICML 2015, algorithms 1 and 2.
///
/// ```
/// use chainrule_nn::{BatchNorm, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = BatchNorm::new(&mut params.root().sub("norm"), 2);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.var([[1.0f32, 5.0], [3.0, 5.0]]));
/// assert!((y.value()?.to_f64()[2] - 1.0).abs() < 1e-5);
///
/// tape.commit(&mut params)?;
/// let mean = params.get("norm.running_mean").unwrap().to_f64();
/// assert!((mean[0] - 0.2).abs() < 1e-7 && (mean[1] - 0.5).abs() < 1e-7);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm(Features, isize);

impl BatchNorm {
    /// The parameters `weight` (ones) and `bias` (zeros), and the state `running_mean` (zeros) and `running_var`
    /// (ones); a momentum of 0.1 and ε = 1e-5, as in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, features: usize) -> BatchNorm {
        BatchNorm::init(at, features, Init::ones(), Init::zeros(), Running::default())
    }

    /// Without weight and bias: for a layer whose successor scales and shifts anyway.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, features: usize) -> BatchNorm {
        BatchNorm::init(at, features, None, None, Running::default())
    }

    /// With these first values, `None` for no weight or bias, and these running statistics.
    ///
    /// ```
    /// use chainrule_nn::{BatchNorm, Init, Running};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// BatchNorm::init(&mut params.root(), 8, Init::ones(), None, Running::Cumulative);
    /// let names: Vec<&str> = params.iter().map(|(name, _, _)| name).collect();
    /// assert_eq!(names, ["weight", "running_mean", "running_var", "num_batches_tracked"]);
    /// ```
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        features: usize,
        weight: impl Into<Option<Init>>,
        bias: impl Into<Option<Init>>,
        running: Running,
    ) -> BatchNorm {
        BatchNorm(Features::new(at, "BatchNorm", features, weight.into(), bias.into(), running), -1)
    }

    /// With the features along this axis, which may count from the end; -1, the last one, unless told otherwise, as in Keras.
    #[must_use]
    pub fn axis(self, axis: isize) -> BatchNorm {
        BatchNorm(self.0, axis)
    }

    feature_methods!();
}

impl Layer for BatchNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let BatchNorm(features, axis) = self;
        if *axis == -1 {
            let x = features.label.expect("BatchNorm", x, features.count);
            return features.batch_norm("BatchNorm", x, x.rank().saturating_sub(1));
        }
        let axis = match x.shape().axis(*axis) {
            _ if x.is_poisoned() => return x,
            Some(axis) if x.shape()[axis] == features.count => axis,
            _ => {
                let (count, shape) = (features.count, x.shape());
                let what = format_args!("takes {count} features along axis {axis}; {shape} has no such axis");
                return features.label.fail("BatchNorm", x, what);
            }
        };
        let x = features.label.expect_dtype("BatchNorm", x);
        features.batch_norm("BatchNorm", x, axis)
    }
}

/// Parameters and statistics for each of some features.
#[derive(Clone, Debug)]
pub(super) struct Features {
    pub(super) label: Label,
    pub(super) affine: Affine,
    pub(super) running: Statistics,
    pub(super) count: usize,
    pub(super) eps: f64,
}

impl Features {
    #[track_caller]
    pub(super) fn new(
        at: &mut Scope<'_>,
        kind: &str,
        count: usize,
        weight: Option<Init>,
        bias: Option<Init>,
        running: Running,
    ) -> Features {
        if count == 0 {
            at.mistake(format!("{kind} of 0 features normalizes nothing"));
        }
        let label = Label::new(at);
        let affine = Affine::new(at, count, weight, bias);
        let running = Statistics::new(at, count, running);
        Features { label, affine, running, count, eps: 1e-5 }
    }

    /// Normalizes over all axes but the features', which has been checked.
    #[track_caller]
    pub(super) fn batch_norm<'t>(&self, kind: &'static str, x: Var<'t>, axis: usize) -> Var<'t> {
        let (centered, variance) = match self.running.in_use(x) {
            Some([mean, variance]) => (x - along(mean, axis, x.rank()), variance),
            None => self.of_batch(kind, x, axis),
        };
        let scale = along((variance + self.eps).rsqrt(), axis, x.rank());
        self.label.note(self.affine.apply(centered, scale, axis), kind)
    }

    /// The deviation from the batch's mean, and the batch's variance.
    #[track_caller]
    fn of_batch<'t>(&self, kind: &'static str, x: Var<'t>, axis: usize) -> (Var<'t>, Var<'t>) {
        let rows = x.numel() / self.count.max(1);
        let x = if rows >= 2 || x.is_poisoned() {
            x
        } else {
            let when = if x.tape().is_training() { "in training" } else { "without running statistics" };
            let what =
                format_args!("needs 2 rows or more {when}, not {rows} (a short last batch can be dropped)");
            self.label.fail(kind, x, what)
        };
        let axes: Vec<isize> = (0..x.rank()).filter(|&i| i != axis).map(|i| i as isize).collect();
        let mean = x.mean(axes.as_slice());
        let centered = x - along(mean, axis, x.rank());
        let variance = centered.square().mean(axes.as_slice());
        if x.tape().is_training() {
            self.running.track(|| [mean, variance * (rows as f64 / (rows as f64 - 1.0))]);
        }
        (centered, variance)
    }
}
