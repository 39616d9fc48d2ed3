//! What is computed again where it is used, instead of kept in memory: results of cheap ops whose operands are kept anyway.
//!
//! A backward pass uses many values of the forward pass. Most are cheap combinations of others that it uses too, as `x - mean`
//! is of a layer norm: to compute them again costs less than to write and read them.

use super::fuse::Closing;
use super::graph::Kind;
use super::group::{Group, Make};
use super::lower::{Lowering, Slot, State};
use crate::record::{Leaf, Lower};
use chainrule_kernels::machine::TileLevel;
use chainrule_kernels::pointwise::{self as kernel, Kernel};

/// Smaller values stay in the first-level cache: to keep them costs nothing.
const LEAST_ELEMENTS: usize = 8192;
/// Ops that are computed again for one use, one after the other.
const DEEPEST: u8 = 2;

fn is_cheap(kernel: &'static Kernel) -> bool {
    let cheap = [&kernel::ADD, &kernel::SUB, &kernel::MUL, &kernel::NEG, &kernel::ABS];
    cheap.iter().any(|x| std::ptr::eq(*x, kernel))
}

impl Lowering<'_> {
    /// How many of each node's uses are by ops that can compute it again: those that run element by element.
    pub(super) fn count_soft_uses(&mut self) {
        for node in
            self.graph.nodes.iter().enumerate().filter(|(i, _)| self.uses[*i] > 0).map(|(_, node)| node)
        {
            if let Kind::Op(Lower::Pointwise(_) | Lower::Custom(_) | Lower::Reduce { .. }) = node.kind {
                node.inputs.iter().for_each(|&x| self.soft_uses[x as usize] += 1);
            }
        }
    }

    /// Chooses among the members of a group that is closed those that are computed again instead of stored.
    pub(super) fn choose_again(&mut self, group: &Group, closing: &mut Closing) {
        if group.numel < LEAST_ELEMENTS {
            return;
        }
        for (i, member) in group.members.iter().enumerate() {
            let (Some(node), Make::Apply(kernel, _)) = (member.node, &member.make) else { continue };
            let soft = self.uses[node as usize] == self.soft_uses[node as usize];
            if !closing.stored[i] || member.level != TileLevel::Full || !soft || !is_cheap(kernel) {
                continue;
            }
            let Some((depth, rows)) = self.depth_again(group, closing, node) else { continue };
            // A row's value that the op needs is kept: it is small.
            rows.into_iter().for_each(|row| closing.stored[row as usize] = true);
            closing.stored[i] = false;
            closing.again.push((node, depth));
        }
    }

    /// How many ops are to be done again for a node, itself included, and the row members that it needs; `None` if one of
    /// its operands is not kept, or if these are too many.
    fn depth_again(&self, group: &Group, closing: &Closing, node: u32) -> Option<(u8, Vec<u32>)> {
        let (mut depth, mut rows, mut full) = (0, Vec::new(), 0);
        for &x in &self.graph.nodes[node as usize].inputs {
            let base = self.graph.base(x);
            let repeated = self.graph.nodes[base as usize].meta.shape.numel() < group.numel
                || matches!(self.graph.nodes[base as usize].kind, Kind::Leaf(Leaf::Scalar(_)));
            full += !repeated as usize;
            match &self.state[base as usize] {
                State::Again(ops) if base == x => depth = depth.max(*ops),
                State::Placed(located) => {
                    // A parameter may have a new value by then.
                    let slot = self.plan.buffers[located.buffer as usize].0;
                    if matches!(slot, Slot::Param(_)) {
                        return None;
                    }
                }
                State::Member(_, member) => {
                    let again = closing.again.iter().find(|(node, _)| *node == base);
                    match (again, group.members[*member as usize].level) {
                        (Some((_, ops)), _) if base == x => depth = depth.max(*ops),
                        (Some(_), _) => return None,
                        (None, TileLevel::Row) => rows.push(*member),
                        (None, TileLevel::Full) if closing.stored[*member as usize] => {}
                        (None, TileLevel::Full) => return None,
                    }
                }
                State::Todo
                    if matches!(self.graph.nodes[base as usize].kind, Kind::Leaf(Leaf::Scalar(_))) => {}
                _ => return None,
            }
        }
        (full <= 1 && depth < DEEPEST).then_some((depth + 1, rows))
    }

    /// The member of `group` that computes `x` again.
    pub(super) fn again(&mut self, group: u32, x: u32, level: TileLevel) -> u32 {
        if let Some(member) = self.group(group).loaded(x, level) {
            return member;
        }
        let graph = self.graph;
        let node = &graph.nodes[x as usize];
        let Kind::Op(Lower::Pointwise(kernel)) = node.kind else {
            unreachable!("elementwise ops alone are computed again")
        };
        let operands = node.inputs.iter().map(|&x| self.operand_uncounted(group, x, level)).collect();
        let member = self.group(group).push(Make::Apply(kernel, operands), level, node.meta.dtype, None);
        self.group(group).set_loaded(x, level, member);
        member
    }

    /// Computes `x`, which was to be computed again by its users, into memory.
    pub(super) fn place_again(&mut self, x: u32) {
        let meta = &self.graph.nodes[x as usize].meta;
        self.groups.push(Some(Group::new(&meta.shape)));
        let group = self.groups.len() as u32 - 1;
        let member = self.again(group, x, TileLevel::Full);
        let own = self.groups[group as usize].take().expect("it was just made");
        let to = self.home(x, |located| own.reads().all(|read| read.buffer != located.buffer));
        let instr = own.finish(&[(member, to.clone())], &[]);
        self.emit(instr, x);
        self.place(x, to);
    }
}
