//! A training step taken apart: recording, differentiating, planning and executing, for a small and a large model.
//!
//! `cargo bench --bench backprop`; the floor of `execute/small` is `by hand/small`, the same step as plain loops.

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

/// The small step as anyone would write it for this one model: what the engine's overhead is measured against.
fn by_hand(c: &mut Criterion) {
    let (x, y): (Vec<f32>, Vec<f32>) = ((0..64).map(|i| (i as f32).sin()).collect(), vec![0.5; 32]);
    let mut w = [
        [0.3f32, -0.2, 0.5, 0.1, 0.4, -0.6],
        [0.2, 0.7, -0.3, 0.5, 0.6, -0.1],
        [0.4, -0.5, 0.0, 0.0, 0.0, 0.0],
    ];
    let mut b = [[0.1f32; 3], [0.1; 3], [0.1; 3]];
    c.bench_function("by hand/small", |bench| {
        bench.iter(|| {
            let (mut dw, mut db, mut loss) = ([[0f32; 6]; 3], [[0f32; 3]; 3], 0f32);
            for (x, &y) in x.as_chunks::<2>().0.iter().zip(&y) {
                let h: [f32; 3] =
                    std::array::from_fn(|j| (x[0] * w[0][j] + x[1] * w[0][3 + j] + b[0][j]).max(0.0));
                let k: [f32; 2] = std::array::from_fn(|j| {
                    (h[0] * w[1][j] + h[1] * w[1][2 + j] + h[2] * w[1][4 + j] + b[1][j]).max(0.0)
                });
                let error = k[0] * w[2][0] + k[1] * w[2][1] + b[2][0] - y;
                loss += error * error;
                let g = 2.0 / 32.0 * error;
                db[2][0] += g;
                for j in 0..2 {
                    dw[2][j] += g * k[j];
                    let gk = if k[j] > 0.0 { g * w[2][j] } else { 0.0 };
                    db[1][j] += gk;
                    for i in 0..3 {
                        dw[1][2 * i + j] += gk * h[i];
                    }
                }
                for i in 0..3 {
                    let back = |j: usize| if k[j] > 0.0 { g * w[2][j] * w[1][2 * i + j] } else { 0.0 };
                    let gh = if h[i] > 0.0 { back(0) + back(1) } else { 0.0 };
                    db[0][i] += gh;
                    dw[0][i] += gh * x[0];
                    dw[0][3 + i] += gh * x[1];
                }
            }
            let update = |p: &mut f32, g: &f32| *p -= 0.01 * g;
            w.as_flattened_mut().iter_mut().zip(dw.as_flattened()).for_each(|(p, g)| update(p, g));
            b.as_flattened_mut().iter_mut().zip(db.as_flattened()).for_each(|(p, g)| update(p, g));
            black_box(loss / 32.0)
        });
    });
}

criterion_group!(benches, step, by_hand);
criterion_main!(benches);
