//! Sophia.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Sophia: an average of gradients divided by an estimate of the Hessian's diagonal, and clipped.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g
/// p ← p - lr·clip(m / max(γ·h, ε), -ρ, ρ)
/// ```
///
/// `h` is not made by the step: a [`Curvature`](crate::Curvature) estimates it from a loss of its own, every ten steps or so,
/// which makes this Sophia-G. As long as there is none, `h` is 0 and every element goes by the clipped step.
///
/// State: `m` and `h` (`optim.sophia.m.NAME`, `optim.sophia.h.NAME`); nine ops an element. [Weight
/// decay](Optimizer::weight_decay) is decoupled, and 0 unless set. Unless set, `β₁ = 0.965`, `γ = 0.05`, `ε = 10⁻¹²` and
/// `ρ = 1` (the paper's for Sophia-G; `m`'s bias is not corrected there, but is in optax).
///
/// Source: Liu et al., "Sophia: a scalable stochastic second-order optimizer for language model pre-training", ICLR 2024,
/// algorithm 3.
///
/// ```
/// use chainrule_optim::{Curvature, TrainStep, sophia};
/// use chainrule_tape::{Params, Tensor, Var};
/// let mut params = Params::seeded(1);
/// params.root().param("w", Tensor::from([[0.0, 0.0], [0.0, 0.0]]));
/// fn model(x: Var<'_>) -> Var<'_> {
///     x.matmul(x.tape().named_param("w"))
/// }
/// # fn cross_entropy<'t>(logits: Var<'t>, labels: Var<'t>) -> Var<'t> {
/// #     -logits.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).mean(..)
/// # }
/// let mut step = TrainStep::new(sophia(0.05), |[x, labels]| cross_entropy(model(x), labels));
/// // The same loss, with labels that the model itself draws.
/// let mut curvature = Curvature::new(|[x]| {
///     let logits = model(x);
///     cross_entropy(logits, logits.categorical())
/// });
/// let (x, labels) = (Tensor::from([[1.0, 0.0], [0.0, 1.0]]), Tensor::from([0i64, 1]));
/// for t in 0..20 {
///     if t % 10 == 0 {
///         curvature.run(&mut params, 2, [&x])?; // a mean over two samples
///     }
///     step.run(&mut params, [&x, &labels])?;
/// }
/// assert!(step.loss(&params, [&x, &labels])? < 0.2);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn sophia(lr: f64) -> Optimizer<Sophia> {
    Optimizer::new(lr, Sophia { beta1: 0.965, gamma: 0.05, eps: 1e-12, rho: 1.0 }).decoupled()
}

/// The rule of [`sophia`].
#[derive(Clone, Debug)]
pub struct Sophia {
    beta1: f64,
    gamma: f64,
    eps: f64,
    rho: f64,
}

/// Where the estimate of the Hessian's diagonal is.
pub(crate) const H: &str = "sophia.h";

impl Optimizer<Sophia> {
    /// The factor of the average of gradients. (The estimate's is set by [`Curvature::beta`](crate::Curvature::beta).)
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.rule.beta1 = beta1;
        self
    }

    /// The factor of the estimate: the larger, the fewer elements are clipped.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.rule.gamma = gamma;
        self
    }

    /// The least divisor.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// The largest step of an element, as a multiple of the rate.
    pub fn clip_threshold(mut self, rho: f64) -> Self {
        self.rule.rho = rho;
        self
    }
}

impl Transform for Sophia {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let m = p.keep("sophia.m", p.state("sophia.m") * self.beta1 + g * (1.0 - self.beta1));
        let curvature = (p.state(H) * self.gamma).maximum(self.eps);
        (m / curvature).clamp(-self.rho, self.rho) * p.lr()
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("beta1", self.beta1)?;
        limits::not_negative("gamma", self.gamma)?;
        limits::positive("eps", self.eps)?;
        limits::positive("clip_threshold", self.rho)
    }
}
