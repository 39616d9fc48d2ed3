//! Constant rates, steps, lines and powers.

use super::{Schedule, some_steps};
use crate::limits;

/// The same rate in every step: `1`.
pub fn constant() -> Schedule {
    Schedule::named("constant".into(), Ok(()), |_| 1.0)
}

/// `factor` for the first `steps`, then 1 (PyTorch's `ConstantLR`).
///
/// ```
/// # use chainrule_optim::constant_for;
/// let schedule = constant_for(5, 0.25);
/// assert_eq!([0, 4, 5, 9].map(|t| schedule.factor(t)), [0.25, 0.25, 1.0, 1.0]);
/// ```
pub fn constant_for(steps: u64, factor: f64) -> Schedule {
    let check = limits::not_negative("the factor", factor);
    Schedule::named(
        format!("constant_for({steps}, {factor})"),
        check,
        move |t| {
            if t < steps { factor } else { 1.0 }
        },
    )
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
    Schedule::named(format!("linear({steps}, {last})"), check, move |t| line(t, steps, 1.0, last))
}

/// From `first` to `last` over `steps` along a straight line, then `last` (PyTorch's `LinearLR`):
/// `first + (last - first)·t/steps`.
///
/// ```
/// # use chainrule_optim::{constant, linear_between};
/// // To half of the rate along a line; from there on all of it.
/// let schedule = linear_between(10, 0.0, 0.5).then(10, constant());
/// assert_eq!([0, 5, 10].map(|t| schedule.factor(t)), [0.0, 0.25, 1.0]);
/// ```
pub fn linear_between(steps: u64, first: f64, last: f64) -> Schedule {
    let check = limits::not_negative("the first factor", first)
        .and_then(|()| limits::not_negative("the last factor", last));
    let name = format!("linear_between({steps}, {first}, {last})");
    Schedule::named(name, check, move |t| line(t, steps, first, last))
}

fn line(t: u64, steps: u64, first: f64, last: f64) -> f64 {
    if t >= steps { last } else { first + (last - first) * (t as f64 / steps as f64) }
}

/// Times `factor` after every `steps` (PyTorch's `StepLR`): `factor^⌊t/steps⌋`.
///
/// ```
/// # use chainrule_optim::step_decay;
/// let schedule = step_decay(30, 0.5);
/// assert_eq!([0, 29, 30, 60].map(|t| schedule.factor(t)), [1.0, 1.0, 0.5, 0.25]);
/// ```
pub fn step_decay(steps: u64, factor: f64) -> Schedule {
    let check = limits::not_negative("the factor", factor).and_then(|()| some_steps(steps));
    Schedule::named(format!("step_decay({steps}, {factor})"), check, move |t| {
        factor.powf((t / steps.max(1)) as f64)
    })
}

/// Times `factor` at each of these steps (PyTorch's `MultiStepLR`): `factorⁿ`, where `n` of the milestones are at most `t`.
/// They may be in any order; one that is there twice counts twice.
///
/// ```
/// # use chainrule_optim::multi_step;
/// let schedule = multi_step([30, 80], 0.5);
/// assert_eq!([29, 30, 79, 80].map(|t| schedule.factor(t)), [1.0, 0.5, 0.5, 0.25]);
/// ```
pub fn multi_step(milestones: impl Into<Vec<u64>>, factor: f64) -> Schedule {
    let milestones: Vec<u64> = milestones.into();
    let check = limits::not_negative("the factor", factor);
    Schedule::named(format!("multi_step({milestones:?}, {factor})"), check, move |t| {
        factor.powf(milestones.iter().filter(|&&milestone| milestone <= t).count() as f64)
    })
}

/// From 1 to 0 over `steps` along a power (PyTorch's `PolynomialLR`), then 0: `(1 - t/steps)^power`.
///
/// ```
/// # use chainrule_optim::polynomial;
/// let schedule = polynomial(4, 2.0);
/// assert_eq!([0, 2, 4, 5].map(|t| schedule.factor(t)), [1.0, 0.25, 0.0, 0.0]);
/// ```
pub fn polynomial(steps: u64, power: f64) -> Schedule {
    let check = limits::positive("the power", power);
    Schedule::named(format!("polynomial({steps}, {power})"), check, move |t| match t {
        _ if t >= steps => 0.0,
        _ => (1.0 - t as f64 / steps as f64).powf(power),
    })
}

/// Times `factor` after every step (PyTorch's `ExponentialLR`): `factorᵗ`.
///
/// ```
/// # use chainrule_optim::exponential;
/// assert_eq!(exponential(0.5).factor(3), 0.125);
/// ```
pub fn exponential(factor: f64) -> Schedule {
    let check = limits::not_negative("the factor", factor);
    Schedule::named(format!("exponential({factor})"), check, move |t| factor.powf(t as f64))
}
