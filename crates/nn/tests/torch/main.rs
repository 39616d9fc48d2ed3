//! Layers, activations and losses against PyTorch: values, gradients, second order, state, and use after training.

mod activation;
mod golden;
mod linear;
mod loss;
mod loss_margin;
mod recurrent;
mod norm;
mod weight_norm;
mod attention;
mod golden;
mod linear;
mod multihead;
mod positions;
mod transformer;

use golden::Torch;
