//! What goes before and after a rule.

mod centralize;
mod clip;
mod decay;
mod ema;
pub(crate) mod filter;
mod lookahead;
mod noise;
mod trust;

pub use centralize::Centralize;
pub use clip::{ClipAdaptive, ClipNorm, ClipNormEach, ClipValue};
pub use decay::WeightDecay;
pub use ema::Ema;
pub use lookahead::Lookahead;
pub use noise::Noise;
pub use trust::TrustRatio;
