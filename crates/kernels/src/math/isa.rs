//! What a scalar function may ask of the instructions it is compiled for.

/// A set of instructions. Scalar functions are generic over it, branch-free and inlined into a loop that
/// is compiled with those instructions, so that the compiler vectorizes the loop.
pub(crate) trait Isa {
    /// Whether fused multiply-add and rounding to an integer are single instructions.
    const FMA: bool;
}

/// The target's baseline: on x86-64 without fused multiply-add.
pub(crate) struct Portable;
impl Isa for Portable {
    const FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
}

/// AVX2 with FMA.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx2;
#[cfg(target_arch = "x86_64")]
impl Isa for Avx2 {
    const FMA: bool = true;
}

/// AVX-512 (F, VL, DQ, BW).
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512;
#[cfg(target_arch = "x86_64")]
impl Isa for Avx512 {
    const FMA: bool = true;
}

/// Every multiplication and addition rounded by itself, whatever the machine: the same bits everywhere.
pub(crate) struct NoFma;
impl Isa for NoFma {
    const FMA: bool = false;
}

/// The arithmetic that needs the instruction set, on `f32` and `f64`.
pub(crate) trait Fma: Copy + Sized {
    /// `self * b + c`: fused where the level has the instruction, else rounded twice (never a library call).
    fn fma<I: Isa>(self, b: Self, c: Self) -> Self;
    /// `if self > other { self } else { other }`: `other` if either is NaN.
    fn at_least(self, other: Self) -> Self;
    /// `if self < other { self } else { other }`: `other` if either is NaN.
    fn at_most(self, other: Self) -> Self;
}

macro_rules! impl_fma {
    ($T:ty) => {
        impl Fma for $T {
            #[inline(always)]
            fn fma<I: Isa>(self, b: $T, c: $T) -> $T {
                if I::FMA { self.mul_add(b, c) } else { self * b + c }
            }
            #[inline(always)]
            fn at_least(self, other: $T) -> $T {
                if self > other { self } else { other }
            }
            #[inline(always)]
            fn at_most(self, other: $T) -> $T {
                if self < other { self } else { other }
            }
        }
    };
}
impl_fma!(f32);
impl_fma!(f64);

/// The polynomial `c[0] + c[1] x + …` by Horner's rule.
#[inline(always)]
pub(crate) fn horner<I: Isa, T: Fma, const N: usize>(x: T, c: [T; N]) -> T {
    let mut y = c[N - 1];
    for k in (0..N - 1).rev() {
        y = y.fma::<I>(x, c[k]);
    }
    y
}

/// Compiles an unsafe function generic over [`Isa`] once per [`Level`](crate::Level): evaluates to an array
/// of function pointers in the order of the levels.
macro_rules! by_level {
    ($body:ident: unsafe fn($($arg:ident: $T:ty),*)) => {{
        #[allow(unused_imports)]
        use $crate::math::isa::*;
        // SAFETY (of the three): the contract is `$body`'s, handed on to the caller; a caller of the second
        // and third has found the level in `Level::available`, so the machine has their instructions.
        unsafe fn portable($($arg: $T),*) {
            // SAFETY: see above.
            unsafe { $body::<Portable>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $T),*) {
            // SAFETY: see above.
            unsafe { $body::<Avx2>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        unsafe fn avx512($($arg: $T),*) {
            // SAFETY: see above.
            unsafe { $body::<Avx512>($($arg),*) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        const LEVELS: [unsafe fn($($T),*); 3] = [portable; 3];
        #[cfg(target_arch = "x86_64")]
        const LEVELS: [unsafe fn($($T),*); 3] = [portable, avx2, avx512];
        LEVELS
    }};
}
pub(crate) use by_level;
