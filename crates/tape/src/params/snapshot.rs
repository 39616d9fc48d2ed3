//! The params of a tape: a clone for each step, in the same memory.

use super::{ParamId, Params};
use crate::Tensor;

impl Params {
    /// Takes all tensors out. These params are not used any more until they become others.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (ParamId, Tensor)> {
        (0..).map(ParamId).zip(self.tensors.drain(..))
    }

    /// Becomes a clone of other params, in the same memory.
    pub(crate) fn become_clone(&mut self, other: &Params) {
        let Params { names, tensors, seed, dtype, layout, error } = other;
        self.names = names.clone();
        self.tensors.clear();
        self.tensors.extend_from_slice(tensors);
        (self.seed, self.dtype, self.layout) = (*seed, *dtype, *layout);
        self.error = error.clone();
    }

    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter()
    }

    pub(crate) fn tensors_mut(&mut self) -> impl Iterator<Item = &mut Tensor> {
        self.tensors.iter_mut()
    }
}
