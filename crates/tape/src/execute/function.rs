//! Functions that are planned once for each shape of their inputs.

use crate::{Params, Result, Tensor, Var};

/// A model in use: recorded in inference mode and planned once for each combination of input shapes, then replayed.
pub struct Function<'f, const N: usize> {
    record: Box<dyn for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f>,
}

impl<'f, const N: usize> Function<'f, N> {
    /// A function of `N` tensors.
    pub fn new(record: impl for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f) -> Self {
        Function { record: Box::new(record) }
    }

    /// The result for these inputs.
    pub fn run(&mut self, params: &Params, inputs: [&Tensor; N]) -> Result<Tensor> {
        let _ = (params, inputs, &self.record);
        unimplemented!()
    }
}

impl<const N: usize> std::fmt::Debug for Function<'_, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function of {N} tensors")
    }
}
