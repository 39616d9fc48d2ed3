//! Ops of one's own: an elementwise function and a whole-tensor one, each with its kernel, its derivative and its samples.
//!
//! ```text
//! cargo run --release --example custom_op
//!
//! softsign of -3, 0 and 1: [-0.75, 0, 0.5], slope [0.0625, 1, 0.25]
//! fused with its neighbours: 1 instruction
//! decay of [1, 0, 0, 1]: [1, 0.5, 0.25, 1.125]
//! its Jacobian: [[1, 0, 0, 0], [0.5, 1, 0, 0], [0.25, 0.5, 1, 0], [0.125, 0.25, 0.5, 1]]
//! derivatives and batches are right
//! ```

use chainrule::{
    Batch, BlockCall, Call, DType, Error, Gradients, Lower, Meta, Op, Rule, Slice, SliceMut, Tape, Tensor,
    Var, check,
};
use std::sync::Arc;

/// `y = x / (1 + |x|)`, between -1 and 1. Derivative: `1 / (1 + |x|)²`.
#[derive(Debug)]
struct Softsign;

/// The kernel is given blocks of elements, so that it runs in one pass with what comes before and after it.
impl BlockCall for Softsign {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        match (inputs, output) {
            ([Slice::F32(x)], SliceMut::F32(y)) => {
                y.iter_mut().zip(*x).for_each(|(y, x)| *y = x / (1.0 + x.abs()))
            }
            ([Slice::F64(x)], SliceMut::F64(y)) => {
                y.iter_mut().zip(*x).for_each(|(y, x)| *y = x / (1.0 + x.abs()))
            }
            _ => {} // refused by `infer`
        }
    }
}

impl Op for Softsign {
    fn name(&self) -> &'static str {
        "softsign"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].dtype.is_float() { Ok(x[0].clone()) } else { Err(format!("not defined for {}", x[0].dtype)) }
    }

    fn lower(&self) -> Lower {
        Lower::Custom(Arc::new(Softsign))
    }

    // Both rules are made of ops, so that derivatives of any order exist.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g / (at.x[0].abs() + 1.0).square()))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx / (at.x[0].abs() + 1.0).square())
    }
}

fn softsign(x: Var<'_>) -> Var<'_> {
    x.tape().op(Softsign, &[x])
}

/// A sum that fades: `yᵢ = xᵢ + factor·yᵢ₋₁` along the last axis, of this length. It is linear: its tangent is the op itself, and
/// its transpose the same sum from the other end.
#[derive(Clone, Debug)]
struct Decay {
    factor: f64,
    length: usize,
    backward: bool,
}

/// The kernel is given whole tensors, dense and row by row.
impl Call for Decay {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        let ([Slice::F64(x)], SliceMut::F64(y)) = (inputs, output) else {
            return Err("takes f64".into()); // refused by `infer`
        };
        for (x, y) in x.chunks(self.length.max(1)).zip(y.chunks_mut(self.length.max(1))) {
            let mut sum = 0.0;
            for i in 0..x.len() {
                let i = if self.backward { x.len() - 1 - i } else { i };
                sum = x[i] + self.factor * sum;
                y[i] = sum;
            }
        }
        Ok(())
    }
}

impl Op for Decay {
    fn name(&self) -> &'static str {
        "decay"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        match x[0].shape.last() {
            Some(&length) if length == self.length && x[0].dtype == DType::F64 => Ok(x[0].clone()),
            _ => Err(format!("takes f64 with a last axis of length {}", self.length)),
        }
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(at.tape.op(Decay { backward: !self.backward, ..self.clone() }, &[g])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }

    /// Leading axes are many anyway: a batch is one more. (Without this rule, the op would be called once for each element.)
    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

#[track_caller]
fn decay(x: Var<'_>, factor: f64) -> Var<'_> {
    let length = x.shape().last().copied().unwrap_or(0);
    x.tape().op(Decay { factor, length, backward: false }, &[x])
}

fn main() -> Result<(), Error> {
    let tape = Tape::new();
    let x = tape.var([-3.0, 0.0, 1.0]);
    let y = softsign(x);
    let slope = tape.grad(y.sum(..), x);
    println!("softsign of -3, 0 and 1: {}, slope {}", y.value()?, slope.value()?);
    let instructions = tape.compile(&[softsign(x * 2.0) + 1.0])?.instructions();
    println!("fused with its neighbours: {instructions} instruction");

    let x = tape.var([1.0, 0.0, 0.0, 1.0]);
    println!("decay of [1, 0, 0, 1]: {}", decay(x, 0.5).value()?);
    println!("its Jacobian: {}", tape.jacobian(decay(x, 0.5), x).value()?);

    // Samples: where the derivatives are checked, in both modes and to the second order, and the op over batches.
    let points = [Tensor::from([-1.5, 0.3, 2.0])];
    check::gradients(|x| softsign(x[0]), &points)?;
    check::batching(|x| softsign(x[0]), &points)?;
    check::gradients(|x| decay(x[0], 0.5).square(), &points)?;
    check::batching(|x| decay(x[0], 0.5), &points)?;
    println!("derivatives and batches are right");
    Ok(())
}
