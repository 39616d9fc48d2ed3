//! Half periods of the cosine.

use super::{Schedule, some_steps};
use crate::limits;
use std::f64::consts::PI;

/// From 1 to `last` over `steps` along half a period of the cosine, then `last`:
/// `last + (1 - last)·(1 + cos(π·t/steps)) / 2`.
///
/// PyTorch's `CosineAnnealingLR` is the same over the first `steps`; beyond them it rises again.
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
        _ => half_period(t, steps, last),
    })
}

/// [`cosine`] again and again, from 1 each time: the first period has `steps`, each later one `growth` times as many
/// as the one before (PyTorch's `CosineAnnealingWarmRestarts`). Within a period, `last` is approached and not reached.
///
/// Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
///
/// ```
/// # use chainrule_optim::cosine_restarts;
/// let schedule = cosine_restarts(10, 2, 0.0);
/// assert_eq!([0, 10, 30, 70].map(|t| schedule.factor(t)), [1.0; 4]);
/// assert!((schedule.factor(20) - 0.5).abs() < 1e-15);
/// ```
pub fn cosine_restarts(steps: u64, growth: u64, last: f64) -> Schedule {
    let check = limits::not_negative("the last factor", last).and_then(|()| some_steps(steps));
    let check = check.and_then(|()| match growth {
        0 => Err("the growth is 0; it must be 1 or more".to_owned()),
        _ => Ok(()),
    });
    Schedule::named(format!("cosine_restarts({steps}, {growth}, {last})"), check, move |t| {
        let (mut since, mut period) = (t, steps.max(1));
        if growth <= 1 {
            since %= period;
        }
        while since >= period {
            since -= period;
            period = period.saturating_mul(growth);
        }
        half_period(since, period, last)
    })
}

fn half_period(t: u64, steps: u64, last: f64) -> f64 {
    last + (1.0 - last) * 0.5 * (1.0 + (PI * t as f64 / steps as f64).cos())
}
