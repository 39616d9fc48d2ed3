//! Whole training steps against PyTorch's numbers.

#[allow(dead_code)]
#[path = "../examples/steps/workloads.rs"]
mod workloads;

use approx::relative_eq;
use chainrule::prelude::*;
use std::collections::HashMap;
use workloads::{Data, STANDARD, Workload, workload};

/// The integers behind a deterministic tensor of the golden file (its head has the formula).
fn hashed(tensor: u32, count: usize) -> impl Iterator<Item = u32> {
    (0..count as u32).map(move |k| {
        let mut h = 0x9E37_79B1u32
            .wrapping_mul(k)
            .wrapping_add(0x85EB_CA77u32.wrapping_mul(tensor))
            .wrapping_add(0xC2B2_AE3D);
        h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
        h ^ (h >> 15)
    })
}

/// Tensor number `tensor`: values from -1 to 1.
fn formula(tensor: u32, count: usize) -> Vec<f64> {
    hashed(tensor, count).map(|h| h as f64 / 2f64.powi(31) - 1.0).collect()
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

/// How the weights of a workload begin: name, and what is done to the formula's numbers. Listed in the file's comments.
fn beginnings(workload: &str) -> Vec<(String, String)> {
    let head = format!("# {workload}:");
    let lines = include_str!("golden/steps.txt").lines().skip_while(|line| !line.starts_with(&head));
    let comments =
        lines.take_while(|line| line.starts_with('#')).filter_map(|line| line.strip_prefix("#     "));
    let parse = |line: &str| {
        let (name, rest) = line.split_once(" [")?;
        Some((name.to_owned(), rest.split_once("] ")?.1.to_owned()))
    };
    comments.filter_map(parse).collect()
}

/// The weights of the golden file, in its order.
fn set_weights(name: &str, params: &mut Params) {
    let own: Vec<(String, Shape)> = params
        .iter()
        .filter(|(_, kind, _)| *kind == chainrule::Kind::Trainable)
        .map(|(name, _, tensor)| (name.to_owned(), tensor.shape().clone()))
        .collect();
    let listed = beginnings(name);
    assert_eq!(own.len(), listed.len(), "{name}: as many weights as listed");
    for (number, ((own, shape), (_, how))) in (2..).zip(own.into_iter().zip(listed)) {
        let scaled =
            |scale: &dyn Fn(f64) -> f64| formula(number, shape.numel()).into_iter().map(scale).collect();
        let number_of = |text: &str| text.parse::<f64>().expect("a number");
        let values: Vec<f64> = match how.split_once(' ').expect("an operation") {
            ("=", fill) => vec![number_of(fill); shape.numel()],
            (_, factor) => match factor.strip_prefix("1/sqrt(") {
                Some(n) => {
                    let root = number_of(n.trim_end_matches(')')).sqrt();
                    scaled(&|u| u / root)
                }
                None => {
                    let factor = number_of(factor);
                    scaled(&|u| u * factor)
                }
            },
        };
        params.set(&own, as_kept(&own, values, &shape)).expect("the same shape");
    }
}

/// The golden file has the weights of linear maps, the recurrent ones too, as `[inputs, outputs]`.
fn as_kept(name: &str, values: Vec<f64>, shape: &Shape) -> Tensor {
    let linear = shape.rank() == 2 && name.contains("weight") && !name.starts_with("token");
    let file = if linear { Shape::from([shape[1], shape[0]]) } else { shape.clone() };
    let tensor = Tensor::from_vec(values, file).expect("as many values");
    if linear { Tape::new().var(tensor).t().value().expect("a matrix") } else { tensor }
}

fn data(tensor: u32, data: Data) -> Tensor {
    let numel = |shape: &[usize]| shape.iter().product();
    let made = match data {
        Data::Numbers(shape) => Tensor::from_vec(formula(tensor, numel(shape)), shape),
        Data::Bits(shape) => {
            let bit = |u: f64| if u > 0.0 { 1.0 } else { 0.0 };
            let bits: Vec<f64> = formula(tensor, numel(shape)).into_iter().map(bit).collect();
            Tensor::from_vec(bits, shape)
        }
        Data::Classes(count, shape) => {
            let class = |h: u32| (h as i64 * count) >> 32;
            Tensor::from_vec(hashed(tensor, numel(shape)).map(class).collect::<Vec<i64>>(), shape)
        }
    };
    made.expect("as many values")
}

fn check(name: &str) {
    let golden = golden();
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let Workload { x, y, mut step } = workload(name, &mut params).expect("a workload");
    set_weights(name, &mut params);
    let (x, y) = (data(0, x), data(1, y));
    let losses = &golden[&format!("{name}.loss")];
    for (i, &expected) in losses.iter().enumerate() {
        if i + 1 == losses.len() {
            let squares: Vec<f64> = params
                .iter()
                .filter(|(_, kind, _)| *kind == chainrule::Kind::Trainable)
                .map(|(_, _, tensor)| tensor.to_f64().iter().map(|x| x * x).sum())
                .collect();
            let listed = &golden[&format!("{name}.square")];
            assert_eq!(squares.len(), listed.len());
            for (a, b) in squares.iter().zip(listed) {
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
    assert_eq!(hashed(1, 8).map(|h| ((h as u64 * 65) >> 32) as f64).collect::<Vec<_>>(), golden["c1"]);
}

#[test]
fn losses_and_weights_are_pytorchs() {
    for name in STANDARD {
        check(name);
    }
}
