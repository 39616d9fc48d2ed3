//! The same bits for any number of threads: the number is chosen once in a process, so this test runs itself again.

use chainrule::prelude::*;
use std::process::Command;

const CHILD: &str = "CHAINRULE_TEST_THREADS_CHILD";

/// Trains a model that is large enough to be shared among threads; returns a hash of every parameter's bits.
fn train() -> u64 {
    let mut params = Params::seeded(5);
    let net = nn::Sequential::new(&mut params.root(), |net| {
        net.linear(64, 400)
            .batch_norm(400)
            .relu()
            .dropout(0.2)
            .linear(400, 400)
            .gelu()
            .layer_norm(400)
            .linear(400, 10)
    });
    let mut step =
        TrainStep::new(optim::adam(1e-3).clip_norm(1.0), |[x, labels]| net.forward(x).cross_entropy(labels));
    let data = Tape::new();
    let x = data.normal([256, 64], DType::F32).value().unwrap();
    let labels = (data.uniform([256], DType::F32) * 10.0).cast(DType::I64).value().unwrap();
    let mut hash = 0u64;
    for _ in 0..5 {
        hash = hash.rotate_left(5) ^ step.run(&mut params, [&x, &labels]).unwrap().to_bits();
    }
    hash ^= recurrence();
    for (_, _, tensor) in params.iter() {
        for x in tensor.to_f64() {
            hash = (hash.rotate_left(5) ^ x.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    hash
}

/// A loop whose steps are large enough to be shared, and its gradient; a hash of its bits.
fn recurrence() -> u64 {
    let tape = Tape::new();
    let (x, w) = (tape.normal([6, 200, 200], DType::F32), tape.normal([200, 200], DType::F32) * 0.05);
    let (last, _) = chainrule::scan(|h, x| ((h.matmul(w) + x).tanh(), ()), x.slice(0, ..1).squeeze(0), x);
    let gradient = tape.grad(last.square().mean(..), w).value().unwrap();
    gradient
        .to_f64()
        .iter()
        .fold(0, |hash: u64, x| (hash.rotate_left(5) ^ x.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[test]
fn one_two_and_four_threads_give_the_same_bits() {
    if std::env::var_os(CHILD).is_some() {
        return println!("hash {:016x}", train());
    }
    let hash = |threads: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "one_two_and_four_threads_give_the_same_bits", "--nocapture"])
            .envs([(CHILD, "1"), ("CHAINRULE_THREADS", threads)])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let hash = text.split("hash ").nth(1).unwrap_or_else(|| panic!("no hash in {text}"));
        hash[..16].to_owned()
    };
    let one = hash("1");
    assert_eq!(hash("2"), one);
    assert_eq!(hash("4"), one);
}
