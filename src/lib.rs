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
pub mod prelude {
    pub use crate::{data, nn, optim, plot, train};
    #[cfg(feature = "linalg")]
    pub use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
    pub use chainrule_nn::prelude::*;
    pub use chainrule_optim::TrainStep;
    pub use chainrule_tape::{
        Conv, DType, Function, ParamId, Params, Program, Scope, Shape, Tape, Tensor, Var,
    };
    pub use chainrule_train::Trainer;
}
