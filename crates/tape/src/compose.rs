//! Compositions of ops, in their stable forms. Their derivatives are the chain rule's.

crate::ops::families! {
    adaptive_pool axes difference einsum elementwise gated_units grid indexing interpolate movement norm oscillating padding
    pixel_shuffle points products quantile random rectifier reduce shrink smooth_rectifier softmax squash statistics triangle
}

mod contract;
mod picked;
