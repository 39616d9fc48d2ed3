//! What a tape holds: nodes, and the values that are given.

use super::kept::{ByParam, Values};
use super::layers::Noted;
use super::names::Composed;
use super::nodes::{Leaf, Nodes, Source};
use super::{Key, KeyMap, Meta};
use crate::params::{ParamId, Params};
use crate::{At, Error, Tensor};
use std::sync::Arc;

/// What a tape has recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub nodes: Nodes,
    /// Values of [`Leaf::Scalar`].
    pub scalars: Vec<f64>,
    pub scalar_of: KeyMap<u64, u32>,
    /// Values of [`Leaf::Data`].
    pub data: Vec<Tensor>,
    /// The number of [`Leaf::Input`]s.
    pub inputs: u32,
    pub params: Option<Arc<Params>>,
    /// The node of each param.
    pub param_vars: ByParam,
    /// New values for params, to be written at the end of a run.
    pub assigns: Vec<(ParamId, u32)>,
    /// Where in `assigns` a param is.
    pub assign_of: ByParam,
    /// What was differentiated: the losses, of which a step's reader wants the values.
    pub losses: Vec<u32>,
    /// Memory of earlier values of params, for new ones.
    pub spare: Vec<Option<Tensor>>,
    /// What stands for elements of a batch or arguments of a step: what is made from these is never computed.
    pub placeholders: Vec<u32>,
    /// The outputs of layers.
    pub layers: Vec<Noted>,
    /// What values are called.
    pub names: Vec<(u32, Arc<str>)>,
    /// The ops that are made of others, in order.
    pub composed: Vec<Composed>,
    /// Values computed so far.
    pub values: Values,
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

    /// The leaf of a number.
    pub fn scalar(&mut self, value: f64) -> Leaf {
        let next = self.scalars.len() as u32;
        let number = *self.scalar_of.entry(value.to_bits()).or_insert(next);
        if number == next {
            self.scalars.push(value);
        }
        Leaf::Scalar(number)
    }

    /// Forgets everything but the random numbers' seed and what saves work.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.scalars.clear();
        self.scalar_of.clear();
        self.data.clear();
        self.inputs = 0;
        self.param_vars.clear();
        self.assigns.clear();
        self.assign_of.clear();
        self.losses.clear();
        self.placeholders.clear();
        self.layers.clear();
        self.names.clear();
        self.composed.clear();
        self.values.clear();
        let Random { seed, clears, .. } = self.random;
        self.random = Random { seed, clears: clears + 1, ..Random::default() };
        self.error = None;
    }

    /// Notes a scalar that is differentiated.
    pub fn note_loss(&mut self, index: u32) {
        // Many of them are not the losses of a step, but the elements of a gradient, say.
        const MOST: usize = 4;
        if self.losses.len() < MOST && !self.losses.contains(&index) {
            self.losses.push(index);
        }
    }

    /// Keeps the memory of old values that new ones have replaced and nobody else has: the next new values go there.
    pub fn recycle(&mut self) {
        let Recording { params, assign_of, spare, values, .. } = self;
        values.clear();
        let Some(params) = params.as_mut().and_then(Arc::get_mut) else { return };
        for (id, tensor) in params.drain() {
            if assign_of.get(id).is_some() && tensor.is_unshared() {
                if spare.len() <= id.index() {
                    spare.resize(id.index() + 1, None);
                }
                spare[id.index()] = Some(tensor);
            }
        }
    }

    /// Memory for a new value of a param, made by the node `value`.
    pub fn memory(&mut self, id: ParamId, value: u32) -> Tensor {
        let meta = &self.nodes[value as usize].meta;
        let spare = self.spare.get_mut(id.index()).and_then(Option::take);
        let fits = |spare: &Tensor| *spare.shape() == meta.shape && spare.dtype() == meta.dtype;
        spare.filter(fits).unwrap_or_else(|| Tensor::zeros(&meta.shape, meta.dtype))
    }
}

/// What simplification may rely on about a constant's value; the rest of the value is an operand of the plan, so that
/// it can change without planning again.
pub(crate) fn scalar_class(value: f64) -> u8 {
    if value.to_bits() == 0 {
        0
    } else if value == 1.0 {
        1
    } else {
        2
    }
}
