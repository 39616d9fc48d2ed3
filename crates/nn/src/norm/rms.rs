//! Normalization by the root mean square.

use super::layer::Rows;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Shape, Var};

/// Divides each row by its root mean square: `y = x / √(mean(x²) + ε) · weight`, with `x` and `y` of shape `[…, features]`, and
/// the parameter `weight` (ones at first) of shape `[features]`. A row may also be several last axes.
///
/// A [layer normalization](crate::LayerNorm) that does not move the mean: it is cheaper, and does as well in transformers.
///
/// Errors: an input of another width or dtype.
///
/// Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019, equation 4.
///
/// ```
/// use chainrule_nn::{Layer, RmsNorm};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let norm = RmsNorm::new(&mut params.root().sub("norm"), 2);
/// let tape = Tape::with(&params);
/// let y = norm.forward(tape.var([[1.0f32, 7.0], [-30.0, 30.0]])).value()?.to_f64();
/// assert!(y.iter().zip([0.2, 1.4, -1.0, 1.0]).all(|(y, expected)| (y - expected).abs() < 1e-6));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RmsNorm {
    rows: Rows,
    eps: Option<f64>,
}

impl RmsNorm {
    /// For rows of this shape, in most cases a number of elements; with a weight, as in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, shape: impl Into<Shape>) -> RmsNorm {
        RmsNorm::init(at, shape, Init::ones())
    }

    /// Without a weight.
    #[track_caller]
    pub fn without_affine(at: &mut Scope<'_>, shape: impl Into<Shape>) -> RmsNorm {
        RmsNorm::init(at, shape, None)
    }

    /// With these first values; `None` for no weight.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, shape: impl Into<Shape>, weight: impl Into<Option<Init>>) -> RmsNorm {
        RmsNorm { rows: Rows::new(at, "RmsNorm", shape.into(), weight.into(), None), eps: None }
    }

    /// What is added to the mean square before it divides. Unless told otherwise, it is the distance from 1 to the next number of
    /// the input's dtype, `2⁻²³` for `f32` and `2⁻⁵²` for `f64`, as in PyTorch. (Keras's is 1e-6.)
    #[must_use]
    pub fn eps(self, eps: f64) -> RmsNorm {
        RmsNorm { eps: Some(eps), ..self }
    }

    /// The scale, of a row's shape.
    pub fn weight(&self) -> Option<ParamId> {
        self.rows.affine.weight
    }
}

impl Layer for RmsNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let least = if x.dtype() == DType::F32 { f32::EPSILON.into() } else { f64::EPSILON };
        self.rows.apply("RmsNorm", x, |x, axes| x.rms_norm(axes, self.eps.unwrap_or(least)))
    }
}
