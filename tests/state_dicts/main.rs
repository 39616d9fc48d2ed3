//! Files that PyTorch wrote of its models, loaded into ours by name: the same answers, and the way back.

mod gpt;
mod models;
mod reports;

use chainrule::prelude::*;
use std::path::{Path, PathBuf};

/// A file of `tests/golden/state_dicts.py`.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/state_dicts");
    folder.join(format!("{name}.safetensors"))
}

/// What PyTorch's models answered.
fn answers() -> Params {
    Params::read(file("answers")).unwrap()
}

/// The inputs of a model, as it is given them.
fn inputs(answers: &Params, name: &str) -> Vec<Tensor> {
    (0..).map_while(|i| answers.get(&format!("{name}/in.{i}")).cloned()).collect()
}

/// Params of the dtype of a file.
fn params_like(path: &Path) -> Params {
    let saved = Params::read(path).unwrap();
    let float = saved.iter().map(|(_, _, tensor)| tensor.dtype()).find(|dtype| dtype.is_float());
    Params::seeded(0).with_dtype(float.unwrap())
}

/// The model `name`, loaded from its own file.
fn check<M>(name: &str, make: impl Fn(&mut Scope) -> M, apply: impl for<'t> Fn(&M, &[Var<'t>]) -> Var<'t>) {
    let path = file(name);
    let mut params = params_like(&path);
    let model = make(&mut params.root());
    params.load(&path).unwrap_or_else(|e| panic!("{e}"));
    check_answers(name, &mut params.clone(), |x| apply(&model, x));
    check_saved(name, &params);
}

/// The answers in inference, then in training, then what training leaves in the state.
fn check_answers(name: &str, params: &mut Params, apply: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>) {
    let answers = answers();
    let inputs = inputs(&answers, name);
    let answer = |tape: &Tape| {
        let inputs: Vec<Var> = inputs.iter().map(|x| tape.var(x)).collect();
        apply(&inputs).value().unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let expected = answers.get(&format!("{name}/out")).expect("an answer");
    assert_close(name, &answer(&Tape::with(params).inference()), expected);
    let Some(expected) = answers.get(&format!("{name}/train")) else { return };
    let tape = Tape::with(params);
    assert_close(&format!("{name} in training"), &answer(&tape), expected);
    tape.commit(params).unwrap();
    let mut states = 0;
    for (key, _, expected) in answers.iter() {
        let Some(key) = key.strip_prefix(&format!("{name}/state.")) else { continue };
        match params.get(key) {
            Some(found) => {
                assert_close(&format!("{name}: {key}"), found, expected);
                states += 1;
            }
            None => assert!(key.ends_with("num_batches_tracked"), "{name}: {key}"),
        }
    }
    assert!(states >= 2, "{name} has a state");
}

/// What is saved is what PyTorch saved, but for the counters that nothing reads. (`tests/golden/state_dicts.py FOLDER` loads it
/// into PyTorch's models.)
fn check_saved(name: &str, params: &Params) {
    let kept = std::env::var_os("CHAINRULE_SAVED").map(PathBuf::from);
    let folder = kept.clone().unwrap_or_else(std::env::temp_dir);
    let path = folder.join(format!("{name}.safetensors"));
    let path = if kept.is_some() { path } else { path.with_extension(format!("{}", std::process::id())) };
    params.save(&path).unwrap();
    let list = |path: &Path| -> Vec<(String, Tensor)> {
        let read = Params::read(path).unwrap();
        let mut list: Vec<_> = read.iter().map(|(key, _, tensor)| (key.to_owned(), tensor.clone())).collect();
        list.retain(|(key, _)| !key.ends_with("num_batches_tracked") || params.get(key).is_some());
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    };
    let (found, mut expected) = (list(&path), list(&file(name)));
    // A tied weight may be kept under its other name.
    for (key, _) in &mut expected {
        let id = params.id(key).expect("a tensor of the model");
        params.name(id).clone_into(key);
    }
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected, "{name}");
    if kept.is_none() {
        std::fs::remove_file(path).unwrap();
    }
}

/// Equal shapes and dtypes, and elements to 1e-10 of the largest, or 1e-5 in `f32`.
fn assert_close(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!((found.shape(), found.dtype()), (expected.shape(), expected.dtype()), "{what}");
    let tolerance = if found.dtype() == DType::F32 { 1e-5 } else { 1e-10 };
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let size = expected.iter().fold(0.0f64, |size, x| size.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= tolerance * size, "{what}[{i}]: {a:e} is not {b:e}");
    }
}
