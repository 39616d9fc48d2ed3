//! Instructions that follow indices.

use super::program::part;
use super::share::Bases;
use super::{Place, Uses, cost};
use crate::{ALIGN, DType};
use std::ops::Range;

/// `output[i] = table[index[i]]`, whole rows.
#[derive(Clone, Copy, Debug)]
pub struct Gather {
    /// Element type of the table.
    pub dtype: DType,
    /// A dense table of `rows` by `width`.
    pub table: Place,
    /// Rows of the table.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
    /// `count` dense `i64` indices. One outside `0..rows` is a fault.
    pub index: Place,
    /// How many rows are gathered.
    pub count: usize,
    /// `count` by `width`, dense.
    pub output: Place,
}

/// `output = 0; output[index[i]] += source[i]`, whole rows, in the order of `i`.
#[derive(Clone, Copy, Debug)]
pub struct ScatterAdd {
    /// Element type (`f32`, `f64` or `i64`).
    pub dtype: DType,
    /// `count` by `width`, dense.
    pub source: Place,
    /// `count` dense `i64` indices. One outside `0..rows` is a fault.
    pub index: Place,
    /// How many rows are added.
    pub count: usize,
    /// Elements of a row.
    pub width: usize,
    /// Rows of the output.
    pub rows: usize,
    /// `rows` by `width`, dense.
    pub output: Place,
}

/// A fault unless all of `count` dense `i64` values at `index` lie in `0..bound`.
#[derive(Clone, Copy, Debug)]
pub struct CheckIndex {
    /// The values.
    pub index: Place,
    /// How many.
    pub count: usize,
    /// The first value that is out of range.
    pub bound: usize,
}

/// The indices of an instruction.
///
/// # Safety
/// `place` has `count` elements in its slot, which nobody writes for as long as the slice is used.
unsafe fn indices(place: Place, count: usize, bases: Bases<'_>) -> &[i64] {
    // SAFETY: the caller's promise; bytes of a buffer are initialized.
    unsafe { std::slice::from_raw_parts(bases.at(place.slot, place.offset).cast(), count) }
}

/// An index as a row number below `bound`.
#[inline]
fn row(index: i64, bound: usize, position: usize) -> Result<usize, String> {
    match usize::try_from(index) {
        Ok(row) if row < bound => Ok(row),
        _ => Err(outside(index, bound, position)),
    }
}

#[cold]
fn outside(index: i64, bound: usize, position: usize) -> String {
    format!("index {index} at position {position} is outside 0..{bound}")
}

impl Gather {
    fn row_bytes(&self) -> usize {
        self.width.saturating_mul(self.dtype.size())
    }

    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        uses.read(self.table, self.dtype, self.table.dense(self.rows, self.row_bytes()));
        uses.read(self.index, DType::I64, self.index.dense(self.count, DType::I64.size()));
        uses.write(self.output, self.dtype, self.output.dense(self.count, self.row_bytes()));
    }

    pub(super) fn cost(&self) -> f64 {
        cost::LAUNCH + self.count as f64 * (cost::ROW + 2.0 * cost::BYTE * self.row_bytes() as f64)
    }

    pub(super) fn tasks(&self) -> usize {
        ((self.cost() / cost::TASK) as usize).clamp(1, cost::MOST_TASKS).min(self.count.max(1))
    }

    /// Gathers a task's rows.
    ///
    /// # Safety
    /// The instruction was validated against the slots of `bases`, and nothing else accesses what it writes, nor
    /// writes what it reads, except other tasks.
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>) -> Result<(), String> {
        let bytes = self.row_bytes();
        let table = bases.at(self.table.slot, self.table.offset);
        let output = bases.at(self.output.slot, self.output.offset);
        // SAFETY: the caller's promise.
        let index = unsafe { indices(self.index, self.count, bases) };
        for i in part(self.count, self.tasks(), task) {
            let from = table.wrapping_add(row(index[i], self.rows, i)? * bytes);
            let to = output.wrapping_add(i * bytes);
            // SAFETY: row `i` of the output and an existing row of the table, which do not overlap.
            unsafe {
                match bytes {
                    4 => to.cast::<u32>().write(from.cast::<u32>().read()),
                    8 => to.cast::<[u32; 2]>().write(from.cast::<[u32; 2]>().read()),
                    _ => std::ptr::copy_nonoverlapping(from, to, bytes),
                }
            }
        }
        Ok(())
    }
}

/// Bytes of a row that a task adds, at least.
const LEAST_BYTES: usize = 128;

impl ScatterAdd {
    fn row_bytes(&self) -> usize {
        self.width.saturating_mul(self.dtype.size())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.dtype == DType::Bool { Err("a sum of bool".into()) } else { Ok(()) }
    }

    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        uses.read(self.source, self.dtype, self.source.dense(self.count, self.row_bytes()));
        uses.read(self.index, DType::I64, self.index.dense(self.count, DType::I64.size()));
        uses.write(self.output, self.dtype, self.output.dense(self.rows, self.row_bytes()));
    }

    pub(super) fn cost(&self) -> f64 {
        let bytes = self.row_bytes() as f64 * cost::BYTE;
        cost::LAUNCH + self.rows as f64 * bytes + self.count as f64 * (cost::ROW + 2.0 * bytes)
    }

    /// Tasks share the columns: each looks at all indices, and adds its part of their rows.
    pub(super) fn tasks(&self) -> usize {
        let most = (self.row_bytes() / LEAST_BYTES).clamp(1, cost::MOST_TASKS);
        ((self.cost() / cost::TASK) as usize).clamp(1, most)
    }

    /// Adds to a task's columns of the output.
    ///
    /// # Safety
    /// As for [`Gather::run`].
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>) -> Result<(), String> {
        // Whole cache lines, so that no two tasks write to one.
        let line = ALIGN / self.dtype.size();
        let lines = part(self.width.div_ceil(line), self.tasks(), task);
        let columns = lines.start * line..(lines.end * line).min(self.width);
        // SAFETY: the caller's promise.
        unsafe {
            match self.dtype {
                DType::F32 => self.add(columns, bases, |sum: &mut f32, x| *sum += x),
                DType::F64 => self.add(columns, bases, |sum: &mut f64, x| *sum += x),
                _ => self.add(columns, bases, |sum: &mut i64, x: i64| *sum = sum.wrapping_add(x)),
            }
        }
    }

    /// # Safety
    /// As for [`Gather::run`]; `T` is the dtype.
    unsafe fn add<T: Copy + Default>(
        &self,
        columns: Range<usize>,
        bases: Bases<'_>,
        add: impl Fn(&mut T, T),
    ) -> Result<(), String> {
        let source = bases.at(self.source.slot, self.source.offset).cast::<T>();
        let output = bases.at(self.output.slot, self.output.offset).cast::<T>();
        // SAFETY: the caller's promise.
        let (source, index) = unsafe {
            (
                std::slice::from_raw_parts(source, self.count * self.width),
                indices(self.index, self.count, bases),
            )
        };
        let of_row = |row: usize| {
            let start = output.wrapping_add(row * self.width + columns.start);
            // SAFETY: this task's columns of a row of the output, which overlaps no input; each is borrowed for itself.
            unsafe { std::slice::from_raw_parts_mut(start, columns.len()) }
        };
        for row in 0..self.rows {
            of_row(row).fill(T::default());
        }
        for (i, &at) in index.iter().enumerate() {
            let from = &source[i * self.width..][columns.clone()];
            for (sum, &x) in of_row(row(at, self.rows, i)?).iter_mut().zip(from) {
                add(sum, x);
            }
        }
        Ok(())
    }
}

impl CheckIndex {
    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        uses.read(self.index, DType::I64, self.index.dense(self.count, DType::I64.size()));
    }

    pub(super) fn cost(&self) -> f64 {
        cost::LAUNCH + self.count as f64 * 8.0 * cost::BYTE
    }

    /// Looks at the indices.
    ///
    /// # Safety
    /// As for [`Gather::run`].
    pub(super) unsafe fn run(&self, bases: Bases<'_>) -> Result<(), String> {
        // SAFETY: the caller's promise.
        let index = unsafe { indices(self.index, self.count, bases) };
        // One comparison each: a negative number is a great one.
        let bound = self.bound as u64;
        match index.iter().position(|&at| at as u64 >= bound) {
            Some(position) => Err(outside(index[position], self.bound, position)),
            None => Ok(()),
        }
    }
}
