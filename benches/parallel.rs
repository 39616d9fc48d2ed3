//! Independent models on threads of their own: they share no lock, so two take as long as one.
//!
//! `cargo bench --bench parallel`

use chainrule::nn::Linear;
use chainrule::prelude::*;
use std::sync::Barrier;
use std::time::Instant;

/// Seconds that each of `count` models takes for its steps, side by side, each on one thread.
fn together(count: usize, width: usize, steps: usize) -> f64 {
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
        .threads(1);
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
    println!("{:>6} {:>10} {:>14} {:>7}", "width", "one, ms", format!("{cores}, ms"), "ratio");
    for (width, steps) in [(8, 40_000), (64, 3000), (256, 300)] {
        // The best of three, in turn.
        let (mut one, mut all) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..3 {
            one = one.min(together(1, width, steps));
            all = all.min(together(cores, width, steps));
        }
        println!("{width:6} {:10.1} {:14.1} {:7.2}", one * 1e3, all * 1e3, all / one);
    }
}
