//! Speelpenning's product.

use crate::{Problem, normal};
use chainrule::prelude::*;

/// `Π xᵢ`. Its gradient is the product of the others, which no division by `xᵢ` gives where some, `zeros` of them, are
/// 0.
///
/// Source: Speelpenning, "Compiling fast partial derivatives of functions given by algorithms", 1980.
pub struct Speelpenning {
    pub n: usize,
    pub zeros: usize,
}

impl Problem for Speelpenning {
    fn name(&self) -> String {
        format!("speelpenning n={} zeros={}", self.n, self.zeros)
    }

    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        let mut x = normal(1, &[self.n], 0.05)?;
        x.as_mut_slice::<f64>()?.iter_mut().for_each(|x| *x += 1.0);
        x.as_mut_slice::<f64>()?[..self.zeros].fill(0.0);
        Ok(vec![x])
    }

    /// The halves are multiplied with each other, until one element is left.
    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        let (mut x, mut n) = (x[0], self.n);
        while n > 1 {
            let half = n / 2;
            let pairs = x.slice(0, ..half) * x.slice(0, half..2 * half);
            x = if n % 2 == 0 { pairs } else { x.tape().concat(&[pairs, x.slice(0, n - 1..)], 0) };
            n -= half;
        }
        x.squeeze(0)
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        vec![x[0].iter().product()]
    }
}
