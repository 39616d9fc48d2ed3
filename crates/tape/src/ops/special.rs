//! Elementwise special functions: the error function and its relatives, the gamma function's, and `sinc`.

use super::unary::unary;
use super::{Sample, elementwise_op, sample};
use crate::{BlockCall, Gradients, Key, Lower, Meta, Op, Rule, Slice, SliceMut, Var};
use chainrule_kernels::math;
use chainrule_kernels::pointwise as kernel;
use std::f64::consts::FRAC_2_SQRT_PI;
use std::sync::Arc;

unary! {
    /// The error function, `y = 2/√π ∫₀ˣ exp(-s²) ds`. Derivative: `2/√π · exp(-x²)`.
    erf = "erf", kernel::ERF; |x, y, t| (t * (FRAC_2_SQRT_PI * (-(x * x)).exp())); [-1.5, 0.3, 2.0]

    /// `y = 1 - erf x`, accurate also where it is small. Derivative: `-2/√π · exp(-x²)`.
    erfc = "erfc", kernel::ERFC; |x, y, t| (-(t * (FRAC_2_SQRT_PI * (-(x * x)).exp()))); [-1.5, 0.3, 2.0]

    /// The number whose [`erf`](Var::erf) is `x`: ±∞ at ±1, NaN beyond. Derivative: `√π/2 · exp(y²)`, infinite at ±1.
    erfinv = "erfinv", kernel::ERFINV; |x, y, t| (t * ((y * y).exp() / FRAC_2_SQRT_PI)); [-0.7, 0.0, 0.4]

    /// `y = ln |Γ(x)|`; `Γ(n) = (n - 1)!`. It is +∞ at 0 and at the negative integers. Derivative:
    /// [`digamma`](Var::digamma).
    ///
    /// Computed in `f64` for both types. Near its zeros among the negative numbers the error is some `f64` ulp of the terms
    /// that cancel, which are of the size of `ln |x|!`; elsewhere it is within 4 ulp.
    ///
    /// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.1.
    lgamma = "lgamma", kernel::LGAMMA; |x, y, t| (t * x.digamma()); [-1.4, 0.3, 1.0, 4.5]

    /// `y = ψ(x)`, the derivative of [`lgamma`](Var::lgamma). As in PyTorch it is -∞ at 0, +∞ at -0, and NaN at the negative
    /// integers, where the two sides differ. Derivative: `ψ′`, [`polygamma(1)`](Var::polygamma).
    ///
    /// Computed in `f64` for both types. Near its zeros (1.4616… is the positive one) the error is some `f64` ulp of the
    /// terms that cancel.
    ///
    /// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.3.
    digamma = "digamma", kernel::DIGAMMA; |x, y, t| (t * x.polygamma(1)); [-1.4, 0.3, 1.0, 4.5]
}

/// A function of a family in which each is the derivative of the one before, so that derivatives of every order are as
/// accurate as the function, also where its formula is 0 / 0.
#[derive(Clone, Copy, Debug)]
struct Family {
    name: &'static str,
    order: u32,
    value: fn(u32, f64) -> f64,
}

impl BlockCall for Family {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        match (inputs, output) {
            ([Slice::F32(x)], SliceMut::F32(y)) => {
                y.iter_mut().zip(*x).for_each(|(y, &x)| *y = (self.value)(self.order, f64::from(x)) as f32);
            }
            ([Slice::F64(x)], SliceMut::F64(y)) => {
                y.iter_mut().zip(*x).for_each(|(y, &x)| *y = (self.value)(self.order, x));
            }
            _ => {} // refused by `infer`
        }
    }
}

impl Op for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype.is_float() { Ok(x[0].clone()) } else { Err(crate::record::reject(x)) }
    }

    fn attributes(&self, key: &mut Key) {
        key.write_str(self.name);
        key.write(self.order as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Custom(Arc::new(*self))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g * self.derivative(at.x[0])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx * self.derivative(at.x[0]))
    }
}

impl Family {
    fn derivative<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.apply_with(Family { order: self.order.saturating_add(1), ..*self })
    }
}

impl<'t> Var<'t> {
    /// The `n`-th derivative of [`digamma`](Var::digamma): `(-1)ⁿ⁺¹ n! Σₖ (x + k)⁻ⁿ⁻¹`, over all `k >= 0`. `polygamma(0)` is
    /// `digamma` itself. At 0 and at the negative integers it is +∞ for an odd `n` and -∞ for an even one. Derivative:
    /// `polygamma(n + 1)`.
    ///
    /// Computed in `f64` for both types, as Hurwitz's zeta function.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([1.0, 2.0]).polygamma(1).value()?.to_f64();
    /// let sixth = std::f64::consts::PI.powi(2) / 6.0;
    /// assert!((y[0] - sixth).abs() < 1e-15 && (y[1] - (sixth - 1.0)).abs() < 1e-15);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.4.10.
    #[track_caller]
    pub fn polygamma(self, n: u32) -> Var<'t> {
        if n == 0 {
            self.digamma()
        } else {
            self.apply_with(Family { name: "polygamma", order: n, value: math::polygamma })
        }
    }

    /// `y = sin(πx) / πx`, and 1 at 0: the normalized sinc, exactly 0 at the other integers. Derivatives of every order are
    /// functions of their own, also right at 0 and near it, where the quotient's derivatives would be 0 / 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(0.0);
    /// let second = tape.grad(tape.grad(x.sinc(), x), x);
    /// assert!((second.item()? + std::f64::consts::PI.powi(2) / 3.0).abs() < 1e-14);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn sinc(self) -> Var<'t> {
        self.apply_with(Family { name: "sinc", order: 0, value: math::sinc })
    }
}

pub(super) const FAMILIES: &[Sample] = &[
    Sample {
        name: "polygamma",
        inputs: || vec![sample([0.7, 1.5, 4.0], &[3])],
        apply: |x| x[0].polygamma(1) + x[0].polygamma(2) * 0.1,
    },
    Sample { name: "sinc", inputs: || vec![sample([-1.3, 0.0, 0.4, 2.0], &[4])], apply: |x| x[0].sinc() },
];
