//! What the ops of this crate have in common: shape rules, masks, and outputs of several parts packed in one tensor.

use chainrule_tape::{DType, Meta, Shape, Tape, Var};

/// Name, attributes, kernel and batching rule of an op whose fields are its sizes and flags. (The name, which
/// depends on the caller, is no attribute: the same factorization under two names is one.)
macro_rules! matrixwise_op {
    (|$op:ident| $attributes:expr) => {
        fn name(&self) -> &'static str {
            self.name
        }

        fn attributes(&self, key: &mut chainrule_tape::Key) {
            let $op = self;
            let attributes = $attributes;
            key.write_slice(&attributes);
        }

        fn lower(&self) -> chainrule_tape::Lower {
            chainrule_tape::Lower::Call(std::sync::Arc::new(crate::kernel::Each(self.clone())))
        }

        fn batch<'t>(&self, at: &chainrule_tape::Batch<'_, 't>) -> chainrule_tape::Var<'t> {
            // All leading axes are a batch.
            at.together()
        }
    };
}
pub(crate) use matrixwise_op;

/// The leading axes of a tensor of matrices, or what is wrong with it.
pub(crate) fn leading(x: &Meta) -> Result<&[usize], String> {
    if !x.dtype.is_float() {
        return Err(format!("not defined for {}", x.dtype));
    }
    match x.shape.len() {
        0 | 1 => Err("takes matrices, [\u{2026}, m, n]".into()),
        rank => Ok(&x.shape.dims()[..rank - 2]),
    }
}

/// The same, of square matrices.
pub(crate) fn leading_square(x: &Meta) -> Result<&[usize], String> {
    let leading = leading(x)?;
    let [m, n] = sides(&x.shape);
    if m == n { Ok(leading) } else { Err(format!("takes square matrices; these are {m} by {n}")) }
}

/// The lengths of the last two axes; 1 where there is none.
pub(crate) fn sides(shape: &Shape) -> [usize; 2] {
    let rank = shape.rank();
    let length = |back: usize| if rank >= back { shape[rank - back] } else { 1 };
    [length(2), length(1)]
}

/// The shape without the last `count` axes (all, if there are fewer), and then `last`.
pub(crate) fn with_last(shape: &[usize], count: usize, last: &[usize]) -> Shape {
    shape[..shape.len().saturating_sub(count)].iter().chain(last).copied().collect()
}

/// A part of a packed output: the elements from `start` on as a tensor whose last axes are these.
#[track_caller]
pub(crate) fn part<'t>(packed: Var<'t>, start: usize, last: &[usize]) -> Var<'t> {
    let numel: usize = last.iter().product();
    let shape = packed.shape();
    packed.slice(-1, start..start + numel).reshape(with_last(&shape, 1, last))
}

/// Packs parts, given how many of each one's axes are not the batch's.
#[track_caller]
pub(crate) fn pack<'t, const N: usize>(parts: [(Var<'t>, usize); N]) -> Var<'t> {
    let tape = parts[0].0.tape();
    let mut flat = Vec::with_capacity(N);
    for (x, axes) in parts {
        let shape = x.shape();
        let numel: usize = shape[shape.rank().saturating_sub(axes)..].iter().product();
        flat.push(x.reshape(with_last(&shape, axes, &[numel])));
    }
    tape.concat(&flat, -1)
}

/// The indices of rows, `[m, 1]`, and of columns, `[n]`.
#[track_caller]
pub(crate) fn indices(tape: &Tape, m: usize, n: usize) -> [Var<'_>; 2] {
    [tape.iota(m, DType::I64).unsqueeze(-1), tape.iota(n, DType::I64)]
}

/// Whether row and column are the same, `[n, n]`.
#[track_caller]
pub(crate) fn on_diagonal(tape: &Tape, n: usize) -> Var<'_> {
    let [row, column] = indices(tape, n, n);
    row.eq(column)
}

/// The identity matrix.
#[track_caller]
pub(crate) fn identity<'t>(like: Var<'t>, n: usize) -> Var<'t> {
    on_diagonal(like.tape(), n).cast(like.dtype())
}

/// Which elements of a matrix a triangle holds.
#[derive(Clone, Copy)]
pub(crate) enum Half {
    Lower,
    StrictlyLower,
    Upper,
    StrictlyUpper,
}

/// The elements of one triangle of the last two axes, and 0 elsewhere.
#[track_caller]
pub(crate) fn half<'t>(x: Var<'t>, half: Half) -> Var<'t> {
    let [m, n] = sides(&x.shape());
    let [row, column] = indices(x.tape(), m, n);
    let inside = match half {
        Half::Lower => row.ge(column),
        Half::StrictlyLower => row.gt(column),
        Half::Upper => row.le(column),
        Half::StrictlyUpper => row.lt(column),
    };
    inside.select(x, 0.0)
}

/// The lower triangle with half of the diagonal: `x + xᵀ = y` has the solution `Φ(y)` among lower triangles, for
/// symmetric `y`.
#[track_caller]
pub(crate) fn lower_half<'t>(x: Var<'t>) -> Var<'t> {
    let n = sides(&x.shape())[1];
    let [row, column] = indices(x.tape(), n, n);
    row.gt(column).select(x, row.eq(column).select(x * 0.5, 0.0))
}

/// `(x + xᵀ) / 2`.
#[track_caller]
pub(crate) fn symmetric(x: Var<'_>) -> Var<'_> {
    (x + x.t()) * 0.5
}

/// `(x - xᵀ) / 2`.
#[track_caller]
pub(crate) fn skew(x: Var<'_>) -> Var<'_> {
    (x - x.t()) * 0.5
}

/// Matrices with these diagonals.
#[track_caller]
pub(crate) fn diagonal<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.shape().last().copied().unwrap_or(1);
    on_diagonal(x.tape(), n).select(x.unsqueeze(-1), 0.0)
}

/// The diagonals of square matrices.
#[track_caller]
pub(crate) fn diagonal_of<'t>(x: Var<'t>) -> Var<'t> {
    let n = sides(&x.shape())[1];
    on_diagonal(x.tape(), n).select(x, 0.0).sum(-1)
}

/// The product over the last axis, whose length is known: neighbours multiplied until one is left.
#[track_caller]
pub(crate) fn product<'t>(x: Var<'t>) -> Var<'t> {
    let shape = x.shape();
    let Some(&n) = shape.last() else { return x };
    let (mut x, mut n) = (x, n);
    if n == 0 {
        return x.tape().full(with_last(&shape, 1, &[]), 1.0, x.dtype());
    }
    while n > 1 {
        let pairs = x.slice(-1, ..n / 2) * x.slice(-1, n / 2..n / 2 * 2);
        x = if n % 2 == 1 { x.tape().concat(&[pairs, x.slice(-1, n - 1..)], -1) } else { pairs };
        n = n.div_ceil(2);
    }
    x.squeeze(-1)
}

/// The common leading axes of two operands of which the last `of.0` and `of.1` axes are not a batch's.
pub(crate) fn common_leading(a: &Shape, b: &Shape, of: (usize, usize)) -> Option<Shape> {
    with_last(a, of.0, &[]).broadcast(&with_last(b, of.1, &[]))
}

/// `1 / x`, and 0 where `mask` is true. What is not chosen stays finite.
#[track_caller]
pub(crate) fn reciprocal_unless<'t>(mask: Var<'t>, x: Var<'t>) -> Var<'t> {
    mask.select(0.0, mask.select(1.0, x).reciprocal())
}

/// The distance from 1 to the next number of a dtype.
pub(crate) fn epsilon(dtype: DType) -> f64 {
    if dtype == DType::F32 { f32::EPSILON as f64 } else { f64::EPSILON }
}

/// The part of the largest eigenvalue or singular value that is taken for rounding error: a few of what `n`
/// operations make.
pub(crate) fn rounding(n: usize, dtype: DType) -> f64 {
    8.0 * n as f64 * epsilon(dtype)
}
