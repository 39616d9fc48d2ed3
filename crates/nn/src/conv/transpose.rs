//! Transposed convolution.

use super::filters::Filters;
use crate::{ConvConfig, Layer, PerAxis};
use chainrule_tape::{ConvTranspose, ParamId, Scope, Var};

/// A transposed convolution of sequences `[n, c, l]`: see [`ConvTransposeNd`].
pub type ConvTranspose1d = ConvTransposeNd<1>;
/// A transposed convolution of images `[n, c, h, w]`: see [`ConvTransposeNd`].
pub type ConvTranspose2d = ConvTransposeNd<2>;
/// A transposed convolution of volumes `[n, c, d, h, w]`: see [`ConvTransposeNd`].
pub type ConvTranspose3d = ConvTransposeNd<3>;

/// A transposed convolution over `N` spatial axes: [`ConvTranspose1d`], [`ConvTranspose2d`], [`ConvTranspose3d`]. Of images,
/// `y[n, o, i·stride + k·dilation - padding, …] += x[n, c, i, …]·W[c, o, k, …]`, and `b[o]` is added, with `x` of shape
/// `[n, inputs, h, w]`, the parameters `weight` `W` of shape `[inputs, outputs / groups, kh, kw]` and `bias` `b` of shape
/// `[outputs]`, and `y` of shape `[n, outputs, h', w']`, where
/// `h' = (h - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1`. One image `[inputs, h, w]` gives
/// `[outputs, h', w']`.
///
/// It makes an output of the shape that a convolution with the same settings has as its input: for decoders and generators.
/// Its derivatives are convolutions.
///
/// Names, layout, defaults and initial values are PyTorch's. A setting that is a length is a number for all axes, or an array
/// of each.
///
/// An input of another rank, number of channels or dtype is a mistake that names the layer and its line; so is an output
/// padding that is not less than the stride or the dilation, and a padding that leaves nothing.
///
/// Source: Zeiler et al., "Deconvolutional networks", CVPR 2010; Dumoulin and Visin, "A guide to convolution arithmetic for
/// deep learning", 2016, chapter 4.
///
/// ```
/// use chainrule_nn::{ConvTranspose2d, Layer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let up = ConvTranspose2d::new(&mut params.root().sub("up"), 8, 4, 3).stride(2).padding(1).output_padding(1);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 8 * 7 * 7], [1, 8, 7, 7])?);
/// assert_eq!(up.forward(x).shape().dims(), [1, 4, 14, 14]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvTransposeNd<const N: usize> {
    filters: Filters<N>,
    conv: ConvTranspose<N>,
}

impl<const N: usize> ConvTransposeNd<N> {
    /// With a stride of 1 and no padding. Weight and bias begin as `U(-a, a)` with `a = 1 / √fan`, where the fan is
    /// `outputs / groups · kh·kw`, as PyTorch's do.
    #[track_caller]
    pub fn new(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: impl PerAxis<N>,
    ) -> ConvTransposeNd<N> {
        ConvTransposeNd::with(at, inputs, outputs, window, ConvConfig::new())
    }

    /// [`new`](ConvTransposeNd::new) without a bias: for a layer before a normalization, which would take the bias away again.
    #[track_caller]
    pub fn without_bias(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: impl PerAxis<N>,
    ) -> ConvTransposeNd<N> {
        ConvTransposeNd::with(at, inputs, outputs, window, ConvConfig::new().without_bias())
    }

    /// With groups, without a bias, or with other first values, as `config` says.
    #[track_caller]
    pub fn with(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: impl PerAxis<N>,
        config: ConvConfig,
    ) -> ConvTransposeNd<N> {
        let (groups, kind) = (config.groups, "transposed convolution");
        let channels = [inputs, outputs / groups.max(1)];
        let filters = Filters::new(at, kind, [inputs, outputs], window.each(), config, channels);
        ConvTransposeNd { filters, conv: ConvTranspose { groups, ..ConvTranspose::default() } }
    }

    /// With this distance from one window to the next; 1 by default.
    #[must_use]
    pub fn stride(mut self, stride: impl PerAxis<N>) -> ConvTransposeNd<N> {
        self.conv.stride = stride.each();
        self
    }

    /// Without so many elements of the output on each side; 0 by default.
    #[must_use]
    pub fn padding(mut self, padding: impl PerAxis<N>) -> ConvTransposeNd<N> {
        self.conv.padding = padding.each();
        self
    }

    /// With so many elements more at the output's end; 0 by default. With a stride, inputs of several lengths have convolutions
    /// of the same length: this says which of them the output has.
    #[must_use]
    pub fn output_padding(mut self, output_padding: impl PerAxis<N>) -> ConvTransposeNd<N> {
        self.conv.output_padding = output_padding.each();
        self
    }

    /// With this distance of a window's elements; 1 by default.
    #[must_use]
    pub fn dilation(mut self, dilation: impl PerAxis<N>) -> ConvTransposeNd<N> {
        self.conv.dilation = dilation.each();
        self
    }

    /// The weight, `[inputs, outputs / groups, k…]`.
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
}

macro_rules! layers {
    ($($N:literal $kind:literal $conv:ident;)*) => {
        $(impl Layer for ConvTransposeNd<$N> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let Filters { label, weight, inputs, .. } = &self.filters;
                let x = label.expect_channels($kind, x, *inputs, $N);
                self.filters.finish($kind, x.$conv(x.tape().param(*weight), self.conv))
            }

            fn kind(&self) -> &'static str {
                $kind
            }
        })*
    };
}

layers! {
    1 "ConvTranspose1d" conv_transpose1d;
    2 "ConvTranspose2d" conv_transpose2d;
    3 "ConvTranspose3d" conv_transpose3d;
}
