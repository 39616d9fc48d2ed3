//! Normalization.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Tensor, Var};

/// Normalizes each feature over the batch: `y = (x - μ) / √(σ² + ε) · weight + bias`, with `x` and `y` of shape
/// `[…, features]` and all others of shape `[features]`. All axes but the last count as the batch.
///
/// In training, `μ` and `σ²` are the batch's mean and (biased) variance, and the state moves towards them:
/// `running ← (1 - momentum)·running + momentum·batch`, where the batch's variance is the unbiased one, `n / (n - 1)`
/// times the biased. In [inference](chainrule_tape::Tape::inference), `μ` and `σ²` are `running_mean` and
/// `running_var`, so that each row's result depends on that row alone. The derivative in training includes the
/// batch's statistics as functions of `x`.
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
/// let mean = params.tensor(norm.running_mean()).to_f64();
/// assert!((mean[0] - 0.2).abs() < 1e-7 && (mean[1] - 0.5).abs() < 1e-7);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm {
    label: Label,
    affine: Affine,
    running_mean: ParamId,
    running_var: ParamId,
    features: usize,
    momentum: f64,
    eps: f64,
}

impl BatchNorm {
    /// The parameters `weight` (ones) and `bias` (zeros), and the state `running_mean` (zeros) and `running_var`
    /// (ones); a momentum of 0.1 and ε = 1e-5.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, features: usize) -> BatchNorm {
        let affine = Affine::new(at, features);
        BatchNorm::make(at, features, affine)
    }

    /// Without weight and bias: for a layer whose successor scales and shifts anyway.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, features: usize) -> BatchNorm {
        BatchNorm::make(at, features, Affine::NONE)
    }

    #[track_caller]
    fn make(at: &mut Scope<'_>, features: usize, affine: Affine) -> BatchNorm {
        if features == 0 {
            at.mistake("a BatchNorm of 0 features normalizes nothing");
        }
        let (label, dtype) = (Label::new(at), at.dtype());
        let state = |value: f64| Tensor::full(features, value).cast(dtype);
        let running_mean = at.state("running_mean", state(0.0));
        let running_var = at.state("running_var", state(1.0));
        BatchNorm { label, affine, running_mean, running_var, features, momentum: 0.1, eps: 1e-5 }
    }

    /// The share of a new batch in the running statistics. (Keras means the share of the old ones by the word.)
    #[must_use]
    pub fn with_momentum(self, momentum: f64) -> BatchNorm {
        BatchNorm { momentum, ..self }
    }

    /// What is added to the variance before it divides.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> BatchNorm {
        BatchNorm { eps, ..self }
    }

    /// The scale, `[features]`.
    pub fn weight(&self) -> Option<ParamId> {
        self.affine.weight
    }

    /// The shift, `[features]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.affine.bias
    }

    /// The running mean, `[features]`.
    pub fn running_mean(&self) -> ParamId {
        self.running_mean
    }

    /// The running variance, `[features]`.
    pub fn running_var(&self) -> ParamId {
        self.running_var
    }

    /// The deviation from the batch's mean, and the batch's variance.
    #[track_caller]
    fn batch<'t>(&self, x: Var<'t>) -> (Var<'t>, Var<'t>) {
        let rows = x.numel() / self.features.max(1);
        let x = if rows >= 2 || x.is_poisoned() {
            x
        } else {
            self.label.fail(
                "BatchNorm",
                x,
                format_args!(
                    "needs 2 rows or more in training, not {rows} (a short last batch can be dropped)"
                ),
            )
        };
        let axes: Vec<isize> = (0..x.rank().saturating_sub(1) as isize).collect();
        let mean = x.mean(axes.as_slice());
        let centered = x - mean;
        let variance = centered.square().mean(axes.as_slice());
        let unbiased = variance * (rows as f64 / (rows as f64 - 1.0));
        self.track(self.running_mean, mean);
        self.track(self.running_var, unbiased);
        (centered, variance)
    }

    /// Moves a running statistic towards the batch's.
    #[track_caller]
    fn track(&self, running: ParamId, batch: Var<'_>) {
        let tape = batch.tape();
        // From the value assigned last: a layer that is used twice in a step moves twice.
        tape.assign(running, tape.assigned(running) * (1.0 - self.momentum) + batch * self.momentum);
    }
}

impl Layer for BatchNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let x = self.label.expect("BatchNorm", x, self.features);
        let (centered, variance) = if tape.is_training() {
            self.batch(x)
        } else {
            (x - tape.param(self.running_mean), tape.param(self.running_var))
        };
        let scale = (variance + self.eps).rsqrt();
        self.label.note(self.affine.apply(centered, scale), "BatchNorm")
    }
}

/// Normalizes each row: `y = (x - μ) / √(σ² + ε) · weight + bias`, with `x` and `y` of shape `[…, features]`, `μ` and
/// `σ²` the mean and (biased) variance of each row of the last axis, and the parameters `weight` (ones at first) and
/// `bias` (zeros) of shape `[features]`.
///
/// Rows don't depend on each other and there is no state: the same in training and in use, for batches of any size.
///
/// Errors: an input of another width or dtype.
///
/// Source: Ba, Kiros and Hinton, "Layer normalization", 2016, equation 3.
///
/// ```
/// use chainrule_nn::{Layer, LayerNorm};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = LayerNorm::new(&mut params.root().sub("norm"), 2);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.var([[1.0f32, 3.0], [400.0, 200.0]])).value()?.to_f64();
/// assert!(y.iter().zip([-1.0, 1.0, 1.0, -1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LayerNorm {
    label: Label,
    affine: Affine,
    features: usize,
    eps: f64,
}

impl LayerNorm {
    /// For rows of `features` elements; ε = 1e-5.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, features: usize) -> LayerNorm {
        let affine = Affine::new(at, features);
        LayerNorm::make(at, features, affine)
    }

    /// Without weight and bias.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, features: usize) -> LayerNorm {
        LayerNorm::make(at, features, Affine::NONE)
    }

    #[track_caller]
    fn make(at: &mut Scope<'_>, features: usize, affine: Affine) -> LayerNorm {
        if features == 0 {
            at.mistake("a LayerNorm of 0 features normalizes nothing");
        }
        LayerNorm { label: Label::new(at), affine, features, eps: 1e-5 }
    }

    /// What is added to the variance before it divides.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> LayerNorm {
        LayerNorm { eps, ..self }
    }

    /// The scale, `[features]`.
    pub fn weight(&self) -> Option<ParamId> {
        self.affine.weight
    }

    /// The shift, `[features]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.affine.bias
    }
}

impl Layer for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.label.expect("LayerNorm", x, self.features);
        self.label.note(self.affine.scaled(x.normalize(-1, self.eps)), "LayerNorm")
    }
}

/// Scale and shift of a normalization, if it has them.
#[derive(Clone, Copy, Debug)]
struct Affine {
    weight: Option<ParamId>,
    bias: Option<ParamId>,
}

impl Affine {
    const NONE: Affine = Affine { weight: None, bias: None };

    fn new(at: &mut Scope<'_>, features: usize) -> Affine {
        Affine {
            weight: Some(Init::ones().param(at, "weight", features)),
            bias: Some(Init::zeros().param(at, "bias", features)),
        }
    }

    /// `centered·scale·weight + bias`. Of the factors, the smaller two are multiplied first.
    #[track_caller]
    fn apply<'t>(&self, centered: Var<'t>, scale: Var<'t>) -> Var<'t> {
        match self.weight {
            Some(weight) => self.shifted(centered * (scale * centered.tape().param(weight))),
            None => self.shifted(centered * scale),
        }
    }

    /// `y·weight + bias`.
    #[track_caller]
    fn scaled<'t>(&self, y: Var<'t>) -> Var<'t> {
        self.shifted(self.weight.map_or(y, |weight| y * y.tape().param(weight)))
    }

    #[track_caller]
    fn shifted<'t>(&self, y: Var<'t>) -> Var<'t> {
        self.bias.map_or(y, |bias| y + y.tape().param(bias))
    }
}
