//! Mathematical functions: one scalar source for each, branch-free and generic over the instruction set.
//!
//! The functions are written with arithmetic, comparisons and selects only, so that the loops of
//! [`pointwise`](crate::pointwise) vectorize: no table, no call, no integer conversion that a level lacks.
//! Everywhere, including subnormal results and special values, they are within 4 ulp of the true value;
//! `tests/math.rs` holds them to it. The exceptions are the scalar functions of `gamma.rs` and the derivatives of
//! `sinc`, whose errors near zeros are some ulp of the terms that cancel.

pub(crate) mod arc;
pub(crate) mod erf;
pub(crate) mod erfc;
pub(crate) mod exp;
mod gamma;
pub(crate) mod isa;
pub(crate) mod ln;
pub(crate) mod philox;
pub(crate) mod pow;
pub(crate) mod root;
mod sinc;
pub(crate) mod trig;

pub use gamma::{digamma, lgamma, polygamma};
pub use sinc::sinc;
