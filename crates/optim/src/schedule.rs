//! Learning-rate schedules.

mod cosine;
mod cycle;
mod decay;
mod plateau;
mod warmup;

pub use cosine::{cosine, cosine_restarts};
pub use cycle::{Cyclic, OneCycle, cyclic, one_cycle};
pub use decay::{
    constant, constant_for, exponential, linear, linear_between, multi_step, polynomial, step_decay,
};
pub use plateau::{PlateauState, ReduceOnPlateau};
pub use warmup::{inverse_sqrt, noam};

use std::fmt;
use std::ops::Mul;
use std::sync::Arc;

/// A factor of the learning rate for each step.
///
/// It is computed before each step, in `f64`, and passed to the compiled step as an input: a schedule never makes it
/// plan again. Steps are counted from 0, over the whole training, also when it is resumed: a schedule has no state that
/// would have to be saved. (What follows a metric has, and is no schedule: see [`ReduceOnPlateau`].)
///
/// ```
/// use chainrule_optim::{Schedule, cosine, sgd, step_decay};
/// let schedule = cosine(1000, 0.1).warmup(10);
/// assert_eq!(schedule.factor(0), 0.1);
/// assert_eq!(schedule.factor(9), 1.0);
/// assert_eq!(schedule.factor(1010), 0.1);
/// // One after the other, and both at once.
/// let schedule = step_decay(2, 0.5).then(4, step_decay(1, 0.5)) * 0.5;
/// assert_eq!([0, 2, 4, 5].map(|t| schedule.factor(t)), [0.5, 0.25, 0.5, 0.25]);
/// // A function of your own.
/// let optimizer = sgd(0.5).schedule(Schedule::new(|step| 1.0 / (1.0 + step as f64)));
/// assert_eq!(optimizer.lr_at(4), 0.1);
/// ```
///
/// | PyTorch | here |
/// |---|---|
/// | `ConstantLR(factor, total_iters)` | [`constant_for`]`(total_iters, factor)` |
/// | `StepLR(step_size, gamma)` | [`step_decay`]`(step_size, gamma)` |
/// | `MultiStepLR(milestones, gamma)` | [`multi_step`]`(milestones, gamma)` |
/// | `LinearLR(start, end, total_iters)` | [`linear_between`]`(total_iters, start, end)` |
/// | `PolynomialLR(total_iters, power)` | [`polynomial`]`(total_iters, power)` |
/// | `ExponentialLR(gamma)` | [`exponential`]`(gamma)` |
/// | `CosineAnnealingLR(T_max, eta_min)` | [`cosine`]`(T_max, eta_min / lr)` |
/// | `CosineAnnealingWarmRestarts(T_0, T_mult, eta_min)` | [`cosine_restarts`]`(T_0, T_mult, eta_min / lr)` |
/// | `OneCycleLR(max_lr, total_steps)` | [`one_cycle`]`(total_steps)`, of the rate `max_lr` |
/// | `CyclicLR(base_lr, max_lr, step_size_up)` | [`cyclic`]`(step_size_up, base_lr / max_lr)`, of the rate `max_lr` |
/// | `LambdaLR(f)` | [`Schedule::new`]`(f)` |
/// | `ChainedScheduler([a, b])` | `a * b` |
/// | `SequentialLR([a, b], [steps])` | `a.`[`then`](Schedule::then)`(steps, b)` |
/// | `ReduceLROnPlateau` | [`ReduceOnPlateau`] |
///
/// PyTorch computes most rates from the one before. The formulas here are closed: each rate has one rounding instead of
/// as many as there were steps, so the two differ in the last digits (by less than 10⁻¹² in the first thousand steps).
#[derive(Clone)]
pub struct Schedule {
    factor: Arc<dyn Fn(u64) -> f64 + Send + Sync>,
    name: String,
    /// What is wrong with its settings.
    problem: Option<String>,
}

impl Schedule {
    /// A factor by a function of the number of steps done before.
    pub fn new(factor: impl Fn(u64) -> f64 + Send + Sync + 'static) -> Schedule {
        Schedule::named("custom".into(), Ok(()), factor)
    }

    fn named(
        name: String,
        check: Result<(), String>,
        factor: impl Fn(u64) -> f64 + Send + Sync + 'static,
    ) -> Schedule {
        let problem = check.err().map(|what| format!("{name}: {what}"));
        Schedule { factor: Arc::new(factor), name, problem }
    }

    /// The factor of the rate for the step after `step` ones.
    pub fn factor(&self, step: u64) -> f64 {
        (self.factor)(step)
    }

    /// Rises linearly over the first `steps`, to the start of this schedule, which then follows from its beginning:
    /// `(step + 1) / steps`, times its first factor.
    pub fn warmup(self, steps: u64) -> Schedule {
        let name = format!("{}.warmup({steps})", self.name);
        self.wrap(name, move |this, step| match step {
            _ if step < steps => (step + 1) as f64 / steps as f64 * this(0),
            _ => this(step - steps),
        })
    }

    /// This schedule for `steps` ones, then `next` from its beginning.
    pub fn then(self, steps: u64, next: Schedule) -> Schedule {
        let name = format!("{}.then({steps}, {})", self.name, next.name);
        self.with(
            next,
            name,
            move |this, next, step| {
                if step < steps { this(step) } else { next(step - steps) }
            },
        )
    }

    /// Both at once, the product of their factors: `a * b`.
    pub fn times(self, other: Schedule) -> Schedule {
        let name = format!("({} * {})", self.name, other.name);
        self.with(other, name, |this, other, step| this(step) * other(step))
    }

    fn wrap(
        self,
        name: String,
        factor: impl Fn(&dyn Fn(u64) -> f64, u64) -> f64 + Send + Sync + 'static,
    ) -> Schedule {
        let this = self.factor;
        Schedule { factor: Arc::new(move |step| factor(&*this, step)), name, problem: self.problem }
    }

    fn with(
        self,
        other: Schedule,
        name: String,
        factor: impl Fn(&dyn Fn(u64) -> f64, &dyn Fn(u64) -> f64, u64) -> f64 + Send + Sync + 'static,
    ) -> Schedule {
        let problem = self.problem.clone().or(other.problem);
        let other = other.factor;
        Schedule { problem, ..self.wrap(name, move |this, step| factor(this, &*other, step)) }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.problem.clone().map_or(Ok(()), Err)
    }
}

impl Mul for Schedule {
    type Output = Schedule;

    fn mul(self, other: Schedule) -> Schedule {
        self.times(other)
    }
}

impl Mul<f64> for Schedule {
    type Output = Schedule;

    fn mul(self, factor: f64) -> Schedule {
        let name = format!("({} * {factor})", self.name);
        self.wrap(name, move |this, step| this(step) * factor)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What is wrong with a number of steps that must not be 0.
fn some_steps(steps: u64) -> Result<(), String> {
    if steps == 0 { Err("it needs one step or more".into()) } else { Ok(()) }
}
