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

/// Each element of a window is recorded on its own: no more than so many.
pub(super) const MOST_TAPS: usize = 1 << 20;

/// Each phase of the strides, given with the lengths of their axes, is recorded on its own: no more than so many.
pub(super) fn check_strides(strides: impl Iterator<Item = (usize, usize)>) -> Result<(), String> {
    let phases =
        strides.fold(1, |phases: usize, (stride, length)| phases.saturating_mul(stride.min(length.max(1))));
    if phases <= 1 << 16 { Ok(()) } else { Err("the strides are too large".into()) }
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
    #[track_caller]
    pub(super) fn taps<'t>(&self, x: Var<'t>, window: &[usize]) -> Vec<Var<'t>> {
        let mut views = vec![x];
        if x.is_poisoned() {
            return views;
        }
        for (axis, &length) in window.iter().enumerate().take(self.spatial()) {
            let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
            let end = x.shape()[axis + 1] - (length - 1) * dilation;
            let mut along = Vec::with_capacity(views.len() * length);
            for view in views {
                for start in (0..length).map(|at| at * dilation) {
                    along.push(view.slice_step(axis as isize + 1, start..end + start, stride));
                }
            }
            views = along;
        }
        views
    }

    /// The gradient of the input `x`, channels last. Each element meets the windows that hold it: a convolution of the output's
    /// gradient `g`, with zeros around, with the weights the other way round. Elements at `q·stride + phase` meet only the weights
    /// `k` with `k·dilation ≡ phase (mod stride)`: each phase is a convolution of its own, and the gradient is made of them in
    /// turn. `weights` begin with the windows' axes; `convolve` takes windows with a stride of 1, an input and weights.
    #[track_caller]
    pub(super) fn input_gradient<'t>(
        &self,
        x: &Shape,
        g: Var<'t>,
        mut weights: Var<'t>,
        convolve: &dyn Fn(Windows, Var<'t>, Var<'t>) -> Var<'t>,
    ) -> Var<'t> {
        let (window, mut padded) = (weights.shape(), g);
        for axis in 0..self.spatial() {
            let (before, count) = self.around(axis, x[axis + 1], window[axis]);
            padded = padded.pad(axis as isize + 1, before, count - g.shape()[axis + 1]);
            weights = weights.flip(axis as isize);
        }
        self.phases(x, 0, padded, weights, convolve)
    }

    /// How many zeros are before the output's gradient, and how many elements each phase has, along an axis.
    fn around(&self, axis: usize, length: usize, window: usize) -> (usize, usize) {
        ((window - 1) * self.dilation[axis] / self.stride[axis], length.div_ceil(self.stride[axis]))
    }

    /// Of the weights that meet one phase the distance from one to the next, and their distance in the output's gradient.
    fn steps(&self, axis: usize) -> (usize, usize) {
        let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
        let (mut common, mut rest) = (stride, dilation);
        while rest > 0 {
            (common, rest) = (rest, common % rest);
        }
        (stride / common, dilation / common)
    }

    /// The gradient from an axis on, for one phase of each axis before it. The weights are the other way round.
    #[track_caller]
    fn phases<'t>(
        &self,
        x: &Shape,
        axis: usize,
        padded: Var<'t>,
        weights: Var<'t>,
        convolve: &dyn Fn(Windows, Var<'t>, Var<'t>) -> Var<'t>,
    ) -> Var<'t> {
        if axis == self.spatial() {
            let dilation = (0..axis).map(|axis| self.steps(axis).1).collect();
            return convolve(Windows { stride: SmallVec::from_elem(1, axis), dilation }, padded, weights);
        }
        let (along, stride, dilation) = (axis as isize + 1, self.stride[axis], self.dilation[axis]);
        if stride == 1 {
            return self.phases(x, axis + 1, padded, weights, convolve);
        }
        let (length, window, (step, apart)) = (x[axis + 1], weights.shape()[axis], self.steps(axis));
        let (before, count) = self.around(axis, length, window);
        // (Where the stride is longer than the axis, the last phases have no elements.)
        let number = stride.min(length);
        let mut phases: Vec<Var<'t>> = Vec::with_capacity(number);
        for phase in 0..number {
            let first = (0..step.min(window)).find(|first| first * dilation % stride == phase);
            let Some(first) = first else {
                // No weight reaches these. (The first phase has weight 0.)
                phases.push(padded.tape().full(phases[0].shape(), 0.0, padded.dtype()));
                continue;
            };
            let more = (window - 1 - first) / step;
            let last = first + more * step;
            let weights = weights.slice_step(axis as isize, window - 1 - last..window - first, step);
            let start = before - (last * dilation - phase) / stride;
            let met = padded.slice(along, start..start + count + more * apart);
            phases.push(self.phases(x, axis + 1, met, weights, convolve));
        }
        let mut shape: SmallVec<[usize; 5]> = phases[0].shape().dims().iter().copied().collect();
        shape[axis + 1] = count * number;
        padded.tape().stack(&phases, along + 1).reshape(shape.as_slice()).slice(along, ..length)
    }
}
