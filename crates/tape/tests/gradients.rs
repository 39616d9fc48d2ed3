//! Every op's derivatives: reverse and forward mode, first and second order, against finite differences.

use chainrule_tape::{Tape, Var, check};

#[test]
fn all_ops() {
    let failures: Vec<String> = check::samples()
        .iter()
        .filter_map(|sample| {
            let inputs = (sample.inputs)();
            let result = check::gradients(|x| (sample.apply)(x), &inputs);
            result.err().map(|error| format!("{}: {error}", sample.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whether an expression draws random numbers: each recording of it has others.
fn is_random(sample: &check::Sample) -> bool {
    let tape = Tape::new();
    let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
    (sample.apply)(&x);
    tape.random_ops() > 0
}

/// Every op over a batch is the op of each element, and so is its gradient.
#[test]
fn all_ops_over_batches() {
    let failures: Vec<String> = check::samples()
        .iter()
        .filter(|sample| !is_random(sample))
        .filter_map(|sample| {
            let inputs = (sample.inputs)();
            let value = check::batching(|x| (sample.apply)(x), &inputs);
            let gradient = check::batching(
                |x| {
                    let y = (sample.apply)(x);
                    y.tape().grads(y.square().sum(..), x)[0]
                },
                &inputs,
            );
            value.and(gradient).err().map(|error| format!("{}: {error}", sample.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
