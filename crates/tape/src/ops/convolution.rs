//! Convolution over any number of spatial axes. It is closed under differentiation: the gradients of both operands are
//! convolutions again.

use super::Sample;
use super::depthwise::depthwise;
use super::windows::Windows;
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
        let weights = at.x[1].transpose(-2, -1);
        let convolve = |windows, x, w| at.tape.op(Convolution(windows), &[x, w]);
        self.0.input_gradient(&at.x[0].shape(), g, weights, &convolve)
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
        let op = Convolution(Windows { stride: self.0.dilation.clone(), dilation: self.0.stride.clone() });
        let mut y = at.tape.op(op, &[at.x[0].permute(&x_order), g.permute(&g_order)]);
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

impl<'t> Var<'t> {
    /// Convolution of images `[n, c, h, w]` with weights `[o, c / groups, kh, kw]`: `[n, o, h', w']`, where
    /// `h' = ⌊(h + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1`. As in PyTorch it is a cross-correlation:
    /// `y[n, o, i, j] = Σ x[n, c, i·stride + k·dilation - padding, …]·w[o, c, k, …]`.
    ///
    /// Its gradients are convolutions too. Channels lie last in memory while they are computed, whatever the order of axes.
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

    /// Convolution of sequences `[n, c, l]` with weights `[o, c / groups, k]`; see [`conv2d`](Var::conv2d).
    #[track_caller]
    pub fn conv1d(self, weight: Var<'t>, conv: Conv<1>) -> Var<'t> {
        self.conv("conv1d", weight, conv)
    }

    /// Convolution of volumes `[n, c, d, h, w]` with weights `[o, c / groups, kd, kh, kw]`; see [`conv2d`](Var::conv2d).
    #[track_caller]
    pub fn conv3d(self, weight: Var<'t>, conv: Conv<3>) -> Var<'t> {
        self.conv("conv3d", weight, conv)
    }

    #[track_caller]
    fn conv<const N: usize>(self, name: &'static str, weight: Var<'t>, conv: Conv<N>) -> Var<'t> {
        let (x, w) = (self.shape(), weight.shape());
        if self.is_poisoned() || weight.is_poisoned() {
            return self.tape.poison();
        }
        let fail = |what: String| self.tape.fail(name, what, &[self, weight]);
        if x.rank() != N + 2 || w.rank() != N + 2 {
            return fail(format!("takes an input and weights with {} axes each", N + 2));
        }
        let Conv { stride, padding, dilation, groups } = conv;
        if groups == 0 || stride.contains(&0) || dilation.contains(&0) {
            return fail("stride, dilation and groups are at least 1".into());
        }
        if x[1] % groups != 0 || w[0] % groups != 0 {
            return fail(format!("{} and {} channels can't be cut in {groups} groups", x[1], w[0]));
        }
        let last: SmallVec<[usize; 5]> = [0].into_iter().chain(2..N + 2).chain([1]).collect();
        let windows_first: SmallVec<[usize; 5]> = (2..N + 2).chain([1, 0]).collect();
        let mut x = self.permute(&last);
        for (axis, &zeros) in padding.iter().enumerate() {
            x = x.pad(axis as isize + 1, zeros, zeros);
        }
        let w = weight.permute(&windows_first);
        let windows = Windows { stride: stride[..].into(), dilation: dilation[..].into() };
        let op = Convolution(windows.clone());
        let y = if groups == 1 {
            self.tape.op(op, &[x, w])
        } else if w.shape()[N] == 1
            && w.shape()[N + 1] > 0
            && x.shape()[N + 1] == groups
            && x.dtype() == w.dtype()
            && x.dtype().is_float()
        {
            // A channel for each group, from which come one or more.
            if let Err(what) = windows.positions(&x.shape(), w.shape().dims()) {
                return fail(what);
            }
            let (each, w) = (w.shape()[N + 1] / groups, w.squeeze(N as isize));
            let one = |i: usize| depthwise(windows.clone(), x, w.slice_step(-1, i.., each));
            let all: Vec<Var<'t>> = (0..each).map(one).collect();
            match all[..] {
                [y] => y,
                _ => {
                    let mut shape: SmallVec<[usize; 5]> = all[0].shape().dims().iter().copied().collect();
                    shape[N + 1] *= each;
                    self.tape.stack(&all, -1).reshape(shape.as_slice())
                }
            }
        } else {
            let (inputs, outputs) = (self.shape()[1] / groups, weight.shape()[0] / groups);
            let group = |i: usize| {
                let x = x.slice(-1, i * inputs..(i + 1) * inputs);
                self.tape.op(op.clone(), &[x, w.slice(-1, i * outputs..(i + 1) * outputs)])
            };
            self.tape.concat(&(0..groups).map(group).collect::<Vec<_>>(), -1)
        };
        if y.is_poisoned() {
            return y;
        }
        let back: SmallVec<[usize; 5]> = [0, N + 1].into_iter().chain(1..N + 1).collect();
        y.permute(&back)
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "convolution",
        inputs: || vec![numbers(48, &[1, 2, 4, 6]), numbers(24, &[2, 2, 3, 2])],
        apply: |x| x[0].conv2d(x[1], Conv::default()),
    },
    Sample {
        name: "convolution_strided",
        inputs: || vec![numbers(35, &[1, 1, 5, 7]), numbers(8, &[2, 1, 2, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], padding: [1, 0], dilation: [2, 1], groups: 1 }),
    },
    Sample {
        name: "convolution_phases",
        inputs: || vec![numbers(84, &[1, 2, 6, 7]), numbers(48, &[2, 2, 4, 3])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], padding: [1, 0], dilation: [1, 1], groups: 1 }),
    },
    Sample {
        name: "convolution_sparse",
        inputs: || vec![numbers(35, &[1, 1, 5, 7]), numbers(4, &[2, 1, 1, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 3], ..Conv::default() }).square(),
    },
    Sample {
        name: "convolution_grouped",
        inputs: || vec![numbers(24, &[2, 4, 3]), numbers(8, &[2, 2, 2])],
        apply: |x| x[0].conv1d(x[1], Conv { groups: 2, ..Conv::default() }),
    },
    Sample {
        name: "convolution_3d",
        inputs: || vec![numbers(12, &[1, 1, 2, 3, 2]), numbers(4, &[1, 1, 1, 2, 2])],
        apply: |x| x[0].conv3d(x[1], Conv { padding: [0, 1, 0], ..Conv::default() }).square(),
    },
];

/// Numbers from -1 to 1 that repeat late.
pub(super) fn numbers(count: usize, shape: &[usize]) -> crate::Tensor {
    let values: Vec<f64> = (0..count).map(|i| ((i * 37 % 101) as f64 - 50.0) / 50.0).collect();
    crate::Tensor::from_vec(values, shape).expect("a sample's values fill its shape")
}
