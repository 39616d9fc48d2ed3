//! SIMD, GEMM, reductions and threads for chainrule: slices in, slices out.
//!
//! The only crate of the workspace with `unsafe`.

mod buffer;
mod dtype;
pub mod gemm;
mod level;
pub mod machine;
pub mod math;
pub mod pointwise;
pub mod pool;
pub mod rows;
mod simd;

pub use buffer::{ALIGN, Buffer};
pub use dtype::{DType, Element};
pub use level::Level;
