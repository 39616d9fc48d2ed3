//! Layers, activations and losses against PyTorch: values, gradients, second order, state, and use after training.

mod golden;
mod linear;

use golden::Torch;
