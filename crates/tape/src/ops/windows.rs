//! How the windows of a convolution or a pooling lie, and how the gradient of a convolution's input is made.

use crate::record::Key;
use crate::{Shape, Var};
use smallvec::SmallVec;

/// Distances along the spatial axes: from window to window, and of a window's elements.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    pub(super) stride: SmallVec<[usize; 3]>,
    pub(super) dilation: SmallVec<[usize; 3]>,
}

impl Windows {
    /// The number of spatial axes.
    pub(super) fn spatial(&self) -> usize {
        self.stride.len()
    }

    /// The number of windows of these lengths along each axis of an input with channels last, or what is wrong.
    pub(super) fn positions(&self, input: &Shape, window: &[usize]) -> Result<SmallVec<[usize; 3]>, String> {
        let along = |axis: usize| {
            let (along, length, dilation) = (input[axis + 1], window[axis], self.dilation[axis]);
            let reach = length.checked_sub(1).and_then(|steps| steps.checked_mul(dilation)?.checked_add(1));
            let rest = reach.and_then(|reach| along.checked_sub(reach));
            rest.map(|rest| rest / self.stride[axis] + 1).ok_or_else(|| {
                format!("a window of {length} (dilation {dilation}) does not fit in {along} elements")
            })
        };
        (0..self.spatial()).map(along).collect()
    }

    pub(super) fn attributes(&self, key: &mut Key) {
        key.write_slice(&self.stride);
        key.write_slice(&self.dilation);
    }

    /// For each place of a window, in order, the elements that all windows have there. The windows fit in `x`, channels last.
    pub(super) fn taps<'t>(&self, x: Var<'t>, window: &[usize]) -> Vec<Var<'t>> {
        let mut views = vec![x];
        for (axis, &length) in window.iter().enumerate().take(self.spatial()) {
            let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
            let reach = (length - 1) * dilation;
            let along = |x: Var<'t>| {
                let end = x.shape()[axis + 1] - reach;
                (0..length)
                    .map(|at| x.slice_step(axis as isize + 1, at * dilation..end + at * dilation, stride))
                    .collect::<Vec<_>>()
            };
            views = views.into_iter().flat_map(along).collect();
        }
        views
    }

    /// The gradient of the input `x`, channels last. Each element meets the windows that hold it: a convolution of the output's
    /// gradient `g`, with zeros around, with the weights the other way round. Elements at `q·stride + phase` meet every
    /// stride-th weight, from the phase on: each phase is a convolution of its own, and the gradient is made of them in turn.
    /// (With a dilation `g` is spread by the stride instead.) `weights` begin with the windows' axes; `convolve` takes windows
    /// with a stride of 1, an input and weights.
    pub(super) fn input_gradient<'t>(
        &self,
        x: &Shape,
        g: Var<'t>,
        mut weights: Var<'t>,
        convolve: &dyn Fn(Windows, Var<'t>, Var<'t>) -> Var<'t>,
    ) -> Var<'t> {
        let (n, window, mut padded) = (self.spatial(), weights.shape(), g);
        for axis in 0..n {
            let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
            let reach = (window[axis] - 1) * dilation;
            if dilation == 1 {
                let (before, count) = ((window[axis] - 1) / stride, x[axis + 1].div_ceil(stride));
                padded = padded.pad(axis as isize + 1, before, count - g.shape()[axis + 1]);
            } else {
                let used = (g.shape()[axis + 1] - 1) * stride + reach + 1;
                let after = reach + x[axis + 1] - used;
                padded = padded.pad_step(axis as isize + 1, reach, after, stride);
            }
            weights = weights.flip(axis as isize);
        }
        self.phases(x, 0, padded, weights, convolve)
    }

    /// The gradient from an axis on, for one phase of each axis before it. The weights are the other way round.
    fn phases<'t>(
        &self,
        x: &Shape,
        axis: usize,
        padded: Var<'t>,
        weights: Var<'t>,
        convolve: &dyn Fn(Windows, Var<'t>, Var<'t>) -> Var<'t>,
    ) -> Var<'t> {
        if axis == self.spatial() {
            let stride = SmallVec::from_elem(1, axis);
            return convolve(Windows { stride, dilation: self.dilation.clone() }, padded, weights);
        }
        let (along, stride) = (axis as isize + 1, self.stride[axis]);
        if stride == 1 || self.dilation[axis] > 1 {
            return self.phases(x, axis + 1, padded, weights, convolve);
        }
        let (length, window) = (x[axis + 1], weights.shape()[axis]);
        let (before, count) = ((window - 1) / stride, length.div_ceil(stride));
        let phase = |phase: usize| {
            // The weights at `phase`, `phase + stride`, .., which end that far from the end.
            let last = window - 1 - phase;
            let weights = weights.slice_step(axis as isize, last % stride..window - phase, stride);
            let taps = last / stride + 1;
            let start = before + 1 - taps;
            self.phases(x, axis + 1, padded.slice(along, start..start + count + taps - 1), weights, convolve)
        };
        let mut phases: Vec<Var<'t>> = (0..stride.min(window)).map(phase).collect();
        if window < stride {
            // No weight reaches the others.
            phases.resize(stride, padded.tape().full(phases[0].shape(), 0.0, padded.dtype()));
        }
        let mut shape: SmallVec<[usize; 5]> = phases[0].shape().dims().iter().copied().collect();
        shape[axis + 1] = count * stride;
        padded.tape().stack(&phases, along + 1).reshape(shape.as_slice()).slice(along, ..length)
    }
}
