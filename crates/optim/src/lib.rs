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
//! | all, and [your own](Transform) | [`schedule`](Optimizer::schedule), [`weight_decay`](Optimizer::weight_decay), [`decoupled`](Optimizer::decoupled), [`decay_only`](Optimizer::decay_only), [`clip_norm`](Optimizer::clip_norm), [`clip_value`](Optimizer::clip_value), [`maximize`](Optimizer::maximize), [`before`](Optimizer::before), [`after`](Optimizer::after) |
//! | | [`group`](Optimizer::group), [`centralize`](Optimizer::centralize), [`noise`](Optimizer::noise), [`clip_norm_each`](Optimizer::clip_norm_each), [`clip_adaptive`](Optimizer::clip_adaptive), [`lookahead`](Optimizer::lookahead), [`ema`](Optimizer::ema), [`sam`](Optimizer::sam), [`adaptive_sam`](Optimizer::adaptive_sam), [`skip_nonfinite`](Optimizer::skip_nonfinite) |
//!
//! Formulas, defaults and order of operations are PyTorch's where it has the optimizer, and otherwise optax's or the paper's,
//! as each one's page says: the first hundred steps agree to ten digits or more.
//!
//! [`TrainStep::accumulate`] makes one step of several batches. [`Schedule`] has all schedules, and [`ReduceOnPlateau`] follows
//! a metric. [`Optimizer::unroll`] records several steps that are then differentiated. [`Lbfgs`] and [`NewtonCg`] minimize
//! a loss of all data at once.

#![forbid(unsafe_code)]

mod limits;
mod minimize;
mod optimizer;
mod rule;
mod schedule;
mod stage;
mod step;
mod transform;

pub use minimize::{Lbfgs, Minimum, NewtonCg, Stop};
pub use optimizer::{Optimizer, Unrolled};
pub use rule::{
    Adabelief, Adadelta, Adafactor, Adagrad, Adam, Adamax, Adan, Asgd, Lamb, Lars, Lion, Momentum, Muon,
    MuonScale, Nadam, Prodigy, Radam, Rmsprop, RootMeanSquare, Rprop, ScheduleFree, Sgd, Sophia, Yogi,
    adabelief, adadelta, adafactor, adagrad, adam, adamax, adamw, adan, asgd, heavy_ball, lamb, lars, lion,
    muon, nadam, nag, prodigy, radam, rmsprop, rprop, schedule_free, schedule_free_adamw, schedule_free_sgd,
    sgd, sophia, yogi,
};
pub use schedule::{
    Cyclic, OneCycle, PlateauState, ReduceOnPlateau, Schedule, constant, constant_for, cosine,
    cosine_restarts, cyclic, exponential, inverse_sqrt, linear, linear_between, multi_step, noam, one_cycle,
    polynomial, step_decay,
};
pub use stage::{
    Centralize, ClipAdaptive, ClipNorm, ClipNormEach, ClipValue, Ema, Lookahead, Noise, TrustRatio,
    WeightDecay,
};
pub use step::{Curvature, TrainStep};
pub use transform::{Now, Target, Transform, Update};
