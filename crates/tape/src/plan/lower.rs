//! From the graph to instructions.

use super::graph::{Graph, GraphNode, Kind, follow};
use super::group::{Group, Located, Make};
use super::home::{OtherPlace, Wishes};
use crate::params::ParamId;
use crate::record::{KeyMap, Leaf, Lower, Meta, View};
use crate::{At, DType};
use chainrule_kernels::Level;
use chainrule_kernels::machine::{Instr, TileLevel};
use smallvec::SmallVec;
use std::collections::{HashMap, HashSet};

/// A buffer of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Slot {
    Arena,
    /// All scalar constants.
    Scalars,
    Param(ParamId),
    /// A parameter's new value, by the number of the assignment.
    New(u32),
    Input(u32),
    Data(u32),
    Known(u32),
    Folded(u32),
}

/// Instructions over buffers, before they have a place.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub instrs: Vec<Instr>,
    /// Name and source line of the op that each instruction came from.
    pub origins: Vec<(&'static str, At)>,
    /// What each buffer is, and its size in bytes.
    pub buffers: Vec<(Slot, usize)>,
    /// Number and dtype of each scalar constant (`None` is 0); each takes [`SCALAR_BYTES`].
    pub scalars: Vec<(Option<u32>, DType)>,
    /// Dense places of the outputs.
    pub outputs: Vec<(Located, Meta)>,
    /// Which parameters are written.
    pub writes: Vec<ParamId>,
}

/// Distance of scalar constants in memory.
pub(crate) const SCALAR_BYTES: usize = 8;

/// Where a node's value is.
#[derive(Clone, Debug)]
pub(super) enum State {
    Todo,
    Placed(Located),
    /// Made by an open group's member.
    Member(u32, u32),
    /// A total of an open group.
    Total(u32),
    /// Not kept: computed again where it is used, by so many ops.
    Again(u8),
}

/// How an operand is to be had.
pub(super) enum Peek {
    Placed,
    /// Made by a member of an open group, seen through this view (`None`: through no view that strides express).
    Member(u32, u32, Option<View>),
    Total(u32),
}

pub(super) struct Lowering<'g> {
    pub graph: &'g Graph,
    pub level: Level,
    pub plan: Plan,
    pub uses: Vec<u32>,
    /// How many of a node's uses can compute it again.
    pub soft_uses: Vec<u32>,
    /// How many of a node's uses are inside its own group.
    pub inside: Vec<u32>,
    pub state: Vec<State>,
    pub groups: Vec<Option<Group>>,
    /// The buffers that are not in the arena, and the scalar constants, by what they are.
    slots: HashMap<Slot, u32>,
    scalars: HashMap<(Option<u32>, DType), usize>,
    /// What is to be written to parameters.
    pub assigned: Vec<Assigned>,
    /// The number of the assignment that a value is for, if there is just one.
    pub assigned_of: KeyMap<u32, usize>,
    /// How many of a node's uses have been met.
    pub met: Vec<u32>,
    /// How many members of open groups read a buffer.
    pub open_reads: KeyMap<u32, u32>,
    /// The group that was the last to read a buffer; it may be closed.
    pub readers: KeyMap<u32, u32>,
    /// Open groups that hold new values of parameters.
    pub updates: Vec<u32>,
    /// Whether all nodes are lowered.
    pub is_finishing: bool,
    /// The nodes ahead that bad data can make fail.
    pub fallible: HashSet<u32>,
    /// What values are wanted for.
    pub wishes: KeyMap<u32, Wishes>,
    /// The buffers of tensors that are put together from pieces, and the pieces that are there.
    pub assembled: KeyMap<u32, Located>,
    pub in_place: HashSet<(u32, u32)>,
    /// The places besides, of those that have more than one.
    pub other_places: KeyMap<u32, Vec<OtherPlace>>,
    /// How many products have this view as their right operand.
    pub products: KeyMap<u32, u32>,
}

/// A new value of a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assigned {
    pub value: u32,
    /// The parameter's memory, and the node that reads it, if there is one.
    pub buffer: u32,
    pub old: Option<u32>,
    pub written: bool,
}

/// Makes the plan.
pub(crate) fn lower(graph: &Graph, level: Level) -> Plan {
    let uses = graph.uses();
    let count = graph.nodes.len();
    let mut lowering = Lowering {
        graph,
        level,
        plan: Plan { buffers: vec![(Slot::Scalars, 0)], ..Plan::default() },
        uses,
        soft_uses: vec![0; count],
        inside: vec![0; count],
        state: vec![State::Todo; count],
        groups: Vec::new(),
        slots: HashMap::new(),
        scalars: HashMap::new(),
        assigned: Vec::new(),
        assigned_of: KeyMap::default(),
        met: vec![0; count],
        open_reads: KeyMap::default(),
        readers: KeyMap::default(),
        updates: Vec::new(),
        is_finishing: false,
        fallible: HashSet::new(),
        wishes: KeyMap::default(),
        assembled: KeyMap::default(),
        in_place: HashSet::new(),
        other_places: KeyMap::default(),
        products: KeyMap::default(),
    };
    lowering.begin();
    lowering.note_wishes();
    lowering.count_soft_uses();
    let order = order(graph, &lowering.uses);
    lowering.fallible = fallible(graph, &order, &lowering.uses);
    for node in order {
        if lowering.uses[node as usize] > 0 {
            lowering.node(node);
        }
    }
    lowering.finish();
    lowering.plan
}

/// The order in which nodes are lowered: as recorded, but what is elementwise and comes after everything else, the updates
/// of parameters, moves up to the product that it waits for. So a gradient is used while it is in cache, and its memory
/// serves the next one.
fn order(graph: &Graph, uses: &[u32]) -> Vec<u32> {
    let kind = |node: u32| &graph.nodes[node as usize].kind;
    let moves =
        |node: u32| matches!(kind(node), Kind::Op(Lower::Pointwise(_) | Lower::Custom(_) | Lower::View(_)));
    let in_group =
        |node: u32| moves(node) || matches!(kind(node), Kind::Op(Lower::Reduce { .. } | Lower::Generate(..)));
    let is_opaque = |node: u32| matches!(kind(node), Kind::Op(_)) && !in_group(node);
    let count = graph.nodes.len() as u32;
    let is_leaf = |node: u32| !matches!(kind(node), Kind::Op(_));
    let last = (0..count).rev().find(|&node| uses[node as usize] > 0 && !is_leaf(node) && !moves(node));
    let mut rank: Vec<u32> = (0..count).collect();
    for node in last.map_or(0, |last| last + 1)..count {
        if is_leaf(node) {
            rank[node as usize] = 0;
        } else {
            let after =
                graph.nodes[node as usize].inputs.iter().map(|&x| rank[x as usize]).max().unwrap_or(0);
            if is_opaque(after) || is_leaf(after) {
                rank[node as usize] = after;
            }
        }
    }
    // A sum follows what it sums, so that it is made in the same pass, also where a product that comes before the sum in
    // the recording uses that too.
    for node in (0..last.map_or(0, |last| last + 1)).filter(|&node| uses[node as usize] > 0) {
        if matches!(kind(node), Kind::Op(Lower::Reduce { .. })) {
            let summed = summed_alone(graph, uses, node);
            for &x in summed.iter().rev().chain([&node]) {
                let inputs = &graph.nodes[x as usize].inputs;
                rank[x as usize] = inputs.iter().map(|&x| rank[x as usize]).max().unwrap_or(x);
            }
        }
    }
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by_key(|&node| (rank[node as usize], node));
    order
}

/// The elementwise ops and views that are computed for a sum alone, and are not many: operands after their users.
fn summed_alone(graph: &Graph, uses: &[u32], sum: u32) -> SmallVec<[u32; 8]> {
    let mut alone: SmallVec<[u32; 8]> = SmallVec::new();
    let mut next = 0;
    let mut node = sum;
    loop {
        for &x in &graph.nodes[node as usize].inputs {
            let kind = &graph.nodes[x as usize].kind;
            let joins = matches!(kind, Kind::Op(Lower::Pointwise(_) | Lower::Custom(_) | Lower::View(_)));
            if joins && uses[x as usize] == 1 && alone.len() < 8 {
                alone.push(x);
            }
        }
        match alone.get(next) {
            Some(&x) => node = x,
            None => break,
        }
        next += 1;
    }
    // A node comes after all it is made from.
    alone.sort_unstable_by_key(|&x| std::cmp::Reverse(x));
    alone
}

/// The nodes that bad data can make fail: calls of the user's, and the first use of indices for a table of some size. (The
/// gradient of a gather follows the same indices into a table of the same size, and can't.)
fn fallible(graph: &Graph, order: &[u32], uses: &[u32]) -> HashSet<u32> {
    // The number of rows for which indices are known to be good.
    let mut good: HashMap<u32, usize> = HashMap::new();
    let mut fallible = HashSet::new();
    for &n in order.iter().filter(|&&n| uses[n as usize] > 0) {
        let node = &graph.nodes[n as usize];
        let rows_of = |i: usize| graph.nodes[node.inputs[i] as usize].meta.shape[0];
        let (index, rows) = match &node.kind {
            Kind::Op(Lower::Gather) => (node.inputs[1], rows_of(0)),
            Kind::Op(Lower::ScatterAdd) => (node.inputs[1], node.meta.shape[0]),
            Kind::Op(Lower::CheckIndex(bound)) => (node.inputs[0], *bound),
            Kind::Op(Lower::Call(_)) => {
                fallible.insert(n);
                continue;
            }
            _ => continue,
        };
        let passes_on = |x: &GraphNode| x.is_movement() || matches!(x.kind, Kind::Op(Lower::CheckIndex(_)));
        let mut base = index;
        while passes_on(&graph.nodes[base as usize]) {
            base = graph.nodes[base as usize].inputs[0];
        }
        // What is known of all the indices is not said of them by a check of a part.
        let whole =
            graph.nodes[base as usize].meta.shape.numel() == graph.nodes[index as usize].meta.shape.numel();
        if good.get(&base).is_none_or(|&known| rows < known) {
            fallible.insert(n);
            if whole {
                good.insert(base, rows);
            }
        }
    }
    fallible
}

impl Lowering<'_> {
    fn node(&mut self, n: u32) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        match &node.kind {
            Kind::Leaf(leaf) => self.leaf(n, *leaf),
            Kind::Known(index) => self.source(n, Slot::Known(*index)),
            Kind::Folded(index) => self.source(n, Slot::Folded(*index)),
            Kind::Op(Lower::View(_)) => {}
            Kind::Op(_) if node.meta.shape.numel() == 0 => {
                let located = self.dense_buffer(&node.meta);
                self.state[n as usize] = State::Placed(located);
            }
            Kind::Op(Lower::Pointwise(kernel)) => self.elementwise(n, |x| Make::Apply(kernel, x)),
            Kind::Op(Lower::Custom(call)) => self.elementwise(n, |x| Make::Custom(call.clone(), x)),
            Kind::Op(Lower::Generate(generator, key)) => {
                let counter = node.inputs.first().map(|&counter| {
                    self.meet(counter);
                    let located = self.placed(counter);
                    *self.open_reads.entry(located.buffer).or_default() += 1;
                    located
                });
                let mut group = Group::new(&node.meta.shape);
                let make = Make::Generate(generator, *key, counter);
                let member = group.push(make, TileLevel::Full, node.meta.dtype, Some(n));
                self.groups.push(Some(group));
                self.state[n as usize] = State::Member(self.groups.len() as u32 - 1, member);
            }
            Kind::Op(Lower::Reduce { axes, max }) => self.reduce(n, axes, *max),
            Kind::Op(other) => {
                for &x in &node.inputs {
                    self.meet(x);
                }
                let ready = std::mem::take(&mut self.updates);
                self.opaque(n, other);
                self.fallible.remove(&n);
                // Beside the product that comes after their gradient: one waits for memory, the other computes.
                let new = std::mem::replace(&mut self.updates, ready);
                self.write_updates();
                self.updates.extend(new);
                self.close_sums_of(&node.inputs);
            }
        }
        if let (Some(_), State::Member(group, _)) = (self.assigned_of.get(&n), &self.state[n as usize])
            && !self.updates.contains(group)
        {
            self.updates.push(*group);
        }
    }

    /// Emits the open groups that only sum what these operands are: while they are in cache.
    fn close_sums_of(&mut self, operands: &[u32]) {
        for &x in operands {
            let (_, base) = self.chain(x);
            let State::Placed(located) = &self.state[base as usize] else { continue };
            let Some(&group) = self.readers.get(&located.buffer) else { continue };
            let only_sums = |own: &Group| {
                !own.totals.is_empty() && own.members.iter().all(|member| member.node.is_none())
            };
            if self.groups[group as usize].as_ref().is_some_and(only_sums) {
                self.close(group);
            }
        }
    }

    /// Notes a use of `x` by an op that computes.
    pub(super) fn meet(&mut self, x: u32) {
        self.met[self.graph.base(x) as usize] += 1;
    }

    fn leaf(&mut self, n: u32, leaf: Leaf) {
        match leaf {
            Leaf::Input(number) => self.source(n, Slot::Input(number)),
            Leaf::Param(id) => self.source(n, Slot::Param(id)),
            Leaf::Data(number) => self.source(n, Slot::Data(number)),
            Leaf::Scalar(number) => {
                let meta = self.graph.nodes[n as usize].meta.clone();
                let located = self.scalar(Some(number), &meta);
                self.state[n as usize] = State::Placed(located);
            }
        }
    }

    /// A scalar constant (`None` is 0), repeated over a shape.
    pub(super) fn scalar(&mut self, number: Option<u32>, meta: &Meta) -> Located {
        let wanted = (number, meta.dtype);
        let next = self.plan.scalars.len();
        let index = *self.scalars.entry(wanted).or_insert(next);
        if index == next {
            self.plan.scalars.push(wanted);
        }
        self.plan.buffers[0].1 = self.plan.scalars.len() * SCALAR_BYTES;
        let strides = SmallVec::from_elem(0, meta.shape.rank());
        let offset = (index * SCALAR_BYTES / meta.dtype.size()) as isize;
        Located { buffer: 0, view: View { shape: meta.shape.clone(), strides, offset } }
    }

    fn source(&mut self, n: u32, slot: Slot) {
        let meta = &self.graph.nodes[n as usize].meta;
        let buffer = self.slot_buffer(slot, meta);
        self.state[n as usize] = State::Placed(Located::dense(buffer, meta));
    }

    pub(super) fn slot_buffer(&mut self, slot: Slot, meta: &Meta) -> u32 {
        let next = self.plan.buffers.len() as u32;
        let buffer = *self.slots.entry(slot).or_insert(next);
        if buffer == next {
            self.plan.buffers.push((slot, meta.shape.numel() * meta.dtype.size()));
        }
        buffer
    }

    /// A new dense buffer in the arena.
    pub(super) fn dense_buffer(&mut self, meta: &Meta) -> Located {
        self.plan.buffers.push((Slot::Arena, meta.shape.numel() * meta.dtype.size()));
        Located::dense(self.plan.buffers.len() as u32 - 1, meta)
    }

    pub(super) fn emit(&mut self, instr: Instr, n: u32) {
        let node = &self.graph.nodes[n as usize];
        self.plan.instrs.push(instr);
        self.plan.origins.push((node.name, node.at));
    }

    pub(super) fn place(&mut self, n: u32, located: Located) {
        self.state[n as usize] = State::Placed(located);
    }

    /// The movement nodes from `x` (first) down to the value that they show.
    fn chain(&self, x: u32) -> (SmallVec<[u32; 4]>, u32) {
        let mut chain = SmallVec::new();
        let mut base = x;
        while self.graph.nodes[base as usize].is_movement()
            && !matches!(self.state[base as usize], State::Placed(_))
        {
            chain.push(base);
            base = self.graph.nodes[base as usize].inputs[0];
        }
        (chain, base)
    }

    pub(super) fn peek(&self, x: u32) -> (Peek, u32) {
        let (chain, base) = self.chain(x);
        let peek = match self.state[base as usize] {
            State::Member(group, member) if self.groups[group as usize].is_some() => {
                let view = View::dense(&self.graph.nodes[base as usize].meta.shape);
                Peek::Member(group, member, follow(self.graph, &chain, view))
            }
            State::Total(group) => Peek::Total(group),
            _ => Peek::Placed,
        };
        (peek, base)
    }

    /// The value in memory: closes the group that makes it, copies where strides don't express the view.
    pub(super) fn placed(&mut self, x: u32) -> Located {
        let (chain, base) = self.chain(x);
        if let State::Member(group, _) | State::Total(group) = self.state[base as usize] {
            self.close(group);
        }
        if let State::Again(_) = self.state[base as usize] {
            self.place_again(base);
        }
        let State::Placed(mut located) = self.state[base as usize].clone() else {
            unreachable!("a closed group has placed every value that is used outside")
        };
        for &node in chain.iter().rev() {
            let view = follow(self.graph, &[node], located.view.clone());
            let view = view.unwrap_or_else(|| {
                let from = self.graph.nodes[node as usize].inputs[0];
                located = self.copied(from, &located);
                follow(self.graph, &[node], located.view.clone())
                    .expect("any movement is a view of dense elements")
            });
            located = Located { buffer: located.buffer, view };
            self.state[node as usize] = State::Placed(located.clone());
        }
        located
    }

    /// The value in memory, dense.
    pub(super) fn placed_dense(&mut self, x: u32) -> Located {
        let located = self.placed(x);
        if located.view.is_dense() { located } else { self.copied(x, &located) }
    }

    pub(super) fn copied(&mut self, x: u32, from: &Located) -> Located {
        let to = self.dense_buffer(&self.graph.nodes[x as usize].meta);
        self.copy(x, from, &to);
        to
    }

    /// Emits a copy of `x` from one view to another of the same shape.
    pub(super) fn copy(&mut self, x: u32, from: &Located, to: &Located) {
        if from.view.shape.numel() == 0 {
            return;
        }
        let dtype = self.graph.nodes[x as usize].meta.dtype;
        if from.buffer == to.buffer && overlap(&from.view, &to.view) {
            // Two places in turn of one tensor that is put together: a tile may not read where it writes.
            let apart = self.dense_buffer(&Meta::new(&from.view.shape, dtype));
            self.copy(x, from, &apart);
            return self.copy(x, &apart, to);
        }
        let mut group = Group::new(&from.view.shape);
        let member = group.load(x, || from.clone(), TileLevel::Full, dtype);
        let instr = group.finish(&[(member, to.clone())], &[]);
        self.emit(instr, x);
    }
}

/// Whether the ranges from first to last element of two views of a buffer overlap.
fn overlap(a: &View, b: &View) -> bool {
    let span = |view: &View| {
        let (mut first, mut last) = (view.offset, view.offset);
        for (&length, &stride) in view.shape.iter().zip(&view.strides) {
            let reach = (length as isize - 1) * stride;
            first += reach.min(0);
            last += reach.max(0);
        }
        (first, last)
    };
    let ((a_first, a_last), (b_first, b_last)) = (span(a), span(b));
    a_first <= b_last && b_first <= a_last
}
