//! Steps, and how to learn through them: values with the derivative of another.

use super::symmetric::Symmetric;
use super::{Sample, sample};
use crate::{Operand, Var};
use smallvec::SmallVec;

impl<'t> Var<'t> {
    /// The binary step: 0 below 0, and 1 from 0 on; NaN stays NaN. Its derivative is 0 where it exists; a gradient that meets it is
    /// cut. To learn through it, use [`binary_step_straight`](Var::binary_step_straight).
    ///
    /// Source: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity", 1943; Rosenblatt, "The
    /// perceptron", 1958.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([-0.5, 0.0, 2.0]).binary_step().value()?.to_f64(), [0.0, 1.0, 1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn binary_step(self) -> Var<'t> {
        let _op = self.tape.within("binary_step", &[self]);
        // What the comparisons cut is told as theirs; of the number itself, only NaN is left.
        self.ge(0.0).select(1.0, self.lt(0.0).select(0.0, self.detach()))
    }

    /// The [binary step](Var::binary_step) with the derivative of the identity inside of `-limit..limit`, and 0 outside and at
    /// the limits: the straight-through estimator. With a limit of [`f64::INFINITY`], it is the identity's everywhere.
    ///
    /// Source: Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons for conditional
    /// computation", 2013, section 3.1 (without a limit); Hubara et al., "Binarized neural networks", NIPS 2016, equation 4
    /// (with the limit 1: where a unit is saturated, its gradient is cancelled).
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([-3.0, -0.5, 0.5, 3.0]);
    /// let y = x.binary_step_straight(1.0);
    /// assert_eq!(y.value()?.to_f64(), [0.0, 0.0, 1.0, 1.0]);
    /// assert_eq!(tape.grad(y.sum(..), x).value()?.to_f64(), [0.0, 1.0, 1.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn binary_step_straight(self, limit: f64) -> Var<'t> {
        let _op = self.tape.within("binary_step_straight", &[self]);
        let line = if limit == f64::INFINITY { self } else { self.clamp(-limit, limit) };
        line.straight_through(self.binary_step())
    }

    /// The other value, with the derivative by `x` of the identity: the straight-through estimator for any rounding,
    /// `x.straight_through(x.round())`. The other value itself gets no gradient; it has the shape and dtype of `x`.
    ///
    /// Source: Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons for conditional
    /// computation", 2013, section 3.1.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([0.2, 1.7]);
    /// let y = x.straight_through(x.round());
    /// assert_eq!(y.value()?.to_f64(), [0.0, 2.0]);
    /// assert_eq!(tape.grad(y.square().sum(..), x).value()?.to_f64(), [0.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn straight_through(self, value: impl Operand<'t>) -> Var<'t> {
        let value = value.beside(self);
        let _op = self.tape.within("straight_through", &[self, value]);
        if self.is_poisoned() || value.is_poisoned() {
            return self.tape.poison();
        }
        let (of, by) = (value.meta(), self.meta());
        if !by.dtype.is_float() || of.dtype != by.dtype {
            return self.tape.fail("straight_through", crate::record::reject(&[&by, &of]), &[self, value]);
        }
        if of.shape != by.shape {
            let what = format!("the value is {}, and what it stands for {}", of.shape, by.shape);
            return self.tape.fail("straight_through", what, &[self, value]);
        }
        // A composition, x + (value - x) without derivative, would round the value.
        let op = Symmetric { name: "straight_through", axes: SmallVec::new(), product: |_, _, t| t };
        self.tape.op(op, &[value.detach(), self])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "binary_step", inputs: points, apply: |x| x[0] * x[0].binary_step() },
    // Here the derivative is that of the value, which differences see.
    Sample { name: "straight_through", inputs: points, apply: |x| x[0].straight_through(x[0] * 1.0).square() },
    // And here it is 0, as the step's own.
    Sample { name: "binary_step_straight", inputs: outside, apply: |x| x[0] * x[0].binary_step_straight(1.0) },
];

fn outside() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -1.7, 1.2, 5.0], &[2, 2])]
}

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 5.0], &[2, 3])]
}
