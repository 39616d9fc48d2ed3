#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[doc(inline)]
pub use chainrule_tape::*;

#[doc(inline)]
pub use chainrule_data as data;
#[cfg(feature = "linalg")]
#[doc(inline)]
pub use chainrule_linalg as linalg;
#[doc(inline)]
pub use chainrule_nn as nn;
#[doc(inline)]
pub use chainrule_optim as optim;
#[doc(inline)]
pub use chainrule_plot as plot;
#[doc(inline)]
pub use chainrule_train as train;

pub use chainrule_optim::TrainStep;

/// What most programs need: `use chainrule::prelude::*`.
///
/// It has no names of Rust's own prelude, and no `Error` or `Result`: those are `chainrule::Error` and `chainrule::Result`.
/// Transformations of functions are imported by name, as `use chainrule::{grad, vmap}`.
///
/// ```
/// use chainrule::prelude::*;
/// use std::error::Error;
///
/// fn main() -> Result<(), Box<dyn Error>> {
///     let (train, test) = data::iris().split_stratified(0.2, 7)?;
///     let mut params = Params::seeded(7);
///     let net = Sequential::with_input(&mut params.root(), [4], |net| {
///         net.dense(16, Activation::Tanh).dense(3, Activation::Identity)
///     });
///     let mut trainer = Trainer::new(optim::adam(0.02), |x| net.forward(x), |y, labels| y.cross_entropy(labels))
///         .metric(metrics::accuracy());
///     let stop = EarlyStopping::new("val_loss").patience(5).restore_best();
///     trainer.fit(&mut params, &train).epochs(20).validation(&test).callback(stop).silent().run()?;
///     assert!(trainer.evaluate(&params, &test)?["accuracy"] > 0.9);
///     Ok(())
/// }
/// ```
pub mod prelude {
    pub use crate::{data, nn, optim, plot, train};
    pub use chainrule_data::Dataset;
    #[cfg(feature = "linalg")]
    pub use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
    pub use chainrule_nn::prelude::*;
    pub use chainrule_optim::TrainStep;
    pub use chainrule_plot::Picture;
    pub use chainrule_tape::{
        Conv, DType, Function, ParamId, Params, Program, Scope, Shape, Tape, Tensor, Var,
    };
    pub use chainrule_train::{
        BestWeights, CsvLog, EarlyStopping, History, LowerRate, Metric, TensorBoard, Trainer, metrics,
    };
}
