//! The distributions of first values, by their moments. The seeds are fixed and the bounds are five standard errors, so
//! that a wrong variance, shape of distribution or fan fails, and chance does not.

use super::draw;
use chainrule_nn::{Activation, Distribution, Fan, Init, Linear};
use chainrule_tape::{DType, Params};

const COUNT: usize = 250_000;

struct Moments {
    mean: f64,
    variance: f64,
    skewness: f64,
    kurtosis: f64,
}

fn moments(values: &[f64]) -> Moments {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let central = |k: i32| values.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
    let variance = central(2);
    Moments {
        mean,
        variance,
        skewness: central(3) / variance.powf(1.5),
        kurtosis: central(4) / variance.powi(2),
    }
}

/// A uniform distribution has the kurtosis 9/5, a normal one 3; neither is skewed.
fn assert_moments(what: &str, values: &[f64], mean: f64, variance: f64, uniform: bool) {
    let found = moments(values);
    let n = values.len() as f64;
    let std = variance.sqrt();
    assert!((found.mean - mean).abs() < 5.0 * std / n.sqrt(), "{what}: mean {}", found.mean);
    // The standard error of the variance is σ²·√((kurtosis - 1) / n), those of the others are for this n.
    let (kurtosis, relative, slack) = if uniform { (1.8, 0.8f64, 0.01) } else { (3.0, 2.0, 0.05) };
    let bound = 5.0 * (relative / n).sqrt();
    assert!(
        (found.variance / variance - 1.0).abs() < bound,
        "{what}: variance {} for {variance}",
        found.variance
    );
    assert!(found.skewness.abs() < 0.025, "{what}: skewness {}", found.skewness);
    assert!((found.kurtosis - kurtosis).abs() < slack, "{what}: kurtosis {}", found.kurtosis);
}

#[test]
fn constants() {
    assert_eq!(draw(Init::zeros(), &[3]), [0.0; 3]);
    assert_eq!(draw(Init::ones(), &[2, 2]), [1.0; 4]);
    assert_eq!(draw(Init::constant(-0.5), &[]), [-0.5]);
}

#[test]
fn uniform_and_normal() {
    let values = draw(Init::uniform(-1.0, 3.0), &[COUNT]);
    assert_moments("uniform", &values, 1.0, 16.0 / 12.0, true);
    assert!(values.iter().all(|&x| (-1.0..3.0).contains(&x)));
    assert!(values.iter().any(|&x| x < -0.999) && values.iter().any(|&x| x > 2.999));

    let values = draw(Init::normal(2.0, 0.5), &[COUNT]);
    assert_moments("normal", &values, 2.0, 0.25, false);
    // 0.27% of a normal distribution lie beyond three standard deviations.
    let far = values.iter().filter(|&&x| (x - 2.0).abs() > 1.5).count() as f64;
    assert!((far / COUNT as f64 - 0.0027).abs() < 0.0005, "{far}");
}

/// The two halves of Box and Muller's pairs are independent.
#[test]
fn normal_numbers_are_uncorrelated() {
    let values = draw(Init::normal(0.0, 1.0), &[COUNT]);
    for lag in 1..4 {
        let sum: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum();
        assert!((sum / COUNT as f64).abs() < 5.0 / (COUNT as f64).sqrt(), "lag {lag}: {sum}");
    }
}

#[test]
fn an_odd_number_of_normal_numbers() {
    let values = draw(Init::normal(0.0, 1.0), &[3]);
    assert!(values.iter().all(|x| *x != 0.0 && x.is_finite()), "{values:?}");
}

#[test]
fn variances_come_from_the_fans() {
    let shape = [250, 1000];
    for (name, init, variance, uniform) in [
        ("xavier uniform", Init::xavier_uniform(), 2.0 / 1250.0, true),
        ("xavier normal", Init::xavier_normal(), 2.0 / 1250.0, false),
        ("kaiming uniform", Init::kaiming_uniform(), 2.0 / 1000.0, true),
        ("kaiming normal", Init::kaiming_normal(), 2.0 / 1000.0, false),
        ("lecun uniform", Init::lecun_uniform(), 1.0 / 1000.0, true),
        ("kaiming by outputs", Init::kaiming_normal().fan(Fan::Out), 2.0 / 250.0, false),
        ("gain 3", Init::xavier_uniform().gain(3.0), 9.0 * 2.0 / 1250.0, true),
        ("before tanh", Init::xavier_normal().before(Activation::Tanh), 25.0 / 9.0 * 2.0 / 1250.0, false),
        (
            "before leaky relu",
            Init::kaiming_normal().before(Activation::LeakyRelu(0.5)),
            2.0 / 1.25 / 1000.0,
            false,
        ),
    ] {
        assert_moments(name, &draw(init, &shape), 0.0, variance, uniform);
    }
    // A convolution from 10 to 100 channels with a 5 by 50 kernel.
    let values = draw(Init::kaiming_normal(), &[100, 10, 5, 50]);
    assert_moments("convolution", &values, 0.0, 2.0 / 2500.0, false);
    // No fan scales these.
    assert_eq!(Init::uniform(0.0, 1.0).gain(2.0), Init::uniform(0.0, 1.0));
    assert_eq!(Init::zeros().fan(Fan::Out), Init::zeros());
}

/// Cut off at two standard deviations of a wider normal distribution, so that the variance is what the rule says.
#[test]
fn keras_rules_are_truncated() {
    let shape = [250, 1000];
    for (name, init, variance) in [
        ("glorot normal", Init::glorot_normal(), 2.0 / 1250.0),
        ("he normal", Init::he_normal(), 2.0 / 1000.0),
        ("lecun normal", Init::lecun_normal(), 1.0 / 1000.0),
        ("variance scaling", scaling(2.0, Fan::Out), 2.0 / 250.0),
    ] {
        let values = draw(init, &shape);
        let found = moments(&values);
        let std = f64::sqrt(variance);
        assert!(found.mean.abs() < 5.0 * std / 500.0, "{name}: mean {}", found.mean);
        assert!((found.variance / variance - 1.0).abs() < 0.01, "{name}: variance {}", found.variance);
        let bound = 2.0 * std / 0.879_625_661_034_24;
        let largest = values.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        assert!(largest <= bound && largest > 0.999 * bound, "{name}: {largest} for {bound}");
    }
    assert_eq!(scaling(1.0, Fan::In), Init::lecun_normal());
    assert_eq!(Init::glorot_uniform(), Init::xavier_uniform());
    assert_eq!(Init::he_uniform(), Init::kaiming_uniform());
}

fn scaling(scale: f64, fan: Fan) -> Init {
    Init::variance_scaling(scale, fan, Distribution::TruncatedNormal)
}

#[test]
fn uniform_rules_have_their_bounds() {
    let largest = |init| draw(init, &[500, 500]).into_iter().fold(0.0f64, |a, x| a.max(x.abs()));
    for (init, bound) in [
        (Init::xavier_uniform(), (6.0f64 / 1000.0).sqrt()),
        (Init::he_uniform(), (6.0f64 / 500.0).sqrt()),
        (Init::lecun_uniform(), (3.0f64 / 500.0).sqrt()),
    ] {
        let found = largest(init);
        assert!(found <= bound && found > 0.999 * bound, "{init:?}: {found} for {bound}");
    }
}

/// With He's rule before rectifiers, a signal keeps its mean square through 20 layers.
#[test]
fn he_keeps_the_size_of_a_signal() {
    let mut params = Params::seeded(3);
    let mut root = params.root();
    let layers: Vec<Linear> =
        (0..20).map(|i| Linear::init(&mut root.sub(i), 200, 200, Init::he_normal(), None)).collect();
    let tape = chainrule_tape::Tape::with(&params);
    let x = tape.normal([100, 200], DType::F32);
    let size = |x: chainrule_tape::Var| x.square().mean(..).item().unwrap();
    let mut y = x;
    for layer in &layers {
        y = chainrule_nn::Layer::forward(layer, y.relu());
    }
    let ratio = size(y) / size(x);
    // A gain of 1 would give a factor of 2⁻²⁰.
    assert!((0.1..10.0).contains(&ratio), "{ratio}");
}

#[test]
fn the_linear_layer_begins_as_pytorch_has_it() {
    let mut params = Params::seeded(5);
    Linear::new(&mut params.root().sub("a"), 400, 600);
    let values = params.get("a.weight").unwrap().to_f64();
    assert_moments("weight", &values, 0.0, 1.0 / 400.0 / 3.0, true);
    assert!(values.iter().all(|x| x.abs() <= 1.0 / 20.0));
    let bias = params.get("a.bias").unwrap().to_f64();
    assert!(bias.iter().all(|x| x.abs() <= 1.0 / 20.0) && bias.iter().any(|x| x.abs() > 0.049));
}

#[test]
fn the_same_seed_and_name_give_the_same_values() {
    let make = |seed: u64, dtype: DType, before: bool| {
        let mut params = Params::seeded(seed).with_dtype(dtype);
        if before {
            Linear::new(&mut params.root().sub("first"), 5, 5);
        }
        Linear::new(&mut params.root().sub("second"), 3, 4);
        params.get("second.weight").unwrap().clone()
    };
    let weight = make(1, DType::F64, false);
    assert_eq!(weight, make(1, DType::F64, true), "another layer changes nothing");
    assert_eq!(weight.cast(DType::F32), make(1, DType::F32, false), "f32 is f64, rounded");
    assert_ne!(weight, make(2, DType::F64, false), "another seed changes all");
}
