//! Views that are neither dense nor broadcast: a tile's part is copied into a register, or out of one.

use super::layout::Axes;
use super::program::Program;
use super::share::Bases;
use super::tile::Level;
use crate::rows::CopyFn;

/// A strided view of memory.
#[derive(Debug)]
pub(super) struct Strided {
    pub(super) copy: CopyFn,
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

/// A vector of elements in memory and in a register: distance and stride in elements of each, and a length.
struct Vector {
    memory: (isize, isize),
    register: (usize, usize),
    n: usize,
}

impl Strided {
    /// Copies a tile's part into a register.
    ///
    /// # Safety
    /// The view was validated against the slots of `bases` over the program's domain; the register holds a tile.
    pub(super) unsafe fn gather(&self, program: &Program, region: Region, dst: *mut u8, bases: Bases<'_>) {
        let from = bases.at(self.slot, self.offset);
        self.vectors(program, region, |v| {
            let from = from.wrapping_offset(v.memory.0 * self.size as isize);
            let to = dst.wrapping_add(v.register.0 * self.size);
            // SAFETY: the elements are those of the tile, in memory and in the register.
            unsafe { (self.copy)(to, v.register.1 as isize, from, v.memory.1, v.n) }
        });
    }

    /// Copies a tile's part out of a register or other memory.
    ///
    /// # Safety
    /// As for [`Strided::gather`], and the memory overlaps no source.
    pub(super) unsafe fn scatter(&self, program: &Program, region: Region, src: *const u8, bases: Bases<'_>) {
        let to = bases.at(self.slot, self.offset);
        self.vectors(program, region, |v| {
            let to = to.wrapping_offset(v.memory.0 * self.size as isize);
            let from = src.wrapping_add(v.register.0 * self.size);
            // SAFETY: as in `gather`.
            unsafe { (self.copy)(to, v.memory.1, from, v.register.1 as isize, v.n) }
        });
    }

    /// Cuts a tile's part in vectors.
    #[inline]
    fn vectors(&self, program: &Program, region: Region, mut f: impl FnMut(Vector)) {
        let down = self.outer.last().copied().unwrap_or(0);
        if self.level == Level::Row {
            return runs(&program.outer, &self.outer, region, |distance, done, n| {
                f(Vector { memory: (distance, down), register: (done, 1), n });
            });
        }
        // Where there is more than one inner axis, a tile is of whole rows.
        let (last, lead) = match program.inner.split_last() {
            Some((_, lead)) => (self.inner[lead.len()], lead),
            None => (0, &[][..]),
        };
        let segments: usize = lead.iter().product();
        let n = region.cols / segments;
        runs(&program.outer, &self.outer, region, |distance, done, run| {
            // Along the rows where that is longer by far, or the finer stride.
            let along = run > 4 * n || (run >= 8 && down.unsigned_abs() < last.unsigned_abs());
            for segment in 0..segments {
                let memory = distance + offset(lead, &self.inner, segment) + region.col as isize * last;
                let register = done * region.cols + segment * n;
                if along {
                    for i in 0..n {
                        let memory = (memory + i as isize * last, down);
                        f(Vector { memory, register: (register + i, region.cols), n: run });
                    }
                } else {
                    for i in 0..run {
                        let memory = (memory + i as isize * down, last);
                        f(Vector { memory, register: (register + i * region.cols, 1), n });
                    }
                }
            }
        });
    }
}
