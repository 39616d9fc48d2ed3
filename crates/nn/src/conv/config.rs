//! What decides which parameters a convolution has.

use crate::Init;

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
#[must_use = "a configuration makes nothing unless it is given to a layer"]
pub struct ConvConfig {
    pub(super) groups: usize,
    pub(super) bias: bool,
    pub(super) init: Option<(Init, Init)>,
}

impl ConvConfig {
    /// One group, with a bias.
    pub const fn new() -> ConvConfig {
        ConvConfig { groups: 1, bias: true, init: None }
    }

    /// The channels are cut in so many groups, each with weights of its own: [`ConvNd`](crate::ConvNd)'s weight is
    /// `[outputs, inputs / groups, k…]`, [`ConvTransposeNd`](crate::ConvTransposeNd)'s `[inputs, outputs / groups, k…]`. As many
    /// groups as channels make it depthwise. A mistake if they don't divide the channels.
    pub const fn groups(self, groups: usize) -> ConvConfig {
        ConvConfig { groups, ..self }
    }

    /// Without a bias.
    pub const fn without_bias(self) -> ConvConfig {
        ConvConfig { bias: false, ..self }
    }

    /// With these first values; a bias of `None` leaves it out.
    pub fn init(self, weight: Init, bias: impl Into<Option<Init>>) -> ConvConfig {
        let first = bias.into();
        let bias = self.bias && first.is_some();
        ConvConfig { bias, init: Some((weight, first.unwrap_or(Init::zeros()))), ..self }
    }
}

impl Default for ConvConfig {
    fn default() -> ConvConfig {
        ConvConfig::new()
    }
}
