//! Every activation as a function of one number, with derivatives of any order by the engine.

use chainrule::nn::Activation;
use chainrule::{DType, Result, Tape, Var, jacobian};

/// What the one number `x` is to an activation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// The function acts on each number alone: `f(x)`.
    Number,
    /// It acts on a row of numbers: the first result for the row `(x, 0)`.
    Row,
    /// It is the product of a value and a gate: the result for the value 1 and the gate `x`.
    Gate,
}

/// An activation, by name, as a function of one number.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    pub name: &'static str,
    pub activation: Activation,
    pub input: Input,
}

impl Curve {
    /// Asks the engine what the activation does with two numbers: makes one of them (a gate), or mixes them, so that the
    /// Jacobian has entries off its diagonal (a row), or neither.
    pub fn new(name: &'static str, activation: Activation) -> Result<Curve> {
        let tape = Tape::new().inference();
        let x = tape.var([0.3, -0.4]);
        let input = if activation.apply(x).shape().dims() == [1] {
            Input::Gate
        } else {
            let slopes = jacobian(|x| activation.apply(x), x).value()?.to_f64();
            if slopes[1] == 0.0 && slopes[2] == 0.0 { Input::Number } else { Input::Row }
        };
        Ok(Curve { name, activation, input })
    }

    /// The function, recorded.
    fn record<'t>(self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let constant = |value: f64| tape.full(x.shape(), value, DType::F64);
        match self.input {
            Input::Number => self.activation.apply(x),
            Input::Row => self.activation.apply(tape.stack(&[x, constant(0.0)], -1)).at(-1, 0),
            Input::Gate => self.activation.apply(tape.stack(&[constant(1.0), x], -1)).at(-1, 0),
        }
    }

    /// `f, f′, …` up to the derivative of this order, at each of `xs`: each is the gradient of the sum of the one before, as
    /// what stands at one place depends on the `x` there alone.
    pub fn derivatives(self, xs: &[f64], order: usize) -> Result<Vec<Vec<f64>>> {
        // In use, not in training: the random slopes of `rrelu` are their mean.
        let tape = Tape::new().inference();
        let x = tape.var(xs);
        let mut y = self.record(x);
        let mut all = vec![y.value()?.to_f64()];
        for _ in 0..order {
            y = tape.grad(y.sum(..), x);
            all.push(y.value()?.to_f64());
        }
        Ok(all)
    }
}
