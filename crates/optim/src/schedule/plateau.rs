//! A rate that falls when progress stops.

use crate::limits;
use chainrule_tape::{Error, Result};

/// Lowers the learning rate when a metric has stopped improving (PyTorch's `ReduceLROnPlateau`): after more than
/// [`patience`](ReduceOnPlateau::patience) epochs that were no better than the best one, the factor is multiplied by
/// [`factor`](ReduceOnPlateau::factor).
///
/// It follows a validation loss that the step doesn't see, so it is no [`Schedule`](crate::Schedule): call
/// [`step`](ReduceOnPlateau::step) after each epoch, and set the rate. A schedule still multiplies it.
///
/// ```
/// use chainrule_optim::{ReduceOnPlateau, TrainStep, sgd};
/// # use chainrule_tape::{Params, Tensor};
/// # let mut params = Params::seeded(1);
/// # let w = params.root().param("w", Tensor::from([3.0]));
/// # let mut step = TrainStep::new(sgd(0.1), |[x]| (x * x.tape().param(w)).square().sum(..));
/// let mut plateau = ReduceOnPlateau::new().factor(0.5).patience(1);
/// for loss in [1.0, 0.9, 0.9, 0.9, 0.9] {
///     // (One epoch, and the loss of the validation set.)
///     step.set_lr(0.1 * plateau.step(loss)?);
/// }
/// assert_eq!(step.lr(&params), 0.05);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// The defaults are PyTorch's. What it remembers is [`state`](ReduceOnPlateau::state), four numbers to be stored
/// wherever the training is.
#[derive(Clone, Debug)]
pub struct ReduceOnPlateau {
    maximize: bool,
    factor: f64,
    patience: u64,
    threshold: f64,
    absolute: bool,
    cooldown: u64,
    min_factor: f64,
    eps: f64,
    state: PlateauState,
}

/// What a [`ReduceOnPlateau`] remembers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlateauState {
    /// The best metric so far; infinite before the first.
    pub best: f64,
    /// The epochs since then.
    pub bad: u64,
    /// The epochs of the cool-down that are left.
    pub cooldown: u64,
    /// The present factor of the learning rate.
    pub factor: f64,
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        ReduceOnPlateau {
            maximize: false,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            absolute: false,
            cooldown: 0,
            min_factor: 0.0,
            eps: 1e-8,
            state: PlateauState { best: f64::INFINITY, bad: 0, cooldown: 0, factor: 1.0 },
        }
    }
}

impl ReduceOnPlateau {
    /// For a metric to be minimized.
    pub fn new() -> Self {
        ReduceOnPlateau::default()
    }

    /// For a metric to be maximized, such as an accuracy (`mode="max"`).
    pub fn maximize(mut self) -> Self {
        (self.maximize, self.state.best) = (true, f64::NEG_INFINITY);
        self
    }

    /// What multiplies the rate; below 1. 0.1 unless set.
    pub fn factor(self, factor: f64) -> Self {
        ReduceOnPlateau { factor, ..self }
    }

    /// The epochs without improvement that are borne. 10 unless set.
    pub fn patience(self, patience: u64) -> Self {
        ReduceOnPlateau { patience, ..self }
    }

    /// The improvement that counts, as a part of the best metric. 10⁻⁴ unless set.
    pub fn threshold(self, threshold: f64) -> Self {
        ReduceOnPlateau { threshold, absolute: false, ..self }
    }

    /// The improvement that counts, as a number (`threshold_mode="abs"`).
    pub fn threshold_absolute(self, threshold: f64) -> Self {
        ReduceOnPlateau { threshold, absolute: true, ..self }
    }

    /// The epochs after a reduction in which nothing is counted. 0 unless set.
    pub fn cooldown(self, cooldown: u64) -> Self {
        ReduceOnPlateau { cooldown, ..self }
    }

    /// The smallest factor (`min_lr`, as a part of the first rate). 0 unless set.
    pub fn min_factor(self, min_factor: f64) -> Self {
        ReduceOnPlateau { min_factor, ..self }
    }

    /// Leaves the factor where it is if it would change by no more than this. 10⁻⁸ unless set. (PyTorch's is a change of
    /// the rate, not of its factor.)
    pub fn eps(self, eps: f64) -> Self {
        ReduceOnPlateau { eps, ..self }
    }

    /// Takes the metric of an epoch, and gives the factor of the learning rate from now on. A NaN is no improvement.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn step(&mut self, metric: f64) -> Result<f64> {
        self.check().map_err(|what| Error::Params(format!("ReduceOnPlateau: {what}")))?;
        let state = &mut self.state;
        let best = state.best;
        let better = match (self.maximize, self.absolute) {
            (false, false) => metric < best * (1.0 - self.threshold),
            (false, true) => metric < best - self.threshold,
            (true, false) => metric > best * (1.0 + self.threshold),
            (true, true) => metric > best + self.threshold,
        };
        state.bad += 1;
        if better {
            (state.best, state.bad) = (metric, 0);
        }
        if state.cooldown > 0 {
            (state.cooldown, state.bad) = (state.cooldown - 1, 0);
        }
        if state.bad > self.patience {
            let lower = (state.factor * self.factor).max(self.min_factor);
            if state.factor - lower > self.eps {
                state.factor = lower;
            }
            (state.cooldown, state.bad) = (self.cooldown, 0);
        }
        Ok(state.factor)
    }

    /// What it remembers: to be saved.
    pub fn state(&self) -> PlateauState {
        self.state
    }

    /// Goes on from a saved state.
    pub fn set_state(&mut self, state: PlateauState) {
        self.state = state;
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("factor", self.factor)?;
        limits::not_negative("threshold", self.threshold)?;
        limits::not_negative("min_factor", self.min_factor)?;
        limits::not_negative("eps", self.eps)
    }
}
