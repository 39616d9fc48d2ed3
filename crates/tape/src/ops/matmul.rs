//! The matrix product.

use super::{Sample, sample};
use crate::record::{Key, OpRef};
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Shape, Var};

#[derive(Debug)]
struct Matmul;

impl Op for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        let (a, b) = (&x[0].shape, &x[1].shape);
        if x[0].dtype != x[1].dtype || !x[0].dtype.is_float() {
            return Err(crate::record::reject(x));
        }
        let (batch, [m, k]) = a.split_at(a.rank() - 2) else {
            unreachable!("operands have two axes or more")
        };
        let (_, [other, n]) = b.split_at(b.rank() - 2) else {
            unreachable!("operands have two axes or more")
        };
        if k != other {
            return Err(mismatch(*k, *other));
        }
        let shape: Shape = batch.iter().chain([m, n]).copied().collect();
        Ok(Meta::new(shape, x[0].dtype))
    }

    fn attributes(&self, _: &mut Key) {}

    fn lower(&self) -> Lower {
        Lower::Matmul
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| Some(if i == 0 { g.matmul(at.x[1].t()) } else { at.x[0].t().matmul(g) }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let left = dx[0].map(|da| da.matmul(at.x[1]));
        let right = dx[1].map(|db| at.x[0].matmul(db));
        left.into_iter().chain(right).reduce(|left, right| left + right)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.x[0].matmul(at.x[1])
    }
}

/// The product of two matrices, for the planner.
pub(crate) fn product() -> OpRef {
    OpRef::Static(&Matmul)
}

fn mismatch(row: usize, column: usize) -> String {
    format!("a row of the left operand has {row} elements, a column of the right one {column}")
}

impl<'t> Var<'t> {
    /// The matrix product `[…, m, k]·[…, k, n] → […, m, n]`; leading axes are broadcast. Operands with one axis count
    /// as a row on the left and a column on the right, and that axis is dropped from the result.
    ///
    /// Gradients: `g·bᵀ` and `aᵀ·g`.
    #[track_caller]
    pub fn matmul(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("matmul", &[self, other]);
        if self.is_poisoned() || other.is_poisoned() {
            return self.tape.poison();
        }
        if self.rank() == 2 && other.rank() == 2 {
            return self.product(other);
        }
        let (a, b) = (self.shape(), other.shape());
        match (a.rank(), b.rank()) {
            (0, _) | (_, 0) => self.tape.fail("matmul", "a scalar is no matrix", &[self, other]),
            // (Before a vector becomes a matrix, so that the mistake shows what was given.)
            (m, n) if m.min(n) == 1 && a[m - 1] != b[n.max(2) - 2] => {
                let (row, column) = (a[m - 1], b[n.max(2) - 2]);
                self.tape.fail("matmul", mismatch(row, column), &[self, other])
            }
            (1, _) => {
                let y = self.unsqueeze(0).matmul(other);
                y.squeeze(if b.rank() == 1 { -1 } else { -2 })
            }
            (_, 1) => self.matmul(other.unsqueeze(-1)).squeeze(-1),
            // One matrix for the whole batch: a single, larger product.
            (rank, 2) if rank > 2 && a[rank - 1] == b[0] => {
                let rows: usize = a[..rank - 1].iter().product();
                let shape: Shape = a[..rank - 1].iter().chain(&[b[1]]).copied().collect();
                self.reshape([rows, b[0]]).matmul(other).reshape(shape)
            }
            _ => {
                let (batch_a, matrix_a) = a.split_at(a.rank() - 2);
                let (batch_b, matrix_b) = b.split_at(b.rank() - 2);
                let Some(batch) = Shape::from(batch_a).broadcast(&Shape::from(batch_b)) else {
                    return self.tape.fail("matmul", "the leading axes don't broadcast", &[self, other]);
                };
                let whole = |matrix: &[usize]| batch.iter().chain(matrix).copied().collect::<Shape>();
                self.expand(whole(matrix_a)).product(other.expand(whole(matrix_b)))
            }
        }
    }

    #[track_caller]
    fn product(self, other: Var<'t>) -> Var<'t> {
        self.tape.push(product(), &[self, other])
    }

    /// The scalar product of two vectors, `Σᵢ aᵢ·bᵢ`. Derivatives: `b` and `a`.
    #[track_caller]
    pub fn dot(self, other: Var<'t>) -> Var<'t> {
        let _op = self.tape.within("dot", &[self, other]);
        if self.rank() != 1 || other.rank() != 1 {
            return self.tape.fail("dot", "takes two vectors", &[self, other]);
        }
        self.matmul(other)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "matmul",
        inputs: || vec![left(), sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])],
        apply: |x| x[0].matmul(x[1]),
    },
    Sample {
        name: "matmul_batched",
        inputs: || {
            vec![
                sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 1, 2, 2]),
                left().reshape([3, 2, 1]).expect("six"),
            ]
        },
        apply: |x| x[0].matmul(x[1]).square(),
    },
    Sample {
        name: "matmul_shared",
        inputs: || vec![left().reshape([2, 1, 3]).expect("six"), left().reshape([3, 2]).expect("six")],
        apply: |x| x[0].matmul(x[1]),
    },
    Sample {
        name: "dot",
        inputs: || vec![sample([0.5, -1.0], &[2]), sample([1.5, 0.3], &[2])],
        apply: |x| x[0].dot(x[1]),
    },
];

fn left() -> crate::Tensor {
    sample([1.5, 0.2, -0.4, 0.8, -1.1, 0.6], &[2, 3])
}
