//! From a builder to a program: where each operand lies, registers, functions.

use super::accumulate::{Accumulator, Levels, Way};
use super::columns::few_columns;
use super::layout::{Axes, Layout, View};
use super::program::{Custom, Moving, Once, Op, Program, Wandering};
use super::strided::Strided;
use super::tile::{Level, Operand, Role, RowReduce, Step, StepKind, TileBuilder};
use super::{Place, access};
use crate::{ALIGN, DType, Level as Simd, rows};
use std::ops::Range;

/// Where a tile's part of a view is dense, so that a pointer to memory can be an operand.
enum Direct {
    /// Distances in elements from row to row, and from column to column.
    Moving(isize, isize),
    /// The rows lie anywhere (and a tile is in one row).
    Wandering(isize),
}

/// A register: a part of the workspace, needed from one step to another.
struct Room {
    bytes: usize,
    from: usize,
    to: usize,
    offset: usize,
}

/// A store, when it can be done.
struct Store<'a> {
    source: usize,
    view: &'a View,
    place: Place,
    /// The loads of the same memory.
    overlaps: Vec<usize>,
    /// The step after which nobody reads what the memory held.
    ready: usize,
    done: bool,
}

struct Finisher<'a> {
    builder: &'a TileBuilder,
    layout: &'a Layout,
    simd: Simd,
    rooms: Vec<Room>,
    /// Entries of the table that are registers, by room.
    registers: Vec<(u32, usize)>,
    entries: u32,
    moving: Vec<Moving>,
    wandering: Vec<Wandering>,
    once: Vec<Once>,
    ops: Vec<Op>,
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
        ops: Vec::new(),
    };
    finisher.program(scratch)
}

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
                (kind, key) => {
                    // Straight to memory, if nobody reads what is there from now on.
                    let store = stores.iter_mut().find(|store| {
                        let is_operand = |load: &usize| step.kind.operands().contains(&Operand(*load as u32));
                        store.source == i
                            && store.ready == i
                            && !store.overlaps.iter().any(|load| !copied[*load] && is_operand(load))
                            && self.direct(store.view, step.level).is_some()
                    });
                    match store {
                        Some(store) => {
                            store.done = true;
                            let direct = self.direct(store.view, step.level).expect("just looked");
                            self.memory(i as u32, direct, store.view, store.place);
                        }
                        None => self.register(i as u32, step.dtype, step.level, i, end[i]),
                    }
                    self.compute(i, step, kind, key.map(|key| key.1));
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

    /// Whether and how a pointer to memory can be an operand.
    fn direct(&self, view: &View, level: Level) -> Option<Direct> {
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
    fn memory(&mut self, entry: u32, direct: Direct, view: &View, place: Place) {
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

    fn entry(&mut self) -> u32 {
        self.entries += 1;
        self.entries - 1
    }

    /// Reserves bytes of the workspace from one step to another.
    fn room(&mut self, bytes: usize, from: usize, to: usize) -> usize {
        self.rooms.push(Room { bytes: bytes.next_multiple_of(ALIGN), from, to, offset: 0 });
        self.rooms.len() - 1
    }

    /// Makes an entry a register that holds a tile.
    fn register(&mut self, entry: u32, dtype: DType, level: Level, from: usize, to: usize) {
        let elements = match level {
            Level::Full => self.layout.tile_rows * self.layout.tile_cols,
            Level::Row => self.layout.tile_rows,
        };
        let room = self.room(elements * dtype.size(), from, to);
        self.registers.push((entry, room));
    }

    fn strided(&self, view: &View, place: Place, level: Level) -> Box<Strided> {
        Box::new(Strided {
            copy: rows::copy_strided(view.dtype),
            slot: place.slot,
            offset: place.offset,
            size: view.dtype.size(),
            level,
            outer: view.outer.clone(),
            inner: view.inner.clone(),
        })
    }

    fn load(&mut self, i: usize, view: &View, place: Place, end: usize, copied: bool) {
        let (step, entry) = (&self.builder.steps[i], i as u32);
        let (dtype, level) = (step.dtype, step.level);
        let Place { slot, offset } = place;
        let zero = |strides: &Axes<isize>| strides.iter().all(|&stride| stride == 0);
        match self.direct(view, level) {
            Some(_) if copied => {
                self.register(entry, dtype, level, i, end);
                let from = self.strided(view, place, level);
                return self.ops.push(Op::Gather { dst: entry, from });
            }
            Some(direct) => return self.memory(entry, direct, view, place),
            None => {}
        }
        let (rows, cols) = (self.layout.tile_rows, self.layout.tile_cols);
        let always = self.builder.steps.len();
        if zero(&view.outer) && zero(&view.inner) {
            self.register(entry, dtype, level, 0, always);
            let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
            let cols = if level == Level::Full { rows * cols } else { rows };
            self.once.push(Once { run, register: entry, slot, offset, rows: 1, cols });
        } else if level == Level::Full
            && !self.layout.is_blocked()
            && zero(&view.outer)
            && access::is_dense(self.layout.inner.iter().zip(&view.inner))
        {
            self.register(entry, dtype, level, 0, always);
            let run = rows::repeat_row(dtype, self.simd).expect("takes all dtypes");
            self.once.push(Once { run, register: entry, slot, offset, rows, cols });
        } else if level == Level::Full && zero(&view.inner) && !view.inner.is_empty() {
            let row = self.entry();
            match self.direct(view, Level::Row) {
                Some(direct) => self.memory(row, direct, view, place),
                None => {
                    self.register(row, dtype, Level::Row, i, i);
                    let from = self.strided(view, place, Level::Row);
                    self.ops.push(Op::Gather { dst: row, from });
                }
            }
            self.register(entry, dtype, level, i, end);
            let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
            self.ops.push(Op::Row { run, dst: entry, src: row });
        } else {
            self.register(entry, dtype, level, i, end);
            let from = self.strided(view, place, level);
            self.ops.push(Op::Gather { dst: entry, from });
        }
    }

    fn compute(&mut self, i: usize, step: &Step, kind: &StepKind, key: Option<Place>) {
        let (dst, level, dtype) = (i as u32, step.level, step.dtype);
        let types = |operands: &[Operand]| -> Vec<(u32, DType)> {
            operands.iter().map(|operand| (operand.0, self.builder.steps[operand.0 as usize].dtype)).collect()
        };
        let op = match kind {
            StepKind::Load(_) => return,
            StepKind::Apply(kernel, operands) => {
                let inputs: Vec<DType> = types(operands).iter().map(|operand| operand.1).collect();
                let (run, _) = kernel.pick(&inputs, self.simd).expect("checked");
                let mut src = [0; 3];
                src.iter_mut().zip(operands).for_each(|(src, operand)| *src = operand.0);
                Op::Block { run, dst, src, level }
            }
            StepKind::Custom(call, operands) => Op::Custom(Box::new(Custom {
                call: call.clone(),
                src: types(operands),
                dst: (dst, dtype),
                level,
            })),
            StepKind::Generate(generator, key_words, _) => {
                let run = generator.pick(dtype, self.simd).expect("checked");
                Op::Generate { run, dst, key: *key_words, counter: key.map(|at| (at.slot, at.offset)) }
            }
            StepKind::Reduce(how, operand) => {
                let run = match how {
                    RowReduce::Sum => rows::sum_rows(dtype, self.simd),
                    RowReduce::Max => rows::max_rows(dtype, self.simd),
                };
                Op::Row { run: run.expect("checked"), dst, src: operand.0 }
            }
            StepKind::Expand(operand) => {
                let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
                Op::Row { run, dst, src: operand.0 }
            }
        };
        self.ops.push(op);
    }

    fn store(&mut self, store: &Store<'_>) {
        let (src, level) = (store.source as u32, self.builder.steps[store.source].level);
        match self.direct(store.view, level) {
            Some(direct) => {
                let dst = self.entry();
                self.memory(dst, direct, store.view, store.place);
                self.ops.push(Op::Copy { dst, src, size: store.view.dtype.size(), level });
            }
            None => {
                let to = self.strided(store.view, store.place, level);
                self.ops.push(Op::Scatter { src, to });
            }
        }
    }

    /// The accumulators, with rooms where they will have offsets in the workspace.
    fn accumulators(&mut self, views: &[(&View, Place)], scratch: Option<Place>) -> Vec<Accumulator> {
        let always = self.builder.steps.len();
        let targets = views.iter().filter(|view| matches!(view.0.role, Role::Accumulate(_)));
        let mut sums = Vec::new();
        for ((total, sum), (view, place)) in
            self.layout.totals.iter().zip(&self.builder.accumulate).zip(targets)
        {
            let (dtype, max) = (view.dtype, sum.max);
            let level = self.builder.steps[sum.source.0 as usize].level;
            let kept = |strides: &Axes<isize>| strides.iter().any(|&stride| stride != 0);
            let way = match level {
                Level::Row => Way::Values,
                Level::Full if self.layout.inner.is_empty() => Way::Values,
                Level::Full if kept(&total.inner) => {
                    if total.inner.iter().all(|&s| s != 0) {
                        Way::Columns
                    } else {
                        Way::Mixed
                    }
                }
                Level::Full if kept(&total.outer) => Way::Rows,
                Level::Full => Way::Whole,
            };
            let size = dtype.size();
            let column = self.room(self.layout.tile_rows * size, 0, always);
            let wanted = Levels::wanted(total.len, size, self.layout.tasks, self.layout.tiles());
            let levels = match wanted {
                0 => Levels::None,
                1 => Levels::One(self.room(total.len * size, 0, always)),
                _ => {
                    let first = self.room(total.len * size, 0, always);
                    Levels::Two(first, self.room(total.len * size, 0, always))
                }
            };
            let (rows, columns) = if max {
                (rows::max_rows(dtype, self.simd), rows::max_columns(dtype, self.simd))
            } else {
                (rows::sum_rows(dtype, self.simd), rows::add_columns(dtype, self.simd))
            };
            sums.push(Accumulator {
                way,
                size,
                empty: identity(dtype, max),
                fill: rows::fill(dtype),
                copy: rows::copy_strided(dtype),
                rows: rows.expect("checked"),
                columns: columns.expect("checked"),
                few: few_columns(dtype, max, self.simd),
                len: total.len,
                outer: total.outer.clone(),
                inner: total.inner.clone(),
                slot: place.slot,
                offset: place.offset,
                axes: total.axes.clone(),
                target: total.target.clone(),
                direct: total.direct,
                scratch: total.scratch.map(|at| {
                    let scratch = scratch.expect("validated");
                    (scratch.slot, scratch.offset + at)
                }),
                levels,
                column,
            });
        }
        sums
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
        Program {
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
            ops: self.ops.into(),
            accumulators: sums.into(),
            workspace,
        }
    }
}

/// Places rooms behind the first `base` bytes so that those needed at the same time are apart: each in the first gap
/// that is wide enough. Returns the bytes in all.
fn place(rooms: &mut [Room], base: usize) -> usize {
    let mut order: Vec<usize> = (0..rooms.len()).collect();
    order.sort_by_key(|&room| rooms[room].from);
    // Those placed that are still needed, by offset.
    let mut live: Vec<usize> = Vec::new();
    let mut most = base;
    for room in order {
        let (from, bytes) = (rooms[room].from, rooms[room].bytes);
        live.retain(|&other| rooms[other].to >= from);
        let mut offset = base;
        let mut index = 0;
        while index < live.len() && rooms[live[index]].offset < offset.saturating_add(bytes) {
            offset = offset.max(rooms[live[index]].offset + rooms[live[index]].bytes);
            index += 1;
        }
        rooms[room].offset = offset;
        live.insert(index, room);
        most = most.max(offset.checked_add(bytes).expect("registers fit in the address space"));
    }
    most
}

/// The stride from row to row, if it is the same from any row to the next.
fn linear(lengths: &[usize], strides: &[isize]) -> Option<isize> {
    let even = |axis: usize| strides[axis].checked_mul(lengths[axis] as isize) == Some(strides[axis - 1]);
    (1..lengths.len()).all(even).then(|| strides.last().copied().unwrap_or(0))
}

/// The result of a reduction of nothing: an element's bytes, first.
fn identity(dtype: DType, max: bool) -> u64 {
    let mut bytes = [0; 8];
    match dtype {
        DType::F32 if max => bytes[..4].copy_from_slice(&f32::NEG_INFINITY.to_ne_bytes()),
        DType::F64 if max => bytes = f64::NEG_INFINITY.to_ne_bytes(),
        DType::I64 if max => bytes = i64::MIN.to_ne_bytes(),
        _ => {}
    }
    u64::from_ne_bytes(bytes)
}
