//! The nodes that are needed, simplified, each computation once.

use crate::params::ParamId;
use crate::record::{Key, KeyMap, Leaf, Lower, Meta, OpRef, Recording, Source, View, scalar_class};
use crate::{At, Shape, Tensor};
use chainrule_kernels::pointwise as kernel;
use smallvec::SmallVec;

/// What a program computes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots {
    pub outputs: Vec<u32>,
    pub assigns: Vec<(ParamId, u32)>,
    /// Whether new values of parameters have memory of their own, apart from the old ones.
    pub apart: bool,
}

/// What is known of a constant when planning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Constant {
    /// +0.
    Zero,
    /// 1.
    One,
}

#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<GraphNode>,
    pub outputs: Vec<u32>,
    pub assigns: Vec<(ParamId, u32)>,
    /// Whether new values of parameters have memory of their own.
    pub apart: bool,
    /// Values computed while planning.
    pub folded: Vec<Tensor>,
}

#[derive(Clone, Debug)]
pub(crate) struct GraphNode {
    pub kind: Kind,
    pub inputs: SmallVec<[u32; 3]>,
    pub meta: Meta,
    /// The op's name and source line.
    pub name: &'static str,
    pub at: At,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Leaf(Leaf),
    /// A value that the tape has computed before: the tape's node.
    Known(u32),
    /// A value computed while planning.
    Folded(u32),
    Op(Lower),
}

impl GraphNode {
    pub fn is_movement(&self) -> bool {
        matches!(self.kind, Kind::Op(Lower::View(_)))
    }
}

struct Builder<'r> {
    recording: &'r Recording,
    graph: Graph,
    /// The node of each computation so far.
    seen: KeyMap<Key, u32>,
    keys: Vec<Key>,
}

impl Graph {
    /// The part of the recording that the roots need.
    pub fn new(recording: &Recording, roots: &Roots, known: impl Fn(u32) -> bool) -> Graph {
        // Only what is needed is looked at: the rest of a long tape costs nothing.
        let mut needed: KeyMap<u32, u32> = KeyMap::default();
        let mut waiting: Vec<u32> =
            roots.outputs.iter().chain(roots.assigns.iter().map(|(_, value)| value)).copied().collect();
        while let Some(index) = waiting.pop() {
            if needed.insert(index, u32::MAX).is_none() && !known(index) {
                waiting.extend(&recording.nodes[index as usize].inputs);
            }
        }
        let mut order: Vec<u32> = needed.keys().copied().collect();
        order.sort_unstable();
        let mut builder =
            Builder { recording, graph: Graph::default(), seen: KeyMap::default(), keys: Vec::new() };
        let mut place = needed;
        for index in order {
            let node = if known(index) { builder.known(index) } else { builder.node(index as usize, &place) };
            place.insert(index, node);
        }
        let mut graph = builder.graph;
        graph.outputs = roots.outputs.iter().map(|root| place[root]).collect();
        graph.assigns = roots.assigns.iter().map(|(id, root)| (*id, place[root])).collect();
        graph.apart = roots.apart;
        graph.accumulate_products();
        graph
    }

    /// How often each node is used by ops that compute: uses of a view count as uses of what it shows.
    pub fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0u32; self.nodes.len()];
        for &root in self.outputs.iter().chain(self.assigns.iter().map(|(_, value)| value)) {
            uses[root as usize] += 1;
        }
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            let weight = if node.is_movement() { uses[index] } else { uses[index].min(1) };
            for &input in &node.inputs {
                uses[input as usize] += weight;
            }
        }
        uses
    }

    /// A sum of two products becomes one product added onto the other (GEMM with β = 1): how the gradients of a
    /// weight that is used several times accumulate.
    fn accumulate_products(&mut self) {
        let uses = self.uses();
        for index in 0..self.nodes.len() {
            let is_add = matches!(self.nodes[index].kind, Kind::Op(Lower::Pointwise(k)) if std::ptr::eq(k, &kernel::ADD));
            if !is_add {
                continue;
            }
            let product = |graph: &Graph, input: u32| {
                matches!(graph.nodes[input as usize].kind, Kind::Op(Lower::Matmul))
                    && uses[input as usize] == 1
            };
            let [mut x, mut y] = [self.nodes[index].inputs[0], self.nodes[index].inputs[1]];
            if self.nodes[y as usize].inputs.len() == 3 {
                std::mem::swap(&mut x, &mut y);
            }
            if !(product(self, x) && product(self, y)) || self.nodes[y as usize].inputs.len() == 3 {
                continue;
            }
            let mut inputs = self.nodes[y as usize].inputs.clone();
            inputs.push(x);
            // The product itself moves to the sum's place.
            self.nodes[index].kind = Kind::Op(Lower::Matmul);
            self.nodes[index].name = self.nodes[y as usize].name;
            self.nodes[index].at = self.nodes[y as usize].at;
            self.nodes[index].inputs = inputs;
            self.nodes[y as usize].kind = Kind::Op(Lower::Assemble(SmallVec::new()));
            self.nodes[y as usize].inputs.clear();
        }
    }
}

impl Builder<'_> {
    fn known(&mut self, index: u32) -> u32 {
        let node = &self.recording.nodes[index as usize];
        let mut key = Key::default();
        key.write(1 << 40 | index as u64);
        self.unique(
            key,
            GraphNode {
                kind: Kind::Known(index),
                inputs: SmallVec::new(),
                meta: node.meta.clone(),
                name: node.name(),
                at: node.at,
            },
        )
    }

    /// Adds the simplified form of a recorded node.
    fn node(&mut self, index: usize, place: &KeyMap<u32, u32>) -> u32 {
        let node = &self.recording.nodes[index];
        let op = match &node.source {
            Source::Op(op) => op,
            Source::Leaf(leaf) => return self.leaf(*leaf, &node.meta, node.at),
        };
        let inputs: SmallVec<[u32; 3]> = node.inputs.iter().map(|input| place[input]).collect();
        self.op(op, inputs, &node.meta, node.at)
    }

    fn leaf(&mut self, leaf: Leaf, meta: &Meta, at: At) -> u32 {
        let mut key = Key::default();
        match leaf {
            Leaf::Input(number) => key.write(number as u64),
            Leaf::Param(id) => key.write(1 << 32 | id.0 as u64),
            Leaf::Data(number) => key.write(2 << 32 | number as u64),
            Leaf::Scalar(number) => {
                key.write(3 << 32 | number as u64);
                key.write(meta.dtype as u64);
                key.write_slice(&meta.shape);
            }
        }
        let name = leaf.name();
        self.unique(
            key,
            GraphNode { kind: Kind::Leaf(leaf), inputs: SmallVec::new(), meta: meta.clone(), name, at },
        )
    }

    fn op(&mut self, op: &OpRef, inputs: SmallVec<[u32; 3]>, meta: &Meta, at: At) -> u32 {
        // The same value as an input's?
        let constants: SmallVec<[Option<Constant>; 3]> = inputs.iter().map(|&x| self.constant(x)).collect();
        if let Some(same) = op.identity(&constants)
            && self.graph.nodes[inputs[same] as usize].meta == *meta
        {
            return inputs[same];
        }
        let lower = op.lower();
        match &lower {
            Lower::View(movement) => {
                // Any arrangement of one repeated number is that number.
                if let Kind::Leaf(leaf @ Leaf::Scalar(_)) = self.graph.nodes[inputs[0] as usize].kind {
                    return self.leaf(leaf, meta, at);
                }
                let dense = View::dense(&meta.shape);
                if self.graph.nodes[inputs[0] as usize].meta == *meta
                    && movement.view(&dense, &meta.shape).as_ref() == Some(&dense)
                {
                    return inputs[0];
                }
            }
            // A reduction of nothing but axes of length 1.
            Lower::Reduce { .. }
                if self.graph.nodes[inputs[0] as usize].meta.shape.numel() == meta.shape.numel() =>
            {
                return self.reshaped(inputs[0], &meta.shape, at);
            }
            // An op on repeated numbers is done once, and its result repeated.
            Lower::Pointwise(_) if meta.shape.numel() > 1 => {
                let single: Option<SmallVec<[u32; 3]>> = inputs.iter().map(|&x| self.repeated(x)).collect();
                if let Some(single) = single {
                    let one = Meta::new((), meta.dtype);
                    let single: SmallVec<[u32; 3]> =
                        single.into_iter().map(|x| self.reshaped(x, &Shape::scalar(), at)).collect();
                    let y = self.op(op, single, &one, at);
                    return self.expanded(y, &meta.shape, at);
                }
            }
            _ => {}
        }
        let mut key = Key::default();
        key.write(4 << 32);
        key.write(crate::record::type_word(&**op));
        op.attributes(&mut key);
        key.write(meta.dtype as u64);
        key.write_slice(&meta.shape);
        for &input in &inputs {
            key.write_key(self.keys[input as usize]);
        }
        self.unique(key, GraphNode { kind: Kind::Op(lower), inputs, meta: meta.clone(), name: op.name(), at })
    }

    /// What is known of a constant; the rest of its value is an operand.
    fn constant(&self, node: u32) -> Option<Constant> {
        match self.graph.nodes[node as usize].kind {
            Kind::Leaf(Leaf::Scalar(number)) => match scalar_class(self.recording.scalars[number as usize]) {
                0 => Some(Constant::Zero),
                1 => Some(Constant::One),
                _ => None,
            },
            _ => None,
        }
    }

    /// The single number that a node repeats, if it does.
    fn repeated(&mut self, node: u32) -> Option<u32> {
        let mut base = node;
        loop {
            let at = &self.graph.nodes[base as usize];
            if at.meta.shape.numel() == 1 {
                return Some(base);
            }
            if let Kind::Leaf(leaf @ Leaf::Scalar(_)) = at.kind {
                let (meta, at) = (Meta::new((), at.meta.dtype), at.at);
                return Some(self.leaf(leaf, &meta, at));
            }
            if !at.is_movement() {
                return None;
            }
            base = at.inputs[0];
        }
    }

    fn reshaped(&mut self, x: u32, shape: &Shape, at: At) -> u32 {
        self.movement(crate::ops::reshape(shape), x, shape, at)
    }

    fn expanded(&mut self, x: u32, shape: &Shape, at: At) -> u32 {
        self.movement(crate::ops::expand(shape), x, shape, at)
    }

    fn movement(&mut self, op: OpRef, x: u32, shape: &Shape, at: At) -> u32 {
        let meta = Meta::new(shape, self.graph.nodes[x as usize].meta.dtype);
        if self.graph.nodes[x as usize].meta == meta {
            x
        } else {
            self.op(&op, SmallVec::from_iter([x]), &meta, at)
        }
    }

    /// The node of this computation: a new one, unless there is one already.
    fn unique(&mut self, key: Key, node: GraphNode) -> u32 {
        let next = self.graph.nodes.len() as u32;
        let index = *self.seen.entry(key).or_insert(next);
        if index == next {
            self.graph.nodes.push(node);
            self.keys.push(key);
        }
        index
    }
}

/// The view that a chain of movement nodes makes of `base`'s view: `chain` goes from the last to the first.
pub(crate) fn follow(graph: &Graph, chain: &[u32], base: View) -> Option<View> {
    let mut view = base;
    for &node in chain.iter().rev() {
        let node = &graph.nodes[node as usize];
        let Kind::Op(Lower::View(movement)) = &node.kind else {
            unreachable!("a chain is made of movement nodes")
        };
        view = movement.view(&view, &node.meta.shape)?;
    }
    Some(view)
}
