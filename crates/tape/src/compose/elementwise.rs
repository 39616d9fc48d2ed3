//! Elementwise functions that are made of others, in their stable forms.

use crate::ops::{Sample, sample};
use crate::{Meta, Operand, Var};

impl<'t> Var<'t> {
    /// `y = x²`. Derivative: `2x`.
    #[track_caller]
    pub fn square(self) -> Var<'t> {
        let _op = self.tape.within("square", &[self]);
        self * self
    }

    /// The fractional part, `x - trunc(x)`, of the sign of `x`; NaN for ±∞. Derivative: 1.
    #[track_caller]
    pub fn fract(self) -> Var<'t> {
        let _op = self.tape.within("fract", &[self]);
        self - self.trunc()
    }

    /// `y = ln(x / (1 - x))`, the inverse of [`sigmoid`](Var::sigmoid): -∞ at 0, ∞ at 1, NaN outside. Derivative:
    /// `1 / x + 1 / (1 - x)`.
    #[track_caller]
    pub fn logit(self) -> Var<'t> {
        let _op = self.tape.within("logit", &[self]);
        self.ln() - (-self).log1p()
    }

    /// `y = ln(eᵃ + eᵇ)`, without overflow: `max(a, b) + log1p(e^-|a - b|)`. Derivatives: `sigmoid(a - b)` and
    /// `sigmoid(b - a)`, each 1/2 at a tie. Of two equal infinities the result is that infinity, and the derivative goes to
    /// `b` (PyTorch: NaN).
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var(1000.0).logaddexp(1000.0);
    /// assert_eq!(y.item()?, 1000.0 + std::f64::consts::LN_2);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn logaddexp(self, other: impl Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        let _op = self.tape.within("logaddexp", &[self, other]);
        if let Some(poison) = self.mistaken("logaddexp", other) {
            return poison;
        }
        let lower = self.le(other);
        let same = self.eq(other).and(self.is_inf());
        let difference = same.select(0.0, self - other);
        // -|a - b|, with a derivative at ties that makes up for the larger one's, to any order.
        let below = lower.select(difference, -difference);
        lower.select(other, self) + below.exp().log1p()
    }

    /// `y = x·ln b`, and 0 where `x` is 0, unless `b` is NaN. Derivatives: `ln b` and `x / b`, 0 where `x` is 0 and the
    /// logarithm is not finite.
    #[track_caller]
    pub fn xlogy(self, other: impl Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        let _op = self.tape.within("xlogy", &[self, other]);
        if let Some(poison) = self.mistaken("xlogy", other) {
            return poison;
        }
        let zero = self.eq(0.0).and(other.le(0.0).or(other.eq(f64::INFINITY)));
        zero.select(0.0, self * zero.select(1.0, other).ln())
    }

    /// `y = x·ln(1 + b)`, accurate for a small `b`, and 0 where `x` is 0, unless `b` is NaN. Derivatives: `ln(1 + b)` and
    /// `x / (1 + b)`, 0 where `x` is 0 and the logarithm is not finite.
    #[track_caller]
    pub fn xlog1py(self, other: impl Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        let _op = self.tape.within("xlog1py", &[self, other]);
        if let Some(poison) = self.mistaken("xlog1py", other) {
            return poison;
        }
        let zero = self.eq(0.0).and(other.le(-1.0).or(other.eq(f64::INFINITY)));
        zero.select(0.0, self * zero.select(0.0, other).log1p())
    }

    /// From `x` to `other`: `y = x + w·(other - x)` for a weight below 1/2, else `other - (1 - w)·(other - x)`, so both ends
    /// are met exactly. Derivatives: `1 - w`, `w`, and `other - x` by the weight.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([0.0, 10.0]).lerp(20.0, 0.25);
    /// assert_eq!(y.value()?.to_f64(), [5.0, 12.5]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn lerp(self, other: impl Operand<'t>, weight: impl Operand<'t>) -> Var<'t> {
        let (other, weight) = (other.beside(self), weight.beside(self));
        let _op = self.tape.within("lerp", &[self, other, weight]);
        if let Some(poison) = self.mistaken("lerp", other) {
            return poison;
        }
        if let Some(poison) = self.mistaken("lerp", weight) {
            return poison;
        }
        let distance = other - self;
        let (near, far) = (self + weight * distance, other - distance * (1.0 - weight));
        weight.lt(0.5).select(near, far)
    }

    /// The unit step: 0 below 0, 1 above, and `at_zero` where `x` is 0; 0 for NaN, as in PyTorch. No derivative by `x`; that
    /// by `at_zero` is 1 where `x` is 0.
    #[track_caller]
    pub fn heaviside(self, at_zero: impl Operand<'t>) -> Var<'t> {
        let at_zero = at_zero.beside(self);
        let _op = self.tape.within("heaviside", &[self, at_zero]);
        self.eq(0.0).select(at_zero, self.gt(0.0).cast(self.dtype()))
    }

    /// The element, with numbers in place of NaN, ∞ and -∞. Derivative: 1, and 0 where the element was replaced. Integers
    /// stay as they are.
    #[track_caller]
    pub fn nan_to_num(self, nan: f64, posinf: f64, neginf: f64) -> Var<'t> {
        if !self.dtype().is_float() {
            return self;
        }
        let x = self.is_nan().select(nan, self);
        let x = self.eq(f64::INFINITY).select(posinf, x);
        self.eq(f64::NEG_INFINITY).select(neginf, x)
    }

    /// The mistake, if this and another operand don't fit an op of floats that is made of several.
    #[track_caller]
    fn mistaken(self, op: &'static str, other: Var<'t>) -> Option<Var<'t>> {
        let (a, b): (Meta, Meta) = (self.meta(), other.meta());
        let what = if a.dtype != b.dtype || !a.dtype.is_float() {
            crate::record::reject(&[&a, &b])
        } else if a.shape.broadcast(&b.shape).is_none() {
            "these shapes don't broadcast".to_owned()
        } else {
            return None;
        };
        Some(self.tape.fail(op, what, &[self, other]))
    }
}

/// Two operands that broadcast.
const PAIR: Sample = Sample {
    name: "logaddexp",
    inputs: || vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, 0.7], &[2, 3]), sample([0.5, 1.5], &[2, 1])],
    apply: |x| x[0].logaddexp(x[1]),
};

/// One operand.
const SINGLE: Sample =
    Sample { name: "logit", inputs: || vec![sample([0.2, 0.5, 0.9], &[3])], apply: |x| x[0].logit() };

pub(crate) const SAMPLES: &[Sample] = &[
    PAIR,
    SINGLE,
    Sample { name: "square", inputs: || vec![sample([-1.5, 0.0, 2.0], &[3])], apply: |x| x[0].square() },
    Sample { name: "fract", apply: |x| (x[0] * 4.1).fract() * x[0], ..SINGLE },
    Sample { name: "xlogy", apply: |x| x[0].xlogy(x[1]), ..PAIR },
    Sample {
        name: "xlogy_zero",
        inputs: || vec![sample([0.0], &[1]), sample([1.5], &[1])],
        apply: |x| x[0].xlogy(x[1]),
    },
    Sample { name: "xlog1py", apply: |x| x[0].xlog1py(x[1]), ..PAIR },
    Sample {
        name: "lerp",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3]), sample([1.5], &[1]), sample([0.2, 0.5, 1.4], &[3])],
        apply: |x| x[0].lerp(x[1], x[2]) * x[0].lerp(2.0, 0.3),
    },
    Sample { name: "heaviside", apply: |x| (x[0] - 0.6).heaviside(0.5) * x[0].square(), ..SINGLE },
    Sample { name: "heaviside_zero", apply: |x| (x[0] * 0.0).heaviside(x[0].square()), ..SINGLE },
    Sample { name: "nan_to_num", apply: |x| (x[0] - 0.4).ln().nan_to_num(7.0, 8.0, 9.0) * x[0], ..SINGLE },
];
