//! Golden numbers, and the network that they belong to.
#![allow(dead_code)]

use chainrule_tape::{DType, Params, Tape, Tensor, Var};
use std::collections::HashMap;

/// The arrays of a golden file: lines of `key [2, 3]: 0.1 0.2 …`.
pub struct Golden(HashMap<String, Tensor>);

impl Golden {
    pub fn read(name: &str) -> Golden {
        let path = format!("{}/../../tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let array = |line: &str| {
            let (head, values) = line.split_once("]:").expect("a shape");
            let (key, shape) = head.split_once(" [").expect("a key");
            let shape: Vec<usize> =
                shape.split(',').filter(|n| !n.is_empty()).map(|n| n.trim().parse().unwrap()).collect();
            let values: Vec<f64> = values.split_whitespace().map(|x| x.parse().unwrap()).collect();
            (key.to_owned(), Tensor::from_vec(values, shape).unwrap())
        };
        Golden(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(array).collect())
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn get(&self, key: &str) -> &Tensor {
        self.0.get(key).unwrap_or_else(|| panic!("no `{key}` in the golden file"))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The configurations: what stands before `.loss`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|key| key.strip_suffix(".loss"))
    }
}

pub const WEIGHTS: [&str; 6] = ["w0", "b0", "w1", "b1", "w2", "b2"];

/// The golden file's 3-5-4-2 network.
pub fn network(golden: &Golden, dtype: DType) -> Params {
    let mut params = Params::seeded(0).with_dtype(dtype);
    for name in WEIGHTS {
        let start = golden.get(&format!("init.{name}")).cast(dtype);
        params.root().param(name, start);
    }
    params
}

/// A parameter by its name.
pub fn weight<'t>(tape: &'t Tape, name: &str) -> Var<'t> {
    let id = tape.params().and_then(|params| params.id(name)).expect("a parameter of the network");
    tape.param(id)
}

/// Its loss.
pub fn loss<'t>([x, y]: [Var<'t>; 2]) -> Var<'t> {
    let layer =
        |x: Var<'t>, i| x.matmul(weight(x.tape(), &format!("w{i}"))) + weight(x.tape(), &format!("b{i}"));
    let h = layer(layer(x, 0).tanh(), 1).tanh();
    (layer(h, 2) - y).square().mean(..)
}

/// One parameter `w`, and a loss whose gradient is the input.
pub fn line(w: &[f64]) -> Params {
    let mut params = Params::seeded(3);
    params.root().param("w", w);
    params
}

pub fn slope<'t>([x]: [Var<'t>; 1]) -> Var<'t> {
    (weight(x.tape(), "w") * x).sum(..)
}

/// `max |a - b| / max |b|`.
pub fn deviation(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let (a, b) = (a.to_f64(), b.to_f64());
    let size = b.iter().fold(0.0f64, |max, x| max.max(x.abs()));
    // Not f64::max, which would pass over a NaN.
    a.iter().zip(&b).map(|(a, b)| (a - b).abs() / size).fold(0.0, |max, x| if x <= max { max } else { x })
}
