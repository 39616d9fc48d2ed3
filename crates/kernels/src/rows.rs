//! Row kernels: reductions and broadcasts of dense row-major blocks of `rows × cols` elements, and strided
//! copies.
//!
//! Reductions have a fixed shape: which elements are added to which, and in what order, follows from `rows`
//! and `cols` alone. So a sum has the same bits at every [`Level`](crate::Level), for any number of threads.

mod broadcast;
mod reduce;
mod transpose;

pub use broadcast::{copy_lines, copy_strided, expand_rows, fill, repeat_row};
pub use reduce::{add_columns, max_columns, max_rows, sum_rows};
pub use transpose::transpose;

/// Reads a dense block of `rows × cols` elements and writes a row, a column or a block: each kernel says which.
///
/// # Safety
///
/// With the dtype that the function was picked for: `src` is valid for reads of all its elements and `dst`
/// for writes of all its elements (for the kernels that accumulate, also for reads), both initialized where
/// read and aligned; they do not overlap; the level is one of [`Level::available`](crate::Level::available).
pub type RowFn = unsafe fn(dst: *mut u8, src: *const u8, rows: usize, cols: usize);

/// Copies `n` elements: `dst[i * dst_stride] = src[i * src_stride]`, strides in elements.
///
/// # Safety
///
/// With the dtype that the function was picked for: every element named is within an allocation that is valid
/// for reads (`src`) or writes (`dst`), initialized and aligned; the two sets of elements do not overlap.
pub type CopyFn = unsafe fn(dst: *mut u8, dst_stride: isize, src: *const u8, src_stride: isize, n: usize);

/// Copies a block of `lines` lines of `n` contiguous elements each, steps from line to line in elements; or transposes it: then
/// `n` lines of `lines` elements come out.
///
/// # Safety
///
/// As for [`CopyFn`], and the level is one of [`Level::available`](crate::Level::available).
pub type BlockFn =
    unsafe fn(dst: *mut u8, dst_step: isize, src: *const u8, src_step: isize, lines: usize, n: usize);

/// Writes one value `n` times: `dst[i] = *value`.
///
/// # Safety
///
/// With the dtype that the function was picked for: `value` is valid for a read and `dst` for writes of `n`
/// elements, both aligned; they do not overlap.
pub type FillFn = unsafe fn(dst: *mut u8, value: *const u8, n: usize);
