//! Two small training steps beside the same steps as plain loops over arrays: what the engine costs where there is little
//! to compute.
//!
//! `cargo bench --bench by_hand`. The steps are `xor` and `keras_bn` of `examples/steps`: 2-3-2-1 with ReLU, binary
//! cross-entropy of logits, batch 32, gradient descent with momentum; without and with batch norms after the rectifiers. Both
//! ways start from the same weights, and the losses are compared first. The loops know all sizes when they are compiled.

#[allow(dead_code)]
#[path = "../examples/steps/workloads.rs"]
mod workloads;

use chainrule::prelude::*;
use std::hint::black_box;
use std::time::Instant;
use workloads::{Workload, workload};

const BATCH: usize = 32;
const RATE: f32 = 0.01;
const MOMENTUM: f32 = 0.9;

/// A value of each unit for each row of the batch.
type Rows<const N: usize> = [[f32; N]; BATCH];

/// Parameters with the averages of their gradients.
#[derive(Clone, Copy)]
struct Weights<const N: usize> {
    value: [f32; N],
    momentum: [f32; N],
}

impl<const N: usize> Weights<N> {
    fn named(params: &Params, name: &str) -> Weights<N> {
        let value = params.get(name).expect("a parameter").as_slice::<f32>().expect("f32");
        Weights { value: value.try_into().expect("its size"), momentum: [0.0; N] }
    }

    fn update(&mut self, gradient: &[f32; N]) {
        for ((value, momentum), gradient) in self.value.iter_mut().zip(&mut self.momentum).zip(gradient) {
            *momentum = MOMENTUM * *momentum + gradient;
            *value -= RATE * *momentum;
        }
    }
}

/// A linear layer: `W` is `I·O`.
struct Dense<const I: usize, const O: usize, const W: usize> {
    weight: Weights<W>,
    bias: Weights<O>,
}

impl<const I: usize, const O: usize, const W: usize> Dense<I, O, W> {
    fn named(params: &Params, name: &str) -> Self {
        let part = |part: &str| format!("{name}.{part}");
        Dense { weight: Weights::named(params, &part("weight")), bias: Weights::named(params, &part("bias")) }
    }

    fn forward(&self, x: &Rows<I>) -> Rows<O> {
        x.map(|x| {
            let mut y = self.bias.value;
            for (x, w) in x.iter().zip(self.weight.value.as_chunks::<O>().0) {
                for (y, w) in y.iter_mut().zip(w) {
                    *y += x * w;
                }
            }
            y
        })
    }

    /// Updates the layer; the gradient of its input.
    fn backward(&mut self, x: &Rows<I>, g: &Rows<O>) -> Rows<I> {
        let (mut weight, mut bias, mut gx) = ([0f32; W], [0f32; O], [[0f32; I]; BATCH]);
        for ((x, g), gx) in x.iter().zip(g).zip(&mut gx) {
            let rows = self.weight.value.as_chunks::<O>().0.iter().zip(weight.as_chunks_mut::<O>().0);
            for ((x, gx), (w, gw)) in x.iter().zip(gx).zip(rows) {
                for ((g, w), gw) in g.iter().zip(w).zip(gw) {
                    *gx += g * w;
                    *gw += g * x;
                }
            }
            for (sum, g) in bias.iter_mut().zip(g) {
                *sum += g;
            }
        }
        self.weight.update(&weight);
        self.bias.update(&bias);
        gx
    }
}

/// A batch norm in training mode.
struct Norm<const N: usize> {
    weight: Weights<N>,
    bias: Weights<N>,
    running: [[f32; N]; 2],
    /// Of the last forward pass: the normalized values and `1/√(σ² + ε)`.
    normal: Rows<N>,
    scale: [f32; N],
}

impl<const N: usize> Norm<N> {
    fn named(params: &Params, name: &str) -> Self {
        let part = |part: &str| Weights::named(params, &format!("{name}.{part}"));
        let (weight, bias) = (part("weight"), part("bias"));
        Norm { weight, bias, running: [[0.0; N], [1.0; N]], normal: [[0.0; N]; BATCH], scale: [0.0; N] }
    }

    fn forward(&mut self, x: &Rows<N>) -> Rows<N> {
        let (mut mean, mut variance) = ([0f32; N], [0f32; N]);
        for x in x {
            (0..N).for_each(|j| mean[j] += x[j]);
        }
        mean = mean.map(|sum| sum / BATCH as f32);
        for x in x {
            (0..N).for_each(|j| variance[j] += (x[j] - mean[j]) * (x[j] - mean[j]));
        }
        variance = variance.map(|sum| sum / BATCH as f32);
        for j in 0..N {
            let unbiased = variance[j] * (BATCH as f32 / (BATCH as f32 - 1.0));
            self.running[0][j] = 0.9 * self.running[0][j] + 0.1 * mean[j];
            self.running[1][j] = 0.9 * self.running[1][j] + 0.1 * unbiased;
            self.scale[j] = 1.0 / (variance[j] + 1e-5).sqrt();
        }
        let mut y = *x;
        for (y, normal) in y.iter_mut().zip(&mut self.normal) {
            for j in 0..N {
                normal[j] = (y[j] - mean[j]) * self.scale[j];
                y[j] = normal[j] * self.weight.value[j] + self.bias.value[j];
            }
        }
        y
    }

    fn backward(&mut self, g: &Rows<N>) -> Rows<N> {
        let (mut weight, mut bias) = ([0f32; N], [0f32; N]);
        for (g, normal) in g.iter().zip(&self.normal) {
            for j in 0..N {
                weight[j] += g[j] * normal[j];
                bias[j] += g[j];
            }
        }
        let mut gx = *g;
        for (g, normal) in gx.iter_mut().zip(&self.normal) {
            for j in 0..N {
                let means = (bias[j] + normal[j] * weight[j]) / BATCH as f32;
                g[j] = (g[j] - means) * self.weight.value[j] * self.scale[j];
            }
        }
        self.weight.update(&weight);
        self.bias.update(&bias);
        gx
    }
}

fn relu<const N: usize>(x: &Rows<N>) -> Rows<N> {
    x.map(|row| row.map(|x| x.max(0.0)))
}

/// The gradient of what was rectified.
fn relu_backward<const N: usize>(x: &Rows<N>, g: &Rows<N>) -> Rows<N> {
    let mut gx = *g;
    for (g, x) in gx.as_flattened_mut().iter_mut().zip(x.as_flattened()) {
        *g = if *x > 0.0 { *g } else { 0.0 };
    }
    gx
}

/// The network.
struct Net {
    first: Dense<2, 3, 6>,
    second: Dense<3, 2, 6>,
    third: Dense<2, 1, 2>,
    norms: Option<(Norm<3>, Norm<2>)>,
}

impl Net {
    fn new(params: &Params, norm: bool) -> Net {
        Net {
            first: Dense::named(params, "linear0"),
            second: Dense::named(params, "linear1"),
            third: Dense::named(params, "linear2"),
            norms: norm.then(|| (Norm::named(params, "norm0"), Norm::named(params, "norm1"))),
        }
    }

    /// One step; the loss before it.
    fn step(&mut self, x: &Rows<2>, y: &Rows<1>) -> f32 {
        let h = self.first.forward(x);
        let a = relu(&h);
        let a = self.norms.as_mut().map_or(a, |norms| norms.0.forward(&a));
        let k = self.second.forward(&a);
        let b = relu(&k);
        let b = self.norms.as_mut().map_or(b, |norms| norms.1.forward(&b));
        let logits = self.third.forward(&b);
        let (mut loss, mut g) = (0f32, logits);
        for ([g], [t]) in g.iter_mut().zip(y) {
            let x = *g;
            let e = (-x.abs()).exp();
            loss += x.max(0.0) - x * t + e.ln_1p();
            let sigmoid = if x < 0.0 { e } else { 1.0 } / (1.0 + e);
            *g = (sigmoid - t) / BATCH as f32;
        }
        let g = self.third.backward(&b, &g);
        let g = self.norms.as_mut().map_or(g, |norms| norms.1.backward(&g));
        let g = self.second.backward(&a, &relu_backward(&k, &g));
        let g = self.norms.as_mut().map_or(g, |norms| norms.0.backward(&g));
        self.first.backward(x, &relu_backward(&h, &g));
        loss / BATCH as f32
    }
}

/// Nanoseconds of a call, in a block of them.
fn time(mut f: impl FnMut()) -> f64 {
    const CALLS: u32 = 1000;
    let start = Instant::now();
    (0..CALLS).for_each(|_| f());
    start.elapsed().as_nanos() as f64 / CALLS as f64
}

fn main() -> chainrule::Result<()> {
    println!("{:9} {:>9} {:>9} {:>6}", "step", "by hand", "engine", "ratio");
    for (name, norm) in [("xor", false), ("keras_bn", true)] {
        let mut params = Params::seeded(0);
        let Workload { mut step, .. } = workload(name, &mut params).expect("a workload of the example");
        let mut net = Net::new(&params, norm);
        let random = Tape::with(&Params::seeded(1));
        let x = random.normal([BATCH, 2], DType::F32).value()?;
        let y = random.uniform([BATCH, 1], DType::F32).gt(0.5).cast(DType::F32).value()?;
        let rows: &Rows<2> = x.as_slice::<f32>()?.as_chunks::<2>().0.try_into().expect("the batch");
        let targets: &Rows<1> = y.as_slice::<f32>()?.as_chunks::<1>().0.try_into().expect("the batch");

        for i in 0..200 {
            let (ours, hand) = (step.run(&mut params, [&x, &y])?, net.step(rows, targets));
            assert!((ours as f32 - hand).abs() < 1e-4, "step {i}: {ours} and {hand}");
        }
        // The best of many blocks in turn, so that both see the machine as it is.
        let (mut hand, mut ours) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..200 {
            hand = hand.min(time(|| {
                black_box(net.step(black_box(rows), black_box(targets)));
            }));
            ours = ours.min(time(|| {
                black_box(step.run(&mut params, [&x, &y]).expect("a step"));
            }));
        }
        println!("{name:9} {hand:6.0} ns {ours:6.0} ns {:6.2}", ours / hand);
    }
    Ok(())
}
