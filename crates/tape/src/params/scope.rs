//! Where a layer registers its tensors.

use super::{Kind, ParamId, Params};
use crate::{DType, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A prefix of names in [`Params`], from which a layer makes its tensors: `at.sub("hidden")` holds `hidden.weight`.
///
/// Each tensor's initial values are drawn from a generator seeded by the params' seed and the tensor's full name, so
/// adding a layer changes no other layer's values.
#[derive(Debug)]
pub struct Scope<'p> {
    params: &'p mut Params,
    prefix: String,
}

impl<'p> Scope<'p> {
    pub(crate) fn root(params: &'p mut Params) -> Scope<'p> {
        Scope { params, prefix: String::new() }
    }

    /// The scope `name` within this one.
    pub fn sub(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix = self.full(&name.to_string());
        Scope { params: self.params, prefix }
    }

    /// Adds a tensor to be trained.
    pub fn param(&mut self, name: &str, tensor: impl Into<Tensor>) -> ParamId {
        let name = self.full(name);
        self.params.add(&name, Kind::Trainable, tensor)
    }

    /// Adds a tensor of state: running statistics, a counter.
    pub fn state(&mut self, name: &str, tensor: impl Into<Tensor>) -> ParamId {
        let name = self.full(name);
        self.params.add(&name, Kind::State, tensor)
    }

    /// The tensor `name` of this scope, if there is one: what a layer that was made here has registered (not another's, which has
    /// this name too).
    pub fn find(&self, name: &str) -> Option<ParamId> {
        let name = self.full(name);
        self.params.id(&name).filter(|&id| self.params.name(id) == name)
    }

    /// Gives a tensor of the model another name, in this scope, before it is trained: how a wrapper of a layer says what it makes
    /// of the layer's weight. Its values stay, also those drawn by the old name. A name that is taken is a mistake.
    ///
    /// ```
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(0);
    /// let mut at = params.root();
    /// let weight = at.param("weight", Tensor::from([1.0f32]));
    /// at.sub("parametrizations").rename(weight, "weight");
    /// assert_eq!(params.name(weight), "parametrizations.weight");
    /// ```
    pub fn rename(&mut self, id: ParamId, name: &str) {
        let name = self.full(name);
        self.params.rename(id, &name);
    }

    /// Gives a tensor one more name, in this scope: see [`Params::alias`].
    pub fn alias(&mut self, name: &str, id: ParamId) {
        let name = self.full(name);
        self.params.alias(&name, id);
    }

    /// The generator for the initial values of the tensor `name`.
    pub fn rng(&self, name: &str) -> StdRng {
        let mut key = crate::record::Key::default();
        key.write_str(&self.full(name));
        key.write(self.params.seed());
        StdRng::from_seed(key.to_seed())
    }

    /// The floating-point type for parameters.
    pub fn dtype(&self) -> DType {
        self.params.dtype()
    }

    /// All tensors so far.
    pub fn params(&self) -> &Params {
        self.params
    }

    /// The full name of this scope.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Notes a mistake in building the model; using the params reports the first one.
    pub fn mistake(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.params.mistake(if self.prefix.is_empty() { what } else { format!("{}: {what}", self.prefix) });
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
