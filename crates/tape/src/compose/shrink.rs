//! Activations that set what is small to 0, or near it.

use crate::Var;
use crate::ops::{Sample, sample};

impl<'t> Var<'t> {
    /// `x` where `|x|` is above λ, else 0; NaN stays NaN. PyTorch's and Keras's default is λ = 0.5. Derivative: 1 outside, 0
    /// inside and at the limits.
    ///
    /// Source: Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994, section 1 (hard thresholding).
    #[track_caller]
    pub fn hardshrink(self, lambda: f64) -> Var<'t> {
        let _op = self.tape.within("hardshrink", &[self]);
        self.abs().le(lambda).select(0.0, self)
    }

    /// `x` moved towards 0 by λ, and 0 where `|x|` is not above it: `sign(x)·max(|x| - λ, 0)`. PyTorch's and Keras's default is
    /// λ = 0.5. Derivative: 1 outside, 0 inside and at the limits. A negative λ is a mistake.
    ///
    /// It solves `min over y of (x - y)²/2 + λ·|y|`: the proximal operator of the 1-norm.
    ///
    /// Source: Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994, section 1 (soft thresholding).
    #[track_caller]
    pub fn softshrink(self, lambda: f64) -> Var<'t> {
        let _op = self.tape.within("softshrink", &[self]);
        let towards_zero = lambda >= 0.0;
        if !towards_zero {
            return self.tape.fail("softshrink", format!("lambda is 0 or more, not {lambda}"), &[self]);
        }
        let moved = self.gt(0.0).select(self - lambda, self + lambda);
        self.abs().le(lambda).select(0.0, moved)
    }

    /// `x - tanh x`. Range: all numbers. Derivative: `tanh² x`. It is accurate to the rounding of `x`.
    #[track_caller]
    pub fn tanhshrink(self) -> Var<'t> {
        let _op = self.tape.within("tanhshrink", &[self]);
        self - self.tanh()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "hardshrink", inputs: points, apply: |x| x[0].hardshrink(0.5).square() },
    Sample { name: "softshrink", inputs: points, apply: |x| x[0].softshrink(0.5).square() },
    Sample { name: "tanhshrink", inputs: points, apply: |x| x[0].tanhshrink() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 5.0], &[2, 3])]
}
