//! Values, gradients, forward mode and second derivatives against PyTorch's.

mod common;

use chainrule_nn::{Activation, BatchNorm, Layer, LayerNorm, Losses};
use chainrule_tape::{DType, Params, Tape, Tensor, Var};
use common::{Golden, assert_close};

/// A case of a function of one value.
fn unary(golden: &Golden, case: &str, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) {
    let tape = Tape::new();
    let x = tape.var(golden.get(&format!("{case}.x")));
    golden.check(case, f(x), x, &[]);
}

#[test]
fn activations() {
    let golden = Golden::read("ops.txt");
    for (case, activation) in [
        ("relu", Activation::Relu),
        ("leaky_relu", Activation::LeakyRelu(0.01)),
        ("leaky_relu_slope", Activation::LeakyRelu(0.2)),
        ("elu", Activation::Elu(1.0)),
        ("elu_alpha", Activation::Elu(0.7)),
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("softmax", Activation::Softmax),
        ("softmax_large", Activation::Softmax),
        ("log_softmax", Activation::LogSoftmax),
        ("log_softmax_large", Activation::LogSoftmax),
        ("gelu", Activation::Gelu),
        ("gelu_tanh", Activation::GeluTanh),
        ("silu", Activation::Silu),
        ("softplus", Activation::Softplus),
    ] {
        unary(&golden, case, |x| activation.forward(x));
    }
}

#[test]
fn losses() {
    let golden = Golden::read("ops.txt");
    let check = |case: &str, loss: for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>| {
        let targets = golden.get(&format!("{case}.target"));
        unary(&golden, case, |x| loss(x, x.tape().var(targets)));
    };
    check("cross_entropy", |x, labels| x.cross_entropy(labels));
    check("cross_entropy_large", |x, labels| x.cross_entropy(labels));
    check("bce", |x, targets| x.bce(targets));
    check("bce_soft", |x, targets| x.bce(targets));
    check("bce_logits", |x, targets| x.bce_with_logits(targets));
    check("bce_logits_far", |x, targets| x.bce_with_logits(targets));
    check("bce_logits_each", |x, targets| x.bce_with_logits_each(targets));
    check("mse", |x, targets| x.mse(targets));
    check("l1", |x, targets| x.mae(targets));
}

/// A cross-entropy with labels is one with distributions that are sure.
#[test]
fn soft_cross_entropy_of_sure_targets() {
    let golden = Golden::read("ops.txt");
    let labels = golden.get("cross_entropy.target");
    unary(&golden, "cross_entropy", |x| {
        let tape = x.tape();
        x.soft_cross_entropy(tape.var(labels).one_hot(5).cast(DType::F64))
    });
}

/// Params in `f64` with the weight and bias of a case.
fn params_of(golden: &Golden, case: &str, make: impl FnOnce(&mut Params)) -> Params {
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    make(&mut params);
    for name in ["weight", "bias"] {
        params.set(name, golden.get(&format!("{case}.{name}"))).unwrap();
    }
    params
}

#[test]
fn layer_norm() {
    let golden = Golden::read("ops.txt");
    let mut norm = None;
    let params = params_of(&golden, "layer_norm", |p| norm = Some(LayerNorm::new(&mut p.root(), 5)));
    let norm = norm.unwrap();
    let tape = Tape::with(&params);
    let x = tape.var(golden.get("layer_norm.x"));
    let parameters =
        [("weight", tape.param(norm.weight().unwrap())), ("bias", tape.param(norm.bias().unwrap()))];
    golden.check("layer_norm", norm.forward(x), x, &parameters);
}

#[test]
fn batch_norm() {
    let golden = Golden::read("ops.txt");
    let mut norm = None;
    let mut params = params_of(&golden, "batch_norm", |p| norm = Some(BatchNorm::new(&mut p.root(), 3)));
    let norm = norm.unwrap();
    let (weight, bias) = (norm.weight().unwrap(), norm.bias().unwrap());
    let running = |params: &Params, after: u32| {
        for (name, id) in [("mean", norm.running_mean()), ("var", norm.running_var())] {
            let key = format!("batch_norm.running_{name}{after}");
            assert_close(&key, params.tensor(id.unwrap()), golden.get(&key));
        }
    };

    let mut tape = Tape::with(&params);
    let x = tape.var(golden.get("batch_norm.x"));
    golden.check(
        "batch_norm",
        norm.forward(x),
        x,
        &[("weight", tape.param(weight)), ("bias", tape.param(bias))],
    );
    tape.commit(&mut params).unwrap();
    running(&params, 1);

    tape.clear_with(&params);
    let y2 = norm.forward(tape.var(golden.get("batch_norm.x2")));
    assert_close("batch_norm.y2", &y2.value().unwrap(), golden.get("batch_norm.y2"));
    tape.commit(&mut params).unwrap();
    running(&params, 2);

    let tape = Tape::with(&params).inference();
    let x = tape.var(golden.get("batch_norm_eval.x"));
    let parameters = [("weight", tape.param(weight)), ("bias", tape.param(bias))];
    golden.check("batch_norm_eval", norm.forward(x), x, &parameters);
    tape.commit(&mut params).unwrap();
    running(&params, 2);
}

/// All axes but the last are the batch: `[2, 3, 3]` is normalized as `[6, 3]`.
#[test]
fn batch_norm_of_more_axes() {
    let golden = Golden::read("ops.txt");
    let mut norm = None;
    let mut params = params_of(&golden, "batch_norm", |p| norm = Some(BatchNorm::new(&mut p.root(), 3)));
    let norm = norm.unwrap();
    let tape = Tape::with(&params);
    let x: Tensor = golden.get("batch_norm.x").reshape([2, 3, 3]).unwrap();
    let y = norm.forward(tape.var(x)).value().unwrap();
    assert_close("y", &y.reshape([6, 3]).unwrap(), golden.get("batch_norm.y"));
    tape.commit(&mut params).unwrap();
    assert_close("var", params.tensor(norm.running_var().unwrap()), golden.get("batch_norm.running_var1"));
}
