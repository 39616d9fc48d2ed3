//! Other views of the same elements: no arithmetic, and wherever the consumer takes strides, no copy.

use super::{Axes, Sample, is_lone, sample};
use crate::record::{Key, Movement, OpRef, View};
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Shape, Var};
use smallvec::SmallVec;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

/// Implements [`Op`] for a linear movement op from its shape rule, its transpose, and the op that does the same to a
/// batch.
macro_rules! movement_op {
    ($Op:ident, $name:literal, |$op:ident, $key:ident| $attributes:expr, |$x:ident| $infer:expr, |$at:ident, $g:ident| $vjp:expr,
        |$b:ident| $batch:expr) => {
        impl Op for $Op {
            fn name(&self) -> &'static str {
                $name
            }

            fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
                let ($op, $x) = (self, x[0]);
                let _ = $op;
                let shape: Result<Shape, String> = $infer;
                Ok(Meta::new(shape?, x[0].dtype))
            }

            fn attributes(&self, $key: &mut Key) {
                let $op = self;
                $attributes
            }

            fn lower(&self) -> Lower {
                Lower::View(Arc::new(self.clone()))
            }

            fn vjp<'t>(&self, at: &Rule<'_, 't>, $g: Var<'t>) -> Gradients<'t> {
                let ($op, $at) = (self, at.x[0].shape());
                let transposed = $vjp;
                let _ = $op;
                at.gradients(|_| Some(transposed))
            }

            fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
                dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
            }

            fn batch<'t>(&self, $b: &Batch<'_, 't>) -> Var<'t> {
                let $op = self;
                $batch
            }
        }
    };
}

/// The shape of a batch of values of this shape.
fn batched(size: usize, shape: &Shape) -> Shape {
    std::iter::once(&size).chain(shape.dims()).copied().collect()
}

/// The same view.
#[derive(Clone, Debug)]
pub(super) struct Same;

impl Movement for Same {
    fn view(&self, x: &View, _: &Shape) -> Option<View> {
        Some(x.clone())
    }
}

/// The same view, which the planner does not look through: what is made from it is not what was made from its input.
#[derive(Clone, Debug)]
pub(super) struct Anew;

impl Movement for Anew {
    fn view(&self, x: &View, _: &Shape) -> Option<View> {
        Some(x.clone())
    }

    fn is_anew(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug)]
struct Reshape(Shape);

movement_op!(
    Reshape,
    "reshape",
    |op, key| key.write_slice(&op.0),
    |x| if op.0.numel() == x.shape.numel() {
        Ok(op.0.clone())
    } else {
        Err(format!("{} elements can't take the shape {}, which has {}", x.shape.numel(), op.0, op.0.numel()))
    },
    |shape, g| g.reshape(shape),
    |at| at.apply(Reshape(batched(at.size, &op.0)))
);

impl Movement for Reshape {
    /// Axes of the old shape are merged or split where their strides allow.
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        if x.is_dense() {
            return Some(View { offset: x.offset, ..View::dense(y) });
        }
        let old: SmallVec<[(usize, isize); 4]> = x
            .shape
            .iter()
            .copied()
            .zip(x.strides.iter().copied())
            .filter(|&(length, _)| length != 1)
            .collect();
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(0, y.rank());
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            // The smallest groups of old and new axes with the same number of elements.
            let (first, mut have, mut want, start) = (i, old[i].0, 1, j);
            while j < y.rank() && y[j] == 1 {
                j += 1;
            }
            if j < y.rank() {
                want = y[j];
                j += 1;
            }
            while have != want {
                if have < want {
                    i += 1;
                    have *= old.get(i)?.0;
                } else {
                    want *= *y.get(j)?;
                    j += 1;
                }
            }
            // Old axes of one group must lie as if merged.
            for k in first..i {
                if old[k].1 != old[k + 1].1 * old[k + 1].0 as isize {
                    return None;
                }
            }
            let mut stride = old[i].1;
            for k in (start..j).rev() {
                strides[k] = stride;
                stride *= y[k] as isize;
            }
            i += 1;
        }
        Some(View { shape: y.clone(), strides, offset: x.offset })
    }

    fn invert(&self, y: &View, x: &Shape) -> Option<View> {
        Reshape(x.clone()).view(y, x)
    }
}

#[derive(Clone, Debug)]
struct Permute(SmallVec<[usize; 4]>);

movement_op!(
    Permute,
    "permute",
    |op, key| key.write_slice(&op.0),
    |x| {
        let mut sorted = op.0.clone();
        sorted.sort_unstable();
        if sorted.iter().copied().eq(0..x.shape.rank()) {
            Ok(op.0.iter().map(|&axis| x.shape[axis]).collect())
        } else {
            Err(format!("{:?} is no order of {} axes", op.0, x.shape.rank()))
        }
    },
    |_shape, g| {
        let mut inverse = op.0.clone();
        for (to, &from) in op.0.iter().enumerate() {
            inverse[from] = to;
        }
        g.permute(&inverse)
    },
    |at| at.apply(Permute(std::iter::once(0).chain(op.0.iter().map(|axis| axis + 1)).collect()))
);

impl Movement for Permute {
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        Some(View {
            shape: y.clone(),
            strides: self.0.iter().map(|&axis| x.strides[axis]).collect(),
            offset: x.offset,
        })
    }

    fn invert(&self, y: &View, x: &Shape) -> Option<View> {
        let mut strides = y.strides.clone();
        for (to, &from) in self.0.iter().enumerate() {
            strides[from] = y.strides[to];
        }
        Some(View { shape: x.clone(), strides, offset: y.offset })
    }

    fn order(&self) -> Option<&[usize]> {
        Some(&self.0)
    }
}

#[derive(Clone, Debug)]
struct Expand(Shape);

movement_op!(
    Expand,
    "expand",
    |op, key| key.write_slice(&op.0),
    |x| if x.shape.expands_to(&op.0) {
        Ok(op.0.clone())
    } else {
        Err(format!("can't be expanded to {}", op.0))
    },
    |shape, g| g.sum_to(shape),
    |at| {
        // New axes of an element come after the batch's.
        let (x, new) = (at.x[0].shape(), op.0.rank() + 1 - at.x[0].rank());
        let ones = std::iter::repeat_n(1, new);
        let x = at.x[0]
            .reshape(std::iter::once(x[0]).chain(ones).chain(x[1..].iter().copied()).collect::<Shape>());
        x.expand(batched(at.size, &op.0))
    }
);

impl Movement for Expand {
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        let new = y.rank() - x.shape.rank();
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(0, y.rank());
        for (axis, (&length, &stride)) in x.shape.iter().zip(&x.strides).enumerate() {
            strides[new + axis] = if length == y[new + axis] { stride } else { 0 };
        }
        Some(View { shape: y.clone(), strides, offset: x.offset })
    }
}

#[derive(Clone, Debug)]
struct Slice {
    axis: usize,
    start: usize,
    length: usize,
    step: usize,
}

impl Slice {
    /// One past the last element.
    fn end(&self) -> usize {
        self.start.saturating_add(self.length.saturating_sub(1).saturating_mul(self.step))
            + self.length.min(1)
    }
}

movement_op!(
    Slice,
    "slice",
    |op, key| key.write_slice(&[op.axis, op.start, op.length, op.step]),
    |x| if op.end() <= x.shape[op.axis] {
        Ok(x.shape.with(op.axis, op.length))
    } else {
        Err(format!("{}..{} ends outside axis {}, of length {}", op.start, op.end(), op.axis, x.shape[op.axis]))
    },
    |shape, g| g.pad_step(op.axis as isize, op.start, shape[op.axis] - op.end(), op.step),
    |at| at.apply(Slice { axis: op.axis + 1, ..op.clone() })
);

impl Movement for Slice {
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        let offset = x.offset + self.start as isize * x.strides[self.axis];
        let mut strides = x.strides.clone();
        // (An absurd step is that of an axis of length 1.)
        strides[self.axis] = strides[self.axis].wrapping_mul(self.step as isize);
        Some(View { shape: y.clone(), strides, offset })
    }
}

#[derive(Clone, Debug)]
struct Flip(usize);

movement_op!(
    Flip,
    "flip",
    |op, key| key.write_usize(op.0),
    |x| Ok(x.shape.clone()),
    |_shape, g| g.flip(op.0 as isize),
    |at| at.apply(Flip(op.0 + 1))
);

impl Movement for Flip {
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        let mut strides = x.strides.clone();
        let last = y[self.0].saturating_sub(1) as isize;
        let offset = x.offset + last * strides[self.0];
        strides[self.0] = -strides[self.0];
        Some(View { shape: y.clone(), strides, offset })
    }
}

/// How an op is computed whose value is its (first) input's.
pub(crate) fn same_view() -> Lower {
    Lower::View(Arc::new(Same))
}

#[derive(Clone, Debug)]
struct Unfold {
    axis: usize,
    size: usize,
    step: usize,
}

movement_op!(
    Unfold,
    "unfold",
    |op, key| key.write_slice(&[op.axis, op.size, op.step]),
    |x| match x.shape[op.axis].checked_sub(op.size) {
        Some(rest) => {
            let windows = x.shape.with(op.axis, (rest / op.step).saturating_add(1));
            Ok(windows.iter().copied().chain([op.size]).collect())
        }
        None => {
            let length = x.shape[op.axis];
            Err(format!("a window of {} does not fit in axis {}, of length {length}", op.size, op.axis))
        }
    },
    |shape, g| g.fold(op.axis as isize, shape[op.axis], op.step),
    |at| at.apply(Unfold { axis: op.axis + 1, ..op.clone() })
);

impl Movement for Unfold {
    fn view(&self, x: &View, y: &Shape) -> Option<View> {
        let mut strides = x.strides.clone();
        strides.push(strides[self.axis]);
        // (An absurd step is that of an axis of length 1.)
        strides[self.axis] = strides[self.axis].wrapping_mul(self.step as isize);
        Some(View { shape: y.clone(), strides, offset: x.offset })
    }
}

/// The op that reshapes.
pub(crate) fn reshape(shape: &Shape) -> OpRef {
    OpRef::Shared(Arc::new(Reshape(shape.clone())))
}

/// The op that permutes.
pub(crate) fn permute(order: &[usize]) -> OpRef {
    OpRef::Shared(Arc::new(Permute(SmallVec::from_slice(order))))
}

/// The op that expands.
pub(crate) fn expand(shape: &Shape) -> OpRef {
    OpRef::Shared(Arc::new(Expand(shape.clone())))
}

impl<'t> Var<'t> {
    /// The same elements in row-major order under another shape. The gradient is reshaped back.
    ///
    /// A mistake if the number of elements differs.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var<'t> {
        let shape = shape.into();
        if self.has_shape(&shape) { self } else { self.apply_with(Reshape(shape)) }
    }

    /// The axes in another order: axis `i` of the output is axis `order[i]` of the input. The gradient is put back in
    /// order.
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Var<'t> {
        self.apply_with(Permute(SmallVec::from_slice(order)))
    }

    /// Axes of length 1 repeated, and new leading axes, to reach a shape (see [`Shape::broadcast`]). The gradient is
    /// the sum over the repeats.
    #[doc(alias = "broadcast_to")]
    #[track_caller]
    pub fn expand(self, shape: impl Into<Shape>) -> Var<'t> {
        let shape = shape.into();
        if self.has_shape(&shape) { self } else { self.apply_with(Expand(shape)) }
    }

    /// The elements of an axis in a range; the axis may count from the end. The gradient is 0 elsewhere.
    #[track_caller]
    pub fn slice(self, axis: isize, range: impl RangeBounds<usize>) -> Var<'t> {
        self.slice_step(axis, range, 1)
    }

    /// Every `step`-th element of an axis in a range, from its start on. The gradient is 0 elsewhere.
    #[track_caller]
    pub fn slice_step(self, axis: isize, range: impl RangeBounds<usize>, step: usize) -> Var<'t> {
        let shape = self.shape();
        let Some(axis) = shape.axis(axis) else {
            return self.tape.fail("slice", format!("there is no axis {axis}"), &[self]);
        };
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => shape[axis],
        };
        if start > end {
            return self.tape.fail("slice", format!("{start}..{end} is no range"), &[self]);
        }
        if step == 0 {
            return self.tape.fail("slice", "a step of 0", &[self]);
        }
        if (start, end, step) == (0, shape[axis], 1) {
            return self;
        }
        if end > shape[axis] {
            let what = format!("{start}..{end} ends outside axis {axis}, of length {}", shape[axis]);
            return self.tape.fail("slice", what, &[self]);
        }
        self.apply_with(Slice { axis, start, length: (end - start).div_ceil(step), step })
    }

    /// The elements of an axis, or of several, in reverse; axes may count from the end. The gradient is reversed too.
    #[track_caller]
    pub fn flip(self, axes: impl Axes) -> Var<'t> {
        if self.is_poisoned() {
            return self;
        }
        let axes = match axes.resolve(&self.shape()) {
            Ok(axes) => axes,
            Err(what) => return self.tape.fail("flip", what, &[self]),
        };
        let mut y = self;
        for axis in axes {
            y = y.apply_with(Flip(axis));
        }
        y
    }

    /// Windows of an axis, which may count from the end: `size` elements each, one every `step`, along a new last
    /// axis. `[a, n, b]` with axis 1 becomes `[a, (n - size) / step + 1, b, size]`. (PyTorch's `Tensor.unfold`.) It
    /// is a view: windows that overlap are not copied. A scalar is one window. The gradient is [`fold`](Var::fold)ed.
    ///
    /// A mistake if a window is longer than the axis, or the step is 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(x.unfold(0, 2, 1).value()?.to_f64(), [1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn unfold(self, axis: isize, size: usize, step: usize) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && size == 1 && step > 0 {
            return self.reshape(1);
        }
        match shape.axis(axis) {
            None => self.tape.fail("unfold", format!("there is no axis {axis}"), &[self]),
            _ if step == 0 => self.tape.fail("unfold", "a step of 0", &[self]),
            Some(axis) => self.apply_with(Unfold { axis, size, step }),
        }
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "reshape", inputs: six, apply: |x| x[0].reshape([3, 2]).square() },
    Sample { name: "permute", inputs: six, apply: |x| x[0].t().square() * x[0].reshape([3, 2]) },
    Sample {
        name: "expand",
        inputs: || vec![sample([0.5, -1.0], &[2, 1])],
        apply: |x| x[0].expand([3, 2, 2]).square(),
    },
    Sample {
        name: "slice_step",
        inputs: six,
        apply: |x| x[0].slice_step(1, 0..3, 2).square() * x[0].slice(1, 1..),
    },
    Sample { name: "flip", inputs: six, apply: |x| x[0].flip(1).square() * x[0] },
    Sample { name: "flip_all", inputs: six, apply: |x| x[0].flip(..).square() * x[0] },
    Sample { name: "unfold", inputs: six, apply: |x| x[0].unfold(1, 2, 1).square() },
    Sample { name: "unfold_first", inputs: six, apply: |x| x[0].reshape([3, 2]).unfold(0, 1, 2).square() },
    Sample { name: "slice", inputs: six, apply: |x| x[0].slice(1, 1..3).square() * x[0].slice(-1, ..2) },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
