//! Mistakes in layers of images and tables name the layer, what it wants and has, and the user's line.

use super::assert_mistake;
use chainrule_nn::*;
use chainrule_tape::{DType, PadMode, Params, Tape, Var};

#[test]
fn convolutions_check_their_input() {
    let mut params = Params::seeded(0);
    let mut at = params.root();
    let conv = Conv2d::new(&mut at.sub("conv"), 3, 4, 3);
    let up = ConvTranspose1d::new(&mut at.sub("up"), 3, 4, 3);
    let cases: [(&dyn Layer, &[usize], DType, &str); 6] = [
        (&conv, &[2, 1, 8, 8], DType::F32, "Conv2d: layer `conv` (made at "),
        (&conv, &[2, 1, 8, 8], DType::F32, "takes 3 channels, not 1"),
        (&conv, &[3, 8], DType::F32, "takes images [n, 3, height, width], not [3, 8]"),
        (&conv, &[2, 3, 8, 8], DType::F64, "has f32 parameters, but its input is f64"),
        (&conv, &[3, 2, 8], DType::F32, "does not fit in 2 elements"),
        (&up, &[2, 4, 5], DType::F32, "ConvTranspose1d: layer `up` (made at"),
    ];
    for (layer, shape, dtype, expected) in cases {
        let tape = Tape::with(&params);
        assert!(layer.forward(tape.input(shape, dtype)).is_poisoned());
        let message = tape.check().unwrap_err().to_string();
        assert!(message.contains(expected), "`{expected}` is not in:\n{message}");
    }
    let tape = Tape::with(&params);
    let (line, _) = (line!(), conv.forward(tape.input([1, 2, 9, 9], DType::F32)));
    assert_mistake(&tape, line, &["layer `conv`", "takes 3 channels, not 2"]);

    let tape = Tape::with(&params);
    let x = tape.input([1, 3, 9, 9], DType::F32);
    let (line, _) = (line!(), conv.clone().padding_same().stride(2).forward(x));
    assert_mistake(&tape, line, &["layer `conv`", "a stride of [2, 2], which no padding makes up for"]);
    let tape = Tape::with(&params);
    let x = tape.input([1, 3, 9, 9], DType::F32);
    let (line, _) = (line!(), conv.clone().padding(9).padding_mode(PadMode::Reflect).forward(x));
    assert_mistake(&tape, line, &["too short for 9 elements"]);
    let tape = Tape::with(&params);
    let x = tape.input([1, 3, 9], DType::F32);
    let (line, _) = (line!(), up.clone().output_padding(1).forward(x));
    assert_mistake(&tape, line, &["an output padding of 1 is not less than the stride or the dilation"]);
}

#[test]
fn layers_that_can_not_be_made_are_reported_with_the_params() {
    type Make = fn(&mut Params);
    let cases: [(Make, &str); 7] = [
        (|p| drop(Conv2d::new(&mut p.root().sub("c"), 3, 0, 3)), "c: a convolution from 3 to 0 channels"),
        (|p| drop(Conv1d::new(&mut p.root(), 3, 4, 0)), "with windows of [0] has no weights"),
        (
            |p| drop(Conv2d::with(&mut p.root(), 4, 6, 3, ConvConfig::new().groups(4))),
            "4 to 6 channels can't have 4 groups",
        ),
        (|p| drop(Conv2d::with(&mut p.root(), 4, 6, 3, ConvConfig::new().groups(0))), "can't have 0 groups"),
        (
            |p| drop(ConvTranspose3d::with(&mut p.root(), 3, 4, 2, ConvConfig::new().groups(2))),
            "a transposed convolution from 3",
        ),
        (|p| drop(Bilinear::new(&mut p.root(), 3, 0, 2)), "a Bilinear layer from 3 and 0 to 2"),
        (
            |p| drop(EmbeddingBag::padded(&mut p.root(), 3, 2, 3)),
            "EmbeddingBag: the padding 3 is none of 3 indices",
        ),
    ];
    for (make, expected) in cases {
        let mut params = Params::seeded(0);
        make(&mut params);
        let message = params.check().unwrap_err().to_string();
        assert!(message.contains(expected), "`{expected}` is not in:\n{message}");
    }
}

#[test]
fn layers_without_parameters_check_their_input() {
    type Record = for<'t> fn(Var<'t>) -> Var<'t>;
    let cases: [(Record, &str); 10] = [
        (|x| MaxPool2d::new(9).forward(x), "max_pool2d: a window of 9 does not fit"),
        (|x| AvgPool1d::new(2).forward(x), "avg_pool1d: takes an input with 3 axes"),
        (|x| LpPool2d::new(0.0, 2).forward(x), "LpPool2d: there is no norm with the exponent 0"),
        (|x| AdaptiveAvgPool2d::new(0).forward(x), "adaptive_avg_pool2d: an output of size [0, 0]"),
        (|x| GlobalMaxPool.forward(x.at(0, 0).at(0, 0)), "GlobalMaxPool: takes [n, channels, …], not [4, 4]"),
        (
            |x| Upsample::to([3]).forward(x),
            "Upsample: takes [n, channels, …] with 1 spatial axes, not [2, 3, 4, 4]",
        ),
        (|x| PixelShuffle::new(2).forward(x), "pixel_shuffle"),
        (|x| ReflectionPad1d::new(4).forward(x), "too short for 4 elements"),
        (|x| Unflatten::new(1, [2, 2]).forward(x), "unflatten"),
        (|x| Parallel::new(0).forward(x), "Parallel: there are no layers"),
    ];
    for (record, expected) in cases {
        let tape = Tape::new();
        assert!(record(tape.input([2, 3, 4, 4], DType::F32)).is_poisoned());
        let message = tape.check().unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains(file!()),
            "`{expected}` is not in:\n{message}"
        );
        // What is wrong already stays as it is.
        assert!(record(tape.input([2], DType::F32).reshape([3])).is_poisoned());
    }
}

#[test]
fn tables_and_bilinear_maps_check_their_input() {
    let mut params = Params::seeded(0);
    let mut at = params.root();
    let bag = EmbeddingBag::new(&mut at.sub("bag"), 5, 2);
    let pairs = Bilinear::new(&mut at.sub("pairs"), 2, 3, 4);
    let fresh = || Tape::with(&params);

    let tape = fresh();
    let (line, _) = (line!(), bag.forward(tape.var([1i64, 2])));
    assert_mistake(&tape, line, &["EmbeddingBag: layer `bag`", "takes bags [bags, length], not [2]"]);
    let tape = fresh();
    let (line, _) = (line!(), bag.forward(tape.var([[1.0f32]])));
    assert_mistake(&tape, line, &["i64, not f32"]);
    let tape = fresh();
    let (line, _) = (line!(), bag.forward_weighted(tape.var([[1i64]]), tape.var([[1.0f32]])));
    assert_mistake(&tape, line, &["takes weights in the mode Bag::Sum only"]);
    let tape = fresh();
    let sums = bag.clone().mode(Bag::Sum);
    let (line, _) = (line!(), sums.forward_weighted(tape.var([[1i64]]), tape.var([1.0f32])));
    assert_mistake(&tape, line, &["takes a weight for each of [1, 1] indices, not [1]"]);
    let tape = fresh();
    let (line, _) = (line!(), bag.forward_bags(tape.var([[1i64]]), tape.var([0i64])));
    assert_mistake(&tape, line, &["takes indices [n] and offsets [bags], not [1, 1] and [1]"]);
    let tape = fresh();
    let y = bag.forward_bags(tape.input([0], DType::I64), tape.input([2], DType::I64));
    assert_eq!(y.shape().dims(), [2, 2]);

    let tape = fresh();
    let (line, _) = (line!(), pairs.forward(tape.var([[1.0f32; 2]]), tape.var([[1.0f32; 2]])));
    assert_mistake(&tape, line, &["Bilinear: layer `pairs`", "takes rows of 3 elements, not 2"]);
    let tape = fresh();
    let (line, _) = (line!(), pairs.forward(tape.var([[1.0f32; 2]; 2]), tape.var([[1.0f32; 3]])));
    assert_mistake(&tape, line, &["differ in their last axis only, not [2, 2] and [1, 3]"]);
}

/// What PyTorch leaves undefined, and what can't be compared with it.
#[test]
fn edges() {
    let tape = Tape::new();
    let x = tape.var([[0.0, 0.0, 3.0, 4.0]]);
    let y = LpPool1d::new(2.0, 2).forward(x);
    assert_eq!(y.value().unwrap().to_f64(), [0.0, 5.0]);
    let dx = tape.grad(y.sum(..), x).value().unwrap().to_f64();
    assert!(dx.iter().zip([0.0, 0.0, 0.6, 0.8]).all(|(a, b)| (a - b).abs() < 1e-15), "{dx:?}");
    let nan = tape.var([[f64::NAN, 1.0]]);
    for y in [
        LpPool1d::new(2.0, 2).forward(nan),
        MaxPool1d::new(2).forward(nan),
        GlobalAvgPool.forward(nan.unsqueeze(0)),
    ] {
        assert!(y.item().unwrap().is_nan());
    }
    // An index beyond the table is an error of the run, which names it.
    let mut params = Params::seeded(0);
    let bag = EmbeddingBag::new(&mut params.root(), 5, 2);
    let tape = Tape::with(&params);
    assert!(bag.forward(tape.var([[7i64]])).value().unwrap_err().to_string().contains('7'));
}
