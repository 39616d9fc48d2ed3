//! Schedules that begin with a rise.

use super::{Schedule, some_steps};

/// Rises linearly to 1 over `warmup` steps, then falls with the inverse of the root of the step:
/// `min(n/warmup, √(warmup/n))` in step `n = t + 1`.
///
/// ```
/// # use chainrule_optim::inverse_sqrt;
/// let schedule = inverse_sqrt(4);
/// assert_eq!([0, 3, 15].map(|t| schedule.factor(t)), [0.25, 1.0, 0.5]);
/// ```
pub fn inverse_sqrt(warmup: u64) -> Schedule {
    Schedule::named(format!("inverse_sqrt({warmup})"), some_steps(warmup), move |t| {
        let (n, warmup) = (t as f64 + 1.0, warmup as f64);
        (n / warmup).min((warmup / n).sqrt())
    })
}

/// [`inverse_sqrt`] with the peak that the first transformer had, for a learning rate of 1:
/// `width^(-1/2)·min(n^(-1/2), n·warmup^(-3/2))` in step `n = t + 1`.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 3.
///
/// ```
/// # use chainrule_optim::{adam, noam};
/// let optimizer = adam(1.0).betas(0.9, 0.98).eps(1e-9).schedule(noam(512, 4000));
/// assert!((optimizer.lr_at(3999) - 6.987e-4).abs() < 1e-7);
/// ```
pub fn noam(width: usize, warmup: u64) -> Schedule {
    let check = some_steps(warmup).and_then(|()| match width {
        0 => Err("the width is 0; it must be 1 or more".to_owned()),
        _ => Ok(()),
    });
    Schedule::named(format!("noam({width}, {warmup})"), check, move |t| {
        let (n, warmup) = (t as f64 + 1.0, warmup as f64);
        (width as f64).powf(-0.5) * n.powf(-0.5).min(n * warmup.powf(-1.5))
    })
}
