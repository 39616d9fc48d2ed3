//! Linear regression on two features of which one is sparse: 1 in a few rows, and 0 in all others.

use super::quadratic;
use chainrule::prelude::*;

/// The number of rows.
pub const ROWS: usize = 400;
/// In how many of them the sparse feature is 1.
pub const ONES: usize = 4;
/// What the targets are made of: the weights of the dense feature and of the sparse one.
pub const TRUTH: [f64; 2] = [2.0, 3.0];
/// The deviation of what is added to each target.
pub const NOISE: f64 = 0.2;

/// The rows, and the place where their mean squared error is least.
#[derive(Debug)]
pub struct Sparse {
    /// A number, of mean 0 and variance 1 over the rows, and a 0 or 1 in each row: of shape `[ROWS, 2]`.
    pub inputs: Tensor,
    /// `TRUTH · inputs + noise`, of shape `[ROWS]`.
    pub targets: Tensor,
    /// The least-squares weights.
    pub minimum: [f64; 2],
}

impl Sparse {
    /// The rows of this seed.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn seeded(seed: u64) -> chainrule::Result<Sparse> {
        let tape = Tape::new();
        tape.seed(seed);
        let dense = tape.normal(ROWS, DType::F64).normalize(-1, 0.0);
        let noise = tape.normal(ROWS, DType::F64) * NOISE;
        let sparse = tape.permutation(ROWS).lt(ONES as f64).cast(DType::F64);
        let inputs = tape.stack(&[dense, sparse], -1);
        let targets = (inputs * tape.var(TRUTH)).sum(-1) + noise;
        let mut data = Sparse { inputs: inputs.value()?, targets: targets.value()?, minimum: TRUTH };
        data.minimum = quadratic::minimum(|w| data.loss(w))?;
        Ok(data)
    }

    /// The mean squared error of `w · inputs` over all rows.
    pub fn loss<'t>(&self, w: Var<'t>) -> Var<'t> {
        let tape = w.tape();
        mean_squared_error(w, tape.var(&self.inputs), tape.var(&self.targets))
    }
}

/// The mean squared error of a linear model with these weights.
pub fn mean_squared_error<'t>(w: Var<'t>, inputs: Var<'t>, targets: Var<'t>) -> Var<'t> {
    ((inputs * w).sum(-1) - targets).square().mean(..)
}
