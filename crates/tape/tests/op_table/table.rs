//! How a table of ops is made.

use chainrule_tape::check::Sample;
use chainrule_tape::{DType, Tape, Tensor, Var, vmap};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The methods of each family, with their ops' names.
pub type Families = BTreeMap<String, Vec<(String, String)>>;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The samples of an op: those with its name, and maybe more after it, unless another op's name fits better.
fn samples_of<'s>(op: &str, all: &BTreeSet<String>, samples: &'s [Sample]) -> Vec<&'s Sample> {
    let fits = |sample: &str, op: &str| {
        sample == op || sample.strip_prefix(op).is_some_and(|rest| rest.starts_with('_'))
    };
    let better = |sample: &str| all.iter().any(|other| other.len() > op.len() && fits(sample, other));
    samples.iter().filter(|sample| fits(sample.name, op) && !better(sample.name)).collect()
}

fn on<'t>(tape: &'t Tape, inputs: &[Tensor], dtype: DType) -> Vec<Var<'t>> {
    inputs.iter().map(|x| tape.var(x.cast(dtype))).collect()
}

/// Whether the recording of a batch grows with it: then there is no rule.
fn batching(sample: &Sample) -> bool {
    let nodes = |size: usize| {
        let tape = Tape::new();
        let x: Vec<Var<'_>> = on(&tape, &(sample.inputs)(), DType::F64);
        let x: Vec<Var<'_>> = x.iter().map(|x| x.expand([&[size], x.shape().dims()].concat())).collect();
        let before = tape.len();
        vmap(|x: Vec<Var<'_>>| (sample.apply)(&x), x);
        tape.len() - before
    };
    nodes(2) == nodes(5)
}

/// Whether it is one instruction with an elementwise op before and after it.
fn fused(sample: &Sample) -> bool {
    let tape = Tape::new();
    let x: Vec<Var<'_>> = on(&tape, &(sample.inputs)(), DType::F64).into_iter().map(|x| x * 1.01).collect();
    let y = (sample.apply)(&x);
    let y = if y.dtype().is_float() { y * 1.01 } else { y };
    tape.compile(&[y]).is_ok_and(|program| program.instructions() <= 1)
}

/// The largest error in `f32`, in units in the last place of the largest element of the result.
fn ulp(sample: &Sample) -> Option<f64> {
    let rounded: Vec<Tensor> = (sample.inputs)().iter().map(|x| x.cast(DType::F32)).collect();
    let values = |dtype: DType| {
        let tape = Tape::new();
        let y = (sample.apply)(&on(&tape, &rounded, dtype));
        let y = y.value().ok().filter(|y| y.dtype() == dtype)?;
        (tape.random_ops() == 0).then(|| y.to_f64())
    };
    let (single, double) = (values(DType::F32)?, values(DType::F64)?);
    let most = double.iter().filter(|y| y.is_finite()).fold(0.0, |most: f64, y| most.max(y.abs()));
    let unit = f64::from((most as f32).next_up()) - f64::from(most as f32);
    let finite = single.iter().zip(&double).filter(|(_, y)| y.is_finite());
    Some(finite.map(|(single, double)| (single - double).abs() / unit).fold(0.0, f64::max))
}

/// How many cases of each op a file has from PyTorch.
fn cases(file: &str) -> BTreeMap<String, usize> {
    let bytes = std::fs::read(root().join("tests/golden").join(file)).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let text = metadata.metadata().as_ref().and_then(|all| all.get("cases")).unwrap();
    let mut counts = BTreeMap::new();
    for op in text.lines().filter_map(|line| line.split(' ').next()) {
        *counts.entry(op.to_owned()).or_default() += 1;
    }
    counts
}

/// The bounds of errors that a table of the past states, by op.
fn stated(table: &str) -> BTreeMap<String, u32> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        Some((cells.get(1)?.trim_matches('`').to_owned(), cells.get(7)?.strip_prefix("≤ ")?.parse().ok()?))
    };
    table.lines().filter_map(row).collect()
}

/// Checks that the table at `path` is that of these families, or writes it.
pub fn check(
    path: &str,
    head: &str,
    families: &Families,
    samples: &[Sample],
    cases_file: &str,
    none: &[&str],
) {
    let path = root().join(path);
    let write = std::env::var_os("CHAINRULE_WRITE").is_some();
    let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let (cases, stated) = (cases(cases_file), stated(&written));
    let all: BTreeSet<String> =
        families.values().flatten().flat_map(|(name, op)| [name.clone(), op.clone()]).collect();
    let mut table = String::from(head);
    let mut missing = Vec::new();
    for (family, ops) in families {
        let rows: BTreeSet<&(String, String)> = ops.iter().collect();
        write!(table, "\n## {}\n\n{COLUMNS}", family.replace('_', " ")).unwrap();
        for (name, op) in rows {
            let own = samples_of(op, &all, samples);
            let derivative = !none.contains(&name.as_str());
            if own.is_empty() && derivative {
                missing.push(name.clone());
            }
            let yes = |yes: bool| if yes { "yes" } else { "" };
            // Derivatives in both modes and to the second order are checked at all samples, by `gradients.rs`.
            let checked = if derivative { "yes" } else { "none" };
            let rule =
                if own.is_empty() || own.iter().all(|sample| batching(sample)) { "rule" } else { "each" };
            // (Where the sign of a result is open, as of an eigenvector, there is no bound.)
            let error = own.iter().filter_map(|sample| ulp(sample)).reduce(f64::max).unwrap_or(f64::NAN);
            let bound = (0..20).map(|power| 1u32 << power).find(|&bound| error <= bound as f64);
            let bound = bound.map(|bound| stated.get(name).map_or(bound, |stated| bound.max(*stated)));
            let error = bound.map_or(String::new(), |bound| format!("≤ {bound}"));
            let fused = yes(own.iter().any(|sample| fused(sample)) || own.is_empty());
            let count = cases.get(name).map_or(String::new(), usize::to_string);
            writeln!(
                table,
                "| `{name}` | {checked} | {checked} | {checked} | {rule} | {fused} | {error} | {count} |"
            )
            .unwrap();
        }
    }
    assert!(missing.is_empty(), "public ops without a sample: {missing:?}");
    if write {
        std::fs::write(&path, &table).unwrap();
    } else if let Some((found, expected)) = written.lines().zip(table.lines()).find(|(a, b)| a != b) {
        panic!(
            "{} is not what the tests say (CHAINRULE_WRITE=1 writes it):\n{found}\n{expected}",
            path.display()
        );
    } else {
        assert_eq!(
            written.lines().count(),
            table.lines().count(),
            "lines of {} (CHAINRULE_WRITE=1 writes it)",
            path.display()
        );
    }
}

const COLUMNS: &str = "\
| op | vjp | jvp | 2nd | batch | fused | f32 | PyTorch |
|---|---|---|---|---|---|---|---|
";
