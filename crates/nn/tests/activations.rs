//! What holds for all activations: finite far out, NaN stays NaN, the ranges that their docs claim, `f32` as `f64`, and names.

use chainrule_nn::{Activation, GatedLinear, Init, Layer, Maxout, PRelu, RadialBasis, Rbf};
use chainrule_tape::{DType, Params, Tape, Tensor};

/// The values and slopes (of the sum) of an activation at these points, which are one row.
fn at(activation: Activation, x: &[f64], dtype: DType) -> (Vec<f64>, Vec<f64>) {
    let tape = Tape::new();
    let x = tape.var(Tensor::from_vec(x.to_vec(), [1, x.len()]).unwrap().cast(dtype));
    let y = activation.forward(x);
    let found = tape.values(&[y, tape.grad(y.sum(..), x)]).unwrap_or_else(|e| panic!("{activation}: {e}"));
    (found[0].to_f64(), found[1].to_f64())
}

/// `count` points from `low` to `high`, none of them a kink.
fn grid(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * (i as f64 + 0.37) / count as f64).collect()
}

/// Whether each element of the result is a function of one of the input.
fn is_elementwise(name: &str) -> bool {
    !(["softmax", "softmin", "sparsemax"].iter().any(|part| name.contains(part)) || name.ends_with("glu"))
}

#[test]
fn values_and_slopes_are_finite_far_out() {
    for &(name, activation) in Activation::ALL {
        let far: &[f64] = if name == "exponential" {
            &[-1e4, -88.0, -0.0, 0.0, 88.0]
        } else {
            &[-1e4, -88.0, -0.0, 0.0, 88.0, 1e4]
        };
        for dtype in [DType::F32, DType::F64] {
            let (y, slope) = at(activation, far, dtype);
            assert!(y.iter().all(|y| y.is_finite()), "{name} {dtype}: {y:?}");
            assert!(slope.iter().all(|d| d.is_finite()), "{name} {dtype}: {slope:?}");
        }
    }
}

#[test]
fn nan_stays_nan() {
    for &(name, activation) in Activation::ALL {
        for dtype in [DType::F32, DType::F64] {
            let (y, _) = at(activation, &[f64::NAN, f64::NAN], dtype);
            assert!(y.iter().all(|y| y.is_nan()), "{name} {dtype}: {y:?}");
            if is_elementwise(name) {
                let (y, _) = at(activation, &[1.5, f64::NAN, -1.5], dtype);
                let nan: Vec<bool> = y.iter().map(|y| y.is_nan()).collect();
                assert_eq!(nan, [false, true, false], "{name} {dtype}");
            }
        }
    }
}

/// Least and largest value, which the grid meets to 1e-3.
#[test]
fn ranges_are_what_the_docs_say() {
    const ALL: f64 = f64::INFINITY;
    let ranges = [
        ("binary_step", 0.0, 1.0),
        ("relu", 0.0, ALL),
        ("relu6", 0.0, 6.0),
        ("relu_with(0, 4, 1)", 0.0, 4.0),
        ("elu(0.7)", -0.7, ALL),
        ("celu(0.7)", -0.7, ALL),
        ("selu", -1.0507009873554805 * 1.6732632423543772, ALL),
        ("sigmoid", 0.0, 1.0),
        ("hard_sigmoid", 0.0, 1.0),
        ("sparse_sigmoid", 0.0, 1.0),
        ("log_sigmoid", -ALL, 0.0),
        ("tanh", -1.0, 1.0),
        ("hard_tanh(-2, 0.5)", -2.0, 0.5),
        ("softsign", -1.0, 1.0),
        ("gelu", -0.17, ALL),
        ("silu", -0.2784645427610738, ALL),
        ("swish(2)", -0.1392322713805369, ALL),
        ("hard_swish", -0.375, ALL),
        ("mish", -0.30884, ALL),
        ("softplus", 0.0, ALL),
        ("softplus_with(3, 20)", 0.0, ALL),
        ("squareplus", 0.0, ALL),
        ("sparse_plus", 0.0, ALL),
        ("exponential", 0.0, ALL),
        ("gaussian", 0.0, 1.0),
        ("sinusoid", -1.0, 1.0),
        ("shifted_quadratic", -0.25, ALL),
        ("shifted_sinc", -0.68246, std::f64::consts::PI),
        ("decaying_sine", -1.63641, 1.63641),
        ("softmax", 0.0, 1.0),
        ("softmin", 0.0, 1.0),
        ("sparsemax", 0.0, 1.0),
    ];
    let x = grid(-2000.0, 2000.0, 400_000);
    // Where it doesn't overflow, and where one of a row can be nearly all.
    let far = grid(-700.0, 700.0, 140_000);
    let few = grid(-2000.0, 2000.0, 9);
    for (text, low, high) in ranges {
        let activation: Activation = text.parse().unwrap();
        let x = match text {
            "exponential" => &far,
            "softmax" | "softmin" | "sparsemax" => &few,
            _ => &x,
        };
        let (y, _) = at(activation, x, DType::F64);
        let least = y.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let below = if low.is_finite() { (low - 1e-4..low + 1e-3).contains(&least) } else { least < -600.0 };
        let above =
            if high.is_finite() { (high - 1e-3..high + 1e-4).contains(&largest) } else { largest > 600.0 };
        assert!(below && above, "{text}: {least} to {largest}");
    }
}

/// Relative to the value, and to what a last digit of the input makes of it; where terms of the size of 1 cancel, to 1.
#[test]
fn f32_is_near_f64() {
    const OF_ONE: &[&str] = &["gelu", "gelu_tanh", "tanh_shrink", "shifted_sinc", "decaying_sine"];
    let x: Vec<f64> = grid(-20.0, 20.0, 4000).into_iter().map(|x| f64::from(x as f32)).collect();
    for &(name, activation) in Activation::ALL {
        // Other random numbers are random numbers.
        if name == "rrelu" {
            continue;
        }
        let ((narrow, _), (wide, slope)) = (at(activation, &x, DType::F32), at(activation, &x, DType::F64));
        for (i, (a, b)) in narrow.iter().zip(&wide).enumerate() {
            let of_input = if is_elementwise(name) { (x[i] * slope[i]).abs() } else { 1.0 };
            let of_one = if OF_ONE.contains(&name) { x[i].abs().max(1.0) } else { 0.0 };
            let within = 1e-6 * (b.abs() + of_input + of_one) + f64::from(f32::MIN_POSITIVE);
            assert!((a - b).abs() <= within, "{name} at {}: {a:e} is not {b:e}", x[i]);
        }
    }
}

#[test]
fn slopes_at_the_kinks() {
    for (text, x, slope) in [
        ("relu", 0.0, 0.0),
        ("relu6", 6.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("elu(0.7)", 0.0, 0.7),
        ("celu(0.7)", 0.0, 1.0),
        ("softplus", 0.0, 0.5),
        ("squareplus", 0.0, 0.5),
        ("squareplus", -0.0, 0.5),
        ("softsign", 0.0, 1.0),
        ("hard_tanh", 1.0, 0.0),
        ("hard_shrink", 0.5, 0.0),
        ("soft_shrink", -0.5, 0.0),
        ("threshold(0.5, 1)", 0.5, 0.0),
        ("relu_with(0.1, 6, 1)", 1.0, 0.1),
        ("relu_with(0.1, 6, 1)", 6.0, 0.0),
        ("binary_step_straight", 0.0, 1.0),
        ("binary_step_straight", 1.0, 0.0),
        ("binary_step_straight(inf)", 1e4, 1.0),
        ("binary_step", 0.0, 0.0),
        ("sinc", 0.0, 0.0),
    ] {
        let (_, found) = at(text.parse().unwrap(), &[x], DType::F64);
        assert_eq!(found, [slope], "{text} at {x}");
    }
}

#[test]
fn every_name_is_read_back() {
    for &(name, activation) in Activation::ALL {
        assert_eq!(activation.to_string().parse(), Ok(activation), "{activation}");
        // "swish" alone is silu, which is the same function.
        let expected = if name == "swish" { Activation::Silu } else { activation };
        for text in [name.to_owned(), name.to_uppercase(), name.replace('_', "")] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }
    for (text, expected) in [
        ("linear", Activation::Identity),
        ("hard_silu", Activation::HardSwish),
        ("Softmax2d", Activation::SoftmaxAlong(-3)),
        ("LeakyReLU( 0.2 )", Activation::LeakyRelu(0.2)),
        ("hardtanh(-2, 3)", Activation::HardTanh(-2.0, 3.0)),
        ("swish(1.5)", Activation::Swish(1.5)),
        ("relu()", Activation::Relu),
        ("softmax_along(1)", Activation::SoftmaxAlong(1)),
    ] {
        assert_eq!(Activation::try_from(text), Ok(expected), "{text}");
    }
    for (text, part) in [
        ("rely", "`rely` is no activation: there are identity, "),
        ("", "`` is no activation"),
        ("leaky_relu(", "is no activation"),
        ("leaky_relu(a)", "`leaky_relu(a)` has other parameters than, for example, LeakyRelu(0.01)"),
        ("relu(1)", "has other parameters than, for example, Relu"),
        ("hardtanh(1)", "HardTanh(-1, 1)"),
        ("glu(0.5)", "Glu(-1)"),
    ] {
        let error = text.parse::<Activation>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// PyTorch's `calculate_gain`.
#[test]
fn gains_are_those_of_pytorch() {
    for (text, gain) in [
        ("linear", 1.0),
        ("sigmoid", 1.0),
        ("tanh", 5.0 / 3.0),
        ("relu", 2f64.sqrt()),
        ("leaky_relu", (2.0f64 / 1.0001).sqrt()),
        ("leaky_relu(2)", 0.4f64.sqrt()),
        ("selu", 0.75),
    ] {
        assert_eq!(text.parse::<Activation>().unwrap().gain(), gain, "{text}");
    }
}

#[test]
fn random_slopes_are_between_their_limits() {
    let mean = (1.0 / 8.0 + 1.0 / 3.0) / 2.0;
    let (y, slope) = at(Activation::RRELU, &[-1.0; 10_000], DType::F64);
    assert!(slope.iter().all(|a| (0.125..=1.0 / 3.0).contains(a)));
    assert!(y.iter().zip(&slope).all(|(y, a)| *y == -a));
    let found = slope.iter().sum::<f64>() / 1e4;
    assert!((found - mean).abs() < 5.0 * (1.0 / 3.0 - 0.125) / 1200f64.sqrt() / 10.0, "{found}");
    assert!(slope.iter().any(|a| *a < 0.13) && slope.iter().any(|a| *a > 0.32));

    let tape = Tape::new().inference();
    let y = Activation::RRELU.forward(tape.var([-2.0, 0.0, 3.0]));
    assert_eq!(y.value().unwrap().to_f64(), [-2.0 * mean, 0.0, 3.0]);
}

#[test]
fn layers_begin_as_documented() {
    let mut params = Params::seeded(3);
    let mut root = params.root();
    PRelu::new(&mut root.sub("one"));
    PRelu::per_channel(&mut root.sub("each"), 3);
    let maxout = Maxout::new(&mut root.sub("maxout"), 4, 3, 2);
    let gated = GatedLinear::new(&mut root.sub("gated"), 4, 3);
    let rbf = Rbf::new(&mut root.sub("rbf"), 2, 5, RadialBasis::default());
    let spline = Rbf::new(&mut root.sub("spline"), 2, 5, RadialBasis::PolyharmonicSpline(2));
    assert_eq!((maxout.pieces(), maxout.maps().outputs(), gated.maps().outputs()), (2, 6, 6));
    assert_eq!((rbf.count(), rbf.widths().is_some(), spline.widths().is_none()), (5, true, true));
    let shapes: Vec<String> =
        params.iter().map(|(name, _, tensor)| format!("{name} {}", tensor.shape())).collect();
    assert_eq!(
        shapes,
        [
            "one.weight [1]",
            "each.weight [3]",
            "maxout.weight [6, 4]",
            "maxout.bias [6]",
            "gated.weight [6, 4]",
            "gated.bias [6]",
            "rbf.centers [5, 2]",
            "rbf.widths [5]",
            "spline.centers [5, 2]",
        ]
    );
    assert_eq!(params.get("each.weight").unwrap().to_f64(), [0.25; 3]);
    assert_eq!(params.get("rbf.widths").unwrap().to_f64(), [1.0; 5]);
    assert!(params.get("maxout.weight").unwrap().to_f64().iter().all(|w| w.abs() <= 0.5));
}

#[test]
fn one_slope_serves_any_shape() {
    let mut params = Params::seeded(0);
    let layer = PRelu::init(&mut params.root(), 1, Init::constant(0.5));
    let tape = Tape::with(&params);
    for (x, expected) in [
        (Tensor::from(-2.0f32), vec![-1.0]),
        (Tensor::from_vec(vec![-2.0f32, 4.0], [1, 1, 2]).unwrap(), vec![-1.0, 4.0]),
    ] {
        let y = layer.forward(tape.var(&x));
        assert_eq!(y.shape(), *x.shape());
        assert_eq!(y.value().unwrap().to_f64(), expected);
    }
}

/// What is above 0 says nothing about the slope, even where it is infinite.
#[test]
fn a_slope_is_learned_from_what_is_below_zero() {
    let mut params = Params::seeded(0);
    let layer = PRelu::new(&mut params.root());
    let tape = Tape::with(&params);
    let x = tape.var([f32::INFINITY, 2.0, -3.0]);
    let y = layer.forward(x);
    let slope = tape.param(layer.weight());
    assert_eq!(y.value().unwrap().to_f64(), [f64::INFINITY, 2.0, -0.75]);
    assert_eq!(tape.grad(y.sum(..), slope).value().unwrap().to_f64(), [-3.0]);
    assert_eq!(tape.grad(y.sum(..), x).value().unwrap().to_f64(), [1.0, 1.0, 0.25]);
}

/// At a centre, every basis has its value and all derivatives are finite.
#[test]
fn radial_bases_at_a_center() {
    use RadialBasis::*;
    for (basis, value) in [
        (Gaussian, 1.0),
        (Multiquadric, 2.0),
        (InverseMultiquadric, 0.5),
        (InverseQuadratic, 1.0),
        (PolyharmonicSpline(1), 0.0),
        (PolyharmonicSpline(2), 0.0),
        (PolyharmonicSpline(3), 0.0),
    ] {
        let mut params = Params::seeded(0);
        let layer = Rbf::init(&mut params.root(), 2, 1, basis, Init::constant(0.5), Init::constant(-2.0));
        let tape = Tape::with(&params);
        let x = tape.var([[0.5f32, 0.5], [1e4, -1e4]]);
        let y = layer.forward(x);
        let first = tape.grad(y.sum(..), x);
        let second = tape.grad(first.sum(..), x);
        let found = tape.values(&[y, first, second]).unwrap();
        assert_eq!(found[0].to_f64()[0], value, "{basis:?}");
        assert_eq!(found[1].to_f64()[..2], [0.0, 0.0], "{basis:?}");
        assert!(found.iter().flat_map(Tensor::to_f64).all(|y| y.is_finite()), "{basis:?}: {found:?}");
    }
}

#[test]
fn mistakes_name_the_layer() {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let prelu = PRelu::per_channel(&mut root.sub("act"), 3);
    let maxout = Maxout::new(&mut root.sub("maxout"), 4, 3, 2);
    let gated = GatedLinear::new(&mut root.sub("gated"), 4, 3);
    let rbf = Rbf::new(&mut root.sub("rbf"), 2, 5, RadialBasis::Gaussian);
    let cases: [(&dyn Layer, Tensor, &[&str]); 8] = [
        (
            &prelu,
            Tensor::from([[1.0f32, 2.0]]),
            &["PRelu: layer `act` (made at", "takes 3 channels on axis 1, not 2"],
        ),
        (&prelu, Tensor::from([1.0f32, 2.0]), &["layer `act`", "axis 1, there is no such axis"]),
        (&prelu, Tensor::from([[1.0, 2.0, 3.0]]), &["layer `act`", "f32 parameters, but its input is f64"]),
        (&maxout, Tensor::from([[1.0f32, 2.0]]), &["Maxout: layer `maxout`", "rows of 4 elements, not 2"]),
        (&gated, Tensor::from([[1.0f32, 2.0]]), &["GatedLinear: layer `gated`", "rows of 4 elements, not 2"]),
        (&rbf, Tensor::from([[1.0f32]]), &["Rbf: layer `rbf`", "rows of 2 elements, not 1"]),
        (&rbf, Tensor::from(1.0f32), &["layer `rbf`", "not a scalar"]),
        (&rbf, Tensor::from([[1i64, 2]]), &["layer `rbf`", "its input is i64"]),
    ];
    for (layer, x, parts) in cases {
        let tape = Tape::with(&params);
        assert!(layer.forward(tape.var(&x)).is_poisoned());
        let message = tape.check().unwrap_err().to_string();
        parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` is not in:\n{message}"));
    }

    let made = |make: fn(&mut chainrule_tape::Scope)| {
        let mut params = Params::seeded(0);
        make(&mut params.root().sub("here"));
        params.check().unwrap_err().to_string()
    };
    for (message, part) in [
        (made(|at| drop(PRelu::per_channel(at, 0))), "no channels"),
        (made(|at| drop(Maxout::new(at, 4, 3, 0))), "0 pieces"),
        (made(|at| drop(Rbf::new(at, 0, 3, RadialBasis::Gaussian))), "0 dimensions"),
        (made(|at| drop(Rbf::new(at, 2, 3, RadialBasis::PolyharmonicSpline(0)))), "order 0"),
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn wrong_parameters_are_mistakes() {
    for (text, part) in [
        ("rrelu(0.5, 0.1)", "rrelu: there is no slope between 0.5 and 0.1"),
        ("hard_tanh(1, -1)", "hardtanh: nothing is between 1 and -1"),
        ("soft_shrink(-1)", "softshrink: lambda is 0 or more, not -1"),
        ("celu(0)", "celu: an alpha of 0 makes no curve"),
        ("softplus_with(0, 20)", "softplus_with: beta is positive, not 0"),
        ("squareplus(-1)", "squareplus: b is positive, not -1"),
        ("glu(3)", "glu: there is no axis 3"),
        ("swiglu(0)", "swiglu: 3 elements have no halves"),
        ("softmax_along(5)", "softmax: "),
    ] {
        let tape = Tape::new();
        text.parse::<Activation>().unwrap().forward(tape.var([1.0, 2.0, 3.0]));
        let message = tape.check().unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
    let tape = Tape::new();
    tape.var([1.0, 2.0, 3.0]).maxout(2, 0);
    assert!(
        tape.check().unwrap_err().to_string().starts_with("maxout: 3 elements can't be cut into pieces of 2")
    );
    let tape = Tape::new();
    tape.var([1.0, 2.0, 3.0]).straight_through(tape.var([1.0]));
    assert!(tape.check().unwrap_err().to_string().starts_with("straight_through: the value is [1]"));
}

/// A mistake in what a layer gets is found at the line that called it.
#[test]
fn mistakes_name_the_caller() {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let prelu = PRelu::per_channel(&mut root.sub("act"), 3);
    let maxout = Maxout::new(&mut root.sub("maxout"), 4, 3, 2);
    let gated = GatedLinear::new(&mut root.sub("gated"), 4, 3);
    let rbf = Rbf::new(&mut root.sub("rbf"), 3, 5, RadialBasis::Gaussian);
    let check = |tape: &Tape, line: u32| {
        let (message, place) = (tape.check().unwrap_err().to_string(), format!("--> {}:{line}:", file!()));
        assert!(message.contains(&place), "`{place}` is not in:\n{message}");
    };
    let tapes: [Tape; 5] = std::array::from_fn(|_| Tape::with(&params));
    let x = |i: usize| tapes[i].var([[1.0f32]]);
    let lines = [
        (line!(), prelu.forward(x(0))),
        (line!(), maxout.forward(x(1))),
        (line!(), gated.forward(x(2))),
        (line!(), rbf.forward(x(3))),
        (line!(), Activation::SwiGlu(1).apply(x(4))),
    ];
    lines.iter().zip(&tapes).for_each(|((line, _), tape)| check(tape, *line));
}

/// What is before a step can't be learned, and that is said; through the straight one it can.
#[test]
fn a_step_cuts_the_gradient_and_says_so() {
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let layer = chainrule_nn::Linear::new(&mut params.root().sub("out"), 1, 1);
    for (activation, learns) in
        [(Activation::BinaryStep, false), (Activation::BinaryStepStraight(f64::INFINITY), true)]
    {
        let tape = Tape::with(&params);
        let x = tape.var([[1.0], [-2.0]]);
        match tape.param_grads(activation.forward(layer.forward(x)).mean(..)) {
            Ok(grads) => assert!(learns && grads.len() == 2),
            Err(error) => {
                let place = format!("out.weight: its path to the loss is cut by le\n    --> {}", file!());
                assert!(!learns && error.to_string().contains(&place), "{error}");
            }
        }
    }
}
