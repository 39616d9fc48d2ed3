//! Ops of a table with wrong inputs and arguments.

use crate::golden::{Apply, Args, Golden};
use chainrule_tape::{DType, Error, Shape, Tape, Tensor, Var};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

/// The cases of each op that are made wrong: the first ones of each combination of ranks and argument's names.
const CASES: usize = 2;

/// Elements that a test may compute.
const MOST: usize = 1 << 16;

thread_local! {
    /// Where the last panic was.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Calls every op of the tables with inputs and arguments of its cases made wrong one at a time. There is never a panic, and
/// an error names the op (or what `names` has as another name of it), its operands, and the caller's line.
pub fn check_all(golden: &Golden, tables: &[&[(&str, Apply)]], names: &[(&str, &str)]) {
    set_hook(Box::new(|info| {
        let place = info.location().map(|at| at.to_string()).unwrap_or_default();
        PANIC.with(|panic| *panic.borrow_mut() = format!("{place}: {info}"));
    }));
    let mut seen: BTreeMap<(&str, Vec<usize>, String), usize> = BTreeMap::new();
    let mut failures = BTreeMap::new();
    for (op, args, inputs) in golden.calls() {
        let ranks = inputs.iter().map(|x| x.shape().rank()).collect();
        let arguments = args.texts().map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        let count = seen.entry((op, ranks, arguments)).or_insert(0);
        *count += 1;
        if *count > CASES {
            continue;
        }
        let (_, apply) =
            tables.iter().copied().flatten().find(|(name, _)| *name == op).expect("an op of the tables");
        for (i, x) in inputs.iter().enumerate() {
            for bad in bad_tensors(x) {
                let mut inputs = inputs.to_vec();
                inputs[i] = bad;
                check(op, *apply, args, &inputs, None, names, &mut failures);
            }
            check(op, *apply, args, inputs, Some(i), names, &mut failures);
        }
        for (name, text) in args.texts() {
            for bad in bad_texts(text) {
                check(op, *apply, &args.with(name, bad), inputs, None, names, &mut failures);
            }
        }
    }
    drop(take_hook());
    let list: Vec<String> = failures.into_values().collect();
    assert!(list.is_empty(), "{} kinds of failure:\n{}", list.len(), list.join("\n"));
}

/// The tensor with one thing about it changed.
fn bad_tensors(x: &Tensor) -> Vec<Tensor> {
    let shape = x.shape().dims();
    let mut all: Vec<Tensor> = [DType::Bool, DType::I64, DType::F32, DType::F64]
        .into_iter()
        .filter(|dtype| *dtype != x.dtype())
        .map(|dtype| of(dtype, shape, |i| x.to_f64().get(i).copied().unwrap_or(1.0)))
        .collect();
    let mut shapes: Vec<Vec<usize>> = vec![vec![], vec![0], vec![1; 8], vec![2; 8]];
    shapes.push([&[2], shape].concat());
    shapes.push([shape, &[2]].concat());
    for axis in 0..shape.len() {
        shapes.push([&shape[..axis], &shape[axis + 1..]].concat());
        for length in [0, 1, shape[axis] + 1] {
            let mut other = shape.to_vec();
            other[axis] = length;
            shapes.push(other);
        }
    }
    let values = x.to_f64();
    let value = |i: usize| values.get(i % values.len().max(1)).copied().unwrap_or(1.0);
    all.extend(shapes.iter().map(|shape| of(x.dtype(), shape, value)));
    // Indices outside, and numbers that are none.
    for bad in [99.0, -99.0, f64::NAN, f64::INFINITY] {
        if bad.is_finite() || x.dtype().is_float() {
            all.push(of(x.dtype(), shape, |i| if i == 0 { bad } else { value(i) }));
        }
    }
    all
}

fn of(dtype: DType, shape: &[usize], value: impl Fn(usize) -> f64) -> Tensor {
    let values = 0..shape.iter().product();
    let tensor = match dtype {
        DType::Bool => Tensor::from_vec(values.map(|i| value(i) != 0.0).collect::<Vec<bool>>(), shape),
        DType::I64 => Tensor::from_vec(values.map(|i| value(i) as i64).collect::<Vec<i64>>(), shape),
        DType::F32 => Tensor::from_vec(values.map(|i| value(i) as f32).collect::<Vec<f32>>(), shape),
        DType::F64 => Tensor::from_vec(values.map(&value).collect::<Vec<f64>>(), shape),
    };
    tensor.expect("as many values as elements")
}

/// The argument with one thing about it changed: those that are no number of the wanted kind, the table refuses.
fn bad_texts(text: &str) -> Vec<String> {
    const NUMBERS: &str = "99 -99 0 1 -1 2 7 1099511627776 -1099511627776 18446744073709551615 9223372036854775807 \
        -9223372036854775808 NaN inf -inf 0.5";
    const EQUATIONS: [&str; 10] =
        ["", "->", "ij", "i,j,k->", "ij,jk->iz", "ij,jk->ii", "i...,...j->...", "é,é->é", "i->->", "a,b"];
    if text.contains(|c: char| c.is_alphabetic()) && text.parse::<f64>().is_err() {
        return EQUATIONS.map(str::to_owned).to_vec();
    }
    let list: Vec<&str> = text.split(',').filter(|part| !part.is_empty()).collect();
    let mut all: Vec<Vec<&str>> =
        vec![vec![], [&list[..], &list[..list.len().min(1)]].concat(), [&list[..], &["1"]].concat()];
    all.push(list[list.len().min(1)..].to_vec());
    for at in 0..list.len() {
        for number in NUMBERS.split_whitespace() {
            let mut other = list.clone();
            other[at] = number;
            all.push(other);
        }
    }
    all.into_iter().map(|list| list.join(",")).collect()
}

/// Calls the op and notes what is wrong with its answer: one example of each kind.
fn check(
    op: &str,
    apply: Apply,
    args: &Args,
    inputs: &[Tensor],
    poisoned: Option<usize>,
    names: &[(&str, &str)],
    failures: &mut BTreeMap<(String, &'static str), String>,
) {
    let metas: Vec<String> = inputs.iter().map(|x| format!("{} {}", x.shape(), x.dtype())).collect();
    let call = format!("{op} {:?} of {}", args.texts().collect::<Vec<_>>(), metas.join(", "));
    let answer = catch_unwind(AssertUnwindSafe(|| answer(apply, args, inputs, poisoned)));
    let problem = match answer {
        Ok(Ok(())) => return,
        Ok(Err(error)) => wrong(op, &error, &metas, poisoned.is_some(), names),
        Err(_) => {
            let panic = PANIC.with(|panic| panic.take());
            // (The table itself refuses arguments that are of another kind, or too few. That an overflow's place may be a line
            // of the table too is because recording methods track their caller.)
            let own = panic.contains("tests/torch/args.rs")
                || panic.contains("index out of bounds") && panic.contains("tests/torch/movement.rs");
            if own { None } else { Some(("panic", panic)) }
        }
    };
    if let Some((kind, what)) = problem {
        failures
            .entry((op.to_owned(), kind))
            .or_insert_with(|| format!("{call}:\n    {}", what.replace('\n', "\n    ")));
    }
}

/// The values, if they are not too many to compute, and derivatives.
fn answer(apply: Apply, args: &Args, inputs: &[Tensor], poisoned: Option<usize>) -> Result<(), Error> {
    let tape = Tape::new();
    let mut x: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
    if let Some(i) = poisoned {
        x[i] = tape.var([1.0, 2.0]).reshape([3]);
    }
    let y = apply(&tape, &x, args);
    tape.check()?;
    if y.iter().any(|y| y.numel() > MOST) {
        return Ok(());
    }
    let by: Vec<Var<'_>> = x.iter().copied().filter(|x| x.dtype().is_float()).collect();
    let mut all = y.clone();
    for y in y {
        if y.dtype().is_float() {
            all.extend(tape.grads(y.sum(..), &by));
        }
    }
    tape.check()?;
    let program = tape.compile(&all)?;
    if program.arena_bytes().max(program.intermediate_bytes()) > 64 * MOST {
        return Ok(());
    }
    tape.values(&all).map(|_| ())
}

/// What a reader of this error would miss.
fn wrong(
    op: &str,
    error: &Error,
    inputs: &[String],
    poisoned: bool,
    names: &[(&str, &str)],
) -> Option<(&'static str, String)> {
    let problem = |kind| Some((kind, error.to_string()));
    if poisoned {
        let first = matches!(error, Error::Record(mistake) if mistake.at.0.file().ends_with("wrong.rs"));
        return if first { None } else { problem("the first mistake is hidden") };
    }
    let (name, at) = match error {
        Error::Record(mistake) => (mistake.op, mistake.at),
        Error::Data { op, at, .. } => (op.as_str(), *at),
        _ => return problem("another kind of error"),
    };
    let file = at.0.file().replace('\\', "/");
    if !(file.contains("tests/torch/") || file.ends_with("tests/bad_arguments.rs"))
        || file.ends_with("wrong.rs")
    {
        return problem("not the caller's line");
    }
    // (The table adds the bias, and makes truth values of numbers, by other ops than the one that is called.)
    let made_by_table = op.starts_with("conv") && name == "add" || ["all", "any"].contains(&name);
    let called = op.strip_suffix("_keep").unwrap_or(op);
    if name != called && !names.contains(&(op, name)) && !made_by_table {
        return problem("another op's name");
    }
    if let Error::Record(mistake) = error {
        let shown = |(shape, dtype): &(Shape, DType)| inputs.contains(&format!("{shape} {dtype}"));
        if !mistake.operands.iter().all(shown) && !made_by_table {
            return problem("operands that were not given");
        }
        if mistake.operands.is_empty() && !inputs.is_empty() {
            return problem("no operands");
        }
    }
    None
}
