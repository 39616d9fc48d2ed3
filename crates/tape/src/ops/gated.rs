//! Activations `x·gate(x)`, whose derivative is kept as one factor.
//!
//! By the chain rule, the backward pass would use both `x` and the gate. Their combination, the derivative, is known in the
//! forward pass already: recorded there, it is computed in the same pass over memory, and it alone is kept. Where no
//! derivative is taken, nothing of it is computed.

use super::symmetric::Symmetric;
use super::{Sample, sample};
use crate::Var;
use smallvec::SmallVec;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

impl<'t> Var<'t> {
    /// `x·sigmoid(x)`, also called swish. Derivative: `s + y·(1 - s)` with `s = sigmoid(x)`.
    ///
    /// Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", 2017.
    #[track_caller]
    pub fn silu(self) -> Var<'t> {
        let _op = self.tape.within("silu", &[self]);
        let gate = self.sigmoid();
        let y = self * gate;
        self.gated("silu", y, gate + y * (1.0 - gate))
    }

    /// `x·Φ(x)` with the normal distribution function `Φ(x) = (1 + erf(x/√2)) / 2`. Derivative: `Φ(x) + x·φ(x)` with the
    /// density `φ(x) = e^(-x²/2) / √(2π)`.
    ///
    /// Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    #[track_caller]
    pub fn gelu(self) -> Var<'t> {
        let _op = self.tape.within("gelu", &[self]);
        let gate = ((self * FRAC_1_SQRT_2).erf() + 1.0) * 0.5;
        let density = (self.square() * -0.5).exp() * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        // From where the gate is 0 on, so is the value, and its slope. (The density fades into subnormal numbers there, which
        // make products of the gradient ten times slower.)
        let derivative = gate.eq(0.0).select(0.0, gate + self * density);
        self.gated("gelu", self * gate, derivative)
    }

    /// The approximation of [`gelu`](Var::gelu) by tanh: `x·(1 + t)/2` with `t = tanh(√(2/π)·(x + 0.044715·x³))`.
    /// Derivative: `(1 + t)/2 + x·(1 - t²)/2·√(2/π)·(1 + 3·0.044715·x²)`.
    #[track_caller]
    pub fn gelu_tanh(self) -> Var<'t> {
        let _op = self.tape.within("gelu_tanh", &[self]);
        const SCALE: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
        const CUBIC: f64 = 0.044715;
        let square = self.square();
        let t = (self * (square * CUBIC + 1.0) * SCALE).tanh();
        let gate = (t + 1.0) * 0.5;
        let slope = (1.0 - t.square()) * (square * (1.5 * CUBIC * SCALE) + 0.5 * SCALE);
        self.gated("gelu_tanh", self * gate, gate + self * slope)
    }

    #[track_caller]
    fn gated(self, name: &'static str, y: Var<'t>, derivative: Var<'t>) -> Var<'t> {
        if y.is_poisoned() {
            return y;
        }
        // The Jacobian is diagonal.
        let op = Symmetric { name, axes: SmallVec::new(), product: |at, _, t| t * at.x[2] };
        self.tape.op(op, &[y.detach(), self, derivative])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "silu", inputs: points, apply: |x| x[0].silu() },
    Sample { name: "gelu", inputs: points, apply: |x| x[0].gelu() },
    Sample { name: "gelu_tanh", inputs: points, apply: |x| x[0].gelu_tanh() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.0, 0.2, 1.0, 2.5], &[2, 3])]
}
