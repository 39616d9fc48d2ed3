//! What norms do beside what PyTorch's do; their first values, edges and mistakes.

use chainrule_nn::{
    BatchNorm, BatchNorm1d, BatchNorm2d, Conv2d, GroupNorm, Init, InstanceNorm1d, InstanceNorm2d, Layer,
    LayerNorm, Linear, LocalResponseNorm, Lstm, RmsNorm, Running, Sequential, SpectralNorm, UnitNorm,
    WeightNorm,
};
use chainrule_tape::{DType, Kind, Params, Scope, Tape, Tensor, Var, checkpoint};

fn values(var: Var<'_>) -> Vec<f64> {
    var.value().unwrap().to_f64()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance, "{found:?} is not {expected:?}");
    }
}

fn f64_params() -> Params {
    Params::seeded(3).with_dtype(DType::F64)
}

/// A batch as it comes, and its features' statistics in words.
#[test]
fn a_cumulative_average_is_the_mean_of_the_batches() {
    let mut params = f64_params();
    let (ones, zeros) = (Init::ones(), Init::zeros());
    let norm = BatchNorm::init(&mut params.root().sub("a"), 1, ones, zeros, Running::Cumulative);
    let instance = InstanceNorm1d::init(&mut params.root().sub("b"), 1, None, None, Running::Cumulative);
    assert_eq!(params.get("a.num_batches_tracked").map(Tensor::dtype), Some(DType::I64));
    for batch in [[1.0, 3.0], [5.0, 9.0], [-4.0, 4.0]] {
        let tape = Tape::with(&params);
        norm.forward(tape.var([[batch[0]], [batch[1]]]));
        instance.forward(tape.var([batch]).unsqueeze(0));
        tape.commit(&mut params).unwrap();
    }
    for layer in ["a", "b"] {
        let state = |name: &str| params.get(&format!("{layer}.{name}")).unwrap().to_f64();
        assert_close(&state("running_mean"), &[3.0], 1e-14);
        assert_close(&state("running_var"), &[(2.0 + 8.0 + 32.0) / 3.0], 1e-14);
        assert_eq!(state("num_batches_tracked"), [3.0]);
    }
    assert_eq!(norm.momentum(0.7).running_mean(), params.id("a.running_mean"), "there is no momentum");
}

/// The first batch replaces what the statistics begin with, also where it is far smaller than their rounding.
#[test]
fn a_cumulative_average_keeps_small_numbers() {
    let mut params = Params::seeded(0);
    let norm = BatchNorm::init(&mut params.root(), 1, Init::ones(), Init::zeros(), Running::Cumulative);
    let tape = Tape::with(&params);
    norm.forward(tape.var([[1e-5f32], [3e-5]]));
    tape.commit(&mut params).unwrap();
    let var = params.get("running_var").unwrap().to_f64()[0];
    assert!((var / 2e-10 - 1.0).abs() < 1e-5, "{var:e}");
}

#[test]
fn only_what_is_used_is_registered() {
    let names = |make: fn(&mut Scope)| {
        let mut params = Params::seeded(0);
        make(&mut params.root());
        params.check().unwrap();
        params.iter().map(|(name, ..)| name.to_owned()).collect::<Vec<_>>().join(" ")
    };
    let all = "weight bias running_mean running_var";
    assert_eq!(names(|at| drop(BatchNorm1d::new(at, 2))), all);
    assert_eq!(names(|at| drop(BatchNorm2d::without_affine(at, 2))), "running_mean running_var");
    assert_eq!(names(|at| drop(InstanceNorm2d::new(at, 2))), "");
    assert_eq!(names(|at| drop(InstanceNorm2d::with_affine(at, 2))), "weight bias");
    assert_eq!(names(|at| drop(RmsNorm::new(at, 2))), "weight");
    assert_eq!(names(|at| drop(LayerNorm::without_bias(at, 2))), "weight");
    assert_eq!(names(|at| drop(GroupNorm::without_affine(at, 1, 2))), "");
    let mut params = Params::seeded(0);
    let norm = GroupNorm::init(&mut params.root(), 1, 2, Init::constant(3.0), None);
    assert_eq!(params.tensor(norm.weight().unwrap()).to_f64(), [3.0, 3.0]);
    assert!(norm.bias().is_none());
}

/// Channels of images are normalized as rows of the same numbers with the channels last.
#[test]
fn an_axis_of_features_is_as_good_as_another() {
    let mut params = f64_params();
    let last = BatchNorm::new(&mut params.root().sub("a"), 3);
    let images = BatchNorm2d::new(&mut params.root().sub("b"), 3);
    let any = BatchNorm::new(&mut params.root().sub("c"), 3).axis(1);
    let tape = Tape::with(&params);
    let x = tape.normal([4, 3, 2, 5], DType::F64);
    let expected = values(last.forward(x.move_axis(1, -1)).move_axis(-1, 1));
    let found = values(images.forward(x));
    assert_close(&found, &expected, 1e-14);
    assert_eq!(values(any.forward(x)), found);
    tape.commit(&mut params).unwrap();
    for name in ["running_mean", "running_var"] {
        let state = |layer: &str| params.get(&format!("{layer}.{name}")).unwrap().to_f64();
        assert_close(&state("a"), &state("b"), 1e-15);
    }
}

/// All norms, of an input `[4, 6, 8]`.
fn all(at: &mut Scope) -> Vec<(&'static str, Box<dyn Layer>)> {
    vec![
        ("batch", Box::new(BatchNorm1d::new(&mut at.sub("batch"), 6))),
        ("layer", Box::new(LayerNorm::new(&mut at.sub("layer"), 8))),
        ("rows", Box::new(LayerNorm::new(&mut at.sub("rows"), [6, 8]))),
        ("rms", Box::new(RmsNorm::new(&mut at.sub("rms"), 8))),
        ("group", Box::new(GroupNorm::new(&mut at.sub("group"), 2, 6))),
        ("instance", Box::new(InstanceNorm1d::with_affine(&mut at.sub("instance"), 6))),
        ("unit", Box::new(UnitNorm::new())),
        ("response", Box::new(LocalResponseNorm::new(3))),
    ]
}

/// In `f32`, at the ends of what models meet, and where nothing varies: finite, with finite gradients.
#[test]
fn large_small_and_equal_numbers() {
    let mut params = Params::seeded(0);
    let layers = all(&mut params.root());
    for scale in [1e-4, 1.0, 1e4] {
        for offset in [0.0, 1e4] {
            for spread in [0.0, 1.0] {
                for (name, layer) in &layers {
                    let tape = Tape::with(&params);
                    let x = tape.normal([4, 6, 8], DType::F32) * (scale * spread) + offset;
                    let x = tape.var(x.value().unwrap());
                    let y = layer.forward(x);
                    let dx = tape.grad((y * tape.normal([4, 6, 8], DType::F32)).sum(..), x);
                    let all = tape.values(&[y, dx]).unwrap();
                    let finite = |tensor: &Tensor| tensor.to_f64().iter().all(|x| x.is_finite());
                    assert!(all.iter().all(finite), "{name}: {scale} {offset} {spread}");
                }
            }
        }
    }
}

#[test]
fn nan_stays_in_its_group() {
    let mut params = Params::seeded(0);
    for (name, layer) in all(&mut params.root()) {
        let tape = Tape::with(&params);
        let mut x = vec![0.5f32; 4 * 6 * 8];
        x.iter_mut().zip(0..).for_each(|(x, i)| *x += (i % 7) as f32);
        x[3] = f32::NAN;
        let y = values(layer.forward(tape.var(Tensor::from_vec(x, [4, 6, 8]).unwrap())));
        assert!(y[3].is_nan() && !y[4 * 6 * 8 - 1].is_nan(), "{name}");
    }
}

#[test]
fn the_first_lengths_keep_the_layers_function() {
    let mut params = f64_params();
    let plain = Conv2d::new(&mut params.root().sub("a"), 2, 3, 2);
    let wrapped = |at: &mut Scope| Conv2d::new(at, 2, 3, 2);
    let mut layers: Vec<(&str, WeightNorm<Conv2d>)> = Vec::new();
    for (name, axis) in [("b", Some(0)), ("c", Some(2)), ("d", None)] {
        layers.push((name, WeightNorm::of(&mut params.root().sub(name), "weight", axis, wrapped)));
    }
    for part in ["weight", "bias"] {
        let own = params.get(&format!("a.{part}")).unwrap().clone();
        for (name, _) in &layers {
            if part == "bias" {
                params.set(&format!("{name}.bias"), own.clone()).unwrap();
            }
        }
    }
    for (name, layer) in layers {
        let weight = params.tensor(layer.direction().unwrap()).clone();
        params.set("a.weight", weight).unwrap();
        let tape = Tape::with(&params);
        let x = tape.normal([2, 2, 4, 4], DType::F64);
        assert_close(&values(layer.forward(x)), &values(plain.forward(x)), 1e-14);
        let lengths = params.tensor(layer.length().unwrap()).shape().clone();
        let expected: &[usize] = match name {
            "b" => &[3, 1, 1, 1],
            "c" => &[1, 1, 2, 1],
            _ => &[],
        };
        assert_eq!(lengths.dims(), expected);
    }
}

/// The wrapped parameter is drawn by its own name, so the wrapper changes no first value.
#[test]
fn wrappers_change_no_first_weight() {
    let make = |at: &mut Scope| Linear::new(at, 5, 4);
    let mut params = f64_params();
    make(&mut params.root().sub("fc"));
    let mut other = f64_params();
    let layer = SpectralNorm::new(&mut other.root().sub("fc"), make);
    assert_eq!(other.tensor(layer.original().unwrap()), params.get("fc.weight").unwrap());
    assert_eq!(other.get("fc.bias"), params.get("fc.bias"));
    let kinds: Vec<(&str, Kind)> = other.iter().map(|(name, kind, _)| (name, kind)).collect();
    assert_eq!(
        kinds,
        [
            ("fc.parametrizations.weight.original", Kind::Trainable),
            ("fc.bias", Kind::Trainable),
            ("fc.parametrizations.weight.0._u", Kind::State),
            ("fc.parametrizations.weight.0._v", Kind::State),
        ]
    );
}

#[test]
fn the_largest_singular_value_becomes_1() {
    let mut params = f64_params();
    let layer = SpectralNorm::new(&mut params.root(), |at| Linear::without_bias(at, 6, 5));
    // The image of unit vectors, after some steps of training.
    for _ in 0..60 {
        let tape = Tape::with(&params);
        layer.forward(tape.normal([2, 6], DType::F64));
        tape.commit(&mut params).unwrap();
    }
    let tape = Tape::with(&params).inference();
    let weight = layer.forward(tape.eye(6, DType::F64));
    let mut v = tape.normal([1, 6], DType::F64);
    for _ in 0..200 {
        let u = v.matmul(weight);
        v = u.matmul(weight.t());
        v = v / v.norm(..);
    }
    let largest = v.matmul(weight).norm(..).item().unwrap();
    assert!((largest - 1.0).abs() < 1e-8, "{largest}");
    tape.commit(&mut params).unwrap();
    let again = Tape::with(&params).inference();
    assert_eq!(values(layer.forward(again.eye(6, DType::F64))), values(weight), "in use, the vectors stay");
}

#[test]
fn wrappers_of_any_layer_and_parameter() {
    let mut params = f64_params();
    let lstm = WeightNorm::of(&mut params.root().sub("lstm"), "weight_hh_l0", 0, |at| Lstm::new(at, 2, 3));
    let net = SpectralNorm::of(&mut params.root().sub("net"), "0.weight", 0, |at| {
        Sequential::new(at, |net| net.linear(3, 2).tanh())
    });
    params.check().unwrap();
    let found: Vec<&str> =
        params.iter().map(|(name, ..)| name).filter(|name| name.contains("param")).collect();
    assert_eq!(
        found,
        [
            "lstm.parametrizations.weight_hh_l0.original1",
            "lstm.parametrizations.weight_hh_l0.original0",
            "net.0.parametrizations.weight.original",
            "net.0.parametrizations.weight.0._u",
            "net.0.parametrizations.weight.0._v",
        ]
    );
    let tape = Tape::with(&params);
    let x = tape.normal([2, 4, 2], DType::F64);
    let y = lstm.with(&tape, |lstm| lstm.forward(x));
    let loss = net.forward(y.slice(1, 3..).squeeze(1)).square().sum(..);
    assert_eq!(tape.param_grads(loss).unwrap().len(), params.len() - 2);
    // A checkpoint gives the same.
    let mut restored = f64_params();
    WeightNorm::of(&mut restored.root().sub("lstm"), "weight_hh_l0", 0, |at| Lstm::new(at, 2, 3));
    assert!(restored.iter().all(|(name, _, tensor)| params.get(name) == Some(tensor)));
}

#[test]
fn wrappers_in_a_checkpoint() {
    let mut params = f64_params();
    let layer = WeightNorm::new(&mut params.root(), |at| Linear::new(at, 3, 2));
    let tape = Tape::with(&params);
    let x = tape.normal([4, 3], DType::F64);
    let grads = |y: Var<'_>| {
        let grads = tape.param_grads(y.square().sum(..)).unwrap();
        grads.iter().map(|(_, grad)| values(*grad)).collect::<Vec<_>>()
    };
    let kept = grads(checkpoint(|x| layer.forward(x), x));
    let plain = grads(layer.forward(x));
    kept.iter().zip(&plain).for_each(|(kept, plain)| assert_close(kept, plain, 1e-13));
}

#[test]
fn wrappers_pass_the_line_on() {
    let mut params = Params::seeded(0);
    let weight = WeightNorm::new(&mut params.root().sub("w"), |at| Linear::new(at, 2, 2));
    let spectral = SpectralNorm::new(&mut params.root().sub("s"), |at| Linear::new(at, 2, 2));
    for wrong in [weight.layer(), spectral.layer()] {
        assert_eq!(wrong.inputs(), 2);
    }
    let tape = Tape::with(&params);
    let (line, _) = (line!(), weight.forward(tape.input([5, 3], DType::F32)));
    let message = tape.check().unwrap_err().to_string();
    assert!(
        message.contains("Linear: layer `w`") && message.contains(&format!("{}:{line}:", file!())),
        "{message}"
    );
    let tape = Tape::with(&params);
    let (line, _) = (line!(), spectral.forward(tape.input([5, 3], DType::F32)));
    let message = tape.check().unwrap_err().to_string();
    assert!(
        message.contains("Linear: layer `s`") && message.contains(&format!("{}:{line}:", file!())),
        "{message}"
    );
}

#[test]
fn wrappers_without_their_parameter_are_a_mistake() {
    let mistake = |make: fn(&mut Scope)| {
        let mut params = Params::seeded(0);
        make(&mut params.root().sub("fc"));
        params.check().unwrap_err().to_string()
    };
    let text = mistake(|at| drop(WeightNorm::of(at, "bias", 0, |at| Linear::without_bias(at, 2, 2))));
    assert!(text.contains("fc: WeightNorm of `bias`, but the layer has no such parameter"), "{text}");
    let text = mistake(|at| drop(SpectralNorm::of(at, "weight", 2, |at| Linear::new(at, 2, 3))));
    assert!(text.contains("fc: SpectralNorm along axis 2 of `weight`, which is [3, 2]"), "{text}");
    let text = mistake(|at| {
        drop(WeightNorm::new(at, |at| SpectralNorm::new(at, |at| Linear::without_bias(at, 2, 2))));
    });
    assert!(text.contains("no such parameter"), "{text}");
}

#[test]
fn mistakes_name_the_norm() {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let tracked = Running::default();
    let layers: Vec<(Box<dyn Layer>, &[usize], &str)> = vec![
        (Box::new(BatchNorm2d::new(&mut root.sub("a"), 3)), &[2, 4, 5, 5], "BatchNorm2d: layer `a`"),
        (Box::new(BatchNorm2d::new(&mut root.sub("b"), 3)), &[2, 3, 5], "takes [n, 3, h, w], not [2, 3, 5]"),
        (Box::new(BatchNorm1d::new(&mut root.sub("c"), 3)), &[2, 3, 5, 5], "takes [n, 3] or [n, 3, l], not"),
        (
            Box::new(BatchNorm2d::new(&mut root.sub("d"), 3)),
            &[1, 3, 1, 1],
            "needs 2 rows or more in training",
        ),
        (
            Box::new(BatchNorm::new(&mut root.sub("e"), 3).axis(4)),
            &[2, 3],
            "takes 3 features along axis 4; [2, 3] has no such axis",
        ),
        (Box::new(BatchNorm::new(&mut root.sub("f"), 3).axis(0)), &[2, 3], "takes 3 features along axis 0"),
        (
            Box::new(LayerNorm::new(&mut root.sub("g"), [2, 3])),
            &[3, 2],
            "takes rows of shape [2, 3], not [3, 2]",
        ),
        (Box::new(RmsNorm::new(&mut root.sub("h"), 3)), &[3, 2], "RmsNorm: layer `h`"),
        (Box::new(GroupNorm::new(&mut root.sub("i"), 2, 4)), &[2, 3], "takes 4 channels, not 3"),
        (Box::new(GroupNorm::new(&mut root.sub("j"), 2, 4)), &[4], "takes [n, 4, …], not [4]"),
        (
            Box::new(InstanceNorm2d::new(&mut root.sub("k"), 3)),
            &[2, 3],
            "takes [n, 3, h, w] or [3, h, w], not [2, 3]",
        ),
        (Box::new(InstanceNorm2d::new(&mut root.sub("l"), 3)), &[2, 4, 2, 2], "takes 3 channels, not 4"),
        (
            Box::new(InstanceNorm1d::init(&mut root.sub("m"), 3, None, None, tracked)),
            &[2, 3, 1],
            "needs channels of 2 elements or more, not 1",
        ),
        (Box::new(LocalResponseNorm::new(0)), &[2, 3], "LocalResponseNorm: windows have 1 channel or more"),
        (
            Box::new(LocalResponseNorm::new(3)),
            &[3],
            "LocalResponseNorm: takes floating-point numbers [n, channels",
        ),
        (Box::new(UnitNorm::new().axes([2])), &[2, 3], "UnitNorm: "),
    ];
    for (layer, shape, part) in layers {
        let tape = Tape::with(&params);
        assert!(layer.forward(tape.input(shape, DType::F32)).is_poisoned(), "{part}");
        let message = tape.check().unwrap_err().to_string();
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
    let mut params = Params::seeded(0);
    let norm = GroupNorm::new(&mut params.root().sub("norm"), 2, 4);
    let tape = Tape::with(&params);
    let (line, _) = (line!(), norm.forward(tape.input([2, 4], DType::F64)));
    let message = tape.check().unwrap_err().to_string();
    assert!(message.contains("layer `norm`") && message.contains("has f32 parameters"), "{message}");
    assert!(message.contains(&format!("{}:{line}:", file!())), "{message}");
}

#[test]
fn norms_of_nothing_are_reported_with_the_params() {
    let mistake = |make: fn(&mut Scope)| {
        let mut params = Params::seeded(0);
        make(&mut params.root().sub("n"));
        params.check().unwrap_err().to_string()
    };
    for (text, part) in [
        (mistake(|at| drop(BatchNorm2d::new(at, 0))), "n: BatchNorm2d of 0 features"),
        (mistake(|at| drop(InstanceNorm1d::new(at, 0))), "InstanceNorm1d of 0 features"),
        (mistake(|at| drop(LayerNorm::new(at, [2, 0]))), "LayerNorm of 0 features"),
        (mistake(|at| drop(RmsNorm::new(at, ()))), "RmsNorm of no axes"),
        (mistake(|at| drop(GroupNorm::new(at, 3, 4))), "can't cut 4 channels in 3 groups"),
        (mistake(|at| drop(GroupNorm::new(at, 0, 4))), "can't cut 4 channels in 0 groups"),
    ] {
        assert!(text.contains(part), "{text}");
    }
}
