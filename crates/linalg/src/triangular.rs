//! Systems with a triangular matrix.

use crate::kernel::{Float, Matrixwise, finite, matrix, write};
use crate::parts::{Half, common_leading, half, leading, leading_square, matrixwise_op, sides, with_last};
use crate::sample;
use chainrule_tape::check::Sample;
use chainrule_tape::{Gradients, Meta, Op, Rule, Var};
use faer::Par;
use faer::linalg::triangular_solve as faer_solve;

/// Which triangle of a matrix a system has, and how it stands in the equation: [`Linalg::solve_triangular`].
///
/// [`Linalg::solve_triangular`]: crate::Linalg::solve_triangular
///
/// ```
/// use chainrule_linalg::Triangle;
/// let t = Triangle::lower().transposed();
/// assert_eq!(t, Triangle { transposed: true, ..Triangle::default() });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Triangle {
    /// The upper triangle instead of the lower one. The other one is not read.
    pub upper: bool,
    /// The diagonal counts as ones, and is not read.
    pub unit: bool,
    /// `Aᵀ` in the place of `A`.
    pub transposed: bool,
    /// `X·A = B` instead of `A·X = B`.
    pub right: bool,
}

impl Triangle {
    /// `A·X = B` with the lower triangle of `A`.
    pub const fn lower() -> Triangle {
        Triangle { upper: false, unit: false, transposed: false, right: false }
    }

    /// `A·X = B` with the upper triangle of `A`.
    pub const fn upper() -> Triangle {
        Triangle { upper: true, ..Triangle::lower() }
    }

    /// With ones on the diagonal.
    pub const fn unit(self) -> Triangle {
        Triangle { unit: true, ..self }
    }

    /// With the matrix transposed.
    pub const fn transposed(self) -> Triangle {
        Triangle { transposed: !self.transposed, ..self }
    }

    /// With the matrix on the right.
    pub const fn right(self) -> Triangle {
        Triangle { right: true, ..self }
    }

    /// The elements that are read.
    fn half(self) -> Half {
        match (self.upper, self.unit) {
            (false, false) => Half::Lower,
            (false, true) => Half::StrictlyLower,
            (true, false) => Half::Upper,
            (true, true) => Half::StrictlyUpper,
        }
    }
}

/// `X` of `A·X = B`, or of `Aᵀ·X = B`.
#[derive(Clone, Debug)]
struct SolveTriangular {
    name: &'static str,
    n: usize,
    k: usize,
    triangle: Triangle,
}

impl Matrixwise for SolveTriangular {
    fn sizes(&self) -> ([usize; 3], usize) {
        ([self.n * self.n, self.n * self.k, 0], self.n * self.k)
    }

    fn one<T: Float>(&self, &[a, b, _]: &[&[T]; 3], y: &mut [T]) -> Result<(), String> {
        let (n, Triangle { upper, unit, transposed, .. }) = (self.n, self.triangle);
        for i in 0..n {
            finite(if upper { &a[i * n + i..(i + 1) * n] } else { &a[i * n..=i * n + i] })?;
            if !unit && a[i * n + i] == T::of(0.0) {
                return Err(format!("is singular: element {i} of its diagonal is 0"));
            }
        }
        let (a, mut x) = (matrix(a, n, n), matrix(b, n, self.k));
        let a = if transposed { a.transpose() } else { a.as_ref() };
        match (upper != transposed, unit) {
            (false, false) => faer_solve::solve_lower_triangular_in_place(a, x.as_mut(), Par::Seq),
            (false, true) => faer_solve::solve_unit_lower_triangular_in_place(a, x.as_mut(), Par::Seq),
            (true, false) => faer_solve::solve_upper_triangular_in_place(a, x.as_mut(), Par::Seq),
            (true, true) => faer_solve::solve_unit_upper_triangular_in_place(a, x.as_mut(), Par::Seq),
        }
        write(x.as_ref(), y);
        Ok(())
    }
}

impl Op for SolveTriangular {
    matrixwise_op!(|op| [
        op.n,
        op.k,
        op.triangle.upper as usize,
        op.triangle.unit as usize,
        op.triangle.transposed as usize
    ]);

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        check_system(x[0], x[1])?;
        Ok(x[1].clone())
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let t = SolveTriangular { triangle: self.triangle.transposed(), ..self.clone() };
        let gb = at.tape.op(t, &[at.x[0], g]);
        at.gradients(|i| Some(if i == 1 { gb } else { -half(self.outer(gb, at.y), self.triangle.half()) }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let da = dx[0].map(|da| {
            let da = half(da, self.triangle.half());
            -(if self.triangle.transposed { da.t() } else { da }).matmul(at.y)
        });
        let change = da.into_iter().chain(dx[1]).reduce(|a, b| a + b)?;
        Some(at.tape.op(self.clone(), &[at.x[0], change]))
    }
}

impl SolveTriangular {
    /// `gb·xᵀ`, the gradient of `-A` as it stands in the equation, turned as `A` is.
    fn outer<'t>(&self, gb: Var<'t>, x: Var<'t>) -> Var<'t> {
        if self.triangle.transposed { x.matmul(gb.t()) } else { gb.matmul(x.t()) }
    }
}

/// Whether `[…, n, n]` and `[…, n, k]` with equal leading axes are a system.
pub(crate) fn check_system(a: &Meta, b: &Meta) -> Result<(), String> {
    if a.dtype != b.dtype {
        return Err(format!("not defined for {} and {}; cast one of them", a.dtype, b.dtype));
    }
    let (of_a, of_b) = (leading_square(a)?, leading(b)?);
    let (n, rows) = (sides(&a.shape)[1], sides(&b.shape)[0]);
    if n != rows {
        return Err(format!("the matrix has {n} rows, the right-hand side {rows}"));
    }
    if of_a == of_b { Ok(()) } else { Err("the leading axes differ".into()) }
}

/// Both operands with their common leading axes. An error, which is noted, if there are none, or if one is no matrix.
#[track_caller]
pub(crate) fn broadcast<'t>(name: &'static str, a: Var<'t>, b: Var<'t>) -> Result<[Var<'t>; 2], Var<'t>> {
    let (of_a, of_b) = (a.shape(), b.shape());
    if of_a.rank() < 2 || of_b.rank() < 2 {
        return Err(a.tape().fail(name, "takes matrices, [\u{2026}, m, n]", &[a, b]));
    }
    match common_leading(&of_a, &of_b, (2, 2)) {
        Some(common) => {
            let whole = |x: &[usize]| [common.dims(), x].concat();
            Ok([a.expand(whole(&sides(&of_a))), b.expand(whole(&sides(&of_b)))])
        }
        None => Err(a.tape().fail(name, "the leading axes don't broadcast", &[a, b])),
    }
}

/// If one matrix is for a whole batch of right-hand sides: the columns of all side by side, `[n, …]`, and the shape that
/// they have with the rows' axis in front.
#[track_caller]
pub(crate) fn side_by_side<'t>(a: Var<'t>, b: Var<'t>) -> Option<(Var<'t>, chainrule_tape::Shape)> {
    let of_b = b.shape();
    if a.rank() != 2 || of_b.rank() <= 2 || a.is_poisoned() || b.is_poisoned() {
        return None;
    }
    let [n, _] = sides(&of_b);
    let moved = b.move_axis(-2, 0);
    let shape = moved.shape();
    let columns: usize = shape[1..].iter().product();
    Some((moved.reshape([n, columns]), shape))
}

#[track_caller]
pub(crate) fn solve_triangular<'t>(
    name: &'static str,
    a: Var<'t>,
    b: Var<'t>,
    triangle: Triangle,
) -> Var<'t> {
    let _op = a.tape().within(name, &[a, b]);
    if triangle.right {
        // X·A = B is Aᵀ·Xᵀ = Bᵀ.
        if b.rank() < 2 {
            return b.tape().fail(name, "takes matrices, [\u{2026}, m, n]", &[a, b]);
        }
        let left = Triangle { right: false, ..triangle }.transposed();
        return solve_triangular(name, a, b.t(), left).t();
    }
    let n = sides(&a.shape())[1];
    if let Some((columns, shape)) = side_by_side(a, b) {
        let op = SolveTriangular { name, n, k: columns.shape()[1], triangle };
        return a.tape().op(op, &[a, columns]).reshape(shape).move_axis(0, -2);
    }
    match broadcast(name, a, b) {
        Ok([a, b]) => {
            let k = sides(&b.shape())[1];
            a.tape().op(SolveTriangular { name, n, k, triangle }, &[a, b])
        }
        Err(poisoned) => poisoned,
    }
}

/// `y` without the last axis, if `b` was a vector.
#[track_caller]
pub(crate) fn as_given<'t>(y: Var<'t>, vector: bool) -> Var<'t> {
    if vector {
        let shape = y.shape();
        y.reshape(with_last(&shape, 1, &[]))
    } else {
        y
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "solve_triangular",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])],
        apply: |x| solve_triangular("solve_triangular", x[0], x[1], Triangle::lower()),
    },
    Sample {
        name: "solve_triangular_upper_transposed",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])],
        apply: |x| solve_triangular("solve_triangular", x[0], x[1], Triangle::upper().transposed()),
    },
    Sample {
        name: "solve_triangular_unit_right",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])],
        apply: |x| solve_triangular("solve_triangular", x[0], x[1], Triangle::lower().unit().right()),
    },
    Sample {
        name: "solve_triangular_broadcast",
        inputs: || {
            vec![
                sample(&[1.5, 0.2, -0.4, 0.8, -1.1, 0.6, 0.9, 2.0], &[2, 1, 2, 2]),
                sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2, 1]),
            ]
        },
        apply: |x| solve_triangular("solve_triangular", x[0], x[1], Triangle::upper()),
    },
    Sample {
        name: "solve_triangular_shared",
        inputs: || vec![three(), sample(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3, 1])],
        apply: |x| solve_triangular("solve_triangular", x[0], x[1], Triangle::upper()),
    },
];

/// A well-conditioned matrix.
pub(crate) fn three() -> chainrule_tape::Tensor {
    sample(&[1.5, 0.2, -0.4, 0.8, -1.1, 0.6, 0.3, 0.7, 2.0], &[3, 3])
}
