//! Adam and AdamW.

use crate::{Now, Optimizer, Target, Transform, limits};
use chainrule_tape::Var;

/// Adam: gradient descent along an average of the gradients, scaled by the inverse of their root mean square.
///
/// ```text
/// m ← β₁·m + (1 - β₁)·g        m̂ = m / (1 - β₁ᵗ)
/// v ← β₂·v + (1 - β₂)·g²       v̂ = v / (1 - β₂ᵗ)
/// p ← p - lr·m̂ / (√v̂ + ε)
/// ```
///
/// It is computed with the running sums `M = m / (1 - β₁)` and `V = v / (1 - β₂)`, which are its state
/// (`optim.adam.m.NAME`, `optim.adam.v.NAME`), and with all constant factors gathered into two numbers a step: ten ops
/// an element instead of fourteen. [`weight_decay`](Optimizer::weight_decay) goes through the gradient; [`adamw`] has the
/// other kind, and so has this one when [`decoupled`](Optimizer::decoupled). Unless set, `β = (0.9, 0.999)` and `ε = 10⁻⁸`.
///
/// `ε` is that of the paper's algorithm 1, as in PyTorch: added to the root after the correction of its bias. (Keras adds its
/// `10⁻⁷` before, the `ε̂` of the paper's section 2.)
///
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
///
/// ```
/// # use chainrule_optim::{TrainStep, adam};
/// # use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([3.0, -1.0]));
/// let mut step = TrainStep::new(adam(0.5), |[x]| (x.tape().param(w) * x).sum(..));
/// step.run(&mut params, [&Tensor::from([10.0, -0.1])])?;
/// // The first step goes by the rate along each element, however large its gradient.
/// let moved = params.tensor(w).to_f64();
/// assert!((moved[0] - 2.5).abs() < 1e-6 && (moved[1] + 0.5).abs() < 1e-6);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub fn adam(lr: f64) -> Optimizer<Adam> {
    Optimizer::new(lr, Adam::new())
}

/// [`adam`] with decoupled weight decay, of 0.01 unless set: the step starts from `p·(1 - lr·weight_decay)`.
///
/// Eleven ops an element.
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
///
/// ```
/// # use chainrule_optim::adamw;
/// // No decay for biases and the scales of norms.
/// let optimizer = adamw(1e-3).weight_decay(0.1).decay_only(|_, shape| shape.rank() >= 2);
/// ```
pub fn adamw(lr: f64) -> Optimizer<Adam> {
    adam(lr).weight_decay(0.01).decoupled()
}

/// The rule of [`adam`] and [`adamw`].
#[derive(Clone, Debug)]
pub struct Adam {
    betas: (f64, f64),
    eps: f64,
    amsgrad: bool,
}

impl Adam {
    pub(crate) fn new() -> Adam {
        Adam { betas: (0.9, 0.999), eps: 1e-8, amsgrad: false }
    }

    pub(crate) fn with_betas(self, beta1: f64, beta2: f64) -> Adam {
        Adam { betas: (beta1, beta2), ..self }
    }
}

/// The settings `betas` and `eps`, of which several rules say the same.
macro_rules! betas_and_eps {
    ($Rule:ident) => {
        impl Optimizer<$Rule> {
            /// The factors of the averages of gradients and of their squares.
            pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
                self.rule.betas = (beta1, beta2);
                self
            }

            /// What is added to the divisor.
            pub fn eps(mut self, eps: f64) -> Self {
                self.rule.eps = eps;
                self
            }
        }
    };
}
pub(super) use betas_and_eps;

betas_and_eps!(Adam);

impl Optimizer<Adam> {
    /// Divides by the root of the largest `v` so far instead of the present one. One more op an element, and the state
    /// `optim.adam.max.NAME`.
    ///
    /// Source: Reddi, Kale and Kumar, "On the convergence of Adam and beyond", ICLR 2018, algorithm 2 (as in PyTorch,
    /// the largest is taken before the correction of the bias).
    pub fn amsgrad(mut self) -> Self {
        self.rule.amsgrad = true;
        self
    }
}

impl Transform for Adam {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (m, v) = moments(p, g, ["adam.m", "adam.v"], self.betas);
        let mut square = v;
        if self.amsgrad {
            square = p.keep("adam.max", p.state("adam.max").maximum(v));
        }
        let ((beta1, _), eps, root) = (self.betas, self.eps, root_scale(self.betas.1));
        let eps = p.per_step("eps", move |now| eps / root(now));
        let rate = p.per_step("rate", move |now| now.lr * (1.0 - beta1) / unbiased(beta1, now) / root(now));
        m / (p.root(square) + eps) * rate
    }

    fn check(&self) -> Result<(), String> {
        limits::betas(self.betas)?;
        limits::not_negative("eps", self.eps)
    }
}

/// The running sums `Σ β₁ᵏ·g` and `Σ β₂ᵏ·g²`, with this gradient in them. (The averages are these times `1 - β`.)
pub(crate) fn moments<'t>(
    p: Target<'_, 't>,
    g: Var<'t>,
    [m_key, v_key]: [&str; 2],
    (beta1, beta2): (f64, f64),
) -> (Var<'t>, Var<'t>) {
    let m = p.keep(m_key, p.state(m_key) * beta1 + g);
    let v = p.keep(v_key, p.state(v_key) * beta2 + g * g);
    (m, v)
}

/// `1 - βᵗ`.
pub(crate) fn unbiased(beta: f64, now: Now) -> f64 {
    1.0 - beta.powf(now.step as f64)
}

/// `√((1 - β₂) / (1 - β₂ᵗ))`, which makes `√v̂` of `√V`.
pub(crate) fn root_scale(beta2: f64) -> impl Fn(Now) -> f64 + Copy + Send + Sync + 'static {
    move |now| ((1.0 - beta2) / unbiased(beta2, now)).sqrt()
}
