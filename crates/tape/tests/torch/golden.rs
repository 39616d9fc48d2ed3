//! Cases that PyTorch answered (`tests/golden/torch_ops.py` says how, and in which format), and the comparison with them.

mod args;
mod cases;

pub use args::Args;
use cases::Case;
use chainrule_tape::{DType, Element, Tape, Tensor, Var};
use std::collections::{BTreeMap, BTreeSet};

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

/// The cases of a file.
pub struct Golden {
    cases: Vec<Case>,
    directions: Vec<f64>,
}

impl Golden {
    /// How many cases there are of each op.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        self.cases.iter().for_each(|case| *counts.entry(case.op.as_str()).or_insert(0) += 1);
        counts
    }

    /// Op, arguments and inputs of each case.
    #[allow(dead_code)] // for tests of other things than the answers
    pub fn calls(&self) -> impl Iterator<Item = (&str, &Args, &[Tensor])> {
        self.cases.iter().map(|case| (case.op.as_str(), &case.args, case.inputs.as_slice()))
    }

    /// Compares all cases with what the tables' ops answer. The message lists what differs.
    pub fn check(&self, tables: &[&[(&str, Apply)]]) {
        self.each(tables, |case, apply| {
            let tape = Tape::new();
            let x: Vec<Var<'_>> = case.inputs.iter().map(|x| tape.var(x.clone())).collect();
            let found = self.answers(&tape, case, apply, &x);
            tape.check().map_err(|e| e.to_string())?;
            let found = tape.values(&found).map_err(|e| e.to_string())?;
            let expected = [&case.outputs, &case.gradients, &case.second, &case.tangents];
            let expected: Vec<&Tensor> = expected.into_iter().flatten().collect();
            if found.len() != expected.len() {
                return Err(format!("{} results, not {}", found.len(), expected.len()));
            }
            found.iter().zip(expected).enumerate().try_for_each(|(i, (a, b))| agree(case, i, a, b, F64))
        });
    }

    /// Compares each case over a batch with the elements of the batch alone: of all inputs, and of each. One element is the case's,
    /// another has the same numbers from the end on.
    pub fn check_batches(&self, tables: &[&[(&str, Apply)]], same: &[&str]) {
        self.each(tables, |case, apply| {
            let all: Vec<usize> = (0..case.inputs.len()).collect();
            let alone = all.iter().map(|&i| vec![i]).filter(|_| all.len() > 1);
            for batched in alone.chain([all.clone()]).filter(|batched| !batched.is_empty()) {
                let tape = Tape::new();
                let x: Vec<Var<'_>> = case.inputs.iter().map(|x| tape.var(x.clone())).collect();
                let mut other = x.clone();
                for &i in batched.iter().filter(|_| !same.contains(&case.op.as_str())) {
                    other[i] = tape.var(reversed(&case.inputs[i]));
                }
                let batches: Vec<Var<'_>> =
                    batched.iter().map(|&i| tape.stack(&[x[i], other[i]], 0)).collect();
                let whole = chainrule_tape::vmap(
                    |element: Vec<Var<'_>>| {
                        let mut x = x.clone();
                        batched.iter().zip(element).for_each(|(&i, element)| x[i] = element);
                        self.answers(&tape, case, apply, &x)
                    },
                    batches,
                );
                let first = self.answers(&tape, case, apply, &x);
                let second = self.answers(&tape, case, apply, &other);
                let each = first.iter().zip(second).map(|(&a, b)| tape.stack(&[a, b], 0));
                let each: Vec<Var<'_>> = each.collect();
                tape.check().map_err(|e| format!("over {batched:?}: {e}"))?;
                let values =
                    |vars: &[Var<'_>]| tape.values(vars).map_err(|e| format!("over {batched:?}: {e}"));
                let (found, expected) = (values(&whole)?, values(&each)?);
                let mut pairs = found.iter().zip(&expected).enumerate();
                pairs.try_for_each(|(i, (a, b))| {
                    agree(case, i, a, b, F64).map_err(|e| format!("over {batched:?}: {e}"))
                })?;
            }
            Ok(())
        });
    }

    /// Compares each case in `f32` with the same in `f64`, at inputs rounded to `f32`: to `share` of the largest element (or of 1).
    /// Whether the numbers are right, the cases in `f64` say; this is about what happens with another dtype.
    pub fn check_f32(&self, tables: &[&[(&str, Apply)]], share: f64) {
        self.each(tables, |case, apply| {
            if case.inputs.is_empty() {
                return Ok(()); // made with a dtype, and of the other one too
            }
            let to = |x: &Tensor, dtype| if x.dtype().is_float() { x.cast(dtype) } else { x.clone() };
            let of = |dtype: DType| {
                let tape = Tape::new();
                let x = case.inputs.iter().map(|x| tape.var(to(&to(x, DType::F32), dtype)));
                let y = self.answers(&tape, case, apply, &x.collect::<Vec<Var<'_>>>());
                tape.check().map_err(|e| e.to_string())?;
                tape.values(&y).map_err(|e| e.to_string())
            };
            let (found, expected) = (of(DType::F32)?, of(DType::F64)?);
            if let Some(wide) = found.iter().find(|y| y.dtype() == DType::F64) {
                return Err(format!("a result is f64 {}", wide.shape()));
            }
            let pairs = found.iter().zip(&expected).enumerate();
            // What is too large for f32 is infinite there.
            pairs.into_iter().try_for_each(|(i, (a, b))| {
                agree(case, i, &to(a, DType::F64), &to(&to(b, DType::F32), DType::F64), (1e-4, share))
            })
        });
    }

    fn each(&self, tables: &[&[(&str, Apply)]], check: impl Fn(&Case, Apply) -> Result<(), String>) {
        let find = |op: &str| tables.iter().copied().flatten().find(|(name, _)| *name == op);
        let mut missing = BTreeSet::new();
        let mut failures = Vec::new();
        for case in &self.cases {
            let Some((_, apply)) = find(&case.op) else {
                missing.insert(case.op.as_str());
                continue;
            };
            if let Err(what) = check(case, *apply) {
                failures.push(format!("{} {:?} (line {}): {what}", case.op, case.args.0, case.number));
            }
        }
        assert!(missing.is_empty(), "the tables lack {missing:?}");
        let (count, all) = (failures.len(), self.cases.len());
        assert!(failures.is_empty(), "{count} of {all} cases differ:\n{}", failures.join("\n"));
    }

    /// Everything that a case has, in the order of the file: outputs, gradients, second order, forward mode.
    fn answers<'t>(&self, tape: &'t Tape, case: &Case, apply: Apply, x: &[Var<'t>]) -> Vec<Var<'t>> {
        let by: Vec<Var<'t>> = case.by.iter().map(|&i| x[i]).collect();
        let y = apply(tape, x, &case.args);
        let floats: Vec<Var<'t>> = y.iter().copied().filter(|y| y.dtype().is_float()).collect();
        let mut cursor = 37 * case.number;
        let mut direction = |like: &Var<'t>| {
            let values = (0..like.numel()).map(|i| self.directions[(cursor + i) % self.directions.len()]);
            let values: Vec<f64> = values.collect();
            cursor += like.numel();
            tape.var(Tensor::from_vec(values, like.shape()).expect("as many as elements")).cast(like.dtype())
        };
        let g: Vec<Var<'t>> = floats.iter().map(&mut direction).collect();
        let u: Vec<Var<'t>> = by.iter().map(&mut direction).collect();
        let mut answers = y;
        if case.has('g') {
            let first = pull(tape, &floats, &g, &by);
            answers.extend(&first);
            if case.has('s') {
                let terms = first.iter().zip(&u).map(|(&dx, &u)| (dx * u).sum(..));
                let inner = terms.reduce(|sum, term| sum + term);
                answers.extend(tape.grads(inner.expect("there are inputs to differentiate by"), &by));
            }
        }
        if case.has('t') {
            answers.extend(floats.iter().map(|&y| tape.jvp(y, &by, &u)));
        }
        answers
    }
}

/// The same elements from the end on.
fn reversed(x: &Tensor) -> Tensor {
    fn of<T: Element>(x: &Tensor) -> Tensor {
        let mut values = x.to_vec::<T>().expect("of this dtype");
        values.reverse();
        Tensor::from_vec(values, x.shape().clone()).expect("as many elements")
    }
    match x.dtype() {
        DType::I64 => of::<i64>(x),
        DType::Bool => of::<bool>(x),
        _ => of::<f64>(x),
    }
}

/// `Σ Jᵀ·g` over the outputs.
fn pull<'t>(tape: &'t Tape, y: &[Var<'t>], g: &[Var<'t>], x: &[Var<'t>]) -> Vec<Var<'t>> {
    let each = y.iter().zip(g).map(|(&y, &g)| tape.vjp(y, g, x));
    let sum = |a: Vec<Var<'t>>, b: Vec<Var<'t>>| a.into_iter().zip(b).map(|(a, b)| a + b).collect();
    each.reduce(sum).expect("there is an output to differentiate")
}

/// Tolerances, relative to the element and to the largest (or 1): where terms cancel, both sides are only good to the rounding of the
/// terms.
const F64: (f64, f64) = (1e-10, 1e-12);

/// Whether a case's answer has the expected shape and dtype, and elements that agree. Of derivatives, elements that are not to be
/// finite are left out.
fn agree(
    case: &Case,
    answer: usize,
    found: &Tensor,
    expected: &Tensor,
    within: (f64, f64),
) -> Result<(), String> {
    let of_values = answer < case.outputs.len();
    let what = || {
        let mut at = answer;
        let parts = [
            ("output", case.outputs.len()),
            ("gradient", case.gradients.len()),
            ("second order", case.second.len()),
        ];
        for (name, count) in parts {
            if at < count {
                return format!("{name} {at}");
            }
            at -= count;
        }
        format!("forward mode {at}")
    };
    if found.shape() != expected.shape() || found.dtype() != expected.dtype() {
        let meta = |x: &Tensor| format!("{} {}", x.dtype(), x.shape());
        return Err(format!("{} is {}, not {}", what(), meta(found), meta(expected)));
    }
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let finite = expected.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (&a, &b)) in found.iter().zip(&expected).enumerate() {
        let near = (a - b).abs() <= within.0 * b.abs() + within.1 * scale && a.is_finite();
        let left_out = !of_values && !b.is_finite();
        if !(near || left_out || a == b || a.is_nan() && b.is_nan()) {
            return Err(format!("{}: element {i} is {a:e}, not {b:e}", what()));
        }
    }
    Ok(())
}
