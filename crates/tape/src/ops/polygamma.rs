//! `polygamma` and `sinc`: families of functions, each the derivative of the one before.

use super::{Sample, sample};
use crate::{BlockCall, Gradients, Key, Lower, Meta, Op, Rule, Slice, SliceMut, Var};
use chainrule_kernels::math;
use std::sync::Arc;

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
        let _op = self.tape.within("polygamma", &[self]);
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

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "polygamma",
        inputs: || vec![sample([0.7, 1.5, 4.0], &[3])],
        apply: |x| x[0].polygamma(1) + x[0].polygamma(2) * 0.1,
    },
    Sample { name: "sinc", inputs: || vec![sample([-1.3, 0.0, 0.4, 2.0], &[4])], apply: |x| x[0].sinc() },
];
