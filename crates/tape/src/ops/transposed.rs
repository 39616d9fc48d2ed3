//! Transposed convolution: the gradient of a convolution's input, as an op of its own.

use super::Sample;
use super::convolution::{channels_first, channels_last, convolution, numbers, check_settings};
use super::depthwise::depthwise;
use super::windows::{Windows, check_strides};
use crate::{Meta, Var};
use smallvec::SmallVec;

/// How a transposed convolution lays its windows: lengths along the spatial axes.
///
/// ```
/// use chainrule_tape::ConvTranspose;
/// let twice = ConvTranspose { stride: [2, 2], padding: [1, 1], ..ConvTranspose::default() };
/// assert_eq!(twice.output_padding, [0, 0]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct ConvTranspose<const N: usize = 2> {
    /// Distance from one window to the next.
    pub stride: [usize; N],
    /// Elements left out of the output, on both sides: the padding of the convolution that this is the transpose of.
    pub padding: [usize; N],
    /// Elements more at the output's end. With a stride, convolutions of inputs of several lengths have outputs of the same
    /// length; this says which of them the output has. Less than the stride or the dilation.
    pub output_padding: [usize; N],
    /// Distance of a window's elements.
    pub dilation: [usize; N],
    /// Groups of channels, each with weights of its own.
    pub groups: usize,
}

impl<const N: usize> Default for ConvTranspose<N> {
    fn default() -> ConvTranspose<N> {
        ConvTranspose { stride: [1; N], padding: [0; N], output_padding: [0; N], dilation: [1; N], groups: 1 }
    }
}

impl<const N: usize> ConvTranspose<N> {
    /// What is wrong with an input and weights, or where the output lies in the windows' sum, along each axis: from where on,
    /// and up to where.
    fn output(&self, x: &Meta, w: &Meta) -> Result<SmallVec<[(usize, usize); 3]>, String> {
        let groups = self.groups;
        check_settings(x, w, &self.stride, &self.dilation, groups)?;
        let (inputs, wanted) = (x.shape[1], w.shape[0]);
        if inputs != wanted {
            return Err(format!("the input has {inputs} channels, the weights are for {wanted}"));
        }
        if inputs == 0 || inputs % groups != 0 {
            return Err(format!("{inputs} channels can't be cut in {groups} groups"));
        }
        let along = |axis: usize| {
            let (length, window) = (x.shape[axis + 2], w.shape[axis + 2]);
            let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
            let (padding, more) = (self.padding[axis], self.output_padding[axis]);
            if length == 0 || window == 0 {
                return Err(format!("{length} elements and a window of {window} make no output"));
            }
            if more >= stride.max(dilation) {
                return Err(format!(
                    "an output padding of {more} is not less than the stride or the dilation"
                ));
            }
            let reach = |steps: usize, step: usize| steps.checked_mul(step);
            let end = reach(length - 1, stride)
                .and_then(|last| last.checked_add(reach(window - 1, dilation)?)?.checked_add(more + 1))
                .filter(|&end| end <= 1 << 48)
                .ok_or_else(|| format!("the output of axis {} is too large", axis + 2))?;
            // The padding at the end is taken from what the output padding adds.
            match end.checked_sub(padding) {
                Some(end) if end > padding => Ok((padding, end)),
                _ => Err(format!("a padding of {padding} leaves nothing of {end} elements")),
            }
        };
        let output = (0..N).map(along).collect::<Result<SmallVec<[(usize, usize); 3]>, String>>()?;
        check_strides(self.stride.into_iter().zip(output.iter().map(|&(_, end)| end)))?;
        Ok(output)
    }
}

impl<'t> Var<'t> {
    /// Transposed convolution of images `[n, c, h, w]` with weights `[c, o / groups, kh, kw]`: `[n, o, h', w']`, where
    /// `h' = (h - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1`. Each element lays down its window, times
    /// itself: `y[n, o, i·stride + k·dilation - padding, …] += x[n, c, i, …]·w[c, o, k, …]`. One image `[c, h, w]` gives
    /// `[o, h', w']`.
    ///
    /// It is the gradient of [`conv2d`](Var::conv2d) by its input, and made as that is: of convolutions, one for each
    /// phase of the stride, that multiply no zeros in between. Its derivatives are convolutions.
    ///
    /// A mistake if the channels are not the weights', or can't be cut in so many groups; if the output padding is not less than
    /// the stride or the dilation; if the padding leaves nothing.
    ///
    /// Source: Zeiler et al., "Deconvolutional networks", CVPR 2010; Dumoulin and Visin, "A guide to convolution arithmetic
    /// for deep learning", 2016, chapter 4.
    ///
    /// ```
    /// use chainrule_tape::{ConvTranspose, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![1.0, 2.0], [1, 1, 1, 2])?);
    /// let w = tape.var(Tensor::from_vec(vec![1.0, 10.0, 100.0], [1, 1, 1, 3])?);
    /// let y = x.conv_transpose2d(w, ConvTranspose { stride: [1, 2], ..ConvTranspose::default() });
    /// assert_eq!(y.value()?.to_f64(), [1.0, 10.0, 102.0, 20.0, 200.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn conv_transpose2d(self, weight: Var<'t>, conv: ConvTranspose<2>) -> Var<'t> {
        self.conv_transpose("conv_transpose2d", weight, conv)
    }

    /// Transposed convolution of sequences `[n, c, l]` or `[c, l]` with weights `[c, o / groups, k]`; see
    /// [`conv_transpose2d`](Var::conv_transpose2d).
    #[track_caller]
    pub fn conv_transpose1d(self, weight: Var<'t>, conv: ConvTranspose<1>) -> Var<'t> {
        self.conv_transpose("conv_transpose1d", weight, conv)
    }

    /// Transposed convolution of volumes `[n, c, d, h, w]` or `[c, d, h, w]` with weights `[c, o / groups, kd, kh, kw]`; see
    /// [`conv_transpose2d`](Var::conv_transpose2d).
    #[track_caller]
    pub fn conv_transpose3d(self, weight: Var<'t>, conv: ConvTranspose<3>) -> Var<'t> {
        self.conv_transpose("conv_transpose3d", weight, conv)
    }

    #[track_caller]
    fn conv_transpose<const N: usize>(
        self,
        name: &'static str,
        weight: Var<'t>,
        conv: ConvTranspose<N>,
    ) -> Var<'t> {
        let _op = self.tape.within(name, &[self, weight]);
        if self.tape.rejects(name, &[self, weight]) {
            return self.tape.poison();
        }
        if self.rank() == N + 1 && weight.rank() == N + 2 {
            // Without a batch.
            let y = self.unsqueeze(0).conv_transpose(name, weight, conv);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        let output = match conv.output(&self.meta(), &weight.meta()) {
            Ok(output) => output,
            Err(what) => return self.tape.fail(name, what, &[self, weight]),
        };
        let (x, groups) = (self.permute(&channels_last(N)), conv.groups);
        let windows_first: SmallVec<[usize; 5]> = (2..N + 2).chain([0, 1]).collect();
        let w = weight.permute(&windows_first);
        // The shape of what was convolved: what windows sum up to, up to the end that is wanted.
        let full = |axis: usize| {
            let (length, window) = (x.shape()[axis + 1], w.shape()[axis]);
            let sum = (length - 1) * conv.stride[axis] + (window - 1) * conv.dilation[axis] + 1;
            sum.max(output[axis].1)
        };
        let full = [x.shape()[0]].into_iter().chain((0..N).map(full)).chain([w.shape()[N + 1]]).collect();
        let windows = Windows { stride: conv.stride[..].into(), dilation: conv.dilation[..].into() };
        let (inputs, outputs) = (w.shape()[N] / groups, w.shape()[N + 1]);
        let mut y = if groups == 1 {
            windows.input_gradient(&full, x, w, &convolution)
        } else if inputs == 1 && outputs == 1 {
            windows.input_gradient(&full, x, w.squeeze(-1), &depthwise)
        } else {
            let mut all: Vec<Var<'t>> = Vec::with_capacity(groups);
            for i in 0..groups {
                let channels = i * inputs..(i + 1) * inputs;
                let (x, w) = (x.slice(-1, channels.clone()), w.slice(-2, channels));
                all.push(windows.input_gradient(&full, x, w, &convolution));
            }
            self.tape.concat(&all, -1)
        };
        for (axis, &(start, end)) in output.iter().enumerate() {
            y = y.slice(axis as isize + 1, start..end);
        }
        y.permute(&channels_first(N))
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "conv_transpose2d",
        inputs: || vec![numbers(18, &[1, 2, 3, 3]), numbers(24, &[2, 2, 3, 2])],
        apply: |x| {
            let conv = ConvTranspose {
                stride: [2, 1],
                padding: [1, 0],
                output_padding: [1, 0],
                ..ConvTranspose::default()
            };
            x[0].conv_transpose2d(x[1], conv).square()
        },
    },
    Sample {
        name: "conv_transpose2d_dilated",
        inputs: || vec![numbers(9, &[1, 1, 3, 3]), numbers(12, &[1, 2, 2, 3])],
        apply: |x| {
            let conv = ConvTranspose { stride: [2, 2], dilation: [3, 2], ..ConvTranspose::default() };
            x[0].conv_transpose2d(x[1], conv)
        },
    },
    Sample {
        name: "conv_transpose1d",
        inputs: || vec![numbers(16, &[2, 4, 2]), numbers(24, &[4, 2, 3])],
        apply: |x| {
            x[0].conv_transpose1d(x[1], ConvTranspose { stride: [2], groups: 2, ..ConvTranspose::default() })
        },
    },
    Sample {
        name: "conv_transpose1d_depthwise",
        inputs: || vec![numbers(9, &[3, 3]), numbers(6, &[3, 1, 2])],
        apply: |x| {
            let conv = ConvTranspose { stride: [3], groups: 3, ..ConvTranspose::default() };
            x[0].conv_transpose1d(x[1], conv).square()
        },
    },
    Sample {
        name: "conv_transpose3d",
        inputs: || vec![numbers(4, &[1, 1, 1, 2, 2]), numbers(8, &[1, 1, 2, 2, 2])],
        apply: |x| {
            x[0].conv_transpose3d(x[1], ConvTranspose { stride: [1, 2, 1], ..ConvTranspose::default() })
                .square()
        },
    },
];
