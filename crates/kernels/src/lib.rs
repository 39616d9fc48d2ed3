//! SIMD, GEMM, reductions and threads for chainrule: slices in, slices out.
//!
//! The only crate of the workspace with `unsafe`.

mod dtype;
mod level;
pub mod gemm;
pub mod math;
pub mod pointwise;
pub mod pool;
pub mod rows;

pub use dtype::{DType, Element};
pub use level::Level;
