//! Which ops run together: elementwise ops and reductions join the open groups of their operands.

use super::group::{Fit, Group, Located, Make, Total};
use super::lower::{Lowering, Peek, Slot, State};
use crate::record::{Meta, View};
use chainrule_kernels::machine::{RowReduce, TileLevel};
use smallvec::SmallVec;

/// Rows longer than this are not held in cache: their reduction is complete only after the pass.
const LONGEST_ROW: usize = 4096;

/// A reduction of everything in one row stays inside its tile program up to this many elements.
const SMALL_TOTAL: usize = 1024;

/// A group with this many members takes no more: longer ones save nothing, and planning stays linear.
const MOST_MEMBERS: usize = 128;

/// A group with more members is not joined by ops that only read the same.
const MOST_WITH_SIBLINGS: usize = 64;

impl Lowering<'_> {
    /// An elementwise op joins the open groups of its operands, or starts a group.
    pub(super) fn elementwise(&mut self, n: u32, make: impl FnOnce(SmallVec<[u32; 3]>) -> Make) {
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
            return found.or_else(|| self.sibling(inputs, numel, shape));
        }
    }

    /// An open group that reads one of the operands already: what it has in cache is not read again.
    fn sibling(&self, inputs: &[u32], numel: usize, shape: &[usize]) -> Option<u32> {
        inputs.iter().find_map(|&x| {
            let meta = &self.graph.nodes[x as usize].meta;
            let (_, base) = self.peek(x);
            let State::Placed(located) = &self.state[base as usize] else { return None };
            let group = *self.readers.get(&located.buffer)?;
            let own = self.groups[group as usize].as_ref()?;
            let fits = meta.shape.numel() == numel
                && self.graph.nodes[base as usize].meta.shape.numel() == numel
                && own.numel == numel
                && own.members.len() <= MOST_WITH_SIBLINGS
                && own.cuts_with(shape, TileLevel::Full).is_some();
            fits.then_some(group)
        })
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
        self.operand_uncounted(group, x, level)
    }

    pub(super) fn operand_uncounted(&mut self, group: u32, x: u32, level: TileLevel) -> u32 {
        if let State::Again(_) = self.state[x as usize] {
            return self.again(group, x, level);
        }
        if let (Peek::Member(_, member, view), base) = self.peek(x) {
            self.inside[base as usize] += 1;
            let fit = view.and_then(|view| self.group(group).fit(member, &view, level));
            return if fit == Some(Fit::Expand) { self.group(group).expand(member) } else { member };
        }
        let located = self.placed(x);
        let dtype = self.graph.nodes[x as usize].meta.dtype;
        let (buffer, before) = (located.buffer, self.group(group).members.len());
        if self.plan.buffers[buffer as usize].0 != Slot::Scalars {
            self.readers.insert(buffer, group);
        }
        let member = self.group(group).load(x, || located, level, dtype);
        *self.open_reads.entry(buffer).or_default() += (self.group(group).members.len() - before) as u32;
        member
    }

    pub(super) fn reduce(&mut self, n: u32, axes: &[usize], max: bool) {
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
        if self.is_finishing {
            self.close_update(group);
        } else {
            self.close_into(group, |_, _| None);
        }
    }

    /// [`close`](Self::close), with the buffers of some nodes chosen by `target`.
    pub(super) fn close_into(&mut self, group: u32, target: impl Fn(&Self, u32) -> Option<u32>) {
        let Some(group) = self.groups[group as usize].take() else { return };
        for located in group.reads() {
            if let Some(count) = self.open_reads.get_mut(&located.buffer) {
                *count = count.saturating_sub(1);
            }
        }
        let mut closing = Closing {
            stored: group
                .members
                .iter()
                .map(|member| member.node.is_some_and(|n| self.is_used_outside(n)))
                .collect(),
            again: Vec::new(),
        };
        self.choose_again(&group, &mut closing);
        for &(node, depth) in &closing.again {
            self.state[node as usize] = State::Again(depth);
        }
        let mut origin = None;
        let mut stores: Vec<(u32, Located)> = Vec::new();
        for (i, member) in group.members.iter().enumerate() {
            let Some(node) = member.node else { continue };
            origin = Some(node);
            if closing.stored[i] {
                let member = i as u32;
                // Straight to where it is wanted; not into a buffer that the group reads.
                let free = |located: &Located| group.reads().all(|read| read.buffer != located.buffer);
                let located = match target(self, node) {
                    Some(buffer) => Located::dense(buffer, &self.graph.nodes[node as usize].meta),
                    None => self.home(node, free),
                };
                stores.push((member, located.clone()));
                stores.extend(self.other_homes(node, free).into_iter().map(|other| (member, other)));
                self.place(node, located);
            }
        }
        let mut totals = Vec::new();
        for total in &group.totals {
            origin = Some(total.node);
            let meta = &self.graph.nodes[total.node as usize].meta;
            let located = match target(self, total.node) {
                Some(buffer) => Located::dense(buffer, meta),
                None => self.dense_buffer(meta),
            };
            totals.push(located.buffer);
            self.place(total.node, located);
        }
        let Some(origin) = origin.filter(|_| !stores.is_empty() || !totals.is_empty()) else { return };
        let instr = group.finish(&stores, &totals);
        self.emit(instr, origin);
    }

    fn is_used_outside(&self, node: u32) -> bool {
        self.uses[node as usize] > self.inside[node as usize]
    }
}

/// What becomes of the members of a group that is closed.
pub(super) struct Closing {
    /// Which go to memory.
    pub stored: Vec<bool>,
    /// The nodes that are computed again where they are used, and the number of ops that takes.
    pub again: Vec<(u32, u8)>,
}
