//! How parameters begin.

mod distribution;
mod fan;
mod structure;

pub use fan::Fan;

use crate::Activation;
use chainrule_tape::{DType, ParamId, Scope, Shape, Tensor};
use rand::Rng;
use std::cmp::Ordering;

/// The distribution of a parameter's first values.
///
/// A signal that passes many layers keeps its size only if each layer's weights have the right variance. The rules by
/// [`xavier`](Init::xavier_uniform), [`kaiming`](Init::kaiming_normal) and [`lecun`](Init::lecun_normal) take it from the
/// numbers of inputs and outputs that one element is connected to, its *fans*:
///
/// | shape                    | fan in             | fan out             |
/// |--------------------------|--------------------|---------------------|
/// | `[]`                     | 1                  | 1                   |
/// | `[n]`                    | `n`                | `n`                 |
/// | `[out, in]`, a linear map | `in`              | `out`               |
/// | `[out, in, …kernel]`, a convolution | `in·∏kernel` | `out·∏kernel`  |
///
/// They go by two names. PyTorch's are `xavier` and `kaiming`, whose normal forms are normal distributions; Keras's are
/// `glorot`, `he` and `lecun`, whose normal forms are cut off at two standard deviations, with the same variance. Uniform
/// forms are the same by both names.
///
/// The layers of this crate begin as PyTorch's do: those with weights by [`usual`](Init::usual), normalizations with
/// [`ones`](Init::ones) and [`zeros`](Init::zeros); where one differs, it says so. Their `init` takes other rules.
///
/// A rule that can't make a tensor of some shape, such as the identity of a vector, is a mistake, noted with the params
/// that get it.
///
/// ```
/// use chainrule_nn::Init;
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// let weight = Init::kaiming_normal().param(&mut at, "weight", [64, 32]);
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
    /// `N(mean, std²)` on condition that it lies between two limits.
    TruncatedNormal {
        /// The mean, before it is cut.
        mean: f64,
        /// The standard deviation, before it is cut.
        std: f64,
        /// The least value.
        low: f64,
        /// The largest value.
        high: f64,
    },
    /// Mean 0 and variance `gain² / fan`.
    Scaled {
        /// The fan that divides.
        fan: Fan,
        /// The factor on the standard deviation.
        gain: f64,
        /// How the values are spread.
        distribution: Distribution,
    },
    /// `gain` where row and column have the same number, else 0.
    Identity {
        /// The value on the diagonal.
        gain: f64,
    },
    /// The kernel of a convolution that passes its input on.
    Dirac {
        /// The convolution's groups.
        groups: usize,
    },
    /// A random matrix with orthogonal rows or columns of length `gain`.
    Orthogonal {
        /// The length of rows or columns.
        gain: f64,
    },
    /// `N(0, std²)`, with so many zeros in each column.
    Sparse {
        /// The share of zeros.
        sparsity: f64,
        /// The standard deviation of the others.
        std: f64,
    },
}

/// How the values of a given variance are spread around 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Distribution {
    /// Evenly, between ±√3 standard deviations.
    Uniform,
    /// Normally. (Keras says `untruncated_normal`.)
    Normal,
    /// Normally, but not beyond two standard deviations of the normal distribution that is cut, which is made wider, so
    /// that the variance stays the same.
    TruncatedNormal,
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

    /// The same with this gain: rules by a fan have the standard deviation `gain / √fan`, an orthogonal matrix rows or
    /// columns of this length, an identity this diagonal. Others stay as they are.
    #[must_use]
    pub const fn gain(self, gain: f64) -> Init {
        match self {
            Init::Scaled { fan, distribution, .. } => Init::Scaled { fan, gain, distribution },
            Init::Orthogonal { .. } => Init::Orthogonal { gain },
            Init::Identity { .. } => Init::Identity { gain },
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

    /// A tensor of first values. They are drawn in `f64` and rounded, so that a model of another dtype begins with the
    /// same values, up to rounding. (All are NaN if the rule can't make a tensor of this shape.)
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
            match self.problem(&shape) {
                None => self.fill(values, &shape, rng),
                Some(_) => values.fill(f64::NAN),
            }
        }
        tensor.cast(dtype)
    }

    /// Adds a trainable tensor that begins so: how a layer makes its parameters. The generator is the one that the scope
    /// has for this name.
    pub fn param(&self, at: &mut Scope<'_>, name: &str, shape: impl Into<Shape>) -> ParamId {
        let shape = shape.into();
        if let Some(problem) = self.problem(&shape) {
            at.mistake(format!("`{name}` of shape {shape} can't begin so: {problem}"));
        }
        let tensor = self.sample(shape, at.dtype(), &mut at.rng(name));
        at.param(name, tensor)
    }

    fn fill(self, values: &mut [f64], shape: &Shape, rng: &mut impl Rng) {
        match self {
            Init::Constant(value) => values.fill(value),
            Init::Uniform { low, high } => distribution::uniform(values, low, high, rng),
            Init::Normal { mean, std } => distribution::normal(values, mean, std, rng),
            Init::TruncatedNormal { mean, std, low, high } => {
                distribution::truncated(values, mean, std, [low, high], rng);
            }
            Init::Scaled { fan, gain, distribution } => {
                distribution.fill(values, gain / fan.of(shape).sqrt(), rng)
            }
            Init::Identity { gain } => structure::identity(values, shape, gain),
            Init::Dirac { groups } => structure::dirac(values, shape, groups),
            Init::Orthogonal { gain } => structure::orthogonal(values, shape, gain, rng),
            Init::Sparse { sparsity, std } => structure::sparse(values, shape, sparsity, std, rng),
        }
    }

    /// Why there is no tensor of this shape that begins so.
    fn problem(&self, shape: &Shape) -> Option<String> {
        let rank = shape.rank();
        match *self {
            Init::Uniform { low, high } if low > high => Some(format!("there is nothing in {low}..{high}")),
            Init::Normal { std, .. } | Init::TruncatedNormal { std, .. } | Init::Sparse { std, .. }
                if std < 0.0 =>
            {
                Some(format!("{std} is no standard deviation"))
            }
            Init::TruncatedNormal { low, high, .. } if low.partial_cmp(&high) != Some(Ordering::Less) => {
                Some(format!("there is nothing between {low} and {high}"))
            }
            Init::Sparse { sparsity, .. } if !(0.0..=1.0).contains(&sparsity) => {
                Some(format!("{sparsity} is no share of zeros"))
            }
            Init::Identity { .. } | Init::Sparse { .. } if rank != 2 => {
                Some("this rule makes matrices".into())
            }
            Init::Orthogonal { .. } if rank < 2 => Some("an orthogonal matrix has two axes or more".into()),
            Init::Dirac { .. } if !(3..=5).contains(&rank) => {
                Some("this rule makes kernels [out, in, …] of one to three axes".into())
            }
            Init::Dirac { groups } if groups == 0 || !shape[0].is_multiple_of(groups) => {
                Some(format!("{} outputs can't have {groups} groups", shape[0]))
            }
            _ => None,
        }
    }
}
