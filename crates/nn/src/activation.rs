//! Activation functions as values.

use crate::Layer;
use chainrule_tape::Var;
use std::f64::consts::SQRT_2;
use std::fmt;
use std::sync::Arc;

/// A function between two layers: without one, any number of linear layers would be a single linear map.
///
/// Where the function is known, write it as a method: `layer.forward(x).relu()`. This type is for choosing it at run
/// time, and for [`Sequential`](crate::Sequential). All act element by element and keep the shape, but
/// [`Softmax`](Activation::Softmax) and [`LogSoftmax`](Activation::LogSoftmax) act on rows of the last axis.
///
/// ```
/// use chainrule_nn::{Activation, Layer};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var([-2.0, 3.0]);
/// for (activation, expected) in [(Activation::Relu, [0.0, 3.0]), (Activation::LeakyRelu(0.1), [-0.2, 3.0])] {
///     assert_eq!(activation.forward(x).value()?.to_f64(), expected);
/// }
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[non_exhaustive]
pub enum Activation {
    /// `y = x`. Derivative: 1. For a last layer that predicts any number, or whose loss takes logits.
    #[default]
    Identity,

    /// `y = max(x, 0)`. Derivative: 1 above 0, else 0, also at 0.
    ///
    /// Cheap, and its derivative does not shrink in deep networks; but a unit whose input is never positive gets no
    /// gradient any more. Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML
    /// 2010.
    Relu,

    /// `y = x` above 0, else `slope·x`. Derivative: 1 above 0, else the slope, also at 0.
    ///
    /// A rectifier without dead units; a slope of 0.01 is usual. Source: Maas, Hannun and Ng, "Rectifier nonlinearities
    /// improve neural network acoustic models", 2013, equation 2.
    LeakyRelu(f64),

    /// `y = x` above 0, else `α·(eˣ - 1)`. Derivative: 1 above 0, else `α·eˣ` (so α at 0).
    ///
    /// Smooth for α = 1, and its mean output is nearer 0 than a rectifier's. Source: Clevert, Unterthiner and Hochreiter,
    /// "Fast and accurate deep network learning by exponential linear units", ICLR 2016, equation 15.
    Elu(f64),

    /// `y = 1 / (1 + e⁻ˣ)`, between 0 and 1. Derivative: `y·(1 - y)`, 1/4 at most.
    ///
    /// For probabilities and gates; for a loss of probabilities prefer logits
    /// ([`bce_with_logits`](crate::Losses::bce_with_logits)), which keep their gradient where the sigmoid is flat.
    Sigmoid,

    /// `y = tanh x`, between -1 and 1. Derivative: `1 - y²`.
    ///
    /// A sigmoid around 0, which makes layers easier to train. Source: LeCun et al., "Efficient backprop", 1998, section
    /// 4.4.
    Tanh,

    /// `yᵢ = e^xᵢ / Σⱼ e^xⱼ` along the last axis: positive, with the sum 1. Derivative: `∂yᵢ/∂xⱼ = yᵢ·(δᵢⱼ - yⱼ)`.
    ///
    /// For probabilities of classes; not before [`cross_entropy`](crate::Losses::cross_entropy), which takes logits.
    /// Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    Softmax,

    /// `yᵢ = xᵢ - ln Σⱼ e^xⱼ` along the last axis, the logarithm of softmax. Derivative: `∂yᵢ/∂xⱼ = δᵢⱼ - e^yⱼ`.
    ///
    /// Accurate where softmax underflows to 0.
    LogSoftmax,

    /// `y = x·Φ(x)` with the normal distribution function `Φ(x) = (1 + erf(x/√2)) / 2`. Derivative: `Φ(x) + x·φ(x)`, with
    /// the density `φ(x) = exp(-x²/2) / √(2π)`.
    ///
    /// A smooth rectifier, usual in transformers. Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016,
    /// section 2.
    Gelu,

    /// `y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`, which differs from [`Gelu`](Activation::Gelu) by less than 0.0005.
    ///
    /// What models trained with that approximation need. Source: Hendrycks and Gimpel 2016, section 2.
    GeluTanh,

    /// `y = x·σ(x)` with the sigmoid `σ`, also called swish. Derivative: `σ(x)·(1 + x·(1 - σ(x)))`.
    ///
    /// A smooth rectifier, cheaper than gelu. Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural
    /// network function approximation in reinforcement learning", 2017.
    Silu,

    /// `y = ln(1 + eˣ)`, without overflow. Derivative: the sigmoid.
    ///
    /// Always positive: for variances and rates. Source: Dugas et al., "Incorporating second-order functional knowledge
    /// for better option pricing", NIPS 2000.
    Softplus,
}

impl Activation {
    /// The function of `x`.
    #[track_caller]
    pub fn apply<'t>(self, x: Var<'t>) -> Var<'t> {
        match self {
            Activation::Identity => x,
            Activation::Relu => x.relu(),
            Activation::LeakyRelu(slope) => x.leaky_relu(slope),
            Activation::Elu(alpha) => x.elu(alpha),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
            Activation::Softmax => x.softmax(-1),
            Activation::LogSoftmax => x.log_softmax(-1),
            Activation::Gelu => x.gelu(),
            Activation::GeluTanh => x.gelu_tanh(),
            Activation::Silu => x.silu(),
            Activation::Softplus => x.softplus(),
        }
    }

    /// The factor on the standard deviation of the weights before it that keeps a signal's size: √2 for a rectifier,
    /// `√(2 / (1 + slope²))` for a leaky one, 5/3 for tanh, and 1 for the others, as PyTorch has them.
    ///
    /// Source: He et al., "Delving deep into rectifiers", ICCV 2015, equation 15.
    pub fn gain(self) -> f64 {
        match self {
            Activation::Relu => SQRT_2,
            Activation::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Activation::Tanh => 5.0 / 3.0,
            _ => 1.0,
        }
    }

    /// The name of the variant.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Activation::Identity => "Identity",
            Activation::Relu => "Relu",
            Activation::LeakyRelu(_) => "LeakyRelu",
            Activation::Elu(_) => "Elu",
            Activation::Sigmoid => "Sigmoid",
            Activation::Tanh => "Tanh",
            Activation::Softmax => "Softmax",
            Activation::LogSoftmax => "LogSoftmax",
            Activation::Gelu => "Gelu",
            Activation::GeluTanh => "GeluTanh",
            Activation::Silu => "Silu",
            Activation::Softplus => "Softplus",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Activation::LeakyRelu(x) | Activation::Elu(x) => write!(f, "{}({x})", self.kind()),
            _ => f.write_str(self.kind()),
        }
    }
}

impl Layer for Activation {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.apply(x);
        y.tape().note_layer(y, &Arc::from(self.kind().to_ascii_lowercase()), self.kind());
        y
    }
}
