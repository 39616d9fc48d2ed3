//! Eigenvalues and eigenvectors of symmetric matrices.

use crate::kernel::{Float, Matrixwise, finite, normalize, write};
use crate::parts::{
    diagonal, diagonal_of, leading_square, matrixwise_op, pack, part, reciprocal_unless, rounding, sides,
    symmetric,
};
use crate::sample;
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd as faer_evd;
use faer::{Mat, Par};

/// Eigenvalues and eigenvectors, packed in this order.
#[derive(Clone, Debug)]
struct Eigh {
    name: &'static str,
    n: usize,
}

impl Eigh {
    #[track_caller]
    fn parts<'t>(&self, packed: Var<'t>) -> [Var<'t>; 2] {
        [part(packed, 0, &[self.n]), part(packed, self.n, &[self.n, self.n])]
    }

    /// `1 / (λⱼ - λᵢ)`, and 0 where these are equal to working precision.
    fn by_difference<'t>(&self, values: Var<'t>) -> Var<'t> {
        let largest = values.abs().max_keep(-1).detach().unsqueeze(-1);
        let difference = values.unsqueeze(-2) - values.unsqueeze(-1);
        let least = largest * rounding(self.n, values.dtype());
        reciprocal_unless(difference.abs().le(least), difference)
    }
}

impl Matrixwise for Eigh {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.n * self.n, 0, 0], self.n * (self.n + 1))
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let n = self.n;
        (0..n).try_for_each(|i| finite(&a[i * n..=i * n + i]))?;
        let mut a = Mat::from_fn(n, n, |i, j| a[i.max(j) * n + i.min(j)]);
        let scale = normalize(&mut a);
        let (mut vectors, mut values) = (Mat::zeros(n, n), Diag::zeros(n));
        let yes = faer_evd::ComputeEigenvectors::Yes;
        let need = faer_evd::self_adjoint_evd_scratch::<T>(n, yes, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        let stack = MemStack::new(&mut memory);
        let to = Some(vectors.as_mut());
        faer_evd::self_adjoint_evd(a.as_ref(), values.as_mut(), to, Par::Seq, stack, Default::default())
            .map_err(|_| "has no eigenvalues that the iteration converges to".to_owned())?;
        let (to_values, to_vectors) = y.split_at_mut(n);
        to_values.iter_mut().zip(values.column_vector().iter()).for_each(|(y, x)| *y = *x * scale);
        write(vectors.as_ref(), to_vectors);
        Ok(())
    }
}

impl Op for Eigh {
    matrixwise_op!(|op| [op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new([leading_square(x[0])?, &[self.n * (self.n + 1)]].concat(), x[0].dtype))
    }

    // Giles (2008), section 3.1: with dP = Vᵀ·dA·V, dλ = diag dP and dV = V·(F∘dP), where F = 1 / (λⱼ - λᵢ).
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        // (An empty axis has no largest value.)
        if self.n == 0 {
            return at.gradients(|_| Some(g.reshape(at.x[0].shape())));
        }
        let [values, v] = self.parts(at.y);
        let [g_values, gv] = self.parts(g);
        let inner = symmetric(v.t().matmul(gv) * self.by_difference(values)) + diagonal(g_values);
        at.gradients(|_| Some(v.matmul(inner).matmul(v.t())))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let da = dx[0]?;
        if self.n == 0 {
            return Some(da.reshape(at.y.shape()));
        }
        let [values, v] = self.parts(at.y);
        let dp = v.t().matmul(symmetric(da)).matmul(v);
        Some(pack([(diagonal_of(dp), 1), (v.matmul(dp * self.by_difference(values)), 2)]))
    }
}

#[track_caller]
pub(crate) fn eigh<'t>(name: &'static str, a: Var<'t>) -> [Var<'t>; 2] {
    let op = Eigh { name, n: sides(&a.shape())[1] };
    op.parts(a.tape().op(op.clone(), &[a]))
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "eigh",
        inputs: || vec![crate::triangular::three()],
        apply: |x| {
            let [values, v] = eigh("eigh", symmetric(x[0]));
            v.square().matmul(diagonal(values.sin())).matmul(v)
        },
    },
    Sample {
        name: "eigvalsh",
        inputs: || vec![sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| eigh("eigvalsh", symmetric(x[0]))[0],
    },
];
