//! Every op's derivatives: reverse and forward mode, first and second order, against finite differences.

use chainrule_tape::{check, ops};

#[test]
fn all_ops() {
    let failures: Vec<String> = ops::samples()
        .iter()
        .filter_map(|sample| {
            let inputs = (sample.inputs)();
            let result = check::gradients(|x| (sample.apply)(x), &inputs);
            result.err().map(|error| format!("{}: {error}", sample.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every op over a batch is the op of each element, and so is its gradient.
#[test]
fn all_ops_over_batches() {
    let failures: Vec<String> = ops::samples()
        .iter()
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
