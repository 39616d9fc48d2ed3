//! Dropout of all kinds, and noise: rates, scales and moments in training; nothing in use.

use chainrule_nn::{
    AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout, GaussianDropout,
    GaussianNoise, Layer,
};
use chainrule_tape::{DType, Tape, Var};

const COUNT: usize = 100_000;
const ALL: [&dyn Layer; 8] = [
    &Dropout::new(0.5),
    &Dropout1d::new(0.5),
    &Dropout2d::new(0.5),
    &Dropout3d::new(0.5),
    &AlphaDropout::new(0.5),
    &FeatureAlphaDropout::new(0.5),
    &GaussianDropout::new(0.5),
    &GaussianNoise::new(0.5),
];

/// An input that the layer of this number takes.
fn input(tape: &Tape, i: usize) -> Var<'_> {
    match i {
        1 => tape.normal([2, 3, 4], DType::F64),
        3 => tape.normal([2, 3, 4, 2, 2], DType::F64),
        _ => tape.normal([2, 3, 4, 2], DType::F64),
    }
}

fn values(var: Var<'_>) -> Vec<f64> {
    var.value().unwrap().to_f64()
}

fn moments(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    [mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n]
}

#[test]
fn nothing_happens_in_use() {
    for (i, layer) in ALL.into_iter().enumerate() {
        let training = Tape::new();
        let x = input(&training, i);
        assert_ne!(values(layer.forward(x)), values(x), "layer {i}");
        let tape = Tape::new().inference();
        let x = tape.var(x.value().unwrap());
        assert_eq!(values(layer.forward(x)), values(x), "layer {i}");
        assert_eq!(tape.random_ops(), 0);
    }
}

/// What is 0 in probability takes no random numbers either.
#[test]
fn nothing_happens_without_noise() {
    let none: [&dyn Layer; 6] = [
        &Dropout::new(0.0),
        &Dropout2d::new(0.0),
        &AlphaDropout::new(0.0),
        &FeatureAlphaDropout::new(0.0),
        &GaussianDropout::new(0.0),
        &GaussianNoise::new(0.0),
    ];
    let tape = Tape::new();
    let x = tape.full([2, 3, 4, 5], 1.5, DType::F64);
    for layer in none {
        assert_eq!(values(layer.forward(x)), values(x));
    }
    assert_eq!(tape.random_ops(), 0);
}

#[test]
fn noise_follows_the_seed() {
    for (i, layer) in ALL.into_iter().enumerate() {
        let draw = |seed: u64, counter: Option<i64>| {
            let tape = Tape::new();
            let x = tape.var(input(&Tape::new(), i).value().unwrap());
            tape.seed(seed);
            if let Some(counter) = counter {
                tape.count_random_by(tape.var(counter));
            }
            [layer.forward(x), layer.forward(x)].map(values)
        };
        let [first, second] = draw(1, None);
        assert_ne!(first, second, "layer {i}: each call draws others");
        assert_eq!(draw(1, None), [first.clone(), second], "layer {i}");
        assert_ne!(draw(2, None)[0], first, "layer {i}");
        assert_ne!(draw(1, Some(1)), draw(1, Some(2)), "layer {i}: each step draws others");
    }
}

#[test]
fn channels_are_dropped_as_a_whole() {
    let tape = Tape::new();
    tape.seed(3);
    for p in [0.2, 0.5, 0.9] {
        let cases: [(&dyn Layer, &[usize], usize); 5] = [
            (&Dropout1d::new(p), &[50, 200, 3], 3),
            (&Dropout1d::new(p), &[10_000, 2], 2),
            (&Dropout2d::new(p), &[50, 200, 2, 3], 6),
            (&Dropout3d::new(p), &[50, 200, 2, 1, 3], 6),
            (&Dropout3d::new(p), &[10_000, 1, 2, 2], 4),
        ];
        for (layer, shape, size) in cases {
            let x = tape.full(shape, 3.0, DType::F64);
            let y = layer.forward(x);
            let dy = values(tape.grad(y.sum(..), x));
            let y = values(y);
            let kept = 3.0 * (1.0 / (1.0 - p));
            assert!(y.chunks(size).all(|channel| channel.iter().all(|&y| y == channel[0])));
            assert!(y.iter().all(|&y| y == 0.0 || (y - kept).abs() < 1e-13));
            assert!(y.iter().zip(dy).all(|(y, dy)| (y / 3.0 - dy).abs() < 1e-13), "a mask for both ways");
            let channels = y.len() / size;
            let dropped = y.chunks(size).filter(|channel| channel[0] == 0.0).count() as f64;
            let error = (p * (1.0 - p) / channels as f64).sqrt();
            assert!((dropped / channels as f64 - p).abs() < 5.0 * error, "{shape:?}, {p}: {dropped}");
        }
    }
}

/// For an input of mean 0 and variance 1, as selu makes them.
#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    for p in [0.05, 0.3, 0.5, 0.8] {
        let tape = Tape::new();
        tape.seed(1);
        let layers: [(&dyn Layer, &[usize]); 2] =
            [(&AlphaDropout::new(p), &[COUNT]), (&FeatureAlphaDropout::new(p), &[COUNT / 10, 10, 1])];
        for (layer, shape) in layers {
            let x = tape.normal(shape, DType::F64);
            let y = layer.forward(x);
            let dy = values(tape.grad(y.sum(..), x));
            let y = values(y);
            let [mean, variance] = moments(&y);
            assert!(mean.abs() < 5.0 / (COUNT as f64).sqrt(), "{p}: mean {mean}");
            assert!((variance - 1.0).abs() < 5.0 * (4.0 / COUNT as f64).sqrt(), "{p}: variance {variance}");

            // PyTorch's formula.
            let alpha = 1.758_099_340_847_376_6;
            let a = 1.0 / ((alpha * alpha * p + 1.0) * (1.0 - p)).sqrt();
            let mut dropped = 0.0;
            for ((y, dy), x) in y.iter().zip(&dy).zip(values(x)) {
                let keep = f64::from(*dy != 0.0);
                let expected = x * keep * a + ((keep - 1.0) * alpha * a + alpha * a * p);
                assert!((y - expected).abs() < 1e-14 && (dy - keep * a).abs() < 1e-15);
                dropped += 1.0 - keep;
            }
            let error = (p * (1.0 - p) / COUNT as f64).sqrt();
            assert!((dropped / COUNT as f64 - p).abs() < 5.0 * error);
        }
    }
    let tape = Tape::new();
    let x = tape.var([[1.0, -2.0]]);
    assert!(values(AlphaDropout::new(1.0).forward(x)).iter().all(|&y| y == 0.0));
    assert!(values(FeatureAlphaDropout::new(1.0).forward(x)).iter().all(|&y| y == 0.0));
}

#[test]
fn feature_alpha_dropout_takes_whole_channels() {
    let tape = Tape::new();
    let x = tape.normal([20, 30, 2, 2], DType::F64);
    let kept = values(tape.grad(FeatureAlphaDropout::new(0.5).forward(x).sum(..), x));
    assert!(kept.chunks(4).all(|channel| channel.iter().all(|&d| d == channel[0])));
    let channels = kept.chunks(4).filter(|channel| channel[0] != 0.0).count();
    assert!((200..400).contains(&channels), "{channels}");
}

#[test]
fn gaussian_noise_has_its_moments() {
    let tape = Tape::new();
    tape.seed(2);
    let x = tape.full(COUNT, 2.0, DType::F64);
    for (rate, std) in [(0.1, 2.0 / 3.0), (0.5, 2.0), (0.8, 4.0)] {
        let y = GaussianDropout::new(rate).forward(x);
        let dx = values(tape.grad(y.sum(..), x));
        let y = values(y);
        assert!(y.iter().zip(dx).all(|(y, dx)| (y / 2.0 - dx).abs() < 1e-12), "the noise is the derivative");
        let [mean, variance] = moments(&y);
        assert!((mean - 2.0).abs() < 5.0 * std / (COUNT as f64).sqrt(), "{rate}: {mean}");
        assert!(
            (variance / (std * std) - 1.0).abs() < 5.0 * (2.0 / COUNT as f64).sqrt(),
            "{rate}: {variance}"
        );
    }
    for std in [0.1, 3.0] {
        let y = GaussianNoise::new(std).forward(x);
        assert!(values(tape.grad(y.sum(..), x)).iter().all(|&dx| dx == 1.0));
        let [mean, variance] = moments(&values(y));
        assert!((mean - 2.0).abs() < 5.0 * std / (COUNT as f64).sqrt(), "{std}: {mean}");
        assert!(
            (variance / (std * std) - 1.0).abs() < 5.0 * (2.0 / COUNT as f64).sqrt(),
            "{std}: {variance}"
        );
    }
}

/// Also where nothing would be drawn: in use.
#[test]
fn mistakes_name_the_layer_and_the_setting() {
    let mistakes: [(&dyn Layer, &[usize], &str); 12] = [
        (&Dropout1d::new(1.5), &[2, 3, 4], "Dropout1d: 1.5 is no probability"),
        (&Dropout2d::new(-0.5), &[2, 3, 4, 5], "Dropout2d: -0.5 is no probability"),
        (&Dropout1d::new(0.5), &[2], "Dropout1d: takes [n, channels, l] or [channels, l], not [2]"),
        (&Dropout2d::new(0.5), &[2, 3, 4], "Dropout2d: takes [n, channels, h, w], not [2, 3, 4]"),
        (
            &Dropout3d::new(0.5),
            &[2, 3, 4],
            "Dropout3d: takes [n, channels, d, h, w] or [channels, d, h, w], not",
        ),
        (&AlphaDropout::new(f64::NAN), &[2], "AlphaDropout: NaN is no probability"),
        (&FeatureAlphaDropout::new(2.0), &[2, 2], "FeatureAlphaDropout: 2 is no probability"),
        (&FeatureAlphaDropout::new(0.5), &[2], "FeatureAlphaDropout: takes [n, channels, …], not [2]"),
        (&GaussianDropout::new(1.0), &[2], "GaussianDropout: 1 is no rate"),
        (&GaussianDropout::new(f64::NAN), &[2], "GaussianDropout: NaN is no rate"),
        (&GaussianNoise::new(-1.0), &[2], "GaussianNoise: -1 is no standard deviation"),
        (&GaussianNoise::new(f64::NAN), &[2], "GaussianNoise: NaN is no standard deviation"),
    ];
    for (layer, shape, part) in mistakes {
        let tape = Tape::new().inference();
        assert!(layer.forward(tape.input(shape, DType::F32)).is_poisoned());
        let message = tape.check().unwrap_err().to_string();
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
    let tape = Tape::new();
    let (line, _) = (line!(), Dropout2d::new(7.0).forward(tape.input([1, 2, 3, 4], DType::F32)));
    assert!(tape.check().unwrap_err().to_string().contains(&format!("{}:{line}:", file!())));
}
