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
//! | [`sgd`] | [`momentum`](Optimizer::momentum), [`dampening`](Optimizer::dampening), [`nesterov`](Optimizer::nesterov), [`velocity`](Optimizer::velocity) |
//! | [`heavy_ball`], [`nag`] | those of [`sgd`], in Polyak's, Nesterov's and Keras's form |
//! | [`adam`], [`adamw`] | `betas`, `eps`, [`amsgrad`](Optimizer::amsgrad) |
//! | [`adamax`], [`nadam`], [`radam`] | `betas`, `eps`, [`momentum_decay`](Optimizer::momentum_decay) |
//! | [`adabelief`], [`yogi`], [`adan`] | `betas`, `eps`, [`eps_root`](Optimizer::eps_root), `initial_accumulator` |
//! | [`rmsprop`] | `alpha`, `eps`, `momentum`, [`centered`](Optimizer::centered) |
//! | [`adagrad`] | `lr_decay`, `eps`, [`initial_accumulator`](Optimizer::initial_accumulator) |
//! | [`adadelta`] | `rho`, `eps` |
//! | [`adafactor`] | [`beta2_decay`](Optimizer::beta2_decay), `eps`, `clip_threshold` |
//! | [`lion`] | `betas` |
//! | [`lamb`], [`lars`] | [`trust_only`](Optimizer::trust_only), [`trust_coefficient`](Optimizer::trust_coefficient), `betas`, `momentum`, `nesterov`, `eps` |
//! | [`muon`] | [`only`](Optimizer::only), [`others`](Optimizer::others), [`scale`](Optimizer::scale), `momentum`, `nesterov`, [`ns_steps`](Optimizer::ns_steps), `coefficients` |
//! | [`sophia`], with [`Curvature`] | [`beta1`](Optimizer::beta1), [`gamma`](Optimizer::gamma), `clip_threshold`, `eps` |
//! | [`prodigy`] | [`d0`](Optimizer::d0), [`d_coef`](Optimizer::d_coef), [`safeguard_warmup`](Optimizer::safeguard_warmup), `bias_correction`, `betas`, `beta3`, `eps` |
//! | [`schedule_free_sgd`], [`schedule_free_adamw`], [`schedule_free`] | [`beta`](Optimizer::beta), [`weight_lr_power`](Optimizer::weight_lr_power), `betas`, `eps`; [`evaluation`](Optimizer::evaluation) |
//! | [`rprop`] | [`etas`](Optimizer::etas), [`step_sizes`](Optimizer::step_sizes) |
//! | [`asgd`] | [`lambd`](Optimizer::lambd), [`alpha`](Optimizer::alpha), [`average_from`](Optimizer::average_from); [`evaluation`](Optimizer::evaluation) |
//! | all, and [your own](Transform) | [`schedule`](Optimizer::schedule), [`weight_decay`](Optimizer::weight_decay), [`clip_norm`](Optimizer::clip_norm), [`clip_value`](Optimizer::clip_value), [`maximize`](Optimizer::maximize), [`before`](Optimizer::before), [`after`](Optimizer::after) |
//! | | [`group`](Optimizer::group), [`centralize`](Optimizer::centralize), [`noise`](Optimizer::noise), [`clip_norm_each`](Optimizer::clip_norm_each), [`clip_adaptive`](Optimizer::clip_adaptive), [`lookahead`](Optimizer::lookahead), [`ema`](Optimizer::ema), [`sam`](Optimizer::sam), [`skip_nonfinite`](Optimizer::skip_nonfinite) |
//!
//! Formulas, defaults and order of operations are PyTorch's where it has the optimizer, and otherwise optax's or the paper's,
//! as each one's page says: the first hundred steps agree to ten digits or more.
//!
//! [`TrainStep::accumulate`] makes one step of several batches. [`Schedule`] has all schedules, and [`ReduceOnPlateau`] follows
//! a metric. [`Optimizer::unroll`] records several steps that are then differentiated. [`Lbfgs`] and [`NewtonCg`] minimize
//! a loss of all data at once.

#![forbid(unsafe_code)]

mod accumulate;
mod adabelief;
mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adan;
mod asgd;
mod centralize;
mod clip;
mod curvature;
mod decay;
mod ema;
mod evaluation;
mod filter;
mod group;
mod guard;
mod lamb;
mod lars;
mod limits;
mod lion;
mod lookahead;
mod maximize;
mod minimize;
mod muon;
mod nadam;
mod noise;
mod optimizer;
mod prodigy;
mod radam;
mod rmsprop;
mod rprop;
mod sam;
mod schedule;
mod schedule_free;
mod sgd;
mod shared;
mod sophia;
mod step;
mod target;
mod transform;
mod trust;
mod unroll;
mod update;
mod yogi;

pub use adabelief::{Adabelief, adabelief};
pub use adadelta::{Adadelta, adadelta};
pub use adafactor::{Adafactor, adafactor};
pub use adagrad::{Adagrad, adagrad};
pub use adam::{Adam, adam, adamw};
pub use adamax::{Adamax, adamax};
pub use adan::{Adan, adan};
pub use asgd::{Asgd, asgd};
pub use centralize::Centralize;
pub use clip::{ClipAdaptive, ClipNorm, ClipNormEach, ClipValue};
pub use curvature::Curvature;
pub use decay::WeightDecay;
pub use ema::Ema;
pub use lamb::{Lamb, lamb};
pub use lars::{Lars, lars};
pub use lion::{Lion, lion};
pub use lookahead::Lookahead;
pub use minimize::{Lbfgs, Minimum, NewtonCg, Stop};
pub use muon::{Muon, MuonScale, muon};
pub use nadam::{Nadam, nadam};
pub use noise::Noise;
pub use optimizer::Optimizer;
pub use prodigy::{Prodigy, prodigy};
pub use radam::{Radam, radam};
pub use rmsprop::{Rmsprop, rmsprop};
pub use rprop::{Rprop, rprop};
pub use schedule::{
    Cyclic, OneCycle, PlateauState, ReduceOnPlateau, Schedule, constant, constant_for, cosine,
    cosine_restarts, cyclic, exponential, inverse_sqrt, linear, linear_between, multi_step, noam, one_cycle,
    polynomial, step_decay,
};
pub use schedule_free::{
    RootMeanSquare, ScheduleFree, schedule_free, schedule_free_adamw, schedule_free_sgd,
};
pub use sgd::{Momentum, Sgd, heavy_ball, nag, sgd};
pub use sophia::{Sophia, sophia};
pub use step::TrainStep;
pub use target::Target;
pub use transform::Transform;
pub use trust::TrustRatio;
pub use unroll::Unrolled;
pub use update::{Now, Update};
pub use yogi::{Yogi, yogi};
