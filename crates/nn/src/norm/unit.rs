//! Scaling to length 1.

use crate::Layer;
use crate::label::note;
use chainrule_tape::Var;

/// Scales rows to length 1: `y = x / max(√Σx², 1e-12)`, summed along the last axis, unless told otherwise. (Keras's
/// `UnitNormalization`, PyTorch's function `normalize`.) Derivative: `(dx - y·Σ y·dx) / √Σx²`; of a row of zeros, `dx / 1e-12`.
///
/// Errors: an axis that the input has not, or an input of integers.
///
/// ```
/// use chainrule_nn::{Layer, UnitNorm};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let y = UnitNorm::new().forward(tape.var([[3.0, 4.0], [0.0, 0.0]]));
/// assert_eq!(y.value()?.to_f64(), [0.6, 0.8, 0.0, 0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitNorm {
    axes: Vec<isize>,
}

impl UnitNorm {
    /// Of rows of the last axis.
    pub fn new() -> UnitNorm {
        UnitNorm { axes: vec![-1] }
    }

    /// Along these axes together, which may count from the end: `.axes([1, 2])`.
    #[must_use]
    pub fn axes(self, axes: impl Into<Vec<isize>>) -> UnitNorm {
        UnitNorm { axes: axes.into() }
    }
}

impl Default for UnitNorm {
    fn default() -> UnitNorm {
        UnitNorm::new()
    }
}

impl Layer for UnitNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _op = tape.within("UnitNorm", &[x]);
        let y = unit(x, &self.axes, 1e-12);
        note(y, "UnitNorm")
    }
}

/// `x / max(‖x‖, eps)`.
#[track_caller]
pub(super) fn unit<'t>(x: Var<'t>, axes: &[isize], eps: f64) -> Var<'t> {
    x / x.norm_keep(axes).clamp_min(eps)
}
