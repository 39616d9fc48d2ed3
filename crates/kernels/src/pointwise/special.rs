//! Special functions: those of the error function, and of the gamma function.

use super::kernel::kernels;
use crate::math::{digamma, erf, erfc, lgamma};

kernels! {
    /// The error function `2/√π ∫₀ˣ e^(-t²) dt`: ±1 at ±∞; `erf(-0) = -0`.
    ERF = "erf" whole <I> {
        (x: f32) -> f32 { erf::erf_f32::<I>(x) }
        (x: f64) -> f64 { erf::erf_f64::<I>(x) }
    }

    /// `1 - erf(x)`, accurate also where it is small: 2 at -∞, 0 (through gradual underflow) at ∞.
    ERFC = "erfc" whole <I> {
        (x: f32) -> f32 { erfc::erfc_f32::<I>(x) }
        (x: f64) -> f64 { erfc::erfc_f64::<I>(x) }
    }

    /// The number whose `erf` is `x`: ±∞ at ±1, NaN beyond; `erfinv(-0) = -0`.
    ERFINV = "erfinv" whole <I> {
        (x: f32) -> f32 { erfc::erfinv::<I>(f64::from(x)) as f32 }
        (x: f64) -> f64 { erfc::erfinv::<I>(x) }
    }

    /// `ln |Γ(x)|`: see [`lgamma`](crate::math::lgamma).
    LGAMMA = "lgamma" plain <I> {
        (x: f32) -> f32 { lgamma(f64::from(x)) as f32 }
        (x: f64) -> f64 { lgamma(x) }
    }

    /// The derivative of `ln |Γ(x)|`: see [`digamma`](crate::math::digamma).
    DIGAMMA = "digamma" plain <I> {
        (x: f32) -> f32 { digamma(f64::from(x)) as f32 }
        (x: f64) -> f64 { digamma(x) }
    }
}
