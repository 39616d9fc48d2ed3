//! Differences and integrals of values along an axis.

use crate::ops::Sample;
use crate::{Tensor, Var};

impl<'t> Var<'t> {
    /// Differences of neighbours along an axis, which may count from the end: `yᵢ = xᵢ₊₁ - xᵢ`, one fewer than there are
    /// elements. Derivatives: 1 and -1.
    #[track_caller]
    pub fn diff(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("diff", &[self]);
        let Some(at) = self.shape().axis(axis) else {
            return self.tape().fail("diff", format!("there is no axis {axis}"), &[self]);
        };
        let n = self.shape()[at];
        self.slice(axis, n.min(1)..) - self.slice(axis, ..n.saturating_sub(1))
    }

    /// The integral by the trapezoidal rule along an axis, which may count from the end and is dropped, of values at distances
    /// of `dx`: `dx·Σ (xᵢ + xᵢ₊₁) / 2`; 0 for fewer than two.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1.0, 2.0, 4.0]).trapezoid(0.5, 0).item()?, 2.25);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn trapezoid(self, dx: f64, axis: isize) -> Var<'t> {
        let _op = self.tape.within("trapezoid", &[self]);
        let Some(at) = self.shape().axis(axis) else {
            return self.tape().fail("trapezoid", format!("there is no axis {axis}"), &[self]);
        };
        let n = self.shape()[at];
        (self.slice(axis, n.min(1)..) + self.slice(axis, ..n.saturating_sub(1))).sum(axis) * (0.5 * dx)
    }

    /// The integrals by the trapezoidal rule up to each element but the first, along an axis, which may count from the end:
    /// `yᵢ = dx·Σⱼ (xⱼ + xⱼ₊₁) / 2` over `j <= i`, one fewer than there are elements.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([1.0, 2.0, 4.0]).cumulative_trapezoid(0.5, 0);
    /// assert_eq!(y.value()?.to_f64(), [0.75, 2.25]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cumulative_trapezoid(self, dx: f64, axis: isize) -> Var<'t> {
        let _op = self.tape().within("cumulative_trapezoid", &[self]);
        let Some(at) = self.shape().axis(axis) else {
            return self.tape().fail("cumulative_trapezoid", format!("there is no axis {axis}"), &[self]);
        };
        let n = self.shape()[at];
        let pairs = self.slice(axis, n.min(1)..) + self.slice(axis, ..n.saturating_sub(1));
        pairs.cumsum(axis) * (0.5 * dx)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "diff", inputs: matrix, apply: |x| x[0].diff(1).square() },
    Sample { name: "trapezoid", inputs: matrix, apply: |x| x[0].square().trapezoid(0.5, -1) },
    Sample {
        name: "cumulative_trapezoid",
        inputs: matrix,
        apply: |x| x[0].square().cumulative_trapezoid(0.5, -1),
    },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}
