//! Activation functions.

use crate::Var;
use crate::ops::{Sample, sample};

impl<'t> Var<'t> {
    /// The rectifier, `max(x, 0)`; NaN stays NaN. Derivative: 1 above 0, else 0, also at 0.
    ///
    /// Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    #[track_caller]
    pub fn relu(self) -> Var<'t> {
        let _op = self.tape.within("relu", &[self]);
        self.le(0.0).select(0.0, self)
    }

    /// `x` above 0, else `slope·x`. Derivative at 0: the slope.
    ///
    /// Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    #[track_caller]
    pub fn leaky_relu(self, slope: f64) -> Var<'t> {
        let _op = self.tape.within("leaky_relu", &[self]);
        self.le(0.0).select(self * slope, self)
    }

    /// `x` above 0, else `α·(eˣ - 1)`. Derivative at 0: α.
    ///
    /// Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear
    /// units", ICLR 2016.
    #[track_caller]
    pub fn elu(self, alpha: f64) -> Var<'t> {
        let _op = self.tape.within("elu", &[self]);
        // The exponential never sees a positive number, whose overflow would make the unused branch's gradient NaN.
        let positive = self.gt(0.0);
        positive.select(self, positive.select(0.0, self).expm1() * alpha)
    }

    /// `ln(1 + eˣ)`, without overflow: `max(x, 0) + log1p(e^-|x|)`. Derivative: [`sigmoid`](Var::sigmoid).
    #[track_caller]
    pub fn softplus(self) -> Var<'t> {
        let _op = self.tape.within("softplus", &[self]);
        // -|x| with the derivative 1 at 0, where the two halves' derivatives then add up to 1/2.
        let below = self.le(0.0).select(self, -self);
        self.relu() + below.exp().log1p()
    }

    /// `ln sigmoid(x) = -ln(1 + e⁻ˣ)`, without overflow. Derivative: `1 - sigmoid(x)`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([-1000.0, 1000.0]).log_sigmoid().value()?.to_f64(), [-1000.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn log_sigmoid(self) -> Var<'t> {
        let _op = self.tape.within("log_sigmoid", &[self]);
        -(-self).softplus()
    }

    /// `x·tanh(ln(1 + eˣ))`, a smooth rectifier. Derivative: `t + x·(1 - t²)·sigmoid(x)` with `t` the hyperbolic tangent.
    ///
    /// Source: Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020, equation 1.
    #[track_caller]
    pub fn mish(self) -> Var<'t> {
        let _op = self.tape.within("mish", &[self]);
        self * self.softplus().tanh()
    }

    /// [`elu`](Var::elu) with the α and the scale that keep a mean of 0 and a variance of 1 from layer to layer: `λ·x` above 0,
    /// else `λ·α·(eˣ - 1)`, with λ ≈ 1.0507 and α ≈ 1.6733. Derivative at 0: λ·α.
    ///
    /// Source: Klambauer et al., "Self-normalizing neural networks", NIPS 2017, equation 2.
    #[track_caller]
    pub fn selu(self) -> Var<'t> {
        let _op = self.tape.within("selu", &[self]);
        self.elu(1.673_263_242_354_377_2) * 1.050_700_987_355_480_5
    }

    /// `x / (1 + |x|)`. Derivative: `1 / (1 + |x|)²`, also at 0.
    #[track_caller]
    pub fn softsign(self) -> Var<'t> {
        let _op = self.tape.within("softsign", &[self]);
        self / (self.abs() + 1.0)
    }

    /// A sigmoid of straight lines: `(x + 3) / 6` between -3 and 3, 0 below and 1 above. Derivative: 1/6 inside, 0 outside and
    /// at the limits.
    #[track_caller]
    pub fn hardsigmoid(self) -> Var<'t> {
        let _op = self.tape.within("hardsigmoid", &[self]);
        (self + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0)
    }

    /// `x·hardsigmoid(x)`. Derivative: `x / 3 + 1/2` between -3 and 3, 0 below and 1 above; at the limits that of the outside.
    ///
    /// Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2.
    #[track_caller]
    pub fn hardswish(self) -> Var<'t> {
        let _op = self.tape.within("hardswish", &[self]);
        self * self.hardsigmoid()
    }

    /// The gated linear unit along an axis, which may count from the end: the first half of the elements, each times the sigmoid
    /// of its partner in the second half. `[a, 2n, b]` with axis 1 becomes `[a, n, b]`.
    ///
    /// A mistake if the axis has an odd number of elements.
    ///
    /// Source: Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017, equation 1.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([2.0, 6.0, 0.0, 1000.0]).glu(0).value()?.to_f64(), [1.0, 6.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn glu(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("glu", &[self]);
        let shape = self.shape();
        let half = match shape.axis(axis) {
            None => return self.tape().fail("glu", format!("there is no axis {axis}"), &[self]),
            Some(at) if shape[at] % 2 == 1 => {
                let what = format!("{} elements have no halves", shape[at]);
                return self.tape().fail("glu", what, &[self]);
            }
            Some(at) => shape[at] / 2,
        };
        self.slice(axis, ..half) * self.slice(axis, half..).sigmoid()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "relu", inputs: points, apply: |x| x[0].relu().square() },
    Sample { name: "leaky_relu", inputs: points, apply: |x| x[0].leaky_relu(0.2).square() },
    Sample { name: "elu", inputs: points, apply: |x| x[0].elu(0.7) },
    Sample { name: "softplus", inputs: points, apply: |x| x[0].softplus() },
    Sample { name: "log_sigmoid", inputs: points, apply: |x| x[0].log_sigmoid() },
    Sample { name: "mish", inputs: points, apply: |x| x[0].mish() },
    Sample { name: "selu", inputs: points, apply: |x| x[0].selu() },
    Sample { name: "softsign", inputs: points, apply: |x| x[0].softsign() },
    Sample { name: "hardsigmoid", inputs: inside, apply: |x| x[0].hardsigmoid().square() },
    Sample { name: "hardswish", inputs: inside, apply: |x| x[0].hardswish() },
    Sample { name: "glu", inputs: points, apply: |x| x[0].glu(0) },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3])]
}

fn inside() -> Vec<crate::Tensor> {
    vec![sample([-4.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3])]
}
