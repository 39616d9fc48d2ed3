//! Where a plan's results go: outputs, and new values of parameters.
//!
//! A group that makes new values of parameters writes them straight into the parameters' memory, once everything else
//! that reads the old values has been emitted. Where that can't be, the new value is copied at the end.

use super::graph::Kind;
use super::group::{Group, Located};
use super::lower::{Assigned, Lowering, Peek, Slot};
use crate::record::Leaf;
use chainrule_kernels::machine::TileLevel;
use std::collections::HashMap;

/// Updates that wait for more than this many others are left to the end: planning stays linear.
const MOST_WAITING: usize = 64;

impl Lowering<'_> {
    /// Notes what is to be written.
    pub(super) fn begin(&mut self) {
        let graph = self.graph;
        let mut old = HashMap::new();
        let mut times = HashMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            if let Kind::Leaf(Leaf::Param(id)) = node.kind
                && !graph.apart
            {
                old.insert(id, index as u32);
            }
        }
        for (i, &(id, value)) in graph.assigns.iter().enumerate() {
            let slot = if graph.apart { Slot::New(i as u32) } else { Slot::Param(id) };
            let buffer = self.slot_buffer(slot, &graph.nodes[value as usize].meta);
            self.assigned.push(Assigned { value, buffer, old: old.get(&id).copied(), written: false });
            if !graph.apart {
                self.plan.writes.push(id);
            }
            *times.entry(value).or_insert(0) += 1;
            self.assigned_of.insert(value, i);
        }
        // A value for two parameters is copied at the end.
        self.assigned_of.retain(|value, _| times[value] == 1);
    }

    /// Emits the groups of which nothing is left to do but to write parameters that nothing else reads any more.
    /// Not while something ahead can fail: a step that meets bad data changes nothing.
    pub(super) fn write_updates(&mut self) {
        if self.updates.is_empty() || !self.fallible.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.updates);
        for group in waiting {
            match &self.groups[group as usize] {
                Some(own) if self.is_complete(own) => self.close_update(group),
                Some(_) if self.updates.len() < MOST_WAITING => self.updates.push(group),
                _ => {}
            }
        }
    }

    /// Whether all values of a group are used inside it or are new values of parameters that can be written.
    fn is_complete(&self, group: &Group) -> bool {
        let done = |node: u32| {
            let outside = self.uses[node as usize] - self.inside[node as usize];
            outside == 0 || outside == 1 && self.assigned_of.contains_key(&node)
        };
        group.totals.is_empty()
            && group.members.iter().filter_map(|member| member.node).all(done)
            && group.members.iter().all(|member| {
                let assigned = member.node.and_then(|node| self.assigned_of.get(&node));
                assigned.is_none_or(|&i| {
                    member.level == TileLevel::Full && self.is_free(&self.assigned[i], group)
                })
            })
    }

    /// Whether a parameter can be written by a group: all other reads of its old value have been emitted, and inside the
    /// group it is read only element by element.
    fn is_free(&self, assigned: &Assigned, group: &Group) -> bool {
        let met = assigned.old.is_none_or(|old| self.met[old as usize] == self.uses[old as usize]);
        let here = || group.reads().filter(|located| located.buffer == assigned.buffer);
        let open = self.open_reads.get(&assigned.buffer).copied().unwrap_or(0);
        let by_element =
            |located: &Located| located.view.is_dense() && located.view.shape.numel() == group.numel;
        met && open as usize == here().count()
            && here().all(by_element)
            && group.keys().all(|located| located.buffer != assigned.buffer)
    }

    /// Emits a group, its new values going straight to the parameters that are free.
    pub(super) fn close_update(&mut self, group: u32) {
        let Some(own) = &self.groups[group as usize] else { return };
        let mut targets = Vec::new();
        for member in &own.members {
            let Some(node) = member.node else { continue };
            let Some(&i) = self.assigned_of.get(&node) else { continue };
            let alone = self.uses[node as usize] == self.inside[node as usize] + 1;
            if alone && member.level == TileLevel::Full && self.is_free(&self.assigned[i], own) {
                targets.push((node, self.assigned[i].buffer));
                self.assigned[i].written = true;
            }
        }
        self.close_into(group, |_, node| {
            targets.iter().find(|(value, _)| *value == node).map(|&(_, buffer)| buffer)
        });
    }

    /// Places the outputs, closes what is open, and writes the parameters that are not written yet.
    pub(super) fn finish(&mut self) {
        let graph = self.graph;
        // Every op is lowered: all reads of old values are in emitted or open groups, but those of outputs that are met below.
        self.is_finishing = true;
        for &output in &graph.outputs {
            let mut located = self.in_arena(output);
            self.meet(output);
            if !located.view.is_dense() {
                located = self.copied(output, &located);
            }
            self.plan.outputs.push((located, graph.nodes[output as usize].meta.clone()));
        }
        // New values that are old values of parameters, or made already, go by way of the arena, so that no copy reads
        // what another has written.
        let mut waiting: Vec<Option<Located>> = Vec::new();
        for i in 0..self.assigned.len() {
            let Assigned { value, written, .. } = self.assigned[i];
            let open = matches!(self.peek(value).0, Peek::Member(..) | Peek::Total(_));
            let movement = graph.nodes[value as usize].is_movement();
            let copied = !written && (!open || movement);
            waiting.push(if copied { Some(self.in_arena(value)) } else { None });
            if copied {
                self.meet(value);
            }
        }
        for group in 0..self.groups.len() as u32 {
            self.close_update(group);
        }
        for (i, from) in waiting.into_iter().enumerate() {
            let Assigned { value, buffer, written, .. } = self.assigned[i];
            if !written {
                let from = from.unwrap_or_else(|| self.placed(value));
                self.copy(value, &from, &Located::dense(buffer, &graph.nodes[value as usize].meta));
            }
        }
    }

    /// The value in the arena.
    pub(super) fn in_arena(&mut self, x: u32) -> Located {
        let located = self.placed(x);
        let arena = self.plan.buffers[located.buffer as usize].0 == Slot::Arena;
        if arena { located } else { self.copied(x, &located) }
    }
}
