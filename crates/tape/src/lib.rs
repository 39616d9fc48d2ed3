//! Tensors, the tape, differentiation, planning and execution for chainrule.

#![forbid(unsafe_code)]

pub mod check;
mod compose;
mod differentiate;
mod error;
mod execute;
mod half;
mod ops;
mod params;
mod plan;
mod record;
mod shape;
mod tensor;
mod transform;
mod view;

pub use chainrule_kernels::machine::{BlockCall, Call, Slice, SliceMut};
pub use chainrule_kernels::{DType, Element};
pub use compose::interpolate::Interpolation;
pub use compose::padding::PadMode;
pub use error::{At, Cut, Error, Mistake, Result};
pub use execute::{Function, NonFinite, Outputs, Program};
pub use half::{bf16_to_f32, f16_to_f32};
pub use ops::{Conv, ConvTranspose, Pool};
pub use params::{Kind, Loaded, ParamId, Params, Scope, name_fits};
pub use plan::Constant;
pub use record::{
    Batch, CallsFromHere, Gradients, Key, Lower, Meta, Mode, Movement, NotedLayer, Op, Operand, Piece, Rule,
    Substituted, Tape, Var, View, Within,
};
pub use shape::Shape;
pub use tensor::Tensor;
pub use transform::{
    Vars, checkpoint, cond, directional_derivative, grad, hessian, hvp, jacobian, jvp, linearize, scan,
    value_and_grad, vjp, vmap,
};
pub use view::{GraphNode, GraphView, NodeKind};
