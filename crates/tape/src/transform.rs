//! Functions made from functions: batches, derivatives as functions, Jacobians.

mod vmap;
