//! Every op against PyTorch: values, gradients, second order and forward mode.

#[path = "torch/activation.rs"]
mod activation;
#[path = "torch/elementwise.rs"]
mod elementwise;
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

use golden::{Apply, Golden};
use std::collections::BTreeSet;
use std::path::Path;

const TABLES: &[&[(&str, Apply)]] = &[
    elementwise::TABLE,
    reduce::TABLE,
    movement::TABLE,
    indexing::TABLE,
    products::TABLE,
    windows::TABLE,
    activation::TABLE,
];

/// Public methods that need no cases of their own, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("bernoulli", "random"),
    ("categorical", "random"),
    ("dropout_mask", "random"),
    ("exponential", "random"),
    ("gumbel", "random"),
    ("normal", "random"),
    ("permutation", "random"),
    ("rademacher", "random"),
    ("randint", "random"),
    ("uniform", "random"),
    ("cast", "of dtypes, where all cases are of f64"),
    ("detach", "no value of its own"),
    ("flush_gradient", "no value of its own"),
    ("flush_subnormals", "PyTorch has it as a mode of the processor"),
    ("check_index", "no value of its own; an error of the run"),
    ("same", "of Conv, not of a value"),
];

#[test]
fn all_cases() {
    Golden::read("torch_ops.safetensors").check(TABLES);
}

/// Every case over a batch, with its derivatives, is that of each element.
#[test]
fn all_cases_over_batches() {
    Golden::read("torch_ops.safetensors").check_batches(TABLES, &["searchsorted", "bucketize"]);
}

/// Every case in `f32`.
#[test]
fn all_cases_in_f32() {
    Golden::read("torch_ops.safetensors").check_f32(TABLES, 1e-5);
}

/// Every public method of `ops/` and `compose/` has at least 5 cases.
#[test]
fn every_op_has_cases() {
    let golden = Golden::read("torch_ops.safetensors");
    let counts = golden.counts();
    let mut lacking: BTreeSet<String> = BTreeSet::new();
    for folder in ["ops", "compose"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
        for file in std::fs::read_dir(folder).expect("the folder of ops") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a source file");
            lacking.extend(
                methods(&text).into_iter().filter(|name| counts.get(name.as_str()).copied().unwrap_or(0) < 5),
            );
        }
    }
    let excused: BTreeSet<&str> = WITHOUT.iter().map(|(name, _)| *name).collect();
    lacking.retain(|name| !excused.contains(name.as_str()));
    assert!(lacking.is_empty(), "fewer than 5 cases: {lacking:?}");
}

/// The public methods of a source file, also those that a macro makes of `name = "name"`.
fn methods(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let name =
            |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(rest) = line.strip_prefix("pub fn ") {
            let takes_self =
                ["(self", "(mut self", "(&self", "(&'t self"].iter().any(|with| rest.contains(with));
            if takes_self || line.ends_with('(') {
                found.push(name(rest));
            }
        } else if line
            .split_once(" = \"")
            .is_some_and(|(left, right)| name(left) == left && right.contains("kernel::"))
        {
            found.push(name(line));
        }
    }
    found.retain(|name| !name.is_empty());
    found
}
