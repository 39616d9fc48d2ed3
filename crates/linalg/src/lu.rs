//! The LU factorization, and what it solves.

use crate::kernel::{Float, Matrixwise, finite, matrix, write};
use crate::parts::{identity, leading, leading_square, matrixwise_op, sides, with_last};
use crate::sample;
use crate::triangular::{as_given, broadcast, check_system, side_by_side, three};
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::factor;
use faer::linalg::triangular_solve as faer_solve;
use faer::{Mat, Par};

/// The factorization with partial pivoting of `m` by `n` matrices, as `[…, m, n + 1]`: `L` below the diagonal, `U`
/// above and on it, and in the last column the row of `A` that stands there. It has no derivative of its own: what
/// is made of it states its derivative by `A`, so forward pass, backward pass and further derivatives share one
/// factorization.
#[derive(Clone, Debug)]
struct Factor {
    name: &'static str,
    m: usize,
    n: usize,
    /// Whether its user takes square matrices only.
    square: bool,
}

/// `L` and `U` in one matrix, and the row of `a` that stands in each row.
pub(crate) fn decompose<T: Float>(a: Mat<T>) -> (Mat<T>, Vec<usize>) {
    let (m, n) = a.shape();
    let mut lu = a.clone();
    let (mut rows, mut inverse) = (vec![0usize; m], vec![0usize; m]);
    let need = factor::lu_in_place_scratch::<usize, T>(m, n, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(need);
    let stack = MemStack::new(&mut memory);
    factor::lu_in_place(lu.as_mut(), &mut rows, &mut inverse, Par::Seq, stack, Default::default());
    // A pivot that is 0 divides what is below it all the same, which makes NaN of later ones.
    let is_pivot = |x: T| x != T::of(0.0) && x.to_f64().is_finite();
    if (0..m.min(n)).all(|i| is_pivot(lu[(i, i)])) { (lu, rows) } else { decompose_singular(a) }
}

/// The same for a matrix that may be singular: where a column has no pivot, there is nothing to eliminate.
fn decompose_singular<T: Float>(mut a: Mat<T>) -> (Mat<T>, Vec<usize>) {
    let (m, n) = a.shape();
    let mut rows: Vec<usize> = (0..m).collect();
    for k in 0..m.min(n) {
        let mut largest = k;
        for i in k + 1..m {
            if a[(i, k)].to_f64().abs() > a[(largest, k)].to_f64().abs() {
                largest = i;
            }
        }
        if a[(largest, k)] == T::of(0.0) {
            continue;
        }
        rows.swap(k, largest);
        for j in 0..n {
            let above = a[(k, j)];
            a[(k, j)] = a[(largest, j)];
            a[(largest, j)] = above;
        }
        for i in k + 1..m {
            a[(i, k)] = a[(i, k)] / a[(k, k)];
        }
        for j in k + 1..n {
            for i in k + 1..m {
                a[(i, j)] = a[(i, j)] - a[(i, k)] * a[(k, j)];
            }
        }
    }
    (a, rows)
}

impl Matrixwise for Factor {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.m * self.n, 0, 0], self.m * (self.n + 1))
    }

    fn one<T: Float>(&self, &[a, _, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        finite(a)?;
        let n = self.n;
        let (lu, rows) = decompose(matrix(a, self.m, n));
        for (i, y) in y.chunks_exact_mut(n + 1).enumerate() {
            (0..n).for_each(|j| y[j] = lu[(i, j)]);
            y[n] = T::of(rows[i] as f64);
        }
        Ok(())
    }
}

impl Op for Factor {
    // (A factorization is the same for whoever uses it.)
    matrixwise_op!(|op| [op.m, op.n]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        let leading = if self.square { leading_square(x[0]) } else { leading(x[0]) }?;
        Ok(Meta::new([leading, &[self.m, self.n + 1]].concat(), x[0].dtype))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, _: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| None)
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }

    fn detaches(&self) -> bool {
        true
    }
}

/// The packed factorization of square matrices.
#[track_caller]
pub(crate) fn factor<'t>(name: &'static str, a: Var<'t>) -> Var<'t> {
    let [m, n] = sides(&a.shape());
    a.tape().op(Factor { name, m, n, square: true }, &[a])
}

/// The same of matrices of any sides.
#[track_caller]
pub(crate) fn factor_any<'t>(name: &'static str, a: Var<'t>) -> Var<'t> {
    let [m, n] = sides(&a.shape());
    a.tape().op(Factor { name, m, n, square: false }, &[a])
}

/// `X` of `A·X = B`, or of `Aᵀ·X = B`, from `A`, its factorization and `B`.
#[derive(Clone, Debug)]
struct Solve {
    name: &'static str,
    n: usize,
    k: usize,
    transposed: bool,
}

impl Matrixwise for Solve {
    fn sizes(&self) -> ([usize; 3], usize) {
        // (The elements of A itself are not read.)
        ([0, self.n * (self.n + 1), self.n * self.k], self.n * self.k)
    }

    fn one<T: Float>(&self, &[_, lu, b]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let (n, k) = (self.n, self.k);
        let row = |i: usize| lu[i * (n + 1) + n].to_f64() as usize;
        if let Some(i) = (0..n).find(|i| lu[i * (n + 1) + i] == T::of(0.0)) {
            return Err(format!("is singular: pivot {i} is 0"));
        }
        let f = Mat::from_fn(n, n, |i, j| lu[i * (n + 1) + j]);
        if self.transposed {
            // Aᵀ = Uᵀ·Lᵀ·P
            let mut x = matrix(b, n, k);
            faer_solve::solve_lower_triangular_in_place(f.transpose(), x.as_mut(), Par::Seq);
            faer_solve::solve_unit_upper_triangular_in_place(f.transpose(), x.as_mut(), Par::Seq);
            for i in 0..n {
                (0..k).for_each(|j| y[row(i) * k + j] = x[(i, j)]);
            }
        } else {
            let mut x = Mat::from_fn(n, k, |i, j| b[row(i) * k + j]);
            faer_solve::solve_unit_lower_triangular_in_place(f.as_ref(), x.as_mut(), Par::Seq);
            faer_solve::solve_upper_triangular_in_place(f.as_ref(), x.as_mut(), Par::Seq);
            write(x.as_ref(), y);
        }
        Ok(())
    }
}

impl Op for Solve {
    matrixwise_op!(|op| [op.n, op.k, op.transposed as usize]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        check_system(x[0], x[2])?;
        Ok(x[2].clone())
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let t = Solve { transposed: !self.transposed, ..self.clone() };
        let gb = at.tape.op(t, &[at.x[0], at.x[1], g]);
        at.gradients(|i| match i {
            0 if self.transposed => Some(-at.y.matmul(gb.t())),
            0 => Some(-gb.matmul(at.y.t())),
            1 => None,
            _ => Some(gb),
        })
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let da = dx[0].map(|da| -(if self.transposed { da.t() } else { da }).matmul(at.y));
        let change = da.into_iter().chain(dx[2]).reduce(|a, b| a + b)?;
        Some(at.tape.op(self.clone(), &[at.x[0], at.x[1], change]))
    }
}

/// `A⁻¹·B` of matrices with equal leading axes, given the factorization.
#[track_caller]
pub(crate) fn solve_factored<'t>(name: &'static str, a: Var<'t>, lu: Var<'t>, b: Var<'t>) -> Var<'t> {
    let [n, k] = sides(&b.shape());
    a.tape().op(Solve { name, n, k, transposed: false }, &[a, lu, b])
}

#[track_caller]
pub(crate) fn solve<'t>(name: &'static str, a: Var<'t>, b: Var<'t>) -> Var<'t> {
    let _op = a.tape().within(name, &[a, b]);
    let (of_a, of_b) = (a.shape(), b.shape());
    let vector = is_vector(&of_a, &of_b);
    let b = if vector { b.unsqueeze(-1) } else { b };
    if of_a.rank() < 2 || a.dtype() != b.dtype() {
        let what =
            if of_a.rank() < 2 { "takes matrices, [\u{2026}, n, n]" } else { "the dtypes differ; cast one" };
        return a.tape().fail(name, what, &[a, b]);
    }
    let lu = factor(name, a);
    if let Some((columns, shape)) = side_by_side(a, b) {
        let y = solve_factored(name, a, lu, columns).reshape(shape).move_axis(0, -2);
        return as_given(y, vector);
    }
    match broadcast(name, a, b) {
        Ok([whole, b]) => {
            let lu_shape = with_last(&whole.shape(), 2, &sides(&lu.shape()));
            as_given(solve_factored(name, whole, lu.expand(lu_shape), b), vector)
        }
        Err(poisoned) => poisoned,
    }
}

/// PyTorch's rule: a right-hand side is a vector if it has one axis, or the matrix's shape without the last axis.
pub(crate) fn is_vector(a: &[usize], b: &[usize]) -> bool {
    b.len() == 1 || (b.len() + 1 == a.len() && b == &a[..a.len() - 1])
}

#[track_caller]
pub(crate) fn inverse<'t>(name: &'static str, a: Var<'t>) -> Var<'t> {
    let lu = factor(name, a);
    inverse_factored(name, a, lu)
}

#[track_caller]
pub(crate) fn inverse_factored<'t>(name: &'static str, a: Var<'t>, lu: Var<'t>) -> Var<'t> {
    let shape = a.shape();
    let one = identity(a, sides(&shape)[1]);
    if a.is_poisoned() || lu.is_poisoned() {
        return lu;
    }
    solve_factored(name, a, lu, one.expand(shape))
}

/// The factorization that an identity matrix would have.
#[track_caller]
pub(crate) fn factor_of_identity<'t>(like: Var<'t>, n: usize) -> Var<'t> {
    let rows = like.tape().iota(n, like.dtype()).unsqueeze(-1);
    like.tape().concat(&[identity(like, n), rows], -1)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "solve",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])],
        apply: |x| solve("solve", x[0], x[1]),
    },
    Sample {
        name: "solve_vector",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0], &[3])],
        apply: |x| solve("solve", x[0], x[1]),
    },
    Sample {
        name: "solve_broadcast",
        inputs: || {
            vec![
                sample(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], &[2, 1, 2, 2]),
                sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2, 1]),
            ]
        },
        apply: |x| solve("solve", x[0], x[1]),
    },
    Sample {
        name: "solve_shared",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3, 1])],
        apply: |x| solve("solve", x[0], x[1]),
    },
    Sample { name: "inverse", inputs: || vec![three()], apply: |x| inverse("inverse", x[0]) },
];
