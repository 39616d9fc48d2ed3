//! Axes merged, split, exchanged, added and dropped: reshapes and permutations.

use crate::ops::{Sample, is_lone, sample};
use crate::shape::axis_of;
use crate::{Shape, Var};
use smallvec::SmallVec;

impl<'t> Var<'t> {
    /// All axes from `from` on as one: `[n, c, h, w]` with `from = 1` becomes `[n, c·h·w]`.
    #[track_caller]
    pub fn flatten(self, from: usize) -> Var<'t> {
        let shape = self.shape();
        if from > shape.rank() {
            return self.tape.fail("flatten", format!("there is no axis {from}"), &[self]);
        }
        let rest = Shape::from(&shape[from..]).numel();
        self.reshape(shape[..from].iter().copied().chain([rest]).collect::<Shape>())
    }

    /// The axes `from` to `to`, both included, as one: `[a, b, c, d]` with 1 and 2 becomes `[a, b·c, d]`. Both may
    /// count from the end. (PyTorch's `flatten` with two axes.) A scalar becomes a vector. The gradient is reshaped back.
    #[track_caller]
    pub fn flatten_axes(self, from: isize, to: isize) -> Var<'t> {
        let shape = self.shape();
        if is_lone(from, shape.rank()) && is_lone(to, shape.rank()) {
            return self.reshape(1);
        }
        match (shape.axis(from), shape.axis(to)) {
            (Some(first), Some(last)) if first <= last => {
                let one: usize = Shape::from(&shape[first..=last]).numel();
                let parts = shape[..first].iter().chain([&one]).chain(&shape[last + 1..]);
                self.reshape(parts.copied().collect::<Shape>())
            }
            _ => self.tape.fail("flatten_axes", format!("there are no axes {from} to {to}"), &[self]),
        }
    }

    /// An axis as several, of these lengths: `[a, 6]` with axis 1 and `[2, 3]` becomes `[a, 2, 3]`. The axis may
    /// count from the end. The gradient is reshaped back.
    ///
    /// A mistake if the lengths' product is not the axis's length.
    #[track_caller]
    pub fn unflatten(self, axis: isize, lengths: &[usize]) -> Var<'t> {
        let _op = self.tape.within("unflatten", &[self]);
        let shape = self.shape();
        match shape.axis(axis) {
            None => self.tape.fail("unflatten", format!("there is no axis {axis}"), &[self]),
            Some(at) if Shape::from(lengths).numel() != shape[at] => {
                let what = format!("{} elements don't make axes of {}", shape[at], Shape::from(lengths));
                self.tape.fail("unflatten", what, &[self])
            }
            Some(at) => {
                let parts = shape[..at].iter().chain(lengths).chain(&shape[at + 1..]);
                self.reshape(parts.copied().collect::<Shape>())
            }
        }
    }

    /// Two axes exchanged; axes may count from the end. (A scalar has none but may be said to have 0, as everywhere.) The
    /// gradient's are exchanged back.
    #[doc(alias = "swap_axes")]
    #[track_caller]
    pub fn transpose(self, a: isize, b: isize) -> Var<'t> {
        let rank = self.rank();
        if is_lone(a, rank) && is_lone(b, rank) {
            return self;
        }
        let (Some(a), Some(b)) = (axis_of(a, rank), axis_of(b, rank)) else {
            return self.tape.fail("transpose", format!("there are no axes {a} and {b}"), &[self]);
        };
        let mut order: SmallVec<[usize; 4]> = (0..rank).collect();
        order.swap(a, b);
        self.permute(&order)
    }

    /// An axis moved to another place, the others in order: `[a, b, c]` with axis 0 moved to -1 is `[b, c, a]`. Both
    /// may count from the end.
    #[track_caller]
    pub fn move_axis(self, from: isize, to: isize) -> Var<'t> {
        let rank = self.rank();
        if is_lone(from, rank) && is_lone(to, rank) {
            return self;
        }
        let (Some(from), Some(to)) = (axis_of(from, rank), axis_of(to, rank)) else {
            return self.tape.fail("move_axis", format!("there are no axes {from} and {to}"), &[self]);
        };
        let mut order: SmallVec<[usize; 4]> = (0..rank).filter(|&axis| axis != from).collect();
        order.insert(to, from);
        self.permute(&order)
    }

    /// The last two axes exchanged: the transpose of a matrix.
    #[track_caller]
    pub fn t(self) -> Var<'t> {
        let _op = self.tape.within("t", &[self]);
        self.transpose(-2, -1)
    }

    /// A new axis of length 1 at `axis`, which may count from the end of the new shape.
    #[track_caller]
    pub fn unsqueeze(self, axis: isize) -> Var<'t> {
        let shape = self.shape();
        let rank = shape.rank() as isize + 1;
        let at = if axis < 0 { axis + rank } else { axis };
        if !(0..rank).contains(&at) {
            return self.tape.fail("unsqueeze", format!("there is no axis {axis}"), &[self]);
        }
        let (before, after) = shape.split_at(at as usize);
        self.reshape(before.iter().chain(&[1]).chain(after).copied().collect::<Shape>())
    }

    /// An axis of length 1 dropped; it may count from the end. A scalar stays one.
    #[track_caller]
    pub fn squeeze(self, axis: isize) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) {
            return self;
        }
        match shape.axis(axis) {
            Some(at) if shape[at] == 1 => self.reshape(
                shape.iter().enumerate().filter(|&(i, _)| i != at).map(|(_, &n)| n).collect::<Shape>(),
            ),
            _ => self.tape.fail("squeeze", format!("axis {axis} is not of length 1"), &[self]),
        }
    }

    /// All axes of length 1 dropped. The gradient is reshaped back.
    #[track_caller]
    pub fn squeeze_all(self) -> Var<'t> {
        self.reshape(self.shape().iter().copied().filter(|&length| length != 1).collect::<Shape>())
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "flatten", inputs: six, apply: |x| x[0].flatten(0).square() },
    Sample { name: "flatten_axes", inputs: six, apply: |x| x[0].unsqueeze(0).flatten_axes(0, 1).square() },
    Sample { name: "unflatten", inputs: six, apply: |x| x[0].unflatten(1, &[3, 1]).square() },
    Sample {
        name: "transpose",
        inputs: six,
        apply: |x| x[0].transpose(0, -1).square() * x[0].reshape([3, 2]),
    },
    Sample {
        name: "move_axis",
        inputs: six,
        apply: |x| x[0].move_axis(0, 1).square() * x[0].reshape([3, 2]),
    },
    Sample { name: "t", inputs: six, apply: |x| x[0].t().square() },
    Sample { name: "unsqueeze", inputs: six, apply: |x| x[0].unsqueeze(1).square() },
    Sample { name: "squeeze", inputs: six, apply: |x| x[0].slice(0, 1..).squeeze(0).square() },
    Sample { name: "squeeze_all", inputs: six, apply: |x| x[0].unsqueeze(1).squeeze_all().square() },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
