//! Vectors of one SIMD level: the few operations that the generic micro-kernels are written with.
//!
//! Each implementation is a thin wrapper around the level's intrinsics. The functions are inlined into
//! kernels that carry the matching `#[target_feature]`; they must not be called from anywhere else. No
//! closures here over vectors (`map`, `from_fn`): those wouldn't be inlined, for they lack the feature.

/// A floating-point type that products are computed in.
pub(super) trait Real: Copy + PartialEq + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// `alpha * self + beta * old`, where `beta = 0` ignores `old`.
    fn blend(self, alpha: Self, beta: Self, old: Self) -> Self;
    /// `self * factor`.
    fn times(self, factor: Self) -> Self;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn blend(self, alpha: Self, beta: Self, old: Self) -> Self {
                if beta == 0.0 { alpha * self } else { alpha * self + beta * old }
            }
            #[inline(always)]
            fn times(self, factor: Self) -> Self {
                self * factor
            }
        }
    };
}
real!(f32);
real!(f64);

/// A vector of `LANES` reals.
///
/// # Safety
/// Every function needs a machine that has the level's instructions; pointers must be valid for the lanes
/// read or written, without any alignment beyond the element's.
pub(super) trait Simd: Copy {
    /// The element.
    type T: Real;
    /// Elements in a vector.
    const LANES: usize;
    /// Whether [`Simd::load_part`] is as fast as a load.
    const MASKED: bool;
    unsafe fn splat(value: Self::T) -> Self;
    unsafe fn load(from: *const Self::T) -> Self;
    unsafe fn store(self, to: *mut Self::T);
    /// The first `lanes` elements (1 to `LANES`), zeros after them.
    unsafe fn load_part(from: *const Self::T, lanes: usize) -> Self;
    /// Writes the first `lanes` elements.
    unsafe fn store_part(self, to: *mut Self::T, lanes: usize);
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    /// `self * factor + term`.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The sums of all lanes of four vectors, each in the same fixed order.
    unsafe fn sums(of: [Self; 4]) -> [Self::T; 4];
    /// Transposes a block: element `[i][j]` is read at `from + i * stride + j` and written at
    /// `to + j * to_stride + i`, for `LANES` rows; rows from `rows` on repeat the last one.
    unsafe fn transpose(from: *const Self::T, stride: isize, rows: usize, to: *mut Self::T, to_stride: usize);
}

/// The transposition of one block, element by element.
#[inline(always)]
unsafe fn transpose_plain<S: Simd>(
    from: *const S::T,
    stride: isize,
    rows: usize,
    to: *mut S::T,
    to_stride: usize,
) {
    for i in 0..S::LANES {
        // SAFETY: the caller's extents; the row is clamped to the last valid one.
        unsafe {
            let row = from.offset(stride * i.min(rows - 1) as isize);
            for j in 0..S::LANES {
                *to.add(j * to_stride + i) = *row.add(j);
            }
        }
    }
}

/// Four or two lanes in an array, which the compiler vectorizes for the target's baseline.
#[derive(Clone, Copy)]
pub(super) struct Plain<T, const N: usize>([T; N]);

macro_rules! plain {
    ($t:ty, $n:literal) => {
        impl Simd for Plain<$t, $n> {
            type T = $t;
            const LANES: usize = $n;
            const MASKED: bool = false;
            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                Plain([value; $n])
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the trait's contract.
                Plain(unsafe { from.cast::<[$t; $n]>().read_unaligned() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the trait's contract.
                unsafe { to.cast::<[$t; $n]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $t, lanes: usize) -> Self {
                let mut part = [0.0; $n];
                for (i, lane) in part.iter_mut().enumerate().take(lanes) {
                    // SAFETY: the trait's contract: `lanes` elements are valid.
                    *lane = unsafe { *from.add(i) };
                }
                Plain(part)
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, lanes: usize) {
                for (i, lane) in self.0.iter().enumerate().take(lanes) {
                    // SAFETY: the trait's contract: `lanes` elements are valid.
                    unsafe { *to.add(i) = *lane };
                }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                Plain(std::array::from_fn(|i| self.0[i] * other.0[i]))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Plain(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                // A fused multiply-add where the baseline has one; elsewhere it would be a library call.
                #[cfg(any(target_arch = "aarch64", target_feature = "fma"))]
                return Plain(std::array::from_fn(|i| self.0[i].mul_add(factor.0[i], term.0[i])));
                #[cfg(not(any(target_arch = "aarch64", target_feature = "fma")))]
                return Plain(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]));
            }
            #[inline(always)]
            unsafe fn sums(of: [Self; 4]) -> [$t; 4] {
                of.map(|v| v.0.iter().sum())
            }
            #[inline(always)]
            unsafe fn transpose(
                from: *const $t,
                stride: isize,
                rows: usize,
                to: *mut $t,
                to_stride: usize,
            ) {
                // SAFETY: the same contract.
                unsafe { transpose_plain::<Self>(from, stride, rows, to, to_stride) }
            }
        }
    };
}
plain!(f32, 4);
plain!(f64, 2);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Simd;
    use std::arch::x86_64::*;
    use std::mem::MaybeUninit;

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
                unsafe fn transpose(
                    from: *const $t,
                    stride: isize,
                    rows: usize,
                    to: *mut $t,
                    to_stride: usize,
                ) {
                    // SAFETY: the same contract.
                    unsafe { $transpose(from, stride, rows, to, to_stride) }
                }
            }
        };
    }

    /// Copies `lanes` elements into a vector, zeros after them.
    #[inline(always)]
    unsafe fn copy_in<T: Copy, V>(from: *const T, lanes: usize) -> V {
        let mut part = MaybeUninit::<V>::zeroed();
        for i in 0..lanes {
            // SAFETY: the caller gives at most as many lanes as the vector has.
            unsafe { *part.as_mut_ptr().cast::<T>().add(i) = *from.add(i) };
        }
        // SAFETY: zeros are valid lanes.
        unsafe { part.assume_init() }
    }

    /// Copies the first `lanes` elements of a vector out.
    #[inline(always)]
    unsafe fn copy_out<T: Copy, V>(to: *mut T, vector: V, lanes: usize) {
        let vector = MaybeUninit::new(vector);
        for i in 0..lanes {
            // SAFETY: the caller gives at most as many lanes as the vector has.
            unsafe { *to.add(i) = *vector.as_ptr().cast::<T>().add(i) };
        }
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
            let (low, high) =
                (_mm256_permute2f128_pd::<0x20>(ab, cd), _mm256_permute2f128_pd::<0x31>(ab, cd));
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

    /// The address of row `i`, clamped to the last of `rows`.
    #[inline(always)]
    unsafe fn row<T>(from: *const T, stride: isize, rows: usize, i: usize) -> *const T {
        // SAFETY: the caller's extents.
        unsafe { from.offset(stride * i.min(rows - 1) as isize) }
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
    unsafe fn transpose_f32x8(
        from: *const f32,
        stride: isize,
        rows: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
        // SAFETY: the caller's extents; AVX2 kernels alone call this.
        unsafe {
            // Lanes of rows i and i + 4 side by side, so that one in-lane transposition finishes a half.
            for half in 0..2 {
                let pair = |i: usize| {
                    let low = _mm_loadu_ps(row(from, stride, rows, i).add(4 * half));
                    let high = _mm_loadu_ps(row(from, stride, rows, i + 4).add(4 * half));
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
                    _mm256_storeu_ps(to.add((4 * half + j) * to_stride), v);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose_f32x16(
        from: *const f32,
        stride: isize,
        rows: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
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
                    _mm512_loadu_ps(row(from, stride, rows, 4 * g)),
                    _mm512_loadu_ps(row(from, stride, rows, 4 * g + 1)),
                    _mm512_loadu_ps(row(from, stride, rows, 4 * g + 2)),
                    _mm512_loadu_ps(row(from, stride, rows, 4 * g + 3))
                );
            }
            for j in 0..4 {
                let [a, b, c, d] = [q[0][j], q[1][j], q[2][j], q[3][j]];
                let (even, odd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
                let (even2, odd2) = (_mm512_shuffle_f32x4::<0x88>(c, d), _mm512_shuffle_f32x4::<0xdd>(c, d));
                _mm512_storeu_ps(to.add(j * to_stride), _mm512_shuffle_f32x4::<0x88>(even, even2));
                _mm512_storeu_ps(to.add((j + 8) * to_stride), _mm512_shuffle_f32x4::<0xdd>(even, even2));
                _mm512_storeu_ps(to.add((j + 4) * to_stride), _mm512_shuffle_f32x4::<0x88>(odd, odd2));
                _mm512_storeu_ps(to.add((j + 12) * to_stride), _mm512_shuffle_f32x4::<0xdd>(odd, odd2));
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose_f64x4(
        from: *const f64,
        stride: isize,
        rows: usize,
        to: *mut f64,
        to_stride: usize,
    ) {
        // SAFETY: the caller's extents; AVX2 kernels alone call this.
        unsafe {
            for half in 0..2 {
                let pair = |i: usize| {
                    let low = _mm_loadu_pd(row(from, stride, rows, i).add(2 * half));
                    let high = _mm_loadu_pd(row(from, stride, rows, i + 2).add(2 * half));
                    _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(low), high)
                };
                let (a, b) = (pair(0), pair(1));
                _mm256_storeu_pd(to.add(2 * half * to_stride), _mm256_unpacklo_pd(a, b));
                _mm256_storeu_pd(to.add((2 * half + 1) * to_stride), _mm256_unpackhi_pd(a, b));
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose_f64x8(
        from: *const f64,
        stride: isize,
        rows: usize,
        to: *mut f64,
        to_stride: usize,
    ) {
        // SAFETY: the caller's extents; AVX-512 kernels alone call this.
        unsafe {
            // Pair g of rows 2g and 2g + 1 gives, for j below 2, the vector of columns j, j + 2, j + 4, j + 6.
            let mut q = [[_mm512_setzero_pd(); 2]; 4];
            for (g, q) in q.iter_mut().enumerate() {
                let x = _mm512_loadu_pd(row(from, stride, rows, 2 * g));
                let y = _mm512_loadu_pd(row(from, stride, rows, 2 * g + 1));
                *q = [_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y)];
            }
            for j in 0..2 {
                let [a, b, c, d] = [q[0][j], q[1][j], q[2][j], q[3][j]];
                let (even, odd) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
                let (even2, odd2) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
                _mm512_storeu_pd(to.add(j * to_stride), _mm512_shuffle_f64x2::<0x88>(even, even2));
                _mm512_storeu_pd(to.add((j + 4) * to_stride), _mm512_shuffle_f64x2::<0xdd>(even, even2));
                _mm512_storeu_pd(to.add((j + 2) * to_stride), _mm512_shuffle_f64x2::<0x88>(odd, odd2));
                _mm512_storeu_pd(to.add((j + 6) * to_stride), _mm512_shuffle_f64x2::<0xdd>(odd, odd2));
            }
        }
    }

    x86_simd!(
        f32, __m256, 8, false, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_mul_ps,
        _mm256_add_ps, _mm256_fmadd_ps, sums_f32x8, copy_in, copy_out, transpose_f32x8
    );
    x86_simd!(
        f64, __m256d, 4, false, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_mul_pd,
        _mm256_add_pd, _mm256_fmadd_pd, sums_f64x4, copy_in, copy_out, transpose_f64x4
    );
    x86_simd!(
        f32, __m512, 16, true, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_mul_ps,
        _mm512_add_ps, _mm512_fmadd_ps, sums_f32x16,
        |from, lanes: usize| _mm512_maskz_loadu_ps((u16::MAX as u32 >> (16 - lanes)) as u16, from),
        |to, v, lanes: usize| _mm512_mask_storeu_ps(to, (u16::MAX as u32 >> (16 - lanes)) as u16, v),
        transpose_f32x16
    );
    x86_simd!(
        f64, __m512d, 8, true, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_mul_pd,
        _mm512_add_pd, _mm512_fmadd_pd, sums_f64x8,
        |from, lanes: usize| _mm512_maskz_loadu_pd((u8::MAX as u32 >> (8 - lanes)) as u8, from),
        |to, v, lanes: usize| _mm512_mask_storeu_pd(to, (u8::MAX as u32 >> (8 - lanes)) as u8, v),
        transpose_f64x8
    );
}
