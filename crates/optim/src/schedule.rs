//! Learning-rate schedules.

use crate::limits;
use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

/// A factor of the learning rate for each step.
///
/// It is computed before each step, in `f64`, and passed to the compiled step as an input: a schedule never makes it
/// plan again. Steps are counted from 0, over the whole training, also when it is resumed.
///
/// ```
/// use chainrule_optim::{Schedule, cosine, sgd};
/// let schedule = cosine(1000, 0.1).warmup(10);
/// assert_eq!(schedule.factor(0), 0.1);
/// assert_eq!(schedule.factor(9), 1.0);
/// assert_eq!(schedule.factor(1010), 0.1);
/// // A function of your own.
/// let optimizer = sgd(0.5).schedule(Schedule::new(|step| 1.0 / (1.0 + step as f64)));
/// assert_eq!(optimizer.lr_at(4), 0.1);
/// ```
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
        let problem = self.problem.clone().or(next.problem);
        let next = next.factor;
        let both =
            self.wrap(name, move |this, step| if step < steps { this(step) } else { next(step - steps) });
        Schedule { problem, ..both }
    }

    fn wrap(
        self,
        name: String,
        factor: impl Fn(&dyn Fn(u64) -> f64, u64) -> f64 + Send + Sync + 'static,
    ) -> Schedule {
        let this = self.factor;
        Schedule { factor: Arc::new(move |step| factor(&*this, step)), name, problem: self.problem }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.problem.clone().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The same rate in every step: `1`.
pub fn constant() -> Schedule {
    Schedule::named("constant".into(), Ok(()), |_| 1.0)
}

/// From 1 to `last` over `steps` along half a period of the cosine, then `last`:
/// `last + (1 - last)·(1 + cos(π·t/steps)) / 2`.
///
/// Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5
/// without restarts.
///
/// ```
/// # use chainrule_optim::cosine;
/// let schedule = cosine(100, 0.0);
/// assert_eq!(schedule.factor(0), 1.0);
/// assert!((schedule.factor(50) - 0.5).abs() < 1e-15);
/// assert_eq!(schedule.factor(1000), 0.0);
/// ```
pub fn cosine(steps: u64, last: f64) -> Schedule {
    let check = limits::not_negative("the last factor", last);
    Schedule::named(format!("cosine({steps}, {last})"), check, move |t| match t {
        _ if t >= steps => last,
        _ => last + (1.0 - last) * 0.5 * (1.0 + (PI * t as f64 / steps as f64).cos()),
    })
}

/// From 1 to `last` over `steps` along a straight line, then `last`: `1 + (last - 1)·t/steps`.
///
/// ```
/// # use chainrule_optim::linear;
/// let schedule = linear(10, 0.5);
/// assert_eq!([0, 5, 10, 11].map(|t| schedule.factor(t)), [1.0, 0.75, 0.5, 0.5]);
/// ```
pub fn linear(steps: u64, last: f64) -> Schedule {
    let check = limits::not_negative("the last factor", last);
    Schedule::named(format!("linear({steps}, {last})"), check, move |t| match t {
        _ if t >= steps => last,
        _ => 1.0 + (last - 1.0) * (t as f64 / steps as f64),
    })
}

/// Times `factor` after every `steps`: `factor^⌊t/steps⌋`.
///
/// ```
/// # use chainrule_optim::step_decay;
/// let schedule = step_decay(30, 0.5);
/// assert_eq!([0, 29, 30, 60].map(|t| schedule.factor(t)), [1.0, 1.0, 0.5, 0.25]);
/// ```
pub fn step_decay(steps: u64, factor: f64) -> Schedule {
    let check = limits::not_negative("the factor", factor);
    let check =
        check.and_then(|()| if steps == 0 { Err("it needs one step or more".into()) } else { Ok(()) });
    Schedule::named(format!("step_decay({steps}, {factor})"), check, move |t| {
        factor.powf((t / steps.max(1)) as f64)
    })
}

/// Times `factor` after every step: `factorᵗ`.
///
/// ```
/// # use chainrule_optim::exponential;
/// assert_eq!(exponential(0.5).factor(3), 0.125);
/// ```
pub fn exponential(factor: f64) -> Schedule {
    let check = limits::not_negative("the factor", factor);
    Schedule::named(format!("exponential({factor})"), check, move |t| factor.powf(t as f64))
}
