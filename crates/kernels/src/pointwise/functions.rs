//! The elementary functions as kernels: the mathematics is in [`math`](crate::math).

use super::BlockFn;
use super::kernel::kernels;
use crate::math::isa::Fma;
use crate::math::{erf, exp, ln, pow, trig};

/// Runs a block function of `ARITY` operands of the result's own type `T` on whole groups of elements only:
/// the remainder is computed as part of a last group that overlaps the one before, or in a padded buffer.
/// So the compiler's scalar remainder loop, several times slower than the vector loop, is never run for more
/// than a few elements.
///
/// # Safety
///
/// That of the block function.
pub(super) unsafe fn whole<T: Copy + Default, const ARITY: usize>(
    block: BlockFn,
    dst: *mut u8,
    src: &[*const u8; 3],
    n: usize,
) {
    const GROUP: usize = 16;
    const FEW: usize = 8;
    let size = size_of::<T>();
    if n <= FEW || n.is_multiple_of(GROUP) {
        // SAFETY: the caller's promise.
        unsafe { block(dst, src, n) }
    } else if n > GROUP {
        let rest = n - GROUP;
        // SAFETY: both calls stay within the caller's `n` elements.
        unsafe {
            block(dst, src, n - n % GROUP);
            block(dst.add(rest * size), &src.map(|s| s.wrapping_add(rest * size)), GROUP);
        }
    } else {
        let mut from = [[T::default(); GROUP]; ARITY];
        let mut to = [T::default(); GROUP];
        let mut padded = *src;
        for k in 0..ARITY {
            // SAFETY: the caller's promise: an operand is valid for `n` reads; and `n < GROUP`.
            unsafe { std::ptr::copy_nonoverlapping(src[k].cast::<T>(), from[k].as_mut_ptr(), n) };
            padded[k] = from[k].as_ptr().cast();
        }
        // SAFETY: the buffers hold `GROUP` elements, and `dst` takes `n` by the caller's promise.
        unsafe {
            block(to.as_mut_ptr().cast(), &padded, GROUP);
            std::ptr::copy_nonoverlapping(to.as_ptr(), dst.cast::<T>(), n);
        }
    }
}

kernels! {
    /// `eˣ`: 0 at -∞, ∞ from 88.7 (`f32`) or 709.8 (`f64`) on.
    EXP = "exp" whole <I> {
        (x: f32) -> f32 { exp::single::exp::<I>(x) }
        (x: f64) -> f64 { exp::double::exp::<I>(x) }
    }

    /// `eˣ - 1`, accurate also near 0; `expm1(-0) = -0`.
    EXPM1 = "expm1" whole <I> {
        (x: f32) -> f32 { exp::single::expm1::<I>(x) }
        (x: f64) -> f64 { exp::double::expm1::<I>(x) }
    }

    /// The natural logarithm of `x`: -∞ at ±0, NaN below.
    LN = "ln" whole <I> {
        (x: f32) -> f32 { ln::single::ln::<I>(x) }
        (x: f64) -> f64 { ln::double::ln::<I>(x) }
    }

    /// `ln(1 + x)`, accurate also near 0; -∞ at -1, NaN below; `log1p(-0) = -0`.
    LOG1P = "log1p" whole <I> {
        (x: f32) -> f32 { ln::single::log1p::<I>(x) }
        (x: f64) -> f64 { ln::double::log1p::<I>(x) }
    }

    /// The sine of `x` in radians; NaN at ±∞, `sin(-0) = -0`.
    SIN = "sin" whole <I> {
        (x: f32) -> f32 { trig::single::sin::<I>(x) } fixing |y| {
            fix(y, x, trig::REDUCIBLE as f32, |x| f64::from(x).sin() as f32)
        }
        (x: f64) -> f64 { trig::double::sin::<I>(x) } fixing |y| { fix(y, x, trig::REDUCIBLE, f64::sin) }
    }

    /// The cosine of `x` in radians; NaN at ±∞.
    COS = "cos" whole <I> {
        (x: f32) -> f32 { trig::single::cos::<I>(x) } fixing |y| {
            fix(y, x, trig::REDUCIBLE as f32, |x| f64::from(x).cos() as f32)
        }
        (x: f64) -> f64 { trig::double::cos::<I>(x) } fixing |y| { fix(y, x, trig::REDUCIBLE, f64::cos) }
    }

    /// The hyperbolic tangent of `x`: ±1 at ±∞; `tanh(-0) = -0`.
    TANH = "tanh" whole <I> {
        (x: f32) -> f32 { exp::single::tanh::<I>(x) }
        (x: f64) -> f64 { exp::double::tanh::<I>(x) }
    }

    /// The logistic function `1 / (1 + e⁻ˣ)`: 0 at -∞ (through gradual underflow), 1 at ∞.
    SIGMOID = "sigmoid" whole <I> {
        (x: f32) -> f32 { exp::single::sigmoid::<I>(x) }
        (x: f64) -> f64 { exp::double::sigmoid::<I>(x) }
    }

    /// The error function `2/√π ∫₀ˣ e^(-t²) dt`: ±1 at ±∞; `erf(-0) = -0`.
    ERF = "erf" whole <I> {
        (x: f32) -> f32 { erf::erf_f32::<I>(x) }
        (x: f64) -> f64 { erf::erf_f64::<I>(x) }
    }

    /// `xʸ` with the special values of IEEE 754's `pow`: `x⁰ = 1` and `1ʸ = 1` even for NaN, `(-1)^±∞ = 1`; NaN
    /// for a finite `x < 0` and a `y` that is no integer; zeros and infinities of `x` keep their sign if `y` is
    /// odd.
    POW = "pow" whole <I> {
        (x: f32, y: f32) -> f32 { pow::pow_f32::<I>(x, y) }
        (x: f64, y: f64) -> f64 { pow::pow_f64::<I>(x, y) }
    }
}

/// Repairs the elements whose argument is not less than `limit` in magnitude (or is NaN), with the standard library.
#[inline(always)]
fn fix<T: Fma + PartialOrd + std::ops::Neg<Output = T>>(y: &mut [T], x: &[T], limit: T, f: impl Fn(T) -> T) {
    // All are looked at first, without a branch, because there is mostly nothing to do.
    if x.iter().fold(false, |any, &x| any | !((x < limit) & (x > -limit))) {
        for (y, &x) in y.iter_mut().zip(x) {
            if !((x < limit) & (x > -limit)) {
                *y = f(x);
            }
        }
    }
}
