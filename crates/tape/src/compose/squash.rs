//! Activations that bring all numbers into a range, as [`sigmoid`](Var::sigmoid) and [`tanh`](Var::tanh) do.

use crate::Var;
use crate::ops::{Sample, sample};

impl<'t> Var<'t> {
    /// `ln sigmoid(x) = -ln(1 + e⁻ˣ)`, without overflow. Range: `(-∞, 0)`. Derivative: `1 - sigmoid(x)`.
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

    /// A sigmoid of straight lines: `(x + 3) / 6` between -3 and 3, 0 below and 1 above. Range: `[0, 1]`. Derivative: 1/6 inside,
    /// 0 outside and at the limits.
    ///
    /// Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2.
    #[track_caller]
    pub fn hardsigmoid(self) -> Var<'t> {
        let _op = self.tape.within("hardsigmoid", &[self]);
        (self + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0)
    }

    /// A steeper sigmoid of straight lines: `(x + 1) / 2` between -1 and 1, 0 below and 1 above. Range: `[0, 1]`. Derivative: 1/2
    /// inside, 0 outside and at the limits: that of [`sparse_plus`](Var::sparse_plus) is this function.
    ///
    /// Source: Blondel, Martins and Niculae, "Learning with Fenchel-Young losses", JMLR 2020, section 4.4.
    #[track_caller]
    pub fn sparse_sigmoid(self) -> Var<'t> {
        let _op = self.tape.within("sparse_sigmoid", &[self]);
        (self + 1.0).clamp(0.0, 2.0) * 0.5
    }

    /// A hyperbolic tangent of straight lines: `x` between `low` and `high`, limited to them outside; -1 and 1 are usual.
    /// Range: `[low, high]`. Derivative: 1 inside, 0 outside and at the limits. A `low` above `high` is a mistake.
    ///
    /// Source: Collobert, "Large scale machine learning", 2004, section 5.1.
    #[track_caller]
    pub fn hardtanh(self, low: f64, high: f64) -> Var<'t> {
        let _op = self.tape.within("hardtanh", &[self]);
        let ordered = low <= high;
        if !ordered {
            return self.tape.fail("hardtanh", format!("nothing is between {low} and {high}"), &[self]);
        }
        self.clamp(low, high)
    }

    /// `x / (1 + |x|)`. Range: `(-1, 1)`. Derivative: `1 / (1 + |x|)²`, also at 0.
    ///
    /// Source: Bergstra et al., "Quadratic polynomials learn better image features", 2009, section 2.
    #[track_caller]
    pub fn softsign(self) -> Var<'t> {
        let _op = self.tape.within("softsign", &[self]);
        self / (self.abs() + 1.0)
    }

    /// The bell curve, `e^(-x²)`. Range: `(0, 1]`, with 1 at 0. Derivative: `-2x·y`.
    ///
    /// Source: Broomhead and Lowe, "Multivariable functional interpolation and adaptive networks", 1988, section 3.
    #[track_caller]
    pub fn gaussian(self) -> Var<'t> {
        let _op = self.tape.within("gaussian", &[self]);
        (-self.square()).exp()
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "log_sigmoid", inputs: points, apply: |x| x[0].log_sigmoid() },
    Sample { name: "hardsigmoid", inputs: points, apply: |x| x[0].hardsigmoid().square() },
    Sample { name: "sparse_sigmoid", inputs: points, apply: |x| x[0].sparse_sigmoid().square() },
    Sample { name: "hardtanh", inputs: points, apply: |x| x[0].hardtanh(-2.0, 1.5).square() },
    Sample { name: "softsign", inputs: points, apply: |x| x[0].softsign() },
    Sample { name: "gaussian", inputs: points, apply: |x| x[0].gaussian() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-4.0, -0.7, 0.2, 1.2, 2.5, 30.0], &[2, 3])]
}
