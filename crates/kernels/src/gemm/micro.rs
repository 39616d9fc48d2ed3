//! The micro-kernels: one block of the result, kept in registers over the whole of `k`.
//!
//! A block is `R` rows of `W` vectors. The vector operand is read a vector at a time, the scalar operand an
//! element at a time and broadcast; both may lie packed or in their original places. Every `(W, R)` that
//! the register file holds is compiled, so that an edge is a smaller kernel, never a scalar loop.

// An index counts registers here, several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lines::{Dots, copy_lines, dots, transpose_lines};
use crate::Level;
use crate::simd::{Plain, Real, Simd};

/// Rows of the largest block.
pub(super) const MAX_ROWS: usize = 12;
/// Elements of the largest block, over all levels.
pub(super) const MAX_BLOCK: usize = 32 * MAX_ROWS;

/// What a micro-kernel computes: `c[r][l] = alpha * sum over p of s[r][p] * v[p][l] + beta * c[r][l]`.
/// Strides are in elements. The sum runs over `segments` runs of `k` steps each: the vector operand goes on from one to
/// the next, the scalar operand jumps.
#[derive(Clone, Copy)]
pub(super) struct Block<T> {
    /// Terms of a segment of the sum.
    pub(super) k: usize,
    /// Segments, at least 1.
    pub(super) segments: usize,
    /// From the end of a segment (where `k` steps lead) to the start of the next one, in the scalar operand.
    pub(super) s_jump: isize,
    /// The vector operand: `v[p][l]` at `v + p * v_step + l`.
    pub(super) v: *const T,
    pub(super) v_step: isize,
    /// The scalar operand: `s[r][p]` at `s + r * s_row + p * s_step`.
    pub(super) s: *const T,
    pub(super) s_row: isize,
    pub(super) s_step: isize,
    /// The result: `c[r][l]` at `c + r * c_row + l`.
    pub(super) c: *mut T,
    pub(super) c_row: isize,
    /// Valid lanes of the last vector, 1 to `LANES`. Where [`Kernels::masked`] is false, all lanes of `v`
    /// must be readable regardless.
    pub(super) lanes: usize,
    pub(super) alpha: T,
    pub(super) beta: T,
}

/// A micro-kernel. Its block's extents must be valid, `c` exclusively, and the machine of its level.
pub(super) type Micro<T> = unsafe fn(&Block<T>);

/// The kernels of one level and type.
pub(super) struct Kernels<T: 'static> {
    pub(super) lanes: usize,
    /// Whether partial vectors are loaded as fast as whole ones.
    pub(super) masked: bool,
    /// For widths of 1, 2, 4 and 8 vectors: kernels of 1, 2, .. rows.
    pub(super) micro: [&'static [Micro<T>]; 4],
    pub(super) dots: unsafe fn(&Dots<T>),
    /// [`copy_lines`].
    pub(super) copy: unsafe fn(usize, usize, *const T, isize, *mut T, usize),
    /// [`transpose_lines`].
    pub(super) transpose: unsafe fn(usize, usize, *const T, isize, *mut T, usize),
}

impl<T> Kernels<T> {
    /// The kernels for blocks of `1 << width` vectors.
    pub(super) fn of_width(&self, width: u32) -> &'static [Micro<T>] {
        self.micro[width as usize]
    }
}

/// A type and its kernels.
pub(super) trait Kernel: Real {
    fn kernels(level: Level) -> &'static Kernels<Self>;
}

/// The same value, but the compiler can't know: it keeps it in a register of its own.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)]
fn opaque<T>(value: *const T) -> *const T {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    {
        let mut value = value;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    value
}

#[inline(always)]
unsafe fn micro<S: Simd, const W: usize, const R: usize>(b: &Block<S::T>) {
    // SAFETY: the caller gives valid extents, and calls from a function with the level's instructions.
    unsafe {
        let zero = S::splat(S::T::ZERO);
        let mut sums = [[zero; W]; R];
        let last = W - 1;
        let mut v = b.v;
        // Four rows a pointer: each address is a pointer plus a register. Left to itself, the compiler walks
        // from row to row with one pointer, a chain of additions longer than the arithmetic.
        let row = b.s_row;
        let mut s: [*const S::T; 3] = [b.s; 3];
        for (g, s) in s.iter_mut().enumerate() {
            *s = opaque(b.s.wrapping_offset(row.wrapping_mul(4 * g as isize)));
        }
        let mut segments = b.segments;
        loop {
            for _ in 0..b.k {
                let mut x = [zero; W];
                for w in 0..W {
                    let at = v.add(w * S::LANES);
                    x[w] = if S::MASKED && w == last { S::load_part(at, b.lanes) } else { S::load(at) };
                }
                for r in 0..R {
                    let at = s[r / 4].offset(row * (r % 4) as isize);
                    let y = S::splat(*at);
                    for w in 0..W {
                        sums[r][w] = x[w].mul_add(y, sums[r][w]);
                    }
                }
                v = v.wrapping_offset(b.v_step);
                for s in &mut s[..R.div_ceil(4)] {
                    *s = s.wrapping_offset(b.s_step);
                }
            }
            segments -= 1;
            if segments == 0 {
                break;
            }
            for s in &mut s[..R.div_ceil(4)] {
                *s = s.wrapping_offset(b.s_jump);
            }
        }
        let (alpha, beta) = (S::splat(b.alpha), S::splat(b.beta));
        let (overwrite, whole) = (b.beta == S::T::ZERO, b.lanes == S::LANES);
        for r in 0..R {
            for w in 0..W {
                let at = b.c.offset(r as isize * b.c_row).add(w * S::LANES);
                let mut y = sums[r][w].mul(alpha);
                if w < last || whole {
                    if !overwrite {
                        y = S::load(at).mul_add(beta, y);
                    }
                    y.store(at);
                } else {
                    if !overwrite {
                        y = S::load_part(at, b.lanes).mul_add(beta, y);
                    }
                    y.store_part(at, b.lanes);
                }
            }
        }
    }
}

/// The kernels of one level and type: every function of the generic source above, compiled with the
/// level's instructions.
macro_rules! kernels {
    ($name:ident, $simd:ty, $($feature:literal)?, $one:tt, $two:tt, $four:tt, $eight:tt) => {
        mod $name {
            use super::*;
            type S = $simd;
            type T = <S as Simd>::T;

            $(#[target_feature(enable = $feature)])?
            unsafe fn block<const W: usize, const R: usize>(b: &Block<T>) {
                // SAFETY: the caller's contract.
                unsafe { micro::<S, W, R>(b) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn dot(d: &Dots<T>) {
                // SAFETY: the caller's contract.
                unsafe { dots::<S>(d) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn copy(k: usize, lanes: usize, from: *const T, step: isize, to: *mut T, width: usize) {
                // SAFETY: the caller's contract.
                unsafe { copy_lines::<S>(k, lanes, from, step, to, width) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn transpose(k: usize, lanes: usize, from: *const T, step: isize, to: *mut T, width: usize) {
                // SAFETY: the caller's contract.
                unsafe { transpose_lines::<S>(k, lanes, from, step, to, width) }
            }

            pub(super) static KERNELS: Kernels<T> = Kernels {
                lanes: S::LANES,
                masked: S::MASKED,
                micro: [
                    kernels!(@rows 1, $one),
                    kernels!(@rows 2, $two),
                    kernels!(@rows 4, $four),
                    kernels!(@rows 8, $eight),
                ],
                dots: dot,
                copy,
                transpose,
            };
        }
    };
    (@rows $w:literal, [$($r:literal)*]) => { &[$(block::<$w, $r>),*] };
}

kernels!(plain_f32, Plain<f32, 4>, , [1 2 3 4 5 6], [1 2 3 4 5 6], [1 2], [1]);
kernels!(plain_f64, Plain<f64, 2>, , [1 2 3 4 5 6], [1 2 3 4 5 6], [1 2], [1]);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::*;
    use std::arch::x86_64::*;

    kernels!(avx2_f32, __m256, "avx2,fma", [1 2 3 4 5 6], [1 2 3 4 5 6], [1 2], [1]);
    kernels!(avx2_f64, __m256d, "avx2,fma", [1 2 3 4 5 6], [1 2 3 4 5 6], [1 2], [1]);
    kernels!(
        avx512_f32, __m512, "avx512f,avx512vl,avx512dq,avx512bw",
        [1 2 3 4 5 6 7 8 9 10 11 12], [1 2 3 4 5 6 7 8 9 10 11 12], [1 2 3 4 5 6], [1]
    );
    kernels!(
        avx512_f64, __m512d, "avx512f,avx512vl,avx512dq,avx512bw",
        [1 2 3 4 5 6 7 8 9 10 11 12], [1 2 3 4 5 6 7 8 9 10 11 12], [1 2 3 4 5 6], [1]
    );

    pub(super) fn f32(level: Level) -> &'static Kernels<f32> {
        match level {
            Level::Portable => &plain_f32::KERNELS,
            Level::Avx2 => &avx2_f32::KERNELS,
            Level::Avx512 => &avx512_f32::KERNELS,
        }
    }

    pub(super) fn f64(level: Level) -> &'static Kernels<f64> {
        match level {
            Level::Portable => &plain_f64::KERNELS,
            Level::Avx2 => &avx2_f64::KERNELS,
            Level::Avx512 => &avx512_f64::KERNELS,
        }
    }
}

#[cfg(target_arch = "x86_64")]
use x86::{f32 as f32_kernels, f64 as f64_kernels};

#[cfg(not(target_arch = "x86_64"))]
fn f32_kernels(_: Level) -> &'static Kernels<f32> {
    &plain_f32::KERNELS
}

#[cfg(not(target_arch = "x86_64"))]
fn f64_kernels(_: Level) -> &'static Kernels<f64> {
    &plain_f64::KERNELS
}

impl Kernel for f32 {
    fn kernels(level: Level) -> &'static Kernels<f32> {
        f32_kernels(level)
    }
}

impl Kernel for f64 {
    fn kernels(level: Level) -> &'static Kernels<f64> {
        f64_kernels(level)
    }
}
