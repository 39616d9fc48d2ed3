//! Whole training steps against PyTorch's numbers.

use approx::relative_eq;
use chainrule::nn::{BatchNorm, Linear};
use chainrule::prelude::*;
use std::collections::HashMap;

/// A deterministic tensor of the golden file: number `tensor`, values from -1 to 1 (its head has the formula).
fn formula(tensor: u32, count: usize) -> Vec<f64> {
    let word = |k: u32| {
        let mut h = 0x9E37_79B1u32
            .wrapping_mul(k)
            .wrapping_add(0x85EB_CA77u32.wrapping_mul(tensor))
            .wrapping_add(0xC2B2_AE3D);
        h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
        h ^ (h >> 15)
    };
    (0..count as u32).map(|k| word(k) as f64 / 2f64.powi(31) - 1.0).collect()
}

/// The arrays of the golden file.
fn golden() -> HashMap<String, Vec<f64>> {
    let text = include_str!("golden/steps.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parse = |line: &str| {
        let (key, values) = line.split_once(':').expect("key: values");
        let name = key.split_once(' ').expect("a shape").0.to_owned();
        (name, values.split_whitespace().map(|v| v.parse().expect("a number")).collect())
    };
    lines.map(parse).collect()
}

/// Linear layers with ReLU between them, and batch norm after each ReLU if wanted; parameters in the file's order.
struct Mlp {
    layers: Vec<(Linear, Option<BatchNorm>)>,
}

impl Mlp {
    fn new(at: &mut Scope, sizes: &[usize], norm: bool) -> Mlp {
        let last = sizes.len() - 2;
        let mut layer = |(i, pair): (usize, &[usize])| {
            let linear = Linear::new(&mut at.sub(format!("linear{i}")), pair[0], pair[1]);
            (linear, (norm && i < last).then(|| BatchNorm::new(&mut at.sub(format!("norm{i}")), pair[1])))
        };
        Mlp { layers: sizes.windows(2).enumerate().map(&mut layer).collect() }
    }

    fn forward<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        let last = self.layers.len() - 1;
        for (i, (linear, norm)) in self.layers.iter().enumerate() {
            x = linear.forward(x);
            if i < last {
                x = x.relu();
            }
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
        }
        x
    }
}

/// Params of the golden file: weights and biases by the formula, norms 1 and 0.
fn params(sizes: &[usize], norm: bool) -> (Params, Mlp) {
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let net = Mlp::new(&mut params.root(), sizes, norm);
    let named: Vec<(String, Shape)> = params
        .iter()
        .filter(|(name, ..)| !name.contains("running"))
        .map(|(n, _, t)| (n.to_owned(), t.shape().clone()))
        .collect();
    let mut inputs = sizes[0];
    for (number, (name, shape)) in (2..).zip(named) {
        if name.starts_with("norm") {
            continue;
        }
        if shape.rank() == 2 {
            inputs = shape[0];
        }
        let values = formula(number, shape.numel())
            .into_iter()
            .map(|u| u / (inputs as f64).sqrt())
            .collect::<Vec<_>>();
        params.set(&name, Tensor::from_vec(values, shape).expect("as many values")).expect("the same shape");
    }
    (params, net)
}

fn check(name: &str, sizes: &[usize], batch: usize, norm: bool) {
    let golden = golden();
    let (mut params, net) = params(sizes, norm);
    let outputs = sizes[sizes.len() - 1];
    let x = Tensor::from_vec(formula(0, batch * sizes[0]), [batch, sizes[0]]).unwrap();
    let u = formula(1, batch * outputs);
    let targets = |values: Vec<f64>| Tensor::from_vec(values, [batch, outputs]).unwrap();
    let (mut step, y) = match name {
        "xor" | "keras_bn" => {
            let y = targets(u.iter().map(|&u| if u > 0.0 { 1.0 } else { 0.0 }).collect());
            (TrainStep::new(optim::sgd(0.01).momentum(0.9), |[x, y]| net.forward(x).bce_with_logits(y)), y)
        }
        "mnist_mlp" => {
            // The class of k among 10: floor(10 h / 2^32), with h = (u + 1)·2^31.
            let class = |u: f64| (((u + 1.0) * 2f64.powi(31)) as u64 * 10) >> 32;
            let labels: Vec<i64> = formula(1, batch).into_iter().map(|u| class(u) as i64).collect();
            let labels = Tensor::from_vec(labels, [batch]).unwrap();
            (TrainStep::new(optim::adam(1e-3), |[x, y]| net.forward(x).cross_entropy(y)), labels)
        }
        _ => (TrainStep::new(optim::adam(1e-3), |[x, y]| net.forward(x).mse(y)), targets(u)),
    };
    for (i, &expected) in golden[&format!("{name}.loss")].iter().enumerate() {
        if i + 1 == golden[&format!("{name}.loss")].len() {
            let squares: Vec<f64> = params
                .iter()
                .filter(|(key, kind, _)| *kind == chainrule::Kind::Trainable && !key.contains("running"))
                .map(|(_, _, tensor)| tensor.to_f64().iter().map(|x| x * x).sum())
                .collect();
            for (a, b) in squares.iter().zip(&golden[&format!("{name}.square")]) {
                assert!(relative_eq!(*a, *b, max_relative = 1e-10), "{name}: squares {a} and {b}");
            }
        }
        let loss = step.run(&mut params, [&x, &y]).unwrap();
        assert!(
            (loss - expected).abs() <= 1e-12 * expected.abs(),
            "{name}, step {i}: {loss}, not {expected}"
        );
    }
}

#[test]
fn the_formula_is_the_files() {
    let golden = golden();
    assert_eq!(formula(0, 8), golden["u0"]);
    assert_eq!(formula(3, 8), golden["u3"]);
}

#[test]
fn losses_and_weights_are_pytorchs() {
    check("xor", &[2, 3, 2, 1], 32, false);
    check("keras_bn", &[2, 3, 2, 1], 32, true);
    check("mlp50", &[2, 50, 50, 50, 50, 1], 128, false);
    check("mlp257", &[2, 257, 257, 257, 257, 1], 128, false);
    check("mlp1025", &[2, 1025, 1025, 1025, 1025, 1], 128, false);
    check("mnist_mlp", &[784, 512, 256, 10], 128, false);
}
