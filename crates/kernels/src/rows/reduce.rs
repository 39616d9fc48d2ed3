//! Sums and maxima of rows and columns.

use super::RowFn;
use crate::math::isa::{Isa, by_level};
use crate::{DType, Level};

/// Elements accumulated side by side: two registers of `f32` at AVX-512, sixteen of `f64` at SSE2.
const LANES: usize = 32;

/// Rows that [`add_columns`] adds up before it touches `dst`: few enough that the block stays in cache.
const ROWS: usize = 32;

/// An associative operation, applied in a fixed order.
trait Fold<T> {
    /// `join(START, x)` is `x`, to the last bit.
    const START: T;
    /// The result for no elements.
    const EMPTY: T;
    fn join(a: T, b: T) -> T;
    /// Whether `join(x, x)` is `x`.
    const IDEMPOTENT: bool;
    /// All lanes joined, by a tree.
    fn tree<I: Isa, const N: usize>(lanes: [T; N]) -> T;
}

struct Sum;
struct Max;

macro_rules! float_folds {
    ($T:ident, $Bits:ident, $Key:ident) => {
        impl Fold<$T> for Sum {
            const IDEMPOTENT: bool = false;
            const START: $T = -0.0;
            const EMPTY: $T = 0.0;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                a + b
            }
            #[inline(always)]
            fn tree<I: Isa, const N: usize>(lanes: [$T; N]) -> $T {
                halve(lanes, |a, b| a + b)
            }
        }
        impl Fold<$T> for Max {
            const IDEMPOTENT: bool = true;
            const START: $T = <$T>::NEG_INFINITY;
            const EMPTY: $T = <$T>::NEG_INFINITY;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                let greater = if a > b { a } else { b };
                if a.is_nan() { a } else { greater }
            }
            /// By integers of the same order, NaN being the greatest: the compiler knows their maximum better.
            #[inline(always)]
            fn tree<I: Isa, const N: usize>(lanes: [$T; N]) -> $T {
                if !(I::FMA && N >= 8) {
                    return halve(lanes, <Max as Fold<$T>>::join);
                }
                let mut keys = [0; N];
                for j in 0..N {
                    let bits = lanes[j].to_bits() as $Key;
                    let key = bits ^ ((bits >> ($Key::BITS - 1)) as $Bits >> 1) as $Key;
                    keys[j] = if lanes[j].is_nan() { $Key::MAX } else { key };
                }
                let key = halve(keys, |a, b| a.max(b));
                $T::from_bits((key ^ ((key >> ($Key::BITS - 1)) as $Bits >> 1) as $Key) as $Bits)
            }
        }
    };
}
float_folds!(f32, u32, i32);
float_folds!(f64, u64, i64);

impl Fold<i64> for Sum {
    const IDEMPOTENT: bool = false;
    const START: i64 = 0;
    const EMPTY: i64 = 0;
    #[inline(always)]
    fn join(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn tree<I: Isa, const N: usize>(lanes: [i64; N]) -> i64 {
        halve(lanes, i64::wrapping_add)
    }
}
impl Fold<i64> for Max {
    const IDEMPOTENT: bool = true;
    const START: i64 = i64::MIN;
    const EMPTY: i64 = i64::MIN;
    #[inline(always)]
    fn join(a: i64, b: i64) -> i64 {
        a.max(b)
    }
    #[inline(always)]
    fn tree<I: Isa, const N: usize>(lanes: [i64; N]) -> i64 {
        halve(lanes, |a, b| a.max(b))
    }
}

/// Joins the lanes: the upper half to the lower half, until one is left.
#[inline(always)]
fn halve<T: Copy, const N: usize>(mut lanes: [T; N], join: impl Fn(T, T) -> T) -> T {
    let mut width = N / 2;
    while width > 0 {
        for j in 0..width {
            lanes[j] = join(lanes[j], lanes[j + width]);
        }
        width /= 2;
    }
    lanes[0]
}

/// The first elements of `src` with [`Fold::START`] in the lanes that it lacks.
#[inline(always)]
fn padded<T: Copy, F: Fold<T>, const N: usize>(src: &[T]) -> [T; N] {
    let mut lanes = [F::START; N];
    lanes[..src.len()].copy_from_slice(src);
    lanes
}

/// `dst[r]` = the fold of row `r`. A row's elements go round [`LANES`] accumulators, which a tree joins.
#[inline(always)]
fn fold_rows<T: Copy, F: Fold<T>, I: Isa>(dst: &mut [T], src: &[T], cols: usize) {
    match cols {
        0 => dst.fill(F::EMPTY),
        1 => dst.copy_from_slice(src),
        2 => fold_narrow::<T, F, I, 2>(dst, src),
        3 => fold_narrow::<T, F, I, 3>(dst, src),
        4 => fold_narrow::<T, F, I, 4>(dst, src),
        5..LANES if F::IDEMPOTENT => match cols {
            0..8 => fold_twice::<T, F, I, 4>(dst, src, cols),
            8..16 => fold_twice::<T, F, I, 8>(dst, src, cols),
            _ => fold_twice::<T, F, I, 16>(dst, src, cols),
        },
        5..=8 => fold_short::<T, F, I, 8>(dst, src, cols),
        9..=16 => fold_short::<T, F, I, 16>(dst, src, cols),
        17..LANES => fold_short::<T, F, I, LANES>(dst, src, cols),
        _ => {
            for (out, row) in dst.iter_mut().zip(src.chunks_exact(cols)) {
                let mut lanes = [F::START; LANES];
                let (chunks, rest) = row.as_chunks::<LANES>();
                for chunk in chunks {
                    for j in 0..LANES {
                        lanes[j] = F::join(lanes[j], chunk[j]);
                    }
                }
                if !rest.is_empty() {
                    // The row's last `LANES` elements, without those that have been taken.
                    let taken = LANES - rest.len();
                    let window = row.last_chunk::<LANES>().expect("cols >= LANES");
                    for j in 0..LANES {
                        let x = if j < taken { F::START } else { window[j] };
                        lanes[j] = F::join(lanes[j], x);
                    }
                }
                *out = F::tree::<I, _>(lanes);
            }
        }
    }
}

/// [`fold_rows`] for a fixed number of columns, so that the compiler works on many rows at a time.
#[inline(always)]
fn fold_narrow<T: Copy, F: Fold<T>, I: Isa, const C: usize>(dst: &mut [T], src: &[T]) {
    for (out, row) in dst.iter_mut().zip(src.as_chunks::<C>().0) {
        *out = F::tree::<I, _>(padded::<T, F, 4>(row));
    }
}

/// [`fold_rows`] for `N` to `2 N` columns and an operation to which it doesn't matter that the row's first and
/// its last `N` elements overlap.
#[inline(always)]
fn fold_twice<T: Copy, F: Fold<T>, I: Isa, const N: usize>(dst: &mut [T], src: &[T], cols: usize) {
    for (out, row) in dst.iter_mut().zip(src.chunks_exact(cols)) {
        if let (Some(first), Some(last)) = (row.first_chunk::<N>(), row.last_chunk::<N>()) {
            let mut lanes = *first;
            for j in 0..N {
                lanes[j] = F::join(lanes[j], last[j]);
            }
            *out = F::tree::<I, N>(lanes);
        }
    }
}

/// [`fold_rows`] for at most `N` columns: reads whole windows of `N` elements as long as `src` has them, and
/// masks what belongs to the next rows.
#[inline(always)]
fn fold_short<T: Copy, F: Fold<T>, I: Isa, const N: usize>(dst: &mut [T], src: &[T], cols: usize) {
    for (r, out) in dst.iter_mut().enumerate() {
        let row = &src[r * cols..];
        let lanes = match row.first_chunk::<N>() {
            Some(window) => {
                let mut lanes = *window;
                for (j, lane) in lanes.iter_mut().enumerate() {
                    *lane = if j < cols { *lane } else { F::START };
                }
                lanes
            }
            None => padded::<T, F, N>(&row[..cols]),
        };
        *out = F::tree::<I, _>(lanes);
    }
}

/// `dst[c]` = the join of `dst[c]` and the fold of column `c`, in blocks of rows.
///
/// A block is read in windows of [`LANES`] consecutive elements. If there are few columns, a window holds
/// several rows, of which each lane sees every `group`-th; a tree joins them in the end.
#[inline(always)]
fn fold_columns<T: Copy, F: Fold<T>, I: Isa>(dst: &mut [T], src: &[T], cols: usize) {
    match cols {
        0 => return,
        1 => return fold_few::<T, F, 1, 16>(dst, src),
        2 => return fold_few::<T, F, 2, 32>(dst, src),
        3 => return fold_few::<T, F, 3, 48>(dst, src),
        4 => return fold_few::<T, F, 4, 64>(dst, src),
        _ => {}
    }
    let mut group = 1;
    while 2 * group * cols <= LANES {
        group *= 2;
    }
    let step = group * cols;
    for block in src.chunks(ROWS * step) {
        for first in (0..cols).step_by(LANES) {
            let block = &block[first..];
            let width = if group == 1 { (cols - first).min(LANES) } else { step };
            let mut lanes = [F::START; LANES];
            // The windows that lie wholly in the block; what they hold beyond `width` is never used.
            let whole = if block.len() < LANES { 0 } else { (block.len() - LANES) / step + 1 };
            for k in 0..whole {
                let window = &block[k * step..][..LANES];
                for j in 0..LANES {
                    lanes[j] = F::join(lanes[j], window[j]);
                }
            }
            for rest in block.chunks(step).skip(whole) {
                let window = padded::<T, F, LANES>(&rest[..width.min(rest.len())]);
                for j in 0..LANES {
                    lanes[j] = F::join(lanes[j], window[j]);
                }
            }
            let mut half = group / 2;
            while half > 0 {
                for j in 0..half * cols {
                    lanes[j] = F::join(lanes[j], lanes[j + half * cols]);
                }
                half /= 2;
            }
            for (out, lane) in dst[first..].iter_mut().zip(&lanes[..width.min(cols)]) {
                *out = F::join(*out, *lane);
            }
        }
    }
}

/// [`fold_columns`] for a fixed number of columns, so that the compiler works on many rows at a time: on `N = 16 C` elements.
#[inline(always)]
fn fold_few<T: Copy, F: Fold<T>, const C: usize, const N: usize>(dst: &mut [T], src: &[T]) {
    const { assert!(N == 16 * C) };
    for block in src.chunks(ROWS * N) {
        let mut sums = [F::START; N];
        let (groups, rest) = block.as_chunks::<N>();
        for group in groups {
            for j in 0..N {
                sums[j] = F::join(sums[j], group[j]);
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum = F::join(*sum, *x);
        }
        for j in 0..8 * C {
            sums[j] = F::join(sums[j], sums[j + 8 * C]);
        }
        for j in 0..4 * C {
            sums[j] = F::join(sums[j], sums[j + 4 * C]);
        }
        for j in 0..2 * C {
            sums[j] = F::join(sums[j], sums[j + 2 * C]);
        }
        for (c, out) in dst.iter_mut().enumerate().take(C) {
            *out = F::join(*out, F::join(sums[c], sums[c + C]));
        }
    }
}

/// The functions of one reduction for each level.
macro_rules! row_fns {
    ($fold:ident, $T:ty, $F:ty, |$rows:ident, $cols:ident| $len:expr) => {{
        #[inline(always)]
        unsafe fn body<I: Isa>(dst: *mut u8, src: *const u8, $rows: usize, $cols: usize) {
            let len = $len;
            if len == 0 {
                return;
            }
            let src = match $rows * $cols {
                0 => &[][..],
                // SAFETY: the caller's promise: `src` is a block of `rows × cols` initialized elements.
                n => unsafe { std::slice::from_raw_parts(src.cast::<$T>(), n) },
            };
            // SAFETY: the caller's promise: `dst` has `len` elements, and they do not overlap `src`.
            let dst = unsafe { std::slice::from_raw_parts_mut(dst.cast::<$T>(), len) };
            $fold::<$T, $F, I>(dst, src, $cols);
        }
        const LEVELS: [RowFn; 3] =
        by_level!(body: unsafe fn(dst: *mut u8, src: *const u8, rows: usize, cols: usize));
        &LEVELS
    }};
}

/// The function of a reduction for a dtype and a level.
macro_rules! pick {
    ($dtype:ident, $level:ident, $fold:ident, $F:ty, |$rows:ident, $cols:ident| $len:expr) => {{
        let levels: &[RowFn; 3] = match $dtype {
            DType::F32 => row_fns!($fold, f32, $F, |$rows, $cols| $len),
            DType::F64 => row_fns!($fold, f64, $F, |$rows, $cols| $len),
            DType::I64 => row_fns!($fold, i64, $F, |$rows, $cols| $len),
            DType::Bool => return None,
        };
        Some(levels[$level as usize])
    }};
}

/// `dst[r] = Σ_c src[r][c]`: block to column; 0 for an empty row. For numbers; integers wrap around.
pub fn sum_rows(dtype: DType, level: Level) -> Option<RowFn> {
    pick!(dtype, level, fold_rows, Sum, |rows, _cols| rows)
}

/// `dst[r] = max_c src[r][c]`: block to column; NaN if the row has one; the least value (-∞, `MIN`) for an
/// empty row. Which zero it is when -0 and +0 are the greatest is left open. For numbers.
pub fn max_rows(dtype: DType, level: Level) -> Option<RowFn> {
    pick!(dtype, level, fold_rows, Max, |rows, _cols| rows)
}

/// `dst[c] += Σ_r src[r][c]`: block to row, accumulated. For numbers; integers wrap around.
pub fn add_columns(dtype: DType, level: Level) -> Option<RowFn> {
    pick!(dtype, level, fold_columns, Sum, |_rows, cols| cols)
}

/// `dst[c] = max(dst[c], max_r src[r][c])`: block to row, accumulated; NaN if there is one. For numbers.
pub fn max_columns(dtype: DType, level: Level) -> Option<RowFn> {
    pick!(dtype, level, fold_columns, Max, |_rows, cols| cols)
}
