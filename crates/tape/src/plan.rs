//! Planning: from recorded nodes to instructions over buffers.
//!
//! [`graph`] keeps the nodes that are needed and simplifies them, [`join`] makes one of sums of pieces and of products, [`fold`] computes what never changes, and [`lower`] makes
//! the instructions: [`fuse`] joins elementwise ops and reductions into [`group`]s, each of which becomes one tile program
//! over a [`domain`], [`opaque`] makes the others, [`home`] knows what a value is wanted for and so where it is made, [`again`] what is
//! cheaper to compute than to keep, and [`write_back`] ends with the outputs and the parameters. At last
//! [`memory`] gives every buffer a place in one arena.

mod again;
mod domain;
mod fold;
mod fuse;
mod graph;
mod group;
mod home;
mod join;
mod lower;
mod memory;
mod opaque;
mod write_back;

pub(crate) use fold::fold;
pub use graph::Constant;
pub(crate) use graph::{Graph, Roots};
pub(crate) use lower::{Plan, SCALAR_BYTES, Slot, lower};
pub(crate) use memory::{Memory, place};
