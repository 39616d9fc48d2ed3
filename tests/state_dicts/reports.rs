//! Files that don't fit as they are.

use crate::models::{Language, ResNet, sequential};
use crate::{answers, check_answers, file};
use chainrule::prelude::*;

#[test]
fn numbers_of_16_bits_are_what_pytorch_says_they_are() {
    let answers = answers();
    for name in ["mlp_f16", "mlp_bf16"] {
        let mut params = Params::seeded(0);
        sequential(&mut params.root());
        params.load(file(name)).unwrap();
        for (key, _, found) in params.iter() {
            assert_eq!(Some(found), answers.get(&format!("{name}/{key}")), "{name}: {key}");
        }
        // The same numbers in a model of f64.
        let mut wide = Params::seeded(0).with_dtype(DType::F64);
        sequential(&mut wide.root());
        wide.load(file(name)).unwrap();
        assert_eq!(wide.get("0.bias").unwrap(), &params.get("0.bias").unwrap().cast(DType::F64));
    }
}

#[test]
fn a_file_of_data_parallel() {
    let mut params = Params::seeded(0);
    let net = sequential(&mut params.root());
    let error = params.load(file("data_parallel")).unwrap_err().to_string();
    assert!(
        error.contains("`0.weight` is missing") && error.contains("`module.0.weight` is unexpected"),
        "{error}"
    );
    let saved = Params::read(file("data_parallel")).unwrap().under("module");
    params.load_from(&saved).complete().unwrap();
    check_answers("mlp_sequential", &mut params, |x| net.forward(x[0]));
}

#[test]
fn tied_weights_that_were_saved_twice() {
    let mut params = Params::seeded(0);
    let net = Language::new(&mut params.root(), true);
    params.load(file("lstm_tied_twice")).unwrap();
    check_answers("lstm_tied", &mut params, |x| net.forward(x[0]));
    // And once, in a model that doesn't tie them.
    let mut params = Params::seeded(0);
    let net = Language::new(&mut params.root(), false);
    params.load(file("lstm_tied")).unwrap();
    check_answers("lstm_tied", &mut params, |x| net.forward(x[0]));
}

#[test]
fn a_body_for_another_head() {
    let mut params = Params::seeded(0);
    let mut at = params.root();
    let net = ResNet::new(&mut at, 5);
    Linear::new(&mut at.sub("extra"), 6, 2);
    let before = params.clone();
    let expected = "\
30 taken, 6 ignored
  `extra.weight` is missing
  `extra.bias` is missing
  `fc.weight` is [3, 6] f64, not [5, 6] f32
  `fc.bias` is [3] f64, not [5] f32";
    let error = params.load(file("resnet")).unwrap_err().to_string();
    assert!(error.ends_with(&format!("resnet.safetensors: doesn't fit the model: {expected}")), "{error}");
    for ((name, _, now), (_, _, before)) in params.iter().zip(before.iter()) {
        assert_eq!(now, before, "{name}");
    }

    let report = params.load_partial(file("resnet")).unwrap();
    assert_eq!(report.to_string(), expected);
    assert_eq!(report.ignored[0], "bn1.num_batches_tracked");
    assert_eq!(report.misshapen[0].0, "fc.weight");
    for (name, _, now) in params.iter() {
        let kept = name.starts_with("fc.") || name.starts_with("extra.");
        assert_eq!(before.get(name) == Some(now), kept, "{name}");
    }
    let tape = Tape::with(&params).inference();
    assert_eq!(net.fc.forward(net.features(tape.normal([2, 3, 8, 8], DType::F32))).shape().dims(), [2, 5]);

    // Without the head of the file, its body fits the body.
    let mut body = Params::seeded(0).with_dtype(DType::F64);
    ResNet::new(&mut body.root(), 3);
    let body = body.without("fc");
    let mut loaded = body.clone();
    loaded.load_from(&Params::read(file("resnet")).unwrap().without("fc")).complete().unwrap();
}
