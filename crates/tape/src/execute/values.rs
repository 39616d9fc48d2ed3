//! Values on demand.

use crate::{Params, Result, Tape, Tensor, Var};

impl<'t> Var<'t> {
    /// The value. Computes what it needs, once.
    pub fn value(self) -> Result<Tensor> {
        unimplemented!()
    }

    /// The value of a scalar.
    pub fn item(self) -> Result<f64> {
        self.value()?.item()
    }
}

impl Tape {
    /// Several values in one run.
    pub fn values(&self, vars: &[Var<'_>]) -> Result<Vec<Tensor>> {
        let _ = vars;
        unimplemented!()
    }

    /// Writes the values [assigned](Tape::assign) to parameters into `params`.
    pub fn commit(&self, params: &mut Params) -> Result<()> {
        let _ = params;
        unimplemented!()
    }
}
