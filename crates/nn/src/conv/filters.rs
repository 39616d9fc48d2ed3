//! What convolutions and transposed ones have in common: the parameters.

use crate::Init;
use crate::label::Label;
use chainrule_tape::{ParamId, Scope, Var};

/// A length along each of `N` spatial axes: a number for all of them, or an array of each.
pub trait PerAxis<const N: usize> {
    /// The lengths.
    fn each(self) -> [usize; N];
}

impl<const N: usize> PerAxis<N> for usize {
    fn each(self) -> [usize; N] {
        [self; N]
    }
}

impl<const N: usize> PerAxis<N> for [usize; N] {
    fn each(self) -> [usize; N] {
        self
    }
}

/// What decides which parameters a convolution has, beside channels and windows: what [`ConvNd::with`] and
/// [`ConvTransposeNd::with`] take. (What does not change the parameters is a setting of the layer itself.)
///
/// The default is one group, a bias, and PyTorch's first values.
///
/// ```
/// use chainrule_nn::{Conv2d, ConvConfig};
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// // Each channel has windows of its own; then the channels of each place are mixed.
/// let own = ConvConfig::new().groups(64).without_bias();
/// let depthwise = Conv2d::with(&mut at.sub("depthwise"), 64, 64, 3, own).padding(1);
/// let pointwise = Conv2d::new(&mut at.sub("pointwise"), 64, 128, 1);
/// assert_eq!(params.tensor(depthwise.weight()).shape().dims(), [64, 1, 3, 3]);
/// assert_eq!(params.tensor(pointwise.weight()).shape().dims(), [128, 64, 1, 1]);
/// ```
///
/// [`ConvNd::with`]: crate::ConvNd::with
/// [`ConvTransposeNd::with`]: crate::ConvTransposeNd::with
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ConvConfig {
    pub(super) groups: usize,
    bias: bool,
    init: Option<(Init, Init)>,
}

impl ConvConfig {
    /// One group, with a bias.
    pub const fn new() -> ConvConfig {
        ConvConfig { groups: 1, bias: true, init: None }
    }

    /// The channels are cut in so many groups, each with weights of its own: [`ConvNd`](crate::ConvNd)'s weight is
    /// `[outputs, inputs / groups, k…]`, [`ConvTransposeNd`](crate::ConvTransposeNd)'s `[inputs, outputs / groups, k…]`. As many
    /// groups as channels make it depthwise. A mistake if they don't divide the channels.
    #[must_use]
    pub const fn groups(self, groups: usize) -> ConvConfig {
        ConvConfig { groups, ..self }
    }

    /// Without a bias.
    #[must_use]
    pub const fn without_bias(self) -> ConvConfig {
        ConvConfig { bias: false, ..self }
    }

    /// With these first values of weight and bias.
    #[must_use]
    pub const fn init(self, weight: Init, bias: Init) -> ConvConfig {
        ConvConfig { init: Some((weight, bias)), ..self }
    }
}

impl Default for ConvConfig {
    fn default() -> ConvConfig {
        ConvConfig::new()
    }
}

/// The parameters of a convolution or a transposed one.
#[derive(Clone, Debug)]
pub(super) struct Filters<const N: usize> {
    pub label: Label,
    pub weight: ParamId,
    pub bias: Option<ParamId>,
    pub inputs: usize,
    pub outputs: usize,
    pub window: [usize; N],
    pub groups: usize,
}

impl<const N: usize> Filters<N> {
    /// Registers them, with a weight of `channels` windows. `kind` is what mistakes say.
    #[track_caller]
    pub(super) fn new(
        at: &mut Scope<'_>,
        kind: &str,
        [inputs, outputs]: [usize; 2],
        window: [usize; N],
        config: ConvConfig,
        channels: [usize; 2],
    ) -> Filters<N> {
        let ConvConfig { groups, bias, init } = config;
        if inputs == 0 || outputs == 0 || window.contains(&0) {
            at.mistake(format!(
                "a {kind} from {inputs} to {outputs} channels with windows of {window:?} has no weights"
            ));
        }
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            at.mistake(format!("a {kind} from {inputs} to {outputs} channels can't have {groups} groups"));
        }
        let label = Label::new(at);
        let shape: Vec<usize> = channels.into_iter().chain(window).collect();
        // (As PyTorch counts them, the inputs of a transposed convolution are its weight's second axis too.)
        let fan = shape[1..].iter().product();
        let (of_weight, of_bias) = init.unwrap_or((Init::usual(fan), Init::usual(fan)));
        let weight = of_weight.param(at, "weight", shape);
        let bias = bias.then(|| of_bias.param(at, "bias", outputs));
        Filters { label, weight, bias, inputs, outputs, window, groups }
    }

    /// With the bias, and noted.
    #[track_caller]
    pub(super) fn finish<'t>(&self, kind: &'static str, y: Var<'t>) -> Var<'t> {
        let y = match self.bias {
            Some(bias) => {
                let mut channels = [1; 4];
                channels[0] = self.outputs;
                y + y.tape().param(bias).reshape(&channels[..N + 1])
            }
            None => y,
        };
        self.label.note(y, kind)
    }
}
