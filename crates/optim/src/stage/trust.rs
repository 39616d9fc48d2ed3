//! The trust ratio of LARS and LAMB.

use super::filter::Only;
use crate::{Target, Transform, limits};
use chainrule_tape::{Shape, Var};

/// Makes a step as long as the parameter that it changes, times a coefficient:
///
/// `u ← u · coefficient·‖p‖ / (‖u‖ + ε)`, for each parameter by itself; `u` as it is where `‖p‖` or `‖u‖` is 0.
///
/// The stage that [`lamb`](crate::lamb) and [`lars`](crate::lars) have in common. `ε = 0` unless set.
///
/// Source: You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017, equation 6 (with optax's
/// norm of the whole step, weight decay included).
#[derive(Clone, Debug)]
pub struct TrustRatio {
    coefficient: f64,
    eps: f64,
    only: Option<Only>,
}

impl TrustRatio {
    /// The ratio times this coefficient.
    pub fn new(coefficient: f64) -> TrustRatio {
        TrustRatio { coefficient, eps: 0.0, only: None }
    }

    /// With this number added to the step's norm.
    pub fn eps(self, eps: f64) -> TrustRatio {
        TrustRatio { eps, ..self }
    }

    /// For those parameters alone for which `only` holds.
    pub fn only(self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> TrustRatio {
        TrustRatio { only: Some(Only::new(only)), ..self }
    }

    pub(crate) fn set_coefficient(&mut self, coefficient: f64) {
        self.coefficient = coefficient;
    }
}

impl Transform for TrustRatio {
    fn update<'t>(&self, p: Target<'_, 't>, u: Var<'t>) -> Var<'t> {
        if self.only.as_ref().is_some_and(|only| !only.has(p)) {
            return u;
        }
        let (length, step) = (p.value().norm(..), u.norm(..));
        let ratio = length * self.coefficient / (step + self.eps);
        u * length.eq(0.0).or(step.eq(0.0)).select(1.0, ratio)
    }

    fn check(&self) -> Result<(), String> {
        limits::positive("trust_coefficient", self.coefficient)?;
        limits::not_negative("eps", self.eps)
    }
}
