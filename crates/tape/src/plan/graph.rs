//! The nodes that are needed, simplified, each computation once.

use crate::params::ParamId;
use crate::record::{Key, KeyMap, Leaf, Lower, Meta, OpRef, Recording, Source, View, scalar_class};
use crate::{At, Shape, Tensor};
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
        super::join::join_sums(graph)
    }

    /// The value that a chain of views shows.
    pub fn base(&self, x: u32) -> u32 {
        let mut base = x;
        while self.nodes[base as usize].is_movement() {
            base = self.nodes[base as usize].inputs[0];
        }
        base
    }

    /// The size in bytes of all values that ops compute.
    pub fn computed_bytes(&self) -> usize {
        let bytes = |node: &GraphNode| node.meta.shape.numel() * node.meta.dtype.size();
        let computed = |node: &GraphNode| matches!(node.kind, Kind::Op(_)) && !node.is_movement();
        let used = self.nodes.iter().zip(self.uses()).filter(|(_, uses)| *uses > 0);
        used.map(|(node, _)| node).filter(|node| computed(node)).map(bytes).sum()
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

    fn op(&mut self, op: &OpRef, mut inputs: SmallVec<[u32; 3]>, meta: &Meta, at: At) -> u32 {
        // The same value as an input's?
        let constants: SmallVec<[Option<Constant>; 3]> = inputs.iter().map(|&x| self.constant(x)).collect();
        if let Some(same) = op.identity(&constants)
            && self.graph.nodes[inputs[same] as usize].meta == *meta
        {
            return inputs[same];
        }
        let lower = op.lower();
        match &lower {
            Lower::View(movement) if movement.is_anew() => {}
            Lower::View(movement) => {
                // Other inputs serve the derivative alone.
                inputs.truncate(1);
                // Two permutations are one.
                if let Some(order) = movement.order()
                    && let Some((first, base)) = self.permuted(inputs[0])
                {
                    let order: SmallVec<[usize; 4]> = order.iter().map(|&axis| first[axis]).collect();
                    return self.permute(base, &order, at);
                }
                if movement.order().is_some_and(|order| order == [1, 0])
                    && let Some(y) = self.transposed_product(inputs[0], at)
                {
                    return y;
                }
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
            Lower::Pointwise(_) | Lower::Custom(_) if meta.shape.numel() > 1 => {
                let single: Option<SmallVec<[u32; 3]>> = match &lower {
                    Lower::Pointwise(_) => inputs.iter().map(|&x| self.repeated(x)).collect(),
                    _ => None,
                };
                if let Some(single) = single {
                    let one = Meta::new((), meta.dtype);
                    let single: SmallVec<[u32; 3]> =
                        single.into_iter().map(|x| self.reshaped(x, &Shape::scalar(), at)).collect();
                    let y = self.op(op, single, &one, at);
                    return self.expanded(y, &meta.shape, at);
                }
                if let Some(y) = self.beneath_permutation(op, &inputs, meta, at) {
                    return y;
                }
            }
            Lower::Reduce { axes, max } => {
                // The same axes of the value before it was permuted.
                if let Some((order, base)) = self.permuted(inputs[0]) {
                    let mut axes: SmallVec<[usize; 4]> = axes.iter().map(|&axis| order[axis]).collect();
                    axes.sort_unstable();
                    let mut shape = self.graph.nodes[base as usize].meta.shape.clone();
                    axes.iter().for_each(|&axis| shape = shape.with(axis, 1));
                    let reduce = crate::ops::reduce_kept(axes, *max);
                    let y = self.op(&reduce, SmallVec::from_iter([base]), &Meta::new(shape, meta.dtype), at);
                    let y = self.permute(y, &order, at);
                    return self.reshaped(y, &meta.shape, at);
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

    /// The order of axes and the value of a permuted one.
    fn permuted(&self, x: u32) -> Option<(SmallVec<[usize; 4]>, u32)> {
        let node = &self.graph.nodes[x as usize];
        match &node.kind {
            Kind::Op(Lower::View(movement)) => {
                Some((SmallVec::from_slice(movement.order()?), node.inputs[0]))
            }
            _ => None,
        }
    }

    fn permute(&mut self, x: u32, order: &[usize], at: At) -> u32 {
        let shape = &self.graph.nodes[x as usize].meta.shape;
        if order.iter().copied().eq(0..shape.rank()) {
            return x;
        }
        let meta = Meta::new(
            order.iter().map(|&axis| shape[axis]).collect::<Shape>(),
            self.graph.nodes[x as usize].meta.dtype,
        );
        self.op(&crate::ops::permute(order), SmallVec::from_iter([x]), &meta, at)
    }

    /// `(aᵀ·b)ᵀ` is `bᵀ·a`: the gradient of a weight that is used transposed comes out in the order in which it is kept.
    fn transposed_product(&mut self, x: u32, at: At) -> Option<u32> {
        let node = &self.graph.nodes[x as usize];
        let &[left, right] = &node.inputs[..] else { return None };
        let (Kind::Op(Lower::Matmul), Some((_, left))) = (&node.kind, self.permuted(left)) else {
            return None;
        };
        let meta = Meta::new([node.meta.shape[1], node.meta.shape[0]], node.meta.dtype);
        let right = self.permute(right, &[1, 0], at);
        Some(self.op(&crate::ops::product(), SmallVec::from_iter([right, left]), &meta, at))
    }

    /// An elementwise op on permuted values is done on the values, and its result permuted: so the memory order that a
    /// convolution likes stays from one to the next. Repeated operands are permuted instead, which costs nothing.
    fn beneath_permutation(&mut self, op: &OpRef, inputs: &[u32], meta: &Meta, at: At) -> Option<u32> {
        // (A repeated value, permuted, is one of those that are permuted instead.)
        let (order, base) =
            inputs.iter().filter(|&&x| !self.is_repeated(x)).find_map(|&x| self.permuted(x))?;
        let shape = self.graph.nodes[base as usize].meta.shape.clone();
        let mut inverse = order.clone();
        order.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
        let fits = |&x: &u32| match self.permuted(x) {
            Some((other, _)) if !self.is_repeated(x) => other == order,
            _ => self.is_repeated(x),
        };
        if !inputs.iter().all(fits) {
            return None;
        }
        let mut beneath: SmallVec<[u32; 3]> = SmallVec::new();
        for &x in inputs {
            beneath.push(match self.permuted(x) {
                Some((other, base)) if other == order => base,
                _ => self.permute(x, &inverse, at),
            });
        }
        let y = self.op(op, beneath, &Meta::new(shape, meta.dtype), at);
        Some(self.permute(y, &order, at))
    }

    /// Whether a value shows fewer elements than it has.
    fn is_repeated(&self, x: u32) -> bool {
        let numel = |x: u32| self.graph.nodes[x as usize].meta.shape.numel();
        let base = self.graph.base(x);
        numel(base) < numel(x) || matches!(self.graph.nodes[base as usize].kind, Kind::Leaf(Leaf::Scalar(_)))
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
