//! Rosenbrock's function in many dimensions.

use crate::{Problem, normal};
use chainrule::prelude::*;

/// `Σ 100·(xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²`.
pub struct Rosenbrock {
    pub n: usize,
}

impl Problem for Rosenbrock {
    fn name(&self) -> String {
        format!("rosenbrock n={}", self.n)
    }

    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        Ok(vec![normal(1, &[self.n], 1.0)?])
    }

    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        let (x, next) = (x[0].slice(0, ..self.n - 1), x[0].slice(0, 1..));
        (100.0 * (next - x.square()).square() + (1.0 - x).square()).sum(..)
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        let term = |x: &[f64]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        vec![x[0].windows(2).map(term).sum()]
    }
}
