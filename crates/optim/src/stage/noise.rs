//! Noise in the gradients.

use crate::{Target, Transform, limits};
use chainrule_tape::Var;

/// Adds normally distributed noise to each element of the gradients, less with every step:
/// `g ← g + σ·n`, `σ² = eta/(1 + t)^gamma` in the step after `t` ones.
///
/// The numbers come from the params' seed and the number of the step: a resumed training has the same.
///
/// Source: Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015, equation 1 (eta of
/// 0.01, 0.3 or 1 there).
///
/// ```
/// # use chainrule_optim::{Noise, adam};
/// let optimizer = adam(1e-3).noise(0.01);
/// let optimizer = adam(1e-3).before(Noise::new(0.3).gamma(1.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    eta: f64,
    gamma: f64,
}

impl Noise {
    /// Noise of this variance in the first step.
    pub fn new(eta: f64) -> Noise {
        Noise { eta, gamma: 0.55 }
    }

    /// The power by which the variance falls. 0.55 unless set.
    pub fn gamma(self, gamma: f64) -> Noise {
        Noise { gamma, ..self }
    }
}

impl Transform for Noise {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        if self.eta == 0.0 {
            return g;
        }
        let Noise { eta, gamma } = *self;
        let deviation = p.per_step("deviation", move |now| (eta / (now.step as f64).powf(gamma)).sqrt());
        g + g.tape().normal(g.shape(), g.dtype()) * deviation
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("eta", self.eta)?;
        limits::not_negative("gamma", self.gamma)
    }
}
