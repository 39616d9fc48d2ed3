//! Eigenvalues of a matrix that is known by its products with vectors.

use rand::RngExt;
use rand::rngs::StdRng;

/// All eigenvalues of a symmetric matrix of `n` rows, given its products with vectors, the smallest first.
///
/// Lanczos's method with every new vector made orthogonal to all before: after `n` products the matrix is tridiagonal in
/// the basis of these vectors, `diagonal` with `beside` on both sides.
pub fn eigenvalues<E>(
    n: usize,
    rng: &mut StdRng,
    mut product: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<Vec<f64>, E> {
    let (mut basis, mut diagonal, mut beside) = (Vec::<Vec<f64>>::new(), Vec::new(), Vec::new());
    let (mut next, mut scale) = (vec![0.0; n], f64::MIN_POSITIVE);
    while basis.len() < n {
        let mut length = orthogonalize(&mut next, &basis);
        beside.push(length);
        if length < 1e-12 * scale {
            // The matrix leads nowhere else from here (or nothing is begun yet): on with any vector.
            beside[basis.len()] = 0.0;
            next.iter_mut().for_each(|x| *x = rng.random::<f64>() - 0.5);
            length = orthogonalize(&mut next, &basis);
        }
        next.iter_mut().for_each(|x| *x /= length);
        let image = product(&next)?;
        scale = dot(&image, &image).sqrt().max(scale);
        diagonal.push(dot(&image, &next));
        basis.push(std::mem::replace(&mut next, image));
    }

    // Sturm's count: as many eigenvalues are below `x` as there are negative pivots in the elimination of `T - x`.
    let below = |x: f64| {
        let mut pivot = 1.0;
        let is_negative = |(a, b): (&f64, &f64)| {
            pivot = a - x - b * b / pivot;
            pivot = if pivot == 0.0 { f64::MIN_POSITIVE } else { pivot };
            pivot < 0.0
        };
        diagonal.iter().zip(&beside).map(is_negative).filter(|&negative| negative).count()
    };
    let most = 3.0 * scale;
    let bisect = |number: usize| {
        let halve = |(low, high): (f64, f64), _| {
            let middle = 0.5 * (low + high);
            if below(middle) > number { (low, middle) } else { (middle, high) }
        };
        (0..70).fold((-most, most), halve).0
    };
    Ok((0..n).map(bisect).collect())
}

/// Takes what lies along the basis away, and gives the length of what is left.
fn orthogonalize(x: &mut [f64], basis: &[Vec<f64>]) -> f64 {
    // Rounding leaves a little of it, which the second time takes.
    for q in basis.iter().chain(basis) {
        let along = dot(q, x);
        x.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
    }
    dot(x, x).sqrt()
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
