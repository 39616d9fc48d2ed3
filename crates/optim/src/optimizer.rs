//! An optimizer: stages around a rule, and a learning rate.

mod evaluation;
pub(crate) mod group;
pub(crate) mod guard;
mod record;
mod sam;
mod settings;
mod unroll;

use crate::{Schedule, Transform, WeightDecay, constant, limits};
use chainrule_tape::{Error, Result};
use group::{Class, Common, Groups, Rates};
use sam::Sam;
use smallvec::smallvec;
use std::sync::Arc;

pub(crate) use record::Traced;
pub use unroll::Unrolled;

/// An update rule with its learning rate, and what goes before and after it.
///
/// A step takes the gradients through the stages [before](Optimizer::before) the rule (clipping, in the order of the
/// calls), through [weight decay](Optimizer::weight_decay), the rule itself, and the stages
/// [after](Optimizer::after) it. The result is subtracted from the parameters. In which order the settings are called is
/// otherwise of no matter.
///
/// A setting that is out of range is reported by the first run, not by the call.
#[derive(Debug)]
#[must_use = "an optimizer does nothing until a step is made of it"]
pub struct Optimizer<R> {
    pub(crate) rule: R,
    lr: f64,
    /// The rate before it was [set](Optimizer::set_lr).
    first_lr: f64,
    /// By what the rate was [multiplied](Optimizer::scale_lr), which a rate of 0 does not tell.
    scale: f64,
    schedule: Schedule,
    before: Vec<Box<dyn Transform>>,
    pub(crate) decay: WeightDecay,
    after: Vec<Box<dyn Transform>>,
    pub(crate) groups: Groups<R>,
    pub(crate) sam: Option<Sam>,
    pub(crate) skip_nonfinite: bool,
}

impl<R: Transform> Optimizer<R> {
    /// An optimizer by a rule; [`Transform`] shows how to write one.
    pub fn new(lr: f64, rule: R) -> Self {
        Optimizer::begun(Common { lr, schedule: constant(), decay: WeightDecay::new(0.0) }, rule)
    }

    pub(crate) fn begun(Common { lr, schedule, decay }: Common, rule: R) -> Self {
        Optimizer {
            rule,
            lr,
            first_lr: lr,
            scale: 1.0,
            schedule,
            before: Vec::new(),
            decay,
            after: Vec::new(),
            groups: Groups::default(),
            sam: None,
            skip_nonfinite: false,
        }
    }

    /// What the settings of a group begin with.
    pub(crate) fn common(&self) -> Common {
        Common { lr: self.first_lr, schedule: self.schedule.clone(), decay: self.decay.clone() }
    }

    /// Adds a stage between the gradients and weight decay.
    pub fn before(mut self, stage: impl Transform + 'static) -> Self {
        self.before.push(Box::new(stage));
        self
    }

    /// Adds a stage between the rule and the parameters: it takes and gives what is to be subtracted.
    ///
    /// ```
    /// # use chainrule_optim::{Target, Transform, adam};
    /// # use chainrule_tape::Var;
    /// /// A tenth of the rate for a part of the model.
    /// #[derive(Debug)]
    /// struct Slower(&'static str);
    ///
    /// impl Transform for Slower {
    ///     fn update<'t>(&self, p: Target<'_, 't>, step: Var<'t>) -> Var<'t> {
    ///         if p.name().starts_with(self.0) { step * 0.1 } else { step }
    ///     }
    /// }
    ///
    /// let optimizer = adam(1e-3).after(Slower("backbone."));
    /// ```
    pub fn after(mut self, stage: impl Transform + 'static) -> Self {
        self.after.push(Box::new(stage));
        self
    }

    /// The same optimizer, its rule in a box: optimizers of several kinds then have one type.
    pub fn boxed(self) -> Optimizer<Box<dyn Transform>>
    where
        R: 'static,
    {
        let Optimizer {
            rule,
            lr,
            first_lr,
            scale,
            schedule,
            before,
            decay,
            after,
            groups,
            sam,
            skip_nonfinite,
        } = self;
        let rule = Arc::new(rule);
        let groups = groups.boxed(&rule);
        Optimizer {
            rule: Box::new(rule),
            lr,
            first_lr,
            scale,
            schedule,
            before,
            decay,
            after,
            groups,
            sam,
            skip_nonfinite,
        }
    }

    /// The learning rate, before the schedule.
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// Sets the learning rate, before the schedule.
    pub fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// The learning rate of the step after `step` ones.
    pub fn lr_at(&self, step: u64) -> f64 {
        self.lr * self.schedule.factor(step)
    }

    /// The learning rate of the step after `step` ones, if it is one.
    fn checked_lr(&self, lr: f64, step: u64) -> Result<f64> {
        let rate = lr * self.schedule.factor(step);
        if rate >= 0.0 && rate.is_finite() {
            return Ok(rate);
        }
        limits::not_negative("the learning rate", lr).map_err(Error::Params)?;
        let what = format!("the learning rate of step {} (by {:?})", step + 1, self.schedule);
        limits::not_negative(&what, rate).map_err(Error::Params)?;
        Ok(rate)
    }

    /// The learning rates of the step after `step` ones: that of class 0, and those of the others.
    pub(crate) fn rates(&self, classes: &[Class<R>], step: u64) -> Result<Rates> {
        let mut rates: Rates = smallvec![self.checked_lr(self.lr, step)?];
        for Class { settings, .. } in classes {
            rates.push(settings.checked_lr(self.in_proportion(settings), step)?);
        }
        Ok(rates)
    }

    /// The rate of a group, after this optimizer's was set to another.
    fn in_proportion(&self, group: &Optimizer<R>) -> f64 {
        match () {
            () if self.lr == self.first_lr => group.lr,
            () if group.lr == self.first_lr => self.lr * self.times(group),
            () => group.lr * (self.lr / self.first_lr),
        }
    }

    /// How many times this optimizer's rate a group has. Infinite if it has one, and this was made with a rate of 0.
    fn times(&self, group: &Optimizer<R>) -> f64 {
        match () {
            () if group.lr != self.first_lr => group.lr / self.first_lr,
            () if self.first_lr == 0.0 => group.scale,
            () => 1.0,
        }
    }

    /// What is wrong with the settings, if something is.
    ///
    /// # Errors
    /// Names the setting and its value.
    pub fn check(&self) -> Result<()> {
        let stages = self.stages().try_for_each(|stage| stage.check());
        let sam = self.sam.map_or(Ok(()), |sam| sam.check());
        stages.and(sam).and_then(|()| self.schedule.check()).map_err(Error::Params)?;
        self.checked_lr(self.lr, 0).map(drop)
    }

    /// What is wrong with these settings as those of a group, if something is.
    pub(crate) fn check_group(&self, name: &str) -> Result<()> {
        let apart = self.before.is_empty() && self.after.is_empty() && self.groups.patterns.is_empty();
        if !apart || self.sam.is_some() || self.skip_nonfinite {
            return Err(Error::Params(format!(
                "group({name:?}): a group has its own rate, schedule, weight decay and rule; stages are those of all"
            )));
        }
        self.check().map_err(|error| Error::Params(format!("group({name:?}): {error}")))
    }

    fn stages(&self) -> impl Iterator<Item = &dyn Transform> {
        let own: [&dyn Transform; 2] = [&self.decay, &self.rule];
        let before = self.before.iter().map(|stage| &**stage);
        before.chain(own).chain(self.after.iter().map(|stage| &**stage))
    }
}
