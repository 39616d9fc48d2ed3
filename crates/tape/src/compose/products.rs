//! Products of tensors beside the matrix product.

use super::contract::{Labels, contract};
use crate::ops::{Sample, is_lone, sample};
use crate::{Shape, Var};

impl<'t> Var<'t> {
    /// All products of two vectors' elements: `y[i, j] = a[i]·b[j]`, of shape `[m, n]`. Derivatives: `b[j]` and `a[i]`.
    #[track_caller]
    pub fn outer(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("outer", &[self, other]);
        if self.rank() != 1 || other.rank() != 1 {
            return self.tape.fail("outer", "takes two vectors", &[self, other]);
        }
        self.unsqueeze(1) * other
    }

    /// The sum of products along the last axes: `[a…, n]` and `[b…, n]` become `[a…, b…]`. With a scalar, the plain
    /// product. (PyTorch's and NumPy's `inner`.)
    #[track_caller]
    pub fn inner(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("inner", &[self, other]);
        if self.is_poisoned() || other.is_poisoned() {
            return self.tape.poison();
        }
        match (self.shape().last(), other.shape().last()) {
            (Some(a), Some(b)) if a != b => {
                let what = format!("the last axes have {a} and {b} elements");
                self.tape.fail("inner", what, &[self, other])
            }
            (Some(_), Some(_)) => self.tensordot(other, &[-1], &[-1]),
            _ => self * other,
        }
    }

    /// The sum of products over pairs of axes, `axes[i]` of this tensor with `others[i]` of the other one. The result
    /// has the other axes of this one, then those of the other, in order. (PyTorch's and NumPy's `tensordot`.) An
    /// axis of length 1 is broadcast to its partner. Without axes, these are all products of two elements.
    ///
    /// It is one matrix product. Derivatives: those of the matrix product.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (a, b) = (tape.var([[1.0, 2.0], [3.0, 4.0]]), tape.var([[5.0, 6.0], [7.0, 8.0]]));
    /// assert_eq!(a.tensordot(b, &[0, 1], &[0, 1]).item()?, 70.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn tensordot(self, other: Var<'t>, axes: &[isize], others: &[isize]) -> Var<'t> {
        let _op = self.tape.within("tensordot", &[self, other]);
        if self.tape.rejects("tensordot", &[self, other]) {
            return self.tape.poison();
        }
        let (a, b) = (self.shape(), other.shape());
        let label =
            |number: usize| char::from_u32(0xF000 + number as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        let left: Labels = (0..a.rank()).map(label).collect();
        let mut right: Labels = (a.rank()..a.rank() + b.rank()).map(label).collect();
        let mut what = String::new();
        if axes.len() != others.len() {
            what = format!("{} axes are paired with {}", axes.len(), others.len());
        } else if self.dtype() != other.dtype() || !self.dtype().is_float() {
            what = crate::record::reject(&[&self.meta(), &other.meta()]);
        }
        let mut summed = Labels::new();
        for (&axis, &partner) in axes.iter().zip(others) {
            match (a.axis(axis), b.axis(partner)) {
                (Some(i), Some(j)) if a[i] != b[j] && a[i] != 1 && b[j] != 1 => {
                    what = format!("axis {axis} has {} elements, its partner {partner} has {}", a[i], b[j]);
                }
                (Some(i), Some(j)) if !summed.contains(&left[i]) && !summed.contains(&right[j]) => {
                    right[j] = left[i];
                    summed.push(left[i]);
                }
                (Some(_), Some(_)) => what = format!("axis {axis} or {partner} is named twice"),
                _ => what = format!("there are no axes {axis} and {partner}"),
            }
        }
        if !what.is_empty() {
            return self.tape.fail("tensordot", what, &[self, other]);
        }
        let output: Labels =
            left.iter().chain(&right).copied().filter(|label| !summed.contains(label)).collect();
        contract(vec![(self, left), (other, right)], &output)
    }

    /// Kronecker's product: each element of this tensor times the whole of the other one. `[a₀, a₁, …]` and `[b₀, b₁,
    /// …]` become `[a₀·b₀, a₁·b₁, …]`; axes that one of them lacks come first and are of length 1. (PyTorch's and
    /// NumPy's `kron`.)
    #[track_caller]
    pub fn kron(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("kron", &[self, other]);
        if self.is_poisoned() || other.is_poisoned() {
            return self.tape.poison();
        }
        let (a, b) = (self.shape(), other.shape());
        let rank = a.rank().max(b.rank());
        let length =
            |shape: &Shape, axis: usize| (axis + shape.rank()).checked_sub(rank).map_or(1, |at| shape[at]);
        let (mut left, mut right, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for axis in 0..rank {
            let (m, n) = (length(&a, axis), length(&b, axis));
            left.extend([m, 1]);
            right.extend([1, n]);
            whole.push(m.saturating_mul(n));
        }
        (self.reshape(left) * other.reshape(right)).reshape(whole)
    }

    /// The vector product of vectors of three elements along an axis, which may count from the end: `y = (a₁b₂ -
    /// a₂b₁, a₂b₀ - a₀b₂, a₀b₁ - a₁b₀)`. Other axes are broadcast; both have the same number of them. (PyTorch's
    /// `linalg.cross`.) Derivatives: `b × g` and `g × a`.
    #[track_caller]
    pub fn cross(self, other: Var<'t>, axis: isize) -> Var<'t> {
        let _op = self.tape.within("cross", &[self, other]);
        let three = |x: Var<'t>| x.shape().axis(axis).is_some_and(|at| x.shape()[at] == 3);
        if self.rank() != other.rank() || !three(self) || !three(other) {
            let what = format!("takes two tensors of as many axes, with three elements along axis {axis}");
            return self.tape.fail("cross", what, &[self, other]);
        }
        let mut elements = Vec::with_capacity(3);
        for i in 0..3 {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let (a, b) = (self.slice(axis, j..j + 1), other.slice(axis, k..k + 1));
            let (c, d) = (self.slice(axis, k..k + 1), other.slice(axis, j..j + 1));
            elements.push(a * b - c * d);
        }
        self.tape.concat(&elements, axis)
    }

    /// The scalar products of vectors along an axis, `Σᵢ aᵢ·bᵢ`, which is dropped; the axes are broadcast first, and
    /// the axis may count from the end. (PyTorch's and NumPy's `vecdot`.) Derivatives: `b` and `a`.
    #[track_caller]
    pub fn vecdot(self, other: Var<'t>, axis: isize) -> Var<'t> {
        let _op = self.tape.within("vecdot", &[self, other]);
        (self * other).sum(axis)
    }

    /// The Euclidean distances of points: `y[…, i, j] = |a[…, i, :] - b[…, j, :]|`, `[…, m, d]` and `[…, n, d]` become
    /// `[…, m, n]`; leading axes are broadcast. (PyTorch's `cdist`.) The derivative of points that coincide is 0.
    #[track_caller]
    pub fn cdist(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("cdist", &[self, other]);
        let (a, b) = (self.shape(), other.shape());
        if a.rank() < 2 || b.rank() < 2 || a.last() != b.last() {
            return self.tape.fail("cdist", "takes points of as many coordinates each", &[self, other]);
        }
        (self.unsqueeze(-2) - other.unsqueeze(-3)).norm(-1)
    }

    /// The cosines of the angles between vectors along an axis, which is dropped: `Σᵢ aᵢ·bᵢ / (|a|·|b|)`, with norms of at least
    /// `eps` (PyTorch's default is 1e-8). The axes are broadcast first, and the axis may count from the end. (PyTorch's
    /// `cosine_similarity`.)
    ///
    /// Derivative by `a`: `(b / |b| - y·a / |a|) / |a|`; that of a norm below `eps` is 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (a, b) = (tape.var([3.0, 4.0]), tape.var([[6.0, 8.0], [0.0, -2.0]]));
    /// assert_eq!(a.cosine_similarity(b, -1, 1e-8).value()?.to_f64(), [1.0, -0.8]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cosine_similarity(self, other: Var<'t>, axis: isize, eps: f64) -> Var<'t> {
        let what = match self.shape().broadcast(&other.shape()) {
            _ if self.dtype() != other.dtype() || !self.dtype().is_float() => {
                crate::record::reject(&[&self.meta(), &other.meta()])
            }
            None => "these shapes don't broadcast".to_owned(),
            Some(shape) if shape.axis(axis).is_none() && !is_lone(axis, shape.rank()) => format!("there is no axis {axis}"),
            Some(shape) => {
                let (a, b) = (self.expand(&shape), other.expand(&shape));
                let a = a / a.norm_keep(axis).clamp_min(eps);
                let b = b / b.norm_keep(axis).clamp_min(eps);
                return (a * b).sum(axis);
            }
        };
        self.tape.fail("cosine_similarity", what, &[self, other])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "outer", inputs: two, apply: |x| x[0].at(0, 0).outer(x[1].at(0, 1)).square() },
    Sample { name: "inner", inputs: two, apply: |x| x[0].inner(x[1]).square() },
    Sample { name: "tensordot", inputs: two, apply: |x| x[0].tensordot(x[1].t(), &[1], &[0]).square() },
    Sample { name: "tensordot_none", inputs: two, apply: |x| x[0].tensordot(x[1], &[], &[]).square() },
    Sample { name: "kron", inputs: two, apply: |x| x[0].kron(x[1].at(0, 0)).square() },
    Sample { name: "cross", inputs: two, apply: |x| x[0].cross(x[1], -1).square() },
    Sample { name: "vecdot", inputs: two, apply: |x| x[0].vecdot(x[1], 1).square() },
    Sample { name: "cdist", inputs: two, apply: |x| x[0].cdist(x[1]) },
    Sample { name: "cosine_similarity", inputs: two, apply: |x| x[0].cosine_similarity(x[1], -1, 1e-8) },
];

fn two() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3]), sample([1.1, -0.4, 0.9, 0.6, -1.2, 0.8], &[2, 3])]
}
