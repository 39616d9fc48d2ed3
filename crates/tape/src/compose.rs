//! Compositions of ops, in their stable forms. Their derivatives are the chain rule's.

crate::ops::families! {
    activation adaptive_pool axes difference einsum elementwise grid indexing interpolate movement norm padding pixel_shuffle points
    products quantile random reduce softmax statistics triangle
}

mod contract;
mod picked;
