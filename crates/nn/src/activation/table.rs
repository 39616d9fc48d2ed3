//! The table of activations: each with its doc, its name as text, its parameters with the usual values, and its function.

use chainrule_tape::Var;

/// A row: doc; `Variant(parameter: type = usual value, …) = "name", |x| function`.
macro_rules! activations {
    ($($(#[$meta:meta])* $Variant:ident $(($($arg:ident: $T:ty = $usual:expr),+))? = $name:literal, |$x:ident| $y:expr;)*) => {
        /// A function between two layers: without one, any number of linear layers would be a single linear map.
        ///
        /// Where the function is known, write it as a method: `layer.forward(x).relu()`. This type is for choosing it at run
        /// time, and for [`Sequential`](crate::Sequential). Nearly all act element by element and keep the shape; softmax and
        /// its kin act along an axis, and the gated units ([`Glu`](Activation::Glu) and its kin) make an axis half as long. What
        /// has parameters is a layer of its own: [`PRelu`](crate::PRelu), [`Maxout`](crate::Maxout), [`Rbf`](crate::Rbf),
        /// [`GatedLinear`](crate::GatedLinear).
        ///
        /// Each links the method with the same function, whose doc has the derivative's details and the source.
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
        ///
        /// // By the names that Keras and PyTorch have.
        /// let activation: Activation = "leaky_relu".parse()?;
        /// assert_eq!(activation, Activation::LEAKY_RELU);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Clone, Copy, PartialEq, Debug, Default)]
        #[non_exhaustive]
        pub enum Activation {
            $($(#[$meta])* $Variant $(($($T),+))?,)*
        }

        impl Activation {
            /// All of them by name, with the usual parameters.
            pub const ALL: &[(&str, Activation)] = &[$(($name, Activation::$Variant $(($($usual),+))?)),*];

            /// The function of `x`.
            #[track_caller]
            pub fn apply<'t>(self, x: Var<'t>) -> Var<'t> {
                match self {
                    $(Activation::$Variant $(($($arg),+))? => {
                        let $x = x;
                        $y
                    })*
                }
            }

            /// The name of the variant.
            pub(crate) fn kind(self) -> &'static str {
                match self {
                    $(Activation::$Variant { .. } => stringify!($Variant),)*
                }
            }

            /// The parameters as text.
            pub(super) fn parameters(self) -> Vec<String> {
                match self {
                    $(Activation::$Variant $(($($arg),+))? => vec![$($($arg.to_string()),+)?],)*
                }
            }

            /// The same with these parameters, if they are as many, and numbers of the right kind.
            pub(super) fn with(self, texts: &[&str]) -> Option<Activation> {
                let mut texts = texts.iter();
                let made = match self {
                    $(Activation::$Variant { .. } => {
                        Activation::$Variant $(($({
                            let $arg: $T = texts.next()?.parse().ok()?;
                            $arg
                        }),+))?
                    })*
                };
                texts.next().is_none().then_some(made)
            }
        }
    };
}

activations! {
    /// `y = x`. Derivative: 1. For a last layer that predicts any number, or whose loss takes logits.
    #[default]
    Identity = "identity", |x| x;

    /// `y = 0` below 0, else 1. Derivative: 0, so that nothing before it is learned. [`binary_step`](Var::binary_step).
    BinaryStep = "binary_step", |x| x.binary_step();

    /// The same, with the derivative 1 where `|x|` is below the limit (1 is usual; `f64::INFINITY` is everywhere), else 0.
    /// [`binary_step_straight`](Var::binary_step_straight).
    BinaryStepStraight(limit: f64 = 1.0) = "binary_step_straight", |x| x.binary_step_straight(limit);

    /// `y = max(x, 0)`. Derivative: 1 above 0, else 0, also at 0. [`relu`](Var::relu).
    ///
    /// Cheap, and its derivative does not shrink in deep networks; but a unit whose input is never positive gets no
    /// gradient any more. Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML
    /// 2010.
    Relu = "relu", |x| x.relu();

    /// `y = min(max(x, 0), 6)`. Derivative: 1 inside, else 0. For arithmetic of few bits. [`relu6`](Var::relu6).
    Relu6 = "relu6", |x| x.relu6();

    /// Keras's rectifier with a slope up to a threshold, a largest value and that threshold. [`relu_with`](Var::relu_with).
    ReluWith(slope: f64 = 0.0, max: f64 = f64::INFINITY, threshold: f64 = 0.0) = "relu_with", |x| x.relu_with(slope, max, threshold);

    /// `y = x` above 0, else `slope·x`. Derivative: 1 above 0, else the slope, also at 0. [`leaky_relu`](Var::leaky_relu).
    ///
    /// A rectifier without dead units; a slope of 0.01 is usual ([`Activation::LEAKY_RELU`]). Source: Maas, Hannun and Ng,
    /// "Rectifier nonlinearities improve neural network acoustic models", 2013, equation 2.
    LeakyRelu(slope: f64 = 0.01) = "leaky_relu", |x| x.leaky_relu(slope);

    /// A leaky rectifier whose slope is random between two limits in training, and their mean in use; 1/8 and 1/3 are usual
    /// ([`Activation::RRELU`]). [`rrelu`](Var::rrelu).
    RRelu(lower: f64 = 1.0 / 8.0, upper: f64 = 1.0 / 3.0) = "rrelu", |x| x.rrelu(lower, upper);

    /// `y = x` above the threshold, else the value. Derivative: 1 above the threshold, else 0. [`threshold`](Var::threshold).
    Threshold(threshold: f64 = 0.0, value: f64 = 0.0) = "threshold", |x| x.threshold(threshold, value);

    /// `y = x` above 0, else `α·(eˣ - 1)`. Derivative: 1 above 0, else `α·eˣ` (so α at 0). [`elu`](Var::elu).
    ///
    /// Smooth for α = 1, which is usual ([`Activation::ELU`]), and its mean output is nearer 0 than a rectifier's. Source:
    /// Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units", ICLR
    /// 2016, equation 15.
    Elu(alpha: f64 = 1.0) = "elu", |x| x.elu(alpha);

    /// `y = x` above 0, else `α·(e^(x/α) - 1)`. Derivative: 1 above 0, else `e^(x/α)`: smooth for any α, of which 1 is usual
    /// ([`Activation::CELU`]). [`celu`](Var::celu).
    Celu(alpha: f64 = 1.0) = "celu", |x| x.celu(alpha);

    /// `y = λ·x` above 0, else `λ·α·(eˣ - 1)`, with λ ≈ 1.0507 and α ≈ 1.6733. Derivative: λ above 0, else `λ·α·eˣ`. In deep
    /// networks with [LeCun's first values](crate::Init::lecun_normal), signals keep mean and variance. [`selu`](Var::selu).
    Selu = "selu", |x| x.selu();

    /// `y = 1 / (1 + e⁻ˣ)`, between 0 and 1. Derivative: `y·(1 - y)`, 1/4 at most. [`sigmoid`](Var::sigmoid).
    ///
    /// For probabilities and gates; for a loss of probabilities prefer logits
    /// ([`bce_with_logits`](crate::Losses::bce_with_logits)), which keep their gradient where the sigmoid is flat.
    Sigmoid = "sigmoid", |x| x.sigmoid();

    /// `y = (x + 3) / 6`, limited to `[0, 1]`. Derivative: 1/6 inside, else 0. [`hardsigmoid`](Var::hardsigmoid).
    HardSigmoid = "hard_sigmoid", |x| x.hardsigmoid();

    /// `y = (x + 1) / 2`, limited to `[0, 1]`. Derivative: 1/2 inside, else 0. [`sparse_sigmoid`](Var::sparse_sigmoid).
    SparseSigmoid = "sparse_sigmoid", |x| x.sparse_sigmoid();

    /// `y = -ln(1 + e⁻ˣ)`, below 0. Derivative: `1 - sigmoid(x)`. [`log_sigmoid`](Var::log_sigmoid).
    LogSigmoid = "log_sigmoid", |x| x.log_sigmoid();

    /// `y = tanh x`, between -1 and 1. Derivative: `1 - y²`. [`tanh`](Var::tanh).
    ///
    /// A sigmoid around 0, which makes layers easier to train. Source: LeCun et al., "Efficient backprop", 1998, section
    /// 4.4.
    Tanh = "tanh", |x| x.tanh();

    /// `y = x`, limited to two values; -1 and 1 are usual ([`Activation::HARD_TANH`]). Derivative: 1 inside, else 0.
    /// [`hardtanh`](Var::hardtanh).
    HardTanh(low: f64 = -1.0, high: f64 = 1.0) = "hard_tanh", |x| x.hardtanh(low, high);

    /// `y = x - tanh x`. Derivative: `tanh² x`. [`tanhshrink`](Var::tanhshrink).
    TanhShrink = "tanh_shrink", |x| x.tanhshrink();

    /// `y = x` where `|x|` is above λ (0.5 is usual, [`Activation::HARD_SHRINK`]), else 0. Derivative: 1 there, else 0.
    /// [`hardshrink`](Var::hardshrink).
    HardShrink(lambda: f64 = 0.5) = "hard_shrink", |x| x.hardshrink(lambda);

    /// `y = sign(x)·max(|x| - λ, 0)`; λ = 0.5 is usual ([`Activation::SOFT_SHRINK`]). Derivative: 1 where `|x|` is above λ, else
    /// 0. [`softshrink`](Var::softshrink).
    SoftShrink(lambda: f64 = 0.5) = "soft_shrink", |x| x.softshrink(lambda);

    /// `y = x / (1 + |x|)`, between -1 and 1. Derivative: `1 / (1 + |x|)²`. [`softsign`](Var::softsign).
    Softsign = "softsign", |x| x.softsign();

    /// `y = x·Φ(x)` with the normal distribution function `Φ(x) = (1 + erf(x/√2)) / 2`. Derivative: `Φ(x) + x·φ(x)`, with
    /// the density `φ(x) = exp(-x²/2) / √(2π)`. [`gelu`](Var::gelu).
    ///
    /// A smooth rectifier, usual in transformers. Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016,
    /// section 2.
    Gelu = "gelu", |x| x.gelu();

    /// `y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`, which differs from [`Gelu`](Activation::Gelu) by less than 0.0005.
    /// [`gelu_tanh`](Var::gelu_tanh).
    ///
    /// What models trained with that approximation need. Source: Hendrycks and Gimpel 2016, section 2.
    GeluTanh = "gelu_tanh", |x| x.gelu_tanh();

    /// `y = x·σ(x)` with the sigmoid `σ`, also called swish. Derivative: `σ(x)·(1 + x·(1 - σ(x)))`. [`silu`](Var::silu).
    ///
    /// A smooth rectifier, cheaper than gelu. Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural
    /// network function approximation in reinforcement learning", 2017.
    Silu = "silu", |x| x.silu();

    /// `y = x·σ(β·x)`. Derivative: `s + β·x·s·(1 - s)` with `s = σ(β·x)`. [`swish`](Var::swish), which takes a β that is learned
    /// too. The name "swish" alone is [`Silu`](Activation::Silu), as in Keras.
    Swish(beta: f64 = 1.0) = "swish", |x| x.swish(beta);

    /// `y = x·hardsigmoid(x)`, silu of parabolas and lines. Derivative: `x/3 + 1/2` between -3 and 3. [`hardswish`](Var::hardswish).
    HardSwish = "hard_swish", |x| x.hardswish();

    /// `y = x·tanh(ln(1 + eˣ))`, a smooth rectifier. [`mish`](Var::mish).
    Mish = "mish", |x| x.mish();

    /// `y = ln(1 + eˣ)`, without overflow. Derivative: the sigmoid. [`softplus`](Var::softplus).
    ///
    /// Always positive: for variances and rates. Source: Dugas et al., "Incorporating second-order functional knowledge
    /// for better option pricing", NIPS 2000.
    Softplus = "softplus", |x| x.softplus();

    /// `y = ln(1 + e^(β·x)) / β`, and `x` where `β·x` is above the threshold. [`softplus_with`](Var::softplus_with).
    SoftplusWith(beta: f64 = 1.0, threshold: f64 = 20.0) = "softplus_with", |x| x.softplus_with(beta, threshold);

    /// `y = (x + √(x² + b)) / 2`, above 0; b = 4 is usual ([`Activation::SQUAREPLUS`]). Derivative: `(1 + x/√(x² + b)) / 2`.
    /// [`squareplus`](Var::squareplus).
    Squareplus(b: f64 = 4.0) = "squareplus", |x| x.squareplus(b);

    /// `y = x` above 1, `(x + 1)²/4` down to -1, else 0. Derivative: [`SparseSigmoid`](Activation::SparseSigmoid).
    /// [`sparse_plus`](Var::sparse_plus).
    SparsePlus = "sparse_plus", |x| x.sparse_plus();

    /// `y = eˣ`. Derivative: `y`. For rates of counts. [`exp`](Var::exp).
    Exponential = "exponential", |x| x.exp();

    /// `y = e^(-x²)`, a bell. Derivative: `-2x·y`. [`gaussian`](Var::gaussian).
    Gaussian = "gaussian", |x| x.gaussian();

    /// `y = sin x`. Derivative: `cos x`. For signals and fields in coordinates. [`sin`](Var::sin).
    ///
    /// Source: Sitzmann et al., "Implicit neural representations with periodic activation functions", NeurIPS 2020.
    Sinusoid = "sinusoid", |x| x.sin();

    /// `y = sin(πx) / πx`, and 1 at 0. Derivative: `(cos(πx) - y) / x`, and 0 at 0. [`sinc`](Var::sinc).
    Sinc = "sinc", |x| x.sinc();

    /// `y = x·cos x`. Derivative: `cos x - x·sin x`. [`growing_cosine`](Var::growing_cosine).
    GrowingCosine = "growing_cosine", |x| x.growing_cosine();

    /// `y = x + sin²(a·x) / a`; a = 1 is usual ([`Activation::SNAKE`]). Derivative: `1 + sin(2a·x)`. [`snake`](Var::snake), which
    /// takes an `a` that is learned too.
    Snake(a: f64 = 1.0) = "snake", |x| x.snake(a);

    /// `y = x² + x`. Derivative: `2x + 1`. [`shifted_quadratic`](Var::shifted_quadratic).
    ShiftedQuadratic = "shifted_quadratic", |x| x.shifted_quadratic();

    /// `y = x - x³`. Derivative: `1 - 3x²`. [`non_monotonic_cubic`](Var::non_monotonic_cubic).
    NonMonotonicCubic = "non_monotonic_cubic", |x| x.non_monotonic_cubic();

    /// `y = π·sin(x - π) / (x - π)`. [`shifted_sinc`](Var::shifted_sinc).
    ShiftedSinc = "shifted_sinc", |x| x.shifted_sinc();

    /// `y = π²·sin x / (π² - x²)`. [`decaying_sine`](Var::decaying_sine).
    DecayingSine = "decaying_sine", |x| x.decaying_sine();

    /// `yᵢ = e^xᵢ / Σⱼ e^xⱼ` along the last axis: positive, with the sum 1. Derivative: `∂yᵢ/∂xⱼ = yᵢ·(δᵢⱼ - yⱼ)`.
    /// [`softmax`](Var::softmax).
    ///
    /// For probabilities of classes; not before [`cross_entropy`](crate::Losses::cross_entropy), which takes logits.
    /// Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    Softmax = "softmax", |x| x.softmax(-1);

    /// [`Softmax`](Activation::Softmax) along another axis: 1, or -3, for the channels of images `[n, channels, h, w]`.
    SoftmaxAlong(axis: isize = -1) = "softmax_along", |x| x.softmax(axis);

    /// `yᵢ = xᵢ - ln Σⱼ e^xⱼ` along the last axis, the logarithm of softmax. Derivative: `∂yᵢ/∂xⱼ = δᵢⱼ - e^yⱼ`.
    /// [`log_softmax`](Var::log_softmax).
    ///
    /// Accurate where softmax underflows to 0.
    LogSoftmax = "log_softmax", |x| x.log_softmax(-1);

    /// [`LogSoftmax`](Activation::LogSoftmax) along another axis.
    LogSoftmaxAlong(axis: isize = -1) = "log_softmax_along", |x| x.log_softmax(axis);

    /// Softmax of `-x` along the last axis. [`softmin`](Var::softmin).
    Softmin = "softmin", |x| x.softmin(-1);

    /// [`Softmin`](Activation::Softmin) along another axis.
    SoftminAlong(axis: isize = -1) = "softmin_along", |x| x.softmin(axis);

    /// `yᵢ = max(xᵢ - τ, 0)` along the last axis, with the τ that makes the sum 1: probabilities, most of them 0.
    /// [`sparsemax`](Var::sparsemax).
    Sparsemax = "sparsemax", |x| x.sparsemax(-1);

    /// [`Sparsemax`](Activation::Sparsemax) along another axis.
    SparsemaxAlong(axis: isize = -1) = "sparsemax_along", |x| x.sparsemax(axis);

    /// `y = a·sigmoid(b)` of the two halves of an axis. [`glu`](Var::glu).
    Glu(axis: isize = -1) = "glu", |x| x.glu(axis);

    /// `y = a·relu(b)` of the two halves of an axis. [`reglu`](Var::reglu).
    ReGlu(axis: isize = -1) = "reglu", |x| x.reglu(axis);

    /// `y = a·gelu(b)` of the two halves of an axis. [`geglu`](Var::geglu).
    GeGlu(axis: isize = -1) = "geglu", |x| x.geglu(axis);

    /// `y = a·silu(b)` of the two halves of an axis. [`swiglu`](Var::swiglu).
    SwiGlu(axis: isize = -1) = "swiglu", |x| x.swiglu(axis);

    /// `y = a·b` of the two halves of an axis. [`bilinear_glu`](Var::bilinear_glu).
    BilinearGlu(axis: isize = -1) = "bilinear_glu", |x| x.bilinear_glu(axis);
}
