//! What a tape holds: nodes, and the values that are given.

use super::{Key, KeyMap, Meta, OpRef};
use crate::params::{ParamId, Params};
use crate::{At, Error, Tensor};
use smallvec::SmallVec;
use std::sync::Arc;

/// What a tape has recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub nodes: Vec<Node>,
    /// Values of [`Leaf::Scalar`].
    pub scalars: Vec<f64>,
    pub scalar_of: KeyMap<u64, u32>,
    /// Values of [`Leaf::Data`].
    pub data: Vec<Tensor>,
    /// The number of [`Leaf::Input`]s.
    pub inputs: u32,
    pub params: Option<Arc<Params>>,
    pub param_vars: KeyMap<u32, u32>,
    /// New values for params, to be written at the end of a run.
    pub assigns: Vec<(ParamId, u32)>,
    pub layers: Vec<(u32, Arc<str>, &'static str)>,
    /// Values computed so far.
    pub values: KeyMap<u32, Tensor>,
    /// A hash of which values those are.
    pub values_key: Key,
    pub random: Random,
    pub error: Option<Error>,
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Random {
    pub seed: u64,
    pub counter: Option<u32>,
    pub streams: u64,
    /// How often the tape was cleared.
    pub clears: i64,
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

impl Recording {
    /// Shape, dtype and source line of the inputs, in order.
    pub fn input_metas(&self) -> Vec<(Meta, At)> {
        if self.inputs == 0 {
            return Vec::new();
        }
        let inputs = self.nodes.iter().filter(|node| matches!(node.source, Source::Leaf(Leaf::Input(_))));
        inputs.map(|node| (node.meta.clone(), node.at)).collect()
    }

    /// The structural hash of all nodes so far.
    pub fn prefix(&self) -> Key {
        self.nodes.last().map_or_else(Key::default, |node| node.prefix)
    }
}

/// What simplification may rely on about a constant's value; the rest of the value is an operand of the plan, so that
/// it can change without planning again.
pub(crate) fn scalar_class(value: f64) -> u64 {
    if value.to_bits() == 0 {
        0
    } else if value == 1.0 {
        1
    } else {
        2
    }
}
