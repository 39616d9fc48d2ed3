//! The error function.
//!
//! Below 1 a polynomial in `x²`; from there on `erf x = 1 - e⁻ᵖ`, where the polynomial `p` in `x - 1`
//! approximates `-ln(1 - erf x)`. Both are minimax in the error of `erf`, by Remez's exchange
//! (`tests/golden/coefficients.py`). Both are always computed, and one is selected.

// A coefficient happens to be 2/√π, to the type's precision.
#![allow(clippy::approx_constant)]

use super::exp;
use super::isa::{Fma, Isa, horner};

/// Defines the function for one type; from `most` on the result rounds to 1.
macro_rules! error_function {
    ($name:ident, $module:ident: $T:ident, most $most:expr, below_one $below:tt, above_one $above:tt) => {
        /// `erf x = 2/√π ∫₀ˣ e^(-t²) dt`.
        #[inline(always)]
        pub(crate) fn $name<I: Isa>(x: $T) -> $T {
            const MOST: $T = $most;
            let size = MOST.at_most(x.abs());
            let small = x * horner::<I, _, _>(size * size, $below);
            let p = horner::<I, _, _>(size - 1.0, $above);
            let large = (1.0 - exp::$module::exp_within::<I>(-p, 0.0)).copysign(x);
            if size < 1.0 { small } else { large }
        }
    };
}

error_function! {
    erf_f32, single: f32, most 4.0,
    below_one [
        1.1283791, -0.37612626, 0.112835854, -0.026853815, 0.0051883305, -0.0008010209, 7.8538884e-05
    ],
    above_one [
        1.8496056, 2.6389668, 0.8431183, 0.041500684, -0.009890882, 0.0018261558, -0.00018557205
    ]
}

error_function! {
    erf_f64, double: f64, most 6.0,
    below_one [
        1.1283791670955126, -0.3761263890318375, 0.11283791670954858, -0.02686617064507293,
        0.005223977624781117, -0.000854832697875253, 0.00012055331037150559, -1.4925593510369901e-05,
        1.6460972838225463e-06, -1.6350025136074375e-07, 1.4657877478897084e-08, -1.1365650958670767e-09,
        5.94522789248443e-11
    ],
    above_one [
        1.8496055099332482, 2.638967514234788, 0.8431072563586767, 0.04156109804181065,
        -0.010033825374417086, 0.0019779025678718512, -0.0002373224809152079, -2.6277877674471484e-05,
        2.7159119515327274e-05, -9.608914000673963e-06, 2.059789821885534e-06, -1.4289187098812072e-07,
        -9.753632440195248e-08, 5.203250515192278e-08, -1.490957655461513e-08, 2.8635836016100265e-09,
        -3.681744960166623e-10, 2.8808525857156287e-11, -1.0387976952504493e-12
    ]
}
