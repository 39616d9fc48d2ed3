//! Gradient descent, plain and with momentum.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Gradient descent: `p ← p - lr·g`, with [`momentum`](Optimizer::momentum) if asked for.
///
/// The running sum of [`momentum`](Optimizer::momentum), Nesterov's form included, is PyTorch's, with the rate outside;
/// [`velocity`](Optimizer::velocity) makes it Keras's, as [`heavy_ball`] and [`nag`] have it. Two ops an element; with momentum
/// four.
///
/// Source: Robbins and Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951.
///
/// ```
/// # use chainrule_optim::{TrainStep, sgd};
/// # use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([3.0]));
/// let mut step = TrainStep::new(sgd(0.25).momentum(0.5), |[x]| (x.tape().param(w) - x).square().sum(..));
/// step.run(&mut params, [&Tensor::from([1.0])])?; // the gradient is 4
/// assert_eq!(params.tensor(w).to_f64(), [2.0]);
/// step.run(&mut params, [&Tensor::from([1.0])])?; // the gradient is 2, the buffer 0.5·4 + 2
/// assert_eq!(params.tensor(w).to_f64(), [1.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn sgd(lr: f64) -> Optimizer<Sgd> {
    Optimizer::new(lr, Sgd::new())
}

/// Gradient descent as of a heavy ball, in Polyak's form:
///
/// `p ← p - lr·g + momentum·(p - p₋₁)`.
///
/// It is [`sgd`] with [`momentum`](Optimizer::momentum) and [`velocity`](Optimizer::velocity), which is how Keras's `SGD` is
/// defined. PyTorch's [`sgd`], which has the rate outside of the running sum, takes the same steps as long as the rate does not
/// change. Four ops an element.
///
/// Source: Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational Mathematics
/// and Mathematical Physics 4, 1964, equation 9.
///
/// ```
/// # use chainrule_optim::{heavy_ball, linear};
/// let optimizer = heavy_ball(0.1, 0.9).schedule(linear(1000, 0.0));
/// ```
pub fn heavy_ball(lr: f64, momentum: f64) -> Optimizer<Sgd> {
    sgd(lr).momentum(momentum).velocity()
}

/// Nesterov's accelerated gradient with a constant momentum:
///
/// ```text
/// x ← p - lr·g(p)
/// p ← x + momentum·(x - x₋₁)
/// ```
///
/// with `x = p` before the first step. The parameters are the places ahead, at which gradients are taken (in the form of
/// Sutskever et al., they are the `x`, and the gradient's place is computed from them). It is [`sgd`] with
/// [`momentum`](Optimizer::momentum), [`nesterov`](Optimizer::nesterov) and [`velocity`](Optimizer::velocity), which is how
/// Keras's `SGD` is defined. PyTorch's, which has the rate outside of the running sum, takes the same steps as long as the
/// rate does not change. Six ops an element.
///
/// Sources: Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k²)", 1983, whose momentum
/// grows; Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, equations 3 and 4.
///
/// ```
/// # use chainrule_optim::nag;
/// let optimizer = nag(0.1, 0.9);
/// ```
pub fn nag(lr: f64, momentum: f64) -> Optimizer<Sgd> {
    sgd(lr).momentum(momentum).nesterov().velocity()
}

/// The rule of [`sgd`].
#[derive(Clone, Debug)]
pub struct Sgd {
    momentum: Momentum,
    velocity: bool,
}

impl Sgd {
    pub(crate) fn new() -> Sgd {
        Sgd { momentum: Momentum::new(0.0), velocity: false }
    }
}

impl Optimizer<Sgd> {
    /// Keeps a running sum of gradients and goes along it: see [`Momentum`]. 0 unless set.
    pub fn momentum(mut self, factor: f64) -> Self {
        self.rule.momentum.factor = factor;
        self
    }

    /// Takes only `1 - dampening` of each gradient after the first into the running sum. 0 unless set.
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.rule.momentum.dampening = dampening;
        self
    }

    /// Goes along the running sum as it will be, Nesterov's way: see [`Momentum`].
    pub fn nesterov(mut self) -> Self {
        self.rule.momentum.nesterov = true;
        self
    }

    /// Keeps the rate inside the running sum, `b ← momentum·b + lr·g`, as Keras does: a change of the rate then concerns the
    /// gradients to come, and not the sum of those before. PyTorch's way, `p ← p - lr·b`, unless set. `optim.momentum.NAME` is
    /// then what goes off the parameter, the negative of Keras's velocity.
    pub fn velocity(mut self) -> Self {
        self.rule.velocity = true;
        self
    }
}

impl Transform for Sgd {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        if self.velocity { self.momentum.update(p, g * p.lr()) } else { self.momentum.update(p, g) * p.lr() }
    }

    fn check(&self) -> Result<(), String> {
        self.momentum.check()
    }
}

/// A running sum of gradients in the place of the gradient:
///
/// `b ← factor·b + (1 - dampening)·g`, in the first step `b ← g`; gives `b`, or with Nesterov's `g + factor·b`.
///
/// Its state is `optim.momentum.NAME`. A factor of 0 does nothing.
///
/// Sources: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On the
/// importance of initialization and momentum in deep learning", ICML 2013, equations 1 to 4 (in PyTorch's form, which
/// keeps the rate out of the sum).
#[derive(Clone, Debug)]
pub struct Momentum {
    pub(crate) factor: f64,
    dampening: f64,
    nesterov: bool,
}

impl Momentum {
    /// Momentum with this factor.
    pub fn new(factor: f64) -> Momentum {
        Momentum { factor, dampening: 0.0, nesterov: false }
    }

    /// With Nesterov's look ahead.
    pub fn nesterov(self) -> Momentum {
        Momentum { nesterov: true, ..self }
    }

    /// With only `1 - dampening` of each gradient after the first.
    pub fn dampening(self, dampening: f64) -> Momentum {
        Momentum { dampening, ..self }
    }
}

impl Transform for Momentum {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        if self.factor == 0.0 {
            return g;
        }
        let mut term = g;
        if self.dampening != 0.0 {
            let later = 1.0 - self.dampening;
            term = g * p.per_step("momentum.share", move |now| if now.step == 1 { 1.0 } else { later });
        }
        let sum = p.keep("momentum", p.state("momentum") * self.factor + term);
        if self.nesterov { g + sum * self.factor } else { sum }
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("momentum", self.factor)?;
        if !self.dampening.is_finite() {
            return Err(format!("dampening is {}; it must be finite", self.dampening));
        }
        if self.nesterov && (self.factor == 0.0 || self.dampening != 0.0) {
            return Err(format!(
                "nesterov needs a momentum above 0 and no dampening; they are {} and {}",
                self.factor, self.dampening
            ));
        }
        Ok(())
    }
}
