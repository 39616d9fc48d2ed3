//! [`Simd`] for the vectors of AVX2 and AVX-512.

// An index counts vectors here, several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::{MAX_LANES, Simd};
use std::arch::x86_64::*;

macro_rules! x86_simd {
    ($t:ty, $v:ty, $n:literal, $masked:literal, $set1:ident, $load:ident, $store:ident, $mul:ident, $add:ident,
     $fma:ident, $sums:expr, $load_part:expr, $store_part:expr, $transpose:expr) => {
        impl Simd for $v {
            type T = $t;
            const LANES: usize = $n;
            const MASKED: bool = $masked;
            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                // SAFETY: the trait's contract: the instructions exist.
                unsafe { $set1(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the trait's contract.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the trait's contract.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $t, lanes: usize) -> Self {
                // SAFETY: the trait's contract: `lanes` elements are valid.
                unsafe { $load_part(from, lanes) }
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, lanes: usize) {
                // SAFETY: the trait's contract: `lanes` elements are valid.
                unsafe { $store_part(to, self, lanes) }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: the trait's contract: the instructions exist.
                unsafe { $mul(self, other) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the trait's contract: the instructions exist.
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: the trait's contract: the instructions exist.
                unsafe { $fma(self, factor, term) }
            }
            #[inline(always)]
            unsafe fn sums(of: [Self; 4]) -> [$t; 4] {
                // SAFETY: the trait's contract: the instructions exist.
                unsafe { $sums(of) }
            }
            #[inline(always)]
            unsafe fn transpose(from: &[*const $t; MAX_LANES], at: usize, to: *mut $t, step: isize) {
                // SAFETY: the same contract.
                unsafe { $transpose(from, at, to, step) }
            }
        }
    };
}

/// Eight lanes of ones, then eight of zeros: a mask of n lanes starts n before the middle.
static MASK: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The mask of the first `lanes` of eight (or, doubled by the caller, of four wide) lanes.
#[inline(always)]
unsafe fn mask(lanes: usize) -> __m256i {
    debug_assert!(lanes <= 8);
    // SAFETY: eight elements from any start up to the middle are inside; AVX2 kernels alone call this.
    unsafe { _mm256_loadu_si256(MASK.as_ptr().add(8 - lanes).cast()) }
}

#[inline(always)]
unsafe fn sums_f32x8([a, b, c, d]: [__m256; 4]) -> [f32; 4] {
    // SAFETY: AVX2 kernels alone call this; the array has the vector's size.
    unsafe {
        let v = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
        let v = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        std::mem::transmute(v)
    }
}

#[inline(always)]
unsafe fn sums_f64x4([a, b, c, d]: [__m256d; 4]) -> [f64; 4] {
    // SAFETY: AVX2 kernels alone call this; the array has the vector's size.
    unsafe {
        let (ab, cd) = (_mm256_hadd_pd(a, b), _mm256_hadd_pd(c, d));
        let (low, high) = (_mm256_permute2f128_pd::<0x20>(ab, cd), _mm256_permute2f128_pd::<0x31>(ab, cd));
        std::mem::transmute(_mm256_add_pd(low, high))
    }
}

#[inline(always)]
unsafe fn sums_f32x16(of: [__m512; 4]) -> [f32; 4] {
    // SAFETY: AVX-512 kernels alone call this.
    unsafe {
        let mut half = [_mm256_setzero_ps(); 4];
        for i in 0..4 {
            half[i] = _mm256_add_ps(_mm512_castps512_ps256(of[i]), _mm512_extractf32x8_ps::<1>(of[i]));
        }
        sums_f32x8(half)
    }
}

#[inline(always)]
unsafe fn sums_f64x8(of: [__m512d; 4]) -> [f64; 4] {
    // SAFETY: AVX-512 kernels alone call this.
    unsafe {
        let mut half = [_mm256_setzero_pd(); 4];
        for i in 0..4 {
            half[i] = _mm256_add_pd(_mm512_castpd512_pd256(of[i]), _mm512_extractf64x4_pd::<1>(of[i]));
        }
        sums_f64x4(half)
    }
}

/// 4x4 transposition within every 128-bit lane of four vectors of `f32`, for any width.
macro_rules! quads {
    ($unpacklo:ident, $unpackhi:ident, $shuffle:ident, $a:expr, $b:expr, $c:expr, $d:expr) => {{
        let (ab0, ab1) = ($unpacklo($a, $b), $unpackhi($a, $b));
        let (cd0, cd1) = ($unpacklo($c, $d), $unpackhi($c, $d));
        [
            $shuffle::<0x44>(ab0, cd0),
            $shuffle::<0xee>(ab0, cd0),
            $shuffle::<0x44>(ab1, cd1),
            $shuffle::<0xee>(ab1, cd1),
        ]
    }};
}

#[inline(always)]
unsafe fn transpose_f32x8(from: &[*const f32; MAX_LANES], at: usize, to: *mut f32, step: isize) {
    // SAFETY: the caller's extents; AVX2 kernels alone call this.
    unsafe {
        // Lanes of rows i and i + 4 side by side, so that one in-lane transposition finishes a half.
        for half in 0..2 {
            let pair = |i: usize| {
                let low = _mm_loadu_ps(from[i].add(at + 4 * half));
                let high = _mm_loadu_ps(from[i + 4].add(at + 4 * half));
                _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high)
            };
            let q = quads!(
                _mm256_unpacklo_ps,
                _mm256_unpackhi_ps,
                _mm256_shuffle_ps,
                pair(0),
                pair(1),
                pair(2),
                pair(3)
            );
            for (j, v) in q.into_iter().enumerate() {
                _mm256_storeu_ps(to.offset((4 * half + j) as isize * step), v);
            }
        }
    }
}

#[inline(always)]
unsafe fn transpose_f32x16(from: &[*const f32; MAX_LANES], at: usize, to: *mut f32, step: isize) {
    // SAFETY: the caller's extents; AVX-512 kernels alone call this.
    unsafe {
        // Within 128-bit lanes first: group g of rows 4g to 4g + 3 gives, for j below 4, the vector of
        // columns j, j + 4, j + 8 and j + 12.
        let mut q = [[_mm512_setzero_ps(); 4]; 4];
        for (g, q) in q.iter_mut().enumerate() {
            *q = quads!(
                _mm512_unpacklo_ps,
                _mm512_unpackhi_ps,
                _mm512_shuffle_ps,
                _mm512_loadu_ps(from[4 * g].add(at)),
                _mm512_loadu_ps(from[4 * g + 1].add(at)),
                _mm512_loadu_ps(from[4 * g + 2].add(at)),
                _mm512_loadu_ps(from[4 * g + 3].add(at))
            );
        }
        for j in 0..4 {
            let [a, b, c, d] = [q[0][j], q[1][j], q[2][j], q[3][j]];
            let (even, odd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
            let (even2, odd2) = (_mm512_shuffle_f32x4::<0x88>(c, d), _mm512_shuffle_f32x4::<0xdd>(c, d));
            _mm512_storeu_ps(to.offset(j as isize * step), _mm512_shuffle_f32x4::<0x88>(even, even2));
            _mm512_storeu_ps(to.offset((j + 8) as isize * step), _mm512_shuffle_f32x4::<0xdd>(even, even2));
            _mm512_storeu_ps(to.offset((j + 4) as isize * step), _mm512_shuffle_f32x4::<0x88>(odd, odd2));
            _mm512_storeu_ps(to.offset((j + 12) as isize * step), _mm512_shuffle_f32x4::<0xdd>(odd, odd2));
        }
    }
}

#[inline(always)]
unsafe fn transpose_f64x4(from: &[*const f64; MAX_LANES], at: usize, to: *mut f64, step: isize) {
    // SAFETY: the caller's extents; AVX2 kernels alone call this.
    unsafe {
        for half in 0..2 {
            let pair = |i: usize| {
                let low = _mm_loadu_pd(from[i].add(at + 2 * half));
                let high = _mm_loadu_pd(from[i + 2].add(at + 2 * half));
                _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(low), high)
            };
            let (a, b) = (pair(0), pair(1));
            _mm256_storeu_pd(to.offset(2 * half as isize * step), _mm256_unpacklo_pd(a, b));
            _mm256_storeu_pd(to.offset((2 * half + 1) as isize * step), _mm256_unpackhi_pd(a, b));
        }
    }
}

#[inline(always)]
unsafe fn transpose_f64x8(from: &[*const f64; MAX_LANES], at: usize, to: *mut f64, step: isize) {
    // SAFETY: the caller's extents; AVX-512 kernels alone call this.
    unsafe {
        // Pair g of rows 2g and 2g + 1 gives, for j below 2, the vector of columns j, j + 2, j + 4, j + 6.
        let mut q = [[_mm512_setzero_pd(); 2]; 4];
        for (g, q) in q.iter_mut().enumerate() {
            let x = _mm512_loadu_pd(from[2 * g].add(at));
            let y = _mm512_loadu_pd(from[2 * g + 1].add(at));
            *q = [_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y)];
        }
        for j in 0..2 {
            let [a, b, c, d] = [q[0][j], q[1][j], q[2][j], q[3][j]];
            let (even, odd) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
            let (even2, odd2) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
            _mm512_storeu_pd(to.offset(j as isize * step), _mm512_shuffle_f64x2::<0x88>(even, even2));
            _mm512_storeu_pd(to.offset((j + 4) as isize * step), _mm512_shuffle_f64x2::<0xdd>(even, even2));
            _mm512_storeu_pd(to.offset((j + 2) as isize * step), _mm512_shuffle_f64x2::<0x88>(odd, odd2));
            _mm512_storeu_pd(to.offset((j + 6) as isize * step), _mm512_shuffle_f64x2::<0xdd>(odd, odd2));
        }
    }
}

x86_simd!(
    f32,
    __m256,
    8,
    false,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_mul_ps,
    _mm256_add_ps,
    _mm256_fmadd_ps,
    sums_f32x8,
    |from, lanes| _mm256_maskload_ps(from, mask(lanes)),
    |to, v, lanes| _mm256_maskstore_ps(to, mask(lanes), v),
    transpose_f32x8
);
x86_simd!(
    f64,
    __m256d,
    4,
    false,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_mul_pd,
    _mm256_add_pd,
    _mm256_fmadd_pd,
    sums_f64x4,
    |from, lanes| _mm256_maskload_pd(from, mask(2 * lanes)),
    |to, v, lanes| _mm256_maskstore_pd(to, mask(2 * lanes), v),
    transpose_f64x4
);
x86_simd!(
    f32,
    __m512,
    16,
    true,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_mul_ps,
    _mm512_add_ps,
    _mm512_fmadd_ps,
    sums_f32x16,
    |from, lanes: usize| _mm512_maskz_loadu_ps((u16::MAX as u32 >> (16 - lanes)) as u16, from),
    |to, v, lanes: usize| _mm512_mask_storeu_ps(to, (u16::MAX as u32 >> (16 - lanes)) as u16, v),
    transpose_f32x16
);
x86_simd!(
    f64,
    __m512d,
    8,
    true,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_mul_pd,
    _mm512_add_pd,
    _mm512_fmadd_pd,
    sums_f64x8,
    |from, lanes: usize| _mm512_maskz_loadu_pd((u8::MAX as u32 >> (8 - lanes)) as u8, from),
    |to, v, lanes: usize| _mm512_mask_storeu_pd(to, (u8::MAX as u32 >> (8 - lanes)) as u8, v),
    transpose_f64x8
);
