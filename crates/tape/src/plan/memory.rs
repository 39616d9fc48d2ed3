//! A place in the arena for every buffer, by liveness.

use super::lower::{Plan, Slot};
use crate::params::ParamId;
use chainrule_kernels::ALIGN;
use chainrule_kernels::machine::{Access, Instr, Place, SlotSpec, StepKind, TileLevel};
use std::collections::{BTreeMap, HashSet};

const NEVER: usize = usize::MAX;

/// Where the buffers of a plan lie.
#[derive(Debug)]
pub(crate) struct Memory {
    pub arena_bytes: usize,
    /// What each slot of the machine is, from slot 1 on.
    pub slots: Vec<Slot>,
    pub specs: Vec<SlotSpec>,
    /// Offset in the arena of each output.
    pub outputs: Vec<usize>,
}

/// The life of a buffer: the instructions that first and last touch it.
#[derive(Clone, Copy, Debug)]
struct Life {
    first: usize,
    last: usize,
}

/// Gives every buffer a place, and patches the instructions to use it.
pub(crate) fn place(plan: &mut Plan) -> Memory {
    let mut lives = lives(plan);
    let mut root = share(plan, &mut lives);
    let (offsets, arena_bytes) = offsets(plan, &lives, &root);
    root.extend(root.len() as u32..plan.buffers.len() as u32);

    let mut slots = Vec::new();
    let mut specs = Vec::new();
    let mut slot_of = vec![0u32; plan.buffers.len()];
    let written: HashSet<ParamId> = plan.writes.iter().copied().collect();
    for (buffer, &(slot, bytes)) in plan.buffers.iter().enumerate() {
        if slot != Slot::Arena {
            let writable = match slot {
                Slot::Param(id) => written.contains(&id),
                _ => matches!(slot, Slot::New(_)),
            };
            slots.push(slot);
            specs.push(SlotSpec { bytes, writable });
            slot_of[buffer] = slots.len() as u32;
        }
    }
    let patch = |place: &mut Place| {
        let buffer = place.slot as usize;
        if plan.buffers[buffer].0 == Slot::Arena {
            place.offset += offsets[root[buffer] as usize];
        }
        place.slot = slot_of[buffer];
    };
    for instr in &mut plan.instrs {
        instr.places_mut(&mut |place| patch(place));
    }
    let at = |located: &super::group::Located, size: usize| {
        if located.view.shape.numel() == 0 {
            return 0;
        }
        offsets[root[located.buffer as usize] as usize] + located.view.offset as usize * size
    };
    let outputs = plan.outputs.iter().map(|(located, meta)| at(located, meta.dtype.size())).collect();
    Memory { arena_bytes, slots, specs, outputs }
}

fn lives(plan: &Plan) -> Vec<Life> {
    let mut lives = vec![Life { first: NEVER, last: 0 }; plan.buffers.len()];
    for (i, instr) in plan.instrs.iter().enumerate() {
        instr.uses(&mut |place, _, _| {
            let life = &mut lives[place.slot as usize];
            life.first = life.first.min(i);
            life.last = i;
        });
    }
    for (located, _) in &plan.outputs {
        lives[located.buffer as usize].last = NEVER;
    }
    lives
}

/// A tile program's result takes the memory of an operand that is read for the last time, element by element. Returns
/// for each buffer the one whose memory it has.
fn share(plan: &Plan, lives: &mut [Life]) -> Vec<u32> {
    let mut root: Vec<u32> = (0..plan.buffers.len() as u32).collect();
    for (i, instr) in plan.instrs.iter().enumerate() {
        let Instr::Tile(tile) = instr else { continue };
        let builder = tile.builder();
        let mut taken: Vec<u32> = Vec::new();
        for (operand, access) in &builder.stores {
            let step = &builder.steps[operand.0 as usize];
            let target = access.place.slot;
            let fresh = plan.buffers[target as usize].0 == Slot::Arena && lives[target as usize].first == i;
            if !fresh || step.level != TileLevel::Full || !is_dense(access, &builder.dims) {
                continue;
            }
            let loads = |buffer: u32| {
                builder.steps.iter().filter_map(move |step| match &step.kind {
                    StepKind::Load(access) if access.place.slot == buffer => Some((step, access)),
                    StepKind::Generate(_, _, Some(access)) if access.place.slot == buffer => {
                        Some((step, access))
                    }
                    _ => None,
                })
            };
            let candidate = builder.steps.iter().find_map(|source| {
                let StepKind::Load(from) = &source.kind else { return None };
                let buffer = from.place.slot;
                let (slot, bytes) = plan.buffers[buffer as usize];
                let dies = slot == Slot::Arena
                    && lives[buffer as usize].last == i
                    && lives[buffer as usize].first < i;
                let fits =
                    bytes == plan.buffers[target as usize].1 && source.dtype.size() == step.dtype.size();
                let same = loads(buffer).all(|(other, x)| {
                    matches!(other.kind, StepKind::Load(_))
                        && other.level == TileLevel::Full
                        && x.strides == access.strides
                        && x.place.offset == access.place.offset
                });
                let written = builder.stores.iter().any(|(_, store)| store.place.slot == buffer);
                (dies && fits && same && !written && !taken.contains(&buffer)).then_some(buffer)
            });
            if let Some(buffer) = candidate {
                taken.push(buffer);
                root[target as usize] = root[buffer as usize];
            }
        }
    }
    for buffer in 0..root.len() {
        let own = root[buffer] as usize;
        if own != buffer {
            lives[own].last = lives[own].last.max(lives[buffer].last);
        }
    }
    root
}

fn is_dense(access: &Access, dims: &[usize]) -> bool {
    let mut step = 1;
    for (&length, &stride) in dims.iter().zip(&access.strides).rev() {
        if length != 1 && stride != step {
            return false;
        }
        step *= length as isize;
    }
    true
}

/// Free memory by offset.
#[derive(Default)]
struct Free {
    blocks: BTreeMap<usize, usize>,
    end: usize,
}

impl Free {
    /// The smallest free block that is large enough, or new memory at the end.
    fn take(&mut self, bytes: usize) -> usize {
        let best = self.blocks.iter().filter(|&(_, &size)| size >= bytes).min_by_key(|&(_, &size)| size);
        if let Some((&offset, &size)) = best {
            self.blocks.remove(&offset);
            if size > bytes {
                self.blocks.insert(offset + bytes, size - bytes);
            }
            return offset;
        }
        // A free block at the end is extended.
        let start = match self.blocks.last_key_value() {
            Some((&offset, &size)) if offset + size == self.end => {
                self.blocks.remove(&offset);
                offset
            }
            _ => self.end,
        };
        self.end = start + bytes;
        start
    }

    fn give_back(&mut self, mut offset: usize, mut bytes: usize) {
        if let Some((&before, &size)) = self.blocks.range(..offset).next_back()
            && before + size == offset
        {
            self.blocks.remove(&before);
            (offset, bytes) = (before, bytes + size);
        }
        if let Some(size) = self.blocks.remove(&(offset + bytes)) {
            bytes += size;
        }
        self.blocks.insert(offset, bytes);
    }
}

fn offsets(plan: &mut Plan, lives: &[Life], root: &[u32]) -> (Vec<usize>, usize) {
    let round = |bytes: usize| bytes.div_ceil(ALIGN) * ALIGN;
    let count = plan.instrs.len();
    let (mut starts, mut ends) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for (buffer, life) in lives.iter().enumerate() {
        let owns = plan.buffers[buffer].0 == Slot::Arena && root[buffer] as usize == buffer;
        if owns && life.first != NEVER && plan.buffers[buffer].1 > 0 {
            starts[life.first].push(buffer);
            if life.last != NEVER {
                ends[life.last].push(buffer);
            }
        }
    }
    let mut free = Free::default();
    let mut offsets = vec![0; plan.buffers.len()];
    // An instruction's scratch is one more buffer, which lives only there.
    for i in 0..count {
        for &buffer in &starts[i] {
            offsets[buffer] = free.take(round(plan.buffers[buffer].1));
        }
        let scratch = round(plan.instrs[i].scratch_bytes());
        if scratch > 0 {
            let offset = free.take(scratch);
            let slot = plan.buffers.len() as u32;
            plan.buffers.push((Slot::Arena, scratch));
            offsets.push(offset);
            plan.instrs[i].set_scratch(Place { slot, offset: 0 });
            free.give_back(offset, scratch);
        }
        for &buffer in &ends[i] {
            free.give_back(offsets[buffer], round(plan.buffers[buffer].1));
        }
    }
    (offsets, free.end)
}
