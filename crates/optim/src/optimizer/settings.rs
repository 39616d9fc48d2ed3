//! The settings that optimizers of all rules have.

use super::Optimizer;
use super::sam::Sam;
use crate::{Centralize, ClipAdaptive, ClipNorm, ClipNormEach, ClipValue, Ema, Lookahead, Noise, Schedule};
use crate::{Target, Transform};
use chainrule_tape::{Shape, Var};

impl<R: Transform> Optimizer<R> {
    /// Another learning rate: for a [`group`](Optimizer::group).
    pub fn with_lr(self, lr: f64) -> Self {
        Optimizer { lr, first_lr: lr, ..self }
    }

    /// So many times the learning rate: for a [`group`](Optimizer::group).
    pub fn scale_lr(self, factor: f64) -> Self {
        let (lr, scale) = (self.first_lr * factor, self.scale * factor);
        Optimizer { scale, ..self.with_lr(lr) }
    }

    /// Multiplies the learning rate in each step by the schedule's factor.
    pub fn schedule(self, schedule: impl Into<Schedule>) -> Self {
        Optimizer { schedule: schedule.into(), ..self }
    }

    /// Scales the gradients so that their common norm is at most `max`: see [`ClipNorm`].
    pub fn clip_norm(self, max: f64) -> Self {
        self.before(ClipNorm::new(max))
    }

    /// Scales each parameter's gradient so that its norm is at most `max`: see [`ClipNormEach`].
    pub fn clip_norm_each(self, max: f64) -> Self {
        self.before(ClipNormEach::new(max))
    }

    /// Limits each element of the gradients to `-limit..=limit`: see [`ClipValue`].
    pub fn clip_value(self, limit: f64) -> Self {
        self.before(ClipValue::new(limit))
    }

    /// Scales the gradient of each unit so that its norm is at most `most` times that of the unit's weights: see
    /// [`ClipAdaptive`].
    pub fn clip_adaptive(self, most: f64) -> Self {
        self.before(ClipAdaptive::new(most))
    }

    /// Makes the mean of each unit's gradient 0: see [`Centralize`].
    pub fn centralize(self) -> Self {
        self.before(Centralize)
    }

    /// Adds noise to the gradients, of the variance `eta/(1 + t)^0.55` in the step after `t` ones: see [`Noise`].
    pub fn noise(self, eta: f64) -> Self {
        self.before(Noise::new(eta))
    }

    /// Goes back to a slower average every `k` steps: see [`Lookahead`].
    pub fn lookahead(self, k: u64, alpha: f64) -> Self {
        self.after(Lookahead::new(k, alpha))
    }

    /// Keeps an average of the parameters, to evaluate with: see [`Ema`].
    pub fn ema(self, ema: Ema) -> Self {
        self.after(ema)
    }

    /// Takes the gradients from the place within a distance `rho` where the loss is (by its slope) largest, so that the
    /// descent goes to where the loss is low all around:
    ///
    /// `e = rho·g/(‖g‖ + 10⁻¹²)`, with the norm over all parameters; the gradients of the step are those at `p + e`, and the
    /// step starts from `p`.
    ///
    /// The loss is recorded twice in one program, which takes twice as long; running statistics are those of the first
    /// time. It needs a [`TrainStep`](crate::TrainStep).
    ///
    /// Source: Foret et al., "Sharpness-aware minimization for efficiently improving generalization", ICLR 2021, algorithm 1.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([1.0]));
    /// let mut step = TrainStep::new(sgd(0.25).sam(0.5), |[x]| (x.tape().param(w) * x).square().sum(..));
    /// step.run(&mut params, [&Tensor::from([1.0])])?;
    /// // The slope at 1.5 is 3.
    /// assert!((params.tensor(w).to_f64()[0] - 0.25).abs() < 1e-12);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn sam(self, rho: f64) -> Self {
        Optimizer { sam: Some(Sam::new(rho)), ..self }
    }

    /// [`sam`](Optimizer::sam) with distances relative to the parameters: `e = rho·p²·g/(‖|p|·g‖ + 10⁻¹²)`.
    ///
    /// Source: Kwon et al., "ASAM: adaptive sharpness-aware minimization", ICML 2021, equation 9 (without its η).
    pub fn adaptive_sam(self, rho: f64) -> Self {
        Optimizer { sam: Some(Sam::new(rho).adaptive()), ..self }
    }

    /// Leaves all parameters, states and running statistics as they were in a step whose gradients are not all finite,
    /// as if it had not been run. How often that happened is `optim.skipped` in the params.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, adam};
    /// # use chainrule_tape::{Params, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([3.0]));
    /// let mut step = TrainStep::new(adam(0.1).skip_nonfinite(), |[x]| (x.tape().param(w) * x).sum(..));
    /// step.run(&mut params, [&Tensor::from([f64::NAN])])?;
    /// assert_eq!((step.steps(&params), step.skipped(&params)), (0, 1));
    /// # assert_eq!(params.tensor(w).to_f64(), [3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn skip_nonfinite(self) -> Self {
        Optimizer { skip_nonfinite: true, ..self }
    }

    /// Draws the parameters towards 0, through the gradient unless [`decoupled`](Optimizer::decoupled): see
    /// [`WeightDecay`](crate::WeightDecay).
    pub fn weight_decay(mut self, rate: f64) -> Self {
        self.decay.rate = rate;
        self
    }

    /// Makes the weight decay act on the parameters themselves, as [`adamw`](crate::adamw)'s does.
    pub fn decoupled(self) -> Self {
        Optimizer { decay: self.decay.decoupled(), ..self }
    }

    /// Restricts the weight decay to parameters for which `only` holds, by name and shape. To spare biases and the
    /// scales of norms: `|_, shape| shape.rank() >= 2`.
    pub fn decay_only(self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Self {
        Optimizer { decay: self.decay.only(only), ..self }
    }

    /// Makes the loss larger instead of smaller: turns the gradients around, before [weight
    /// decay](Optimizer::weight_decay), which still draws the parameters towards 0 (PyTorch's `maximize`). For all rules;
    /// called twice, it is off again.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([1.0]));
    /// let mut step = TrainStep::new(sgd(0.5).maximize(), |[x]| (x.tape().param(w) * x).sum(..));
    /// step.run(&mut params, [&Tensor::from([4.0])])?;
    /// assert_eq!(params.tensor(w).to_f64(), [3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn maximize(self) -> Self {
        self.before(Ascent)
    }
}

/// `g ← -g`.
#[derive(Clone, Copy, Debug)]
struct Ascent;

impl Transform for Ascent {
    fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        -g
    }
}
