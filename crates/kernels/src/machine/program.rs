//! A finished tile program, and running it.

use super::BlockCall;
use super::accumulate::Accumulator;
use super::layout::Axes;
use super::share::Bases;
use super::strided::{Region, Strided};
use super::tile::Level;
use crate::DType;
use crate::pointwise::{BlockFn, GenerateFn};
use crate::rows::RowFn;
use std::sync::Arc;

/// A tile program with its registers allocated and its functions picked.
///
/// Each operand has an entry in a table of pointers: to a register in the thread's workspace, or to memory, and then
/// it moves from tile to tile. So a step is an indirect call with a few loads, wherever its operands are.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) outer: Axes<usize>,
    pub(super) inner: Axes<usize>,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) tile_rows: usize,
    pub(super) tile_cols: usize,
    /// Tiles side by side in a row.
    pub(super) across: usize,
    pub(super) tiles: usize,
    pub(super) tasks: usize,
    /// Entries that are registers, and where in the workspace.
    pub(super) registers: Box<[(u32, usize)]>,
    pub(super) moving: Box<[Moving]>,
    pub(super) wandering: Box<[Wandering]>,
    /// What each task does once, before its tiles.
    pub(super) once: Box<[Once]>,
    /// Views that are the same in every tile, and the entries of their registers: each task copies them once.
    pub(super) still: Box<[(u32, Box<Strided>)]>,
    /// What is done on each tile.
    pub(super) ops: Box<[Op]>,
    /// Whether the next tile's part of what lies in pieces is fetched while one is worked on.
    pub(super) ahead: bool,
    pub(super) accumulators: Box<[Accumulator]>,
    /// Bytes of a thread's workspace: the table and the registers.
    pub(super) workspace: usize,
}

/// An operand in memory, at a constant distance from tile to tile.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) entry: u32,
    pub(super) slot: u32,
    pub(super) offset: usize,
    /// Bytes from row to row, and from column to column.
    pub(super) row: isize,
    pub(super) col: isize,
}

/// An operand in memory whose rows lie anywhere.
#[derive(Debug)]
pub(super) struct Wandering {
    pub(super) entry: u32,
    pub(super) slot: u32,
    pub(super) offset: usize,
    pub(super) size: isize,
    /// Elements over the outer axes.
    pub(super) outer: Axes<isize>,
    /// Bytes from column to column.
    pub(super) col: isize,
}

/// Fills a register before the first tile.
#[derive(Debug)]
pub(super) struct Once {
    pub(super) run: RowFn,
    pub(super) register: u32,
    pub(super) slot: u32,
    pub(super) offset: usize,
    pub(super) rows: usize,
    pub(super) cols: usize,
}

/// One operation on a tile. Numbers are entries of the table.
#[derive(Debug)]
pub(super) enum Op {
    Block { run: BlockFn, dst: u32, src: [u32; 3], level: Level },
    Row { run: RowFn, dst: u32, src: u32 },
    Generate { run: GenerateFn, dst: u32, key: [u64; 2], counter: Option<(u32, usize)> },
    Custom(Box<Custom>),
    Gather { dst: u32, from: Box<Strided> },
    Scatter { src: u32, to: Box<Strided> },
    Copy { dst: u32, src: u32, size: usize, level: Level },
    Accumulate { src: u32, index: usize },
}

/// A user's function with its operands.
#[derive(Debug)]
pub(super) struct Custom {
    pub(super) call: Arc<dyn BlockCall>,
    pub(super) src: Vec<(u32, DType)>,
    pub(super) dst: (u32, DType),
    pub(super) level: Level,
}

/// Part `i` of `0..n` cut into `parts` as evenly as can be.
pub(super) fn part(n: usize, parts: usize, i: usize) -> std::ops::Range<usize> {
    if parts == 1 {
        return 0..n;
    }
    let (each, more) = (n / parts, n % parts);
    i * each + i.min(more)..(i + 1) * each + (i + 1).min(more)
}

impl Program {
    /// Runs one of the program's tasks.
    ///
    /// # Safety
    /// - `bases` are the slots that the program was validated against, valid for the accesses found there, and no
    ///   other thread accesses what the instruction writes, nor writes what it reads, except other tasks of it;
    /// - `workspace` has [`Program::workspace`] bytes that are this thread's alone, aligned to 64.
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) {
        let table = workspace.cast::<*mut u8>();
        // SAFETY: the workspace begins with the table, which has every entry named, and holds all registers.
        let entry = |entry: u32| unsafe { *table.add(entry as usize) };
        // SAFETY: as above.
        let set = |entry: u32, to: *mut u8| unsafe { *table.add(entry as usize) = to };
        for &(register, offset) in &self.registers {
            set(register, workspace.wrapping_add(offset));
        }
        for sum in &self.accumulators {
            // SAFETY: the caller's promises.
            unsafe { sum.start(task, bases, workspace) };
        }
        let tiles = part(self.tiles, self.tasks, task);
        if tiles.is_empty() {
            return;
        }
        for once in &self.once {
            // SAFETY: validated: the memory is in the slot; the register has room for a whole tile.
            unsafe {
                let src = bases.at(once.slot, once.offset);
                (once.run)(entry(once.register), src, once.rows, once.cols);
            }
        }
        for (register, from) in &self.still {
            let whole = Region { row: 0, rows: self.tile_rows, col: 0, cols: self.tile_cols };
            // SAFETY: the same; any rows will do.
            unsafe { from.gather(self, whole, entry(*register), bases) };
        }
        let (first, end) = (tiles.start, tiles.end);
        if self.ahead {
            self.fetch(first, bases);
        }
        // Divisions are what small programs would spend their time on.
        let (mut down, mut over) =
            if first == 0 { (0, 0) } else { (first / self.across, first % self.across) };
        for tile in tiles {
            let (row, col) = (down * self.tile_rows, over * self.tile_cols);
            let rows = self.tile_rows.min(self.rows - row);
            let cols = self.tile_cols.min(self.cols - col);
            for m in &self.moving {
                let distance = row as isize * m.row + col as isize * m.col;
                set(m.entry, bases.at(m.slot, m.offset).wrapping_offset(distance));
            }
            for w in &self.wandering {
                let distance =
                    super::strided::offset(&self.outer, &w.outer, row) * w.size + col as isize * w.col;
                set(w.entry, bases.at(w.slot, w.offset).wrapping_offset(distance));
            }
            if self.ahead && tile + 1 < end {
                self.fetch(tile + 1, bases);
            }
            let n = rows * cols;
            let count = |level: Level| if level == Level::Full { n } else { rows };
            for op in &self.ops {
                // SAFETY: every entry points to a register that holds a tile, or to the tile's part of memory that
                // was validated to lie in its slot; the registers of a step's operands and result are distinct, a
                // result goes directly to memory only where that is no operand's, or is the first one's of a function that
                // works in place, and steps come in order, so what they read has been written. Dtypes were checked when
                // the functions were picked.
                unsafe {
                    match op {
                        Op::Block { run, dst, src: [a, b, c], level } => {
                            let src: [*const u8; 3] = [entry(*a), entry(*b), entry(*c)];
                            run(entry(*dst), &src, count(*level));
                        }
                        Op::Row { run, dst, src } => run(entry(*dst), entry(*src), rows, cols),
                        Op::Copy { dst, src, size, level } => {
                            std::ptr::copy_nonoverlapping(entry(*src), entry(*dst), count(*level) * size);
                        }
                        Op::Accumulate { src, index } => {
                            let region = Region { row, rows, col, cols };
                            let sum = &self.accumulators[*index];
                            sum.add(self, region, entry(*src), tile - first, task, bases, workspace);
                        }
                        Op::Gather { dst, from } => {
                            from.gather(self, Region { row, rows, col, cols }, entry(*dst), bases);
                        }
                        Op::Scatter { src, to } => {
                            to.scatter(self, Region { row, rows, col, cols }, entry(*src), bases);
                        }
                        Op::Generate { run, dst, key, counter } => {
                            let counter =
                                counter.map_or(0, |(slot, at)| bases.at(slot, at).cast::<u64>().read());
                            let key = [key[0], key[1].wrapping_add(counter)];
                            run(entry(*dst), (row * self.cols + col) as u64, n, key);
                        }
                        Op::Custom(custom) => custom.run(entry, count(custom.level)),
                    }
                }
            }
            over += 1;
            if over == self.across {
                (down, over) = (down + 1, 0);
            }
        }
        for sum in &self.accumulators {
            // SAFETY: the caller's promises.
            unsafe { sum.end(task, bases, workspace) };
        }
    }

    /// Asks for a tile's part of what lies in pieces, of a program whose tiles are whole rows.
    #[inline(never)]
    fn fetch(&self, tile: usize, bases: Bases<'_>) {
        let row = tile * self.tile_rows;
        let region = Region { row, rows: self.tile_rows.min(self.rows - row), col: 0, cols: self.cols };
        for op in &self.ops {
            if let Op::Gather { from: pieces, .. } | Op::Scatter { to: pieces, .. } = op {
                pieces.fetch(self, region, bases);
            }
        }
    }

    /// Whether [`finish`](Program::finish) has something to do.
    pub(super) fn has_finish(&self) -> bool {
        self.accumulators.iter().any(Accumulator::has_finish)
    }

    /// Combines the results of the tasks, after all of them.
    ///
    /// # Safety
    /// That of [`Program::run`]; and all tasks have ended, visibly for this thread.
    pub(super) unsafe fn finish(&self, bases: Bases<'_>) {
        for sum in &self.accumulators {
            // SAFETY: the caller's promises.
            unsafe { sum.finish(self.tasks, bases) };
        }
    }
}
