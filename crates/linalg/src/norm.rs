//! Norms of matrices and the condition number.

use crate::parts::{epsilon, sides};
use crate::svd::singular_values;
use crate::triangular::three;
use chainrule_tape::check::Sample;
use chainrule_tape::{DType, Var};

/// A norm of matrices: [`Linalg::matrix_norm`](crate::Linalg::matrix_norm).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum MatrixNorm {
    /// `√Σ aᵢⱼ²`.
    Frobenius,
    /// The sum of the singular values.
    Nuclear,
    /// The largest singular value.
    Spectral,
    /// The largest sum of a column's absolute values.
    One,
    /// The largest sum of a row's absolute values.
    Infinity,
}

#[track_caller]
pub(crate) fn matrix_norm<'t>(a: Var<'t>, norm: MatrixNorm) -> Var<'t> {
    if a.rank() < 2 || !a.dtype().is_float() {
        return a.tape().fail("matrix_norm", "takes matrices, [\u{2026}, m, n], of f32 or f64", &[a]);
    }
    if sides(&a.shape()).contains(&0) {
        // A sum of nothing; the largest of nothing counts as 0, as PyTorch's does.
        return a.sum([-2, -1]);
    }
    match norm {
        MatrixNorm::Frobenius => a.norm([-2, -1]),
        MatrixNorm::Nuclear => singular_values("matrix_norm", a).sum(-1),
        MatrixNorm::Spectral => singular_values("matrix_norm", a).max(-1),
        MatrixNorm::One => a.abs().sum(-2).max(-1),
        MatrixNorm::Infinity => a.abs().sum(-1).max(-1),
    }
}

#[track_caller]
pub(crate) fn cond<'t>(a: Var<'t>) -> Var<'t> {
    let [m, n] = sides(&a.shape());
    let k = m.min(n);
    if k == 0 {
        return a.tape().fail("cond", "an empty matrix has no singular values", &[a]);
    }
    let s = singular_values("cond", a);
    (s.slice(-1, ..1) / s.slice(-1, k - 1..)).squeeze(-1)
}

#[track_caller]
pub(crate) fn matrix_rank<'t>(a: Var<'t>) -> Var<'t> {
    let shape = a.shape();
    let [m, n] = sides(&shape);
    let s = singular_values("matrix_rank", a);
    if m.min(n) == 0 {
        return s.sum(-1).cast(DType::I64);
    }
    let least = s.max_keep(-1) * (m.max(n) as f64 * epsilon(a.dtype()));
    s.gt(least).cast(DType::I64).sum(-1)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "matrix_norm",
        inputs: || vec![three()],
        apply: |x| matrix_norm(x[0], MatrixNorm::Frobenius),
    },
    Sample {
        name: "matrix_norm_nuclear",
        inputs: crate::svd::tall,
        apply: |x| matrix_norm(x[0], MatrixNorm::Nuclear),
    },
    Sample {
        name: "matrix_norm_spectral",
        inputs: crate::svd::tall,
        apply: |x| matrix_norm(x[0], MatrixNorm::Spectral),
    },
    Sample {
        name: "matrix_norm_one",
        inputs: || vec![three()],
        apply: |x| matrix_norm(x[0], MatrixNorm::One),
    },
    Sample {
        name: "matrix_norm_infinity",
        inputs: || vec![three()],
        apply: |x| matrix_norm(x[0], MatrixNorm::Infinity),
    },
    Sample { name: "cond", inputs: || vec![three()], apply: |x| cond(x[0]) },
    Sample {
        name: "matrix_rank",
        inputs: || vec![three()],
        apply: |x| x[0] * matrix_rank(x[0]).cast(DType::F64),
    },
];
