//! Smooth rectifiers: the exponential linear units, softplus and its kin.

use crate::Var;
use crate::ops::{Sample, sample};

/// The α with which [`Var::selu`] keeps a mean of 0 and a variance of 1.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// The scale that belongs to it.
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

impl<'t> Var<'t> {
    /// `x` above 0, else `α·(eˣ - 1)`. Range: `(-α, ∞)`. Derivative: 1 above 0, else `α·eˣ`, which is `elu(x) + α`; so α at 0.
    /// PyTorch's and Keras's default is α = 1.
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

    /// [`elu`](Var::elu) with a slope that has no jump for any α: `x` above 0, else `α·(e^(x/α) - 1)`. Range: `(-α, ∞)`.
    /// Derivative: 1 above 0, else `e^(x/α)`; so 1 at 0. PyTorch's and Keras's default is α = 1. An α that is 0 or not finite is
    /// a mistake.
    ///
    /// Source: Barron, "Continuously differentiable exponential linear units", 2017, equation 2.
    #[track_caller]
    pub fn celu(self, alpha: f64) -> Var<'t> {
        let _op = self.tape.within("celu", &[self]);
        if alpha == 0.0 || !alpha.is_finite() {
            return self.tape.fail("celu", format!("an alpha of {alpha} makes no curve"), &[self]);
        }
        let positive = self.gt(0.0);
        positive.select(self, (positive.select(0.0, self) * (1.0 / alpha)).expm1() * alpha)
    }

    /// [`elu`](Var::elu) with the α and the scale that keep a mean of 0 and a variance of 1 from layer to layer: `λ·x` above 0,
    /// else `λ·α·(eˣ - 1)`, with λ ≈ 1.0507 and α ≈ 1.6733. Range: `(-λ·α, ∞)`. Derivative: λ above 0, else `λ·α·eˣ`; so λ·α
    /// at 0.
    ///
    /// Source: Klambauer et al., "Self-normalizing neural networks", NIPS 2017, equation 2.
    #[track_caller]
    pub fn selu(self) -> Var<'t> {
        let _op = self.tape.within("selu", &[self]);
        self.elu(SELU_ALPHA) * SELU_SCALE
    }

    /// `ln(1 + eˣ)`, without overflow: `max(x, 0) + log1p(e^-|x|)`. Range: `(0, ∞)`. Derivative: [`sigmoid`](Var::sigmoid).
    #[track_caller]
    pub fn softplus(self) -> Var<'t> {
        let _op = self.tape.within("softplus", &[self]);
        // -|x| with the derivative 1 at 0, where the two halves' derivatives then add up to 1/2.
        let below = self.le(0.0).select(self, -self);
        self.relu() + below.exp().log1p()
    }

    /// `ln(1 + e^(β·x)) / β`, which is the nearer to a rectifier the larger β is; and `x` itself where `β·x` is above the
    /// threshold. [`softplus`](Var::softplus) is the same with β = 1 and no threshold, that is [`f64::INFINITY`]: it is not needed
    /// for stability. PyTorch's defaults are 1 and 20, which is 2·10⁻⁹ off beyond 20.
    ///
    /// Range: `(0, ∞)`. Derivative: `sigmoid(β·x)`, and 1 above the threshold. A β that is not positive and finite is a mistake.
    ///
    /// Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NIPS 2000.
    #[track_caller]
    pub fn softplus_with(self, beta: f64, threshold: f64) -> Var<'t> {
        let _op = self.tape.within("softplus_with", &[self]);
        if !(beta > 0.0 && beta.is_finite()) {
            return self.tape.fail("softplus_with", format!("beta is positive, not {beta}"), &[self]);
        }
        let x = self * beta;
        let y = x.softplus() * (1.0 / beta);
        if threshold == f64::INFINITY { y } else { x.gt(threshold).select(self, y) }
    }

    /// `(x + √(x² + b)) / 2`, a softplus without exponentials. Range: `(0, ∞)`. Derivative: `(1 + x / √(x² + b)) / 2`. Keras's
    /// default is b = 4; a b that is not positive and finite is a mistake.
    ///
    /// Below 0 it is computed as `b/2 / (√(x² + b) - x)`, which loses no digits.
    ///
    /// Source: Barron, "Squareplus: a softplus-like algebraic rectifier", 2021, equation 1.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([-1e4f32, 0.0, 1.5]).squareplus(4.0).value()?.to_vec::<f32>()?, [1e-4, 1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn squareplus(self, b: f64) -> Var<'t> {
        let _op = self.tape.within("squareplus", &[self]);
        if !(b > 0.0 && b.is_finite()) {
            return self.tape.fail("squareplus", format!("b is positive, not {b}"), &[self]);
        }
        let below = self.lt(0.0);
        let half = (below.select(-self, self) + self.hypot(b.sqrt())) * 0.5;
        below.select((b / 4.0) / half, half)
    }

    /// A softplus that is 0 below -1: `x` above 1, `(x + 1)² / 4` between. Range: `[0, ∞)`. Derivative: 1 above 1, `(x + 1) / 2`
    /// between, 0 below.
    ///
    /// Source: Blondel, Martins and Niculae, "Learning with Fenchel-Young losses", JMLR 2020, section 4.4.
    #[track_caller]
    pub fn sparse_plus(self) -> Var<'t> {
        let _op = self.tape.within("sparse_plus", &[self]);
        // The square never sees more than it is used for.
        let curve = ((self + 1.0).clamp(0.0, 2.0) * 0.5).square();
        self.ge(1.0).select(self, curve)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "elu", inputs: points, apply: |x| x[0].elu(0.7) },
    Sample { name: "celu", inputs: points, apply: |x| x[0].celu(0.7) },
    Sample { name: "selu", inputs: points, apply: |x| x[0].selu() },
    Sample { name: "softplus", inputs: points, apply: |x| x[0].softplus() },
    Sample { name: "softplus_with", inputs: points, apply: |x| x[0].softplus_with(1.5, 9.0) },
    Sample { name: "squareplus", inputs: points, apply: |x| x[0].squareplus(4.0) },
    Sample { name: "sparse_plus", inputs: points, apply: |x| x[0].sparse_plus().square() },
];

fn points() -> Vec<crate::Tensor> {
    vec![sample([-3.0, -0.7, 0.2, 1.3, 2.5, 30.0], &[2, 3])]
}
