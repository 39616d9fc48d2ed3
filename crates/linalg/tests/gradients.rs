//! Every op's derivatives: reverse and forward mode, first and second order, against finite differences.

use chainrule_linalg::samples;
use chainrule_tape::check;

#[test]
fn all_ops() {
    let failures: Vec<String> = samples()
        .iter()
        .filter_map(|sample| {
            let inputs = (sample.inputs)();
            let result = check::gradients(|x| (sample.apply)(x), &inputs);
            result.err().map(|error| format!("{}: {error}", sample.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
