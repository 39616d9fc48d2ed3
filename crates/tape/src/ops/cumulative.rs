//! Running sums and extremes along an axis.

use super::sort::along;
use super::{no_derivative, Sample, is_lone, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Gradients, Lower, Meta, Op, Rule, Shape, Slice, SliceMut, Var};
use std::sync::Arc;

/// Lines along one axis of a dense tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    pub(super) axis: usize,
    pub(super) length: usize,
    /// From one element of a line to the next.
    step: usize,
    /// Whether lines are walked from their end.
    pub(super) backward: bool,
}

/// So many neighbouring lines are walked together: memory is then read in pieces that are worth fetching.
const ABREAST: usize = 64;

impl Lines {
    fn of(shape: &Shape, axis: usize, backward: bool) -> Lines {
        Lines { axis, length: shape[axis], step: Shape::from(&shape[axis + 1..]).numel(), backward }
    }

    pub(super) fn later(self) -> Lines {
        Lines { axis: self.axis + 1, ..self }
    }

    pub(super) fn reversed(self) -> Lines {
        Lines { backward: !self.backward, ..self }
    }

    pub(super) fn check(&self, shape: &Shape) -> Result<(), String> {
        let fits = self.axis < shape.rank()
            && shape[self.axis] == self.length
            && Shape::from(&shape[self.axis + 1..]).numel() == self.step;
        if fits { Ok(()) } else { Err(format!("made for other lengths than {shape}")) }
    }

    pub(super) fn write(&self, key: &mut Key) {
        key.write_slice(&[self.axis, self.length, self.step, self.backward as usize]);
    }

    /// `yᵢ = round(sᵢ)` with `s₀ = first(x₀)` and `sᵢ = next(sᵢ₋₁, xᵢ, i)`, where `xᵢ` is an element of each input.
    pub(super) fn scan<const N: usize, T: Copy, S: Copy + Default, Y>(
        &self,
        x: [&[T]; N],
        y: &mut [Y],
        first: impl Fn([T; N]) -> S,
        next: impl Fn(S, [T; N], usize) -> S,
        round: impl Fn(S) -> Y,
    ) {
        let (n, step) = (self.length, self.step);
        if y.is_empty() {
            return;
        }
        let place = |i: usize| if self.backward { n - 1 - i } else { i };
        for start in (0..y.len()).step_by(n * step) {
            if step == 1 {
                let line = start..start + n;
                let (x, y) = (x.map(|x| &x[line.clone()]), &mut y[line]);
                let mut last = S::default();
                for i in 0..n {
                    let (at, x) = (place(i), x.map(|x| x[place(i)]));
                    last = if i == 0 { first(x) } else { next(last, x, i) };
                    y[at] = round(last);
                }
                continue;
            }
            for column in (0..step).step_by(ABREAST) {
                let width = ABREAST.min(step - column);
                let mut last = [S::default(); ABREAST];
                for i in 0..n {
                    let row = start + place(i) * step + column;
                    let (x, y) = (x.map(|x| &x[row..row + width]), &mut y[row..row + width]);
                    for (c, last) in last[..width].iter_mut().enumerate() {
                        let x = x.map(|x| x[c]);
                        *last = if i == 0 { first(x) } else { next(*last, x, i) };
                        y[c] = round(*last);
                    }
                }
            }
        }
    }
}

/// `yᵢ = Σ xⱼ` over `j ≤ i`, or `j ≥ i` if backward.
#[derive(Clone, Debug)]
struct CumSum(Lines);

impl Call for CumSum {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            // (Summed in f64, as PyTorch does.)
            ([Slice::F32(x)], SliceMut::F32(y)) => {
                self.0.scan([x], y, |[x]| x as f64, |sum, [x], _| sum + x as f64, |sum| sum as f32);
            }
            ([Slice::F64(x)], SliceMut::F64(y)) => {
                self.0.scan([x], y, |[x]| x, |sum: f64, [x], _| sum + x, |sum| sum);
            }
            ([Slice::I64(x)], SliceMut::I64(y)) => {
                self.0.scan([x], y, |[x]| x, |sum: i64, [x], _| sum.wrapping_add(x), |sum| sum);
            }
            _ => return Err("takes numbers of one dtype".into()),
        }
        Ok(())
    }
}

impl Op for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype == DType::Bool {
            return Err("bool has no sum; cast it first".into());
        }
        self.0.check(&x[0].shape)?;
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        self.0.write(key);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(at.tape.op(CumSum(self.0.reversed()), &[g])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(CumSum(self.0.later()))
    }
}

/// The index along the axis of the largest (or smallest) element so far.
#[derive(Clone, Debug)]
struct ArgCum {
    lines: Lines,
    smallest: bool,
}

impl ArgCum {
    /// A NaN is better than all others, and of equals the last is best.
    fn find<T: Copy + Default + PartialOrd>(&self, x: &[T], y: &mut [i64]) {
        let next = |(best, at): (T, i64), [x]: [T; 1], i: usize| {
            let is_nan = x.partial_cmp(&x).is_none();
            let wins = if self.smallest { x <= best } else { x >= best };
            if is_nan || wins { (x, i as i64) } else { (best, at) }
        };
        self.lines.scan([x], y, |[x]| (x, 0), next, |(_, at)| at);
    }
}

impl Call for ArgCum {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            ([Slice::F32(x)], SliceMut::I64(y)) => self.find(x, y),
            ([Slice::F64(x)], SliceMut::I64(y)) => self.find(x, y),
            ([Slice::I64(x)], SliceMut::I64(y)) => self.find(x, y),
            _ => return Err("takes numbers".into()),
        }
        Ok(())
    }
}

impl Op for ArgCum {
    fn name(&self) -> &'static str {
        if self.smallest { "argcummin" } else { "argcummax" }
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype == DType::Bool {
            return Err("bool has no order; cast it first".into());
        }
        self.lines.check(&x[0].shape)?;
        Ok(Meta::new(&x[0].shape, DType::I64))
    }

    fn attributes(&self, key: &mut Key) {
        self.lines.write(key);
        key.write(self.smallest as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    no_derivative! {}

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(ArgCum { lines: self.lines.later(), ..*self })
    }
}

impl<'t> Var<'t> {
    /// Running sums along an axis, which may count from the end: `yᵢ = x₀ + … + xᵢ`, of the same shape. Each is summed in order,
    /// in `f64`. Derivative: the running sums of the gradient from the other end.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1.0, 2.0, 4.0]).cumsum(0).value()?.to_f64(), [1.0, 3.0, 7.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cumsum(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("cumsum", &[self]);
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumsum(0).squeeze(0);
        }
        match self.lines("cumsum", axis) {
            Some(lines) => self.apply_with(CumSum(lines)),
            None => self.tape.poison(),
        }
    }

    /// The largest element so far along an axis, which may count from the end: `yᵢ = max(x₀, …, xᵢ)`, of the same shape; NaN from
    /// the first NaN on. The gradient goes to the largest; to the last among equals, as in PyTorch.
    #[track_caller]
    pub fn cummax(self, axis: isize) -> Var<'t> {
        self.cumulative_best("cummax", axis, false)
    }

    /// The smallest element so far along an axis, which may count from the end: `yᵢ = min(x₀, …, xᵢ)`, of the same shape; NaN
    /// from the first NaN on. The gradient goes to the smallest; to the last among equals, as in PyTorch.
    #[track_caller]
    pub fn cummin(self, axis: isize) -> Var<'t> {
        self.cumulative_best("cummin", axis, true)
    }

    /// The index along the axis of [`cummax`](Var::cummax)'s elements, as `i64`; of the last among equals, and a NaN counts as
    /// the largest. No derivative.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([3.0, 3.0, 1.0, 4.0]).argcummax(0).value()?.to_f64(), [0.0, 1.0, 1.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn argcummax(self, axis: isize) -> Var<'t> {
        self.cumulative_index("argcummax", axis, false)
    }

    /// The index along the axis of [`cummin`](Var::cummin)'s elements, as `i64`; of the last among equals, and a NaN counts as
    /// the smallest. No derivative.
    #[track_caller]
    pub fn argcummin(self, axis: isize) -> Var<'t> {
        self.cumulative_index("argcummin", axis, true)
    }

    #[track_caller]
    fn cumulative_best(self, name: &'static str, axis: isize, smallest: bool) -> Var<'t> {
        let _op = self.tape.within(name, &[self]);
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumulative_best(name, 0, smallest).squeeze(0);
        }
        match self.lines(name, axis) {
            Some(lines) => along(self, self.apply_with(ArgCum { lines, smallest }), lines.axis),
            None => self.tape.poison(),
        }
    }

    #[track_caller]
    fn cumulative_index(self, name: &'static str, axis: isize, smallest: bool) -> Var<'t> {
        let _op = self.tape.within(name, &[self]);
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumulative_index(name, 0, smallest).squeeze(0);
        }
        match self.lines(name, axis) {
            Some(lines) => self.apply_with(ArgCum { lines, smallest }),
            None => self.tape.poison(),
        }
    }

    /// The lines along an axis; `None`, with the mistake noted, if there is no such axis.
    #[track_caller]
    pub(super) fn lines(self, name: &'static str, axis: isize) -> Option<Lines> {
        let shape = self.shape();
        let lines =
            shape.axis(axis).filter(|_| !self.is_poisoned()).map(|axis| Lines::of(&shape, axis, false));
        if lines.is_none() {
            self.tape.fail(name, format!("there is no axis {axis}"), &[self]);
        }
        lines
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "cumsum", inputs: six, apply: |x| x[0].cumsum(-1).square() },
    Sample { name: "cumsum_first", inputs: six, apply: |x| x[0].square().cumsum(0) * x[0] },
    Sample { name: "cummax", inputs: six, apply: |x| x[0].cummax(1).square() },
    Sample { name: "cummin", inputs: six, apply: |x| x[0].cummin(0) * x[0] },
    Sample { name: "argcummax", inputs: six, apply: |x| x[0].argcummax(1).cast(DType::F64) * x[0] },
    Sample { name: "argcummin", inputs: six, apply: |x| x[0].argcummin(0).cast(DType::F64) * x[0] },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
