//! Optimizers, learning-rate schedules, gradient clipping, and the compiled training step.
//!
//! An update rule is a formula over a parameter, its gradient, its state, the step number and the learning rate. It is
//! recorded on the same tape as the model, so loss, gradients and update are planned together and run in one pass, in
//! place on the [`Params`](chainrule_tape::Params).
//!
//! ```
//! use chainrule_optim::{TrainStep, adam, cosine};
//! use chainrule_tape::{Params, Tensor};
//!
//! // y = 2·a - b, to be found from three points
//! let mut params = Params::seeded(1);
//! let w = params.root().param("w", Tensor::from([0.0, 0.0]));
//! let optimizer = adam(0.1).clip_norm(1.0).schedule(cosine(200, 0.01));
//! let mut step = TrainStep::new(optimizer, |[x, y]| {
//!     let w = x.tape().param(w);
//!     ((x * w).sum(-1) - y).square().mean(..)
//! });
//! let x = Tensor::from([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
//! let y = Tensor::from([2.0, -1.0, 1.0]);
//! for _ in 0..200 {
//!     step.run(&mut params, [&x, &y])?;
//! }
//! let found = params.tensor(w).to_f64();
//! assert!((found[0] - 2.0).abs() < 1e-2 && (found[1] + 1.0).abs() < 1e-2);
//! # Ok::<(), chainrule_tape::Error>(())
//! ```
//!
//! | optimizer | its settings |
//! |---|---|
//! | [`sgd`] | [`momentum`](Optimizer::momentum), [`dampening`](Optimizer::dampening), [`nesterov`](Optimizer::nesterov) |
//! | [`adam`], [`adamw`] | `betas`, `eps`, [`amsgrad`](Optimizer::amsgrad) |
//! | [`adamax`], [`nadam`] | `betas`, `eps`, [`momentum_decay`](Optimizer::momentum_decay) |
//! | [`rmsprop`] | `alpha`, `eps`, `momentum`, [`centered`](Optimizer::centered) |
//! | [`adagrad`] | `lr_decay`, `eps`, [`initial_accumulator`](Optimizer::initial_accumulator) |
//! | [`adadelta`] | `rho`, `eps` |
//! | all, and [your own](Transform) | [`schedule`](Optimizer::schedule), [`weight_decay`](Optimizer::weight_decay), [`clip_norm`](Optimizer::clip_norm), [`clip_value`](Optimizer::clip_value), [`before`](Optimizer::before), [`after`](Optimizer::after) |
//!
//! Formulas, defaults and order of operations are PyTorch's: the first fifty steps agree to twelve digits.

#![forbid(unsafe_code)]

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod clip;
mod decay;
mod limits;
mod nadam;
mod optimizer;
mod rmsprop;
mod schedule;
mod sgd;
mod step;
mod target;
mod transform;
mod update;

pub use adadelta::{Adadelta, adadelta};
pub use adagrad::{Adagrad, adagrad};
pub use adam::{Adam, adam, adamw};
pub use adamax::{Adamax, adamax};
pub use clip::{ClipNorm, ClipValue};
pub use decay::WeightDecay;
pub use nadam::{Nadam, nadam};
pub use optimizer::Optimizer;
pub use rmsprop::{Rmsprop, rmsprop};
pub use schedule::{Schedule, constant, cosine, exponential, linear, step_decay};
pub use sgd::{Momentum, Sgd, sgd};
pub use step::TrainStep;
pub use target::Target;
pub use transform::Transform;
pub use update::{Now, Update};
