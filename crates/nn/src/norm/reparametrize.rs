//! A layer's weight as a function of other parameters.
//!
//! The layer does not know: while it runs, the computed weight takes its parameter's place (`Tape::substitute`). The parameter
//! itself, by another name, is one of those that the weight is computed from.

use chainrule_tape::{ParamId, Scope, Shape, Tensor};

/// A layer's parameter before a wrapper makes its own of it.
pub(super) struct Original {
    pub(super) id: ParamId,
    pub(super) values: Tensor,
    /// What names of the wrapper's tensors begin with, in the layer's scope.
    pub(super) scope: String,
}

impl Original {
    /// The parameter `name` of a layer that was made in this scope, which gets the name of PyTorch's parametrizations,
    /// `parametrizations.NAME.original`, with what is `added` behind. None is a mistake, and so is one without this axis.
    pub(super) fn take(
        at: &mut Scope<'_>,
        kind: &str,
        name: &str,
        added: &str,
        axis: Option<usize>,
    ) -> Option<Original> {
        let found = at.find(name).map(|id| (id, at.params().tensor(id).clone()));
        let Some((id, values)) = found else {
            at.mistake(format!("{kind} of `{name}`, but the layer has no such parameter"));
            return None;
        };
        if axis.is_some_and(|axis| axis >= values.shape().rank()) {
            let shape = values.shape();
            at.mistake(format!("{kind} along axis {} of `{name}`, which is {shape}", axis.unwrap_or(0)));
            return None;
        }
        let scope = match name.rsplit_once('.') {
            Some((owner, name)) => format!("{owner}.parametrizations.{name}"),
            None => format!("parametrizations.{name}"),
        };
        at.sub(&scope).rename(id, &format!("original{added}"));
        Some(Original { id, values, scope })
    }

    pub(super) fn shape(&self) -> &Shape {
        self.values.shape()
    }
}
