//! The singular value decomposition.

use crate::kernel::{Float, Matrixwise, finite, matrix, normalize, write};
use crate::parts::{
    diagonal, diagonal_of, epsilon, identity, leading, matrixwise_op, pack, part, reciprocal_unless,
    rounding, sides, skew, symmetric, with_last,
};
use crate::sample;
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd as faer_svd;
use faer::{Mat, Par};

/// `U`, `S` and `Vᵀ` of `m` by `n` matrices, packed in this order.
#[derive(Clone, Debug)]
struct Svd {
    name: &'static str,
    m: usize,
    n: usize,
}

impl Svd {
    /// The number of singular values.
    fn k(&self) -> usize {
        self.m.min(self.n)
    }

    fn packed(&self) -> usize {
        self.k() * (self.m + 1 + self.n)
    }

    #[track_caller]
    fn parts<'t>(&self, packed: Var<'t>) -> [Var<'t>; 3] {
        let (m, n, k) = (self.m, self.n, self.k());
        [part(packed, 0, &[m, k]), part(packed, m * k, &[k]), part(packed, m * k + k, &[k, n])]
    }

    /// `1 / (sⱼ - sᵢ)`, `1 / (sⱼ + sᵢ)` and `1 / sⱼ`, and 0 where a divisor is 0 to working precision.
    fn divisors<'t>(&self, s: Var<'t>) -> [Var<'t>; 3] {
        let least = s.abs().max_keep(-1).detach() * rounding(self.m.max(self.n), s.dtype());
        let (row, column) = (s.unsqueeze(-1), s.unsqueeze(-2));
        let least_pair = least.unsqueeze(-1);
        let (difference, sum) = (column - row, column + row);
        [
            reciprocal_unless(difference.abs().le(least_pair), difference),
            reciprocal_unless(sum.le(least_pair), sum),
            reciprocal_unless(s.le(least), s),
        ]
    }
}

/// The thin factors of one matrix.
pub(crate) struct Parts<T> {
    pub(crate) u: Mat<T>,
    pub(crate) s: Vec<T>,
    pub(crate) v: Mat<T>,
}

/// The thin decomposition of a matrix; singular values descend.
pub(crate) fn decompose<T: Float>(mut a: Mat<T>) -> Result<Parts<T>, String> {
    let (m, n) = a.shape();
    let k = m.min(n);
    let scale = normalize(&mut a);
    let (mut u, mut v, mut s) = (Mat::zeros(m, k), Mat::zeros(n, k), Diag::zeros(k));
    if k > 0 {
        let thin = faer_svd::ComputeSvdVectors::Thin;
        let need = faer_svd::svd_scratch::<T>(m, n, thin, thin, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        let stack = MemStack::new(&mut memory);
        let (to_u, to_v) = (Some(u.as_mut()), Some(v.as_mut()));
        faer_svd::svd(a.as_ref(), s.as_mut(), to_u, to_v, Par::Seq, stack, Default::default())
            .map_err(|_| "has no singular values that the iteration converges to".to_owned())?;
    }
    let s = s.column_vector().iter().map(|&s| s * scale).collect();
    Ok(Parts { u, s, v })
}

impl Matrixwise for Svd {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.m * self.n, 0, 0], self.packed())
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        finite(a)?;
        let Parts { u, s, v } = decompose(matrix(a, self.m, self.n))?;
        let (to_u, rest) = y.split_at_mut(self.m * self.k());
        let (to_s, to_v) = rest.split_at_mut(self.k());
        write(u.as_ref(), to_u);
        to_s.copy_from_slice(&s);
        write(v.transpose(), to_v);
        Ok(())
    }
}

impl Op for Svd {
    matrixwise_op!(|op| [op.m, op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new([leading(x[0])?, &[self.packed()]].concat(), x[0].dtype))
    }

    // With dP = Uᵀ·dA·V, of which Y is the symmetric part and Z the skew one, and F⁻ = 1 / (sⱼ - sᵢ), F⁺ = 1 / (sⱼ
    // + sᵢ):
    //   dS = diag dP,
    //   dU = U·(F⁻∘Y + F⁺∘Z) + (1 - U·Uᵀ)·dA·V·S⁻¹,
    //   dV = V·(F⁻∘Y - F⁺∘Z) + (1 - V·Vᵀ)·dAᵀ·U·S⁻¹. This is Giles's section 3.2 with (dP·S + S·dPᵀ) / (sⱼ² - sᵢ²)
    // taken apart: of equal singular values only the first term is infinite. It turns U and V by the same angle, on
    // which A does not depend, so that leaving it out is exact for whatever does not depend on it either, such as
    // U·Vᵀ.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        if self.k() == 0 {
            return at.gradients(|_| Some(zeros(at.x[0])));
        }
        let [u, s, vh] = self.parts(at.y);
        let [gu, gs, gvh] = self.parts(g);
        let [by_difference, by_sum, by_s] = self.divisors(s);
        let (x, w) = (u.t().matmul(gu), vh.matmul(gvh.t()));
        let inner = symmetric((x + w) * by_difference) + skew((x - w) * by_sum) + diagonal(gs);
        let mut ga = u.matmul(inner).matmul(vh);
        if self.m > self.k() {
            let gu = gu * by_s.unsqueeze(-2);
            ga = ga + (gu - u.matmul(u.t().matmul(gu))).matmul(vh);
        }
        if self.n > self.k() {
            let gvh = gvh * by_s.unsqueeze(-1);
            ga = ga + u.matmul(gvh - gvh.matmul(vh.t()).matmul(vh));
        }
        at.gradients(|_| Some(ga))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let da = dx[0]?;
        if self.k() == 0 {
            return Some(zeros(at.y));
        }
        let [u, s, vh] = self.parts(at.y);
        let [by_difference, by_sum, by_s] = self.divisors(s);
        let (dav, uda) = (da.matmul(vh.t()), u.t().matmul(da));
        let dp = u.t().matmul(dav);
        let (y, z) = (symmetric(dp) * by_difference, skew(dp) * by_sum);
        let mut du = u.matmul(y + z);
        let mut dvh = (y - z).t().matmul(vh);
        if self.m > self.k() {
            du = du + (dav - u.matmul(dp)) * by_s.unsqueeze(-2);
        }
        if self.n > self.k() {
            dvh = dvh + (uda - dp.matmul(vh)) * by_s.unsqueeze(-1);
        }
        Some(pack([(du, 2), (diagonal_of(dp), 1), (dvh, 2)]))
    }
}

/// The change of what never changes.
fn zeros(like: Var<'_>) -> Var<'_> {
    like.tape().full(like.shape(), 0.0, like.dtype())
}

#[track_caller]
pub(crate) fn svd<'t>(name: &'static str, a: Var<'t>) -> [Var<'t>; 3] {
    let [m, n] = sides(&a.shape());
    let op = Svd { name, m, n };
    op.parts(a.tape().op(op.clone(), &[a]))
}

/// The Moore-Penrose inverse: singular values of no more than `cutoff` times the largest count as 0.
#[derive(Clone, Debug)]
struct Pinv {
    name: &'static str,
    m: usize,
    n: usize,
    cutoff: f64,
}

impl Matrixwise for Pinv {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.m * self.n, 0, 0], self.n * self.m)
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        finite(a)?;
        let Parts { u, s, mut v } = decompose(matrix(a, self.m, self.n))?;
        let least = T::of(self.cutoff) * s[0];
        for (j, &s) in s.iter().enumerate() {
            let by = if s > least { T::of(1.0) / s } else { T::of(0.0) };
            (0..self.n).for_each(|i| v[(i, j)] *= by);
        }
        let mut p = Mat::zeros(self.n, self.m);
        let set = faer::Accum::Replace;
        faer::linalg::matmul::matmul(p.as_mut(), set, v.as_ref(), u.transpose(), T::of(1.0), Par::Seq);
        write(p.as_ref(), y);
        Ok(())
    }
}

impl Op for Pinv {
    matrixwise_op!(|op| [
        op.m,
        op.n,
        op.cutoff.to_bits() as u32 as usize,
        (op.cutoff.to_bits() >> 32) as usize
    ]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new([leading(x[0])?, &[self.n, self.m]].concat(), x[0].dtype))
    }

    // Golub and Pereyra (1973), equation 4.12: with P = A⁺, of constant rank,
    //   dP = -P·dA·P + P·Pᵀ·dAᵀ·(1 - A·P) + (1 - P·A)·dAᵀ·Pᵀ·P.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let (a, p, gt) = (at.x[0], at.y, g.t());
        let x = gt.matmul(p).matmul(p.t());
        let y = p.t().matmul(p).matmul(gt);
        let ga = (x - a.matmul(p.matmul(x))) + (y - y.matmul(p).matmul(a)) - p.t().matmul(g).matmul(p.t());
        at.gradients(|_| Some(ga))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let (a, p, da) = (at.x[0], at.y, dx[0]?);
        let x = p.matmul(p.t()).matmul(da.t());
        let y = da.t().matmul(p.t()).matmul(p);
        Some((x - x.matmul(a).matmul(p)) + (y - p.matmul(a.matmul(y))) - p.matmul(da).matmul(p))
    }
}

#[track_caller]
pub(crate) fn pinv<'t>(name: &'static str, a: Var<'t>, cutoff: Option<f64>) -> Var<'t> {
    let [m, n] = sides(&a.shape());
    let cutoff = cutoff.unwrap_or(m.max(n) as f64 * epsilon(a.dtype()));
    a.tape().op(Pinv { name, m, n, cutoff }, &[a])
}

/// Singular values, descending.
#[track_caller]
pub(crate) fn singular_values<'t>(name: &'static str, a: Var<'t>) -> Var<'t> {
    svd(name, a)[1]
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "svd", inputs: || vec![crate::triangular::three()], apply: |x| mixed(svd("svd", x[0])) },
    Sample { name: "svd_tall", inputs: tall, apply: |x| mixed(svd("svd", x[0])) },
    Sample { name: "svd_wide", inputs: tall, apply: |x| mixed(svd("svd", x[0].t())) },
    Sample {
        name: "svdvals",
        inputs: || vec![sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| singular_values("svdvals", x[0]),
    },
    Sample { name: "pinv", inputs: tall, apply: |x| pinv("pinv", x[0], None) },
    Sample { name: "pinv_wide", inputs: tall, apply: |x| pinv("pinv", x[0].t(), None) },
    Sample {
        name: "pinv_cutoff",
        inputs: || vec![sample(&[0.5, -1.2, 2.0], &[3, 1]), sample(&[0.3, 1.5, -0.7], &[1, 3])],
        apply: |x| pinv("pinv", x[0].matmul(x[1]), Some(1e-8)),
    },
];

pub(crate) fn tall() -> Vec<chainrule_tape::Tensor> {
    vec![sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[4, 2])]
}

/// Something that depends on all parts, signs included.
fn mixed(parts: [Var<'_>; 3]) -> Var<'_> {
    let [u, s, vh] = parts;
    let shape = s.shape();
    let tilted = s.sin() * s.tape().iota(shape[shape.rank() - 1], s.dtype()).cos();
    u.square().matmul(diagonal(tilted)).matmul(vh) + u.matmul(vh.square() + identity_like(vh))
}

/// Ones on the diagonal of a matrix that need not be square.
fn identity_like(x: Var<'_>) -> Var<'_> {
    let [m, n] = sides(&x.shape());
    let side = m.max(n);
    identity(x, side).slice(0, ..m).slice(1, ..n).expand(with_last(&x.shape(), 0, &[]))
}
