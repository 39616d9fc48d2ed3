//! The micro-kernels: one block of the result, kept in registers over the whole of `k`.
//!
//! A block is `R` rows of `W` vectors. The vector operand is read a vector at a time, the scalar operand an
//! element at a time and broadcast; both may lie packed or in their original places. Every `(W, R)` that
//! the register file holds is compiled, so that an edge is a smaller kernel, never a scalar loop.

use super::simd::{Plain, Real, Simd};
use crate::Level;

/// Rows of the largest block.
pub(super) const MAX_ROWS: usize = 12;
/// Elements of the largest block, over all levels.
pub(super) const MAX_BLOCK: usize = 32 * MAX_ROWS;

/// What a micro-kernel computes: `c[r][l] = alpha * sum over p of s[r][p] * v[p][l] + beta * c[r][l]`.
/// Strides are in elements.
#[derive(Clone, Copy)]
pub(super) struct Block<T> {
    /// Terms of the sum.
    pub(super) k: usize,
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

/// What a dot kernel computes: `c[j] = alpha * sum over p of m[j][p] * x[p] + beta * c[j]`.
#[derive(Clone, Copy)]
pub(super) struct Dots<T> {
    /// Terms of each sum.
    pub(super) k: usize,
    /// Sums.
    pub(super) n: usize,
    /// `m[j][p]` at `m + j * m_row + p`.
    pub(super) m: *const T,
    pub(super) m_row: isize,
    /// `x[p]` at `x + p`.
    pub(super) x: *const T,
    /// `c[j]` at `c + j * c_step`.
    pub(super) c: *mut T,
    pub(super) c_step: isize,
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
    /// [`Simd::transpose`].
    pub(super) transpose: unsafe fn(*const T, isize, usize, *mut T, usize),
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

#[inline(always)]
unsafe fn micro<S: Simd, const W: usize, const R: usize>(b: &Block<S::T>) {
    // SAFETY: the caller gives valid extents, and calls from a function with the level's instructions.
    unsafe {
        let zero = S::splat(S::T::ZERO);
        let mut sums = [[zero; W]; R];
        let (mut v, mut s) = (b.v, b.s);
        let last = W - 1;
        for _ in 0..b.k {
            let mut x = [zero; W];
            for w in 0..W {
                let at = v.add(w * S::LANES);
                x[w] = if S::MASKED && w == last { S::load_part(at, b.lanes) } else { S::load(at) };
            }
            for r in 0..R {
                let y = S::splat(*s.offset(r as isize * b.s_row));
                for w in 0..W {
                    sums[r][w] = x[w].mul_add(y, sums[r][w]);
                }
            }
            v = v.wrapping_offset(b.v_step);
            s = s.wrapping_offset(b.s_step);
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

#[inline(always)]
unsafe fn dots<S: Simd>(d: &Dots<S::T>) {
    let mut j = 0;
    // SAFETY: `j` stays below `n`; the rest is the caller's.
    unsafe {
        while j + 4 <= d.n {
            dot_rows::<S, 4>(d, j);
            j += 4;
        }
        while j < d.n {
            dot_rows::<S, 1>(d, j);
            j += 1;
        }
    }
}

/// `R` dot products at once, each with the same order of additions as alone.
#[inline(always)]
unsafe fn dot_rows<S: Simd, const R: usize>(d: &Dots<S::T>, j: usize) {
    let l = S::LANES;
    // SAFETY: the caller's extents: rows `j` to `j + R`, `k` elements each.
    unsafe {
        let zero = S::splat(S::T::ZERO);
        let row = |r: usize| d.m.offset((j + r) as isize * d.m_row);
        let mut sums = [[zero; 2]; R];
        let mut p = 0;
        while p + 2 * l <= d.k {
            for half in 0..2 {
                let x = S::load(d.x.add(p + half * l));
                for r in 0..R {
                    sums[r][half] = S::load(row(r).add(p + half * l)).mul_add(x, sums[r][half]);
                }
            }
            p += 2 * l;
        }
        if p + l <= d.k {
            let x = S::load(d.x.add(p));
            for r in 0..R {
                sums[r][0] = S::load(row(r).add(p)).mul_add(x, sums[r][0]);
            }
            p += l;
        }
        if p < d.k {
            let x = S::load_part(d.x.add(p), d.k - p);
            for r in 0..R {
                sums[r][1] = S::load_part(row(r).add(p), d.k - p).mul_add(x, sums[r][1]);
            }
        }
        let mut four = [zero; 4];
        for r in 0..R {
            four[r] = sums[r][0].add(sums[r][1]);
        }
        let four = S::sums(four);
        for r in 0..R {
            let to = d.c.offset((j + r) as isize * d.c_step);
            *to = if d.beta == S::T::ZERO {
                four[r].times(d.alpha)
            } else {
                four[r].blend(d.alpha, d.beta, *to)
            };
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
            unsafe fn transpose(from: *const T, stride: isize, rows: usize, to: *mut T, to_stride: usize) {
                // SAFETY: the caller's contract.
                unsafe { S::transpose(from, stride, rows, to, to_stride) }
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
