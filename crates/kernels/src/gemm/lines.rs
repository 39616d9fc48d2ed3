//! Kernels over whole lines: dot products, and the copies that packing is made of.

// An index counts registers here, several arrays at once.
#![allow(clippy::needless_range_loop)]

use crate::simd::{MAX_LANES, Real, Simd};

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

#[inline(always)]
pub(super) unsafe fn dots<S: Simd>(d: &Dots<S::T>) {
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

/// Copies `k` lines of `lanes` contiguous elements, `step` apart, to lines `width` apart; zeros fill the
/// last vector of each.
#[inline(always)]
pub(super) unsafe fn copy_lines<S: Simd>(
    k: usize,
    lanes: usize,
    from: *const S::T,
    step: isize,
    to: *mut S::T,
    width: usize,
) {
    let (whole, rest) = (lanes / S::LANES, lanes % S::LANES);
    // SAFETY: the caller's extents: `lanes <= width`, a multiple of `LANES`.
    unsafe {
        for p in 0..k {
            let (from, to) = (from.offset(p as isize * step), to.add(p * width));
            for w in 0..whole {
                S::load(from.add(w * S::LANES)).store(to.add(w * S::LANES));
            }
            if rest > 0 {
                S::load_part(from.add(whole * S::LANES), rest).store(to.add(whole * S::LANES));
            }
        }
    }
}

/// Transposes `lanes` lines of `k` contiguous elements, `step` apart, into `k` lines of `lanes`, `width`
/// apart; the last vector of each is filled with copies.
#[inline(always)]
pub(super) unsafe fn transpose_lines<S: Simd>(
    k: usize,
    lanes: usize,
    from: *const S::T,
    step: isize,
    to: *mut S::T,
    width: usize,
) {
    let mut first = 0;
    // SAFETY: the caller's extents: `lanes <= width`, a multiple of `LANES`; lines beyond the last repeat it.
    unsafe {
        while first < lanes {
            let mut lines = [from; MAX_LANES];
            for (i, line) in lines.iter_mut().enumerate() {
                *line = from.offset((first + i).min(lanes - 1) as isize * step);
            }
            let to = to.add(first);
            if k < S::LANES {
                for p in 0..k {
                    for (i, line) in lines.iter().enumerate().take(S::LANES) {
                        *to.add(p * width + i) = *line.add(p);
                    }
                }
            } else {
                // The last square overlaps the one before.
                let mut p = 0;
                while p < k {
                    let at = p.min(k - S::LANES);
                    S::transpose(&lines, at, to.add(at * width), width as isize);
                    p += S::LANES;
                }
            }
            first += S::LANES;
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
