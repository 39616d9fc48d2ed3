//! The handle to a node.

use super::{Meta, OpRef, Tape};
use crate::{DType, Shape};
use std::fmt;

/// A handle to a value on a tape. It is `Copy`: `(x - x.mean()).square().sum()` needs no clone and no `&`.
///
/// Recording never fails and never panics. A mistake (shapes that don't fit, say) poisons the result and what is made
/// from it; the tape keeps the first one, with its source line, and [`value`](Var::value) and everything else that
/// leaves the tape returns it.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    pub(crate) tape: &'t Tape,
    pub(crate) index: u32,
}

impl<'t> Var<'t> {
    pub(crate) const POISONED: u32 = u32::MAX;

    /// The tape.
    pub fn tape(self) -> &'t Tape {
        self.tape
    }

    /// The lengths of the axes. (After a mistake, eight axes of length 1: indexing the shape doesn't panic before the
    /// mistake is reported.)
    pub fn shape(self) -> Shape {
        self.meta().shape
    }

    /// Whether the axes have these lengths.
    pub(crate) fn has_shape(self, shape: &[usize]) -> bool {
        self.tape.with_node(self, |node| node.meta.shape.is(shape)).unwrap_or(false)
    }

    /// The element type.
    pub fn dtype(self) -> DType {
        self.tape.with_node(self, |node| node.meta.dtype).unwrap_or(DType::F32)
    }

    /// Shape and dtype.
    pub fn meta(self) -> Meta {
        self.tape.with_node(self, |node| node.meta.clone()).unwrap_or_else(|| Meta::new([1; 8], DType::F32))
    }

    /// The number of axes.
    pub fn rank(self) -> usize {
        self.tape.with_node(self, |node| node.meta.shape.rank()).unwrap_or(8)
    }

    /// The number of elements.
    pub fn numel(self) -> usize {
        self.tape.with_node(self, |node| node.meta.shape.numel()).unwrap_or(1)
    }

    /// Whether a mistake was made on the way to this value.
    pub fn is_poisoned(self) -> bool {
        self.index == Var::POISONED
    }

    #[track_caller]
    pub(crate) fn apply(self, op: &'static dyn super::Op) -> Var<'t> {
        self.tape.push(OpRef::Static(op), &[self])
    }

    #[track_caller]
    pub(crate) fn apply_with(self, op: impl super::Op) -> Var<'t> {
        self.tape.op(op, &[self])
    }

    /// An elementwise op on this and another operand, broadcast to their common shape.
    #[track_caller]
    pub(crate) fn binary(self, op: &'static dyn super::Op, other: impl super::Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        self.tape.elementwise(OpRef::Static(op), &[self, other])
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_poisoned() {
            return f.write_str("Var(poisoned)");
        }
        let meta = self.meta();
        write!(f, "Var({}: {} {})", self.index, meta.shape, meta.dtype)
    }
}
