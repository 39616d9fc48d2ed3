//! A learning rate that falls when nothing gets better.

use super::saved;
use crate::{Callback, Event};
use chainrule_optim::{PlateauState, ReduceOnPlateau};
use chainrule_tape::{Kind, Params, Result};

/// Lowers the learning rate when a value has stopped getting better: PyTorch's and Keras's `ReduceLROnPlateau`, by
/// [`ReduceOnPlateau`], which has the settings.
///
/// ```
/// use chainrule_optim::ReduceOnPlateau;
/// use chainrule_train::LowerRate;
/// let lower = LowerRate::new("val_loss", ReduceOnPlateau::new().factor(0.5).patience(3));
/// ```
#[derive(Clone, Debug)]
pub struct LowerRate {
    value: String,
    plateau: ReduceOnPlateau,
    /// The rate before any plateau.
    first: Option<f64>,
}

impl LowerRate {
    /// Watches this value of the history.
    pub fn new(value: impl Into<String>, plateau: ReduceOnPlateau) -> LowerRate {
        LowerRate { value: value.into(), plateau, first: None }
    }
}

impl Callback for LowerRate {
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let first = *self.first.get_or_insert(event.base_lr());
        let factor = self.plateau.step(event.value(&self.value)?)?;
        event.set_lr(first * factor);
        Ok(())
    }

    fn save(&self, state: &mut Params) {
        let PlateauState { best, bad, cooldown, factor } = self.plateau.state();
        let first = self.first.unwrap_or(f64::NAN);
        state.add("plateau", Kind::State, [best, bad as f64, cooldown as f64, factor, first]);
    }

    fn restore(&mut self, state: &Params) -> Result<()> {
        let [best, bad, cooldown, factor, first] = saved(state, "plateau")?;
        let (bad, cooldown) = (bad as u64, cooldown as u64);
        self.plateau.set_state(PlateauState { best, bad, cooldown, factor });
        self.first = (!first.is_nan()).then_some(first);
        Ok(())
    }
}
