//! Compositions of ops, in their stable forms. Their derivatives are the chain rule's.

mod activation;
mod softmax;
mod statistics;
