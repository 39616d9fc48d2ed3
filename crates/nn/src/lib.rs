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
//! | layers | |
//! |---|---|
//! | maps | [`Linear`] (Keras's `Dense`), [`Bilinear`], [`Embedding`], [`EmbeddingBag`], [`GatedLinear`], [`Maxout`], [`Rbf`] |
//! | convolution | [`Conv1d`], [`Conv2d`], [`Conv3d`], [`ConvTranspose1d`], [`ConvTranspose2d`], [`ConvTranspose3d`], with a [`ConvConfig`] |
//! | pooling, of sequences, images (`2d`) and volumes | [`MaxPool2d`], [`AvgPool2d`], [`LpPool2d`], [`AdaptiveAvgPool2d`], [`AdaptiveMaxPool2d`], [`GlobalAvgPool`], [`GlobalMaxPool`] |
//! | padding, also `1d` and `3d` | [`ZeroPad2d`], [`ConstantPad2d`], [`ReflectionPad2d`], [`ReplicationPad2d`], [`CircularPad2d`] |
//! | shape and size | [`Flatten`], [`Unflatten`], [`Identity`], [`Upsample`], [`PixelShuffle`], [`PixelUnshuffle`], [`ChannelShuffle`] |
//! | recurrence | [`Rnn`], [`Lstm`], [`Gru`], with a [`RecurrentConfig`]; [`RnnCell`], [`LstmCell`], [`GruCell`] |
//! | attention | [`MultiheadAttention`], with an [`AttentionConfig`], [`Attend`] and [`KeyValue`]; [`scaled_dot_product_attention`] |
//! | positions | [`LearnedPositions`], [`SinusoidalPositions`], [`Rotary`], [`alibi()`] |
//! | transformers, with a [`TransformerConfig`] | [`CausalTransformer`], [`Transformer`], [`TransformerEncoder`], [`TransformerEncoderLayer`], [`TransformerDecoder`], [`TransformerDecoderLayer`] |
//! | normalization | [`BatchNorm`], [`BatchNorm1d`], [`BatchNorm2d`], [`BatchNorm3d`], [`LayerNorm`], [`RmsNorm`], [`GroupNorm`], [`InstanceNorm1d`], [`InstanceNorm2d`], [`InstanceNorm3d`], [`LocalResponseNorm`], [`UnitNorm`] |
//! | around a layer's weight | [`WeightNorm`], [`SpectralNorm`] |
//! | noise | [`Dropout`], [`Dropout1d`], [`Dropout2d`], [`Dropout3d`], [`AlphaDropout`], [`FeatureAlphaDropout`], [`GaussianDropout`], [`GaussianNoise`] |
//! | activations | [`Activation`], by name too; [`PRelu`] |
//! | containers | [`Sequential`], [`Residual`], [`Parallel`], and any function or type of yours that implements [`Layer`] |
//!
//! A layer's constructors take the scope and the sizes: [`new`](Linear::new), with the usual settings, and for what decides the
//! parameters `without_bias` or `without_affine`, `init` with other first values, and `with` a layer's config. What does not
//! change the parameters is a setting of the layer: `.stride(2)`, `.dropout(0.1)`.
//!
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
mod init;
mod label;
mod layer;
mod linear;
mod loss;
mod metrics;
mod norm;
mod pad;
mod pool;
mod recurrent;
mod resample;
mod sequential;
mod shape;
mod summary;
mod transformer;

pub use activation::{Activation, GatedLinear, Maxout, PRelu, RadialBasis, Rbf, UnknownActivation};
pub use attention::{
    Attend, AttentionConfig, KeyValue, LearnedPositions, MultiheadAttention, Rotary, SinusoidalPositions,
    alibi, attention_weights, scaled_dot_product_attention, sinusoidal_positions,
};
pub use conv::{
    Conv1d, Conv2d, Conv3d, ConvConfig, ConvNd, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
    ConvTransposeNd, PerAxis,
};
pub use dropout::{
    AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutNd, FeatureAlphaDropout, GaussianDropout,
    GaussianNoise,
};
pub use embedding::{Bag, Embedding, EmbeddingBag};
pub use init::{Distribution, Fan, Init};
pub use layer::Layer;
pub use linear::{Bilinear, Linear};
pub use loss::{
    BceWithLogits, BinaryFocal, CrossEntropy, Ctc, Focal, GaussianNll, KlDiv, Losses, MultiMargin,
    MultilabelSoftMargin, Overlap, PoissonNll, Reduction, TripletMargin,
};
pub use metrics::{accuracy, binary_accuracy, predictions};
pub use norm::{
    BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormNd, GroupNorm, InstanceNorm1d, InstanceNorm2d,
    InstanceNorm3d, InstanceNormNd, LayerNorm, LocalResponseNorm, RmsNorm, Running, SpectralNorm, UnitNorm,
    WeightNorm,
};
pub use pad::{
    CircularPad, CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad, ConstantPad1d, ConstantPad2d,
    ConstantPad3d, ReflectionPad, ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad,
    ReplicationPad1d, ReplicationPad2d, ReplicationPad3d, Sides, ZeroPad, ZeroPad1d, ZeroPad2d, ZeroPad3d,
};
pub use pool::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPoolNd, AdaptiveMaxPool1d,
    AdaptiveMaxPool2d, AdaptiveMaxPool3d, AdaptiveMaxPoolNd, AvgPool1d, AvgPool2d, AvgPool3d, AvgPoolNd,
    GlobalAvgPool, GlobalMaxPool, LpPool1d, LpPool2d, LpPool3d, LpPoolNd, MaxPool1d, MaxPool2d, MaxPool3d,
    MaxPoolNd,
};
pub use recurrent::{Gru, GruCell, Lengths, Lstm, LstmCell, RecurrentConfig, Rnn, RnnCell};
pub use resample::{ChannelShuffle, PixelShuffle, PixelUnshuffle, Upsample};
pub use sequential::{Arriving, Given, Inferred, Parallel, Residual, Sequential, Shapes, Stack};
pub use shape::{Flatten, Identity, Unflatten};
pub use summary::{Row, Summary, summary, summary_of};
pub use transformer::{
    CausalTransformer, Transformer, TransformerConfig, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer,
};

/// What most models use: `use chainrule_nn::prelude::*`. Everything else is at the crate's root, as `nn::Bilinear`.
pub mod prelude {
    pub use crate::{
        Activation, AdaptiveAvgPool2d, Attend, AvgPool2d, BatchNorm, BatchNorm1d, BatchNorm2d,
        CausalTransformer, Conv1d, Conv2d, ConvTranspose2d, CrossEntropy, Dropout, Dropout2d, Embedding,
        Flatten, GlobalAvgPool, GroupNorm, Gru, GruCell, Init, Layer, LayerNorm, Linear, Losses, Lstm,
        LstmCell, MaxPool1d, MaxPool2d, MultiheadAttention, Reduction, Residual, RmsNorm, Sequential,
        Transformer, TransformerConfig, TransformerEncoder, Upsample, accuracy, predictions, summary,
    };
}
