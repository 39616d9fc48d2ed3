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
