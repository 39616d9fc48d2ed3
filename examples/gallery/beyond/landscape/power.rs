//! The eigenvalues of the largest size of a matrix that is known by its products with vectors.

/// An eigenvalue of a symmetric matrix `H`, with its eigenvector of length 1.
pub struct Eigen {
    pub value: f64,
    pub vector: Vec<f64>,
    /// The length of `H·v - λ·v`, which is 0 for an exact eigenvector.
    pub residual: f64,
    /// How many products it took.
    pub products: usize,
}

/// What is left of `H·v - λ·v`, as a part of the largest `λ`, when the first eigenvector is good enough.
const ENOUGH: f64 = 1e-7;

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `v` of length 1.
pub fn unit(mut v: Vec<f64>) -> Vec<f64> {
    let length = dot(&v, &v).sqrt();
    v.iter_mut().for_each(|v| *v /= length);
    v
}

/// The next eigenvalue after those `found`: power iteration from `start`, at most `most` products.
///
/// The product stretches a vector most along the leading eigenvector, so that repeated products turn it there. To come to the
/// next one, what lies along those found is taken away each time (deflation).
///
/// # Errors
///
/// What `product` returns.
pub fn next<E>(
    found: &[Eigen],
    start: Vec<f64>,
    most: usize,
    mut product: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<Eigen, E> {
    let mut image = start;
    let mut products = 0;
    loop {
        for Eigen { vector, .. } in found {
            let along = dot(&image, vector);
            image.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
        }
        let vector = unit(image);
        image = product(&vector)?;
        products += 1;
        let value = dot(&vector, &image);
        let residual = image.iter().zip(&vector).map(|(x, v)| (x - value * v).powi(2)).sum::<f64>().sqrt();
        // What the eigenvectors before lack, this one lacks too.
        let largest = found.iter().map(|eigen| eigen.value.abs()).fold(value.abs(), f64::max);
        if residual <= ENOUGH * (1 + found.len()) as f64 * largest || products >= most {
            return Ok(Eigen { value, vector, residual, products });
        }
    }
}
