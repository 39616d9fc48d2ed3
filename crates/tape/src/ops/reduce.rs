//! Reductions over axes.

use super::{Sample, sample};
use crate::record::{Key, OpRef};
use crate::{Batch, DType, Gradients, Lower, Meta, Op, Rule, Shape, Var};
use smallvec::SmallVec;
use std::sync::Arc;

/// The shape without the axes, or with length 1 there.
fn reduced(shape: &Shape, axes: &[usize], keep: bool) -> Shape {
    let inside = |axis: &usize| axes.contains(axis);
    (0..shape.rank())
        .filter(|axis| keep || !inside(axis))
        .map(|axis| if inside(&axis) { 1 } else { shape[axis] })
        .collect()
}

/// A reduced value, expanded again to the shape before.
#[track_caller]
fn restore<'t>(y: Var<'t>, shape: &Shape, axes: &[usize]) -> Var<'t> {
    y.reshape(reduced(shape, axes, true)).expand(shape)
}

#[derive(Clone, Debug)]
struct Sum {
    axes: SmallVec<[usize; 4]>,
    keep: bool,
}

impl Op for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype == DType::Bool {
            return Err("bool has no sum; cast it first".into());
        }
        Ok(Meta::new(reduced(&x[0].shape, &self.axes, self.keep), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&self.axes);
        key.write(self.keep as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Reduce { axes: self.axes.clone(), max: false }
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(restore(g, &at.x[0].shape(), &self.axes)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Sum { axes: later(&self.axes), keep: self.keep })
    }
}

/// The axes of a batch that are these of an element.
fn later(axes: &[usize]) -> SmallVec<[usize; 4]> {
    axes.iter().map(|axis| axis + 1).collect()
}

#[derive(Clone, Debug)]
struct Max {
    axes: SmallVec<[usize; 4]>,
    keep: bool,
}

impl Max {
    /// 1 for the elements that are the largest, and how many are.
    fn winners<'t>(&self, at: &Rule<'_, 't>) -> [Var<'t>; 2] {
        let (x, shape) = (at.x[0], at.x[0].shape());
        // Not `at.y`: where that is known already, and the input computed again with others, its last bits may differ, and
        // no element would be the largest. A compiled program has the two as one.
        let y = at.tape.op(self.clone(), &[x]);
        let winners = x.eq(restore(y, &shape, &self.axes)).cast(x.dtype());
        [winners, at.tape.op(Sum { axes: self.axes.clone(), keep: self.keep }, &[winners])]
    }
}

/// The op that reduces axes and keeps them with length 1, for the planner.
pub(crate) fn reduce_kept(axes: SmallVec<[usize; 4]>, max: bool) -> OpRef {
    if max {
        OpRef::Shared(Arc::new(Max { axes, keep: true }))
    } else {
        OpRef::Shared(Arc::new(Sum { axes, keep: true }))
    }
}

impl Op for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype == DType::Bool {
            return Err("bool has no order; cast it first".into());
        }
        if self.axes.iter().any(|&axis| x[0].shape[axis] == 0) {
            return Err("an empty axis has neither a largest nor a smallest element".into());
        }
        Ok(Meta::new(reduced(&x[0].shape, &self.axes, self.keep), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&self.axes);
        key.write(self.keep as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Reduce { axes: self.axes.clone(), max: true }
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        // Equals share evenly.
        let [winners, count] = self.winners(at);
        at.gradients(|_| Some(winners * restore(g / count, &at.x[0].shape(), &self.axes)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let [winners, count] = self.winners(at);
        let terms = winners * dx[0]?;
        Some(at.tape.op(Sum { axes: self.axes.clone(), keep: self.keep }, &[terms]) / count)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Max { axes: later(&self.axes), keep: self.keep })
    }
}

/// Which axes to reduce: one (`-1` is the last), several, or `..` for all. Of a scalar, axis 0 or -1 is the number itself.
pub trait Axes {
    /// The axes as ascending indices for a tensor of this shape, or what is wrong.
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String>;
}

/// Whether this names the only axis that a scalar can be said to have, as in PyTorch: it is taken for a vector of one.
pub(crate) fn is_lone(axis: isize, rank: usize) -> bool {
    rank == 0 && (axis == 0 || axis == -1)
}

impl Axes for isize {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String> {
        [*self].resolve(shape)
    }
}

impl Axes for std::ops::RangeFull {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String> {
        Ok((0..shape.rank()).collect())
    }
}

impl Axes for [isize] {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String> {
        let mut axes = SmallVec::new();
        if let [axis] = *self
            && is_lone(axis, shape.rank())
        {
            return Ok(axes);
        }
        for &axis in self {
            axes.push(shape.axis(axis).ok_or_else(|| format!("there is no axis {axis}"))?);
        }
        axes.sort_unstable();
        if axes.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("an axis is named twice in {self:?}"));
        }
        Ok(axes)
    }
}

impl<const N: usize> Axes for [isize; N] {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String> {
        self.as_slice().resolve(shape)
    }
}

impl Axes for &[isize] {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 4]>, String> {
        (**self).resolve(shape)
    }
}

impl<'t> Var<'t> {
    /// The sum over axes, which are dropped from the shape. The gradient goes to every element.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum(0).value()?.to_f64(), [4.0, 6.0]);
    /// assert_eq!(x.sum(..).item()?, 10.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn sum(self, axes: impl Axes) -> Var<'t> {
        self.reduce("sum", axes, |axes| Sum { axes, keep: false })
    }

    /// The sum over axes, which are kept with length 1.
    #[track_caller]
    pub fn sum_keep(self, axes: impl Axes) -> Var<'t> {
        self.reduce("sum", axes, |axes| Sum { axes, keep: true })
    }

    /// The largest element over axes, which are dropped from the shape; NaN if one of them is NaN. The gradient goes
    /// to the largest, split evenly among equals.
    #[track_caller]
    pub fn max(self, axes: impl Axes) -> Var<'t> {
        self.reduce("max", axes, |axes| Max { axes, keep: false })
    }

    /// The largest element over axes, which are kept with length 1.
    #[track_caller]
    pub fn max_keep(self, axes: impl Axes) -> Var<'t> {
        self.reduce("max", axes, |axes| Max { axes, keep: true })
    }

    /// The smallest element over axes, which are dropped from the shape; NaN if one of them is NaN. The gradient goes
    /// to the smallest, split evenly among equals.
    #[track_caller]
    pub fn min(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape.within("min", &[self]);
        self.mirrored().reduce("min", axes, |axes| Max { axes, keep: false }).mirrored()
    }

    /// The smallest element over axes, which are kept with length 1.
    #[track_caller]
    pub fn min_keep(self, axes: impl Axes) -> Var<'t> {
        let _op = self.tape.within("min", &[self]);
        self.mirrored().reduce("min", axes, |axes| Max { axes, keep: true }).mirrored()
    }

    /// The numbers in the opposite order: what was the smallest is the largest. Done twice, it changes nothing.
    #[track_caller]
    pub(crate) fn mirrored(self) -> Var<'t> {
        // (The negative of the smallest integer is itself.)
        if self.dtype() == DType::I64 { -1.0 - self } else { -self }
    }

    /// The axes as indices; `None`, with the mistake noted, if there is one.
    #[track_caller]
    pub(crate) fn axes(self, name: &'static str, axes: impl Axes) -> Option<SmallVec<[usize; 4]>> {
        match axes.resolve(&self.shape()) {
            Ok(axes) if !self.is_poisoned() => Some(axes),
            Ok(_) => None,
            Err(what) => {
                self.tape.fail(name, what, &[self]);
                None
            }
        }
    }

    /// The sum over axes that exist.
    #[track_caller]
    pub(crate) fn sum_over(self, axes: &[usize], keep: bool) -> Var<'t> {
        self.apply_with(Sum { axes: SmallVec::from_slice(axes), keep })
    }

    /// The largest element over axes that exist, which are kept with length 1.
    #[track_caller]
    pub(crate) fn max_over(self, axes: &[usize]) -> Var<'t> {
        self.apply_with(Max { axes: SmallVec::from_slice(axes), keep: true })
    }

    /// Axes of length 1 that exist, dropped unless they are to be kept.
    #[track_caller]
    pub(crate) fn keep_or_drop(self, axes: &[usize], keep: bool) -> Var<'t> {
        if keep || self.is_poisoned() { self } else { self.reshape(reduced(&self.shape(), axes, false)) }
    }

    #[track_caller]
    fn reduce<O: Op>(
        self,
        name: &'static str,
        axes: impl Axes,
        op: impl FnOnce(SmallVec<[usize; 4]>) -> O,
    ) -> Var<'t> {
        if self.is_poisoned() {
            return self;
        }
        match axes.resolve(&self.shape()) {
            Ok(axes) => self.apply_with(op(axes)),
            Err(what) => self.tape.fail(name, what, &[self]),
        }
    }

    /// The sum over the axes along which `shape` was repeated to reach this shape: the transpose of
    /// [`expand`](Var::expand).
    #[track_caller]
    pub fn sum_to(self, shape: impl Into<Shape>) -> Var<'t> {
        let _op = self.tape.within("sum_to", &[self]);
        let (from, to) = (self.shape(), shape.into());
        if from == to || self.is_poisoned() {
            return self;
        }
        if !to.expands_to(&from) {
            return self.tape.fail("sum_to", format!("{to} does not expand to this shape"), &[self]);
        }
        let new = from.rank() - to.rank();
        let axes: SmallVec<[usize; 4]> =
            (0..from.rank()).filter(|&axis| axis < new || to[axis - new] != from[axis]).collect();
        self.apply_with(Sum { axes, keep: false }).reshape(to)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "sum", inputs: twelve, apply: |x| x[0].square().sum([0, -1]) },
    Sample { name: "sum_middle", inputs: twelve, apply: |x| x[0].sum_keep(1) * x[0] },
    Sample { name: "sum_keep", inputs: twelve, apply: |x| x[0].square().sum_keep([0, 2]) },
    Sample { name: "sum_to", inputs: twelve, apply: |x| x[0].square().sum_to([3, 1]) },
    Sample { name: "max_keep", inputs: twelve, apply: |x| x[0].square().max_keep(0) },
    Sample { name: "min", inputs: twelve, apply: |x| x[0].square().min(1) },
    Sample { name: "max", inputs: twelve, apply: |x| x[0].square().max(1) },
    Sample { name: "min_keep", inputs: twelve, apply: |x| x[0].min_keep(1) * x[0] },
    Sample { name: "max_all", inputs: twelve, apply: |x| x[0].max(..) * x[0].min(-1) },
];

fn twelve() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7, 1.1, -0.2, 0.9, 2.5, -1.3, 0.1], &[2, 3, 2])]
}
