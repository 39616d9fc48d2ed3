//! Adding a few long rows to one.
//!
//! The row kernels of [`rows`](crate::rows) are made for many rows: they hold a window of columns in registers. Of the
//! one to eight rows that a tile has of a wide matrix, each is better passed over from end to end.

use crate::math::isa::{Isa, by_level};
use crate::rows::RowFn;
use crate::{DType, Level};

/// Most rows, ..
pub(super) const ROWS: usize = 8;
/// .. and fewest columns.
pub(super) const COLS: usize = 64;

/// Joins an element to a running result.
trait Join<T> {
    fn join(a: T, b: T) -> T;
}

struct Sum;
struct Max;

macro_rules! joins {
    ($T:ty, |$a:ident, $b:ident| $sum:expr, $max:expr) => {
        impl Join<$T> for Sum {
            #[inline(always)]
            fn join($a: $T, $b: $T) -> $T {
                $sum
            }
        }
        impl Join<$T> for Max {
            #[inline(always)]
            fn join($a: $T, $b: $T) -> $T {
                $max
            }
        }
    };
}
// NaN stays: the running result's is kept, another's is not less.
joins!(f32, |a, b| a + b, if a > b || a.is_nan() { a } else { b });
joins!(f64, |a, b| a + b, if a > b || a.is_nan() { a } else { b });
joins!(i64, |a, b| a.wrapping_add(b), a.max(b));

/// Rows in fours, twos and ones: each group is joined first, so that a chain is short.
#[inline(always)]
fn columns<T: Copy, J: Join<T>>(dst: &mut [T], src: &[T]) {
    let cols = dst.len();
    let (fours, rest) = src.split_at(src.len() / (4 * cols) * (4 * cols));
    for block in fours.chunks_exact(4 * cols) {
        let (ab, cd) = block.split_at(2 * cols);
        let ((a, b), (c, d)) = (ab.split_at(cols), cd.split_at(cols));
        for (i, sum) in dst.iter_mut().enumerate() {
            *sum = J::join(*sum, J::join(J::join(a[i], b[i]), J::join(c[i], d[i])));
        }
    }
    let (twos, ones) = rest.split_at(rest.len() / (2 * cols) * (2 * cols));
    if !twos.is_empty() {
        let (a, b) = twos.split_at(cols);
        for (i, sum) in dst.iter_mut().enumerate() {
            *sum = J::join(*sum, J::join(a[i], b[i]));
        }
    }
    for (sum, &x) in dst.iter_mut().zip(ones) {
        *sum = J::join(*sum, x);
    }
}

/// `dst[c] = join(dst[c], src[0][c], src[1][c], …)`.
pub(super) fn few_columns(dtype: DType, max: bool, level: Level) -> RowFn {
    macro_rules! levels {
        ($T:ty, $J:ty) => {{
            #[inline(always)]
            unsafe fn body<I: Isa>(dst: *mut u8, src: *const u8, rows: usize, cols: usize) {
                if rows * cols == 0 {
                    return;
                }
                // SAFETY: the caller's promise: a row and a block, which do not overlap.
                let (dst, src) = unsafe {
                    (
                        std::slice::from_raw_parts_mut(dst.cast::<$T>(), cols),
                        std::slice::from_raw_parts(src.cast::<$T>(), rows * cols),
                    )
                };
                columns::<$T, $J>(dst, src);
            }
            const LEVELS: [RowFn; 3] =
        by_level!(body: unsafe fn(dst: *mut u8, src: *const u8, rows: usize, cols: usize));
            &LEVELS
        }};
    }
    let levels: &[RowFn; 3] = match (dtype, max) {
        (DType::F32, false) => levels!(f32, Sum),
        (DType::F32, true) => levels!(f32, Max),
        (DType::F64, false) => levels!(f64, Sum),
        (DType::F64, true) => levels!(f64, Max),
        (_, false) => levels!(i64, Sum),
        (_, true) => levels!(i64, Max),
    };
    levels[level as usize]
}
