//! Programs: planned graphs with their buffers.

use crate::{Params, Result, Tape, Tensor, Var};

/// Plans of a tape, by structural hash.
#[derive(Debug, Default)]
pub(crate) struct Cache {}

/// A planned graph with its buffers.
#[derive(Debug)]
pub struct Program {}

/// The outputs of a run, in the program's memory until they are copied out.
#[derive(Debug)]
pub struct Outputs<'p> {
    _program: &'p Program,
}

impl Tape {
    /// Plans the computation of `outputs` and of all assigned parameters. The inputs are those made by
    /// [`input`](Tape::input), in that order.
    pub fn compile(&self, outputs: &[Var<'_>]) -> Result<Program> {
        let _ = outputs;
        unimplemented!()
    }
}

impl Program {
    /// Runs the program: updates parameters and state in place, and returns the outputs.
    pub fn run(&mut self, params: &mut Params, inputs: &[&Tensor]) -> Result<Outputs<'_>> {
        let _ = (params, inputs);
        unimplemented!()
    }

    /// Runs a program that assigns no parameters.
    pub fn eval(&mut self, params: &Params, inputs: &[&Tensor]) -> Result<Outputs<'_>> {
        let _ = (params, inputs);
        unimplemented!()
    }
}

impl Outputs<'_> {
    /// The value of a scalar output.
    pub fn item(&self, output: usize) -> Result<f64> {
        let _ = output;
        unimplemented!()
    }

    /// An output, copied.
    pub fn tensor(&self, output: usize) -> Tensor {
        let _ = output;
        unimplemented!()
    }
}
