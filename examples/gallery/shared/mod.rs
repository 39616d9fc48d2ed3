//! What more than one lesson uses.

pub mod descent;
pub mod quadratic;
pub mod sparse;
