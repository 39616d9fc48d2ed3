//! The table of this crate's ops, `OPS.md`: see that of the tape.
//!
//! `CHAINRULE_WRITE=1 cargo test --release -p chainrule-linalg --test op_table` writes it.

#[path = "../../tape/tests/op_table/table.rs"]
mod table;

use table::Families;

/// The methods of the trait.
fn families() -> Families {
    let text = include_str!("../src/linalg.rs");
    let (trait_text, _) = text.split_once("\nimpl").expect("the trait comes before what implements it");
    let word = |rest: &str| rest.split('(').next().unwrap_or_default().to_owned();
    let methods = trait_text.lines().filter_map(|line| line.trim().strip_prefix("fn "));
    Families::from([("matrices".into(), methods.map(|rest| (word(rest), word(rest))).collect())])
}

#[test]
fn the_table_is_what_the_tests_say() {
    const HEAD: &str = "\
# Ops of matrices

Made by `crates/linalg/tests/op_table.rs`: do not edit. The columns are those of the [table of all ops](../../OPS.md).
";
    let samples = chainrule_linalg::samples();
    table::check(
        "crates/linalg/OPS.md",
        HEAD,
        &families(),
        &samples,
        "torch_linalg.safetensors",
        &["matrix_rank"],
    );
}
