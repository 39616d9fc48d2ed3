//! Losses beyond what PyTorch's numbers say: edges, extremes, what means leave out, sequences, and mistakes.

mod classes;
mod ctc;
mod extremes;
mod mistakes;
mod plain;
mod transforms;

use chainrule_tape::{Tape, Tensor, Var};

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        let same = a == b || (a.is_nan() && b.is_nan());
        assert!(same || (a - b).abs() <= tolerance * b.abs().max(1.0), "{found:?} is not {expected:?}");
    }
}

/// Value and gradient (of the sum) of an unreduced loss.
fn each(x: Tensor, loss: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> (Vec<f64>, Vec<f64>) {
    let tape = Tape::new();
    let x = tape.var(x);
    let y = loss(x);
    let values = tape.values(&[y, tape.grad(y.sum(..), x)]).unwrap();
    (values[0].to_f64(), values[1].to_f64())
}
