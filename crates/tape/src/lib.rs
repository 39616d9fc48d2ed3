//! Tensors, the tape, differentiation, planning and execution for chainrule.

mod error;
mod shape;
mod tensor;

pub use chainrule_kernels::{DType, Element};
pub use error::{At, Cut, Error, Mistake, Result};
pub use shape::Shape;
pub use tensor::Tensor;
