//! Schedule-free training.

use super::adam::root_scale;
use crate::{Optimizer, Sgd, Target, Transform, Update, limits};
use chainrule_tape::{DType, Var};

/// Schedule-free training by any rule: gradients are taken at `y`, the rule steps from `z`, and the average `x` of the
/// `z` is what is found, without a rate that must fall by a schedule.
///
/// ```text
/// z ← z - u                        the rule's step u, from the gradient at y, with weight_decay·y
/// x ← (1 - c)·x + c·z              c = w / Σw,  w = (largest lr so far)^power
/// y ← β·x + (1 - β)·z
/// ```
///
/// The parameters are the `y`, at which the training step has its gradients; [`evaluation`](Optimizer::evaluation)
/// gives params with the `x`, which are what to validate, save for use and ship. (Running statistics of norms are those of the
/// `y`: run some batches in training mode with the `x` before.) A warmup is the only schedule that it needs.
///
/// State: `z` (`optim.schedule_free.z.NAME`; `x` is computed from `y` and `z`), the numbers `Σw` and the largest rate
/// (`optim.schedule_free.weight`, `optim.schedule_free.lr`), in `f64`, and the rule's. The rule should have no momentum: `β`
/// takes its place. [Weight decay](Optimizer::weight_decay) is at `y`, through the step, whether
/// [`decoupled`](Optimizer::decoupled) or not. `β = 0.9` and `power = 2` unless set.
///
/// Source: Defazio et al., "The road less scheduled", NeurIPS 2024, equations 3 to 5, as in the authors' code.
///
/// ```
/// # use chainrule_optim::{constant, schedule_free_adamw};
/// # use chainrule_tape::Params;
/// # fn main() -> chainrule_tape::Result<()> {
/// # let params = Params::seeded(1);
/// let optimizer = schedule_free_adamw(2.5e-3).schedule(constant().warmup(500));
/// // … training …
/// let found = optimizer.evaluation(&params)?;
/// # Ok(()) }
/// ```
pub fn schedule_free<R: Transform>(lr: f64, rule: R) -> Optimizer<ScheduleFree<R>> {
    let mut optimizer = Optimizer::new(lr, ScheduleFree { beta: 0.9, power: 2.0, rule });
    optimizer.decay.inside = true;
    optimizer
}

/// [`schedule_free`] gradient descent: `u = lr·(g + weight_decay·y)`.
pub fn schedule_free_sgd(lr: f64) -> Optimizer<ScheduleFree<Sgd>> {
    schedule_free(lr, Sgd::new())
}

/// [`schedule_free`] training by AdamW without its momentum:
///
/// ```text
/// v ← β₂·v + (1 - β₂)·g²        v̂ = v / (1 - β₂ᵗ)
/// u = lr·(g / (√v̂ + ε) + weight_decay·y)
/// ```
///
/// Its state is `v / (1 - β₂)` (`optim.schedule_free.v.NAME`), and [`schedule_free`]'s. Unless set, `β = (0.9, 0.999)`,
/// `ε = 10⁻⁸` and no decay (the authors' code's).
pub fn schedule_free_adamw(lr: f64) -> Optimizer<ScheduleFree<RootMeanSquare>> {
    schedule_free(lr, RootMeanSquare { beta2: 0.999, eps: 1e-8 })
}

/// The rule of [`schedule_free`], around another.
#[derive(Clone, Debug)]
pub struct ScheduleFree<R> {
    beta: f64,
    power: f64,
    rule: R,
}

impl<R: Transform> Optimizer<ScheduleFree<R>> {
    /// How near to the average gradients are taken: above 0 and below 1. More is steadier.
    pub fn beta(mut self, beta: f64) -> Self {
        self.rule.beta = beta;
        self
    }

    /// The power of the rate with which a step counts in the average.
    pub fn weight_lr_power(mut self, power: f64) -> Self {
        self.rule.power = power;
        self
    }
}

impl Optimizer<ScheduleFree<RootMeanSquare>> {
    /// [`beta`](Optimizer::beta), and the factor of the average of squares.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.rule.beta2 = beta2;
        self.beta(beta1)
    }

    /// What is added to the divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.rule.eps = eps;
        self
    }
}

impl<R: Transform> Transform for ScheduleFree<R> {
    fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        let largest = at.state("schedule_free.lr", 0.0).maximum(at.per_step("lr", |now| now.lr));
        let weight = largest.pow(self.power);
        let sum = at.state("schedule_free.weight", 0.0) + weight;
        at.keep("schedule_free.lr", largest);
        at.keep("schedule_free.weight", sum);
        let zero = at.tape().full((), 0.0, DType::F64);
        let c = sum.gt(0.0).select(weight / sum, zero);
        // y changes by c·(z - y) - (1 - β·(1 - c))·u: that is the above without x.
        let share = (c - 1.0) * self.beta + 1.0;
        let steps = self.rule.update_all(at, grads);
        let step = |(p, u): (Target<'_, 't>, Var<'t>)| {
            let (y, z) = (p.value(), p.state_of_value("schedule_free.z"));
            let u = p.decay().map_or(u, |decay| u + decay * p.lr());
            p.keep("schedule_free.z", z - u);
            (y - z) * c.cast(y.dtype()) + u * share.cast(y.dtype())
        };
        at.targets().zip(steps).map(step).collect()
    }

    fn evaluation<'t>(&self, p: Target<'_, 't>) -> Var<'t> {
        let (y, z) = (p.value(), p.state_of_value("schedule_free.z"));
        y + (y - z) * ((1.0 - self.beta) / self.beta)
    }

    fn check(&self) -> Result<(), String> {
        if !(self.beta > 0.0 && self.beta < 1.0) {
            return Err(format!("beta is {}; it must be above 0 and below 1", self.beta));
        }
        limits::not_negative("weight_lr_power", self.power)?;
        self.rule.check()
    }
}

/// The gradient divided by its root mean square: the rule in [`schedule_free_adamw`].
#[derive(Clone, Debug)]
pub struct RootMeanSquare {
    beta2: f64,
    eps: f64,
}

impl Transform for RootMeanSquare {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (beta2, eps) = (self.beta2, self.eps);
        let v = p.keep("schedule_free.v", p.state("schedule_free.v") * beta2 + g * g);
        let root = root_scale(beta2);
        let eps = p.per_step("eps", move |now| eps / root(now));
        g / (p.root(v) + eps) * p.per_step("rate", move |now| now.lr / root(now))
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("beta2", self.beta2)?;
        limits::not_negative("eps", self.eps)
    }
}
