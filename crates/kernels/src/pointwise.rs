//! Elementwise kernels on blocks.
