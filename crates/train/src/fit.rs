//! The training loop.

use crate::checkpoint::{self, Position};
use crate::feed::{Feed, Order};
use crate::interrupt::Interrupt;
use crate::progress::{Progress, Show};
use crate::{Callback, Event, History, Trainer};
use chainrule_data::Dataset;
use chainrule_tape::{Error, Params, Result, Tensor};
use std::fmt;
use std::path::PathBuf;

/// A training that is set up by these methods and started by [`run`](Fit::run). [`Trainer::fit`] makes it.
///
/// Unless told otherwise: one epoch, batches of 32, shuffled by the params' seed, and a progress bar on a terminal.
#[must_use = "nothing is trained until `run`"]
pub struct Fit<'a, 'f> {
    trainer: &'a mut Trainer<'f>,
    params: &'a mut Params,
    data: Feed<'a>,
    validation: Option<Feed<'a>>,
    epochs: usize,
    order: Order,
    callbacks: Vec<Box<dyn Callback + 'a>>,
    checkpoint: Option<PathBuf>,
    every: Option<u64>,
    resume: bool,
    ctrl_c: bool,
    show: Show,
}

impl<'a, 'f> Fit<'a, 'f> {
    pub(crate) fn new(trainer: &'a mut Trainer<'f>, params: &'a mut Params, data: Feed<'a>) -> Self {
        let order = Order { size: 32, seed: Some(params.seed()), drop_last: false };
        Fit {
            trainer,
            params,
            data,
            validation: None,
            epochs: 1,
            order,
            callbacks: Vec::new(),
            checkpoint: None,
            every: None,
            resume: false,
            ctrl_c: false,
            show: Show::default(),
        }
    }

    /// Passes over the data.
    pub fn epochs(self, epochs: usize) -> Self {
        Fit { epochs, ..self }
    }

    /// Rows in a batch, 1 or more. (Batches that a function makes have the size that it gives them.)
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.order.size = rows;
        self
    }

    /// Leaves out the last batch of an epoch where it is short: batch norm can't learn from a single row.
    pub fn drop_last(mut self) -> Self {
        self.order.drop_last = true;
        self
    }

    /// The seed of the order of the rows, another for each epoch.
    pub fn seed(mut self, seed: u64) -> Self {
        self.order.seed = Some(seed);
        self
    }

    /// Takes the rows in the order in which they are.
    pub fn in_order(mut self) -> Self {
        self.order.seed = None;
        self
    }

    /// Measures loss and metrics on this set after each epoch, under names with `val_` before them.
    pub fn validation(self, data: &'a Dataset) -> Self {
        Fit { validation: Some(Feed::Set(data)), ..self }
    }

    /// The same on batches that are made when they are needed: `batch(i)` for `i` in `0..batches`.
    pub fn validation_on(
        self,
        batches: usize,
        batch: impl Fn(usize) -> Result<(Tensor, Tensor)> + 'a,
    ) -> Self {
        Fit { validation: Some(Feed::Made { batches, batch: Box::new(move |_, i| batch(i)) }), ..self }
    }

    /// Does this too, in the order of the calls. A `&mut` callback can be looked at afterwards.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Writes everything that the training is to this file, after each epoch and when it ends early: parameters, the optimizer's
    /// memory, seed, place in the data, values so far, and what callbacks keep. The file appears whole or not at all.
    ///
    /// [`resume`](Fit::resume) goes on from it, and `Params::load` takes the parameters alone.
    pub fn checkpoint(self, path: impl Into<PathBuf>) -> Self {
        Fit { checkpoint: Some(path.into()), ..self }
    }

    /// Writes the checkpoint after so many steps as well.
    pub fn checkpoint_every(self, steps: u64) -> Self {
        Fit { every: Some(steps.max(1)), ..self }
    }

    /// Goes on from the [checkpoint](Fit::checkpoint)'s file if it is there. The training then has the same bits as one that
    /// was never stopped. Without a checkpoint it is an error of the run.
    pub fn resume(self) -> Self {
        Fit { resume: true, ..self }
    }

    /// Makes Ctrl-C (and a signal to terminate) end the training after the step, with the checkpoint written, the callbacks'
    /// ends called and the history returned. A second Ctrl-C ends the program at once.
    pub fn stop_on_ctrl_c(self) -> Self {
        Fit { ctrl_c: true, ..self }
    }

    /// Shows nothing.
    pub fn silent(self) -> Self {
        Fit { show: Show::Nothing, ..self }
    }

    /// Shows a line an epoch and no bar.
    pub fn lines(self) -> Self {
        Fit { show: Show::Lines, ..self }
    }

    /// Trains.
    ///
    /// # Errors
    /// Mistakes in the model, with their source line, or in the data; a loss that is not finite; files that can't be read or
    /// written; a checkpoint of another training; what a callback returns. What was trained until then is in the params.
    #[track_caller]
    pub fn run(mut self) -> Result<History> {
        self.check()?;
        let mut at = Position::default();
        if self.resume
            && let Some(path) = self.checkpoint.as_ref().filter(|path| path.exists())
        {
            let (position, lr) = checkpoint::read(path, self.params, &mut self.callbacks, self.order)?;
            at = position;
            self.trainer.lr = lr;
            self.trainer.step.set_lr(lr);
        }
        if self.params.trainable_count() == 0 {
            let what =
                if self.params.is_empty() { "there are no parameters" } else { "all parameters are frozen" };
            return Err(Error::Params(format!("there is nothing to train: {what}")));
        }
        let interrupt = if self.ctrl_c { Some(Interrupt::listen()?) } else { None };
        let mut stop = false;
        self.tell(&mut at, &mut stop, |callback, event| callback.begin(event))?;
        let mut progress = Progress::new(self.show, self.epochs);
        while at.epoch < self.epochs && !stop {
            let whole = self.epoch(&mut at, &mut stop, &mut progress, interrupt.as_ref())?;
            if whole {
                self.measure(&mut at)?;
                self.tell(&mut at, &mut stop, |callback, event| callback.epoch_end(event))?;
                progress.epoch(&at.history);
            }
            if let Some(path) = &self.checkpoint {
                checkpoint::write(path, self.params, &self.callbacks, self.order, &at, self.trainer.lr)?;
            }
        }
        progress.end();
        at.history.interrupted = interrupt.as_ref().is_some_and(Interrupt::came);
        self.tell(&mut at, &mut stop, |callback, event| callback.end(event))?;
        Ok(at.history)
    }

    /// What is wrong with the settings, if something is.
    fn check(&self) -> Result<()> {
        if self.order.size == 0 {
            return Err(Error::Input("a batch has one row or more: batch_size is 0".into()));
        }
        if self.data.batches(self.order.size, self.order.drop_last) == 0 {
            return Err(Error::Input(format!(
                "there are no batches to train on: {}",
                self.data.described(self.order)
            )));
        }
        if let Some(validation) = &self.validation
            && validation.batches(self.order.size, false) == 0
        {
            return Err(Error::Input("there are no batches to validate on".into()));
        }
        if self.resume && self.checkpoint.is_none() {
            return Err(Error::Input(
                "resume goes on from a file that checkpoint(path) names: there is none".into(),
            ));
        }
        self.trainer.check()
    }

    /// Takes the steps of an epoch that are left. Gives whether all of them were taken.
    #[track_caller]
    fn epoch(
        &mut self,
        at: &mut Position,
        stop: &mut bool,
        progress: &mut Progress,
        interrupt: Option<&Interrupt>,
    ) -> Result<bool> {
        // The rest of `self` is used while the batches are iterated.
        let data = std::mem::replace(&mut self.data, Feed::None);
        let result = self.steps(&data, at, stop, progress, interrupt);
        self.data = data;
        result
    }

    /// [`epoch`](Fit::epoch), of this data. (No closure: what is wrong with the loss is said of the line that called
    /// [`run`](Fit::run).)
    #[track_caller]
    fn steps(
        &mut self,
        data: &Feed<'_>,
        at: &mut Position,
        stop: &mut bool,
        progress: &mut Progress,
        interrupt: Option<&Interrupt>,
    ) -> Result<bool> {
        let batches = data.batches(self.order.size, self.order.drop_last);
        progress.begin(at.epoch, at.batch, batches);
        for batch in data.epoch(at.epoch as u64, at.batch, self.order) {
            let (x, y) = batch?;
            at.lr = self.trainer.step.lr(self.params);
            at.loss = self.trainer.step.run(self.params, [&x, &y])?;
            let rows = x.shape().first().copied().unwrap_or(1);
            at.sum += at.loss * rows as f64;
            at.rows += rows;
            at.batch += 1;
            progress.step(at.sum / at.rows as f64);
            self.tell(at, stop, |callback, event| callback.step_end(event))?;
            *stop |= interrupt.is_some_and(Interrupt::came);
            if *stop {
                break;
            }
            if let (Some(path), Some(every)) = (&self.checkpoint, self.every)
                && self.trainer.step.steps(self.params).is_multiple_of(every)
            {
                checkpoint::write(path, self.params, &self.callbacks, self.order, at, self.trainer.lr)?;
            }
        }
        Ok(at.batch == batches)
    }

    /// Closes an epoch: its values go into the history.
    fn measure(&mut self, at: &mut Position) -> Result<()> {
        let mut values = vec![("loss".to_owned(), at.sum / at.rows as f64)];
        if let Some(validation) = &self.validation {
            let logs = self.trainer.judge(self.params, validation, self.order.size)?;
            values.extend(logs.into_iter().map(|(name, value)| (format!("val_{name}"), value)));
        }
        values.push(("lr".to_owned(), at.lr));
        at.history.push(values.iter().map(|(name, value)| (name.as_str(), *value)));
        (at.epoch, at.batch, at.sum, at.rows) = (at.epoch + 1, 0, 0.0, 0);
        Ok(())
    }

    /// Calls all callbacks, and takes over the learning rate that they may have set.
    fn tell(
        &mut self,
        at: &mut Position,
        stop: &mut bool,
        call: impl Fn(&mut dyn Callback, &mut Event<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.callbacks.is_empty() {
            return Ok(());
        }
        let (mut lr, trainer) = (self.trainer.lr, &mut *self.trainer);
        let judged = |params: &Params| trainer.step.evaluation(params);
        let mut event = Event {
            // Between epochs, the one that has ended.
            epoch: if at.batch == 0 { at.epoch } else { at.epoch + 1 },
            epochs: self.epochs,
            step: trainer.step.steps(self.params),
            loss: at.loss,
            lr: at.lr,
            params: self.params,
            history: &at.history,
            judged: &judged,
            base_lr: &mut lr,
            stop,
        };
        for callback in &mut self.callbacks {
            call(&mut **callback, &mut event)?;
        }
        if lr != trainer.lr {
            trainer.lr = lr;
            trainer.step.set_lr(lr);
        }
        Ok(())
    }
}

impl fmt::Debug for Fit<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fit of {} epochs by {:?}", self.epochs, self.trainer)
    }
}
