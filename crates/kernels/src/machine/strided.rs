//! Views that are neither dense nor broadcast: a tile's part is copied into a register, or out of one.

use super::layout::Axes;
use super::program::Program;
use super::share::Bases;
use super::tile::Level;
use crate::rows::{BlockFn, CopyFn};

/// A strided view of memory.
#[derive(Debug)]
pub(super) struct Strided {
    pub(super) copy: CopyFn,
    pub(super) copy_lines: BlockFn,
    pub(super) transpose: BlockFn,
    pub(super) slot: u32,
    pub(super) offset: usize,
    pub(super) size: usize,
    pub(super) level: Level,
    /// Strides in elements over the program's axes.
    pub(super) outer: Axes<isize>,
    pub(super) inner: Axes<isize>,
}

/// The part of the domain that a tile is: whole rows, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) col: usize,
    pub(super) cols: usize,
}

/// The distance in elements of position `at` in the row-major order of `lengths`.
#[inline]
pub(super) fn offset(lengths: &[usize], strides: &[isize], at: usize) -> isize {
    match (lengths, strides) {
        ([], _) => 0,
        ([_], [stride, ..]) => at as isize * stride,
        _ => {
            let (mut rest, mut distance) = (at, 0);
            for (&length, &stride) in lengths.iter().zip(strides).rev() {
                distance += (rest % length) as isize * stride;
                rest /= length;
            }
            distance
        }
    }
}

/// Calls `f` with each run of consecutive rows along the last of the outer axes: its distance in elements, the number
/// of rows before it in the region, and its length.
#[inline]
pub(super) fn runs(
    lengths: &[usize],
    strides: &[isize],
    Region { row, rows, .. }: Region,
    mut f: impl FnMut(isize, usize, usize),
) {
    let Some(&length) = lengths.last() else { return f(0, 0, rows) };
    let mut done = 0;
    while done < rows {
        let run = (length - (row + done) % length).min(rows - done);
        f(offset(lengths, strides, row + done), done, run);
        done += run;
    }
}

/// Rows of elements in memory and in a register, with distances in elements.
struct Rows {
    memory: isize,
    register: usize,
    /// From row to row and from element to element, in memory.
    down: isize,
    along: isize,
    /// From row to row in the register, where the elements of a row are contiguous.
    step: usize,
    rows: usize,
    n: usize,
}

/// Rows and elements of a row from which on a transposition beats strided copies.
const SQUARE: usize = 4;

impl Rows {
    /// Whether rows are contiguous in memory across the elements.
    fn is_transposed(&self) -> bool {
        self.down == 1 && self.along != 1 && self.rows.min(self.n) >= SQUARE
    }

    /// Calls `f` with vectors that make up the rows: the distance in memory and its stride, the distance in the register and
    /// its stride, and their length. They go across the rows where that is longer by far, or the finer stride.
    #[inline]
    fn vectors(&self, mut f: impl FnMut(isize, isize, usize, usize, usize)) {
        let &Rows { memory, register, down, along, step, rows, n } = self;
        if rows > 4 * n || (rows >= 8 && down.unsigned_abs() < along.unsigned_abs()) {
            for i in 0..n {
                f(memory + i as isize * along, down, register + i, step, rows);
            }
        } else {
            for i in 0..rows {
                f(memory + i as isize * down, along, register + i * step, 1, n);
            }
        }
    }
}

impl Strided {
    /// Copies a tile's part into a register.
    ///
    /// # Safety
    /// The view was validated against the slots of `bases` over the program's domain; the register holds a tile.
    pub(super) unsafe fn gather(&self, program: &Program, region: Region, dst: *mut u8, bases: Bases<'_>) {
        let from = bases.at(self.slot, self.offset);
        let from = |distance: isize| from.wrapping_offset(distance * self.size as isize);
        let to = |distance: usize| dst.wrapping_add(distance * self.size);
        // SAFETY: the elements are those of the tile, in memory and in the register.
        self.rows(program, region, |part| unsafe {
            let (register, memory, step) = (to(part.register), from(part.memory), part.step as isize);
            if part.along == 1 {
                (self.copy_lines)(register, step, memory, part.down, part.rows, part.n);
            } else if part.is_transposed() {
                (self.transpose)(register, step, memory, part.along, part.n, part.rows);
            } else {
                part.vectors(|memory, stride, register, step, n| {
                    (self.copy)(to(register), step as isize, from(memory), stride, n);
                });
            }
        });
    }

    /// Copies a tile's part out of a register or other memory.
    ///
    /// # Safety
    /// As for [`Strided::gather`], and the memory overlaps no source.
    pub(super) unsafe fn scatter(&self, program: &Program, region: Region, src: *const u8, bases: Bases<'_>) {
        let to = bases.at(self.slot, self.offset);
        let to = |distance: isize| to.wrapping_offset(distance * self.size as isize);
        let from = |distance: usize| src.wrapping_add(distance * self.size);
        // SAFETY: as in `gather`.
        self.rows(program, region, |part| unsafe {
            let (memory, register, step) = (to(part.memory), from(part.register), part.step as isize);
            if part.along == 1 {
                (self.copy_lines)(memory, part.down, register, step, part.rows, part.n);
            } else if part.is_transposed() {
                (self.transpose)(memory, part.along, register, step, part.rows, part.n);
            } else {
                part.vectors(|memory, stride, register, step, n| {
                    (self.copy)(to(memory), stride, from(register), step as isize, n);
                });
            }
        });
    }

    /// Asks for a tile's part of memory.
    pub(super) fn fetch(&self, program: &Program, region: Region, bases: Bases<'_>) {
        let memory = bases.at(self.slot, self.offset);
        self.rows(program, region, |part| {
            let rows = if part.along == 1 { part.rows as isize } else { 0 };
            for row in 0..rows {
                let line = memory.wrapping_offset((part.memory + row * part.down) * self.size as isize);
                for at in (0..part.n * self.size).step_by(crate::ALIGN) {
                    prefetch(line.wrapping_add(at));
                }
            }
        });
    }

    /// Cuts a tile's part in rows that lie evenly in memory.
    #[inline]
    fn rows(&self, program: &Program, region: Region, mut f: impl FnMut(Rows)) {
        let down = self.outer.last().copied().unwrap_or(0);
        if self.level == Level::Row {
            return runs(&program.outer, &self.outer, region, |memory, register, rows| {
                f(Rows { memory, register, down, along: 0, step: 1, rows, n: 1 });
            });
        }
        // Where there is more than one inner axis, a tile is of whole rows.
        let (along, lead) = match program.inner.split_last() {
            Some((_, lead)) => (self.inner[lead.len()], lead),
            None => (0, &[][..]),
        };
        let segments: usize = lead.iter().product();
        let n = region.cols / segments;
        runs(&program.outer, &self.outer, region, |distance, done, rows| {
            for segment in 0..segments {
                let memory = distance + offset(lead, &self.inner, segment) + region.col as isize * along;
                let register = done * region.cols + segment * n;
                f(Rows { memory, register, down, along, step: region.cols, rows, n });
            }
        });
    }
}

/// Asks for a cache line.
#[inline(always)]
fn prefetch(line: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint, and may name any address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
