//! One parameter, as transforms see it.

use super::update::{Entry, Missing, Now, Numbers};
use crate::Update;
use chainrule_tape::{DType, Kind, Meta, ParamId, Shape, Tensor, Var};
use std::fmt;

/// One parameter in an [`Update`].
#[derive(Clone, Copy)]
pub struct Target<'u, 't> {
    at: &'u Update<'t>,
    index: usize,
}

impl<'u, 't> Target<'u, 't> {
    pub(crate) fn new(at: &'u Update<'t>, index: usize) -> Target<'u, 't> {
        Target { at, index }
    }

    fn entry(self) -> &'u Entry<'t> {
        &self.at.entries[self.index]
    }

    /// The number of its group.
    pub(crate) fn group(self) -> usize {
        self.entry().group
    }

    /// Its name, such as `hidden.weight`.
    pub fn name(self) -> &'u str {
        self.at.params.name(self.entry().id)
    }

    /// Its id.
    pub fn id(self) -> ParamId {
        self.entry().id
    }

    /// Its value before the step.
    pub fn value(self) -> Var<'t> {
        self.entry().value
    }

    /// The learning rate of the step: a scalar of the parameter's dtype.
    #[track_caller]
    pub fn lr(self) -> Var<'t> {
        // The same for all transforms and parameters.
        self.number(0, "lr", None, |now| now.lr)
    }

    /// A number that is computed in `f64` before each step, such as a bias correction: a scalar of the parameter's
    /// dtype, at no cost per element. The key names it within the transform; parameters share it.
    ///
    /// ```
    /// # use chainrule_optim::{Target, Transform};
    /// # use chainrule_tape::Var;
    /// /// Gradient descent with the rate lr/√t.
    /// #[derive(Debug)]
    /// struct Slowing;
    ///
    /// impl Transform for Slowing {
    ///     fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
    ///         g * p.per_step("rate", |now| now.lr / (now.step as f64).sqrt())
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn per_step(self, key: &str, value: impl Fn(Now) -> f64 + Send + Sync + 'static) -> Var<'t> {
        let stage = self.at.made.borrow().stage;
        self.number(stage, key, self.entry().since, value)
    }

    /// The square root of an average of squares. In a step that is recorded to be differentiated
    /// ([`Optimizer::unroll`](crate::Optimizer::unroll), [`record_with`](crate::Optimizer::record_with)) its derivative at 0 is 0, not
    /// infinite: where all squares so far are 0, so are their derivatives, and a product with infinity would make every
    /// derivative through the step NaN.
    ///
    /// ```
    /// # use chainrule_optim::{Target, Transform};
    /// # use chainrule_tape::Var;
    /// /// The gradient over its own size.
    /// #[derive(Debug)]
    /// struct Normalized;
    ///
    /// impl Transform for Normalized {
    ///     fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
    ///         g / (p.root(g.square()) + 1e-8) * p.lr()
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn root(self, squares: Var<'t>) -> Var<'t> {
        match self.at.numbers {
            Numbers::Recorded { .. } => {
                let positive = squares.gt(0.0);
                positive.select(positive.select(squares, 1.0).sqrt(), 0.0)
            }
            Numbers::Inputs | Numbers::Constants { .. } => squares.sqrt(),
        }
    }

    #[track_caller]
    fn number(
        self,
        stage: usize,
        key: &str,
        since: Option<ParamId>,
        value: impl Fn(Now) -> f64 + Send + Sync + 'static,
    ) -> Var<'t> {
        self.at.number(stage, key, self.value().dtype(), since, self.group(), value)
    }

    /// Memory of the parameter's shape and dtype: what [`keep`](Target::keep) stored under this key in the step
    /// before, zeros in the first. It lives in the params as `optim.KEY.NAME` and is saved with them.
    #[track_caller]
    pub fn state(self, key: &str) -> Var<'t> {
        self.state_full(key, 0.0)
    }

    /// The same, with this number in every element in the first step.
    #[track_caller]
    pub fn state_full(self, key: &str, initial: f64) -> Var<'t> {
        self.state_shaped(key, self.value().shape(), initial)
    }

    /// The same, of another shape than the parameter's: a row's average, a scalar.
    #[track_caller]
    pub fn state_shaped(self, key: &str, shape: impl Into<Shape>, initial: f64) -> Var<'t> {
        let (shape, dtype) = (shape.into(), self.value().dtype());
        let first =
            || (full(shape.clone(), initial, dtype), self.at.tape().full(shape.clone(), initial, dtype));
        self.remembered(key, &Meta::new(&shape, dtype), first)
    }

    /// Memory that is the parameter's own value in the first step.
    #[track_caller]
    pub fn state_of_value(self, key: &str) -> Var<'t> {
        let first = || (self.at.params.tensor(self.id()).clone(), self.value());
        self.remembered(key, &self.value().meta(), first)
    }

    #[track_caller]
    fn remembered(self, key: &str, meta: &Meta, first: impl Fn() -> (Tensor, Var<'t>)) -> Var<'t> {
        let update = self.at;
        let Some(id) = update.params.memory(self.id(), key) else {
            let (name, (value, var)) = (self.state_name(key), first());
            let made = &mut *update.made.borrow_mut();
            let own = &made.states[self.index];
            if own.missing.iter().all(|&other| made.missing[other].name != name) {
                let first_of = (!own.remembered).then_some(self.id());
                made.states[self.index].missing.push(made.missing.len());
                made.missing.push(Missing { name, value, first_of });
            }
            return var;
        };
        let tensor = update.params.tensor(id);
        let found = (tensor.shape(), tensor.dtype());
        if update.params.kind(id) != Kind::Optimizer || found != (&meta.shape, meta.dtype) {
            let (name, (shape, dtype)) = (self.state_name(key), found);
            let what = format!(
                "the params' `{name}` ({shape} {dtype}) is not this optimizer's memory of `{}`",
                self.name()
            );
            return update.tape().fail("optimizer", what, &[self.value()]);
        }
        let made = &mut *update.made.borrow_mut();
        let own = &mut made.states[self.index];
        own.remembered = true;
        own.missing.iter().for_each(|&missing| made.missing[missing].first_of = None);
        update.tape().param(id)
    }

    /// Stores a value for the next step, and returns what is stored: the value without
    /// [subnormals](Var::flush_subnormals), which an average becomes once its gradients stay away. Once for each key and step.
    #[track_caller]
    pub fn keep(self, key: &str, value: Var<'t>) -> Var<'t> {
        let value = value.flush_subnormals();
        let found = self.at.params.memory(self.id(), key);
        self.at.store(Some(self.index), found, key, || self.state_name(key), value);
        value
    }

    fn state_name(self, key: &str) -> String {
        format!("optim.{key}.{}", self.name())
    }

    /// What weight decay adds to the step, as a multiple of the rate, for a rule that has its own place for it:
    /// `rate·p`. None if there is none.
    pub(crate) fn decay(self) -> Option<Var<'t>> {
        self.at.made.borrow().states[self.index].decay
    }

    pub(crate) fn set_decay(self, term: Var<'t>) {
        self.at.made.borrow_mut().states[self.index].decay = Some(term);
    }

    /// The value from which the step is taken: the parameter's own, unless [`start_from`](Target::start_from) set
    /// another.
    pub fn start(self) -> Var<'t> {
        self.at.made.borrow().states[self.index].start.unwrap_or(self.value())
    }

    /// Takes the step from this value instead of the parameter's own: `p ← value - update`.
    pub fn start_from(self, value: Var<'t>) {
        self.at.made.borrow_mut().states[self.index].start = Some(value);
    }
}

impl fmt::Debug for Target<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name(), self.value())
    }
}

/// A tensor with this number in every element.
fn full(shape: Shape, value: f64, dtype: DType) -> Tensor {
    match dtype {
        DType::F32 => Tensor::full(shape, value as f32),
        _ => Tensor::full(shape, value),
    }
}
