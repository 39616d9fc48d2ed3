//! A training step taken apart: recording, differentiating, planning and executing, for a small and a large model.
//!
//! `cargo bench --bench backprop`; `by_hand` has small steps beside plain loops.

use chainrule::nn::Linear;
use chainrule::prelude::*;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// Linear layers with ReLU between them.
struct Mlp(Vec<Linear>);

impl Mlp {
    fn new(params: &mut Params, sizes: &[usize]) -> Mlp {
        let mut at = params.root();
        let layers = sizes.windows(2).enumerate();
        Mlp(layers.map(|(i, pair)| Linear::new(&mut at.sub(i), pair[0], pair[1])).collect())
    }

    fn loss<'t>(&self, mut x: Var<'t>, y: Var<'t>) -> Var<'t> {
        for (i, linear) in self.0.iter().enumerate() {
            x = linear.forward(if i > 0 { x.relu() } else { x });
        }
        x.mse(y)
    }
}

/// The pieces of a step of gradient descent, each timed alone.
fn step(c: &mut Criterion) {
    for (name, sizes, batch) in [("small", vec![2, 3, 2, 1], 32), ("large", vec![784, 512, 256, 10], 128)] {
        let mut params = Params::seeded(1);
        let net = Mlp::new(&mut params, &sizes);
        let [inputs, outputs] = [sizes[0], sizes[sizes.len() - 1]];
        let random = Tape::new();
        let x = random.normal([batch, inputs], DType::F32).value().expect("numbers");
        let y = random.normal([batch, outputs], DType::F32).value().expect("numbers");
        let record = |tape: &Tape| {
            let loss =
                net.loss(tape.input([batch, inputs], DType::F32), tape.input([batch, outputs], DType::F32));
            (tape.len(), loss.numel())
        };

        c.bench_with_input(BenchmarkId::new("record", name), &(), |b, ()| {
            let mut tape = Tape::with(&params);
            b.iter(|| {
                tape.clear_with(&params);
                black_box(record(&tape))
            });
        });
        c.bench_with_input(BenchmarkId::new("record and differentiate", name), &(), |b, ()| {
            let mut tape = Tape::with(&params);
            b.iter(|| {
                tape.clear_with(&params);
                let loss = net
                    .loss(tape.input([batch, inputs], DType::F32), tape.input([batch, outputs], DType::F32));
                black_box(tape.param_grads(loss).expect("gradients").len())
            });
        });
        c.bench_with_input(BenchmarkId::new("plan", name), &(), |b, ()| {
            let tape = Tape::with(&params);
            let loss =
                net.loss(tape.input([batch, inputs], DType::F32), tape.input([batch, outputs], DType::F32));
            for (id, g) in tape.param_grads(loss).expect("gradients") {
                tape.assign(id, tape.param(id) - g * 0.01);
            }
            b.iter(|| black_box(tape.compile(&[loss]).expect("a plan")));
        });
        c.bench_with_input(BenchmarkId::new("execute", name), &(), |b, ()| {
            let mut params = params.clone();
            let mut step = TrainStep::new(optim::sgd(0.01), |[x, y]| net.loss(x, y));
            b.iter(|| black_box(step.run(&mut params, [&x, &y]).expect("a step")));
        });
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
