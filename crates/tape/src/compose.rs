//! Compositions of ops, in their stable forms. Their derivatives are the chain rule's.

mod activation;
pub(crate) mod adaptive_pool;
pub(crate) mod difference;
pub(crate) mod interpolate;
pub(crate) mod norm;
mod picked;
pub(crate) mod pixel_shuffle;
pub(crate) mod quantile;
pub(crate) mod random;
pub(crate) mod reduce;
pub(crate) mod softmax;
pub(crate) mod statistics;
pub(crate) mod elementwise;
pub(crate) mod axes;
mod contract;
pub(crate) mod einsum;
pub(crate) mod grid;
pub(crate) mod indexing;
pub(crate) mod movement;
pub(crate) mod padding;
pub(crate) mod points;
pub(crate) mod products;
mod softmax;
mod statistics;
pub(crate) mod triangle;
