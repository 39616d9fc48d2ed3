//! Parts, rolls and repeats, made of the views and assemblies in `ops`.

use crate::ops::{Axes, Sample, sample};
use crate::{DType, Shape, Var};

/// More empty or poisoned pieces than this are a waste of memory.
const MOST: usize = 1 << 16;

impl<'t> Var<'t> {
    /// `length` elements of an axis from `start` on; the axis may count from the end. The gradient is 0 elsewhere.
    ///
    /// A mistake if they end outside the axis.
    #[track_caller]
    pub fn narrow(self, axis: isize, start: usize, length: usize) -> Var<'t> {
        let shape = self.shape();
        match shape.axis(axis) {
            None => self.tape.fail("narrow", format!("there is no axis {axis}"), &[self]),
            Some(at) if start.saturating_add(length) > shape[at] => {
                let what = format!("{length} elements from {start} on end outside axis {axis}");
                self.tape.fail("narrow", what, &[self])
            }
            Some(_) => self.slice(axis, start..start + length),
        }
    }

    /// One index of an axis, which is dropped: `[a, n, b]` with axis 1 becomes `[a, b]`. Axis and index may count
    /// from the end. (PyTorch's `select`.) The gradient is 0 elsewhere.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.at(0, -1).value()?.to_f64(), [3.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// A mistake if there is no such index.
    #[doc(alias = "select")]
    #[track_caller]
    pub fn at(self, axis: isize, index: isize) -> Var<'t> {
        let shape = self.shape();
        let Some(at) = shape.axis(axis) else {
            return self.tape.fail("at", format!("there is no axis {axis}"), &[self]);
        };
        match crate::shape::axis_of(index, shape[at]) {
            Some(index) if !self.is_poisoned() => self.slice(axis, index..index + 1).squeeze(axis),
            _ => self.tape.fail("at", format!("there is no index {index} in axis {axis}"), &[self]),
        }
    }

    /// The elements of an axis moved on by `shift`, those pushed out at the end back at the start: `y[i] = x[(i -
    /// shift) mod n]`. The axis may count from the end. The gradient is moved back.
    #[track_caller]
    pub fn roll(self, shift: isize, axis: isize) -> Var<'t> {
        let shape = self.shape();
        let Some(at) = shape.axis(axis) else {
            return self.tape.fail("roll", format!("there is no axis {axis}"), &[self]);
        };
        if shape[at] < 2 || shift.rem_euclid(shape[at] as isize) == 0 {
            return self;
        }
        let start = shape[at] - shift.rem_euclid(shape[at] as isize) as usize;
        self.tape.concat(&[self.slice(axis, start..), self.slice(axis, ..start)], axis)
    }

    /// [`roll`](Var::roll) along several axes: by `shifts[i]` along `axes[i]`. An axis that is named twice moves by
    /// the sum.
    #[track_caller]
    pub fn roll_axes(self, shifts: &[isize], axes: &[isize]) -> Var<'t> {
        let _op = self.tape.within("roll_axes", &[self]);
        if shifts.len() != axes.len() {
            let what = format!("{} shifts for {} axes", shifts.len(), axes.len());
            return self.tape.fail("roll_axes", what, &[self]);
        }
        let mut y = self;
        for (&shift, &axis) in shifts.iter().zip(axes) {
            y = y.roll(shift, axis);
        }
        y
    }

    /// A plane turned by `quarters` of a full turn, from the first of two axes towards the second; fewer than 0 turn
    /// back. (PyTorch's and NumPy's `rot90`.) The gradient is turned back.
    #[track_caller]
    pub fn rot90(self, quarters: isize, axes: [isize; 2]) -> Var<'t> {
        if self.is_poisoned() {
            return self;
        }
        if let Err(what) = axes.resolve(&self.shape()) {
            return self.tape.fail("rot90", what, &[self]);
        }
        match quarters.rem_euclid(4) {
            1 => self.flip(axes[1]).transpose(axes[0], axes[1]),
            2 => self.flip(axes),
            3 => self.flip(axes[0]).transpose(axes[0], axes[1]),
            _ => self,
        }
    }

    /// An axis cut into pieces of these lengths, in order; it may count from the end. Each piece's gradient goes to
    /// its part.
    ///
    /// A mistake if the lengths do not add up to the axis's (then there are as many results, all of them poisoned).
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let parts = tape.var([1.0, 2.0, 3.0]).split(0, &[1, 2]);
    /// assert_eq!(parts[1].value()?.to_f64(), [2.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn split(self, axis: isize, lengths: &[usize]) -> Vec<Var<'t>> {
        let shape = self.shape();
        let all = lengths.iter().fold(0usize, |sum, &length| sum.saturating_add(length));
        let what = match shape.axis(axis) {
            None => format!("there is no axis {axis}"),
            Some(at) if shape[at] != all => {
                format!(
                    "pieces of {} are {all} elements, axis {axis} has {}",
                    Shape::from(lengths),
                    shape[at]
                )
            }
            Some(_) => String::new(),
        };
        if !what.is_empty() || self.is_poisoned() {
            return vec![self.tape.fail("split", what, &[self]); lengths.len()];
        }
        let (mut pieces, mut start) = (Vec::with_capacity(lengths.len()), 0);
        for &length in lengths {
            pieces.push(self.slice(axis, start..start + length));
            start += length;
        }
        pieces
    }

    /// An axis cut into `n` pieces of equal length, the last of them shorter if need be; it may count from the end.
    /// As in PyTorch there are fewer than `n` pieces where `n - 1` of the length that is needed are enough: 5
    /// elements in 4 pieces are 2, 2 and 1. Each piece's gradient goes to its part.
    ///
    /// A mistake if `n` is 0 (the result is then one poisoned piece).
    #[track_caller]
    pub fn chunk(self, axis: isize, n: usize) -> Vec<Var<'t>> {
        let shape = self.shape();
        let Some(at) = shape.axis(axis).filter(|_| n > 0 && !self.is_poisoned()) else {
            let what = if n == 0 { "no pieces".to_owned() } else { format!("there is no axis {axis}") };
            // (As many as are asked for, so that taking one of them does not panic.)
            return vec![self.tape.fail("chunk", what, &[self]); n.clamp(1, MOST)];
        };
        let each = shape[at].div_ceil(n);
        if each == 0 && n > MOST {
            return vec![self.tape.fail("chunk", format!("{n} pieces of no elements"), &[self]); MOST];
        }
        if each == 0 {
            return vec![self; n];
        }
        let mut pieces = Vec::with_capacity(shape[at].div_ceil(each));
        for start in (0..shape[at]).step_by(each) {
            pieces.push(self.slice(axis, start..start.saturating_add(each).min(shape[at])));
        }
        pieces
    }

    /// The whole tensor repeated, `repeats[i]` times along axis `i`; missing repeats, or axes, come first and are 1.
    /// (PyTorch's and NumPy's `tile`, PyTorch's `repeat`.) The gradient is the sum over the repeats.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([1.0, 2.0]).tile(&[2, 2]);
    /// assert_eq!(y.value()?.to_f64(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[doc(alias = "repeat")]
    #[track_caller]
    pub fn tile(self, repeats: &[usize]) -> Var<'t> {
        let _op = self.tape.within("tile", &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        let rank = shape.rank().max(repeats.len());
        let (mut once, mut whole, mut merged) = (Vec::new(), Vec::new(), Vec::new());
        for axis in 0..rank {
            let from_end = |lengths: &[usize]| (axis + lengths.len()).checked_sub(rank).map(|at| lengths[at]);
            let (length, repeat) = (from_end(&shape).unwrap_or(1), from_end(repeats).unwrap_or(1));
            if repeat != 1 {
                once.push(1);
                whole.push(repeat);
            }
            once.push(length);
            whole.push(length);
            merged.push(length.saturating_mul(repeat));
        }
        self.reshape(once).expand(whole).reshape(merged)
    }

    /// Each element of an axis `n` times in a row: `[a, b]` becomes `[a, a, b, b]`. The axis may count from the end.
    /// The gradient is the sum over the repeats.
    #[track_caller]
    pub fn repeat_interleave(self, axis: isize, n: usize) -> Var<'t> {
        let _op = self.tape.within("repeat_interleave", &[self]);
        let shape = self.shape();
        let Some(at) = shape.axis(axis) else {
            return self.tape.fail("repeat_interleave", format!("there is no axis {axis}"), &[self]);
        };
        let (before, after) = shape.split_at(at + 1);
        let with = |n: usize| before.iter().chain([&n]).chain(after).copied().collect::<Shape>();
        self.reshape(with(1)).expand(with(n)).reshape(shape.with(at, shape[at].saturating_mul(n)))
    }

    /// The transpose of [`unfold`](Var::unfold): windows, which are the last axis, added up where they lie. `[a, w,
    /// b, size]` with axis 1 becomes `[a, length, b]`: element `k` of window `i` is added to element `i·step + k`.
    /// What no window reaches is 0.
    ///
    /// The gradient is [`unfold`](Var::unfold)ed. A mistake if the last window ends after `length`, or the step is 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let windows = tape.var([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]);
    /// assert_eq!(windows.fold(0, 4, 1).value()?.to_f64(), [1.0, 4.0, 6.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn fold(self, axis: isize, length: usize, step: usize) -> Var<'t> {
        let _op = self.tape.within("fold", &[self]);
        let shape = self.shape();
        let rank = shape.rank().saturating_sub(1);
        let Some(at) = crate::shape::axis_of(axis, rank) else {
            return self.tape.fail("fold", format!("there is no axis {axis} beside the windows'"), &[self]);
        };
        let (count, size) = (shape[at], shape[rank]);
        let end = match count {
            0 => 0,
            _ => (count - 1).saturating_mul(step).saturating_add(size),
        };
        if step == 0 || end > length {
            let what =
                format!("{count} windows of {size} with a step of {step} don't lie in {length} elements");
            return self.tape.fail("fold", what, &[self]);
        }
        // (One window alone has no next one.)
        let step = if count < 2 { size.max(1) } else { step };
        let (before, after) = (&shape[..at], &shape[at + 1..rank]);
        let joined = |middle: &[usize]| before.iter().chain(middle).chain(after).copied().collect::<Shape>();
        let windows = self.move_axis(-1, at as isize + 1);
        if step >= size {
            // Windows that lie apart follow each other, with zeros between them.
            let reach = count.saturating_mul(step);
            let spread = windows.pad(at as isize + 1, 0, step - size).reshape(joined(&[reach]));
            let used = spread.slice(at as isize, ..length.min(reach));
            return used.pad(at as isize, 0, length.saturating_sub(reach));
        }
        let outer = Shape::from(before).numel();
        let tape = self.tape;
        let index = tape.iota(outer, DType::I64).reshape([outer, 1, 1]) * length as f64
            + tape.iota(count, DType::I64).reshape([count, 1]) * step as f64
            + tape.iota(size, DType::I64);
        let rows: Shape = [outer, count, size].iter().chain(after).copied().collect();
        windows.reshape(rows).segment_sum(index, outer.saturating_mul(length)).reshape(joined(&[length]))
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "narrow", inputs: six, apply: |x| x[0].narrow(-1, 1, 2).square() },
    Sample { name: "at", inputs: six, apply: |x| x[0].at(1, -2).square() * x[0].at(1, 0) },
    Sample { name: "roll", inputs: six, apply: |x| x[0].roll(1, 1).square() * x[0] },
    Sample { name: "roll_axes", inputs: six, apply: |x| x[0].roll_axes(&[-1, 2], &[0, -1]).square() * x[0] },
    Sample { name: "rot90", inputs: six, apply: |x| x[0].rot90(1, [0, 1]).square() * x[0].rot90(3, [0, 1]) },
    Sample {
        name: "split",
        inputs: six,
        apply: |x| {
            let parts = x[0].split(1, &[1, 2]);
            parts[0].square() * parts[1]
        },
    },
    Sample {
        name: "chunk",
        inputs: six,
        apply: |x| {
            let parts: Vec<Var<'_>> = x[0].chunk(1, 2).into_iter().rev().collect();
            x[0].tape().concat(&parts, 1).square() * x[0]
        },
    },
    Sample { name: "tile", inputs: six, apply: |x| x[0].tile(&[2, 1, 2]).square() },
    Sample { name: "repeat_interleave", inputs: six, apply: |x| x[0].repeat_interleave(1, 2).square() },
    Sample { name: "fold", inputs: six, apply: |x| x[0].fold(0, 4, 1).square() },
    Sample { name: "fold_apart", inputs: six, apply: |x| x[0].t().fold(-1, 11, 4).square() },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
