//! Gated units: a number times a gate, which is a function of the number itself or of a partner.

use crate::ops::{Sample, sample};
use crate::{Operand, Var};

impl<'t> Var<'t> {
    /// `x·sigmoid(β·x)`: [`silu`](Var::silu) for β = 1, half of `x` for 0, and the nearer to a rectifier the larger β is. It may be
    /// a value that is learned, which broadcasts to the shape of `x`.
    ///
    /// Range: from about `-0.2785/β` (for a positive β) to ∞. Derivatives, with `s = sigmoid(β·x)`: `s + β·x·s·(1 - s)`, and by β
    /// `x²·s·(1 - s)`.
    ///
    /// Source: Ramachandran, Zoph and Le, "Searching for activation functions", 2017, section 4.
    #[track_caller]
    pub fn swish(self, beta: impl Operand<'t>) -> Var<'t> {
        let beta = beta.beside(self);
        let _op = self.tape.within("swish", &[self, beta]);
        self * (self * beta).sigmoid()
    }

    /// `x·tanh(ln(1 + eˣ))`, a smooth rectifier. Range: from about -0.3088 to ∞. Derivative: `t + x·(1 - t²)·sigmoid(x)` with `t`
    /// the hyperbolic tangent.
    ///
    /// Source: Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020, equation 1.
    #[track_caller]
    pub fn mish(self) -> Var<'t> {
        let _op = self.tape.within("mish", &[self]);
        self * self.softplus().tanh()
    }

    /// `x·hardsigmoid(x)`, [`silu`](Var::silu) without exponentials. Range: `[-3/8, ∞)`. Derivative: `x / 3 + 1/2` between -3 and 3,
    /// 0 below and 1 above; at the limits that of the outside.
    ///
    /// Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2.
    #[track_caller]
    pub fn hardswish(self) -> Var<'t> {
        let _op = self.tape.within("hardswish", &[self]);
        self * self.hardsigmoid()
    }

    /// The gated linear unit along an axis, which may count from the end: the first half of the elements, each times the sigmoid
    /// of its partner in the second half, `a·sigmoid(b)`. `[n, 2k, m]` with axis 1 becomes `[n, k, m]`.
    ///
    /// Derivatives: `sigmoid(b)` by `a`, and `a·s·(1 - s)` by `b` with `s` the sigmoid. A mistake if the axis has an odd number
    /// of elements.
    ///
    /// Its kin have another gate: [`reglu`](Var::reglu), [`geglu`](Var::geglu), [`swiglu`](Var::swiglu), and none but `b` itself,
    /// [`bilinear_glu`](Var::bilinear_glu). In all of them, the second half is the gate.
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
        let Some((a, b)) = self.halves("glu", axis) else { return self.tape.poison() };
        a * b.sigmoid()
    }

    /// [`glu`](Var::glu) with a rectifier for the gate: `a·max(b, 0)`. Derivatives: `max(b, 0)` by `a`; `a` by `b` where `b` is
    /// above 0, else 0.
    ///
    /// Source: Shazeer, "GLU variants improve transformer", 2020, equation 5.
    #[track_caller]
    pub fn reglu(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("reglu", &[self]);
        let Some((a, b)) = self.halves("reglu", axis) else { return self.tape.poison() };
        a * b.relu()
    }

    /// [`glu`](Var::glu) with [`gelu`](Var::gelu) for the gate: `a·gelu(b)`. Derivatives: `gelu(b)` by `a`, and `a` times gelu's
    /// by `b`.
    ///
    /// Source: Shazeer, "GLU variants improve transformer", 2020, equation 5.
    #[track_caller]
    pub fn geglu(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("geglu", &[self]);
        let Some((a, b)) = self.halves("geglu", axis) else { return self.tape.poison() };
        a * b.gelu()
    }

    /// [`glu`](Var::glu) with [`silu`](Var::silu) for the gate: `a·silu(b)`. Derivatives: `silu(b)` by `a`, and `a` times silu's
    /// by `b`.
    ///
    /// Source: Shazeer, "GLU variants improve transformer", 2020, equation 5.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([[2.0, 6.0, 0.0, 1000.0]]).swiglu(-1).value()?.to_f64(), [0.0, 6000.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn swiglu(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("swiglu", &[self]);
        let Some((a, b)) = self.halves("swiglu", axis) else { return self.tape.poison() };
        a * b.silu()
    }

    /// [`glu`](Var::glu) without a function: `a·b`. Derivatives: `b` by `a`, and `a` by `b`.
    ///
    /// Source: Shazeer, "GLU variants improve transformer", 2020, equation 5 ("Bilinear"); Mnih and Hinton, "Three new graphical
    /// models for statistical language modelling", ICML 2007.
    #[track_caller]
    pub fn bilinear_glu(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("bilinear_glu", &[self]);
        let Some((a, b)) = self.halves("bilinear_glu", axis) else { return self.tape.poison() };
        a * b
    }

    /// The first and the second half along an axis; a mistake if there are none.
    #[track_caller]
    fn halves(self, op: &'static str, axis: isize) -> Option<(Var<'t>, Var<'t>)> {
        let shape = self.shape();
        let what = match shape.axis(axis) {
            None => format!("there is no axis {axis}"),
            Some(at) if shape[at] % 2 == 1 => format!("{} elements have no halves", shape[at]),
            Some(at) => {
                let half = shape[at] / 2;
                return Some((self.slice(axis, ..half), self.slice(axis, half..)));
            }
        };
        self.tape.fail(op, what, &[self]);
        None
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "swish", inputs: with_slope, apply: |x| x[0].swish(x[1]) },
    Sample { name: "mish", inputs: points, apply: |x| x[0].mish() },
    Sample { name: "hardswish", inputs: points, apply: |x| x[0].hardswish() },
    Sample { name: "glu", inputs: points, apply: |x| x[0].glu(0) },
    Sample { name: "reglu", inputs: points, apply: |x| x[0].reglu(0).square() },
    Sample { name: "geglu", inputs: points, apply: |x| x[0].geglu(0) },
    Sample { name: "swiglu", inputs: points, apply: |x| x[0].swiglu(0) },
    Sample { name: "bilinear_glu", inputs: points, apply: |x| x[0].bilinear_glu(0) },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-4.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3])]
}

fn with_slope() -> Vec<crate::Tensor> {
    vec![sample([-4.0, -0.7, 0.2, 1.0, 2.5, 30.0], &[2, 3]), sample([1.5, 0.3, -0.2], &[3])]
}
