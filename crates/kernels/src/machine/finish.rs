//! From a builder to a program: where each operand lies, registers, functions.

use super::accumulate::{Accumulator, Levels};
use super::layout::{Layout, View};
use super::program::{Moving, Once, Op, Program, Wandering};
use super::registers::{Room, place};
use super::strided::Strided;
use super::tile::{Level, Operand, Role, Step, StepKind, TileBuilder};
use super::{Place, access};
use crate::pointwise::BlockFn;
use crate::{ALIGN, DType, Level as Simd, rows};
use smallvec::SmallVec;
use std::ops::Range;

/// Where a tile's part of a view is dense, so that a pointer to memory can be an operand.
pub(super) enum Direct {
    /// Distances in elements from row to row, and from column to column.
    Moving(isize, isize),
    /// The rows lie anywhere (and a tile is in one row).
    Wandering(isize),
}

/// A store, when it can be done.
pub(super) struct Store<'a> {
    pub(super) source: usize,
    pub(super) view: &'a View,
    pub(super) place: Place,
    /// The loads of the same memory.
    pub(super) overlaps: Vec<usize>,
    /// The step after which nobody reads what the memory held.
    pub(super) ready: usize,
    pub(super) done: bool,
}

pub(super) struct Finisher<'a> {
    pub(super) builder: &'a TileBuilder,
    pub(super) layout: &'a Layout,
    pub(super) simd: Simd,
    pub(super) rooms: Vec<Room>,
    /// Entries of the table that are registers, by room.
    pub(super) registers: Vec<(u32, usize)>,
    pub(super) entries: u32,
    pub(super) moving: Vec<Moving>,
    pub(super) wandering: Vec<Wandering>,
    pub(super) once: Vec<Once>,
    pub(super) still: Vec<(u32, Box<Strided>)>,
    pub(super) ops: Vec<Op>,
}

/// Finishes a validated builder.
pub(super) fn finish(builder: &TileBuilder, layout: &Layout, scratch: Option<Place>, simd: Simd) -> Program {
    let finisher = Finisher {
        builder,
        layout,
        simd,
        rooms: Vec::new(),
        registers: Vec::new(),
        // The first entries are the steps' values.
        entries: builder.steps.len() as u32,
        moving: Vec::new(),
        wandering: Vec::new(),
        once: Vec::new(),
        still: Vec::new(),
        ops: Vec::new(),
    };
    finisher.program(scratch)
}

/// Operands in pieces, a row here and a row there, from which on they are fetched ahead: the processor follows fewer by itself.
const PIECES: usize = 4;

impl<'a> Finisher<'a> {
    fn program(mut self, scratch: Option<Place>) -> Program {
        let (builder, layout) = (self.builder, self.layout);
        let steps = &builder.steps;
        let views: Vec<(&View, Place)> = layout
            .views
            .iter()
            .zip(builder.accesses())
            .map(|(view, access)| (view, access.2.place))
            .collect();

        // The last step that reads each value.
        let mut last: Vec<usize> = (0..steps.len()).collect();
        for (i, step) in steps.iter().enumerate() {
            step.kind.operands().iter().for_each(|operand| last[operand.0 as usize] = i);
        }
        let mut loads: Vec<Option<(&View, Place)>> = vec![None; steps.len()];
        for &(view, place) in &views {
            if let Role::Load(i) | Role::Key(i) = view.role {
                loads[i] = Some((view, place));
            }
        }
        let mut stores = self.stores(&views);
        // What is loaded, is stored elsewhere, and is overwritten itself is copied first.
        let mut copied = vec![false; steps.len()];
        for store in &stores {
            for &load in store.overlaps.iter().filter(|&&load| load != store.source) {
                copied[load] |= stores.iter().any(|store| store.source == load);
            }
        }
        for store in &mut stores {
            let read = store.overlaps.iter().map(|&load| if copied[load] { load } else { last[load] });
            store.ready = read.max().unwrap_or(0).max(store.source);
            // Storing a value where it was loaded from does nothing.
            store.done = store.overlaps.contains(&store.source);
        }

        let mut end = last.clone();
        for store in &stores {
            end[store.source] = end[store.source].max(store.ready);
        }
        for (i, step) in steps.iter().enumerate() {
            match (&step.kind, loads[i]) {
                (StepKind::Load(_), Some((view, place))) => self.load(i, view, place, end[i], copied[i]),
                (_, key) => {
                    let found =
                        stores.iter_mut().find_map(|store| Some((self.straight(i, store, &copied)?, store)));
                    let in_place = if let Some(((direct, in_place), store)) = found {
                        store.done = true;
                        self.memory(i as u32, direct, store.view, store.place);
                        in_place
                    } else {
                        self.register(i as u32, step.dtype, step.level, i, end[i]);
                        None
                    };
                    self.compute(i, step, in_place, key.map(|key| key.1));
                }
            }
            for (index, sum) in builder.accumulate.iter().enumerate() {
                if sum.source.0 as usize == i {
                    self.ops.push(Op::Accumulate { src: i as u32, index });
                }
            }
            for store in stores.iter().filter(|store| store.ready == i && !store.done) {
                self.store(store);
            }
        }
        let sums = self.accumulators(&views, scratch);
        self.allocate(sums)
    }

    fn stores(&self, views: &[(&'a View, Place)]) -> Vec<Store<'a>> {
        let hull = |view: &View, place: Place| {
            let lengths = self.layout.outer.iter().chain(&self.layout.inner);
            let strides = view.outer.iter().chain(&view.inner);
            access::hull(place, view.dtype.size(), lengths.zip(strides)).expect("validated")
        };
        let loads = views.iter().filter_map(|&(view, place)| match view.role {
            Role::Load(step) => Some((step, place.slot, hull(view, place))),
            _ => None,
        });
        let loads: Vec<_> = loads.collect();
        let stores = views.iter().filter_map(|&(view, place)| match view.role {
            Role::Store(index) => {
                let source = self.builder.stores[index].0.0 as usize;
                let bytes = hull(view, place);
                let same = |load: &&(usize, u32, Range<usize>)| {
                    load.1 == place.slot && access::overlap(&load.2, &bytes)
                };
                let overlaps = loads.iter().filter(same).map(|load| load.0).collect();
                Some(Store { source, view, place, overlaps, ready: 0, done: false })
            }
            _ => None,
        });
        stores.collect()
    }

    /// Whether a step's value can go straight to a store's memory: nobody reads what is there from now on, unless it is the
    /// step's own first operand. Then its function is one that works in place.
    fn straight(&self, i: usize, store: &Store<'_>, copied: &[bool]) -> Option<(Direct, Option<BlockFn>)> {
        let step = &self.builder.steps[i];
        if store.source != i || store.ready != i {
            return None;
        }
        let lies_there = |x: &Operand| store.overlaps.contains(&(x.0 as usize)) && !copied[x.0 as usize];
        let in_place = match step.kind.operands() {
            [_, others @ ..] if others.iter().any(lies_there) => return None,
            [first, ..] if lies_there(first) => Some(self.in_place(step)?),
            _ => None,
        };
        Some((self.direct(store.view, step.level)?, in_place))
    }

    /// The function of a step that overwrites its first operand, if there is one.
    fn in_place(&self, step: &Step) -> Option<BlockFn> {
        let StepKind::Apply(kernel, operands) = &step.kind else { return None };
        kernel.pick_in_place(&self.dtypes(operands), self.simd)
    }

    pub(super) fn dtypes(&self, operands: &[Operand]) -> SmallVec<[DType; 4]> {
        operands.iter().map(|operand| self.builder.steps[operand.0 as usize].dtype).collect()
    }

    /// Whether and how a pointer to memory can be an operand.
    pub(super) fn direct(&self, view: &View, level: Level) -> Option<Direct> {
        let many = self.layout.tile_rows > 1;
        let (wanted, col) = match level {
            Level::Full => (self.layout.cols as isize, 1),
            Level::Row => (1, 0),
        };
        let dense = || access::is_dense(self.layout.inner.iter().zip(&view.inner));
        if level == Level::Full && (self.layout.is_blocked() || !dense()) {
            return None;
        }
        match linear(&self.layout.outer, &view.outer) {
            Some(row) if row == wanted || !many => Some(Direct::Moving(row, col)),
            None if !many => Some(Direct::Wandering(col)),
            _ => None,
        }
    }

    /// Makes an entry a pointer to memory.
    pub(super) fn memory(&mut self, entry: u32, direct: Direct, view: &View, place: Place) {
        let Place { slot, offset } = place;
        let size = view.dtype.size() as isize;
        match direct {
            Direct::Moving(row, col) => {
                self.moving.push(Moving { entry, slot, offset, row: row * size, col: col * size });
            }
            Direct::Wandering(col) => {
                let outer = view.outer.clone();
                self.wandering.push(Wandering { entry, slot, offset, size, outer, col: col * size });
            }
        }
    }

    pub(super) fn entry(&mut self) -> u32 {
        self.entries += 1;
        self.entries - 1
    }

    /// Reserves bytes of the workspace from one step to another.
    pub(super) fn room(&mut self, bytes: usize, from: usize, to: usize) -> usize {
        self.rooms.push(Room { bytes: bytes.next_multiple_of(ALIGN), from, to, offset: 0 });
        self.rooms.len() - 1
    }

    /// Makes an entry a register that holds a tile.
    pub(super) fn register(&mut self, entry: u32, dtype: DType, level: Level, from: usize, to: usize) {
        let elements = match level {
            Level::Full => self.layout.tile_rows * self.layout.tile_cols,
            Level::Row => self.layout.tile_rows,
        };
        let room = self.room(elements * dtype.size(), from, to);
        self.registers.push((entry, room));
    }

    pub(super) fn strided(&self, view: &View, place: Place, level: Level) -> Box<Strided> {
        Box::new(Strided {
            copy: rows::copy_strided(view.dtype),
            copy_lines: rows::copy_lines(view.dtype, self.simd),
            transpose: rows::transpose(view.dtype, self.simd),
            slot: place.slot,
            offset: place.offset,
            size: view.dtype.size(),
            level,
            outer: view.outer.clone(),
            inner: view.inner.clone(),
        })
    }

    /// Gives the registers their places, and makes the program.
    fn allocate(mut self, mut sums: Vec<Accumulator>) -> Program {
        let table = (self.entries as usize * size_of::<*mut u8>()).next_multiple_of(ALIGN);
        let workspace = place(&mut self.rooms, table);
        let at = |room: usize| self.rooms[room].offset;
        for sum in &mut sums {
            sum.column = at(sum.column);
            sum.levels = match sum.levels {
                Levels::None => Levels::None,
                Levels::One(room) => Levels::One(at(room)),
                Levels::Two(first, second) => Levels::Two(at(first), at(second)),
            };
        }
        let layout = self.layout;
        let pieces =
            self.ops.iter().filter(|op| matches!(op, Op::Gather { .. } | Op::Scatter { .. })).count();
        Program {
            ahead: pieces >= PIECES && layout.across() == 1,
            outer: layout.outer.clone(),
            inner: layout.inner.clone(),
            rows: layout.rows,
            cols: layout.cols,
            tile_rows: layout.tile_rows,
            tile_cols: layout.tile_cols,
            across: layout.across(),
            tiles: layout.tiles(),
            tasks: layout.tasks,
            registers: self.registers.iter().map(|&(entry, room)| (entry, at(room))).collect(),
            moving: self.moving.into(),
            wandering: self.wandering.into(),
            once: self.once.into(),
            still: self.still.into(),
            ops: self.ops.into(),
            accumulators: sums.into(),
            workspace,
        }
    }
}

/// The stride from row to row, if it is the same from any row to the next.
fn linear(lengths: &[usize], strides: &[isize]) -> Option<isize> {
    let even = |axis: usize| strides[axis].checked_mul(lengths[axis] as isize) == Some(strides[axis - 1]);
    (1..lengths.len()).all(even).then(|| strides.last().copied().unwrap_or(0))
}
