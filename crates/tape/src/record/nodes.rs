//! The nodes of a recording.

use super::{Key, Meta, Op, OpRef, Var};
use crate::At;
use crate::params::ParamId;
use smallvec::SmallVec;
use std::ops::Deref;

/// The nodes recorded so far, and behind them those of an earlier recording that began in the same way. A loop records the
/// same step again and again: what is there already is found, not made.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    all: Vec<Node>,
    live: usize,
}

impl Nodes {
    /// Begins the next recording.
    pub fn clear(&mut self) {
        self.live = 0;
    }

    /// The next node, if the earlier recording has the same one here. The prefix tells: it is the hash of all up to it.
    #[inline]
    pub fn again(&mut self, prefix: Key, at: At) -> Option<u32> {
        self.next_if(at, |next| next.prefix == prefix)
    }

    /// The next node, if the earlier recording has this op of no attributes on these inputs here.
    #[inline]
    pub fn again_plain(&mut self, op: &dyn Op, inputs: &[Var<'_>], at: At) -> Option<u32> {
        self.next_if(at, |next| {
            let same = |(own, x): (&u32, &Var<'_>)| *own == x.index;
            next.op().is_some_and(|own| is_same_type(&**own, op))
                && next.inputs.len() == inputs.len()
                && next.inputs.iter().zip(inputs).all(same)
        })
    }

    /// The next node, if the earlier recording has this constant of the shape and dtype of the node `like` here.
    #[inline]
    pub fn again_like(&mut self, leaf: Leaf, class: u8, like: u32, at: At) -> Option<u32> {
        let (before, next) = self.all.split_at_mut(self.live);
        let next = next.first()?;
        let same = matches!(next.source, Source::Leaf(own) if own == leaf)
            && next.class == class
            && before[like as usize].meta == next.meta;
        if same { self.next_if(at, |_| true) } else { None }
    }

    #[inline]
    fn next_if(&mut self, at: At, same: impl FnOnce(&Node) -> bool) -> Option<u32> {
        let next = self.all.get_mut(self.live).filter(|next| same(next))?;
        next.at = at;
        self.live += 1;
        Some(self.live as u32 - 1)
    }

    /// Appends a node; from here on, the earlier recording was another.
    pub fn push(&mut self, node: Node) -> u32 {
        self.all.truncate(self.live);
        self.all.push(node);
        self.live += 1;
        self.live as u32 - 1
    }
}

/// Whether two ops have the same type.
#[inline]
fn is_same_type(a: &dyn Op, b: &dyn Op) -> bool {
    // Two tables of methods at one address are one, with one `type_id` in it. (One table can have two addresses.)
    #[allow(ambiguous_wide_pointer_comparisons)]
    let same = std::ptr::eq(a, b);
    same || a.type_id() == b.type_id()
}

impl Deref for Nodes {
    type Target = [Node];

    #[inline]
    fn deref(&self) -> &[Node] {
        &self.all[..self.live]
    }
}

/// A recorded op, or a leaf.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub source: Source,
    pub inputs: SmallVec<[u32; 3]>,
    pub meta: Meta,
    pub at: At,
    /// The structural hash of all nodes so far.
    pub prefix: Key,
    /// Of a constant: what the hash tells of its value.
    pub class: u8,
    /// Whether a derivative rule recorded it.
    pub derived: bool,
}

/// Where a node's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Leaf(Leaf),
    Op(OpRef),
}

/// A value that is not computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Leaf {
    /// A program's input.
    Input(u32),
    /// A parameter.
    Param(ParamId),
    /// A tensor given while recording.
    Data(u32),
    /// A number, the same for all elements.
    Scalar(u32),
}

impl Leaf {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Leaf::Input(_) => "input",
            Leaf::Param(_) => "param",
            Leaf::Data(_) => "var",
            Leaf::Scalar(_) => "constant",
        }
    }
}

impl Node {
    pub(crate) fn op(&self) -> Option<&OpRef> {
        match &self.source {
            Source::Op(op) => Some(op),
            Source::Leaf(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match &self.source {
            Source::Op(op) => op.name(),
            Source::Leaf(leaf) => leaf.name(),
        }
    }
}
