//! Activation functions as values.

mod gated;
mod maxout;
mod prelu;
mod rbf;
mod table;

use crate::Layer;
use crate::label::note;
use chainrule_tape::Var;
use std::f64::consts::SQRT_2;
use std::fmt;
use std::str::FromStr;

pub use gated::GatedLinear;
pub use maxout::Maxout;
pub use prelu::PRelu;
pub use rbf::{RadialBasis, Rbf};
pub use table::Activation;

/// Activations with the parameters that PyTorch gives them if none are said (for squareplus, Keras).
impl Activation {
    /// A leaky rectifier with a slope of 0.01.
    pub const LEAKY_RELU: Activation = Activation::LeakyRelu(0.01);
    /// A rectifier with random slopes between 1/8 and 1/3.
    pub const RRELU: Activation = Activation::RRelu(1.0 / 8.0, 1.0 / 3.0);
    /// An exponential linear unit with α = 1.
    pub const ELU: Activation = Activation::Elu(1.0);
    /// A continuously differentiable exponential linear unit with α = 1.
    pub const CELU: Activation = Activation::Celu(1.0);
    /// A hard hyperbolic tangent between -1 and 1.
    pub const HARD_TANH: Activation = Activation::HardTanh(-1.0, 1.0);
    /// Hard shrinkage with λ = 0.5.
    pub const HARD_SHRINK: Activation = Activation::HardShrink(0.5);
    /// Soft shrinkage with λ = 0.5.
    pub const SOFT_SHRINK: Activation = Activation::SoftShrink(0.5);
    /// Squareplus with b = 4.
    pub const SQUAREPLUS: Activation = Activation::Squareplus(4.0);
    /// Snake with a = 1.
    pub const SNAKE: Activation = Activation::Snake(1.0);
}

impl Activation {
    /// The factor on the standard deviation of the weights before it that keeps a signal's size: √2 for a rectifier,
    /// `√(2 / (1 + slope²))` for a leaky one, 5/3 for tanh, 3/4 for selu, and 1 for the others, as PyTorch's `calculate_gain`
    /// has them (and for the layers themselves, linear or convolution).
    ///
    /// Source: He et al., "Delving deep into rectifiers", ICCV 2015, equation 15.
    ///
    /// ```
    /// use chainrule_nn::Activation;
    /// assert_eq!(Activation::Tanh.gain(), 5.0 / 3.0);
    /// ```
    pub fn gain(self) -> f64 {
        match self {
            Activation::Relu => SQRT_2,
            Activation::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Activation::Tanh => 5.0 / 3.0,
            Activation::Selu => 3.0 / 4.0,
            _ => 1.0,
        }
    }
}

/// The variant, with its parameters: `LeakyRelu(0.01)`. [`parse`](str::parse) reads it back.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self.parameters().join(", ") {
            list if list.is_empty() => Ok(()),
            list => write!(f, "({list})"),
        }
    }
}

/// Other names, as written without underscores, and what they stand for.
const ALIASES: &[(&str, Activation)] = &[
    ("linear", Activation::Identity),
    ("swish", Activation::Silu),
    ("hardsilu", Activation::HardSwish),
    ("exp", Activation::Exponential),
    ("sin", Activation::Sinusoid),
    ("softmax2d", Activation::SoftmaxAlong(-3)),
];

/// By the name that Keras or PyTorch has, in any case and with or without underscores: `relu`, `leaky_relu`, `LeakyReLU`,
/// `swish`; with the usual parameters, or others in parentheses: `leaky_relu(0.2)`.
///
/// ```
/// use chainrule_nn::Activation;
///
/// assert_eq!("hardtanh".parse(), Ok(Activation::HARD_TANH));
/// assert_eq!("elu(0.5)".parse(), Ok(Activation::Elu(0.5)));
/// assert_eq!(Activation::Elu(0.5).to_string().parse(), Ok(Activation::Elu(0.5)));
///
/// let error = "rely".parse::<Activation>().unwrap_err().to_string();
/// assert!(error.starts_with("`rely` is no activation: there are identity, binary_step, "));
/// ```
impl FromStr for Activation {
    type Err = UnknownActivation;

    fn from_str(text: &str) -> Result<Activation, UnknownActivation> {
        let (name, list) = match text.trim().strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, list)) => (name, Some(list)),
            None => (text, None),
        };
        let plain = |name: &str| name.trim().replace('_', "").to_ascii_lowercase();
        let find = |all: &[(&str, Activation)]| {
            all.iter().find(|(known, _)| plain(known) == plain(name)).map(|(_, activation)| *activation)
        };
        let (own, other) = (find(Activation::ALL), find(ALIASES));
        match list {
            None => other.or(own).ok_or_else(|| unknown(text)),
            Some(list) => {
                let activation = own.or(other).ok_or_else(|| unknown(text))?;
                let list: Vec<&str> =
                    list.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
                activation.with(&list).ok_or_else(|| {
                    UnknownActivation(format!(
                        "`{text}` has other parameters than, for example, {activation}"
                    ))
                })
            }
        }
    }
}

/// The same as [`parse`](str::parse).
impl TryFrom<&str> for Activation {
    type Error = UnknownActivation;

    fn try_from(text: &str) -> Result<Activation, UnknownActivation> {
        text.parse()
    }
}

/// A text that is no [`Activation`]. It says which there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownActivation(String);

fn unknown(text: &str) -> UnknownActivation {
    let names: Vec<&str> = Activation::ALL.iter().map(|(name, _)| *name).collect();
    let others: Vec<&str> =
        ALIASES.iter().map(|(name, _)| *name).filter(|name| !names.contains(name)).collect();
    UnknownActivation(format!(
        "`{text}` is no activation: there are {}, and also {}",
        names.join(", "),
        others.join(", ")
    ))
}

impl fmt::Display for UnknownActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownActivation {}

impl Layer for Activation {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        note(self.apply(x), Activation::kind(*self))
    }

    fn kind(&self) -> &'static str {
        Activation::kind(*self)
    }
}
