//! Running sums, products and extremes along an axis.

use super::sort::along;
use super::{Sample, is_lone, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Gradients, Lower, Meta, Op, Rule, Shape, Slice, SliceMut, Var};
use std::sync::Arc;

/// Lines along one axis of a dense tensor.
#[derive(Clone, Copy, Debug)]
struct Lines {
    axis: usize,
    length: usize,
    /// From one element of a line to the next.
    step: usize,
    /// Whether lines are walked from their end.
    backward: bool,
}

/// So many neighbouring lines are walked together: memory is then read in pieces that are worth fetching.
const ABREAST: usize = 64;

impl Lines {
    fn of(shape: &Shape, axis: usize, backward: bool) -> Lines {
        Lines { axis, length: shape[axis], step: shape[axis + 1..].iter().product(), backward }
    }

    fn later(self) -> Lines {
        Lines { axis: self.axis + 1, ..self }
    }

    fn reversed(self) -> Lines {
        Lines { backward: !self.backward, ..self }
    }

    fn check(&self, shape: &Shape) -> Result<(), String> {
        let fits = self.axis < shape.rank()
            && shape[self.axis] == self.length
            && shape[self.axis + 1..].iter().product::<usize>() == self.step;
        if fits { Ok(()) } else { Err(format!("made for other lengths than {shape}")) }
    }

    fn write(&self, key: &mut Key) {
        key.write_slice(&[self.axis, self.length, self.step, self.backward as usize]);
    }

    /// Calls `f` for each place of a line, of as many neighbouring lines as there are together: with the number of places
    /// before it on its line, and the range of elements there, which are `ABREAST` at most.
    fn walk(&self, numel: usize, mut f: impl FnMut(usize, std::ops::Range<usize>)) {
        let block = self.length * self.step;
        if block == 0 {
            return;
        }
        for first in (0..numel).step_by(block) {
            for column in (0..self.step).step_by(ABREAST) {
                let width = ABREAST.min(self.step - column);
                for i in 0..self.length {
                    let at = if self.backward { self.length - 1 - i } else { i };
                    let start = first + at * self.step + column;
                    f(i, start..start + width);
                }
            }
        }
    }

    /// `yᵢ = add(yᵢ₋₁, xᵢ)`, kept as an `A` from one to the next.
    fn sum<T: Copy, A: Copy + Default>(
        &self,
        x: &[T],
        y: &mut [T],
        add: impl Fn(A, T) -> A,
        round: impl Fn(A) -> T,
    ) {
        let mut sums = [A::default(); ABREAST];
        self.walk(x.len(), |i, places| {
            if i == 0 {
                sums = [A::default(); ABREAST];
            }
            for ((y, &x), sum) in y[places.clone()].iter_mut().zip(&x[places]).zip(&mut sums) {
                *sum = add(*sum, x);
                *y = round(*sum);
            }
        });
    }

    /// `yᵢ = next(yᵢ₋₁, aᵢ, bᵢ)`, where the first is `b₀`.
    fn recur<T: Copy, A: Copy + Default>(
        &self,
        [a, b]: [&[T]; 2],
        y: &mut [T],
        first: impl Fn(T) -> A,
        next: impl Fn(A, T, T) -> A,
        round: impl Fn(A) -> T,
    ) {
        let mut last = [A::default(); ABREAST];
        self.walk(a.len(), |i, places| {
            let operands = a[places.clone()].iter().zip(&b[places.clone()]);
            for ((y, (&a, &b)), last) in y[places].iter_mut().zip(operands).zip(&mut last) {
                *last = if i == 0 { first(b) } else { next(*last, a, b) };
                *y = round(*last);
            }
        });
    }

    /// Where the best element so far is. A NaN is better than all others, and of equals the last is best.
    fn best<T: Copy + Default + PartialOrd>(&self, x: &[T], y: &mut [i64], beats: impl Fn(T, T) -> bool) {
        let mut best = [(T::default(), 0); ABREAST];
        self.walk(x.len(), |i, places| {
            for ((y, &x), best) in y[places.clone()].iter_mut().zip(&x[places]).zip(&mut best) {
                let is_nan = x.partial_cmp(&x).is_none();
                if i == 0 || is_nan || beats(x, best.0) {
                    *best = (x, i as i64);
                }
                *y = best.1;
            }
        });
    }
}

/// `yᵢ = Σ xⱼ` over `j ≤ i`, or `j ≥ i` if backward.
#[derive(Clone, Debug)]
struct CumSum(Lines);

impl Call for CumSum {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            // (Rounded at the end only.)
            ([Slice::F32(x)], SliceMut::F32(y)) => {
                self.0.sum(x, y, |sum: f64, x| sum + x as f64, |sum| sum as f32)
            }
            ([Slice::F64(x)], SliceMut::F64(y)) => self.0.sum(x, y, |sum: f64, x| sum + x, |sum| sum),
            ([Slice::I64(x)], SliceMut::I64(y)) => self.0.sum(x, y, i64::wrapping_add, |sum| sum),
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

/// `yᵢ = aᵢ·yᵢ₋₁ + bᵢ` with `y₀ = b₀`; from the end if backward. (`a₀` is not used.)
///
/// Its derivatives are recurrences as well: the gradient `s` of `b` is one from the other end, `sᵢ = gᵢ + aᵢ₊₁·sᵢ₊₁`, and that
/// of `a` is `sᵢ·yᵢ₋₁`. Nothing divides, so zeros need no care.
#[derive(Clone, Debug)]
struct Recurrence(Lines);

impl Recurrence {
    /// Each element one place further on (in the direction of the walk, or against it), and 0 in the place left.
    #[track_caller]
    fn shifted<'t>(&self, x: Var<'t>, onward: bool) -> Var<'t> {
        let Lines { axis, length: n, backward, .. } = self.0;
        let axis = axis as isize;
        if n == 0 {
            x
        } else if onward != backward {
            x.slice(axis, 0..n - 1).pad(axis, 1, 0)
        } else {
            x.slice(axis, 1..n).pad(axis, 0, 1)
        }
    }
}

impl Call for Recurrence {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            ([Slice::F32(a), Slice::F32(b)], SliceMut::F32(y)) => {
                let next = |y: f64, a, b| y * a as f64 + b as f64;
                self.0.recur([a, b], y, |b| b as f64, next, |y| y as f32);
            }
            ([Slice::F64(a), Slice::F64(b)], SliceMut::F64(y)) => {
                self.0.recur([a, b], y, |b| b, |y: f64, a, b| y * a + b, |y| y);
            }
            ([Slice::I64(a), Slice::I64(b)], SliceMut::I64(y)) => {
                let next = |y: i64, a, b| y.wrapping_mul(a).wrapping_add(b);
                self.0.recur([a, b], y, |b| b, next, |y| y);
            }
            _ => return Err("takes numbers of one dtype".into()),
        }
        Ok(())
    }
}

impl Op for Recurrence {
    fn name(&self) -> &'static str {
        "recurrence"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0] != x[1] || x[0].dtype == DType::Bool {
            return Err("takes two operands of one shape, of numbers of one dtype".into());
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
        let s = at.tape.op(Recurrence(self.0.reversed()), &[self.shifted(at.x[0], false), g]);
        at.gradients(|i| Some(if i == 0 { s * self.shifted(at.y, true) } else { s }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let by_a = dx[0].map(|da| da * self.shifted(at.y, true));
        let terms = match (by_a, dx[1]) {
            (Some(by_a), Some(db)) => by_a + db,
            (by_a, db) => by_a.or(db)?,
        };
        Some(at.tape.op(self.clone(), &[at.x[0], terms]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Recurrence(self.0.later()))
    }
}

/// The index along the axis of the largest (or smallest) element so far.
#[derive(Clone, Debug)]
struct ArgCum {
    lines: Lines,
    smallest: bool,
}

impl Call for ArgCum {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output, self.smallest) {
            ([Slice::F32(x)], SliceMut::I64(y), false) => self.lines.best(x, y, |x, best| x >= best),
            ([Slice::F32(x)], SliceMut::I64(y), true) => self.lines.best(x, y, |x, best| x <= best),
            ([Slice::F64(x)], SliceMut::I64(y), false) => self.lines.best(x, y, |x, best| x >= best),
            ([Slice::F64(x)], SliceMut::I64(y), true) => self.lines.best(x, y, |x, best| x <= best),
            ([Slice::I64(x)], SliceMut::I64(y), false) => self.lines.best(x, y, |x, best| x >= best),
            ([Slice::I64(x)], SliceMut::I64(y), true) => self.lines.best(x, y, |x, best| x <= best),
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

    fn vjp<'t>(&self, at: &Rule<'_, 't>, _: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| None)
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }

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
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumsum(0).squeeze(0);
        }
        match self.lines("cumsum", axis) {
            Some(lines) => self.apply_with(CumSum(lines)),
            None => self.tape.poison(),
        }
    }

    /// Running products along an axis, which may count from the end: `yᵢ = x₀·…·xᵢ`, of the same shape. Derivative: of each,
    /// the product of the others, also where some are 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([2.0, 0.0, 5.0]);
    /// assert_eq!(x.cumprod(0).value()?.to_f64(), [2.0, 0.0, 0.0]);
    /// assert_eq!(tape.grad(x.cumprod(0).sum(..), x).value()?.to_f64(), [1.0, 12.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cumprod(self, axis: isize) -> Var<'t> {
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumprod(0).squeeze(0);
        }
        let Some(lines) = self.lines("cumprod", axis) else { return self.tape.poison() };
        if self.dtype() == DType::Bool {
            return self.tape.fail("cumprod", "bool has no product; cast it first", &[self]);
        }
        if lines.length == 0 {
            return self;
        }
        let at = lines.axis as isize;
        let first = self.slice(at, 0..1).pad(at, 0, lines.length - 1);
        self.tape.op(Recurrence(lines), &[self, first])
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

    /// `yᵢ = ln(e^x₀ + … + e^xᵢ)` along an axis, which may count from the end, of the same shape. What is summed is taken
    /// relative to the largest so far, so that nothing overflows, and a few large elements don't hide later small sums.
    /// Derivative: of `yᵢ` by `xⱼ`, `e^(xⱼ - yᵢ)` for `j ≤ i`, and 0 where `yᵢ` is infinite.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([f64::NEG_INFINITY, -1000.0, -1000.0]).logcumsumexp(0);
    /// assert_eq!(y.value()?.to_f64(), [f64::NEG_INFINITY, -1000.0, -1000.0 + 2f64.ln()]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn logcumsumexp(self, axis: isize) -> Var<'t> {
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).logcumsumexp(0).squeeze(0);
        }
        let Some(lines) = self.lines("logcumsumexp", axis) else { return self.tape.poison() };
        if !self.dtype().is_float() {
            return self.tape.fail("logcumsumexp", "takes floating-point numbers; cast it first", &[self]);
        }
        let recurrence = Recurrence(lines);
        let largest = self.cummax(axis).detach();
        let infinite = largest.abs().eq(f64::INFINITY);
        let shift = infinite.select(0.0, largest);
        // With `s` relative to the largest so far: `sᵢ = sᵢ₋₁·e^(mᵢ₋₁ - mᵢ) + e^(xᵢ - mᵢ)`. The shifts cancel out, so they need no
        // derivative. (Where the largest is infinite, they don't ascend; what is made of them there is not chosen.)
        let weaker = (recurrence.shifted(shift, true) - shift).minimum(0.0).exp();
        let terms = (largest.eq(f64::INFINITY).select(0.0, self) - shift).exp();
        let sum = self.tape.op(recurrence, &[weaker, terms]);
        infinite.select(largest, infinite.select(1.0, sum).ln() + shift)
    }

    /// Differences of neighbours along an axis, which may count from the end: `yᵢ = xᵢ₊₁ - xᵢ`, one fewer than there are
    /// elements. Derivatives: 1 and -1.
    #[track_caller]
    pub fn diff(self, axis: isize) -> Var<'t> {
        let Some(at) = self.shape().axis(axis) else {
            return self.tape.fail("diff", format!("there is no axis {axis}"), &[self]);
        };
        let n = self.shape()[at];
        self.slice(axis, n.min(1)..) - self.slice(axis, ..n.saturating_sub(1))
    }

    /// The integral by the trapezoidal rule along an axis, which may count from the end and is dropped, of values at distances
    /// of `dx`: `dx·Σ (xᵢ + xᵢ₊₁) / 2`; 0 for fewer than two.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// assert_eq!(tape.var([1.0, 2.0, 4.0]).trapezoid(0.5, 0).item()?, 2.25);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn trapezoid(self, dx: f64, axis: isize) -> Var<'t> {
        let Some(at) = self.shape().axis(axis) else {
            return self.tape.fail("trapezoid", format!("there is no axis {axis}"), &[self]);
        };
        let n = self.shape()[at];
        (self.slice(axis, n.min(1)..) + self.slice(axis, ..n.saturating_sub(1))).sum(axis) * (0.5 * dx)
    }

    #[track_caller]
    fn cumulative_best(self, name: &'static str, axis: isize, smallest: bool) -> Var<'t> {
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
    fn lines(self, name: &'static str, axis: isize) -> Option<Lines> {
        let shape = self.shape();
        let lines =
            shape.axis(axis).filter(|_| !self.is_poisoned()).map(|axis| Lines::of(&shape, axis, false));
        if lines.is_none() {
            self.tape.fail(name, format!("there is no axis {axis}"), &[self]);
        }
        lines
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample { name: "cumsum", inputs: six, apply: |x| x[0].cumsum(-1).square() },
    Sample { name: "cumsum_first", inputs: six, apply: |x| x[0].square().cumsum(0) * x[0] },
    Sample { name: "cumprod", inputs: six, apply: |x| x[0].cumprod(1).square() },
    Sample { name: "cumprod_first", inputs: six, apply: |x| x[0].cumprod(0) * x[0] },
    Sample {
        name: "cumprod_zeros",
        inputs: || vec![sample([0.5, 0.0, 2.0, 0.0, -1.5, 0.7], &[6])],
        apply: |x| x[0].cumprod(0),
    },
    Sample { name: "cummax", inputs: six, apply: |x| x[0].cummax(1).square() },
    Sample { name: "cummin", inputs: six, apply: |x| x[0].cummin(0) * x[0] },
    Sample { name: "argcummax", inputs: six, apply: |x| x[0].argcummax(1).cast(DType::F64) * x[0] },
    Sample { name: "argcummin", inputs: six, apply: |x| x[0].argcummin(0).cast(DType::F64) * x[0] },
    Sample { name: "logcumsumexp", inputs: six, apply: |x| x[0].logcumsumexp(1) },
    Sample { name: "logcumsumexp_first", inputs: six, apply: |x| x[0].logcumsumexp(0).square() },
    Sample {
        name: "logcumsumexp_infinity",
        inputs: six,
        apply: |x| {
            let y = x[0].gt(0.4).select(x[0], f64::NEG_INFINITY).logcumsumexp(1);
            y.eq(f64::NEG_INFINITY).select(0.0, y)
        },
    },
    Sample { name: "diff", inputs: six, apply: |x| x[0].diff(1).square() },
    Sample { name: "trapezoid", inputs: six, apply: |x| x[0].square().trapezoid(0.5, -1) },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
