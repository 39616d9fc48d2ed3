//! A training step recorded anew every time, beside the same step replayed: what a recorded node costs.
//!
//! `cargo bench --bench define_by_run`

use chainrule::nn::Linear;
use chainrule::prelude::*;
use std::time::Instant;

struct Mlp(Vec<Linear>);

impl Mlp {
    fn new(params: &mut Params, sizes: &[usize]) -> Mlp {
        let mut at = params.root();
        Mlp(sizes
            .windows(2)
            .enumerate()
            .map(|(i, pair)| Linear::new(&mut at.sub(i), pair[0], pair[1]))
            .collect())
    }

    fn loss<'t>(&self, mut x: Var<'t>, y: Var<'t>) -> Var<'t> {
        for (i, linear) in self.0.iter().enumerate() {
            x = linear.forward(if i > 0 { x.relu() } else { x });
        }
        x.mse(y)
    }
}

/// Nanoseconds of a call: the median of seven blocks of a tenth of a second.
fn median(mut f: impl FnMut()) -> f64 {
    let mut block = |count: usize| {
        let start = Instant::now();
        (0..count).for_each(|_| f());
        start.elapsed().as_nanos() as f64 / count as f64
    };
    let count = ((1e8 / block(20)) as usize).max(1);
    let mut times: Vec<f64> = (0..7).map(|_| block(count)).collect();
    times.sort_by(f64::total_cmp);
    times[3]
}

fn main() {
    println!("{:24} {:>6} {:>12} {:>12} {:>10}", "model", "nodes", "recorded", "replayed", "ns a node");
    let models: [(&[usize], usize); 3] =
        [(&[2, 3, 2, 1], 32), (&[2, 50, 50, 50, 50, 1], 128), (&[4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1], 16)];
    for (sizes, batch) in models {
        let mut params = Params::seeded(1);
        let net = Mlp::new(&mut params, sizes);
        let random = Tape::new();
        let x = random.normal([batch, sizes[0]], DType::F32).value().expect("numbers");
        let y = random.normal([batch, 1], DType::F32).value().expect("numbers");

        let mut tape = Tape::with(&params);
        let mut own = params.clone();
        let mut nodes = 0;
        let recorded = median(|| {
            tape.clear_with(&own);
            let loss = net.loss(tape.var(&x), tape.var(&y));
            for (id, gradient) in tape.param_grads(loss).expect("gradients") {
                tape.assign(id, tape.param(id) - gradient * 0.01);
            }
            nodes = tape.len();
            tape.commit(&mut own).expect("a step");
        });
        let mut step = TrainStep::new(optim::sgd(0.01), |[x, y]| net.loss(x, y));
        let replayed = median(|| {
            step.run(&mut params, [&x, &y]).expect("a step");
        });
        let each = (recorded - replayed) / nodes as f64;
        println!(
            "{:24} {nodes:6} {recorded:9.0} ns {replayed:9.0} ns {each:10.0}",
            format!("{sizes:?}").replace(' ', "")
        );
    }
}
