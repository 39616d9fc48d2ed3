//! Layers, activations and losses against PyTorch: values, gradients, second order, state, and use after training.

mod activation;
mod attention;
mod conv;
mod embedding;
mod golden;
mod linear;
mod loss;
mod loss_margin;
mod multihead;
mod norm;
mod pool;
mod positions;
mod recurrent;
mod resample;
mod sequential;
mod transformer;
mod weight_norm;

use golden::Torch;
