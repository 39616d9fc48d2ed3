//! Padding with something else than zeros.

use crate::ops::{Axes, Sample, sample};
use crate::{Shape, Var};

/// What [`Var::pad_with`] puts around the elements `a b c d`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PadMode {
    /// A number: `0 0 | a b c d | 0 0`.
    Constant(f64),
    /// The elements mirrored at the first and the last one, which are not repeated: `c b | a b c d | c b`.
    Reflect,
    /// The first and the last element: `a a | a b c d | d d`.
    Replicate,
    /// The elements from the other end: `c d | a b c d | a b`.
    Circular,
}

impl<'t> Var<'t> {
    /// Elements before and after those of some axes: of each `(axis, [before, after])`. Axes may count from the end;
    /// which comes first makes no difference. ([`pad`](Var::pad) puts zeros around one axis.)
    ///
    /// The gradient of an element is the sum over its uses. As in PyTorch, it is a mistake to reflect as many
    /// elements as there are, or more, to take more than there are from the other end, or to repeat one of none.
    ///
    /// ```
    /// # use chainrule_tape::{PadMode, Tape};
    /// let tape = Tape::new();
    /// let y = tape.var([1.0, 2.0, 3.0]).pad_with(&[(0, [2, 1])], PadMode::Reflect);
    /// assert_eq!(y.value()?.to_f64(), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn pad_with(self, pads: &[(isize, [usize; 2])], mode: PadMode) -> Var<'t> {
        let _op = self.tape.within("pad_with", &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        let axes: Vec<isize> = pads.iter().map(|&(axis, _)| axis).collect();
        if let Err(what) = axes.as_slice().resolve(&shape) {
            return self.tape.fail("pad_with", what, &[self]);
        }
        let too_many = |&&(axis, [before, after]): &&(isize, [usize; 2])| {
            let length = shape.axis(axis).map_or(0, |axis| shape[axis]);
            let most = match mode {
                PadMode::Constant(_) => usize::MAX,
                PadMode::Replicate if length > 0 => usize::MAX,
                PadMode::Reflect => length.saturating_sub(1),
                PadMode::Replicate | PadMode::Circular => length,
            };
            before.max(after) > most
        };
        if let Some((axis, [before, after])) = pads.iter().find(too_many) {
            let what =
                format!("axis {axis} is too short for {before} elements before and {after} after ({mode:?})");
            return self.tape.fail("pad_with", what, &[self]);
        }
        let mut y = self;
        for &(axis, [before, after]) in pads {
            y = y.pad_axis(axis, before, after, mode);
        }
        y
    }

    /// Elements before and after those of one axis, which is long enough.
    #[track_caller]
    fn pad_axis(self, axis: isize, before: usize, after: usize, mode: PadMode) -> Var<'t> {
        let shape = self.shape();
        let n = shape.axis(axis).map_or(0, |axis| shape[axis]);
        let long = |length: usize| shape.axis(axis).map_or(Shape::scalar(), |axis| shape.with(axis, length));
        if mode == PadMode::Constant(0.0) {
            return self.pad(axis, before, after);
        }
        let mut pieces = Vec::with_capacity(3);
        for (at, count) in [(0, before), (1, 0), (2, after)] {
            if at == 1 {
                pieces.push(self);
            } else if count > 0 {
                pieces.push(match mode {
                    PadMode::Constant(value) => self.tape.full(long(count), value, self.dtype()),
                    PadMode::Reflect if at == 0 => self.slice(axis, 1..count + 1).flip(axis),
                    PadMode::Reflect => self.slice(axis, n - 1 - count..n - 1).flip(axis),
                    PadMode::Replicate if at == 0 => self.slice(axis, ..1).expand(long(count)),
                    PadMode::Replicate => self.slice(axis, n - 1..).expand(long(count)),
                    PadMode::Circular if at == 0 => self.slice(axis, n - count..),
                    PadMode::Circular => self.slice(axis, ..count),
                });
            }
        }
        if pieces.len() == 1 { self } else { self.tape.concat(&pieces, axis) }
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "pad_with_constant",
        inputs: six,
        apply: |x| x[0].pad_with(&[(1, [1, 2]), (0, [0, 1])], PadMode::Constant(0.5)).square(),
    },
    Sample {
        name: "pad_with_reflect",
        inputs: six,
        apply: |x| x[0].pad_with(&[(1, [2, 1]), (-2, [1, 0])], PadMode::Reflect).square(),
    },
    Sample {
        name: "pad_with_replicate",
        inputs: six,
        apply: |x| x[0].pad_with(&[(1, [2, 1]), (0, [1, 3])], PadMode::Replicate).square(),
    },
    Sample {
        name: "pad_with_circular",
        inputs: six,
        apply: |x| x[0].pad_with(&[(1, [3, 1]), (0, [1, 2])], PadMode::Circular).square(),
    },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
