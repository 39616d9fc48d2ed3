//! Convolution over any number of spatial axes. It is closed under differentiation: the gradients of both operands are
//! convolutions again.

use super::Sample;
use super::depthwise::depthwise;
use super::windows::{Windows, check_strides};
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Shape, Var};
use smallvec::SmallVec;

/// The sum over windows, channels last: `y[n, p, o] = Σ_{k, c} x[n, p·stride + k·dilation, c]·w[k, c, o]`, where `p` and `k`
/// run over all spatial axes, for the windows that lie inside.
#[derive(Clone, Debug)]
struct Convolution(Windows);

impl Op for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        let (input, window) = (&x[0].shape, &x[1].shape);
        let rank = self.0.spatial() + 2;
        if x[0].dtype != x[1].dtype || !x[0].dtype.is_float() {
            return Err(crate::record::reject(x));
        }
        if input.rank() != rank || window.rank() != rank {
            return Err(format!("takes operands with {rank} axes"));
        }
        let (channels, wanted) = (input[rank - 1], window[rank - 2]);
        if channels != wanted {
            return Err(format!("the input has {channels} channels, the weights are for {wanted}"));
        }
        if channels == 0 {
            return Err("there are no channels".into());
        }
        let positions = self.0.positions(input, window.dims())?;
        let shape = [input[0]].into_iter().chain(positions).chain([window[rank - 1]]);
        Ok(Meta::new(shape.collect::<Shape>(), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        self.0.attributes(key);
    }

    fn lower(&self) -> Lower {
        Lower::Convolution { stride: self.0.stride.clone(), dilation: self.0.dilation.clone() }
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| Some(if i == 0 { self.input_gradient(at, g) } else { self.weight_gradient(at, g) }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let left = dx[0].map(|dx| at.tape.op(self.clone(), &[dx, at.x[1]]));
        let right = dx[1].map(|dw| at.tape.op(self.clone(), &[at.x[0], dw]));
        left.into_iter().chain(right).reduce(|left, right| left + right)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        let (x, w) = (at.x[0].shape(), at.x[1].shape());
        let last = self.0.spatial() + 1;
        match (at.batched[0], at.batched[1]) {
            // Images of all elements in one batch.
            (true, false) => {
                let all = at.x[0].reshape([&[at.size * x[1]], &x[2..]].concat());
                let y = at.tape.op(self.clone(), &[all, at.x[1]]);
                y.reshape([&[at.size, x[1]], &y.shape()[1..]].concat())
            }
            // Output channels of all elements side by side.
            (false, true) => {
                let all = at.x[1]
                    .move_axis(0, last as isize)
                    .reshape([&w[1..last + 1], &[at.size * w[last + 1]]].concat());
                let y = at.tape.op(self.clone(), &[at.x[0], all]);
                y.reshape([&y.shape()[..last], &[at.size, w[last + 1]]].concat()).move_axis(last as isize, 0)
            }
            _ => at.one_by_one(),
        }
    }
}

impl Convolution {
    fn input_gradient<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Var<'t> {
        self.0.input_gradient(&at.x[0].shape(), g, at.x[1].transpose(-2, -1), &convolution)
    }

    /// Each weight meets what its windows see: a convolution of the input with the gradient, which sums over the batch;
    /// stride and dilation change places.
    fn weight_gradient<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Var<'t> {
        let w = at.x[1].shape();
        let n = self.0.spatial();
        let last = n + 1;
        // The batch in the place of the channels, and the channels in the batch's; the batch next to last in the gradient.
        let x_order: SmallVec<[usize; 5]> = [last].into_iter().chain(1..last).chain([0]).collect();
        let g_order: SmallVec<[usize; 5]> = (1..last).chain([0, last]).collect();
        let windows = Windows { stride: self.0.dilation.clone(), dilation: self.0.stride.clone() };
        let mut y = convolution(windows, at.x[0].permute(&x_order), g.permute(&g_order));
        for axis in 0..n {
            // What the last window leaves over.
            y = y.slice(axis as isize + 1, ..w[axis]);
        }
        let y_order: SmallVec<[usize; 5]> = (1..last).chain([0, last]).collect();
        y.permute(&y_order)
    }
}

/// How the windows of a convolution lie: lengths along the spatial axes.
///
/// ```
/// use chainrule_tape::Conv;
/// let same = Conv { padding: [1, 1], ..Conv::default() };
/// assert_eq!((same.stride, same.dilation, same.groups), ([1, 1], [1, 1], 1));
/// assert_eq!(Conv::default().same([3, 3]), same);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Conv<const N: usize = 2> {
    /// Distance from one window to the next.
    pub stride: [usize; N],
    /// Zeros around the input, on both sides.
    pub padding: [usize; N],
    /// Distance of a window's elements.
    pub dilation: [usize; N],
    /// Groups of channels, each with weights of its own.
    pub groups: usize,
}

impl<const N: usize> Default for Conv<N> {
    fn default() -> Conv<N> {
        Conv { stride: [1; N], padding: [0; N], dilation: [1; N], groups: 1 }
    }
}

impl<const N: usize> Conv<N> {
    /// With the padding for which the output of windows of these lengths is as long as the input, at a stride of 1:
    /// `dilation·(window - 1) / 2`, rounded down. A window that reaches over an even number of elements has no middle: its
    /// output is one shorter. (PyTorch's `padding="same"` adds one more zero at the end there: do so by [`pad`](Var::pad).)
    pub fn same(mut self, window: [usize; N]) -> Conv<N> {
        self.padding = std::array::from_fn(|axis| {
            self.dilation[axis].saturating_mul(window[axis].saturating_sub(1)) / 2
        });
        self
    }
}

impl<'t> Var<'t> {
    /// Convolution of images `[n, c, h, w]` with weights `[o, c / groups, kh, kw]`: `[n, o, h', w']`, where
    /// `h' = ⌊(h + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1`. As in PyTorch it is a cross-correlation:
    /// `y[n, o, i, j] = Σ x[n, c, i·stride + k·dilation - padding, …]·w[o, c, k, …]`. One image `[c, h, w]` gives
    /// `[o, h', w']`.
    ///
    /// Its gradients are convolutions too. Channels lie last in memory while they are computed, whatever the order of axes.
    ///
    /// A mistake if the channels can't be cut in so many groups, or if a window does not fit.
    ///
    /// ```
    /// use chainrule_tape::{Conv, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])?);
    /// let w = tape.var(Tensor::from_vec(vec![1.0, 10.0], [1, 1, 1, 2])?);
    /// let y = x.conv2d(w, Conv::default());
    /// assert_eq!(y.value()?.to_f64(), [21.0, 43.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn conv2d(self, weight: Var<'t>, conv: Conv<2>) -> Var<'t> {
        self.conv("conv2d", weight, conv)
    }

    /// Convolution of sequences `[n, c, l]` or `[c, l]` with weights `[o, c / groups, k]`; see [`conv2d`](Var::conv2d).
    #[track_caller]
    pub fn conv1d(self, weight: Var<'t>, conv: Conv<1>) -> Var<'t> {
        self.conv("conv1d", weight, conv)
    }

    /// Convolution of volumes `[n, c, d, h, w]` or `[c, d, h, w]` with weights `[o, c / groups, kd, kh, kw]`; see
    /// [`conv2d`](Var::conv2d).
    #[track_caller]
    pub fn conv3d(self, weight: Var<'t>, conv: Conv<3>) -> Var<'t> {
        self.conv("conv3d", weight, conv)
    }

    #[track_caller]
    fn conv<const N: usize>(self, name: &'static str, weight: Var<'t>, conv: Conv<N>) -> Var<'t> {
        let _op = self.tape.within(name, &[self, weight]);
        if self.tape.rejects(name, &[self, weight]) {
            return self.tape.poison();
        }
        if self.rank() == N + 1 && weight.rank() == N + 2 {
            // Without a batch.
            let y = self.unsqueeze(0).conv(name, weight, conv);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        if let Err(what) = conv.check(&self.meta(), &weight.meta()) {
            return self.tape.fail(name, what, &[self, weight]);
        }
        let Conv { padding, groups, .. } = conv;
        let mut x = self.permute(&channels_last(N));
        for (axis, &zeros) in padding.iter().enumerate() {
            x = x.pad(axis as isize + 1, zeros, zeros);
        }
        let windows_first: SmallVec<[usize; 5]> = (2..N + 2).chain([1, 0]).collect();
        let w = weight.permute(&windows_first);
        let windows = conv.windows();
        let padded = x.shape();
        let fits = check_strides(conv.stride.into_iter().zip(padded[1..].iter().copied()));
        if let Err(what) = fits.and_then(|()| windows.positions(&padded, w.shape().dims())) {
            return self.tape.fail(name, what, &[self, weight]);
        }
        let y = if groups == 1 {
            self.tape.op(Convolution(windows), &[x, w])
        } else if w.shape()[N] == 1 && w.shape()[N + 1] > 0 {
            // A channel for each group, from which come one or more.
            let (each, w) = (w.shape()[N + 1] / groups, w.squeeze(N as isize));
            let mut all: Vec<Var<'t>> = Vec::with_capacity(each);
            for i in 0..each {
                all.push(depthwise(windows.clone(), x, w.slice_step(-1, i.., each)));
            }
            match all[..] {
                [y] => y,
                _ => {
                    let mut shape: SmallVec<[usize; 5]> = all[0].shape().dims().iter().copied().collect();
                    shape[N + 1] *= each;
                    self.tape.stack(&all, -1).reshape(shape.as_slice())
                }
            }
        } else {
            let (inputs, outputs) = (x.shape()[N + 1] / groups, w.shape()[N + 1] / groups);
            let mut all: Vec<Var<'t>> = Vec::with_capacity(groups);
            for i in 0..groups {
                let x = x.slice(-1, i * inputs..(i + 1) * inputs);
                let w = w.slice(-1, i * outputs..(i + 1) * outputs);
                all.push(self.tape.op(Convolution(windows.clone()), &[x, w]));
            }
            self.tape.concat(&all, -1)
        };
        y.permute(&channels_first(N))
    }
}

impl<const N: usize> Conv<N> {
    pub(super) fn windows(&self) -> Windows {
        Windows { stride: self.stride[..].into(), dilation: self.dilation[..].into() }
    }

    /// What is wrong with an input and weights, but for their lengths.
    fn check(&self, x: &Meta, w: &Meta) -> Result<(), String> {
        let groups = self.groups;
        check_settings(x, w, &self.stride, &self.dilation, groups)?;
        let (inputs, outputs) = (x.shape[1], w.shape[0]);
        if inputs % groups != 0 || outputs % groups != 0 {
            return Err(format!("{inputs} and {outputs} channels can't be cut in {groups} groups"));
        }
        if inputs / groups != w.shape[1] {
            return Err(format!(
                "the input has {inputs} channels, the weights are for {}",
                w.shape[1] * groups
            ));
        }
        if inputs == 0 {
            return Err("there are no channels".into());
        }
        Ok(())
    }
}

/// What is wrong with an input and weights or with the settings of a convolution or its transpose, but for channels and lengths.
pub(super) fn check_settings<const N: usize>(
    x: &Meta,
    w: &Meta,
    stride: &[usize; N],
    dilation: &[usize; N],
    groups: usize,
) -> Result<(), String> {
    if x.shape.rank() != N + 2 || w.shape.rank() != N + 2 {
        return Err(format!(
            "takes an input and weights with {} axes each, or one axis less for one input",
            N + 2
        ));
    }
    if x.dtype != w.dtype || !x.dtype.is_float() {
        return Err(crate::record::reject(&[x, w]));
    }
    if groups == 0 || stride.contains(&0) || dilation.contains(&0) {
        return Err("stride, dilation and groups are at least 1".into());
    }
    Ok(())
}

/// `[n, c, spatial…]` to `[n, spatial…, c]`, as an order of axes.
pub(super) fn channels_last(spatial: usize) -> SmallVec<[usize; 5]> {
    [0].into_iter().chain(2..spatial + 2).chain([1]).collect()
}

/// The order back.
pub(super) fn channels_first(spatial: usize) -> SmallVec<[usize; 5]> {
    [0, spatial + 1].into_iter().chain(1..spatial + 1).collect()
}

/// The convolution of an input `[n, spatial…, c]` with weights `[window…, c, o]`, which fit.
#[track_caller]
pub(super) fn convolution<'t>(windows: Windows, x: Var<'t>, w: Var<'t>) -> Var<'t> {
    let (input, window) = (x.shape(), w.shape());
    match (input.last(), window.last(), windows.positions(&input, &window)) {
        // A sum over nothing, as the gradient of weights that no batch met.
        (Some(0), Some(&outputs), Ok(positions)) => {
            let shape: Shape = [input[0]].into_iter().chain(positions).chain([outputs]).collect();
            x.tape().full(shape, 0.0, x.dtype())
        }
        _ => x.tape().op(Convolution(windows), &[x, w]),
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "conv2d",
        inputs: || vec![numbers(48, &[1, 2, 4, 6]), numbers(24, &[2, 2, 3, 2])],
        apply: |x| x[0].conv2d(x[1], Conv::default()),
    },
    Sample {
        name: "conv2d_strided",
        inputs: || vec![numbers(35, &[1, 1, 5, 7]), numbers(8, &[2, 1, 2, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], padding: [1, 0], dilation: [2, 1], groups: 1 }),
    },
    Sample {
        name: "conv2d_phases",
        inputs: || vec![numbers(84, &[1, 2, 6, 7]), numbers(48, &[2, 2, 4, 3])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], padding: [1, 0], dilation: [1, 1], groups: 1 }),
    },
    Sample {
        name: "conv2d_sparse",
        inputs: || vec![numbers(35, &[1, 1, 5, 7]), numbers(4, &[2, 1, 1, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], ..Conv::default() }).square(),
    },
    Sample {
        name: "conv2d_dilated_phases",
        inputs: || vec![numbers(84, &[2, 6, 7]), numbers(18, &[1, 2, 3, 3])],
        apply: |x| {
            let conv = Conv { stride: [2, 4], dilation: [3, 2], ..Conv::default() }.same([3, 3]);
            x[0].conv2d(x[1], conv).square()
        },
    },
    Sample {
        name: "conv1d_grouped",
        inputs: || vec![numbers(24, &[2, 4, 3]), numbers(8, &[2, 2, 2])],
        apply: |x| x[0].conv1d(x[1], Conv { groups: 2, ..Conv::default() }),
    },
    Sample {
        name: "conv3d",
        inputs: || vec![numbers(12, &[1, 1, 2, 3, 2]), numbers(4, &[1, 1, 1, 2, 2])],
        apply: |x| x[0].conv3d(x[1], Conv { padding: [0, 1, 0], ..Conv::default() }).square(),
    },
];

/// Numbers from -1 to 1 that repeat late.
pub(crate) fn numbers(count: usize, shape: &[usize]) -> crate::Tensor {
    let values: Vec<f64> = (0..count).map(|i| ((i * 37 % 101) as f64 - 50.0) / 50.0).collect();
    crate::Tensor::from_vec(values, shape).expect("a sample's values fill its shape")
}
