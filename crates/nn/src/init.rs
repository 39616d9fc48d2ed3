//! How parameters begin.

use crate::Activation;
use chainrule_tape::{DType, ParamId, Scope, Shape, Tensor};
use rand::{Rng, RngExt};
use std::f64::consts::{SQRT_2, TAU};

/// The distribution of a parameter's first values.
///
/// A signal that passes many layers keeps its size only if each layer's weights have the right variance. The rules by
/// [`xavier`](Init::xavier_uniform), [`he`](Init::he_normal) and [`lecun`](Init::lecun_normal) take it from the numbers
/// of inputs and outputs that one element is connected to, its *fans*:
///
/// | shape                    | fan in             | fan out             |
/// |--------------------------|--------------------|---------------------|
/// | `[]`                     | 1                  | 1                   |
/// | `[n]`                    | `n`                | `n`                 |
/// | `[out, in]`, a linear map | `in`              | `out`               |
/// | `[out, in, …kernel]`, a convolution | `in·∏kernel` | `out·∏kernel`  |
///
/// ```
/// use chainrule_nn::Init;
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// let weight = Init::he_normal().param(&mut at, "weight", [64, 32]);
/// let bias = Init::zeros().param(&mut at, "bias", 32);
/// assert_eq!(params.tensor(bias).to_f64(), [0.0; 32]);
/// assert_eq!(params.name(weight), "weight");
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Init {
    /// The same value everywhere.
    Constant(f64),
    /// `U(low, high)`: evenly from `low` up to `high`.
    Uniform {
        /// The least value.
        low: f64,
        /// The end, not itself a value.
        high: f64,
    },
    /// `N(mean, std²)`.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// Mean 0 and variance `gain² / fan`, uniform or normal.
    Scaled {
        /// The fan that divides.
        fan: Fan,
        /// The factor on the standard deviation.
        gain: f64,
        /// Uniform in `±gain·√(3 / fan)`; else normal.
        uniform: bool,
    },
}

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

impl Init {
    /// 0 everywhere: for biases. Weights that begin equal stay equal, so not for weights.
    pub const fn zeros() -> Init {
        Init::Constant(0.0)
    }

    /// 1 everywhere: for the scales of normalizations.
    pub const fn ones() -> Init {
        Init::Constant(1.0)
    }

    /// The same value everywhere.
    pub const fn constant(value: f64) -> Init {
        Init::Constant(value)
    }

    /// `U(low, high)`: evenly from `low` up to `high`, which is not itself drawn (but may be reached by rounding to
    /// `f32`). Mean `(low + high) / 2`, variance `(high - low)² / 12`.
    pub const fn uniform(low: f64, high: f64) -> Init {
        Init::Uniform { low, high }
    }

    /// `U(-1/√fan, 1/√fan)`: how layers with weights begin unless told otherwise. (A layer without weights is refused anyway.)
    pub(crate) fn usual(fan: usize) -> Init {
        let bound = 1.0 / (fan.max(1) as f64).sqrt();
        Init::uniform(-bound, bound)
    }

    /// `N(mean, std²)`, by the transform of Box and Muller ("A note on the generation of random normal deviates", 1958).
    pub const fn normal(mean: f64, std: f64) -> Init {
        Init::Normal { mean, std }
    }

    /// `U(-a, a)` with `a = √(6 / (in + out))`: variance `2 / (in + out)`, a compromise between values and gradients, for
    /// activations that are linear near 0, such as tanh.
    ///
    /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    /// 2010, equation 16.
    pub const fn xavier_uniform() -> Init {
        Init::Scaled { fan: Fan::Average, gain: 1.0, uniform: true }
    }

    /// `N(0, 2 / (in + out))`.
    ///
    /// Source: Glorot and Bengio 2010, equation 12.
    pub const fn xavier_normal() -> Init {
        Init::Scaled { fan: Fan::Average, gain: 1.0, uniform: false }
    }

    /// `U(-a, a)` with `a = √(6 / in)`: variance `2 / in`. A rectifier drops half of the signal; the 2 makes up for it.
    ///
    /// Source: He et al., "Delving deep into rectifiers", ICCV 2015, equation 10.
    pub const fn he_uniform() -> Init {
        Init::Scaled { fan: Fan::In, gain: SQRT_2, uniform: true }
    }

    /// `N(0, 2 / in)`.
    ///
    /// Source: He et al. 2015, equation 10.
    pub const fn he_normal() -> Init {
        Init::Scaled { fan: Fan::In, gain: SQRT_2, uniform: false }
    }

    /// `U(-a, a)` with `a = √(3 / in)`: variance `1 / in`.
    ///
    /// Source: LeCun et al., "Efficient backprop", 1998, equation 16.
    pub const fn lecun_uniform() -> Init {
        Init::Scaled { fan: Fan::In, gain: 1.0, uniform: true }
    }

    /// `N(0, 1 / in)`.
    ///
    /// Source: LeCun et al. 1998, equation 16.
    pub const fn lecun_normal() -> Init {
        Init::Scaled { fan: Fan::In, gain: 1.0, uniform: false }
    }

    /// The same with this gain: the standard deviation is `gain / √fan`. Distributions that no fan scales stay as they
    /// are.
    #[must_use]
    pub const fn gain(self, gain: f64) -> Init {
        match self {
            Init::Scaled { fan, uniform, .. } => Init::Scaled { fan, gain, uniform },
            other => other,
        }
    }

    /// The same with the [gain](Activation::gain) that suits the activation that follows.
    ///
    /// ```
    /// use chainrule_nn::{Activation, Init};
    /// assert_eq!(Init::lecun_normal().before(Activation::Relu), Init::he_normal());
    /// ```
    #[must_use]
    pub fn before(self, activation: Activation) -> Init {
        self.gain(activation.gain())
    }

    /// The same, scaled by another fan: with [`Fan::Out`], He's rule keeps the size of gradients instead of values (He
    /// et al. 2015, equation 14).
    #[must_use]
    pub const fn fan(self, fan: Fan) -> Init {
        match self {
            Init::Scaled { gain, uniform, .. } => Init::Scaled { fan, gain, uniform },
            other => other,
        }
    }

    /// A tensor of first values. They are drawn in `f64` and rounded, so that a model of another dtype begins with the
    /// same values, up to rounding.
    ///
    /// ```
    /// use chainrule_nn::Init;
    /// use chainrule_tape::{DType, Params};
    ///
    /// let mut params = Params::seeded(7);
    /// let mut rng = params.root().rng("weight");
    /// let values = Init::uniform(-1.0, 1.0).sample([2, 3], DType::F32, &mut rng);
    /// assert!(values.to_f64().iter().all(|x| x.abs() <= 1.0));
    /// ```
    pub fn sample(&self, shape: impl Into<Shape>, dtype: DType, rng: &mut impl Rng) -> Tensor {
        let shape = shape.into();
        let mut tensor = Tensor::zeros(&shape, DType::F64);
        if let Ok(values) = tensor.as_mut_slice::<f64>() {
            self.fill(values, &shape, rng);
        }
        tensor.cast(dtype)
    }

    /// Adds a trainable tensor that begins so: how a layer makes its parameters. The generator is the one that the scope
    /// has for this name.
    pub fn param(&self, at: &mut Scope<'_>, name: &str, shape: impl Into<Shape>) -> ParamId {
        let tensor = self.sample(shape, at.dtype(), &mut at.rng(name));
        at.param(name, tensor)
    }

    fn fill(self, values: &mut [f64], shape: &Shape, rng: &mut impl Rng) {
        match self {
            Init::Constant(value) => values.fill(value),
            Init::Uniform { low, high } => fill_uniform(values, low, high, rng),
            Init::Normal { mean, std } => fill_normal(values, mean, std, rng),
            Init::Scaled { fan, gain, uniform } => {
                let (inputs, outputs) = fans(shape);
                let std = match fan {
                    Fan::In => gain / inputs.sqrt(),
                    Fan::Out => gain / outputs.sqrt(),
                    Fan::Average => gain / ((inputs + outputs) / 2.0).sqrt(),
                };
                if uniform {
                    // U(-a, a) has the variance a² / 3.
                    let bound = std * 3f64.sqrt();
                    fill_uniform(values, -bound, bound, rng);
                } else {
                    fill_normal(values, 0.0, std, rng);
                }
            }
        }
    }
}

fn fill_uniform(values: &mut [f64], low: f64, high: f64, rng: &mut impl Rng) {
    values.fill_with(|| low + (high - low) * rng.random::<f64>());
}

/// Box and Muller's transform: a pair of uniform numbers gives a pair of normal ones.
fn fill_normal(values: &mut [f64], mean: f64, std: f64, rng: &mut impl Rng) {
    for pair in values.chunks_mut(2) {
        // 1 - u is never 0, whose logarithm is infinite.
        let radius = std * (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
        for (value, side) in pair.iter_mut().zip([cos, sin]) {
            *value = mean + radius * side;
        }
    }
}

/// Fan in and fan out by the table above.
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
