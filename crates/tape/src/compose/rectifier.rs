//! Rectifiers: activations that let positive numbers pass.
//!
//! Their smooth relatives are in the files of [softplus](Var::softplus) and of [gated units](Var::silu).

use crate::ops::{Sample, sample};
use crate::{Operand, Var};

impl<'t> Var<'t> {
    /// The rectifier, `max(x, 0)`; NaN stays NaN. Range: `[0, ∞)`. Derivative: 1 above 0, else 0, also at 0.
    ///
    /// Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    #[track_caller]
    pub fn relu(self) -> Var<'t> {
        let _op = self.tape.within("relu", &[self]);
        self.le(0.0).select(0.0, self)
    }

    /// The rectifier limited to 6, `min(max(x, 0), 6)`. Range: `[0, 6]`. Derivative: 1 inside, 0 outside and at the limits.
    ///
    /// Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010, section 3.
    #[track_caller]
    pub fn relu6(self) -> Var<'t> {
        let _op = self.tape.within("relu6", &[self]);
        self.clamp(0.0, 6.0)
    }

    /// The rectifier with everything that Keras's has: `x` above the threshold `θ`, but at most `max`, and `slope·(x - θ)` up
    /// to it. Without a limit, `max` is [`f64::INFINITY`]; Keras's own defaults are a slope of 0, no limit and a threshold of 0.
    ///
    /// Range: `[0, max]` for a slope of 0. Derivative: 1 between the limits, the slope up to the threshold and at it, 0 from
    /// the largest value on.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([-1.0, 0.5, 3.0, 9.0]).relu_with(0.1, 6.0, 1.0);
    /// assert_eq!(y.value()?.to_f64(), [-0.2, -0.05, 3.0, 6.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn relu_with(self, slope: f64, max: f64, threshold: f64) -> Var<'t> {
        let _op = self.tape.within("relu_with", &[self]);
        // A slope of 0 is without the product, which would make NaN of an infinity.
        let low = if slope == 0.0 { self.tape.full_like(self, 0.0) } else { (self - threshold) * slope };
        let y = self.le(threshold).select(low, self);
        if max == f64::INFINITY { y } else { y.clamp_max(max) }
    }

    /// `x` above 0, else `slope·x`: for a slope up to 1, `max(slope·x, x)`. A slope of 0.01 is usual, and PyTorch's; Keras's
    /// default is 0.2. Range: all numbers. Derivative: 1 above 0, else the slope, also at 0.
    ///
    /// Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    #[track_caller]
    pub fn leaky_relu(self, slope: f64) -> Var<'t> {
        let _op = self.tape.within("leaky_relu", &[self]);
        self.le(0.0).select(self * slope, self)
    }

    /// [`leaky_relu`](Var::leaky_relu) whose slope is a value that has a derivative too: `x` above 0, else `α·x`, with an `α` that
    /// broadcasts to the shape of `x`.
    ///
    /// Range: all numbers. Derivatives: 1 above 0, else `α` (also at 0); and by `α`, 0 above 0, else `x`.
    ///
    /// Source: He et al., "Delving deep into rectifiers", ICCV 2015, equation 1.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let slopes = tape.var([0.1, 0.5]);
    /// let y = tape.var([[-2.0, -2.0], [3.0, 3.0]]).prelu(slopes);
    /// assert_eq!(y.value()?.to_f64(), [-0.2, -1.0, 3.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn prelu(self, alpha: impl Operand<'t>) -> Var<'t> {
        let alpha = alpha.beside(self);
        let _op = self.tape.within("prelu", &[self, alpha]);
        // The slope meets only what it multiplies: its derivative would else be 0·∞ where x is infinite.
        let below = self.le(0.0);
        below.select(below.select(self, 0.0) * alpha, self)
    }

    /// [`leaky_relu`](Var::leaky_relu) with a random slope: `x` above 0, else `a·x`, where each element has an `a` of its own,
    /// uniform between `lower` and `upper`, while [training](crate::Tape::is_training), and their mean in use. PyTorch's
    /// limits are 1/8 and 1/3. The numbers are those of [`Tape::uniform`](crate::Tape::uniform).
    ///
    /// Range: all numbers. Derivative: 1 above 0, else `a`, also at 0. A `lower` above `upper` is a mistake.
    ///
    /// Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015, section 3.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new().inference();
    /// assert_eq!(tape.var([-8.0, 8.0]).rrelu(0.125, 0.375).value()?.to_f64(), [-2.0, 8.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn rrelu(self, lower: f64, upper: f64) -> Var<'t> {
        let _op = self.tape.within("rrelu", &[self]);
        let ordered = lower <= upper;
        if !ordered {
            return self.tape.fail("rrelu", format!("there is no slope between {lower} and {upper}"), &[self]);
        }
        if !self.tape.is_training() || lower == upper {
            return self.leaky_relu((lower + upper) / 2.0);
        }
        let slope = self.tape.uniform(self.shape(), self.dtype()) * (upper - lower) + lower;
        self.le(0.0).select(self * slope, self)
    }

    /// `x` above the threshold, else `value`; NaN stays NaN. Derivative: 1 above the threshold, else 0, also at it.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([0.5, 1.0, 2.0]).threshold(1.0, -3.0).value()?.to_f64(), [-3.0, -3.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn threshold(self, threshold: f64, value: f64) -> Var<'t> {
        let _op = self.tape.within("threshold", &[self]);
        self.le(threshold).select(value, self)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "relu", inputs: points, apply: |x| x[0].relu().square() },
    Sample { name: "relu6", inputs: points, apply: |x| x[0].relu6().square() },
    Sample { name: "relu_with", inputs: points, apply: |x| x[0].relu_with(0.3, 7.0, 0.5).square() },
    Sample { name: "leaky_relu", inputs: points, apply: |x| x[0].leaky_relu(0.2).square() },
    Sample { name: "prelu", inputs: with_slopes, apply: |x| x[0].prelu(x[1]).square() },
    Sample { name: "rrelu", inputs: points, apply: |x| x[0].rrelu(0.1, 0.4).square() },
    Sample { name: "threshold", inputs: points, apply: |x| x[0].threshold(0.5, -2.0).square() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3])]
}

fn with_slopes() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, -2.5, 30.0], &[2, 3]), sample([0.25, 0.5, -0.1], &[3])]
}
