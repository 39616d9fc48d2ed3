//! Weight decay.

use super::filter::Only;
use crate::{Target, Transform, limits};
use chainrule_tape::{Shape, Var};

/// Draws parameters towards 0, in one of two ways:
///
/// - through the gradient, as the derivative of the penalty `rate/2·‖p‖²`: `g ← g + rate·p`;
/// - [decoupled](WeightDecay::decoupled) from it: the step starts from `p·(1 - lr·rate)`. For plain gradient descent
///   that is the same; a rule with an adaptive scale then leaves the decay alone.
///
/// Every [`Optimizer`](crate::Optimizer) has one: see [`weight_decay`](crate::Optimizer::weight_decay).
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithms 1 and 2.
#[derive(Clone, Debug)]
pub struct WeightDecay {
    pub(crate) rate: f64,
    pub(crate) decoupled: bool,
    /// Whether the rule has its own place for `rate·p`.
    pub(crate) inside: bool,
    pub(crate) only: Option<Only>,
}

impl WeightDecay {
    /// Decay through the gradient.
    pub fn new(rate: f64) -> WeightDecay {
        WeightDecay { rate, decoupled: false, inside: false, only: None }
    }

    /// Decay of the parameters themselves.
    pub fn decoupled(self) -> WeightDecay {
        WeightDecay { decoupled: true, ..self }
    }

    /// Decay of those parameters alone for which `only` holds.
    pub fn only(self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> WeightDecay {
        WeightDecay { only: Some(Only::new(only)), ..self }
    }
}

impl Transform for WeightDecay {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let value = p.value();
        if self.rate == 0.0 || self.only.as_ref().is_some_and(|only| !only.has(p)) {
            return g;
        }
        if self.inside {
            p.set_decay(value * self.rate);
            return g;
        }
        if !self.decoupled {
            return g + value * self.rate;
        }
        let rate = self.rate;
        p.start_from(p.start() * p.per_step("keep", move |now| 1.0 - now.lr * rate));
        g
    }

    fn check(&self) -> Result<(), String> {
        limits::not_negative("weight_decay", self.rate)
    }
}
