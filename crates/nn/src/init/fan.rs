//! Rules that take the variance from the number of connections.

use super::{Distribution, Init};
use chainrule_tape::Shape;
use std::f64::consts::SQRT_2;

/// Which number of connections scales the variance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Fan {
    /// Of inputs: keeps the size of values on the way forward.
    In,
    /// Of outputs: keeps the size of gradients on the way back.
    Out,
    /// The mean of both.
    Average,
}

impl Fan {
    /// The fan of a parameter of this shape, at least 1 (of no elements, any will do).
    pub(super) fn of(self, shape: &Shape) -> f64 {
        let (inputs, outputs) = fans(shape);
        let fan = match self {
            Fan::In => inputs,
            Fan::Out => outputs,
            Fan::Average => (inputs + outputs) / 2.0,
        };
        fan.max(1.0)
    }
}

/// Fan in and fan out, by the table at [`Init`].
fn fans(shape: &Shape) -> (f64, f64) {
    let (inputs, outputs) = match *shape.dims() {
        [] => (1, 1),
        [n] => (n, n),
        [outputs, inputs, ref kernel @ ..] => {
            let kernel: usize = kernel.iter().product();
            (inputs * kernel, outputs * kernel)
        }
    };
    (inputs as f64, outputs as f64)
}

impl Init {
    /// `U(-1/√fan, 1/√fan)`, where the fan is the number of inputs that an output is computed from: how layers with weights
    /// begin unless told otherwise, weights and biases alike. It is PyTorch's rule for its layers. (There it is written as He's
    /// uniform rule with a slope of √5, which comes to the same.)
    ///
    /// ```
    /// use chainrule_nn::Init;
    /// assert_eq!(Init::usual(4), Init::uniform(-0.5, 0.5));
    /// ```
    pub fn usual(fan: usize) -> Init {
        // (A layer of no weights has its mistake noted.)
        let bound = 1.0 / (fan.max(1) as f64).sqrt();
        Init::uniform(-bound, bound)
    }

    /// Mean 0 and variance `scale / fan`. Keras's `VarianceScaling`, whose defaults are a scale of 1, [`Fan::In`] and
    /// [`Distribution::TruncatedNormal`]; all rules below are cases of it.
    ///
    /// ```
    /// use chainrule_nn::{Distribution, Fan, Init};
    /// assert_eq!(Init::variance_scaling(1.0, Fan::Average, Distribution::Uniform), Init::glorot_uniform());
    /// ```
    pub fn variance_scaling(scale: f64, fan: Fan, distribution: Distribution) -> Init {
        Init::Scaled { fan, gain: scale.sqrt(), distribution }
    }

    /// `U(-a, a)` with `a = √(6 / (in + out))`: variance `2 / (in + out)`, a compromise between values and gradients, for
    /// activations that are linear near 0, such as tanh.
    ///
    /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    /// 2010, equation 16.
    pub const fn xavier_uniform() -> Init {
        Init::Scaled { fan: Fan::Average, gain: 1.0, distribution: Distribution::Uniform }
    }

    /// `N(0, 2 / (in + out))`.
    ///
    /// Source: Glorot and Bengio 2010, equation 12.
    pub const fn xavier_normal() -> Init {
        Init::Scaled { fan: Fan::Average, gain: 1.0, distribution: Distribution::Normal }
    }

    /// Keras's name for [`xavier_uniform`](Init::xavier_uniform).
    pub const fn glorot_uniform() -> Init {
        Init::xavier_uniform()
    }

    /// Variance `2 / (in + out)`, as [`xavier_normal`](Init::xavier_normal), but
    /// [truncated](Distribution::TruncatedNormal), as Keras has it.
    pub const fn glorot_normal() -> Init {
        Init::Scaled { fan: Fan::Average, gain: 1.0, distribution: Distribution::TruncatedNormal }
    }

    /// `U(-a, a)` with `a = √(6 / in)`: variance `2 / in`. A rectifier drops half of the signal; the 2 makes up for it. For a
    /// leaky one, say [`before`](Init::before) it.
    ///
    /// Source: He et al., "Delving deep into rectifiers", ICCV 2015, equation 10.
    pub const fn kaiming_uniform() -> Init {
        Init::Scaled { fan: Fan::In, gain: SQRT_2, distribution: Distribution::Uniform }
    }

    /// `N(0, 2 / in)`.
    ///
    /// Source: He et al. 2015, equation 10.
    pub const fn kaiming_normal() -> Init {
        Init::Scaled { fan: Fan::In, gain: SQRT_2, distribution: Distribution::Normal }
    }

    /// Keras's name for [`kaiming_uniform`](Init::kaiming_uniform).
    pub const fn he_uniform() -> Init {
        Init::kaiming_uniform()
    }

    /// Variance `2 / in`, as [`kaiming_normal`](Init::kaiming_normal), but [truncated](Distribution::TruncatedNormal), as Keras
    /// has it.
    pub const fn he_normal() -> Init {
        Init::Scaled { fan: Fan::In, gain: SQRT_2, distribution: Distribution::TruncatedNormal }
    }

    /// `U(-a, a)` with `a = √(3 / in)`: variance `1 / in`. For [`selu`](chainrule_tape::Var::selu) and linear maps.
    ///
    /// Source: LeCun et al., "Efficient backprop", 1998, equation 16.
    pub const fn lecun_uniform() -> Init {
        Init::Scaled { fan: Fan::In, gain: 1.0, distribution: Distribution::Uniform }
    }

    /// Variance `1 / in`, [truncated](Distribution::TruncatedNormal), as Keras has it.
    ///
    /// Source: LeCun et al. 1998, equation 16.
    pub const fn lecun_normal() -> Init {
        Init::Scaled { fan: Fan::In, gain: 1.0, distribution: Distribution::TruncatedNormal }
    }

    /// The same, scaled by another fan: with [`Fan::Out`], He's rule keeps the size of gradients instead of values (He
    /// et al. 2015, equation 14). Distributions that no fan scales stay as they are.
    #[must_use]
    pub const fn fan(self, fan: Fan) -> Init {
        match self {
            Init::Scaled { gain, distribution, .. } => Init::Scaled { fan, gain, distribution },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fans_of_all_ranks() {
        let fans = |shape: &[usize]| fans(&Shape::from(shape));
        assert_eq!(fans(&[]), (1.0, 1.0));
        assert_eq!(fans(&[5]), (5.0, 5.0));
        assert_eq!(fans(&[10, 64]), (64.0, 10.0));
        assert_eq!(fans(&[16, 3, 5, 5]), (75.0, 400.0));
    }
}
