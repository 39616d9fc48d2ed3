//! Convolution over any number of spatial axes. It is closed under differentiation: the gradients of both operands are
//! convolutions again.

use super::Sample;
use crate::record::Key;
use crate::{Gradients, Lower, Meta, Op, Rule, Shape, Var};
use smallvec::SmallVec;

/// The sum over windows, channels last: `y[n, p, o] = Σ_{k, c} x[n, p·stride + k·dilation, c]·w[k, c, o]`, where `p` and `k`
/// run over all spatial axes, for the windows that lie inside.
#[derive(Clone, Debug)]
struct Convolution {
    stride: SmallVec<[usize; 3]>,
    dilation: SmallVec<[usize; 3]>,
}

impl Convolution {
    /// The number of windows along an axis; `None` if none fits.
    fn positions(&self, axis: usize, input: usize, window: usize) -> Option<usize> {
        let reach = window.checked_sub(1)?.checked_mul(self.dilation[axis])?;
        Some(input.checked_sub(reach.checked_add(1)?)? / self.stride[axis] + 1)
    }
}

impl Op for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        let (input, window) = (&x[0].shape, &x[1].shape);
        let rank = self.stride.len() + 2;
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
        let mut shape: SmallVec<[usize; 5]> = SmallVec::from_slice(&[input[0]]);
        for axis in 0..rank - 2 {
            let (along, length) = (input[axis + 1], window[axis]);
            shape.push(self.positions(axis, along, length).ok_or_else(|| {
                let dilation = self.dilation[axis];
                format!("a window of {length} (dilation {dilation}) does not fit in {along} elements")
            })?);
        }
        shape.push(window[rank - 1]);
        Ok(Meta::new(shape.into_iter().collect::<Shape>(), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&self.stride);
        key.write_slice(&self.dilation);
    }

    fn lower(&self) -> Lower {
        Lower::Convolution { stride: self.stride.clone(), dilation: self.dilation.clone() }
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| Some(if i == 0 { self.input_gradient(at, g) } else { self.weight_gradient(at, g) }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let left = dx[0].map(|dx| at.tape.op(self.clone(), &[dx, at.x[1]]));
        let right = dx[1].map(|dw| at.tape.op(self.clone(), &[at.x[0], dw]));
        match (left, right) {
            (Some(left), Some(right)) => Some(left + right),
            (one, other) => one.or(other),
        }
    }
}

impl Convolution {
    fn spatial(&self) -> usize {
        self.stride.len()
    }

    /// Whether the gradient of the input is made of as many parts as the stride along an axis.
    fn has_phases(&self, axis: usize) -> bool {
        self.stride[axis] > 1 && self.dilation[axis] == 1
    }

    /// Each element of the input meets the windows that hold it: a convolution of the gradient, with zeros around, with the
    /// weights the other way round. Elements at `q·stride + phase` meet every stride-th weight, from the phase on: each phase
    /// is a convolution of its own, and the gradient is made of them in turn. (With a dilation the gradient is spread by the
    /// stride instead.)
    fn input_gradient<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (x, w) = (at.x[0].shape(), at.x[1].shape());
        let n = self.spatial();
        let (mut padded, mut weights) = (g, at.x[1].transpose(-2, -1));
        for axis in 0..n {
            let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
            let reach = (w[axis] - 1) * dilation;
            if dilation == 1 {
                let (before, count) = ((w[axis] - 1) / stride, x[axis + 1].div_ceil(stride));
                padded = padded.pad(axis as isize + 1, before, count - g.shape()[axis + 1]);
            } else {
                let used = (g.shape()[axis + 1] - 1) * stride + reach + 1;
                let after = reach + x[axis + 1] - used;
                padded = padded.pad_step(axis as isize + 1, reach, after, stride);
            }
            weights = weights.flip(axis as isize);
        }
        let op = Convolution { stride: SmallVec::from_elem(1, n), dilation: self.dilation.clone() };
        self.phases(at, 0, &op, padded, weights)
    }

    /// The gradient of the input, from an axis on, for the phases of the axes before it. The weights are the other way round.
    fn phases<'t>(
        &self,
        at: &Rule<'_, 't>,
        axis: usize,
        op: &Convolution,
        padded: Var<'t>,
        weights: Var<'t>,
    ) -> Var<'t> {
        if axis == self.spatial() {
            return at.tape.op(op.clone(), &[padded, weights]);
        }
        let (along, stride) = (axis as isize + 1, self.stride[axis]);
        if !self.has_phases(axis) {
            return self.phases(at, axis + 1, op, padded, weights);
        }
        let (length, window) = (at.x[0].shape()[axis + 1], at.x[1].shape()[axis]);
        let (before, count) = ((window - 1) / stride, length.div_ceil(stride));
        let phase = |phase: usize| {
            // The weights at `phase`, `phase + stride`, ..
            let Some(last) = (window - 1).checked_sub(phase) else {
                // None: the shape is that of the other phases.
                let mut shape: SmallVec<[usize; 5]> = at.x[0].shape().dims().iter().copied().collect();
                for axis in (0..=axis).filter(|&axis| self.has_phases(axis)) {
                    shape[axis + 1] = shape[axis + 1].div_ceil(self.stride[axis]);
                }
                return at.tape.full(shape.as_slice(), 0.0, at.x[0].dtype());
            };
            let taps = last / stride + 1;
            // .. which end that far from the end.
            let weights = weights.slice_step(axis as isize, last % stride..window - phase, stride);
            let start = before + 1 - taps;
            self.phases(at, axis + 1, op, padded.slice(along, start..start + count + taps - 1), weights)
        };
        let phases: Vec<Var<'t>> = (0..stride).map(phase).collect();
        let mut shape: SmallVec<[usize; 5]> = phases[0].shape().dims().iter().copied().collect();
        shape[axis + 1] = count * stride;
        at.tape.stack(&phases, along + 1).reshape(shape.as_slice()).slice(along, ..length)
    }

    /// Each weight meets what its windows see: a convolution of the input with the gradient, which sums over the batch;
    /// stride and dilation change places.
    fn weight_gradient<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Var<'t> {
        let w = at.x[1].shape();
        let n = self.spatial();
        let last = n + 1;
        // The batch in the place of the channels, and the channels in the batch's; the batch next to last in the gradient.
        let x_order: SmallVec<[usize; 5]> = [last].into_iter().chain(1..last).chain([0]).collect();
        let g_order: SmallVec<[usize; 5]> = (1..last).chain([0, last]).collect();
        let op = Convolution { stride: self.dilation.clone(), dilation: self.stride.clone() };
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
        let op =
            Convolution { stride: SmallVec::from_slice(&stride), dilation: SmallVec::from_slice(&dilation) };
        let y = if groups == 1 {
            self.tape.op(op, &[x, w])
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
