//! Softmax and the normalization of rows: compositions whose derivative is shorter by the result than by the chain rule.

use super::symmetric::Symmetric;
use super::{Axes, Sample, sample};
use crate::{Rule, Var};
use smallvec::SmallVec;

/// `y·(t - Σ y·t)`.
fn softmax_product<'t>(at: &Rule<'_, 't>, axes: &[isize], t: Var<'t>) -> Var<'t> {
    at.y * (t - (at.y * t).sum_keep(axes))
}

/// `s·(t - mean(t) - y·mean(y·t))`, with the scale `s = 1/√(σ² + ε)` as third input.
fn normalize_product<'t>(at: &Rule<'_, 't>, axes: &[isize], t: Var<'t>) -> Var<'t> {
    (t - t.mean_keep(axes) - at.y * (at.y * t).mean_keep(axes)) * at.x[2]
}

impl<'t> Var<'t> {
    /// `yᵢ = e^xᵢ / Σⱼ e^xⱼ` along an axis, which may count from the end. The largest element is subtracted first, so that
    /// nothing overflows. Derivative: `dy = y·(dx - Σ y·dx)`. Of no elements, there are none.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("softmax", &[self]);
        if self.has_no_lines(axis) {
            return self;
        }
        let x = self.detach();
        let e = (x - x.max_keep(axis)).exp();
        let y = e / e.sum_keep(axis);
        let axes = match axis.resolve(&self.shape()) {
            Ok(axes) if !y.is_poisoned() => axes.iter().map(|&axis| axis as isize).collect(),
            _ => return y,
        };
        self.tape.op(Symmetric { name: "softmax", axes, product: softmax_product }, &[y, self])
    }

    /// Whether there are floats along an axis, but no elements: what is done to each line along it is done then.
    pub(crate) fn has_no_lines(self, axis: isize) -> bool {
        let shape = self.shape();
        shape.numel() == 0 && shape.axis(axis).is_some() && self.dtype().is_float()
    }

    /// `(x - μ)·s` with `s = 1/√(σ² + ε)`, where `μ` and `σ²` are the mean and the (biased) variance over these axes.
    /// Derivative: `dy = s·(dx - mean(dx) - y·mean(y·dx))`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([[1.0, 3.0], [400.0, 200.0]]).normalize(-1, 0.0);
    /// assert_eq!(y.value()?.to_f64(), [-1.0, 1.0, 1.0, -1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn normalize(self, axes: impl Axes, eps: f64) -> Var<'t> {
        let _op = self.tape.within("normalize", &[self]);
        let axes: SmallVec<[isize; 4]> = match axes.resolve(&self.shape()) {
            Ok(axes) => axes.iter().map(|&axis| axis as isize).collect(),
            Err(what) => return self.tape.fail("normalize", what, &[self]),
        };
        let centered = self - self.mean_keep(&axes[..]);
        // The scale has its own derivative, which the second order needs.
        let scale = (centered.square().mean_keep(&axes[..]) + eps).rsqrt();
        let y = centered.detach() * scale.detach();
        if y.is_poisoned() {
            return y;
        }
        self.tape.op(Symmetric { name: "normalize", axes, product: normalize_product }, &[y, self, scale])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "softmax", inputs: matrix, apply: |x| x[0].softmax(-1) },
    Sample { name: "softmax_columns", inputs: matrix, apply: |x| x[0].softmax(0).square() * x[0] },
    Sample { name: "normalize", inputs: matrix, apply: |x| x[0].normalize(-1, 1e-3) },
    Sample { name: "normalize_columns", inputs: matrix, apply: |x| x[0].normalize(0, 0.1).square() * x[0] },
    Sample { name: "normalize_all", inputs: matrix, apply: |x| x[0].normalize(.., 0.0).sin() },
];

fn matrix() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
