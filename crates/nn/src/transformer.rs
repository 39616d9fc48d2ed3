//! Transformers: encoders, decoders, and stacks that predict what comes next.

mod causal;
mod config;
mod decoder;
mod encoder;
mod feed_forward;
mod stack;
mod whole;

pub use causal::CausalTransformer;
pub use config::TransformerConfig;
pub use decoder::{TransformerDecoder, TransformerDecoderLayer};
pub use encoder::{TransformerEncoder, TransformerEncoderLayer};
pub use whole::Transformer;
