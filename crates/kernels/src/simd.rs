//! Vectors of one SIMD level: the few operations that products and transpositions are written with.
//!
//! Each implementation is a thin wrapper around the level's intrinsics. The functions are inlined into
//! kernels that carry the matching `#[target_feature]`; they must not be called from anywhere else. No
//! closures here over vectors (`map`, `from_fn`): those wouldn't be inlined, for they lack the feature.

#[cfg(target_arch = "x86_64")]
mod x86;

/// A floating-point type that products are computed in.
pub(crate) trait Real: Copy + PartialEq + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// `alpha * self + beta * old`, where `beta = 0` ignores `old`.
    fn blend(self, alpha: Self, beta: Self, old: Self) -> Self;
    /// `self * factor`.
    fn times(self, factor: Self) -> Self;
    /// `self + term`.
    fn plus(self, term: Self) -> Self;
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
            #[inline(always)]
            fn plus(self, term: Self) -> Self {
                self + term
            }
        }
    };
}
real!(f32);
real!(f64);

/// Lanes of the widest vector.
pub(crate) const MAX_LANES: usize = 16;

/// A vector of `LANES` reals.
///
/// # Safety
/// Every function needs a machine that has the level's instructions; pointers must be valid for the lanes
/// read or written, without any alignment beyond the element's.
pub(crate) trait Simd: Copy {
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
    /// Transposes a square of `LANES`: element `[i][j]` is read at `from[i] + at + j` and written at
    /// `to + j * step + i`.
    unsafe fn transpose(from: &[*const Self::T; MAX_LANES], at: usize, to: *mut Self::T, step: isize);
}

/// Four or two lanes in an array, which the compiler vectorizes for the target's baseline.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const N: usize>([T; N]);

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
            unsafe fn transpose(from: &[*const $t; MAX_LANES], at: usize, to: *mut $t, step: isize) {
                for (i, row) in from.iter().enumerate().take($n) {
                    for j in 0..$n {
                        // SAFETY: the trait's contract.
                        unsafe { *to.offset(j as isize * step).add(i) = *row.add(at + j) };
                    }
                }
            }
        }
    };
}
plain!(f32, 4);
plain!(f64, 2);
