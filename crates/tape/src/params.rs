//! Named tensors that a model owns.

mod alias;
mod file;
mod header;
mod load;
mod names;
mod other;
mod pattern;
mod read;
mod scope;
mod snapshot;

pub use load::Loaded;
pub use pattern::name_fits;
pub use scope::Scope;

use crate::{DType, Error, Result, Shape, Tensor};
use names::Names;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A model's named tensors, in the order in which they were made: parameters to train, frozen ones, and state.
///
/// A layer holds [`ParamId`]s, not data, so the same model runs with other `Params`: an average, a checkpoint, a
/// member of an ensemble. Cloning copies no elements (see [`Tensor`]).
///
/// ```
/// use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(7);
/// let weight = params.root().sub("hidden").param("weight", Tensor::from([[0.5f32, -1.0]]));
/// assert_eq!(params.name(weight), "hidden.weight");
/// assert_eq!(params.get("hidden.weight").unwrap().numel(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Params {
    names: Arc<Names>,
    tensors: Vec<Tensor>,
    seed: u64,
    dtype: DType,
    /// Changes with every change of names, kinds, shapes or dtypes: what a program was made for.
    layout: u64,
    /// The first mistake made while building the model.
    error: Option<Error>,
}

/// What a named tensor is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Changed by training.
    Trainable,
    /// A parameter that training leaves as it is.
    Frozen,
    /// Part of the model that is not trained by gradient: running statistics, counters.
    State,
    /// An optimizer's memory: moments, step counters. Not part of the model.
    Optimizer,
}

/// A tensor's place in [`Params`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct ParamId(pub(crate) u32);

impl ParamId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Params {
    /// The name of the tensor in which optimizers count their steps, an `i64`.
    pub const STEP: &str = "optim.step";

    /// No tensors yet. Initial values will be drawn from this seed: the same seed and names give the same values.
    pub fn seeded(seed: u64) -> Params {
        let (names, tensors) = (Arc::default(), Vec::new());
        Params { names, tensors, seed, dtype: DType::F32, layout: next_layout(), error: None }
    }

    /// The same, with this floating-point type for the layers' parameters (`f32` unless told).
    pub fn with_dtype(mut self, dtype: DType) -> Params {
        if !dtype.is_float() {
            self.mistake(format!("parameters are floating point; {dtype} is not"));
        }
        self.dtype = dtype;
        self
    }

    /// Where a model registers its tensors.
    pub fn root(&mut self) -> Scope<'_> {
        Scope::root(self)
    }

    /// The floating-point type of the layers' parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of tensors, of all kinds.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The number of elements in trainable tensors.
    pub fn trainable_count(&self) -> usize {
        self.iter().filter(|(_, kind, _)| *kind == Kind::Trainable).map(|(_, _, tensor)| tensor.numel()).sum()
    }

    /// Name, kind and tensor of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Kind, &Tensor)> {
        self.names
            .kinds
            .iter()
            .zip(&self.tensors)
            .map(|((name, &kind), tensor)| (name.as_str(), kind, tensor))
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<> {
        (0..self.tensors.len() as u32).map(ParamId)
    }

    /// The tensor of that name, or of that [other name](Params::alias).
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.id(name).map(|id| self.tensor(id))
    }

    /// The id of that name, or of that [other name](Params::alias).
    pub fn id(&self, name: &str) -> Option<ParamId> {
        self.names.id(name)
    }

    /// An optimizer's memory of a parameter, the tensor `optim.KEY.NAME`.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let mut params = Params::seeded(0);
    /// let w = params.add("w", Kind::Trainable, [1.0, 2.0]);
    /// let m = params.add("optim.adam.m.w", Kind::Optimizer, [0.0, 0.0]);
    /// assert_eq!((params.memory(w, "adam.m"), params.memory(w, "adam.v")), (Some(m), None));
    /// ```
    pub fn memory(&self, of: ParamId, key: &str) -> Option<ParamId> {
        let memories = self.names.memories.get(of.index())?;
        memories.iter().find(|(found, _)| **found == *key).map(|&(_, id)| id)
    }

    /// The name.
    ///
    /// # Panics
    /// Like the other methods that take a [`ParamId`]: if it belongs to `Params` with more tensors than these.
    pub fn name(&self, id: ParamId) -> &str {
        self.names.kinds.get_index(id.index()).expect("an id of these params").0
    }

    /// The tensor.
    pub fn tensor(&self, id: ParamId) -> &Tensor {
        &self.tensors[id.index()]
    }

    /// What it is for.
    pub fn kind(&self, id: ParamId) -> Kind {
        self.names.kinds[id.index()]
    }

    /// Replaces a tensor's values.
    ///
    /// # Errors
    /// If there is no such name, or shape or dtype differ.
    pub fn set(&mut self, name: &str, tensor: impl Into<Tensor>) -> Result<()> {
        let tensor = tensor.into();
        let Some(id) = self.id(name) else {
            return Err(Error::Params(format!("there is no parameter `{name}`")));
        };
        let (old, new) = (self.tensor(id), &tensor);
        if old.shape() != new.shape() || old.dtype() != new.dtype() {
            return Err(Error::Params(format!(
                "`{name}` is {} {}; it can't be set to {} {}",
                old.shape(),
                old.dtype(),
                new.shape(),
                new.dtype()
            )));
        }
        *self.tensor_mut(id) = tensor;
        Ok(())
    }

    /// Adds a tensor, or returns the id of an [`Optimizer`](Kind::Optimizer) tensor that is there already.
    /// Another name that exists is a mistake, reported when the params are used.
    pub fn add(&mut self, name: &str, kind: Kind, tensor: impl Into<Tensor>) -> ParamId {
        let tensor = tensor.into();
        if let Some(id) = self.id(name) {
            let found = self.tensor(id);
            let same = found.shape() == tensor.shape() && found.dtype() == tensor.dtype();
            if !(kind == Kind::Optimizer && self.kind(id) == kind && same) {
                self.mistake(format!(
                    "there are two parameters `{name}`: give each layer a scope of its own"
                ));
            }
            return id;
        }
        if name.is_empty() {
            self.mistake("a parameter needs a name".into());
        }
        self.layout = next_layout();
        self.tensors.push(tensor);
        Arc::make_mut(&mut self.names).add(name, kind)
    }

    /// Gives a tensor another name. A name that is taken is a mistake, as is a tensor that isn't there.
    pub(crate) fn rename(&mut self, id: ParamId, name: &str) {
        let known = !name.is_empty() && id.index() < self.len();
        if known && Arc::make_mut(&mut self.names).rename(id, name) {
            self.layout = next_layout();
        } else {
            self.mistake(format!("no parameter can be renamed to `{name}`"));
        }
    }

    /// These params without any optimizer's memory: the model alone.
    ///
    /// # Errors
    /// If a tensor of the model was added after the optimizer's: without those, its id would be another.
    pub fn without_optimizer(&self) -> Result<Params> {
        let of_model = |kind: Kind| kind != Kind::Optimizer;
        let end = self.iter().take_while(|&(_, kind, _)| of_model(kind)).count();
        if let Some((name, ..)) = self.iter().skip(end).find(|&(_, kind, _)| of_model(kind)) {
            return Err(Error::Params(format!(
                "`{name}` was added after the optimizer's tensors: make the model first"
            )));
        }
        let mut names = Names::default();
        for (name, kind, _) in self.iter().take(end) {
            names.add(name, kind);
        }
        names.aliases = self.names.aliases.clone();
        names.aliases.retain(|_, id| id.index() < end);
        let tensors = self.tensors[..end].to_vec();
        Ok(Params { names: Arc::new(names), tensors, layout: next_layout(), ..self.clone() })
    }

    pub(crate) fn mistake(&mut self, what: String) {
        self.error.get_or_insert(Error::Params(what));
    }

    /// The first mistake made while building the model.
    ///
    /// # Errors
    /// That mistake. Everything that uses params calls this.
    pub fn check(&self) -> Result<()> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// A number that changes with every change of names, kinds, shapes or dtypes. Clones have their original's; params that
    /// were built apart have different ones.
    pub fn layout(&self) -> u64 {
        self.layout
    }

    pub(crate) fn tensor_mut(&mut self, id: ParamId) -> &mut Tensor {
        &mut self.tensors[id.index()]
    }

    /// Puts another tensor there, of whatever shape.
    pub(crate) fn replace(&mut self, id: ParamId, tensor: Tensor) {
        self.layout = next_layout();
        self.tensors[id.index()] = tensor;
    }

    pub(crate) fn shape_of(&self, id: ParamId) -> Option<(&Shape, DType)> {
        self.tensors.get(id.index()).map(|tensor| (tensor.shape(), tensor.dtype()))
    }
}

fn next_layout() -> u64 {
    static LAYOUTS: AtomicU64 = AtomicU64::new(1);
    LAYOUTS.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_used_twice_is_reported() {
        let mut params = Params::seeded(0);
        params.root().param("weight", Tensor::from([1.0f32]));
        params.root().param("weight", Tensor::from([2.0f32]));
        assert!(params.check().unwrap_err().to_string().contains("`weight`"));
    }

    #[test]
    fn memories_are_found_whatever_came_first() {
        let mut params = Params::seeded(0);
        for name in ["optim.m.a.b", "a.b", "optim.v.a.b", "optim.m.b", "b"] {
            params.add(name, Kind::Optimizer, 1.0f32);
        }
        let id = |name| params.id(name).unwrap();
        let found = |of, key| params.memory(id(of), key).map(|id| params.name(id));
        assert_eq!(found("a.b", "m"), Some("optim.m.a.b"));
        assert_eq!(found("a.b", "v"), Some("optim.v.a.b"));
        assert_eq!((found("b", "m"), found("b", "m.a")), (Some("optim.m.b"), Some("optim.m.a.b")));
        assert_eq!(found("b", "v"), None);
        assert_eq!(params.without_optimizer().unwrap().len(), 0);
    }

    #[test]
    fn setting_checks_name_and_shape() {
        let mut params = Params::seeded(0);
        params.add("w", Kind::Trainable, [1.0f32, 2.0]);
        assert!(params.set("v", [1.0f32]).unwrap_err().to_string().contains("`v`"));
        assert!(params.set("w", [1.0f32]).unwrap_err().to_string().contains("[2] f32"));
        params.set("w", [3.0f32, 4.0]).unwrap();
        assert_eq!(params.get("w").unwrap().to_f64(), [3.0, 4.0]);
    }
}
