//! Averaged gradient descent.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Gradient descent with a falling rate and an average of the places it has been at:
///
/// ```text
/// η = lr / (1 + λ·lr·(t - 1))^α
/// p ← p·(1 - λ·η) - η·g
/// a ← a + (p - a) / max(1, t - 1 - t₀)
/// ```
///
/// Until step `t₀ + 2` the average is the parameter. Its state is `a` (`optim.asgd.a.NAME`), with which
/// [`evaluation`](Optimizer::evaluation) gives the model; stages [after](Optimizer::after) the rule are not seen by it. Six ops
/// an element. Unless set, `λ = 10⁻⁴`, `α = 0.75` and `t₀ = 10⁶` (PyTorch's; with a schedule, PyTorch takes the rate of the
/// step before in `η`).
///
/// Sources: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control and
/// Optimization 30, 1992; Bottou, "Large-scale machine learning with stochastic gradient descent", 2010, for `η`.
///
/// ```
/// # use chainrule_optim::asgd;
/// let optimizer = asgd(0.01).average_from(1000.0);
/// ```
pub fn asgd(lr: f64) -> Optimizer<Asgd> {
    Optimizer::new(lr, Asgd { lambd: 1e-4, alpha: 0.75, t0: 1e6 })
}

/// The rule of [`asgd`].
#[derive(Clone, Debug)]
pub struct Asgd {
    lambd: f64,
    alpha: f64,
    t0: f64,
}

impl Optimizer<Asgd> {
    /// `λ`, by which the parameters decay and the rate falls.
    pub fn lambd(mut self, lambd: f64) -> Self {
        self.rule.lambd = lambd;
        self
    }

    /// `α`, the power with which the rate falls.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.rule.alpha = alpha;
        self
    }

    /// `t₀`, the number of steps before the average begins (PyTorch's `t0`).
    pub fn average_from(mut self, t0: f64) -> Self {
        self.rule.t0 = t0;
        self
    }
}

impl Transform for Asgd {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let Asgd { lambd, alpha, t0 } = *self;
        let eta = move |t: u64, lr: f64| lr / (1.0 + lambd * lr * (t - 1) as f64).powf(alpha);
        let share = move |t: u64| 1.0 / ((t - 1) as f64 - t0).max(1.0);
        let shrink = p.per_step("shrink", move |now| 1.0 - lambd * eta(now.step, now.lr));
        p.start_from(p.start() * shrink);
        let step = g * p.per_step("eta", move |now| eta(now.step, now.lr));
        let (old, new) = (p.state_of_value("asgd.a"), p.start() - step);
        let keep = p.per_step("keep", move |now| 1.0 - share(now.step));
        p.keep("asgd.a", old * keep + new * p.per_step("share", move |now| share(now.step)));
        step
    }

    fn evaluation<'t>(&self, p: Target<'_, 't>) -> Var<'t> {
        p.state_of_value("asgd.a")
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("lambd", self.lambd)?;
        limits::not_negative("alpha", self.alpha)?;
        limits::not_negative("average_from", self.t0)
    }
}
