//! Compositions whose derivative is shorter by the result than by the chain rule: softmax and the normalization of rows.
//!
//! The value is a composition of ops as any other; a node on top of it has the derivative. What the backward pass needs is
//! then the result, which is kept anyway, and not what it was made from.

use super::movement::Same;
use super::{Axes, Sample, sample};
use crate::record::Key;
use crate::{Gradients, Lower, Meta, Op, Rule, Var};
use smallvec::SmallVec;
use std::sync::Arc;

/// Which composition it is. The first input is the value, without derivative; the second is what it is a function of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// `dy = y·(dx - Σ y·dx)`: the Jacobian is symmetric.
    Softmax,
    /// `dy = s·(dx - mean(dx) - y·mean(y·dx))`, symmetric too, with the scale `s = 1/√(σ² + ε)` as third input.
    Normalize,
}

#[derive(Clone, Debug)]
struct ByResult {
    kind: Kind,
    axes: SmallVec<[isize; 4]>,
}

impl ByResult {
    /// The symmetric Jacobian times `t`, a gradient or a tangent.
    fn product<'t>(&self, at: &Rule<'_, 't>, t: Var<'t>) -> Var<'t> {
        let (y, axes) = (at.y, &self.axes[..]);
        match self.kind {
            Kind::Softmax => y * (t - (y * t).sum_keep(axes)),
            Kind::Normalize => (t - t.mean_keep(axes) - y * (y * t).mean_keep(axes)) * at.x[2],
        }
    }
}

impl Op for ByResult {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Softmax => "softmax",
            Kind::Normalize => "normalize",
        }
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        key.write(self.kind as u64);
        self.axes.iter().for_each(|&axis| key.write(axis as u64));
    }

    fn lower(&self) -> Lower {
        Lower::View(Arc::new(Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 1).then(|| self.product(at, g)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[1].map(|dx| self.product(at, dx))
    }
}

impl<'t> Var<'t> {
    /// `yᵢ = e^xᵢ / Σⱼ e^xⱼ` along an axis, which may count from the end. The largest element is subtracted first, so that
    /// nothing overflows. Derivative: `dy = y·(dx - Σ y·dx)`.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Var<'t> {
        let x = self.detach();
        let e = (x - x.max_keep(axis)).exp();
        let y = e / e.sum_keep(axis);
        if y.is_poisoned() {
            return y;
        }
        let axes = SmallVec::from_elem(axis, 1);
        self.tape.op(ByResult { kind: Kind::Softmax, axes }, &[y, self])
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
        self.tape.op(ByResult { kind: Kind::Normalize, axes }, &[y, self, scale])
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample { name: "softmax", inputs: matrix, apply: |x| x[0].softmax(-1) },
    Sample { name: "softmax_columns", inputs: matrix, apply: |x| x[0].softmax(0).square() * x[0] },
    Sample { name: "normalize", inputs: matrix, apply: |x| x[0].normalize(-1, 1e-3) },
    Sample { name: "normalize_columns", inputs: matrix, apply: |x| x[0].normalize(0, 0.1).square() * x[0] },
    Sample { name: "normalize_all", inputs: matrix, apply: |x| x[0].normalize(.., 0.0).sin() },
];

fn matrix() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
