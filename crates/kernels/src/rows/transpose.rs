//! Transposition of a block, square by square in registers.

use super::BlockFn;
use crate::simd::{MAX_LANES, Plain, Simd};
use crate::{DType, Level};

/// `dst[j * dst_step + i] = src[i * src_step + j]` for `i` below `lines` and `j` below `n`. For all dtypes.
pub fn transpose(dtype: DType, level: Level) -> BlockFn {
    match dtype.size() {
        1 => bytes,
        4 => WORDS[level as usize],
        _ => DOUBLES[level as usize],
    }
}

/// A block in memory and its transpose.
struct Block<T> {
    dst: *mut T,
    dst_step: isize,
    src: *const T,
    src_step: isize,
    lines: usize,
    n: usize,
}

/// A function for a type of so many bytes, by the largest squares that fit.
macro_rules! by_squares {
    ($name:ident, $T:ty, [$($V:ty),*] $(, $feature:literal)?) => {
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(dst: *mut u8, dst_step: isize, src: *const u8, src_step: isize, lines: usize, n: usize) {
            let block = Block::<$T> { dst: dst.cast(), dst_step, src: src.cast(), src_step, lines, n };
            // SAFETY: the caller's promise; the function has the vectors' features.
            unsafe {
                $(if lines.min(n) >= <$V as Simd>::LANES {
                    return squares::<$V>(&block);
                })*
                one_by_one(&block);
            }
        }
    };
}

by_squares!(bytes, u8, []);
by_squares!(words, f32, [Plain<f32, 4>]);
by_squares!(doubles, f64, [Plain<f64, 2>]);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::*;
    use std::arch::x86_64::*;

    by_squares!(avx2_words, f32, [__m256, Plain<f32, 4>], "avx2,fma");
    by_squares!(avx2_doubles, f64, [__m256d, Plain<f64, 2>], "avx2,fma");
    by_squares!(avx512_words, f32, [__m512, __m256, Plain<f32, 4>], "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma");
    by_squares!(avx512_doubles, f64, [__m512d, __m256d, Plain<f64, 2>], "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma");

    pub(super) const WORDS: [BlockFn; 3] = [words, avx2_words, avx512_words];
    pub(super) const DOUBLES: [BlockFn; 3] = [doubles, avx2_doubles, avx512_doubles];
}
#[cfg(target_arch = "x86_64")]
use x86::{DOUBLES, WORDS};
#[cfg(not(target_arch = "x86_64"))]
const WORDS: [BlockFn; 3] = [words; 3];
#[cfg(not(target_arch = "x86_64"))]
const DOUBLES: [BlockFn; 3] = [doubles; 3];

/// The last square along each side overlaps the one before.
#[inline(always)]
unsafe fn squares<S: Simd>(block: &Block<S::T>) {
    let &Block { dst, dst_step, src, src_step, lines, n } = block;
    for i in (0..lines).step_by(S::LANES) {
        let i = i.min(lines - S::LANES);
        let mut from = [src; MAX_LANES];
        for (r, line) in from.iter_mut().enumerate().take(S::LANES) {
            *line = src.wrapping_offset((i + r) as isize * src_step);
        }
        for j in (0..n).step_by(S::LANES) {
            let j = j.min(n - S::LANES);
            // SAFETY: a square inside the block.
            unsafe {
                S::transpose(&from, j, dst.wrapping_offset(j as isize * dst_step).wrapping_add(i), dst_step)
            };
        }
    }
}

#[inline(always)]
unsafe fn one_by_one<T: Copy>(block: &Block<T>) {
    let &Block { dst, dst_step, src, src_step, lines, n } = block;
    for i in 0..lines {
        let from = src.wrapping_offset(i as isize * src_step);
        let to = dst.wrapping_add(i);
        for j in 0..n {
            // SAFETY: an element of the block.
            unsafe { *to.wrapping_offset(j as isize * dst_step) = *from.wrapping_add(j) };
        }
    }
}
