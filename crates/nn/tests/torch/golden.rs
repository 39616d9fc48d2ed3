//! Reads the cases and compares with them. `tests/golden/torch_nn.py` says what the files have.

use chainrule_tape::{Kind, Params, Scope, Tape, Tensor, Var};
use std::collections::HashSet;
use std::path::Path;

/// A family's file.
pub(crate) struct Torch {
    family: String,
    arrays: Params,
    seen: std::cell::RefCell<HashSet<String>>,
}

impl Torch {
    pub(crate) fn read(family: &str) -> Torch {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/nn");
        let arrays = Params::read(folder.join(format!("{family}.safetensors"))).expect("a golden file");
        Torch { family: family.to_owned(), arrays, seen: Default::default() }
    }

    /// What comes after `CASE/PART`, with the tensor.
    fn part(&self, case: &str, part: &str) -> Vec<(String, Tensor)> {
        let prefix = format!("{case}/{part}");
        let with = |(name, _, tensor): (&str, Kind, &Tensor)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), tensor.clone()))
        };
        self.arrays.iter().filter_map(with).collect()
    }

    /// The numbered tensors `CASE/PART0`, `CASE/PART1`, …
    fn list(&self, case: &str, part: &str) -> Vec<Tensor> {
        let found = |i: usize| self.arrays.get(&format!("{case}/{part}{i}")).cloned();
        (0..).map_while(found).collect()
    }

    /// Checks a layer made in `f64`: its parameters must have the names and shapes of PyTorch's.
    pub(crate) fn check<L>(
        &self,
        case: &str,
        make: impl Fn(&mut Scope) -> L,
        apply: impl for<'t> Fn(&L, &[Var<'t>]) -> Vec<Var<'t>>,
    ) {
        let mut params = Params::seeded(0).with_dtype(chainrule_tape::DType::F64);
        let layer = make(&mut params.root());
        self.compare(case, params, &|x| apply(&layer, x));
    }

    /// The rest of [`check`](Torch::check), compiled once and not for each layer.
    fn compare(&self, case: &str, mut params: Params, apply: &dyn for<'t> Fn(&[Var<'t>]) -> Vec<Var<'t>>) {
        let what = format!("{}: {case}", self.family);
        assert!(self.seen.borrow_mut().insert(case.to_owned()), "{what} is checked twice");
        params.check().unwrap_or_else(|e| panic!("{what}: {e}"));
        let mut left: HashSet<String> = params.iter().map(|(name, ..)| name.to_owned()).collect();
        for (name, tensor) in self.part(case, "param.") {
            if name.ends_with("num_batches_tracked") && params.get(&name).is_none() {
                continue;
            }
            params.set(&name, tensor).unwrap_or_else(|e| panic!("{what}: {e}"));
            left.remove(&name);
        }
        assert!(left.is_empty(), "{what}: PyTorch has no {left:?}");

        let tape = Tape::with(&params);
        let inputs: Vec<Var> = self.list(case, "in.").iter().map(|x| tape.var(x)).collect();
        let outputs = apply(&inputs);
        tape.check().unwrap_or_else(|e| panic!("{what}: {e}"));
        let expected = self.list(case, "out.");
        assert!(!expected.is_empty(), "the golden file has no case `{case}`");
        assert_eq!(outputs.len(), expected.len(), "{what}: outputs");
        let mut checks: Vec<(String, Var, Tensor)> = Vec::new();
        let mut total = None;
        for (i, (&y, expected)) in outputs.iter().zip(expected).enumerate() {
            checks.push((format!("out.{i}"), y, expected));
            if let Some(g) = self.arrays.get(&format!("{case}/g.{i}")) {
                let term = (y * tape.var(g)).sum(..);
                total = Some(total.map_or(term, |sum: Var| sum + term));
            }
        }
        if let Some(total) = total {
            let grads = self.part(case, "grad.");
            let source = |name: &str| match name.strip_prefix("param.") {
                Some(name) => tape.param(params.id(name).unwrap_or_else(|| panic!("{what}: {name}"))),
                None => {
                    inputs[name.strip_prefix("in.").and_then(|i| i.parse::<usize>().ok()).expect("a number")]
                }
            };
            let sources: Vec<Var> = grads.iter().map(|(name, _)| source(name)).collect();
            let found = tape.grads(total, &sources);
            for ((name, expected), &found) in grads.iter().zip(&found) {
                checks.push((format!("grad.{name}"), found, expected.clone()));
            }
            let seconds = self.part(case, "second.");
            if !seconds.is_empty() {
                let mut along: Option<Var> = None;
                for ((name, _), &found) in grads.iter().zip(&found) {
                    let v = self.arrays.get(&format!("{case}/v.{name}")).expect("a direction");
                    let term = (found * tape.var(v)).sum(..);
                    along = Some(along.map_or(term, |sum| sum + term));
                }
                let sources: Vec<Var> = seconds.iter().map(|(name, _)| source(name)).collect();
                let found = tape.grads(along.expect("gradients"), &sources);
                for ((name, expected), found) in seconds.into_iter().zip(found) {
                    checks.push((format!("second.{name}"), found, expected));
                }
            }
        }
        let vars: Vec<Var> = checks.iter().map(|(_, var, _)| *var).collect();
        let values = tape.values(&vars).unwrap_or_else(|e| panic!("{what}: {e}"));
        for ((name, _, expected), found) in checks.iter().zip(&values) {
            assert_close(&format!("{what}: {name}"), found, expected);
        }
        tape.commit(&mut params).unwrap_or_else(|e| panic!("{what}: {e}"));
        for (name, expected) in self.part(case, "state.") {
            if let Some(found) = params.get(&name) {
                assert_close(&format!("{what}: state.{name}"), found, &expected);
            }
        }
        let expected = self.list(case, "eval.");
        if !expected.is_empty() {
            let tape = Tape::with(&params).inference();
            let inputs: Vec<Var> = self.list(case, "in.").iter().map(|x| tape.var(x)).collect();
            let found = tape.values(&apply(&inputs)).unwrap_or_else(|e| panic!("{what}: {e}"));
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_close(&format!("{what}: eval.{i}"), found, expected);
            }
        }
    }

    /// Checks a layer of one input and output.
    pub(crate) fn layer<L: chainrule_nn::Layer>(&self, case: &str, make: impl Fn(&mut Scope) -> L) {
        self.check(case, make, |layer, x| vec![layer.forward(x[0])]);
    }

    /// Checks a function of the inputs, without parameters.
    pub(crate) fn function(&self, case: &str, apply: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>) {
        self.check(case, |_| (), |(), x| vec![apply(x)]);
    }

    /// Every case of the file must have been checked.
    pub(crate) fn finish(self) {
        let cases: HashSet<String> =
            self.arrays.iter().filter_map(|(name, ..)| Some(name.split_once('/')?.0.to_owned())).collect();
        let seen = self.seen.into_inner();
        let left: Vec<&String> = cases.difference(&seen).collect();
        assert!(left.is_empty(), "{}: not checked: {left:?}", self.family);
    }
}

/// Equal shapes, and elements to 1e-10 relative (of the largest, where they are small beside it: 1e-12).
fn assert_close(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let size = expected.iter().filter(|x| x.is_finite()).fold(0.0f64, |size, x| size.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan());
        let close = (a - b).abs() <= 1e-10 * b.abs() + 1e-12 * size + 1e-14;
        assert!(same || close, "{what}[{i}]: {a:e} is not {b:e}");
    }
}
