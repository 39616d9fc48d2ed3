//! What recording, differentiating and planning cost a node, from a thousand nodes to a million.
//!
//! `cargo bench --bench planning [-- MOST]`: graphs of up to so many nodes (1,000,000 unless given). Linear means that a
//! column stays about the same. Then, for models as large as people train, what their first step takes more than the next
//! ones: recording, differentiation, planning, and the memory's first touch.

#[allow(dead_code)]
#[path = "../examples/steps/workloads.rs"]
mod workloads;

use chainrule::prelude::*;
use std::time::Instant;
use workloads::{Data, Workload, workload};

/// A loss of about `size` nodes, gradients included.
type Record = for<'t> fn(&'t Tape, ParamId, usize) -> Var<'t>;

/// One op after the other.
fn chain<'t>(tape: &'t Tape, w: ParamId, size: usize) -> Var<'t> {
    let mut x = tape.param(w);
    for _ in 0..size / 6 {
        x = (x * 0.999).sin();
    }
    x.sum(..)
}

/// Layers one after the other that share a weight, as a recurrent layer's steps do.
fn recurrent<'t>(tape: &'t Tape, w: ParamId, size: usize) -> Var<'t> {
    let w = tape.param(w);
    let mut x = tape.full([4, 8], 0.1, DType::F32);
    for _ in 0..size / 12 {
        x = x.matmul(w).tanh();
    }
    x.sum(..)
}

/// Many uses of one value.
fn fan<'t>(tape: &'t Tape, w: ParamId, size: usize) -> Var<'t> {
    let w = tape.param(w);
    let mut sum = w.exp().sum(..);
    for i in 0..size / 14 {
        sum = sum + (w * (1.0 + i as f64)).sin().sum(..);
    }
    sum
}

fn main() {
    let most = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    println!(
        "{:10} {:>9} {:>8} {:>13} {:>8}   ns a node",
        "graph", "nodes", "record", "differentiate", "plan"
    );
    let graphs: [(&str, Record); 3] = [("chain", chain), ("recurrent", recurrent), ("fan", fan)];
    for (name, record) in graphs {
        let mut size = 1000;
        while size <= most {
            let mut params = Params::seeded(1);
            let w = params.root().param("w", Tensor::full([8, 8], 0.1).cast(DType::F32));
            // The best of some: small ones repeat more.
            let mut best = [f64::INFINITY; 3];
            let mut nodes = 0;
            for _ in 0..(100_000 / size).clamp(1, 20) {
                let tape = Tape::with(&params);
                let start = Instant::now();
                let loss = record(&tape, w, size);
                let recorded = start.elapsed();
                let (_, gradient) = tape.param_grads(loss).expect("a gradient")[0];
                let differentiated = start.elapsed();
                tape.assign(w, tape.param(w) - gradient * 0.01);
                tape.compile(&[loss]).expect("a plan");
                let planned = start.elapsed();
                nodes = tape.len();
                let times = [recorded, differentiated - recorded, planned - differentiated];
                best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(time.as_nanos() as f64));
            }
            let [record, differentiate, plan] = best.map(|time| time / nodes as f64);
            println!("{name:10} {nodes:9} {record:8.0} {differentiate:13.0} {plan:8.0}");
            size *= 10;
        }
    }
    println!(
        "\n{:10} {:>22} {:>13} {:>14} {:>14}",
        "model", "first step over others", "instructions", "arena", "all values"
    );
    for name in ["xor", "mlp257", "mnist_cnn", "gpt", "lstm"] {
        let mut params = Params::seeded(0);
        let Some(Workload { x, y, mut step }) = workload(name, &mut params) else { continue };
        let (x, y) = (zeros(x), zeros(y));
        let mut seconds = || {
            let start = Instant::now();
            step.run(&mut params, [&x, &y]).expect("a step");
            start.elapsed().as_secs_f64()
        };
        let first = seconds();
        let next = (0..5).map(|_| seconds()).fold(f64::INFINITY, f64::min);
        let program = step.program().expect("it has run");
        println!(
            "{name:10} {:19.1} ms {:13} {:11.1} MB {:11.1} MB",
            (first - next) * 1e3,
            program.instructions(),
            program.arena_bytes() as f64 / 1e6,
            program.intermediate_bytes() as f64 / 1e6
        );
    }
}

fn zeros(data: Data) -> Tensor {
    match data {
        Data::Numbers(shape) | Data::Bits(shape) => Tensor::full(shape, 0.5).cast(DType::F32),
        Data::Classes(_, shape) => Tensor::full(shape, 0.0).cast(DType::I64),
    }
}
