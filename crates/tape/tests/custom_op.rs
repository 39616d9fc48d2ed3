//! Ops of a user's own: implemented like the crate's, fused, checked and differentiated like them.

use chainrule_tape::{
    BlockCall, Call, DType, Gradients, Lower, Meta, Op, Rule, Slice, SliceMut, Tape, Tensor, Var, check,
};
use std::sync::Arc;

/// `y = x³`, element by element.
#[derive(Debug)]
struct Cube;

impl BlockCall for Cube {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        if let ([Slice::F64(x)], SliceMut::F64(y)) = (inputs, output) {
            y.iter_mut().zip(*x).for_each(|(y, x)| *y = x * x * x);
        }
    }
}

impl Op for Cube {
    fn name(&self) -> &'static str {
        "cube"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        // What the function below can't take is a mistake here.
        if x[0].dtype == DType::F64 {
            Ok(x[0].clone())
        } else {
            Err(format!("takes f64, not {}", x[0].dtype))
        }
    }

    fn lower(&self) -> Lower {
        Lower::Custom(Arc::new(Cube))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g * at.x[0].square() * 3.0))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| dx * at.x[0].square() * 3.0)
    }
}

/// Running sums of a vector; its transpose sums from the other end.
#[derive(Clone, Debug)]
struct RunningSum {
    backward: bool,
}

impl Call for RunningSum {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        let ([Slice::F64(x)], SliceMut::F64(y)) = (inputs, output) else { return Err("takes f64".into()) };
        if let Some(bad) = x.iter().find(|x| **x > 100.0) {
            return Err(format!("{bad} is above 100"));
        }
        let mut sum = 0.0;
        let n = x.len();
        for i in 0..n {
            let i = if self.backward { n - 1 - i } else { i };
            sum += x[i];
            y[i] = sum;
        }
        Ok(())
    }
}

impl Op for RunningSum {
    fn name(&self) -> &'static str {
        "running_sum"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0].shape.rank() == 1 { Ok(x[0].clone()) } else { Err("takes a vector".into()) }
    }

    fn attributes(&self, key: &mut chainrule_tape::Key) {
        key.write(self.backward as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(at.tape.op(RunningSum { backward: !self.backward }, &[g])))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }
}

fn running_sum(x: Var<'_>) -> Var<'_> {
    x.tape().op(RunningSum { backward: false }, &[x])
}

#[test]
fn an_elementwise_op_is_checked_and_fused() {
    let x = Tensor::from([0.5, -1.0, 2.0]);
    check::gradients(|x| x[0].tape().op(Cube, &[x[0]]).sin(), std::slice::from_ref(&x)).unwrap();

    let tape = Tape::new();
    let x = tape.var(x);
    let y = (tape.op(Cube, &[x * 2.0]) + 1.0).sum(..);
    assert_eq!(tape.compile(&[y]).unwrap().instructions(), 1);
    assert_eq!(y.item().unwrap(), 1.0 - 8.0 + 64.0 + 3.0);
}

#[test]
fn a_whole_tensor_op_is_checked_and_reports_bad_data() {
    let x = Tensor::from([0.5, -1.0, 2.0, 0.3]);
    check::gradients(|x| running_sum(x[0].square()) * x[0].sin(), &[x]).unwrap();

    let tape = Tape::new();
    let y = running_sum(tape.var([1.0, 101.0]));
    let message = y.value().unwrap_err().to_string();
    assert!(
        message.starts_with("running_sum: 101 is above 100") && message.contains("custom_op.rs"),
        "{message}"
    );
    let message = running_sum(tape.var([[1.0]])).value().unwrap_err().to_string();
    assert!(message.contains("takes a vector"), "{message}");
}

/// `y = factor·x`: an op with a field, and without attributes of its own.
#[derive(Clone, Debug)]
struct Scale(f64);

impl BlockCall for Scale {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        if let ([Slice::F64(x)], SliceMut::F64(y)) = (inputs, output) {
            y.iter_mut().zip(*x).for_each(|(y, x)| *y = self.0 * x);
        }
    }
}

impl Op for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn lower(&self) -> Lower {
        Lower::Custom(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g * self.0))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }
}

#[test]
fn ops_that_differ_in_a_field_are_different() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let y = tape.op(Scale(2.0), &[x]) + tape.op(Scale(3.0), &[x]);
    assert_eq!(y.value().unwrap().to_f64(), [5.0, 10.0]);
}

/// An op whose rule returns a gradient of the wrong shape.
#[derive(Debug)]
struct Wrong;

impl Op for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn lower(&self) -> Lower {
        Lower::Custom(Arc::new(Scale(1.0)))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g.sum(..)))
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }
}

#[test]
fn a_rule_of_the_wrong_shape_is_a_mistake() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let message = tape.grad(tape.op(Wrong, &[x]).sum(..), x).value().unwrap_err().to_string();
    assert!(message.starts_with("wrong: the rule's gradient for input 0"), "{message}");
}
