//! Execution: runs programs.

mod find_nan;
mod function;
mod map;
mod program;
mod values;

pub use find_nan::NonFinite;
pub use function::Function;
pub(crate) use program::{Bound, Cache};
pub use program::{Outputs, Program};
