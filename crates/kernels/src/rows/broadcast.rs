//! Copies of rows, columns and strided vectors.

use super::{BlockFn, CopyFn, FillFn, RowFn};
use crate::math::isa::{Isa, by_level};
use crate::{DType, Level};

/// `dst[r][c] = src[r]`: column to block. For all dtypes.
pub fn expand_rows(dtype: DType, level: Level) -> Option<RowFn> {
    macro_rules! levels {
        ($T:ty) => {{
            #[inline(always)]
            unsafe fn body<I: Isa>(dst: *mut u8, src: *const u8, rows: usize, cols: usize) {
                if rows * cols == 0 {
                    return;
                }
                // SAFETY: the caller's promise: `src` is a column of `rows` elements, `dst` a block.
                let (dst, src) = unsafe {
                    (
                        std::slice::from_raw_parts_mut(dst.cast::<$T>(), rows * cols),
                        std::slice::from_raw_parts(src.cast::<$T>(), rows),
                    )
                };
                expand(dst, src, cols);
            }
            const LEVELS: [RowFn; 3] =
        by_level!(body: unsafe fn(dst: *mut u8, src: *const u8, rows: usize, cols: usize));
            &LEVELS
        }};
    }
    let levels: &[RowFn; 3] = match dtype.size() {
        1 => levels!(u8),
        4 => levels!(u32),
        _ => levels!(u64),
    };
    Some(levels[level as usize])
}

/// `dst[r][c] = src[r]`, in whole windows as long as `dst` has room: the next row overwrites what is too much.
#[inline(always)]
fn expand<T: Copy>(dst: &mut [T], src: &[T], cols: usize) {
    const WINDOW: usize = 16;
    match cols {
        1 => return dst.copy_from_slice(src),
        2 => return expand_narrow::<T, 2>(dst, src),
        3 => return expand_narrow::<T, 3>(dst, src),
        4 => return expand_narrow::<T, 4>(dst, src),
        _ => {}
    }
    for (r, &x) in src.iter().enumerate() {
        let (mut at, end) = (r * cols, (r + 1) * cols);
        while at < end {
            match dst[at..].first_chunk_mut::<WINDOW>() {
                Some(window) => *window = [x; WINDOW],
                None => dst[at..end].fill(x),
            }
            at += WINDOW;
        }
    }
}

/// [`expand`] for a fixed number of columns, so that the compiler works on many rows at a time.
#[inline(always)]
fn expand_narrow<T: Copy, const C: usize>(dst: &mut [T], src: &[T]) {
    for (row, &x) in dst.as_chunks_mut::<C>().0.iter_mut().zip(src) {
        *row = [x; C];
    }
}

/// A row of a few bytes over and over: sixteen times at once.
///
/// # Safety
/// `src` has `BYTES` bytes, `dst` has `rows` times as many; they do not overlap.
unsafe fn narrow<const BYTES: usize>(dst: *mut u8, src: *const u8, rows: usize) {
    // SAFETY: the caller's promise.
    let (row, dst) = unsafe {
        (src.cast::<[u8; BYTES]>().read(), std::slice::from_raw_parts_mut(dst.cast::<[u8; BYTES]>(), rows))
    };
    let (groups, rest) = dst.as_chunks_mut::<16>();
    groups.fill([row; 16]);
    rest.fill(row);
}

/// `dst[r][c] = src[c]`: row to block. For all dtypes. (The same at every level: it is `memcpy`.)
pub fn repeat_row(dtype: DType, _level: Level) -> Option<RowFn> {
    unsafe fn repeat<const SIZE: usize>(dst: *mut u8, src: *const u8, rows: usize, cols: usize) {
        // The block is copied from its own beginning, twice as much each time up to what stays in cache.
        const MOST: usize = 8192;
        let (row, total) = (cols * SIZE, rows * cols * SIZE);
        if total == 0 {
            return;
        }
        // SAFETY: the caller's promise; a row has as many bytes.
        unsafe {
            match row {
                4 => return narrow::<4>(dst, src, rows),
                8 => return narrow::<8>(dst, src, rows),
                12 => return narrow::<12>(dst, src, rows),
                16 => return narrow::<16>(dst, src, rows),
                _ => {}
            }
        }
        // SAFETY: the caller's promise: `src` has a row and `dst` has `total` bytes; they do not overlap. In the
        // loop, `filled` bytes are written and `step` is at most that and at most what is left.
        unsafe {
            std::ptr::copy_nonoverlapping(src, dst, row);
            let most = row.max(MOST / row * row);
            let mut filled = row;
            while filled < total {
                let step = filled.min(most).min(total - filled);
                std::ptr::copy_nonoverlapping(dst, dst.add(filled), step);
                filled += step;
            }
        }
    }
    Some(match dtype.size() {
        1 => repeat::<1>,
        4 => repeat::<4>,
        _ => repeat::<8>,
    })
}

/// Fills a block with one value. For all dtypes.
pub fn fill(dtype: DType) -> FillFn {
    unsafe fn fill<T: Copy>(dst: *mut u8, value: *const u8, n: usize) {
        if n == 0 {
            return;
        }
        // SAFETY: the caller's promise: a value to read, and `n` elements to write that do not overlap it.
        unsafe { std::slice::from_raw_parts_mut(dst.cast::<T>(), n).fill(value.cast::<T>().read()) }
    }
    match dtype.size() {
        1 => fill::<u8>,
        4 => fill::<u32>,
        _ => fill::<u64>,
    }
}

/// Copies between strided vectors. For all dtypes.
pub fn copy_strided(dtype: DType) -> CopyFn {
    unsafe fn copy<T: Copy>(dst: *mut u8, dst_stride: isize, src: *const u8, src_stride: isize, n: usize) {
        if n == 0 {
            return;
        }
        let (dst, src) = (dst.cast::<T>(), src.cast::<T>());
        // SAFETY: the caller's promise: all elements named are valid, aligned and do not overlap.
        unsafe {
            match (dst_stride, src_stride) {
                (1, 1) => std::ptr::copy_nonoverlapping(src, dst, n),
                (1, 0) => std::slice::from_raw_parts_mut(dst, n).fill(src.read()),
                (1, _) => {
                    let mut from = src;
                    for to in std::slice::from_raw_parts_mut(dst, n) {
                        *to = from.read();
                        from = from.wrapping_offset(src_stride);
                    }
                }
                _ => {
                    let (mut to, mut from) = (dst, src);
                    for _ in 0..n {
                        to.write(from.read());
                        to = to.wrapping_offset(dst_stride);
                        from = from.wrapping_offset(src_stride);
                    }
                }
            }
        }
    }
    match dtype.size() {
        1 => copy::<u8>,
        4 => copy::<u32>,
        _ => copy::<u64>,
    }
}

/// `dst[i * dst_step + j] = src[i * src_step + j]` for `i` below `lines` and `j` below `n`. For all dtypes.
pub fn copy_lines(dtype: DType, level: Level) -> BlockFn {
    macro_rules! levels {
        ($T:ty) => {{
            #[inline(always)]
            unsafe fn body<I: Isa>(
                dst: *mut u8,
                dst_step: isize,
                src: *const u8,
                src_step: isize,
                lines: usize,
                n: usize
            ) {
                let (dst, src) = (dst.cast::<$T>(), src.cast::<$T>());
                for i in 0..lines as isize {
                    let (to, from) = (dst.wrapping_offset(i * dst_step), src.wrapping_offset(i * src_step));
                    // SAFETY: the caller's promise: a line of each.
                    unsafe {
                        copy_line(std::slice::from_raw_parts_mut(to, n), std::slice::from_raw_parts(from, n));
                    }
                }
            }
            const LEVELS: [BlockFn; 3] = by_level!(body: unsafe fn(
                dst: *mut u8, dst_step: isize, src: *const u8, src_step: isize, lines: usize, n: usize));
            LEVELS[level as usize]
        }};
    }
    match dtype.size() {
        1 => levels!(u8),
        4 => levels!(u32),
        _ => levels!(u64),
    }
}

/// Copies a short line in windows, the last of which overlaps the one before: a call of `memcpy` would take longer.
#[inline(always)]
fn copy_line<T: Copy>(dst: &mut [T], src: &[T]) {
    const WINDOW: usize = 16;
    const LONG: usize = 64 * WINDOW;
    let n = dst.len();
    if n > LONG {
        return dst.copy_from_slice(src);
    }
    let (Some(last), Some(last_from)) = (n.checked_sub(WINDOW), src.last_chunk::<WINDOW>()) else {
        return dst.iter_mut().zip(src).for_each(|(to, from)| *to = *from);
    };
    for (to, from) in dst.as_chunks_mut::<WINDOW>().0.iter_mut().zip(src.as_chunks::<WINDOW>().0) {
        *to = *from;
    }
    dst[last..].copy_from_slice(last_from);
}
