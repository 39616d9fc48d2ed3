//! What is done between steps and epochs.

use crate::History;
use chainrule_tape::{Kind, Params, Result};
use std::fmt;

/// Something to be done while a model is trained, besides training it.
///
/// ```
/// use chainrule_tape::Result;
/// use chainrule_train::{Callback, Event};
///
/// /// Stops as soon as the training loss is small enough.
/// struct GoodEnough(f64);
///
/// impl Callback for GoodEnough {
///     fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
///         if event.value("loss")? < self.0 {
///             event.stop();
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback {
    /// Before the first step, also when a training is resumed.
    ///
    /// # Errors
    /// Whatever an implementation returns ends the training; so it is with the other methods.
    fn begin(&mut self, event: &mut Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// After each step. [`Event::loss`] is its loss.
    ///
    /// # Errors
    /// As [`begin`](Callback::begin).
    fn step_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// After each epoch, when its values are in [`Event::history`].
    ///
    /// # Errors
    /// As [`begin`](Callback::begin).
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// After the last step, whatever ended the training.
    ///
    /// # Errors
    /// As [`begin`](Callback::begin).
    fn end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// What a resumed training needs to know of this callback, as named tensors; nothing unless implemented.
    fn save(&self, state: &mut Params) {
        let _ = state;
    }

    /// Takes what [`save`](Callback::save) gave.
    ///
    /// # Errors
    /// If something is missing.
    fn restore(&mut self, state: &Params) -> Result<()> {
        let _ = state;
        Ok(())
    }
}

impl<C: Callback + ?Sized> Callback for &mut C {
    fn begin(&mut self, event: &mut Event<'_>) -> Result<()> {
        (**self).begin(event)
    }

    fn step_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        (**self).step_end(event)
    }

    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        (**self).epoch_end(event)
    }

    fn end(&mut self, event: &mut Event<'_>) -> Result<()> {
        (**self).end(event)
    }

    fn save(&self, state: &mut Params) {
        (**self).save(state);
    }

    fn restore(&mut self, state: &Params) -> Result<()> {
        (**self).restore(state)
    }
}

/// The state of a training, as callbacks see it.
pub struct Event<'a> {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The number of epochs asked for.
    pub epochs: usize,
    /// The number of steps done, over the whole training.
    pub step: u64,
    /// The loss of the last step.
    pub loss: f64,
    /// The learning rate of the next step, by the schedule.
    pub lr: f64,
    /// The model.
    pub params: &'a mut Params,
    /// The values of all epochs so far.
    pub history: &'a History,
    /// The learning rate before the schedule.
    /// Gives the params with which a model is judged.
    pub(crate) judged: &'a dyn Fn(&Params) -> Result<Params>,
    pub(crate) base_lr: &'a mut f64,
    pub(crate) stop: &'a mut bool,
}

impl Event<'_> {
    /// The model as it is judged after an epoch, and as it is to be used: the params without an optimizer's memory, and with
    /// what the optimizer [finds](chainrule_optim::Optimizer::evaluation) in the place of where it trains, if that is
    /// elsewhere.
    ///
    /// # Errors
    /// As [`TrainStep::evaluation`](chainrule_optim::TrainStep::evaluation).
    pub fn model(&self) -> Result<Params> {
        let mut model = Params::seeded(self.params.seed());
        for (name, kind, tensor) in (self.judged)(self.params)?.iter() {
            if kind != Kind::Optimizer {
                model.add(name, kind, tensor.clone());
            }
        }
        Ok(model)
    }

    /// The last epoch's value of that name: `loss`, `val_loss`, a metric.
    ///
    /// # Errors
    /// If there is no such value: the message lists those that there are.
    pub fn value(&self, name: &str) -> Result<f64> {
        self.history.last(name).ok_or_else(|| {
            let known: Vec<&str> = self.history.names().collect();
            chainrule_tape::Error::Input(format!("no `{name}` is measured: there are {}", known.join(", ")))
        })
    }

    /// Ends the training after this step or epoch.
    pub fn stop(&mut self) {
        *self.stop = true;
    }

    /// The learning rate before the schedule.
    pub fn base_lr(&self) -> f64 {
        *self.base_lr
    }

    /// Sets the learning rate that the schedule multiplies.
    pub fn set_lr(&mut self, lr: f64) {
        *self.base_lr = lr;
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { epoch, epochs, step, loss, lr, .. } = self;
        write!(f, "Event of step {step} in epoch {epoch} of {epochs}: loss {loss}, rate {lr}")
    }
}
