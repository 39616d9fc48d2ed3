//! The best model in a file.

use super::{Goal, saved};
use crate::{Callback, Event};
use chainrule_tape::{Kind, Params, Result};
use std::path::PathBuf;

/// Writes the model to a file whenever a value has become better: Keras's `ModelCheckpoint` with `save_best_only`. The file has
/// the [model](Event::model) as it was judged, without the optimizer's tensors.
///
/// ```
/// use chainrule_train::BestWeights;
/// let best = BestWeights::new("val_accuracy", "best.safetensors");
/// ```
#[derive(Clone, Debug)]
pub struct BestWeights {
    value: String,
    goal: Goal,
    path: PathBuf,
    best: f64,
}

impl BestWeights {
    /// Watches this value, as [`EarlyStopping`](crate::EarlyStopping) does.
    pub fn new(value: impl Into<String>, path: impl Into<PathBuf>) -> BestWeights {
        let value = value.into();
        let goal = Goal::of(&value);
        BestWeights { value, goal, path: path.into(), best: goal.worst() }
    }

    /// What is better.
    pub fn goal(self, goal: Goal) -> Self {
        BestWeights { goal, best: goal.worst(), ..self }
    }

    /// The best value so far.
    pub fn best(&self) -> f64 {
        self.best
    }
}

impl Callback for BestWeights {
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let value = event.value(&self.value)?;
        if self.goal.is_better(value, self.best, 0.0) {
            event.model()?.save(&self.path)?;
            self.best = value;
        }
        Ok(())
    }

    fn save(&self, state: &mut Params) {
        state.add("best", Kind::State, [self.best]);
    }

    fn restore(&mut self, state: &Params) -> Result<()> {
        [self.best] = saved(state, "best")?;
        Ok(())
    }
}
