//! From the graph to instructions.

use super::graph::{Graph, Kind, follow};
use super::group::{Fit, Group, Located, Make, Total};
use crate::params::ParamId;
use crate::record::{KeyMap, Leaf, Lower, Meta, View};
use crate::{At, DType};
use chainrule_kernels::Level;
use chainrule_kernels::machine::{Instr, RowReduce, TileLevel};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Rows longer than this are not held in cache: their reduction is complete only after the pass.
const LONGEST_ROW: usize = 4096;

/// A reduction of everything in one row stays inside its tile program up to this many elements.
const SMALL_TOTAL: usize = 1024;

/// A group with this many members takes no more: longer ones save nothing, and planning stays linear.
const MOST_MEMBERS: usize = 128;

/// A buffer of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Slot {
    Arena,
    /// All scalar constants.
    Scalars,
    Param(ParamId),
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
    /// Open groups that hold new values of parameters.
    pub updates: Vec<u32>,
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
        inside: vec![0; count],
        state: vec![State::Todo; count],
        groups: Vec::new(),
        slots: HashMap::new(),
        scalars: HashMap::new(),
        assigned: Vec::new(),
        assigned_of: KeyMap::default(),
        met: vec![0; count],
        open_reads: KeyMap::default(),
        updates: Vec::new(),
    };
    lowering.begin();
    for node in order(graph, &lowering.uses) {
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
    let is_opaque = |node: u32| {
        let kind = &graph.nodes[node as usize].kind;
        let elementwise = matches!(kind, Kind::Op(Lower::Pointwise(_) | Lower::Custom(_) | Lower::View(_)));
        matches!(kind, Kind::Op(_))
            && !elementwise
            && !matches!(kind, Kind::Op(Lower::Reduce { .. } | Lower::Generate(..)))
    };
    let moves = |node: u32| {
        matches!(
            graph.nodes[node as usize].kind,
            Kind::Op(Lower::Pointwise(_) | Lower::Custom(_) | Lower::View(_))
        )
    };
    let count = graph.nodes.len() as u32;
    let is_leaf = |node: u32| !matches!(graph.nodes[node as usize].kind, Kind::Op(_));
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
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by_key(|&node| (rank[node as usize], node));
    order
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
                self.write_updates();
                for &x in &node.inputs {
                    self.meet(x);
                }
                self.opaque(n, other);
            }
        }
        if let (Some(_), State::Member(group, _)) = (self.assigned_of.get(&n), &self.state[n as usize])
            && !self.updates.contains(group)
        {
            self.updates.push(*group);
        }
    }

    /// Notes a use of `x` by an op that computes.
    pub(super) fn meet(&mut self, x: u32) {
        let mut base = x;
        while self.graph.nodes[base as usize].is_movement() {
            base = self.graph.nodes[base as usize].inputs[0];
        }
        self.met[base as usize] += 1;
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
        let mut group = Group::new(&from.view.shape);
        let dtype = self.graph.nodes[x as usize].meta.dtype;
        let member = group.load(x, || from.clone(), TileLevel::Full, dtype);
        let instr = group.finish(&[(member, to.clone())], &[]);
        self.emit(instr, x);
    }

    /// An elementwise op joins the open groups of its operands, or starts a group.
    fn elementwise(&mut self, n: u32, make: impl FnOnce(SmallVec<[u32; 3]>) -> Make) {
        let graph = self.graph;
        let Meta { shape, dtype } = &graph.nodes[n as usize].meta;
        let inputs = &graph.nodes[n as usize].inputs;
        let numel = shape.numel();
        let group = self.join(inputs, numel, shape).unwrap_or_else(|| {
            self.groups.push(Some(Group::new(shape)));
            self.groups.len() as u32 - 1
        });
        let level = self.group(group).level(numel).expect("an op joins only where it fits");
        let cuts = self.group(group).cuts_with(shape, level).expect("an op joins only where it fits");
        self.group(group).cuts = cuts;
        let operands = inputs.iter().map(|&x| self.operand(group, x, level)).collect();
        let member = self.group(group).push(make(operands), level, *dtype, Some(n));
        self.state[n as usize] = State::Member(group, member);
    }

    pub(super) fn group(&mut self, group: u32) -> &mut Group {
        self.groups[group as usize].as_mut().expect("an open group")
    }

    /// The one open group that an op with these operands can join; groups that can't be joined are closed.
    fn join(&mut self, inputs: &[u32], numel: usize, shape: &[usize]) -> Option<u32> {
        'again: loop {
            let mut found: Option<u32> = None;
            for &x in inputs {
                let (group, fits) = match self.peek(x).0 {
                    Peek::Placed => continue,
                    Peek::Total(group) => (group, false),
                    Peek::Member(group, member, view) => {
                        let own = self.group(group);
                        let room = own.members.len() < MOST_MEMBERS;
                        let fit = own.level(numel).filter(|_| room).and_then(|level| {
                            own.cuts_with(shape, level)?;
                            own.fit(member, &view?, level)
                        });
                        (group, fit.is_some())
                    }
                };
                if !fits {
                    self.close(group);
                    continue 'again;
                }
                match found {
                    None => found = Some(group),
                    Some(other) if other == group => {}
                    Some(other) => {
                        if !self.merge(other, group) {
                            self.close(group);
                        }
                        continue 'again;
                    }
                }
            }
            return found;
        }
    }

    /// Joins two open groups, if they fit.
    fn merge(&mut self, a: u32, b: u32) -> bool {
        let [larger, smaller] = [a, b].map(|group| self.group(group).members.len());
        if larger + smaller > MOST_MEMBERS {
            return false;
        }
        let (a, b) = if larger < smaller { (b, a) } else { (a, b) };
        let other = self.groups[b as usize].take().expect("an open group");
        let Some(cuts) = self.group(a).merged_cuts(&other) else {
            self.groups[b as usize] = Some(other);
            return false;
        };
        let moved: Vec<u32> = other.members.iter().filter_map(|member| member.node).collect();
        let totals: Vec<u32> = other.totals.iter().map(|total| total.node).collect();
        let shift = self.group(a).absorb(other, cuts);
        for node in moved {
            if let State::Member(_, member) = self.state[node as usize] {
                self.state[node as usize] = State::Member(a, member + shift);
            }
        }
        for node in totals {
            self.state[node as usize] = State::Total(a);
        }
        true
    }

    /// The member of `group` that holds operand `x` at this level.
    fn operand(&mut self, group: u32, x: u32, level: TileLevel) -> u32 {
        self.meet(x);
        if let (Peek::Member(_, member, view), base) = self.peek(x) {
            self.inside[base as usize] += 1;
            let fit = view.and_then(|view| self.group(group).fit(member, &view, level));
            return if fit == Some(Fit::Expand) { self.group(group).expand(member) } else { member };
        }
        let located = self.placed(x);
        let dtype = self.graph.nodes[x as usize].meta.dtype;
        let (buffer, before) = (located.buffer, self.group(group).members.len());
        let member = self.group(group).load(x, || located, level, dtype);
        *self.open_reads.entry(buffer).or_default() += (self.group(group).members.len() - before) as u32;
        member
    }

    fn reduce(&mut self, n: u32, axes: &[usize], max: bool) {
        let graph = self.graph;
        let x = graph.nodes[n as usize].inputs[0];
        let Meta { shape, dtype } = &graph.nodes[x as usize].meta;
        let numel = shape.numel();
        if numel == 0 {
            let to = self.dense_buffer(&graph.nodes[n as usize].meta);
            let zero = self.scalar(None, &graph.nodes[n as usize].meta);
            self.copy(n, &zero, &to);
            return self.place(n, to);
        }
        let group = self.join(&[x], numel, shape).unwrap_or_else(|| {
            self.groups.push(Some(Group::new(shape)));
            self.groups.len() as u32 - 1
        });
        let level = self.group(group).level(numel).expect("an op joins only where it fits");
        let cuts = self.group(group).cuts_with(shape, level).expect("an op joins only where it fits");
        self.group(group).cuts = cuts;
        let source = self.operand(group, x, level);
        // Reduced axes that are all the last ones form a row.
        let first =
            (0..shape.rank()).rev().take_while(|axis| shape[*axis] == 1 || axes.contains(axis)).last();
        let row: usize = first.map_or(1, |first| shape[first..].iter().product());
        let all: usize = axes.iter().map(|&axis| shape[axis]).product();
        let row_group = self.group(group);
        let fits = row == all && row > 1 && (row_group.row == 0 || row_group.row == row);
        let short = row <= LONGEST_ROW && (row < numel || row <= SMALL_TOTAL);
        if level == TileLevel::Full && fits && short {
            row_group.row = row;
            let how = if max { RowReduce::Max } else { RowReduce::Sum };
            let member = row_group.push(Make::Reduce(how, source), TileLevel::Row, *dtype, Some(n));
            self.state[n as usize] = State::Member(group, member);
            return;
        }
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(0, shape.rank());
        let mut step = 1;
        for axis in (0..shape.rank()).rev() {
            if !axes.contains(&axis) {
                strides[axis] = step;
                step *= shape[axis] as isize;
            }
        }
        let view = View { shape: shape.clone(), strides, offset: 0 };
        row_group.totals.push(Total { node: n, source, view, max });
        self.state[n as usize] = State::Total(group);
    }

    /// Emits an open group. Its values that are used outside go to memory.
    pub(super) fn close(&mut self, group: u32) {
        self.close_into(group, |_, _| None);
    }

    /// [`close`](Self::close), with the buffers of some nodes chosen by `target`.
    pub(super) fn close_into(&mut self, group: u32, target: impl Fn(&Self, u32) -> Option<u32>) {
        let Some(group) = self.groups[group as usize].take() else { return };
        for located in group.reads() {
            if let Some(count) = self.open_reads.get_mut(&located.buffer) {
                *count = count.saturating_sub(1);
            }
        }
        let mut origin = None;
        let mut stores: Vec<(u32, Located)> = Vec::new();
        for (member, node) in group.members.iter().enumerate().filter_map(|(i, m)| Some((i as u32, m.node?)))
        {
            origin = Some(node);
            if self.uses[node as usize] > self.inside[node as usize] {
                let located = self.target(node, &target);
                stores.push((member, located.clone()));
                self.place(node, located);
            }
        }
        let mut totals = Vec::new();
        for total in &group.totals {
            origin = Some(total.node);
            let located = self.target(total.node, &target);
            totals.push(located.buffer);
            self.place(total.node, located);
        }
        let Some(origin) = origin.filter(|_| !stores.is_empty() || !totals.is_empty()) else { return };
        let instr = group.finish(&stores, &totals);
        self.emit(instr, origin);
    }

    fn target(&mut self, node: u32, target: &impl Fn(&Self, u32) -> Option<u32>) -> Located {
        let meta = &self.graph.nodes[node as usize].meta;
        match target(self, node) {
            Some(buffer) => Located::dense(buffer, meta),
            None => self.dense_buffer(meta),
        }
    }
}
