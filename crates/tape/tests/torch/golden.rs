//! Cases that PyTorch answered (`tests/golden/torch_ops.py` says how, and in which format), and the comparison with them.

mod args;

pub use args::Args;
use chainrule_tape::{DType, Element, Shape, Tape, Tensor, Var};
use safetensors::SafeTensors;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a case's op is here: from its inputs and arguments to its outputs.
pub type Apply = for<'t> fn(&'t Tape, &[Var<'t>], &Args) -> Vec<Var<'t>>;

/// The ops of one family, by name, of a tape, inputs and arguments.
macro_rules! table {
    (|$tape:ident, $x:ident, $a:ident| $($name:ident: $y:expr),* $(,)?) => {
        pub(crate) const TABLE: &[(&str, $crate::golden::Apply)] = &[$((stringify!($name), |$tape, $x, $a| {
            let _ = ($tape, $x, $a);
            $crate::golden::Outputs::list($y)
        })),*];
    };
}
pub(crate) use table;

/// One output, or several.
pub trait Outputs<'t> {
    fn list(self) -> Vec<Var<'t>>;
}

impl<'t> Outputs<'t> for Var<'t> {
    fn list(self) -> Vec<Var<'t>> {
        vec![self]
    }
}

impl<'t> Outputs<'t> for (Var<'t>, Var<'t>) {
    fn list(self) -> Vec<Var<'t>> {
        vec![self.0, self.1]
    }
}

impl<'t> Outputs<'t> for Vec<Var<'t>> {
    fn list(self) -> Vec<Var<'t>> {
        self
    }
}

struct Case {
    /// The line in the file, for the directions.
    number: usize,
    op: String,
    checks: String,
    args: Args,
    inputs: Vec<Tensor>,
    /// The inputs that it is differentiated by.
    by: Vec<usize>,
    outputs: Vec<Tensor>,
    gradients: Vec<Tensor>,
    second: Vec<Tensor>,
    tangents: Vec<Tensor>,
}

impl Case {
    fn has(&self, check: char) -> bool {
        self.checks.contains(check)
    }
}

/// A flat array that is read from its start on.
struct Stream<T>(std::vec::IntoIter<T>);

impl<T: Element> Stream<T> {
    fn read<const N: usize>(file: &SafeTensors<'_>, name: &str, element: fn([u8; N]) -> T) -> Stream<T> {
        let bytes = file.tensor(name).expect("the file has all arrays").data();
        let elements =
            bytes.chunks_exact(N).map(|chunk| element(chunk.try_into().expect("a chunk of N bytes")));
        Stream(elements.collect::<Vec<T>>().into_iter())
    }

    fn next(&mut self, shape: &Shape) -> Tensor {
        let values: Vec<T> = self.0.by_ref().take(shape.numel()).collect();
        Tensor::from_vec(values, shape.clone()).expect("the file has as many elements as its cases")
    }
}

/// The cases of a file.
pub struct Golden {
    cases: Vec<Case>,
    directions: Vec<f64>,
}

impl Golden {
    /// Reads a file beside the script that makes it.
    pub fn read(name: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (_, head) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
        let lines = head
            .metadata()
            .as_ref()
            .and_then(|texts| texts.get("cases"))
            .expect("the file has cases")
            .clone();
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let mut floats = Stream::read(&file, "f64", f64::from_le_bytes);
        let mut ints = Stream::read(&file, "i64", i64::from_le_bytes);
        let mut bools = Stream::read(&file, "bool", |[byte]| byte != 0);
        let directions = Stream::read(&file, "directions", f64::from_le_bytes).0.collect();

        let mut next = |(dtype, shape): &(DType, Shape)| match dtype {
            DType::I64 => ints.next(shape),
            DType::Bool => bools.next(shape),
            _ => floats.next(shape),
        };
        let mut cases = Vec::new();
        for (number, line) in lines.lines().enumerate() {
            let mut parts = line.split('|');
            let mut words = parts.next().unwrap_or_default().split_whitespace();
            let (op, checks) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let args = words.filter_map(|word| word.split_once('='));
            let args = Args(args.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
            let list = |part: Option<&str>| -> Vec<String> {
                part.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
            };
            let (inputs, outputs) = (list(parts.next()), list(parts.next()));
            let by: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].contains('*')).collect();
            let metas = |texts: &[String]| texts.iter().map(|text| meta(text)).collect::<Vec<_>>();
            let (inputs, outputs) = (metas(&inputs), metas(&outputs));
            let of_inputs: Vec<_> = by.iter().map(|&i| inputs[i].clone()).collect();
            let of_outputs: Vec<_> = outputs.iter().filter(|(dtype, _)| dtype.is_float()).cloned().collect();
            let mut all = |metas: &[(DType, Shape)]| metas.iter().map(&mut next).collect::<Vec<_>>();
            let (inputs, outputs) = (all(&inputs), all(&outputs));
            let mut derivative = |check, metas| if checks.contains(check) { all(metas) } else { Vec::new() };
            cases.push(Case {
                number,
                op: op.to_owned(),
                checks: checks.to_owned(),
                args,
                inputs,
                by,
                outputs,
                gradients: derivative('g', &of_inputs),
                second: derivative('s', &of_inputs),
                tangents: derivative('t', &of_outputs),
            });
        }
        Golden { cases, directions }
    }

    /// How many cases there are of each op.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        self.cases.iter().for_each(|case| *counts.entry(case.op.as_str()).or_insert(0) += 1);
        counts
    }

    /// Compares all cases with what the tables' ops answer. The message lists what differs.
    pub fn check(&self, tables: &[&[(&str, Apply)]]) {
        let find = |op: &str| tables.iter().copied().flatten().find(|(name, _)| *name == op);
        let mut missing = BTreeSet::new();
        let mut failures = Vec::new();
        for case in &self.cases {
            match find(&case.op) {
                Some((_, apply)) => {
                    if let Err(what) = self.check_case(case, *apply) {
                        failures
                            .push(format!("{} {:?} (line {}): {what}", case.op, case.args.0, case.number));
                    }
                }
                None => {
                    missing.insert(case.op.as_str());
                }
            }
        }
        assert!(missing.is_empty(), "the tables lack {missing:?}");
        let count = failures.len();
        assert!(
            failures.is_empty(),
            "{count} of {} cases differ:\n{}",
            self.cases.len(),
            failures.join("\n")
        );
    }

    fn check_case(&self, case: &Case, apply: Apply) -> Result<(), String> {
        let tape = Tape::new();
        let x: Vec<Var<'_>> = case.inputs.iter().map(|x| tape.var(x.clone())).collect();
        let by: Vec<Var<'_>> = case.by.iter().map(|&i| x[i]).collect();
        let y = apply(&tape, &x, &case.args);
        tape.check().map_err(|e| e.to_string())?;
        if y.len() != case.outputs.len() {
            return Err(format!("{} outputs, not {}", y.len(), case.outputs.len()));
        }
        let floats: Vec<Var<'_>> = y.iter().copied().filter(|y| y.dtype().is_float()).collect();
        let mut cursor = 37 * case.number;
        let mut direction = |like: &Var<'_>| {
            let values = (0..like.numel()).map(|i| self.directions[(cursor + i) % self.directions.len()]);
            let values: Vec<f64> = values.collect();
            cursor += like.numel();
            tape.var(Tensor::from_vec(values, like.shape()).expect("as many as elements"))
        };
        let g: Vec<Var<'_>> = floats.iter().map(&mut direction).collect();
        let u: Vec<Var<'_>> = by.iter().map(&mut direction).collect();

        let mut vars = y.clone();
        let mut expected: Vec<(String, &Tensor)> = Vec::new();
        expected.extend(case.outputs.iter().enumerate().map(|(i, y)| (format!("output {i}"), y)));
        if case.has('g') {
            let first = pull(&tape, &floats, &g, &by);
            vars.extend(&first);
            let names =
                |what: &str| case.by.iter().map(|i| format!("{what} by input {i}")).collect::<Vec<_>>();
            expected.extend(names("gradient").into_iter().zip(&case.gradients));
            if case.has('s') {
                let terms = first.iter().zip(&u).map(|(&dx, &u)| (dx * u).sum(..));
                let inner =
                    terms.reduce(|sum, term| sum + term).expect("there are inputs to differentiate by");
                vars.extend(tape.grads(inner, &by));
                expected.extend(names("second order").into_iter().zip(&case.second));
            }
        }
        if case.has('t') {
            vars.extend(floats.iter().map(|&y| tape.jvp(y, &by, &u)));
            expected.extend(
                case.tangents.iter().enumerate().map(|(i, t)| (format!("forward mode of output {i}"), t)),
            );
        }
        let found = tape.values(&vars).map_err(|e| e.to_string())?;
        found.iter().zip(&expected).try_for_each(|(found, (what, expected))| agree(what, found, expected))
    }
}

/// `Σ Jᵀ·g` over the outputs.
fn pull<'t>(tape: &'t Tape, y: &[Var<'t>], g: &[Var<'t>], x: &[Var<'t>]) -> Vec<Var<'t>> {
    let each = y.iter().zip(g).map(|(&y, &g)| tape.vjp(y, g, x));
    let sum = |a: Vec<Var<'t>>, b: Vec<Var<'t>>| a.into_iter().zip(b).map(|(a, b)| a + b).collect();
    each.reduce(sum).expect("there is an output to differentiate")
}

/// `f64*[2,3]`: dtype, whether differentiated by, and shape.
fn meta(text: &str) -> (DType, Shape) {
    let (dtype, shape) = text.trim_end_matches(']').split_once('[').expect("a dtype and a shape");
    let dtype = match dtype.trim_end_matches('*') {
        "f64" => DType::F64,
        "i64" => DType::I64,
        "bool" => DType::Bool,
        other => panic!("{other} is no dtype of the file"),
    };
    let lengths = shape.split(',').filter(|length| !length.is_empty());
    (dtype, lengths.map(|length| length.parse::<usize>().expect("a length")).collect())
}

/// Equal shapes and dtypes, and elements that agree to 1e-10 of themselves, or to 1e-12 of the largest (or of 1): where terms cancel,
/// both sides are only good to the rounding of the terms.
/// Of derivatives, elements that are not finite in PyTorch are left out.
fn agree(what: &str, found: &Tensor, expected: &Tensor) -> Result<(), String> {
    if found.shape() != expected.shape() || found.dtype() != expected.dtype() {
        let meta = |x: &Tensor| format!("{} {}", x.dtype(), x.shape());
        return Err(format!("{what} is {}, not {}", meta(found), meta(expected)));
    }
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let finite = expected.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (&a, &b)) in found.iter().zip(&expected).enumerate() {
        if !b.is_finite() && !what.starts_with("output") {
            continue;
        }
        let near = (a - b).abs() <= 1e-10 * b.abs() + 1e-12 * scale && a.is_finite();
        if !(near || a == b || a.is_nan() && b.is_nan()) {
            return Err(format!("{what}: element {i} is {a:e}, not {b:e}"));
        }
    }
    Ok(())
}
