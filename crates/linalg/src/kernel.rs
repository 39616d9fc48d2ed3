//! From whole tensors to one matrix at a time, and from slices to `faer`'s matrices.
//!
//! Everything runs with `Par::Seq`, on copies whose memory `faer` aligns: neither the number of threads nor where
//! an operand happens to lie changes a bit.

use chainrule_tape::{Call, Slice, SliceMut};
use faer::traits::RealField;
use faer::{Mat, MatRef};
use std::fmt::Debug;

/// `f32` and `f64`.
pub(crate) trait Float: RealField + Copy {
    /// Powers of two up to this one, and their reciprocals, are normal numbers.
    const EXPONENT: i32;

    fn of(x: f64) -> Self;

    fn to_f64(self) -> f64;
}

impl Float for f32 {
    const EXPONENT: i32 = 120;

    fn of(x: f64) -> f32 {
        x as f32
    }

    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Float for f64 {
    const EXPONENT: i32 = 1000;

    fn of(x: f64) -> f64 {
        x
    }

    fn to_f64(self) -> f64 {
        self
    }
}

/// What an op does to one matrix of a batch.
pub(crate) trait Matrixwise: Debug + Clone + Send + Sync {
    /// Elements of one matrix of each input (0 where there is none), and of the output.
    fn sizes(&self) -> ([usize; 3], usize);

    /// Computes one output. An error completes the sentence "the matrix …".
    fn one<T: Float>(&self, x: &[&[T]; 3], y: &mut [T]) -> Result<(), String>;
}

/// The call that does it to all.
#[derive(Debug)]
pub(crate) struct Each<K>(pub(crate) K);

impl<K: Matrixwise> Call for Each<K> {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match output {
            SliceMut::F32(y) => {
                let x = |i: usize| match inputs.get(i) {
                    Some(Slice::F32(x)) => *x,
                    _ => &[],
                };
                each(&self.0, [x(0), x(1), x(2)], y)
            }
            SliceMut::F64(y) => {
                let x = |i: usize| match inputs.get(i) {
                    Some(Slice::F64(x)) => *x,
                    _ => &[],
                };
                each(&self.0, [x(0), x(1), x(2)], y)
            }
            _ => Ok(()), // refused by `infer`
        }
    }
}

fn each<T: Float>(op: &impl Matrixwise, x: [&[T]; 3], y: &mut [T]) -> Result<(), String> {
    let (sizes, size) = op.sizes();
    if size == 0 {
        return Ok(());
    }
    let count = y.len() / size;
    for (i, y) in y.chunks_exact_mut(size).enumerate() {
        let part = |j: usize| &x[j][i * sizes[j]..(i + 1) * sizes[j]];
        op.one(&[part(0), part(1), part(2)], y).map_err(|what| {
            if count == 1 { format!("the matrix {what}") } else { format!("matrix {i} of the batch {what}") }
        })?;
    }
    Ok(())
}

/// A matrix from its rows.
pub(crate) fn matrix<T: Float>(x: &[T], rows: usize, columns: usize) -> Mat<T> {
    Mat::from_fn(rows, columns, |i, j| x[i * columns + j])
}

/// Divides a matrix by the power of two next to its largest element, and returns it: squares of elements then
/// neither overflow nor vanish, and no other bit changes.
pub(crate) fn normalize<T: Float>(a: &mut Mat<T>) -> T {
    let (m, n) = a.shape();
    let places = (0..n).flat_map(|j| (0..m).map(move |i| (i, j)));
    let largest = places.map(|at| a[at].to_f64().abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return T::of(1.0);
    }
    let exponent = (largest.log2().floor() as i32).clamp(-T::EXPONENT, T::EXPONENT);
    let by = T::of(2f64.powi(-exponent));
    for j in 0..n {
        (0..m).for_each(|i| a[(i, j)] *= by);
    }
    T::of(2f64.powi(exponent))
}

/// Writes a matrix row by row.
pub(crate) fn write<T: Float>(x: MatRef<'_, T>, y: &mut [T]) {
    for (i, row) in y.chunks_exact_mut(x.ncols().max(1)).enumerate().take(x.nrows()) {
        row.iter_mut().enumerate().for_each(|(j, y)| *y = x[(i, j)]);
    }
}

/// An error if an element is NaN or infinite: the algorithms would not end, or end anywhere.
pub(crate) fn finite<T: Float>(x: &[T]) -> Result<(), String> {
    match x.iter().find(|x| !x.to_f64().is_finite()) {
        Some(bad) => Err(format!("has an element that is not finite: {}", bad.to_f64())),
        None => Ok(()),
    }
}
