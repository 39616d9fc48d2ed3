//! The QR factorization, and least squares by it.

use crate::kernel::{Float, Matrixwise, finite, matrix, normalize, write};
use crate::lu::is_vector;
use crate::parts::{Half, half, leading, matrixwise_op, pack, part, sides};
use crate::sample;
use crate::svd::tall;
use crate::triangular::{Triangle, as_given, solve_triangular};
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{householder, qr::no_pivoting::factor};
use faer::{Conj, Mat, Par};

/// `Q` and `R` of `m` by `n` matrices with `m ≥ n`, packed in this order.
#[derive(Clone, Debug)]
struct Qr {
    name: &'static str,
    m: usize,
    n: usize,
}

impl Qr {
    fn packed(&self) -> usize {
        (self.m + self.n) * self.n
    }

    #[track_caller]
    fn parts<'t>(&self, packed: Var<'t>) -> [Var<'t>; 2] {
        let (m, n) = (self.m, self.n);
        [part(packed, 0, &[m, n]), part(packed, m * n, &[n, n])]
    }
}

impl Matrixwise for Qr {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.m * self.n, 0, 0], self.packed())
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        finite(a)?;
        let (m, n) = (self.m, self.n);
        let mut qr = matrix(a, m, n);
        let scale = normalize(&mut qr);
        let block = factor::recommended_block_size::<T>(m, n);
        let mut coefficients = Mat::zeros(block, n);
        let need = factor::qr_in_place_scratch::<T>(m, n, block, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        let stack = MemStack::new(&mut memory);
        factor::qr_in_place(qr.as_mut(), coefficients.as_mut(), Par::Seq, stack, Default::default());
        let mut q = Mat::identity(m, n);
        let need =
            householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, block, n);
        let mut memory = MemBuffer::new(need);
        let stack = MemStack::new(&mut memory);
        householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
            qr.as_ref(),
            coefficients.as_ref(),
            Conj::No,
            q.as_mut(),
            Par::Seq,
            stack,
        );
        let (to_q, to_r) = y.split_at_mut(m * n);
        write(q.as_ref(), to_q);
        write(Mat::from_fn(n, n, |i, j| if i > j { T::of(0.0) } else { qr[(i, j)] * scale }).as_ref(), to_r);
        Ok(())
    }
}

impl Op for Qr {
    matrixwise_op!(|op| [op.m, op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new([leading(x[0])?, &[self.packed()]].concat(), x[0].dtype))
    }

    // Walter and Lehmann (2010): gA = (gQ + Q·copyltu(M))·R⁻ᵀ with M = R·gRᵀ - gQᵀ·Q, where copyltu copies the lower
    // triangle to the upper one.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let [q, r] = self.parts(at.y);
        let [gq, gr] = self.parts(g);
        let m = r.matmul(half(gr, Half::Upper).t()) - gq.t().matmul(q);
        let copied = half(m, Half::Lower) + half(m, Half::StrictlyLower).t();
        let x = gq + q.matmul(copied);
        let ga = solve_triangular(self.name, r, x.t(), Triangle::upper()).t();
        at.gradients(|_| Some(ga))
    }

    // With X = dA·R⁻¹, S = Qᵀ·X and the skew Ω that has S's lower triangle: dR = (S - Ω)·R and dQ = X - Q·(S - Ω).
    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let [q, r] = self.parts(at.y);
        let x = solve_triangular(self.name, r, dx[0]?.t(), Triangle::upper().transposed()).t();
        let s = q.t().matmul(x);
        let upper = half(s, Half::Upper) + half(s, Half::StrictlyLower).t();
        Some(pack([(x - q.matmul(upper), 2), (upper.matmul(r), 2)]))
    }
}

#[track_caller]
pub(crate) fn qr<'t>(name: &'static str, a: Var<'t>) -> [Var<'t>; 2] {
    let [m, n] = sides(&a.shape());
    if m < n && a.rank() >= 2 {
        // The first columns alone decide on Q; the others are turned by it.
        let (square, rest) = (a.slice(-1, ..m), a.slice(-1, m..));
        let [q, r] = qr(name, square);
        return [q, a.tape().concat(&[r, q.t().matmul(rest)], -1)];
    }
    let op = Qr { name, m, n };
    op.parts(a.tape().op(op.clone(), &[a]))
}

#[track_caller]
pub(crate) fn lstsq<'t>(a: Var<'t>, b: Var<'t>) -> Var<'t> {
    let _op = a.tape().within("lstsq", &[a, b]);
    let (of_a, of_b) = (a.shape(), b.shape());
    let [m, n] = sides(&of_a);
    let vector = is_vector(&of_a, &of_b);
    let b = if vector { b.unsqueeze(-1) } else { b };
    let rows = sides(&b.shape())[0];
    if of_a.rank() < 2 || rows != m || a.dtype() != b.dtype() {
        let what = match of_a.rank() {
            0 | 1 => "takes matrices, [\u{2026}, m, n]".to_owned(),
            _ if rows != m => format!("the matrix has {m} rows, the right-hand side {rows}"),
            _ => "the dtypes differ; cast one".to_owned(),
        };
        return a.tape().fail("lstsq", what, &[a, b]);
    }
    let x = if m >= n {
        let [q, r] = qr("lstsq", a);
        solve_triangular("lstsq", r, q.t().matmul(b), Triangle::upper())
    } else {
        let [q, r] = qr("lstsq", a.t());
        q.matmul(solve_triangular("lstsq", r, b, Triangle::upper().transposed()))
    };
    as_given(x, vector)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "qr", inputs: || vec![crate::triangular::three()], apply: |x| mixed(qr("qr", x[0])) },
    Sample { name: "qr_tall", inputs: tall, apply: |x| mixed(qr("qr", x[0])) },
    Sample { name: "qr_wide", inputs: tall, apply: |x| mixed(qr("qr", x[0].t())) },
    Sample {
        name: "qr_batched",
        inputs: || vec![sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 2, 2])],
        apply: |x| mixed(qr("qr", x[0])),
    },
    Sample {
        name: "lstsq",
        inputs: || [tall(), vec![sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7, 0.8, 1.1], &[4, 2])]].concat(),
        apply: |x| lstsq(x[0], x[1]),
    },
    Sample {
        name: "lstsq_vector",
        inputs: || [tall(), vec![sample(&[0.5, -1.0, 2.0, 0.3], &[4])]].concat(),
        apply: |x| lstsq(x[0], x[1]),
    },
    Sample {
        name: "lstsq_wide",
        inputs: || [tall(), vec![sample(&[0.5, -1.0], &[2])]].concat(),
        apply: |x| lstsq(x[0].t(), x[1]),
    },
];

/// Something that depends on both parts, signs included.
fn mixed(parts: [Var<'_>; 2]) -> Var<'_> {
    let [q, r] = parts;
    (q.square() + q).matmul(r.sin() + r.square())
}
