//! Activation functions.

use crate::Var;
use crate::ops::{Sample, sample};

impl<'t> Var<'t> {
    /// The rectifier, `max(x, 0)`; NaN stays NaN. Derivative: 1 above 0, else 0, also at 0.
    ///
    /// Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    #[track_caller]
    pub fn relu(self) -> Var<'t> {
        self.le(0.0).select(0.0, self)
    }

    /// `x` above 0, else `slope·x`. Derivative at 0: the slope.
    ///
    /// Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    #[track_caller]
    pub fn leaky_relu(self, slope: f64) -> Var<'t> {
        self.le(0.0).select(self * slope, self)
    }

    /// `x` above 0, else `α·(eˣ - 1)`. Derivative at 0: α.
    ///
    /// Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear
    /// units", ICLR 2016.
    #[track_caller]
    pub fn elu(self, alpha: f64) -> Var<'t> {
        // The exponential never sees a positive number, whose overflow would make the unused branch's gradient NaN.
        let positive = self.gt(0.0);
        positive.select(self, positive.select(0.0, self).expm1() * alpha)
    }

    /// `ln(1 + eˣ)`, without overflow: `max(x, 0) + log1p(e^-|x|)`. Derivative: [`sigmoid`](Var::sigmoid).
    #[track_caller]
    pub fn softplus(self) -> Var<'t> {
        // -|x| with the derivative 1 at 0, where the two halves' derivatives then add up to 1/2.
        let below = self.le(0.0).select(self, -self);
        self.relu() + below.exp().log1p()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "relu", inputs: points, apply: |x| x[0].relu().square() },
    Sample { name: "leaky_relu", inputs: points, apply: |x| x[0].leaky_relu(0.2).square() },
    Sample { name: "elu", inputs: points, apply: |x| x[0].elu(0.7) },
    Sample { name: "softplus", inputs: points, apply: |x| x[0].softplus() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3])]
}
