//! Times one training step (forward, loss, backward, update) of standard workloads, to compare with other libraries.
//!
//! `cargo run --release --example steps [--quick] [WORKLOAD ...]` prints a line for each:
//! `NAME MEDIAN us (min M) loss L`. The number of threads is that of `CHAINRULE_THREADS`.

use chainrule::nn::{BatchNorm, Linear};
use chainrule::prelude::*;
use std::process::ExitCode;
use std::time::Instant;

const WORKLOADS: [&str; 6] = ["xor", "keras_bn", "mlp50", "mlp257", "mlp1025", "mnist_mlp"];

/// Linear layers with ReLU between them, and batch norm after each ReLU if wanted.
struct Mlp {
    linear: Vec<Linear>,
    norm: Vec<BatchNorm>,
}

impl Mlp {
    fn new(at: &mut Scope, sizes: &[usize], norm: bool) -> Mlp {
        let layers = sizes.windows(2).enumerate();
        let linear = layers
            .map(|(i, pair)| Linear::new(&mut at.sub(format!("linear{i}")), pair[0], pair[1]))
            .collect();
        let hidden = sizes[1..sizes.len() - 1].iter().enumerate().filter(|_| norm);
        let norm = hidden.map(|(i, &n)| BatchNorm::new(&mut at.sub(format!("norm{i}")), n)).collect();
        Mlp { linear, norm }
    }

    fn forward<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for (i, linear) in self.linear.iter().enumerate() {
            x = linear.forward(x);
            if i + 1 < self.linear.len() {
                x = x.relu();
            }
            if let Some(norm) = self.norm.get(i) {
                x = norm.forward(x);
            }
        }
        x
    }
}

#[derive(Clone, Copy)]
enum Loss {
    Mse,
    BceWithLogits,
    CrossEntropy,
}

/// A model with its data and loss. Binary classifiers train by SGD with momentum, the others by Adam.
struct Workload {
    sizes: Vec<usize>,
    norm: bool,
    batch: usize,
    loss: Loss,
}

fn workload(name: &str) -> Option<Workload> {
    let wide = |n| (vec![2, n, n, n, n, 1], false, 128, Loss::Mse);
    let (sizes, norm, batch, loss) = match name {
        "xor" => (vec![2, 3, 2, 1], false, 32, Loss::BceWithLogits),
        "keras_bn" => (vec![2, 3, 2, 1], true, 32, Loss::BceWithLogits),
        "mlp50" => wide(50),
        "mlp257" => wide(257),
        "mlp1025" => wide(1025),
        "mnist_mlp" => (vec![784, 512, 256, 10], false, 128, Loss::CrossEntropy),
        _ => return None,
    };
    Some(Workload { sizes, norm, batch, loss })
}

/// Random inputs, and labels or targets that belong to the loss.
fn data(work: &Workload) -> chainrule::Result<(Tensor, Tensor)> {
    let tape = Tape::new();
    let outputs = work.sizes[work.sizes.len() - 1];
    let x = tape.normal([work.batch, work.sizes[0]], DType::F32).value()?;
    let uniform = |shape: &[usize]| tape.uniform(shape, DType::F32);
    let y = match work.loss {
        Loss::Mse => tape.normal([work.batch, outputs], DType::F32),
        Loss::BceWithLogits => uniform(&[work.batch, outputs]).gt(0.5).cast(DType::F32),
        Loss::CrossEntropy => (uniform(&[work.batch]) * outputs as f64).cast(DType::I64),
    };
    Ok((x, y.value()?))
}

fn time(name: &str, work: Workload, quick: bool) -> chainrule::Result<()> {
    let (x, y) = data(&work)?;
    let mut params = Params::seeded(0);
    let net = Mlp::new(&mut params.root(), &work.sizes, work.norm);
    let mut step = match work.loss {
        Loss::BceWithLogits => {
            TrainStep::new(optim::sgd(0.01).momentum(0.9), |[x, y]| net.forward(x).bce_with_logits(y))
        }
        Loss::Mse => TrainStep::new(optim::adam(1e-3), |[x, y]| net.forward(x).mse(y)),
        Loss::CrossEntropy => TrainStep::new(optim::adam(1e-3), |[x, y]| net.forward(x).cross_entropy(y)),
    };
    let mut seconds = |steps: usize| -> chainrule::Result<f64> {
        let start = Instant::now();
        for _ in 0..steps {
            step.run(&mut params, [&x, &y])?;
        }
        Ok(start.elapsed().as_secs_f64() / steps as f64)
    };
    seconds(5)?;
    let block = if quick { 0.001 } else { 0.3 };
    let steps = ((block / seconds(1)?) as usize).max(1);
    let mut times = (0..7).map(|_| seconds(steps)).collect::<chainrule::Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    let loss = step.run(&mut params, [&x, &y])?;
    println!("{name:10} {:12.2} us  (min {:.2})  loss {loss:.4}", times[3] * 1e6, times[0] * 1e6);
    Ok(())
}

fn main() -> ExitCode {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let quick = names.iter().any(|name| name == "--quick");
    names.retain(|name| name != "--quick");
    if let Some(bad) = names.iter().find(|name| !WORKLOADS.contains(&name.as_str())) {
        eprintln!(
            "no workload {bad}\n\nusage: steps [--quick] [WORKLOAD ...]\nworkloads: {}",
            WORKLOADS.join(" ")
        );
        return ExitCode::from(2);
    }
    if names.is_empty() {
        names = WORKLOADS.map(String::from).to_vec();
    }
    for name in names {
        let Some(work) = workload(&name) else { continue };
        if let Err(error) = time(&name, work, quick) {
            eprintln!("error: {name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
