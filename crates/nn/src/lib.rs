//! Layers, activations, losses and initialization for chainrule.
//!
//! A layer is a plain value that holds the ids of its parameters, not their data: it registers them in a
//! [`Scope`](chainrule_tape::Scope) and has one method, [`forward`](Layer::forward). A model is a struct of layers and
//! a function, or a [`Sequential`]:
//!
//! ```
//! use chainrule_nn::prelude::*;
//! use chainrule_tape::{Params, Scope, Tape, Var};
//!
//! struct Net { hidden: Linear, norm: BatchNorm, out: Linear }
//!
//! impl Net {
//!     fn new(at: &mut Scope) -> Self {
//!         Net {
//!             hidden: Linear::new(&mut at.sub("hidden"), 4, 8),
//!             norm: BatchNorm::new(&mut at.sub("norm"), 8),
//!             out: Linear::new(&mut at.sub("out"), 8, 3),
//!         }
//!     }
//!
//!     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
//!         self.out.forward(self.norm.forward(self.hidden.forward(x).relu()))
//!     }
//! }
//!
//! let mut params = Params::seeded(7);
//! let net = Net::new(&mut params.root());
//! println!("{}", summary(&params, [1, 4], |x| net.forward(x))?);
//!
//! let tape = Tape::with(&params);
//! let x = tape.var([[5.1f32, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]);
//! let loss = net.forward(x).cross_entropy(tape.var([0i64, 2]));
//! let grads = tape.param_grads(loss)?;
//! assert_eq!(grads.len(), 6);
//! # Ok::<(), chainrule_tape::Error>(())
//! ```
//!
//! - Layers: [`Linear`], [`Conv2d`], [`MaxPool2d`], [`AvgPool2d`], [`Lstm`], [`Gru`],
//!   [`MultiheadAttention`], [`Embedding`], [`BatchNorm`], [`LayerNorm`], [`Dropout`], [`Activation`], [`PRelu`],
//!   [`Maxout`], [`GatedLinear`], [`Rbf`], and any function or type of yours that implements [`Layer`].
//! - Losses are methods of a [`Var`](chainrule_tape::Var) by the trait [`Losses`]: `logits.cross_entropy(labels)`.
//! - [`Init`] says how parameters begin.
//! - [`summary()`] shows a model as a table; [`accuracy`] and [`predictions`] judge its results.
//!
//! All of it is made of recorded ops, so everything has derivatives of any order. A layer that gets an input of the wrong
//! width or dtype records a mistake that names the layer, the line where it was made and the line that called it.

#![forbid(unsafe_code)]

mod activation;
mod attention;
mod conv;
mod dropout;
mod embedding;
mod gated;
mod init;
mod label;
mod linear;
mod loss;
mod maxout;
mod metrics;
mod norm;
mod prelu;
mod rbf;
mod recurrent;
mod sequential;
mod summary;
mod transformer;

pub use activation::{Activation, UnknownActivation};
pub use attention::{
    Attend, AttentionConfig, KeyValue, LearnedPositions, MultiheadAttention, Rotary, SinusoidalPositions,
    alibi, attention_weights, scaled_dot_product_attention, sinusoidal_positions,
};
pub use conv::{AvgPool2d, Conv2d, MaxPool2d};
pub use dropout::{
    AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutNd, FeatureAlphaDropout, GaussianDropout,
    GaussianNoise,
};
pub use embedding::Embedding;
pub use gated::GatedLinear;
pub use init::{Distribution, Fan, Init};
pub use linear::Linear;
pub use loss::{
    BceWithLogits, BinaryFocal, CrossEntropy, Ctc, Focal, GaussianNll, KlDiv, Losses, MultiMargin,
    MultilabelSoftMargin, Overlap, PoissonNll, Reduction, TripletMargin,
};
pub use maxout::Maxout;
pub use metrics::{accuracy, binary_accuracy, predictions};
pub use norm::{
    BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormNd, GroupNorm, InstanceNorm1d, InstanceNorm2d,
    InstanceNorm3d, InstanceNormNd, LayerNorm, LocalResponseNorm, RmsNorm, Running, SpectralNorm, UnitNorm,
    WeightNorm,
};
pub use prelu::PRelu;
pub use rbf::{RadialBasis, Rbf};
pub use recurrent::{Gru, GruCell, Lengths, Lstm, LstmCell, Recurrent, Rnn, RnnCell};
pub use sequential::{Layer, Sequential, Stack};
pub use summary::{Row, Summary, summary, summary_of};
pub use transformer::{
    CausalTransformer, Transformer, TransformerConfig, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer,
};

/// What most models use: `use chainrule_nn::prelude::*`.
pub mod prelude {
    pub use crate::{
        Activation, AvgPool2d, BatchNorm, Conv2d, Dropout, Embedding, Gru, Init, Layer, LayerNorm, Linear,
        Losses, MaxPool2d, Sequential, accuracy, predictions, summary,
    };
}
