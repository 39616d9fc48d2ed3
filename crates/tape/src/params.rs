//! Named tensors that a model owns.

mod file;
mod scope;

pub use scope::Scope;

use crate::{DType, Error, Result, Shape, Tensor};
use indexmap::IndexMap;
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
    entries: IndexMap<String, Entry>,
    seed: u64,
    dtype: DType,
    /// Changes with every change of names, kinds, shapes or dtypes: what a program was made for.
    layout: u64,
    /// The first mistake made while building the model.
    error: Option<Error>,
}

#[derive(Clone, Debug)]
struct Entry {
    tensor: Tensor,
    kind: Kind,
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
        Params { entries: IndexMap::new(), seed, dtype: DType::F32, layout: next_layout(), error: None }
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
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of elements in trainable tensors.
    pub fn trainable_count(&self) -> usize {
        self.iter().filter(|(_, kind, _)| *kind == Kind::Trainable).map(|(_, _, tensor)| tensor.numel()).sum()
    }

    /// Name, kind and tensor of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Kind, &Tensor)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry.kind, &entry.tensor))
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<> {
        (0..self.entries.len() as u32).map(ParamId)
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries.get(name).map(|entry| &entry.tensor)
    }

    /// The id of that name.
    pub fn id(&self, name: &str) -> Option<ParamId> {
        self.entries.get_index_of(name).map(|index| ParamId(index as u32))
    }

    /// The name.
    ///
    /// # Panics
    /// Like the other methods that take a [`ParamId`]: if it belongs to `Params` with more tensors than these.
    pub fn name(&self, id: ParamId) -> &str {
        self.entries.get_index(id.index()).expect("an id of these params").0
    }

    /// The tensor.
    pub fn tensor(&self, id: ParamId) -> &Tensor {
        &self.entries[id.index()].tensor
    }

    /// What it is for.
    pub fn kind(&self, id: ParamId) -> Kind {
        self.entries[id.index()].kind
    }

    /// Replaces a tensor's values.
    ///
    /// # Errors
    /// If there is no such name, or shape or dtype differ.
    pub fn set(&mut self, name: &str, tensor: impl Into<Tensor>) -> Result<()> {
        let tensor = tensor.into();
        let Some(entry) = self.entries.get_mut(name) else {
            return Err(Error::Params(format!("there is no parameter `{name}`")));
        };
        let (old, new) = (&entry.tensor, &tensor);
        if old.shape() != new.shape() || old.dtype() != new.dtype() {
            return Err(Error::Params(format!(
                "`{name}` is {} {}; it can't be set to {} {}",
                old.shape(),
                old.dtype(),
                new.shape(),
                new.dtype()
            )));
        }
        entry.tensor = tensor;
        Ok(())
    }

    /// Freezes every trainable tensor whose name is `prefix` or starts with `prefix.` (all, if it is empty).
    /// Returns how many.
    pub fn freeze(&mut self, prefix: &str) -> usize {
        self.change(prefix, Kind::Trainable, Kind::Frozen)
    }

    /// The reverse of [`freeze`](Params::freeze).
    pub fn unfreeze(&mut self, prefix: &str) -> usize {
        self.change(prefix, Kind::Frozen, Kind::Trainable)
    }

    fn change(&mut self, prefix: &str, from: Kind, to: Kind) -> usize {
        let mut count = 0;
        for (name, entry) in &mut self.entries {
            let inside = name
                .strip_prefix(prefix)
                .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('.'));
            if inside && entry.kind == from {
                entry.kind = to;
                count += 1;
            }
        }
        if count > 0 {
            self.layout = next_layout();
        }
        count
    }

    /// Adds a tensor, or returns the id of an [`Optimizer`](Kind::Optimizer) tensor that is there already.
    /// Another name that exists is a mistake, reported when the params are used.
    pub fn add(&mut self, name: &str, kind: Kind, tensor: impl Into<Tensor>) -> ParamId {
        let tensor = tensor.into();
        if let Some((index, _, entry)) = self.entries.get_full(name) {
            let same = entry.tensor.shape() == tensor.shape() && entry.tensor.dtype() == tensor.dtype();
            if !(kind == Kind::Optimizer && entry.kind == kind && same) {
                self.mistake(format!(
                    "there are two parameters `{name}`: give each layer a scope of its own"
                ));
            }
            return ParamId(index as u32);
        }
        if name.is_empty() {
            self.mistake("a parameter needs a name".into());
        }
        self.layout = next_layout();
        ParamId(self.entries.insert_full(name.to_owned(), Entry { tensor, kind }).0 as u32)
    }

    /// These params without any optimizer's memory: the model alone.
    ///
    /// # Errors
    /// If a tensor of the model was added after the optimizer's: without those, its id would be another.
    pub fn without_optimizer(&self) -> Result<Params> {
        let mut params = self.clone();
        let of_model = |entry: &Entry| entry.kind != Kind::Optimizer;
        let end = params.entries.values().take_while(|entry| of_model(entry)).count();
        if let Some((name, _)) = params.entries.iter().skip(end).find(|(_, entry)| of_model(entry)) {
            return Err(Error::Params(format!(
                "`{name}` was added after the optimizer's tensors: make the model first"
            )));
        }
        params.entries.truncate(end);
        params.layout = next_layout();
        Ok(params)
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
        &mut self.entries[id.index()].tensor
    }

    pub(crate) fn tensors_mut(&mut self) -> impl Iterator<Item = &mut Tensor> {
        self.entries.values_mut().map(|entry| &mut entry.tensor)
    }

    pub(crate) fn shape_of(&self, id: ParamId) -> Option<(&Shape, DType)> {
        self.entries.get_index(id.index()).map(|(_, entry)| (entry.tensor.shape(), entry.tensor.dtype()))
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
    fn freezing_goes_by_whole_names() {
        let mut params = Params::seeded(0);
        for name in ["a", "a.b", "ab"] {
            params.add(name, Kind::Trainable, 1.0f32);
        }
        assert_eq!(params.freeze("a"), 2);
        assert_eq!(params.kind(params.id("ab").unwrap()), Kind::Trainable);
        assert_eq!(params.unfreeze(""), 2);
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
