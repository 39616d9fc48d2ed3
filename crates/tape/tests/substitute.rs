//! A computed value in the place of a parameter, and parameters by other names.

use chainrule_tape::{DType, Kind, Params, Tape, Tensor};

#[test]
fn a_value_takes_a_parameters_place_for_a_while() {
    let mut params = Params::seeded(0);
    let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    let v = params.root().param("v", Tensor::from([3.0]));
    let tape = Tape::with(&params);
    let own = tape.param(w);
    let layer = || (tape.param(w) * tape.named_param("w")).sum(..) + tape.param(v).sum(..);
    let squared = {
        let _squared = tape.substitute(w, own * own);
        // One within the other, for the same parameter and for another.
        let inner = {
            let _inner = tape.substitute(w, own * 3.0);
            layer()
        };
        let other = {
            let _other = tape.substitute(v, tape.var([10.0]));
            layer()
        };
        assert_eq!((inner.item().unwrap(), other.item().unwrap()), (48.0, 27.0));
        layer()
    };
    assert_eq!(squared.item().unwrap(), 1.0 + 16.0 + 3.0);
    assert_eq!(layer().item().unwrap(), 5.0 + 3.0);
    // The gradient goes on to what it was computed from.
    assert_eq!(tape.grad(squared, own).value().unwrap().to_f64(), [4.0, 32.0]);
    assert_eq!(tape.param_grads(squared).unwrap().len(), 2);
}

#[test]
fn what_does_not_fit_is_a_mistake() {
    let mut params = Params::seeded(0);
    let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    for (shape, dtype) in [(3, DType::F64), (2, DType::F32)] {
        let tape = Tape::with(&params);
        let x = tape.input(shape, dtype);
        let (line, _kept) = (line!(), tape.substitute(w, x));
        assert_eq!(tape.param(w).numel(), 2, "the parameter stays");
        let message = tape.check().unwrap_err().to_string();
        assert!(message.starts_with("substitute: ") && message.contains("its shape and dtype"), "{message}");
        assert!(message.contains(&format!("{}:{line}:", file!())), "{message}");
    }
    let tape = Tape::with(&params);
    let bad = tape.var([1.0]).reshape([5]);
    let _kept = tape.substitute(w, bad);
    assert!(tape.check().unwrap_err().to_string().starts_with("reshape"));
}

#[test]
fn parameters_get_other_names() {
    let mut params = Params::seeded(0);
    let mut at = params.root();
    let mut at = at.sub("layer");
    let (w, b) = (at.param("w", Tensor::from([1.0])), at.state("b", Tensor::from([2.0])));
    assert_eq!((at.find("w"), at.find("x")), (Some(w), None));
    assert_eq!(at.params().tensor(b).to_f64(), [2.0]);
    at.sub("inner").rename(w, "v");
    at.rename(b, "w");
    assert_eq!((at.find("w"), at.find("inner.v")), (Some(b), Some(w)));
    params.check().unwrap();
    let names: Vec<(&str, Kind)> = params.iter().map(|(name, kind, _)| (name, kind)).collect();
    assert_eq!(names, [("layer.inner.v", Kind::Trainable), ("layer.w", Kind::State)]);
    let layout = params.layout();
    params.root().rename(w, "layer.w");
    assert_eq!(params.layout(), layout);
    assert!(params.check().unwrap_err().to_string().contains("renamed to `layer.w`"));
}
