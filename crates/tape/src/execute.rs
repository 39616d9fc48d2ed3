//! Execution: runs programs.

mod function;
mod program;
mod values;

pub use function::Function;
pub(crate) use program::Cache;
pub use program::{Outputs, Program};
