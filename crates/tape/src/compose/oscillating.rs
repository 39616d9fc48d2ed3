//! Activations with several zeros. A unit with one of them can have more than one boundary: exclusive or is one neuron's work.
//!
//! The plain waves are [`sin`](Var::sin) and [`sinc`](Var::sinc).

use crate::ops::{Sample, sample};
use crate::{Operand, Var};
use std::f64::consts::{FRAC_1_PI, FRAC_PI_2, PI};

impl<'t> Var<'t> {
    /// The growing cosine unit, `x·cos x`. Range: all numbers. Derivative: `cos x - x·sin x`.
    ///
    /// Source: Noel et al., "Growing cosine unit: a novel oscillatory activation function that can speedup training and reduce
    /// parameters in convolutional neural networks", 2021.
    #[track_caller]
    pub fn growing_cosine(self) -> Var<'t> {
        let _op = self.tape.within("growing_cosine", &[self]);
        self * self.cos()
    }

    /// Snake, `x + sin²(a·x) / a`: a line with waves of frequency `a/π`, for what is periodic and has a trend. The `a` may be a
    /// value that is learned, which broadcasts to the shape of `x`; it is not 0.
    ///
    /// Range: all numbers; it never falls. Derivatives: `1 + sin(2a·x)`, and by `a`, `x·sin(2a·x)/a - sin²(a·x)/a²`.
    ///
    /// Source: Liu, Hartwig and Ueda, "Neural networks fail to learn periodic functions and how to fix it", NeurIPS 2020,
    /// equation 3.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([0.0, std::f64::consts::FRAC_PI_2]);
    /// assert_eq!(x.snake(1.0).value()?.to_f64(), [0.0, std::f64::consts::FRAC_PI_2 + 1.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn snake(self, a: impl Operand<'t>) -> Var<'t> {
        let a = a.beside(self);
        let _op = self.tape.within("snake", &[self, a]);
        self + (self * a).sin().square() / a
    }

    /// The shifted quadratic unit, `x² + x`. Range: `[-1/4, ∞)`. Derivative: `2x + 1`.
    ///
    /// Source: Noel, Trivedi and Dutta, "Biologically inspired oscillating activation functions can bridge the performance gap
    /// between biological and artificial neurons", 2021.
    #[track_caller]
    pub fn shifted_quadratic(self) -> Var<'t> {
        let _op = self.tape.within("shifted_quadratic", &[self]);
        // As a product, it has all its digits near its zero at -1.
        self * (self + 1.0)
    }

    /// The non-monotonic cubic unit, `x - x³`. Range: all numbers. Derivative: `1 - 3x²`.
    ///
    /// Source: Noel, Trivedi and Dutta 2021, as [`shifted_quadratic`](Var::shifted_quadratic).
    #[track_caller]
    pub fn non_monotonic_cubic(self) -> Var<'t> {
        let _op = self.tape.within("non_monotonic_cubic", &[self]);
        // As a product, it has all its digits near its zeros at -1 and 1.
        self * ((1.0 - self) * (self + 1.0))
    }

    /// The shifted sinc unit, `π·sinc(x - π)` with `sinc(z) = sin(z) / z`. Range: from about -0.682 to π, at `x = π`. Derivative:
    /// that of [`sinc`](Var::sinc), of every order.
    ///
    /// Source: Noel, Trivedi and Dutta 2021, as [`shifted_quadratic`](Var::shifted_quadratic).
    #[track_caller]
    pub fn shifted_sinc(self) -> Var<'t> {
        let _op = self.tape.within("shifted_sinc", &[self]);
        (self * FRAC_1_PI - 1.0).sinc() * PI
    }

    /// The decaying sine unit, `π/2·(sinc(x - π) - sinc(x + π))` with `sinc(z) = sin(z) / z`: an odd wave that fades as `1/x²`.
    /// Range: about -1.637 to 1.637. Derivative: that of [`sinc`](Var::sinc), of every order.
    ///
    /// Source: Noel, Trivedi and Dutta 2021, as [`shifted_quadratic`](Var::shifted_quadratic).
    #[track_caller]
    pub fn decaying_sine(self) -> Var<'t> {
        let _op = self.tape.within("decaying_sine", &[self]);
        let x = self * FRAC_1_PI;
        ((x - 1.0).sinc() - (x + 1.0).sinc()) * FRAC_PI_2
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "growing_cosine", inputs: points, apply: |x| x[0].growing_cosine() },
    Sample { name: "snake", inputs: with_frequency, apply: |x| x[0].snake(x[1]) },
    Sample { name: "shifted_quadratic", inputs: points, apply: |x| x[0].shifted_quadratic() },
    Sample { name: "non_monotonic_cubic", inputs: points, apply: |x| x[0].non_monotonic_cubic() },
    Sample { name: "shifted_sinc", inputs: points, apply: |x| x[0].shifted_sinc() },
    Sample { name: "decaying_sine", inputs: points, apply: |x| x[0].decaying_sine() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 5.0], &[2, 3])]
}

fn with_frequency() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.0, 2.5, 5.0], &[2, 3]), sample([1.0, 0.4, -2.0], &[3])]
}
