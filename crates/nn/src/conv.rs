//! Convolution and pooling of images.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{Conv, ParamId, Pool, Scope, Var};

/// A convolution of images: `y[n, o, i, j] = b[o] + Σ x[n, c, i·stride + k·dilation - padding, …]·W[o, c, k, …]`, with `x`
/// of shape `[n, inputs, h, w]`, the parameters `weight` `W` of shape `[outputs, inputs / groups, kh, kw]` and `bias` `b` of
/// shape `[outputs]`, and `y` of shape `[n, outputs, h', w']`, where
/// `h' = ⌊(h + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1`.
///
/// Derivatives are convolutions too: of the gradient with the weights the other way round for `x`, of `x` with the gradient
/// for `W`; the sum over batch and positions for `b`.
///
/// An input of another rank, number of channels or dtype, or one that is smaller than a window, is a mistake that names the
/// layer and its line.
///
/// Source: LeCun et al., "Backpropagation applied to handwritten zip code recognition", Neural Computation 1989.
///
/// ```
/// use chainrule_nn::{Conv2d, Layer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let edges = Conv2d::new(&mut params.root().sub("edges"), 1, 8, 3).padding(1).stride(2);
/// let tape = Tape::with(&params);
/// let images = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 28 * 28], [2, 1, 28, 28])?);
/// assert_eq!(edges.forward(images).shape().dims(), [2, 8, 14, 14]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    label: Label,
    weight: ParamId,
    bias: Option<ParamId>,
    inputs: usize,
    conv: Conv<2>,
}

impl Conv2d {
    /// Square windows with a stride of 1 and no padding. Weight and bias begin as `U(-a, a)` with `a = 1 / √fan`, where the
    /// fan is the number of elements of a window, as PyTorch's do.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, outputs: usize, window: usize) -> Conv2d {
        let usual = Init::usual(inputs * window * window);
        Conv2d::init(at, inputs, outputs, [window; 2], Conv::default(), usual, usual)
    }

    /// [`new`](Conv2d::new) without a bias: for a layer before a normalization, which would take the bias away again.
    #[track_caller]
    pub fn without_bias(at: &mut Scope<'_>, inputs: usize, outputs: usize, window: usize) -> Conv2d {
        let usual = Init::usual(inputs * window * window);
        Conv2d::init(at, inputs, outputs, [window; 2], Conv::default(), usual, None)
    }

    /// With windows of this height and width, laid out by `conv`, and these first values; a bias of `None` leaves it out.
    /// (Groups are chosen here, as the weight's shape depends on them.)
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        window: [usize; 2],
        conv: Conv<2>,
        weight: Init,
        bias: impl Into<Option<Init>>,
    ) -> Conv2d {
        if inputs * outputs * window[0] * window[1] == 0 {
            at.mistake(format!(
                "a Conv2d layer from {inputs} to {outputs} channels with windows of {window:?} has no weights"
            ));
        }
        let groups = conv.groups.max(1);
        if conv.groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            at.mistake(format!(
                "a Conv2d layer from {inputs} to {outputs} channels can't have {} groups",
                conv.groups
            ));
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", [outputs, inputs / groups, window[0], window[1]]);
        let bias = bias.into().map(|init| init.param(at, "bias", outputs));
        Conv2d { label, weight, bias, inputs, conv }
    }

    /// With this distance from one window to the next.
    pub fn stride(mut self, stride: usize) -> Conv2d {
        self.conv.stride = [stride; 2];
        self
    }

    /// With so many zeros on each side of the image.
    pub fn padding(mut self, padding: usize) -> Conv2d {
        self.conv.padding = [padding; 2];
        self
    }

    /// With this distance of a window's elements.
    pub fn dilation(mut self, dilation: usize) -> Conv2d {
        self.conv.dilation = [dilation; 2];
        self
    }

    /// The weight, `[outputs, inputs / groups, kh, kw]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias, `[outputs]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl Layer for Conv2d {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, x) = (x.tape(), self.label.expect_channels("Conv2d", x, self.inputs));
        let y = x.conv2d(tape.param(self.weight), self.conv);
        let y = match self.bias {
            Some(bias) => y + tape.param(bias).reshape([tape.param(bias).numel(), 1, 1]),
            None => y,
        };
        self.label.note(y, "Conv2d")
    }
}

/// The largest element of each window of `[n, c, h, w]`; see [`Var::max_pool2d`].
///
/// ```
/// use chainrule_nn::{Layer, MaxPool2d};
/// use chainrule_tape::{Tape, Tensor};
///
/// let tape = Tape::new();
/// let x = tape.var(Tensor::from_vec(vec![1.0, 5.0, 3.0, 2.0], [1, 1, 2, 2])?);
/// assert_eq!(MaxPool2d::new(2).forward(x).item()?, 5.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPool2d(Pool<2>);

impl MaxPool2d {
    /// A number is the window and the stride; a [`Pool`] says all.
    pub fn new(pool: impl Into<Pool<2>>) -> MaxPool2d {
        MaxPool2d(pool.into())
    }
}

impl Layer for MaxPool2d {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = x.max_pool2d(self.0);
        y.tape().note_layer(y, &"max_pool2d".into(), "MaxPool2d");
        y
    }
}

/// The mean of each window of `[n, c, h, w]`; see [`Var::avg_pool2d`].
///
/// ```
/// use chainrule_nn::{AvgPool2d, Layer};
/// use chainrule_tape::{Tape, Tensor};
///
/// let tape = Tape::new();
/// let x = tape.var(Tensor::from_vec(vec![1.0, 5.0, 3.0, 2.0], [1, 1, 2, 2])?);
/// assert_eq!(AvgPool2d::new(2).forward(x).item()?, 2.75);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvgPool2d(Pool<2>);

impl AvgPool2d {
    /// A number is the window and the stride; a [`Pool`] says all.
    pub fn new(pool: impl Into<Pool<2>>) -> AvgPool2d {
        AvgPool2d(pool.into())
    }
}

impl Layer for AvgPool2d {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = x.avg_pool2d(self.0);
        y.tape().note_layer(y, &"avg_pool2d".into(), "AvgPool2d");
        y
    }
}
