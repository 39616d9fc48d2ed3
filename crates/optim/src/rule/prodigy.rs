//! Prodigy.

use super::adam::unbiased;
use crate::{Optimizer, Target, Transform, Update, limits};
use chainrule_tape::{DType, Var};

/// Adam that finds its rate: it estimates the distance `d` from the first parameters to a solution, and goes by it. The usual
/// rate is 1, with a schedule if any.
///
/// ```text
/// r ← β₃·r + d/d₀·d·lr·⟨g, p₀ - p⟩        over all parameters together
/// s ← β₃·s + d/d₀·d·lr·g
/// m ← β₁·m + (1 - β₁)·d·g
/// v ← β₂·v + (1 - β₂)·d²·g²
/// d₊ = max(d, coefficient·r / Σ|s|)       over all parameters together
/// p ← p - d·lr·(m / (√v + d₊·ε) + weight_decay·p)
/// d ← d₊
/// ```
///
/// [Weight decay](Optimizer::weight_decay) is part of the step, whether [`decoupled`](Optimizer::decoupled) or not.
/// State: `m`, `v`, `s` and the first value `p₀` of each parameter (`optim.prodigy.m.NAME`, `.v.`, `.s.`, `.p0.`), and the
/// numbers `d` and `r` of all together (`optim.prodigy.d`, `optim.prodigy.r`), in `f64`. Unless set, `β = (0.9, 0.999)`,
/// `β₃ = √β₂`, `ε = 10⁻⁸`, `d₀ = 10⁻⁶`, the coefficient is 1, and there is no correction of biases (the authors' code's; optax's
/// always has it).
///
/// Source: Mishchenko and Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", ICML 2024, algorithm 4,
/// as in the authors' code.
///
/// ```
/// # use chainrule_optim::{cosine, prodigy};
/// let optimizer = prodigy(1.0).schedule(cosine(10_000, 0.0)).weight_decay(0.01);
/// ```
pub fn prodigy(lr: f64) -> Optimizer<Prodigy> {
    let rule = Prodigy {
        betas: (0.9, 0.999),
        beta3: None,
        eps: 1e-8,
        d0: 1e-6,
        coefficient: 1.0,
        correction: false,
        safeguard: false,
    };
    let mut optimizer = Optimizer::new(lr, rule);
    optimizer.decay.inside = true;
    optimizer
}

/// The rule of [`prodigy`].
#[derive(Clone, Debug)]
pub struct Prodigy {
    betas: (f64, f64),
    beta3: Option<f64>,
    eps: f64,
    d0: f64,
    coefficient: f64,
    correction: bool,
    safeguard: bool,
}

impl Optimizer<Prodigy> {
    /// The factors of the averages of gradients and of their squares.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = (beta1, beta2);
        self
    }

    /// The factor of the sums from which the distance is estimated: `√β₂` unless set.
    pub fn beta3(mut self, beta3: f64) -> Self {
        self.rule.beta3 = Some(beta3);
        self
    }

    /// What is added to the divisor, as a multiple of `d`.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// The first estimate of the distance: too small rather than too large.
    pub fn d0(mut self, d0: f64) -> Self {
        self.rule.d0 = d0;
        self
    }

    /// The factor of the estimates: the way to make the rate larger or smaller.
    pub fn d_coef(mut self, coefficient: f64) -> Self {
        self.rule.coefficient = coefficient;
        self
    }

    /// Multiplies the rate by Adam's `√(1 - β₂ᵗ) / (1 - β₁ᵗ)`.
    pub fn bias_correction(mut self) -> Self {
        self.rule.correction = true;
        self
    }

    /// Leaves the rate out of `s`, so that a warmup does not make the estimate too large.
    pub fn safeguard_warmup(mut self) -> Self {
        self.rule.safeguard = true;
        self
    }
}

impl Transform for Prodigy {
    fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        let Prodigy { betas: (beta1, beta2), eps, d0, correction, .. } = *self;
        let beta3 = self.beta3.unwrap_or(beta2.sqrt());
        let zero = at.tape().full((), 0.0, DType::F64);
        let d = at.state("prodigy.d", d0);
        let rate = d * at.per_step("lr", move |now| {
            let correct = || unbiased(beta2, now).sqrt() / unbiased(beta1, now);
            if correction { now.lr * correct() } else { now.lr }
        });
        let weight = d / d0 * rate;
        let share = if self.safeguard { d / d0 * d } else { weight };
        let over = |p: Target<'_, 't>, x: Var<'t>| x.cast(p.value().dtype());

        let (mut product, mut size) = (zero, zero);
        let mut averages = Vec::with_capacity(grads.len());
        for (p, g) in at.targets().zip(grads) {
            let moved = p.keep("prodigy.p0", p.state_of_value("prodigy.p0")) - p.value();
            product = product + (g * moved).sum(..).cast(DType::F64);
            let s = p.keep("prodigy.s", p.state("prodigy.s") * beta3 + g * over(p, share));
            size = size + s.abs().sum(..).cast(DType::F64);
            let scaled = g * over(p, d);
            let m = p.keep("prodigy.m", p.state("prodigy.m") * beta1 + scaled * (1.0 - beta1));
            let v = p.keep("prodigy.v", p.state("prodigy.v") * beta2 + scaled * scaled * (1.0 - beta2));
            averages.push((m, v));
        }

        let r = at.state("prodigy.r", 0.0) * beta3 + weight * product;
        let found = size.gt(0.0).select(r * self.coefficient / size, zero);
        let farther = d.maximum(found);
        at.keep("prodigy.r", r);
        at.keep("prodigy.d", farther);
        let step = |(p, (m, v)): (Target<'_, 't>, (Var<'t>, Var<'t>))| {
            let step = m / (p.root(v) + over(p, farther * eps));
            p.decay().map_or(step, |decay| step + decay) * over(p, rate)
        };
        at.targets().zip(averages).map(step).collect()
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::below_one("beta3", self.beta3.unwrap_or(0.0))?;
        limits::not_negative("eps", self.eps)?;
        limits::positive("d0", self.d0)?;
        limits::positive("d_coef", self.coefficient)
    }
}
