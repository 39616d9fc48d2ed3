//! Attention, and where a position is in its sequence.

mod alibi;
mod attend;
mod cache;
mod config;
mod multihead;
mod positions;
mod projection;
mod rotary;
mod scaled;

pub use alibi::alibi;
pub use attend::Attend;
pub use cache::KeyValue;
pub use config::AttentionConfig;
pub use multihead::MultiheadAttention;
pub use positions::{LearnedPositions, SinusoidalPositions, sinusoidal_positions};
pub use rotary::Rotary;
pub use scaled::{attention_weights, scaled_dot_product_attention};
