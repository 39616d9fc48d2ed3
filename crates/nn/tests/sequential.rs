//! Models of layers one after the other: numbers, shapes, lines, sharing.

use chainrule_nn::*;
use chainrule_tape::{DType, Kind, Params, Tape, Tensor, Var};

fn names(params: &Params) -> Vec<&str> {
    params.iter().map(|(name, ..)| name).collect()
}

/// A dense layer is a linear one and an activation, each with a number, as PyTorch's `Sequential(Linear, ReLU, …)` has them.
#[test]
fn both_forms_number_layers_alike() {
    let mut given = Params::seeded(3);
    let net = Sequential::new(&mut given.root(), |net| {
        net.linear(2, 3).relu().batch_norm(3).linear(3, 2).relu().batch_norm(2).linear(2, 1).sigmoid()
    });
    let mut inferred = Params::seeded(3);
    let same = Sequential::with_input(&mut inferred.root(), [2], |net| {
        net.dense(3, Activation::Relu)
            .batch_norm()
            .dense(2, Activation::Relu)
            .batch_norm()
            .dense(1, Activation::Sigmoid)
    });
    assert_eq!(names(&given), names(&inferred));
    assert_eq!(names(&given)[..4], ["0.weight", "0.bias", "2.weight", "2.bias"]);
    assert_eq!(format!("{net:?}"), format!("{same:?}"));
    let run = |net: &Sequential, params: &Params| {
        let tape = Tape::with(params);
        net.forward(tape.var([[0.5f32, 1.0], [2.0, -1.0]])).value().unwrap().to_f64()
    };
    assert_eq!(run(&net, &given), run(&same, &inferred));
}

#[test]
fn images_are_followed() {
    let mut params = Params::seeded(0);
    let net = Sequential::with_input(&mut params.root(), [3, 16, 16], |net| {
        net.layer(|at, x| Conv2d::without_bias(at, x.channels(), 8, 3).stride(2).padding(1))
            .batch_norm()
            .relu()
            .residual(|block| {
                block
                    .layer(|at, x| Conv2d::new(at, x.channels(), x.channels(), 3).padding_same())
                    .batch_norm()
            })
            .conv2d(4, [3, 1], Activation::Gelu)
            .max_pool2d(2)
            .global_avg_pool()
            .layer_norm()
            .dense(5, Activation::Softmax)
    });
    params.check().unwrap();
    assert_eq!(net.output_shape().unwrap().dims(), [5]);
    let rows = net.summary(&params).unwrap().rows().to_vec();
    let found: Vec<(&str, &str, &[usize], usize)> =
        rows.iter().map(|row| (&*row.name, row.kind, row.shape.dims(), row.params)).collect();
    let expected: [(&str, &str, &[usize], usize); 13] = [
        ("0", "Conv2d", &[1, 8, 8, 8], 216),
        ("1", "BatchNorm", &[1, 8, 8, 8], 32),
        ("2", "Relu", &[1, 8, 8, 8], 0),
        ("3.0", "Conv2d", &[1, 8, 8, 8], 584),
        ("3.1", "BatchNorm", &[1, 8, 8, 8], 32),
        ("3", "Residual", &[1, 8, 8, 8], 0),
        ("4", "Conv2d", &[1, 4, 6, 8], 100),
        ("5", "Gelu", &[1, 4, 6, 8], 0),
        ("6", "MaxPool2d", &[1, 4, 3, 4], 0),
        ("7", "GlobalAvgPool", &[1, 4], 0),
        ("8", "LayerNorm", &[1, 4], 8),
        ("9", "Linear", &[1, 5], 25),
        ("10", "Softmax", &[1, 5], 0),
    ];
    assert_eq!(found, expected);

    // Batch norm is over each channel.
    let tape = Tape::with(&params);
    let y = net.forward(tape.normal([4, 3, 16, 16], DType::F32));
    assert_eq!(y.shape().dims(), [4, 5]);
    tape.param_grads(y.sum(..)).unwrap();
}

#[test]
fn sequences_and_words_are_followed() {
    let mut params = Params::seeded(0);
    let net = Sequential::with_input(&mut params.root().sub("words"), [12], |net| {
        net.embedding(50, 6).gru(7).lstm(5).then(|x| x.at(1, -1)).dense(2, Activation::Identity)
    });
    params.check().unwrap();
    assert_eq!(params.get("words.4.weight").unwrap().shape().dims(), [2, 5]);
    assert_eq!(net.summary(&params).unwrap().rows()[3].kind, "Function");
    let tape = Tape::with(&params);
    assert_eq!(net.forward(tape.var([[1i64; 12]])).shape().dims(), [1, 2]);

    let net = Sequential::with_input(&mut params.root().sub("signal"), [2, 20], |net| {
        net.conv1d(4, 5, Activation::Relu).avg_pool1d(2).flatten().linear(1)
    });
    assert_eq!(net.output_shape().unwrap().dims(), [1]);
    assert_eq!(params.get("signal.4.weight").unwrap().shape().dims(), [1, 32]);
}

/// A model of inferred widths is for batches of any size, and needs no batch to be made.
#[test]
fn nothing_is_computed_to_infer() {
    let mut params = Params::seeded(0);
    let net = Sequential::with_input(&mut params.root(), [1 << 10], |net| net.linear(4).batch_norm());
    let running = params.get("1.running_mean").unwrap();
    assert_eq!(running.to_f64(), [0.0; 4]);
    let tape = Tape::with(&params).inference();
    for batch in [1, 7] {
        assert_eq!(net.forward(tape.input([batch, 1 << 10], DType::F32)).shape().dims(), [batch, 4]);
    }
}

#[test]
fn what_can_not_be_inferred_is_told() {
    type Build = fn(&mut Params) -> Sequential;
    let cases: [(Build, &str); 7] = [
        (
            |p| Sequential::with_input(&mut p.root(), [8], |net| net.relu().conv2d(4, 3, Activation::Relu)),
            "layer `1`: a Conv2d takes [channels, height, width], but [8] arrives",
        ),
        (
            |p| {
                Sequential::with_input(&mut p.root().sub("net"), [1, 8], |net| {
                    net.conv2d(4, 3, Activation::Relu)
                })
            },
            "net: layer `0`: a Conv2d takes [channels, height, width], but [1, 8] arrives",
        ),
        (
            |p| Sequential::with_input(&mut p.root(), [8], |net| net.then(|x| x.sum(-1)).linear(3)),
            "layer `1`: a Linear takes […, width], but [] arrives",
        ),
        (
            |p| Sequential::with_input(&mut p.root(), [1, 4, 4], |net| net.max_pool2d(5).flatten().linear(3)),
            "layer `0`: max_pool2d: a window of 5 does not fit in 4 elements",
        ),
        (
            |p| Sequential::with_input(&mut p.root(), [4], |net| net.lstm(3)),
            "layer `0`: a Lstm takes [time, width], but [4] arrives",
        ),
        (
            |p| Sequential::with_input(&mut p.root(), [4], |net| net.linear(3).embedding(10, 2)),
            "takes indices, which are i64, not f32",
        ),
        (
            |p| Sequential::with_input(&mut p.root(), [4], |net| net.residual(|block| block.linear(3))),
            "layer `0`: Residual: the layer makes [2, 3], but the way around it [2, 4]",
        ),
    ];
    for (build, expected) in cases {
        let mut params = Params::seeded(0);
        let net = build(&mut params);
        let message = params.check().unwrap_err().to_string();
        assert!(message.contains(expected), "`{expected}` is not in:\n{message}");
        assert!(net.output_shape().is_none());
        assert!(net.summary(&params).unwrap_err().to_string().contains(expected));
    }
    let mut params = Params::seeded(0);
    let net = Sequential::new(&mut params.root(), |net| net.linear(2, 3));
    assert!(net.summary(&params).unwrap_err().to_string().contains("Sequential::with_input"));
}

/// The message of the first mistake names `line` of this file.
#[track_caller]
fn assert_line(tape: &Tape, line: u32, part: &str) {
    let message = tape.check().expect_err("there is a mistake").to_string();
    let place = format!("--> {}:{line}:", file!());
    assert!(
        message.contains(&place) && message.contains(part),
        "`{place}` or `{part}` is not in:\n{message}"
    );
}

/// Any layer of this crate is told with the caller's line, however deep in others it is; a user's keeps its own.
#[test]
fn lines_are_the_callers() {
    struct Inner(Sequential);
    impl Layer for Inner {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            self.0.forward(x) // the user's own line
        }
    }
    let mut params = Params::seeded(0);
    let mut at = params.root();
    let wrong = Sequential::new(&mut at.sub("wrong"), |net| {
        net.residual(|block| block.layer(|at| Conv2d::new(at, 3, 3, 3))).dropout(0.5)
    });
    let parallel = Parallel::new(1).with(wrong.clone());
    let outer = Sequential::new(&mut at.sub("outer"), |net| net.with(wrong.clone()));
    let boxed: Box<dyn Layer> = Box::new(outer.clone());
    let x = [[1.0f32; 4]; 2];

    let layers: [&dyn Fn(&Tape) -> u32; 4] = [
        &|tape| (line!(), wrong.forward(tape.var(x))).0,
        &|tape| (line!(), parallel.forward(tape.var(x))).0,
        &|tape| (line!(), outer.forward(tape.var(x))).0,
        &|tape| (line!(), boxed.forward(tape.var(x))).0,
    ];
    for forward in layers {
        let tape = Tape::with(&params);
        let line = forward(&tape);
        assert_line(&tape, line, "layer `wrong.0.0` (made at ");
    }

    let own = include_str!("sequential.rs").lines().position(|line| line.contains("// the user's own line"));
    let net = Sequential::new(&mut params.root().sub("mine"), |net| net.with(Inner(wrong.clone())));
    let tape = Tape::with(&params);
    net.forward(tape.var(x));
    assert_line(&tape, own.unwrap() as u32 + 1, "layer `wrong.0.0`");

    // After the call, lines are their own.
    let tape = Tape::with(&params);
    let (x, net) = (tape.var(x), Sequential::new(&mut params.root().sub("relu"), |net| net.relu()));
    net.forward(x);
    let (line, _) = (line!(), Activation::Relu.forward(x).reshape([3, 3]));
    assert_line(&tape, line, "reshape");
}

/// Uses of one parameter add up, and a table says that it is shared.
#[test]
fn shared_weights() {
    let mut params = Params::seeded(1).with_dtype(DType::F64);
    let mut at = params.root();
    let words = Embedding::new(&mut at.sub("words"), 5, 3);
    let out = Linear::tied(&mut at.sub("out"), &words);
    let bare = Linear::tied_without_bias(&mut at.sub("bare"), &words);
    assert_eq!((out.inputs(), out.outputs(), out.weight()), (3, 5, words.weight()));
    assert_eq!(names(&params), ["words.weight", "out.bias"]);

    let tape = Tape::with(&params);
    let index = tape.var([1i64, 4]);
    let weight = tape.param(words.weight());
    let y = out.forward(words.forward(index)).square().sum(..);
    let total = tape.grad(y, weight);
    let (a, b) = (tape.var(params.tensor(words.weight())), tape.var(params.tensor(words.weight())));
    let apart = a.index_select(0, index).matmul(b.t()).square().sum(..);
    let parts = tape.grads(apart, &[a, b]);
    let difference = (total - parts[0] - parts[1]).abs().max(..).item().unwrap();
    assert!(difference < 1e-13, "{difference}");

    let inputs = [chainrule_tape::Meta::new([2], DType::I64)];
    let table =
        summary_of(&params, inputs, |[x]| out.forward(words.forward(x)) + bare.forward(words.forward(x)))
            .unwrap();
    let text = table.to_string();
    let counts: Vec<&str> =
        text.lines().skip(2).take(4).map(|line| line.split("]").last().unwrap().trim()).collect();
    assert_eq!(counts, ["15", "5 + shared", "shared", "shared"], "{text}");
    assert_eq!((table.trainable(), table.rows()[1].tied), (20, true));

    let mut params = Params::seeded(1);
    let mut at = params.root();
    let scale = at.param("scale", Tensor::full(3, 1.0f32));
    Linear::with_weight(&mut at, scale, None);
    assert!(params.check().unwrap_err().to_string().contains("`scale` is [3]"));
}

#[test]
fn the_embedding_of_nothing() {
    let mut params = Params::seeded(0);
    let words = Embedding::padded(&mut params.root(), 4, 2, 3);
    assert_eq!(words.padding(), Some(3));
    assert_eq!(params.tensor(words.weight()).to_f64()[6..], [0.0, 0.0]);
    assert!(params.tensor(words.weight()).to_f64()[..6].iter().all(|x| *x != 0.0));
    let mut params = Params::seeded(0);
    Embedding::padded(&mut params.root().sub("words"), 4, 2, 4);
    assert!(params.check().unwrap_err().to_string().contains("words: Embedding: the padding 4 is none of 4"));
    // The others begin as without a padding.
    let first = |padded: bool| {
        let mut params = Params::seeded(0);
        let mut at = params.root();
        let words = if padded { Embedding::padded(&mut at, 4, 2, 3) } else { Embedding::new(&mut at, 4, 2) };
        params.tensor(words.weight()).to_f64()[..6].to_vec()
    };
    assert_eq!(first(true), first(false));
}

/// Initial values are even in `±1/√fan`, with PyTorch's fans.
#[test]
fn first_values_of_convolutions() {
    let mut params = Params::seeded(0);
    let mut at = params.root();
    Conv2d::with(&mut at.sub("conv"), 8, 64, [3, 5], ConvConfig::new().groups(4));
    ConvTranspose1d::with(&mut at.sub("transpose"), 64, 8, 9, ConvConfig::new().groups(4));
    Bilinear::new(&mut at.sub("bilinear"), 16, 40, 9);
    let fans = [("conv", 2 * 15), ("transpose", 2 * 9), ("bilinear", 16)];
    for (name, fan) in fans {
        let bound = 1.0 / (fan as f64).sqrt();
        for part in ["weight", "bias"] {
            let values = params.get(&format!("{name}.{part}")).unwrap().to_f64();
            let largest = values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(largest <= bound && largest > 0.7 * bound, "{name}.{part}: {largest} of {bound}");
        }
    }
    let kinds: Vec<Kind> = params.iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds, [Kind::Trainable; 6]);
    let mut params = Params::seeded(0);
    let conv =
        Conv1d::with(&mut params.root(), 1, 2, 3, ConvConfig::new().init(Init::ones(), Init::constant(0.5)));
    let tape = Tape::with(&params);
    let y = conv.forward(tape.var([[1.0f32, 2.0, 3.0]]));
    assert_eq!(y.value().unwrap().to_f64(), [6.5, 6.5]);
}
