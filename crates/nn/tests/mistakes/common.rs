//! Linear maps, norms, dropout, embeddings, containers, losses and metrics.

use super::assert_mistake;
use chainrule_nn::{
    Activation, BatchNorm, Dropout, Embedding, Layer, LayerNorm, Linear, Losses, Sequential, accuracy,
    binary_accuracy, predictions, summary,
};
use chainrule_tape::{DType, Params, Tape, Tensor, Var};

/// The line of this file that has `text`; the first one.
fn line_with(text: &str) -> u32 {
    let lines = include_str!("common.rs").lines();
    lines.zip(1..).find(|(line, _)| line.contains(text)).map_or(0, |(_, number)| number)
}

#[test]
fn a_linear_layer_names_itself_its_widths_and_both_lines() {
    let mut params = Params::seeded(0);
    let (made, layer) = (line!(), Linear::new(&mut params.root().sub("encoder").sub(0), 64, 8));
    let tape = Tape::with(&params);
    let x = tape.input([5, 32], DType::F32);
    let (line, y) = (line!(), layer.forward(x).relu());
    assert!(y.is_poisoned());
    let made = format!("layer `encoder.0` (made at {}:{made}:", file!());
    assert_mistake(
        &tape,
        line,
        &["Linear: ", &made, "takes rows of 64 elements, not 32", "operands: [5, 32] f32"],
    );
}

#[test]
fn a_linear_layer_wants_its_dtype_and_an_axis() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(&mut params.root(), 2, 8);
    let tape = Tape::with(&params);
    let x = tape.var([[1.0, 2.0]]);
    let (line, _) = (line!(), layer.forward(x));
    assert_mistake(
        &tape,
        line,
        &["the layer made at", "has f32 parameters, but its input is f64", "with_dtype"],
    );

    let tape = Tape::with(&params);
    let (line, _) = (line!(), layer.forward(tape.var(1.0f32)));
    assert_mistake(&tape, line, &["takes rows of 2 elements, not a scalar"]);
}

#[test]
fn the_first_mistake_is_kept() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(&mut params.root(), 2, 8);
    let tape = Tape::with(&params);
    let (line, bad) = (line!(), layer.forward(tape.var([[1.0f32; 3]])));
    layer.forward(layer.forward(bad));
    BatchNorm::new(&mut Params::seeded(0).root(), 2).forward(bad);
    assert_mistake(&tape, line, &["not 3"]);
}

#[test]
fn layers_without_weights_are_reported_with_the_params() {
    let mut params = Params::seeded(0);
    Linear::new(&mut params.root().sub("out"), 0, 8);
    assert!(params.check().unwrap_err().to_string().contains("out: a Linear layer from 0 to 8"));
    let mut params = Params::seeded(0);
    Embedding::new(&mut params.root(), 10, 0);
    assert!(params.check().unwrap_err().to_string().contains("10 vectors of 0"));
    let mut params = Params::seeded(0);
    BatchNorm::new(&mut params.root(), 0);
    assert!(params.check().is_err());
    let mut params = Params::seeded(0);
    LayerNorm::new(&mut params.root(), 0);
    assert!(Tape::with(&params).check().is_err());
}

#[test]
fn norms_name_themselves() {
    let mut params = Params::seeded(0);
    let batch = BatchNorm::new(&mut params.root().sub("batch"), 4);
    let layer = LayerNorm::new(&mut params.root().sub("layer"), 4);
    let tape = Tape::with(&params);
    let (line, _) = (line!(), batch.forward(tape.var([[1.0f32; 5]; 3])));
    assert_mistake(&tape, line, &["BatchNorm: layer `batch`", "takes rows of 4 elements, not 5"]);
    let tape = Tape::with(&params);
    let (line, _) = (line!(), layer.forward(tape.var([[1.0f32; 5]; 3])));
    assert_mistake(&tape, line, &["LayerNorm: layer `layer`", "takes rows of 4 elements, not 5"]);
}

#[test]
fn batch_norm_needs_two_rows_in_training_only() {
    let mut params = Params::seeded(0);
    let norm = BatchNorm::new(&mut params.root().sub("norm"), 4);
    let tape = Tape::with(&params);
    let (line, _) = (line!(), norm.forward(tape.var([[1.0f32; 4]])));
    assert_mistake(&tape, line, &["BatchNorm: layer `norm`", "needs 2 rows or more in training, not 1"]);
    let tape = Tape::with(&params);
    norm.forward(tape.var([1.0f32; 4]));
    assert!(tape.check().is_err());
    let tape = Tape::with(&params).inference();
    norm.forward(tape.var([[1.0f32; 4]]));
    tape.check().unwrap();
}

#[test]
fn dropout_wants_a_probability() {
    for p in [-0.1, 1.5, f64::NAN] {
        let tape = Tape::new().inference();
        let (line, _) = (line!(), Dropout::new(p).forward(tape.var([1.0])));
        assert_mistake(&tape, line, &["Dropout: ", &p.to_string(), "is no probability"]);
    }
}

#[test]
fn an_embedding_wants_indices() {
    let mut params = Params::seeded(0);
    let words = Embedding::new(&mut params.root().sub("words"), 10, 2);
    let tape = Tape::with(&params);
    let (line, _) = (line!(), words.forward(tape.var([1.0f32, 2.0])));
    assert_mistake(&tape, line, &["Embedding: layer `words`", "i64, not f32"]);
}

#[test]
fn a_sequential_keeps_the_lines() {
    let mut params = Params::seeded(0);
    let net = Sequential::new(&mut params.root().sub("net"), |net| net.linear(2, 8).relu().linear(9, 1));
    let made = line_with("linear(9, 1)");
    let tape = Tape::with(&params);
    let (line, _) = (line!(), net.forward(tape.var([[1.0f32, 2.0]])));
    let made = format!("layer `net.2` (made at {}:{made}:", file!());
    assert_mistake(&tape, line, &[&made, "takes rows of 9 elements, not 8"]);

    // In a layer of the user's, the line within it is named.
    let mut params = Params::seeded(0);
    let net = Sequential::new(&mut params.root(), |net| net.linear(2, 8).then(|x| x.reshape([3, 3])));
    let inner = line_with("x.reshape([3, 3])");
    let tape = Tape::with(&params);
    net.forward(tape.var([[1.0f32, 2.0]]));
    assert_mistake(&tape, inner, &["reshape"]);

    struct Wrong;
    impl Layer for Wrong {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            x.reshape([5, 5])
        }
    }
    let inner = line_with("x.reshape([5, 5])");
    let net = Sequential::new(&mut params.root().sub("mine"), |net| net.push("wrong", |_| Wrong));
    for layer in [&Wrong as &dyn Layer, &net] {
        let tape = Tape::with(&params);
        layer.forward(tape.var([[1.0f32, 2.0]]));
        assert_mistake(&tape, inner, &["reshape"]);
    }

    // The activations' and the pushed layers' lines are the caller's too.
    let net = Sequential::new(&mut params.root(), |net| net.push("act", |_| Activation::Gelu));
    let tape = Tape::with(&params);
    let (line, _) = (line!(), net.forward(tape.var([1i64])));
    assert_mistake(&tape, line, &["i64"]);
    let net =
        Sequential::new(&mut params.root().sub("net"), |net| net.push("out", |at| Linear::new(at, 9, 1)));
    let tape = Tape::with(&params);
    let (line, _) = (line!(), net.forward(tape.var([[1.0f32, 2.0]])));
    assert_mistake(&tape, line, &["layer `net.out` (made at", "not 2"]);
}

#[test]
fn losses_broadcast_nothing() {
    type Loss = for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>;
    let losses: [(&str, Loss); 7] = [
        ("mse", |x, t| x.mse(t)),
        ("mae", |x, t| x.mae(t)),
        ("huber", |x, t| x.huber(t, 1.0)),
        ("smooth_l1", |x, t| x.smooth_l1(t, 1.0)),
        ("bce", |x, t| x.bce(t)),
        ("bce_with_logits", |x, t| x.bce_with_logits(t)),
        ("soft_cross_entropy", |x, t| x.soft_cross_entropy(t)),
    ];
    for (name, loss) in losses {
        let tape = Tape::new();
        loss(tape.input([4], DType::F32), tape.input([4, 1], DType::F32));
        let message = tape.check().unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{name}: predictions and targets differ in shape")),
            "{message}"
        );
        assert!(message.contains("operands: [4] f32, [4, 1] f32") && message.contains(file!()), "{message}");

        let tape = Tape::new();
        loss(tape.input([4], DType::F32), tape.input([4], DType::F64));
        assert!(tape.check().unwrap_err().to_string().contains("differ in dtype"));

        let tape = Tape::new();
        loss(tape.input([4], DType::I64), tape.input([4], DType::I64));
        assert!(tape.check().unwrap_err().to_string().contains("predictions are floating point"));
    }
    let tape = Tape::new();
    let (line, _) = (line!(), tape.input([4], DType::F32).mse(tape.input([4, 1], DType::F32)));
    assert_mistake(&tape, line, &[]);
}

#[test]
fn huber_wants_a_threshold() {
    for delta in [0.0, -1.0, f64::NAN] {
        let tape = Tape::new();
        let (line, _) = (line!(), tape.var([1.0]).huber(0.0, delta));
        assert_mistake(&tape, line, &["huber: ", "above 0"]);
        // A β of 0 is the absolute value.
        let tape = Tape::new();
        tape.var([1.0]).smooth_l1(0.0, delta);
        assert_eq!(tape.check().is_err(), delta != 0.0);
    }
}

#[test]
fn cross_entropy_wants_class_numbers() {
    for (logits, labels, part) in [
        (
            Tensor::from([[1.0f32; 3]; 2]),
            Tensor::from([[0i64], [1]]),
            "shape of the logits without the last axis",
        ),
        (
            Tensor::from([[1.0f32; 3]; 2]),
            Tensor::from([0i64, 1, 2]),
            "shape of the logits without the last axis",
        ),
        (Tensor::from([[1.0f32; 3]; 2]), Tensor::from([0.0f32, 1.0]), "dtype i64"),
        (Tensor::from([[1i64; 3]; 2]), Tensor::from([0i64, 1]), "logits are floating point"),
        (Tensor::from(1.0f32), Tensor::from(0i64), "last axis of classes"),
    ] {
        let tape = Tape::new();
        let (logits, labels) = (tape.var(logits), tape.var(labels));
        let (line, _) = (line!(), logits.cross_entropy(labels));
        assert_mistake(&tape, line, &["cross_entropy: ", part]);
    }
}

#[test]
fn a_wrong_label_is_an_error_of_the_run() {
    for label in [3i64, -1] {
        let tape = Tape::new();
        let (logits, labels) = (tape.var([[1.0f32; 3]; 2]), tape.var([0, label]));
        let (line, loss) = (line!(), logits.cross_entropy(labels));
        tape.check().unwrap();
        let message = loss.item().unwrap_err().to_string();
        let place = format!("{}:{line}:", file!());
        assert!(message.contains(&place) && message.contains(&label.to_string()), "{message}");
    }
}

#[test]
fn a_wrong_index_is_an_error_of_the_run() {
    let mut params = Params::seeded(0);
    let words = Embedding::new(&mut params.root().sub("words"), 10, 2);
    let tape = Tape::with(&params);
    let (line, y) = (line!(), words.forward(tape.var([1i64, 10])));
    let message = y.value().unwrap_err().to_string();
    assert!(message.contains(&format!("{}:{line}:", file!())) && message.contains("10"), "{message}");
}

#[test]
fn a_summary_reports_the_mistake() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(&mut params.root().sub("out"), 4, 2);
    let error = summary(&params, [1, 5], |x| layer.forward(x)).unwrap_err().to_string();
    assert!(error.contains("layer `out`") && error.contains("not 5"), "{error}");
}

#[test]
fn metrics_check_shapes_and_labels() {
    let logits = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    let message = |result: chainrule_tape::Result<f64>| result.unwrap_err().to_string();
    assert!(message(accuracy(&logits, &Tensor::from([1i64]))).contains("labels of shape [1]"));
    assert!(message(accuracy(&logits, &Tensor::from([1.0f32, 1.0]))).contains("f32"));
    assert!(
        message(accuracy(&Tensor::zeros([0, 3], DType::F32), &Tensor::zeros(0, DType::I64)))
            .contains("no predictions")
    );
    assert!(predictions(&Tensor::from(1.0f32)).is_err());
    assert!(predictions(&Tensor::zeros([2, 0], DType::F32)).is_err());
    let probabilities = Tensor::from([0.5f32, 0.7]);
    assert!(message(binary_accuracy(&probabilities, &Tensor::from([2i64, 1]), 0.5)).contains("not 2"));
    assert!(message(binary_accuracy(&probabilities, &Tensor::from([1i64]), 0.5)).contains("[1]"));
}

#[test]
fn a_mean_needs_elements() {
    let tape = Tape::new();
    let x = tape.input([0, 3], DType::F32);
    let (line, _) = (line!(), x.cross_entropy(tape.input(0, DType::I64)));
    assert_mistake(&tape, line, &["no elements"]);
}
