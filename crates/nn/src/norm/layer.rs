//! Layer normalization.

use super::affine::Affine;
use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Shape, Var};

/// Normalizes each row: `y = (x - μ) / √(σ² + ε) · weight + bias`, with `x` and `y` of shape `[…, features]`, `μ` and
/// `σ²` the mean and (biased) variance of each row of the last axis, and the parameters `weight` (ones at first) and
/// `bias` (zeros) of shape `[features]`. A row may also be several last axes: `LayerNorm::new(at, [28, 28])`.
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
    rows: Rows,
    eps: f64,
}

impl LayerNorm {
    /// For rows of this shape, in most cases a number of elements; with weight and bias, and ε = 1e-5, as in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, shape: impl Into<Shape>) -> LayerNorm {
        LayerNorm::init(at, shape, Init::ones(), Init::zeros())
    }

    /// Without a bias.
    #[track_caller]
    pub fn without_bias(at: &mut Scope<'_>, shape: impl Into<Shape>) -> LayerNorm {
        LayerNorm::init(at, shape, Init::ones(), None)
    }

    /// Without weight and bias.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, shape: impl Into<Shape>) -> LayerNorm {
        LayerNorm::init(at, shape, None, None)
    }

    /// With these first values; `None` for no weight or bias.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        shape: impl Into<Shape>,
        weight: impl Into<Option<Init>>,
        bias: impl Into<Option<Init>>,
    ) -> LayerNorm {
        LayerNorm { rows: Rows::new(at, "LayerNorm", shape.into(), weight.into(), bias.into()), eps: 1e-5 }
    }

    /// What is added to the variance before it divides; 1e-5 unless told otherwise.
    #[must_use]
    pub fn eps(self, eps: f64) -> LayerNorm {
        LayerNorm { eps, ..self }
    }

    /// The scale, of a row's shape.
    pub fn weight(&self) -> Option<ParamId> {
        self.rows.affine.weight
    }

    /// The shift, of a row's shape.
    pub fn bias(&self) -> Option<ParamId> {
        self.rows.affine.bias
    }
}

impl Layer for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.rows.apply("LayerNorm", x, |x, axes| x.normalize(axes, self.eps))
    }
}

/// What is done to the last axes, with parameters of their shape.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    label: Label,
    pub(super) affine: Affine,
    shape: Shape,
}

impl Rows {
    #[track_caller]
    pub(super) fn new(
        at: &mut Scope<'_>,
        kind: &str,
        shape: Shape,
        weight: Option<Init>,
        bias: Option<Init>,
    ) -> Rows {
        if shape.numel() == 0 {
            at.mistake(format!("{kind} of 0 features normalizes nothing"));
        }
        if shape.rank() == 0 {
            at.mistake(format!("{kind} of no axes normalizes nothing"));
        }
        let affine = Affine::new(at, &shape, weight, bias);
        Rows { label: Label::new(at), affine, shape }
    }

    /// Normalizes over these axes, and scales and shifts.
    #[track_caller]
    pub(super) fn apply<'t>(
        &self,
        kind: &'static str,
        x: Var<'t>,
        normalize: impl FnOnce(Var<'t>, &[isize]) -> Var<'t>,
    ) -> Var<'t> {
        let own = self.shape.dims();
        let x = match own {
            &[width] => self.label.expect(kind, x, width),
            _ if x.is_poisoned() || x.shape().dims().ends_with(own) => self.label.expect_dtype(kind, x),
            _ => {
                let (shape, found) = (&self.shape, x.shape());
                self.label.fail(kind, x, format_args!("takes rows of shape {shape}, not {found}"))
            }
        };
        let axes: Vec<isize> = (-(own.len() as isize)..0).collect();
        let y = normalize(x, &axes);
        self.label.note(self.affine.scaled(y, y.rank().saturating_sub(own.len())), kind)
    }
}
