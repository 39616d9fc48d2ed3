//! The elementary functions as kernels: the mathematics is in [`math`](crate::math).

use super::BlockFn;
use super::kernel::kernels;
use crate::math::isa::Fma;
use crate::math::{arc, exp, ln, pow, root, trig};

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

    /// `2ˣ`, exact for integers: 0 at -∞, ∞ from 128 (`f32`) or 1024 (`f64`) on.
    EXP2 = "exp2" whole <I> {
        (x: f32) -> f32 { exp::single::exp2::<I>(x) }
        (x: f64) -> f64 { exp::double::exp2::<I>(x) }
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

    /// The logarithm of `x` to base 2, exact for powers of 2: -∞ at ±0, NaN below.
    LOG2 = "log2" whole <I> {
        (x: f32) -> f32 { ln::single::log2::<I>(x) }
        (x: f64) -> f64 { ln::double::log2::<I>(x) }
    }

    /// The logarithm of `x` to base 10: -∞ at ±0, NaN below.
    LOG10 = "log10" whole <I> {
        (x: f32) -> f32 { ln::single::log10::<I>(x) }
        (x: f64) -> f64 { ln::double::log10::<I>(x) }
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

    /// The tangent of `x` in radians; NaN at ±∞, `tan(-0) = -0`.
    TAN = "tan" whole <I> {
        (x: f32) -> f32 { trig::single::tan::<I>(x) } fixing |y| {
            fix(y, x, trig::REDUCIBLE as f32, |x| f64::from(x).tan() as f32)
        }
        (x: f64) -> f64 { trig::double::tan::<I>(x) } fixing |y| { fix(y, x, trig::REDUCIBLE, f64::tan) }
    }

    /// The angle from -π/2 to π/2 whose sine is `x`; NaN beyond ±1, `asin(-0) = -0`.
    ASIN = "asin" whole <I> {
        (x: f32) -> f32 { arc::single::asin::<I>(x) }
        (x: f64) -> f64 { arc::double::asin::<I>(x) }
    }

    /// The angle from 0 to π whose cosine is `x`; NaN beyond ±1.
    ACOS = "acos" whole <I> {
        (x: f32) -> f32 { arc::single::acos::<I>(x) }
        (x: f64) -> f64 { arc::double::acos::<I>(x) }
    }

    /// The angle from -π/2 to π/2 whose tangent is `x`: ±π/2 at ±∞; `atan(-0) = -0`.
    ATAN = "atan" whole <I> {
        (x: f32) -> f32 { arc::single::atan::<I>(x) }
        (x: f64) -> f64 { arc::double::atan::<I>(x) }
    }

    /// The angle of the point `(x, y)`, from -π to π, with the special values of IEEE 754's `atan2`.
    ATAN2 = "atan2" whole <I> {
        (y: f32, x: f32) -> f32 { arc::single::atan2::<I>(y, x) }
        (y: f64, x: f64) -> f64 { arc::double::atan2::<I>(y, x) }
    }

    /// The hyperbolic sine of `x`: ±∞ at ±∞; `sinh(-0) = -0`.
    SINH = "sinh" whole <I> {
        (x: f32) -> f32 { exp::single::sinh::<I>(x) }
        (x: f64) -> f64 { exp::double::sinh::<I>(x) }
    }

    /// The hyperbolic cosine of `x`: ∞ at ±∞.
    COSH = "cosh" whole <I> {
        (x: f32) -> f32 { exp::single::cosh::<I>(x) }
        (x: f64) -> f64 { exp::double::cosh::<I>(x) }
    }

    /// The hyperbolic tangent of `x`: ±1 at ±∞; `tanh(-0) = -0`.
    TANH = "tanh" whole <I> {
        (x: f32) -> f32 { exp::single::tanh::<I>(x) }
        (x: f64) -> f64 { exp::double::tanh::<I>(x) }
    }

    /// The number whose hyperbolic sine is `x`: ±∞ at ±∞; `asinh(-0) = -0`.
    ASINH = "asinh" whole <I> {
        (x: f32) -> f32 { ln::single::asinh::<I>(x) }
        (x: f64) -> f64 { ln::double::asinh::<I>(x) }
    }

    /// The number, not negative, whose hyperbolic cosine is `x`: NaN below 1.
    ACOSH = "acosh" whole <I> {
        (x: f32) -> f32 { ln::single::acosh::<I>(x) }
        (x: f64) -> f64 { ln::double::acosh::<I>(x) }
    }

    /// The number whose hyperbolic tangent is `x`: ±∞ at ±1, NaN beyond; `atanh(-0) = -0`.
    ATANH = "atanh" whole <I> {
        (x: f32) -> f32 { ln::single::atanh::<I>(x) }
        (x: f64) -> f64 { ln::double::atanh::<I>(x) }
    }

    /// The logistic function `1 / (1 + e⁻ˣ)`: 0 at -∞ (through gradual underflow), 1 at ∞.
    SIGMOID = "sigmoid" whole <I> {
        (x: f32) -> f32 { exp::single::sigmoid::<I>(x) }
        (x: f64) -> f64 { exp::double::sigmoid::<I>(x) }
    }

    /// The cube root, of the sign of `x`; `cbrt(-0) = -0`.
    CBRT = "cbrt" whole <I> {
        (x: f32) -> f32 { root::cbrt_f32::<I>(x) }
        (x: f64) -> f64 { root::cbrt_f64::<I>(x) }
    }

    /// `√(x² + y²)`, without overflow on the way; ∞ if either is infinite, even if the other is NaN.
    HYPOT = "hypot" whole <I> {
        (x: f32, y: f32) -> f32 { root::hypot_f32::<I>(x, y) }
        (x: f64, y: f64) -> f64 { root::hypot_f64::<I>(x, y) }
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
