//! Independent models on threads of their own: they share no lock, so two take as long as one.
//!
//! `cargo bench --bench parallel` runs as many models as there are cores: each on its own thread alone, and each allowed
//! all threads. Then the runs compete for the pool: one gets it, the others run alone, and a worker has no core of its own.

use chainrule::nn::Linear;
use chainrule::prelude::*;
use std::sync::Barrier;
use std::time::Instant;

/// Seconds that `count` models take for their steps, side by side, each allowed so many threads.
fn together(count: usize, threads: usize, width: usize, steps: usize) -> f64 {
    let ready = Barrier::new(count);
    let time = |seed: usize| {
        let mut params = Params::seeded(seed as u64);
        let mut at = params.root();
        let sizes = [2, width, width, 1];
        let net: Vec<Linear> = sizes
            .windows(2)
            .enumerate()
            .map(|(i, pair)| Linear::new(&mut at.sub(i), pair[0], pair[1]))
            .collect();
        let mut step = TrainStep::new(optim::adam(1e-3), |[x, y]| {
            let hidden = net[..2].iter().fold(x, |x, linear| linear.forward(x).tanh());
            net[2].forward(hidden).mse(y)
        })
        .threads(threads);
        let random = Tape::new();
        let x = random.normal([64, 2], DType::F32).value().expect("numbers");
        let y = random.normal([64, 1], DType::F32).value().expect("numbers");
        for _ in 0..steps / 10 {
            step.run(&mut params, [&x, &y]).expect("a step");
        }
        ready.wait();
        let start = Instant::now();
        for _ in 0..steps {
            step.run(&mut params, [&x, &y]).expect("a step");
        }
        start.elapsed().as_secs_f64()
    };
    let time = &time;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|seed| scope.spawn(move || time(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a model")).fold(0.0, f64::max)
    })
}

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    println!("{cores} models on {cores} threads, in ms; the ratio is to one model on one thread");
    println!("{:>6} {:>10} {:>10} {:>7} {:>10} {:>7}", "width", "one", "on one", "ratio", "on all", "ratio");
    for (width, steps) in [(8, 40_000), (64, 3000), (256, 300)] {
        // The best of three, in turn.
        let mut best = [f64::INFINITY; 3];
        for _ in 0..3 {
            for (best, [count, threads]) in best.iter_mut().zip([[1, 1], [cores, 1], [cores, cores]]) {
                *best = best.min(together(count, threads, width, steps));
            }
        }
        let [one, apart, pooled] = best.map(|seconds| seconds * 1e3);
        let (apart_ratio, pooled_ratio) = (apart / one, pooled / one);
        println!("{width:6} {one:10.1} {apart:10.1} {apart_ratio:7.2} {pooled:10.1} {pooled_ratio:7.2}");
    }
}
