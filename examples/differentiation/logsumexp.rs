//! The logarithm of a sum of exponentials.

use crate::{Problem, normal};
use chainrule::prelude::*;

/// `ln Σ e^xᵢ`. Its gradient is the softmax.
pub struct LogSumExp {
    pub n: usize,
}

impl Problem for LogSumExp {
    fn name(&self) -> String {
        format!("logsumexp n={}", self.n)
    }

    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        Ok(vec![normal(1, &[self.n], 1.0)?])
    }

    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        x[0].logsumexp(0)
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        vec![x[0].iter().map(|x| x.exp()).sum::<f64>().ln()]
    }
}
