//! Linear models of given features, fitted exactly, and by gradient descent.

use chainrule::optim;
use chainrule::prelude::*;
use std::error::Error;

/// The weights of the least squares fit `features · weights ≈ targets` of smallest norm; with a `ridge` above 0, those that
/// minimize `‖features · weights - targets‖² + ridge · ‖weights‖²`.
///
/// With `Φ` of `n` rows and `p` columns these are `(ΦᵀΦ + ridge)⁻¹Φᵀy` for `p < n`, else `Φᵀ(ΦΦᵀ + ridge)⁻¹y`: of two systems the
/// smaller one.
///
/// # Errors
///
/// Features that depend on each other where no ridge helps.
pub fn fit(features: &Tensor, targets: &Tensor, ridge: f64) -> Result<Tensor, Box<dyn Error>> {
    let (rows, columns, outputs) = (features.shape()[0], features.shape()[1], targets.shape()[1]);
    let tape = Tape::new();
    let (phi, y) = (tape.var(features), tape.var(targets));
    let (gram, right, n) = match columns < rows {
        true => (phi.t().matmul(phi), phi.t().matmul(y), columns),
        false => (phi.matmul(phi.t()), y, rows),
    };
    let mut gram = gram.value()?.to_f64();
    (0..n).for_each(|i| gram[i * n + i] += ridge);
    let solved = Tensor::from_vec(solve(gram, right.value()?.to_f64(), n)?, [n, outputs])?;
    Ok(if columns < rows { solved } else { phi.t().matmul(tape.var(solved)).value()? })
}

/// `x` of `a·x = b`, where `a` is symmetric and positive definite, of `n` rows, and `b` has a column for each system: Cholesky's
/// method.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>, n: usize) -> Result<Vec<f64>, String> {
    // a = l·lᵀ, where l takes the place of a's lower half.
    for j in 0..n {
        for i in j..n {
            let known: f64 = a[i * n..i * n + j].iter().zip(&a[j * n..j * n + j]).map(|(x, y)| x * y).sum();
            let rest = a[i * n + j] - known;
            if i == j && rest <= 0.0 {
                return Err(format!("feature {j} of {n} depends on those before"));
            }
            a[i * n + j] = if i == j { rest.sqrt() } else { rest / a[j * n + j] };
        }
    }
    let columns = b.len() / n;
    for column in 0..columns {
        let at = |i: usize| i * columns + column;
        for i in 0..n {
            let known: f64 = (0..i).map(|k| a[i * n + k] * b[at(k)]).sum();
            b[at(i)] = (b[at(i)] - known) / a[i * n + i];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|k| a[k * n + i] * b[at(k)]).sum();
            b[at(i)] = (b[at(i)] - known) / a[i * n + i];
        }
    }
    Ok(b)
}

/// Gradient descent with momentum 0.95 on the squared error, from the weights `start`: where `steps` steps lead.
pub fn descend(
    features: &Tensor,
    targets: &Tensor,
    start: Tensor,
    steps: usize,
    rate: f64,
) -> chainrule::Result<Tensor> {
    let mut params = Params::seeded(0);
    let w = params.root().param("w", start);
    let mut step = TrainStep::new(optim::heavy_ball(rate, 0.95), |[phi, y]| {
        (phi.matmul(phi.tape().param(w)) - y).square().sum(..)
    });
    for _ in 0..steps {
        step.run(&mut params, [features, targets])?;
    }
    Ok(params.tensor(w).clone())
}

#[cfg(test)]
mod tests {
    use super::{descend, fit};
    use chainrule::prelude::*;

    #[test]
    fn fits_are_known_ones() -> Result<(), Box<dyn std::error::Error>> {
        let close = |weights: Tensor, expected: &[f64]| {
            let found = weights.to_f64();
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {expected:?}");
        };
        // One sample, two features: of all w with w₁ + 2·w₂ = 5 the shortest is (1, 2).
        let wide = Tensor::from([[1.0, 2.0]]);
        close(fit(&wide, &Tensor::from([[5.0]]), 0.0)?, &[1.0, 2.0]);
        close(fit(&wide, &Tensor::from([[5.0]]), 5.0)?, &[0.5, 1.0]);
        close(descend(&wide, &Tensor::from([[5.0]]), Tensor::from([[0.0], [0.0]]), 2000, 0.02)?, &[1.0, 2.0]);
        // Three samples, two features: the regression line through (0, 1), (1, 3) and (2, 5) is 1 + 2·x.
        let tall = Tensor::from([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
        close(fit(&tall, &Tensor::from([[1.0], [3.0], [5.0]]), 0.0)?, &[1.0, 2.0]);
        let twice = Tensor::from([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]);
        assert!(fit(&twice, &Tensor::from([[1.0], [2.0], [3.0]]), 0.0).is_err());
        Ok(())
    }
}
