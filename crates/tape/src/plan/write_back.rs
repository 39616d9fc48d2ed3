//! The end of a plan: outputs, and new values of parameters.

use super::group::Located;
use super::lower::{Lowering, Peek, Slot, State};
use crate::record::KeyMap;
use chainrule_kernels::machine::TileLevel;

impl Lowering<'_> {
    /// Places the outputs, closes what is open, and writes the parameters.
    pub(super) fn finish(&mut self) {
        let graph = self.graph;
        for &output in &graph.outputs {
            let mut located = self.in_arena(output);
            if !located.view.is_dense() {
                located = self.copied(output, &located);
            }
            self.plan.outputs.push((located, graph.nodes[output as usize].meta.clone()));
        }
        // The groups that are still open make new values of parameters. Other new values are old values of parameters, or
        // made already: they are copied at the end, by way of the arena, so that no copy reads what another has written.
        let assigned = std::mem::take(&mut self.assigned);
        let mut waiting: Vec<Option<Located>> = Vec::new();
        for &(value, _) in &assigned {
            let open = matches!(self.peek(value).0, Peek::Member(..) | Peek::Total(_));
            let movement = graph.nodes[value as usize].is_movement();
            waiting.push(if open && !movement { None } else { Some(self.in_arena(value)) });
        }
        // Each of the rest goes straight into the parameter's memory, unless another group that comes later reads the old
        // value.
        let mut last_read = KeyMap::<u32, usize>::default();
        for (position, group) in self.groups.iter().enumerate() {
            for located in group.iter().flat_map(|group| group.reads()) {
                last_read.insert(located.buffer, position);
            }
        }
        let mut direct = vec![false; assigned.len()];
        let mut parameter: Vec<u32> = Vec::new();
        for (i, &(value, id)) in assigned.iter().enumerate() {
            let meta = &graph.nodes[value as usize].meta;
            let buffer = self.slot_buffer(Slot::Param(id), meta);
            parameter.push(buffer);
            let State::Member(group, member) = self.state[value as usize] else { continue };
            let Some(own) = &self.groups[group as usize] else { continue };
            let alone = self.uses[value as usize] == self.inside[value as usize] + 1;
            let full = own.members[member as usize].level == TileLevel::Full;
            let later = last_read.get(&buffer).is_some_and(|&position| position > group as usize);
            let twice = assigned[..i].iter().any(|&(_, other)| other == id);
            // Inside the group, the old value may be read only element by element.
            let mixed = own.keys().any(|located| located.buffer == buffer)
                || own.reads().any(|located| {
                    located.buffer == buffer
                        && !(located.view.is_dense() && located.view.shape.numel() == own.numel)
                });
            direct[i] = alone && full && !later && !twice && !mixed;
        }
        for group in 0..self.groups.len() as u32 {
            self.close_into(group, |_, node| {
                assigned
                    .iter()
                    .position(|&(value, _)| value == node)
                    .filter(|&i| direct[i])
                    .map(|i| parameter[i])
            });
        }
        for (i, &(value, id)) in assigned.iter().enumerate() {
            self.plan.writes.push(id);
            if !direct[i] {
                let from = waiting[i].take().unwrap_or_else(|| self.placed(value));
                let to = Located::dense(parameter[i], &graph.nodes[value as usize].meta);
                self.copy(value, &from, &to);
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
