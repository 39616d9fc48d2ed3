//! Every op with wrong inputs and arguments: never a panic, and an error names the op, what is wrong, and the line.

#[path = "torch/activation.rs"]
mod activation;
#[path = "torch/elementwise.rs"]
mod elementwise;
#[allow(dead_code)] // of the comparison with the answers
#[path = "torch/golden.rs"]
mod golden;
#[path = "torch/indexing.rs"]
mod indexing;
#[path = "torch/movement.rs"]
mod movement;
#[path = "torch/products.rs"]
mod products;
#[path = "torch/reduce.rs"]
mod reduce;
#[path = "torch/windows.rs"]
mod windows;
#[path = "torch/wrong.rs"]
mod wrong;

use golden::{Apply, Golden};

const TABLES: &[&[(&str, Apply)]] = &[
    elementwise::TABLE,
    reduce::TABLE,
    movement::TABLE,
    indexing::TABLE,
    products::TABLE,
    windows::TABLE,
    activation::TABLE,
];

/// Ops whose errors have another name than the method: the operators', those of the op with fewer arguments, and where
/// the error of the run may be met by the gradient.
const NAMES: &[(&str, &str)] = &[
    ("plus", "add"),
    ("minus", "sub"),
    ("times", "mul"),
    ("over", "div"),
    ("negate", "neg"),
    ("logical_not", "not"),
    ("logical_xor", "xor"),
    ("slice_step", "slice"),
    ("pad_step", "pad"),
    ("segment_sum", "index_select"),
    // The comparison in it that cuts a gradient.
    ("heaviside", "eq"),
];

#[test]
fn bad_arguments_are_errors_that_name_the_op_and_the_line() {
    wrong::check_all(&Golden::read("torch_ops.safetensors"), TABLES, NAMES);
}
