//! Convolution.

mod config;
mod filters;
mod transpose;

use crate::Layer;
use chainrule_tape::{Conv, PadMode, ParamId, Scope, Var};
use filters::Filters;

pub use config::ConvConfig;
pub use filters::PerAxis;
pub use transpose::{ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, ConvTransposeNd};

/// A convolution of sequences `[n, c, l]`: see [`ConvNd`].
pub type Conv1d = ConvNd<1>;
/// A convolution of images `[n, c, h, w]`: see [`ConvNd`].
pub type Conv2d = ConvNd<2>;
/// A convolution of volumes `[n, c, d, h, w]`: see [`ConvNd`].
pub type Conv3d = ConvNd<3>;

/// A convolution over `N` spatial axes: [`Conv1d`], [`Conv2d`], [`Conv3d`]. Of images,
/// `y[n, o, i, j] = b[o] + Σ x[n, c, i·stride + k·dilation - padding, …]·W[o, c, k, …]`, with `x`
/// of shape `[n, inputs, h, w]`, the parameters `weight` `W` of shape `[outputs, inputs / groups, kh, kw]` and `bias` `b` of
/// shape `[outputs]`, and `y` of shape `[n, outputs, h', w']`, where
/// `h' = ⌊(h + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1`. One image `[inputs, h, w]` gives `[outputs, h', w']`.
///
/// Derivatives are convolutions too: of the gradient with the weights the other way round for `x`, of `x` with the gradient
/// for `W`; the sum over batch and positions for `b`.
///
/// Names, layout, defaults and initial values are PyTorch's. A setting that is a length is a number for all axes, or an array
/// of each.
///
/// An input of another rank, number of channels or dtype is a mistake that names the layer and its line; one that is smaller
/// than a window is a mistake too.
///
/// Source: LeCun et al., "Backpropagation applied to handwritten zip code recognition", Neural Computation 1989.
///
/// ```
/// use chainrule_nn::{Conv2d, Layer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let edges = Conv2d::new(&mut params.root().sub("edges"), 1, 8, 3).padding(1).stride([2, 1]);
/// let tape = Tape::with(&params);
/// let images = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 28 * 28], [2, 1, 28, 28])?);
/// assert_eq!(edges.forward(images).shape().dims(), [2, 8, 14, 28]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvNd<const N: usize> {
    filters: Filters<N>,
    stride: [usize; N],
    padding: Padding<N>,
    dilation: [usize; N],
    mode: PadMode,
}

/// How many elements are put around.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Padding<const N: usize> {
    Both([usize; N]),
    /// As many as keep the length.
    Same,
}

impl<const N: usize> ConvNd<N> {
    /// With a stride of 1 and no padding. Weight and bias begin as `U(-a, a)` with `a = 1 / √fan`, where the
    /// fan is the number of elements of a window, `inputs / groups · kh·kw`, as PyTorch's do.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, outputs: usize, window: impl PerAxis<N>) -> ConvNd<N> {
        ConvNd::with(at, inputs, outputs, window, ConvConfig::new())
    }

    /// [`new`](ConvNd::new) without a bias: for a layer before a normalization, which would take the bias away again.
    #[track_caller]
    pub fn without_bias(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: impl PerAxis<N>,
    ) -> ConvNd<N> {
        ConvNd::with(at, inputs, outputs, window, ConvConfig::new().without_bias())
    }

    /// With groups, without a bias, or with other first values, as `config` says.
    #[track_caller]
    pub fn with(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: impl PerAxis<N>,
        config: ConvConfig,
    ) -> ConvNd<N> {
        let channels = [outputs, inputs / config.groups.max(1)];
        ConvNd {
            filters: Filters::new(at, "convolution", [inputs, outputs], window.each(), config, channels),
            stride: [1; N],
            padding: Padding::Both([0; N]),
            dilation: [1; N],
            mode: PadMode::Constant(0.0),
        }
    }

    /// With this distance from one window to the next; 1 by default.
    #[must_use]
    pub fn stride(mut self, stride: impl PerAxis<N>) -> ConvNd<N> {
        self.stride = stride.each();
        self
    }

    /// With so many elements on each side of an axis; none by default.
    #[must_use]
    pub fn padding(mut self, padding: impl PerAxis<N>) -> ConvNd<N> {
        self.padding = Padding::Both(padding.each());
        self
    }

    /// With the padding that keeps the lengths, PyTorch's `padding="same"`: `dilation·(window - 1)` elements in all, half of them
    /// on each side; if they are odd, one more at the end. A mistake with a stride.
    #[must_use]
    pub fn padding_same(mut self) -> ConvNd<N> {
        self.padding = Padding::Same;
        self
    }

    /// With this distance of a window's elements; 1 by default.
    #[must_use]
    pub fn dilation(mut self, dilation: impl PerAxis<N>) -> ConvNd<N> {
        self.dilation = dilation.each();
        self
    }

    /// With this padding instead of zeros: [`PadMode::Reflect`], [`PadMode::Replicate`], [`PadMode::Circular`].
    #[must_use]
    pub fn padding_mode(mut self, mode: PadMode) -> ConvNd<N> {
        self.mode = mode;
        self
    }

    /// The weight, `[outputs, inputs / groups, k…]`.
    pub fn weight(&self) -> ParamId {
        self.filters.weight
    }

    /// The bias, `[outputs]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.filters.bias
    }

    /// The number of channels that go in.
    pub fn inputs(&self) -> usize {
        self.filters.inputs
    }

    /// The number of channels that come out.
    pub fn outputs(&self) -> usize {
        self.filters.outputs
    }

    /// How the windows lie, and the input, padded by what they don't pad.
    #[track_caller]
    fn windows<'t>(&self, kind: &'static str, x: Var<'t>) -> (Var<'t>, Conv<N>) {
        let Filters { label, inputs, window, groups, .. } = &self.filters;
        let x = label.expect_channels(kind, x, *inputs, N);
        let (stride, dilation, groups) = (self.stride, self.dilation, *groups);
        let conv = Conv { stride, padding: [0; N], dilation, groups };
        let around: [[usize; 2]; N] = match self.padding {
            Padding::Both(padding) => padding.map(|padding| [padding; 2]),
            Padding::Same if self.stride != [1; N] => {
                let what = format_args!("has a stride of {stride:?}, which no padding makes up for");
                return (label.fail(kind, x, what), conv);
            }
            Padding::Same => std::array::from_fn(|axis| {
                let all = dilation[axis].saturating_mul(window[axis].saturating_sub(1));
                [all / 2, all.div_ceil(2)]
            }),
        };
        let even = around.iter().all(|[before, after]| before == after);
        if self.mode == PadMode::Constant(0.0) && even {
            return (x, Conv { padding: around.map(|[before, _]| before), ..conv });
        }
        let pads: [(isize, [usize; 2]); N] =
            std::array::from_fn(|axis| (axis as isize - N as isize, around[axis]));
        (x.pad_with(&pads, self.mode), conv)
    }
}

macro_rules! layers {
    ($($N:literal $kind:literal $conv:ident;)*) => {
        $(impl Layer for ConvNd<$N> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let (x, conv) = self.windows($kind, x);
                self.filters.finish($kind, x.$conv(x.tape().param(self.filters.weight), conv))
            }

            fn kind(&self) -> &'static str {
                $kind
            }
        })*
    };
}

layers! {
    1 "Conv1d" conv1d;
    2 "Conv2d" conv2d;
    3 "Conv3d" conv3d;
}
