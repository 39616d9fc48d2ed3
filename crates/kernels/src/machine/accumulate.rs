//! Sums and maxima over a whole pass.
//!
//! A tile's contribution is made by the row kernels, which add in a fixed shape. It goes to a running result of few
//! terms in the thread's workspace, that to one of more, and that to the task's result: so a sum of 10⁷ numbers of
//! `f32` has no long chain of additions. The tasks' results are combined in their order.

use super::columns;
use super::layout::Axes;
use super::program::Program;
use super::share::Bases;
use super::strided::{Region, offset, runs};
use crate::rows::{CopyFn, FillFn, RowFn};

/// Tiles that a running result takes.
const TERMS: usize = 32;
/// Running results that the next level takes.
const FLUSHES: usize = 64;
/// Most elements of a result that has running results.
const FEW: usize = 4096;

/// How a tile reduces.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Way {
    /// To one element.
    Whole,
    /// Each row to one element, then rows.
    Rows,
    /// Values that are one element for each row.
    Values,
    /// Whole rows.
    Columns,
    /// Some of a row's axes.
    Mixed,
}

/// An accumulation.
#[derive(Debug)]
pub(super) struct Accumulator {
    pub(super) way: Way,
    pub(super) size: usize,
    /// The result for no elements: the first bytes are an element.
    pub(super) empty: u64,
    pub(super) fill: FillFn,
    pub(super) copy: CopyFn,
    /// Block to column, and block onto row.
    pub(super) rows: RowFn,
    pub(super) columns: RowFn,
    /// Few long rows onto a row.
    pub(super) few: RowFn,
    /// Elements of the result, and its dense strides over the program's axes.
    pub(super) len: usize,
    pub(super) outer: Axes<isize>,
    pub(super) inner: Axes<isize>,
    /// The target: slot, offset, axes and strides.
    pub(super) slot: u32,
    pub(super) offset: usize,
    pub(super) axes: Axes<usize>,
    pub(super) target: Axes<isize>,
    pub(super) direct: bool,
    /// The tasks' results, if not made in the target: slot and offset.
    pub(super) scratch: Option<(u32, usize)>,
    /// Running results in the workspace.
    pub(super) levels: Levels,
    /// Room in the workspace for a column.
    pub(super) column: usize,
}

/// Running results, where they lie in the workspace.
#[derive(Clone, Copy, Debug)]
pub(super) enum Levels {
    /// Tiles go to the task's result.
    None,
    /// Tiles go to one that is added to the task's result in the end.
    One(usize),
    /// Tiles go to the first, which goes to the second after some tiles, which goes to the task's result.
    Two(usize, usize),
}

impl Levels {
    /// How many running results a task of so many tiles wants.
    pub(super) fn wanted(len: usize, size: usize, tasks: usize, tiles: usize) -> usize {
        if len > FEW {
            0
        } else if tiles.div_ceil(tasks) > TERMS {
            2
        } else {
            // Results of different tasks on one cache line would keep threads waiting for it.
            (tasks > 1 && len * size <= 1024) as usize
        }
    }
}

impl Accumulator {
    /// The result of a task.
    fn result(&self, task: usize, bases: Bases<'_>) -> *mut u8 {
        match self.scratch {
            Some((slot, at)) => bases.at(slot, at + task * self.len * self.size),
            None => bases.at(self.slot, self.offset),
        }
    }

    /// The running or final result that takes tiles.
    fn front(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) -> *mut u8 {
        match self.levels {
            Levels::None => self.result(task, bases),
            Levels::One(at) | Levels::Two(at, _) => workspace.wrapping_add(at),
        }
    }

    /// # Safety
    /// `at` has room for the result.
    unsafe fn clear(&self, at: *mut u8) {
        // SAFETY: the caller's promise; `empty` holds an element.
        unsafe { (self.fill)(at, (&raw const self.empty).cast(), self.len) }
    }

    /// Starts a task.
    ///
    /// # Safety
    /// As for [`Program::run`].
    pub(super) unsafe fn start(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) {
        // SAFETY: the workspace and the scratch memory have room for the results.
        unsafe {
            self.clear(self.result(task, bases));
            if let Levels::One(at) | Levels::Two(at, _) = self.levels {
                self.clear(workspace.wrapping_add(at));
            }
            if let Levels::Two(_, at) = self.levels {
                self.clear(workspace.wrapping_add(at));
            }
        }
    }

    /// Adds a tile, the task's number `done`.
    ///
    /// # Safety
    /// As for [`Program::run`]; `src` holds the tile.
    #[allow(clippy::too_many_arguments)]
    pub(super) unsafe fn add(
        &self,
        program: &Program,
        region: Region,
        src: *const u8,
        done: usize,
        task: usize,
        bases: Bases<'_>,
        workspace: *mut u8,
    ) {
        let to = self.front(task, bases, workspace);
        let column = workspace.wrapping_add(self.column);
        // SAFETY: the result has `len` elements, and its strides are dense over the axes that are not reduced; the
        // column has room for an element of each row.
        unsafe {
            match self.way {
                Way::Whole => {
                    (self.rows)(column, src, 1, region.rows * region.cols);
                    (self.columns)(to, column, 1, 1);
                }
                Way::Rows => {
                    (self.rows)(column, src, region.rows, region.cols);
                    self.add_rows(program, Region { col: 0, cols: 1, ..region }, column, to);
                }
                Way::Values => self.add_rows(program, Region { col: 0, cols: 1, ..region }, src, to),
                Way::Columns => self.add_rows(program, region, src, to),
                Way::Mixed => self.add_mixed(program, region, src, to, column),
            }
            let Levels::Two(first, second) = self.levels else { return };
            if (done + 1).is_multiple_of(TERMS) {
                self.flush(workspace.wrapping_add(first), workspace.wrapping_add(second));
            }
            if (done + 1).is_multiple_of(TERMS * FLUSHES) {
                self.flush(workspace.wrapping_add(second), self.result(task, bases));
            }
        }
    }

    /// Ends a task.
    ///
    /// # Safety
    /// As for [`Program::run`].
    pub(super) unsafe fn end(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) {
        let result = self.result(task, bases);
        // SAFETY: as in `start`.
        unsafe {
            match self.levels {
                Levels::None => {}
                Levels::One(at) => self.flush(workspace.wrapping_add(at), result),
                Levels::Two(first, second) => {
                    self.flush(workspace.wrapping_add(first), workspace.wrapping_add(second));
                    self.flush(workspace.wrapping_add(second), result);
                }
            }
        }
    }

    /// # Safety
    /// Both are results, distinct.
    unsafe fn flush(&self, from: *mut u8, to: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            self.join(to, from, 1, self.len);
            self.clear(from);
        }
    }

    /// Adds a block's rows to one.
    ///
    /// # Safety
    /// That of [`RowFn`].
    #[inline]
    unsafe fn join(&self, to: *mut u8, src: *const u8, rows: usize, cols: usize) {
        let join = if rows <= columns::ROWS && cols >= columns::COLS { self.few } else { self.columns };
        // SAFETY: the caller's promise.
        unsafe { join(to, src, rows, cols) }
    }

    /// Adds a block with an element or a (part of a) row of the result for each row.
    ///
    /// # Safety
    /// As for [`Accumulator::add`].
    unsafe fn add_rows(&self, program: &Program, region: Region, src: *const u8, to: *mut u8) {
        let to = to.wrapping_add(region.col * self.size);
        if self.outer.iter().all(|&stride| stride == 0) {
            // SAFETY: all rows go to the result's only one.
            return unsafe { self.join(to, src, region.rows, region.cols) };
        }
        let reduces = self.outer.last() == Some(&0);
        runs(&program.outer, &self.outer, region, |distance, done, run| {
            let to = to.wrapping_offset(distance * self.size as isize);
            let src = src.wrapping_add(done * region.cols * self.size);
            // A dense result: rows along an axis that is not reduced are one long row.
            let (rows, cols) = if reduces { (run, region.cols) } else { (1, run * region.cols) };
            // SAFETY: a part of a row is a tile's only one, so the rows of the result are whole or the run is 1.
            unsafe { self.join(to, src, rows, cols) };
        });
    }

    /// Adds rows of which some axes are reduced.
    ///
    /// # Safety
    /// As for [`Accumulator::add`].
    unsafe fn add_mixed(
        &self,
        program: &Program,
        region: Region,
        src: *const u8,
        to: *mut u8,
        column: *mut u8,
    ) {
        let (last, lead) = program.inner.split_last().expect("more than one axis");
        let reduces = self.inner[lead.len()] == 0;
        for row in 0..region.rows {
            let down = offset(&program.outer, &self.outer, region.row + row);
            for segment in 0..program.cols / last {
                let distance = down + offset(lead, &self.inner, segment);
                let to = to.wrapping_offset(distance * self.size as isize);
                let src = src.wrapping_add((row * region.cols + segment * last) * self.size);
                // SAFETY: a segment of the tile, and its element or dense segment of the result.
                unsafe {
                    if reduces {
                        (self.rows)(column, src, 1, *last);
                        (self.columns)(to, column, 1, 1);
                    } else {
                        (self.columns)(to, src, 1, *last);
                    }
                }
            }
        }
    }

    pub(super) fn has_finish(&self) -> bool {
        self.scratch.is_some()
    }

    /// Combines the tasks' results.
    ///
    /// # Safety
    /// As for [`Program::finish`].
    pub(super) unsafe fn finish(&self, tasks: usize, bases: Bases<'_>) {
        let Some((slot, at)) = self.scratch else { return };
        let target = bases.at(self.slot, self.offset);
        let mut result = bases.at(slot, at);
        // SAFETY: the scratch memory has a result for each task, and one more if the target isn't dense; the target
        // was validated to lie in its slot, apart from the scratch memory.
        unsafe {
            if tasks > 1 {
                let partial = result;
                result = if self.direct { target } else { self.result(tasks, bases) };
                self.clear(result);
                (self.columns)(result, partial, tasks, self.len);
            }
            if !self.direct {
                let (n, stride) = (self.axes.last().copied().unwrap_or(1), self.target.last().copied());
                let lead = &self.axes[..self.axes.len().saturating_sub(1)];
                for row in 0..self.len.checked_div(n).unwrap_or(0) {
                    let distance = offset(lead, &self.target, row) * self.size as isize;
                    let from = result.wrapping_add(row * n * self.size);
                    (self.copy)(target.wrapping_offset(distance), stride.unwrap_or(1), from, 1, n);
                }
            }
        }
    }
}
