//! The table of all ops, `OPS.md`: made of the sources, the samples and the cases from PyTorch, so that it can't drift.
//!
//! `CHAINRULE_WRITE=1 cargo test --release -p chainrule-tape --test op_table` writes it; bounds of errors are those of the old table
//! or larger, so that they hold for all SIMD levels (`CHAINRULE_SIMD`) with which it was written.

#[path = "op_table/table.rs"]
mod table;

use chainrule_tape::check;
use std::path::{Path, PathBuf};
use table::Families;

/// The public methods of a source file, those that macros make (`name = "op", kernel`) included, each with its op's name.
fn methods(text: &str) -> Vec<(String, String)> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("pub fn ").filter(|rest| !rest.starts_with('$')) {
            let next = lines.peek().map_or("", |next| next.trim());
            let of_a_value = ["(self", "(mut self", "(&self", "(&'t self"]
                .iter()
                .any(|with| rest.contains(with))
                || rest.ends_with('(')
                    && ["self", "mut self", "&self", "&'t self"].iter().any(|with| next.starts_with(with));
            if of_a_value || indent == 0 && rest.contains("<'t") {
                found.push((word(rest), word(rest)));
            }
        } else if let Some((name, rest)) = line.split_once(" = \"")
            && rest.contains("\", kernel")
            && word(name) == name
        {
            found.push((name.to_owned(), word(rest)));
        }
    }
    found
}

/// The ops by the families in which they are documented.
fn families() -> Families {
    let mut families = Families::new();
    for folder in ["ops", "compose", "transform"] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder))
                .unwrap()
                .map(|file| file.unwrap().path())
                .collect();
        files.sort();
        for file in files {
            let family = file.file_stem().unwrap().to_string_lossy().into_owned();
            // Derivatives and batches of functions are no ops.
            if folder == "transform" && !["scan", "checkpoint", "cond"].contains(&family.as_str()) {
                continue;
            }
            let found = methods(&std::fs::read_to_string(file).unwrap());
            families.entry(family).or_default().extend(found);
        }
    }
    // What only serves the settings of an op.
    families
        .values_mut()
        .for_each(|ops| ops.retain(|(name, _)| !["same", "resolve"].contains(&name.as_str())));
    families.retain(|_, ops| !ops.is_empty());
    families
}

#[test]
fn the_table_is_what_the_tests_say() {
    table::check("OPS.md", HEAD, &families(), &check::samples(), "torch_ops.safetensors", NONE);
}

const HEAD: &str = "\
# All ops

Made by `crates/tape/tests/op_table.rs`: do not edit.

- **vjp, jvp, 2nd**: the derivative in reverse mode, in forward mode, and of the second order, each checked against differences in
  `f64`; `none` where there is none (integers, truth values, steps).
- **batch**: how `vmap` takes the op: by a rule (the recording is of one element's size), or for each element.
- **fused**: one instruction together with elementwise ops before and after it.
- **f32**: a bound of the error in `f32` at the samples, in units in the last place of the result's largest element.
- **PyTorch**: cases whose values and derivatives are compared with PyTorch's, in `f64`.
";

/// Ops without a derivative: integers, truth values, steps and what is made of nothing. Some are in no sample by themselves.
const NONE: &[&str] = &[
    "all",
    "all_keep",
    "and",
    "any",
    "any_keep",
    "arange",
    "argcummax",
    "argcummin",
    "argmax",
    "argmin",
    "argsort",
    "argsort_descending",
    "bernoulli",
    "binary_step",
    "bincount",
    "bucketize",
    "categorical",
    "ceil",
    "check_index",
    "count_nonzero",
    "count_nonzero_keep",
    "detach",
    "dropout_mask",
    "eq",
    "exponential",
    "eye",
    "floor",
    "ge",
    "gt",
    "gumbel",
    "heaviside",
    "iota",
    "is_finite",
    "is_inf",
    "is_nan",
    "le",
    "linspace",
    "logical_not",
    "logical_xor",
    "lt",
    "ne",
    "normal",
    "one_hot",
    "or",
    "permutation",
    "rademacher",
    "randint",
    "round",
    "searchsorted",
    "sign",
    "trunc",
    "uniform",
];
