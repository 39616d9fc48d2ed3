//! Stopping when nothing gets better.

use super::{Goal, put_back, save_params, saved, saved_params};
use crate::{Callback, Event};
use chainrule_tape::{Kind, Params, Result};

/// Ends a training when a value has not become better for some epochs: Keras's `EarlyStopping`.
///
/// Unless told otherwise: patience 0, so that the first epoch that is not better is the last; any improvement counts; the params
/// stay as they are at the end.
///
/// Source: Prechelt, "Early stopping - but when?", 1998.
///
/// ```
/// use chainrule_train::EarlyStopping;
/// let stop = EarlyStopping::new("val_loss").patience(5).min_delta(1e-4).restore_best();
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    value: String,
    goal: Goal,
    patience: usize,
    min_delta: f64,
    restore: bool,
    best: f64,
    waited: usize,
    weights: Option<Params>,
}

impl EarlyStopping {
    /// Watches this value: `loss`, `val_loss`, `val_accuracy` and so on. What ends in `loss`, `error`, `mae` or `mse` is to become
    /// small, everything else large; [`goal`](EarlyStopping::goal) says otherwise.
    pub fn new(value: impl Into<String>) -> EarlyStopping {
        let value = value.into();
        let goal = Goal::of(&value);
        EarlyStopping {
            value,
            goal,
            patience: 0,
            min_delta: 0.0,
            restore: false,
            best: goal.worst(),
            waited: 0,
            weights: None,
        }
    }

    /// What is better.
    pub fn goal(self, goal: Goal) -> Self {
        EarlyStopping { goal, best: goal.worst(), ..self }
    }

    /// So many epochs without improvement are waited for.
    pub fn patience(self, epochs: usize) -> Self {
        EarlyStopping { patience: epochs, ..self }
    }

    /// Smaller changes are no improvement.
    pub fn min_delta(self, delta: f64) -> Self {
        EarlyStopping { min_delta: delta.abs(), ..self }
    }

    /// Sets the params to those of the best epoch when the training ends, whatever ends it: the model, and with it what the
    /// optimizer keeps, its count of steps too, so that another training goes on from there.
    pub fn restore_best(self) -> Self {
        EarlyStopping { restore: true, ..self }
    }

    /// The best value so far.
    pub fn best(&self) -> f64 {
        self.best
    }
}

impl Callback for EarlyStopping {
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let value = event.value(&self.value)?;
        if self.goal.is_better(value, self.best, self.min_delta) {
            (self.best, self.waited) = (value, 0);
            if self.restore {
                self.weights = Some(event.params.clone());
            }
            return Ok(());
        }
        self.waited += 1;
        if self.waited >= self.patience.max(1) {
            event.stop();
        }
        Ok(())
    }

    fn end(&mut self, event: &mut Event<'_>) -> Result<()> {
        self.weights.as_ref().map_or(Ok(()), |best| put_back(best, event.params))
    }

    fn save(&self, state: &mut Params) {
        state.add("best", Kind::State, [self.best, self.waited as f64]);
        if let Some(weights) = &self.weights {
            save_params(weights, state);
        }
    }

    fn restore(&mut self, state: &Params) -> Result<()> {
        let [best, waited] = saved(state, "best")?;
        (self.best, self.waited, self.weights) = (best, waited as usize, saved_params(state));
        Ok(())
    }
}
