//! What recording every step anew costs beside replaying it: `cargo bench --bench define_by_run`.
//!
//! Both do the same step: model, loss, gradients, update, the loss's value. One records it, finds its plan in the tape's
//! cache and commits; the other is [`TrainStep`]. The last column is the difference for each recorded node.

use chainrule::nn::{LayerNorm, Linear};
use chainrule::optim::{Optimizer, Transform};
use chainrule::prelude::*;
use std::time::Instant;

/// Linear layers with ReLU between them, or layer norm and GELU.
struct Mlp {
    linear: Vec<Linear>,
    norm: Vec<LayerNorm>,
}

impl Mlp {
    fn new(params: &mut Params, sizes: &[usize], norm: bool) -> Mlp {
        let mut at = params.root();
        let layers = sizes.windows(2).enumerate();
        let linear =
            layers.map(|(i, n)| Linear::new(&mut at.sub(format!("linear{i}")), n[0], n[1])).collect();
        let hidden = sizes[1..sizes.len() - 1].iter().enumerate().filter(|_| norm);
        let norm = hidden.map(|(i, &n)| LayerNorm::new(&mut at.sub(format!("norm{i}")), n)).collect();
        Mlp { linear, norm }
    }

    fn forward<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for (i, linear) in self.linear.iter().enumerate() {
            if i > 0 {
                x = self.norm.get(i - 1).map_or_else(|| x.relu(), |norm| norm.forward(x).gelu());
            }
            x = linear.forward(x);
        }
        x
    }
}

/// Microseconds a call: medians of rounds in which the functions take turns.
fn measure<const N: usize>(mut of: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut time = |i: usize, calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| of[i]());
        start.elapsed().as_secs_f64() * 1e6 / calls as f64
    };
    let calls: [usize; N] = std::array::from_fn(|i| {
        time(i, 20);
        ((20_000.0 / time(i, 20)) as usize).max(1)
    });
    let mut times = [const { Vec::new() }; N];
    for _ in 0..15 {
        (0..N).for_each(|i| times[i].push(time(i, calls[i])));
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

fn row(name: &str, nodes: usize, [replayed, anew]: [f64; 2]) {
    let more = (anew - replayed) * 1e3 / nodes as f64;
    println!("{name:12} {nodes:6} {replayed:11.2} {anew:11.2} {more:11.1}");
}

/// A model trained by an optimizer.
fn model<R: Transform + 'static>(
    name: &str,
    sizes: &[usize],
    norm: bool,
    batch: usize,
    optimizer: impl Fn() -> Optimizer<R>,
) -> chainrule::Result<()> {
    let random = Tape::new();
    let x = random.normal([batch, sizes[0]], DType::F32).value()?;
    let y = random.uniform([batch, sizes[sizes.len() - 1]], DType::F32).value()?;
    let mut params = Params::seeded(0);
    let net = Mlp::new(&mut params, sizes, norm);
    let mut copy = params.clone();
    let rule = optimizer();
    rule.prepare(&mut params)?;

    let mut step = TrainStep::new(optimizer(), |[x, y]| net.forward(x).bce_with_logits(y));
    let mut replay = || assert!(step.run(&mut copy, [&x, &y]).expect("a step") > 0.0);
    let mut tape = Tape::new();
    let mut nodes = 0;
    let mut record = || {
        tape.clear_with(&params);
        let loss = net.forward(tape.var(&x)).bce_with_logits(tape.var(&y));
        let grads = tape.param_grads(loss).expect("gradients");
        rule.record(&tape, grads).expect("an update");
        tape.commit(&mut params).expect("a step");
        assert!(loss.item().expect("a loss") > 0.0);
        nodes = tape.len();
    };
    let times = measure([&mut replay, &mut record]);
    row(name, nodes, times);
    Ok(())
}

/// The README's loop.
fn by_hand() -> chainrule::Result<()> {
    let mut params = Params::seeded(1);
    let w = params.root().param("w", Tensor::from([0.5, -0.25]));
    let data = Tensor::from([[1.0, 2.0], [3.0, 4.0], [-5.0, 6.0]]);
    let mut copy = params.clone();

    let mut step = TrainStep::new(optim::sgd(0.5), |[x]| {
        (1.0 - (x * x.tape().param(w)).sum(-1).sigmoid()).square().mean(..)
    });
    let mut replay = || assert!(step.run(&mut copy, [&data]).expect("a step") > 0.0);
    let mut tape = Tape::with(&params);
    let mut nodes = 0;
    let mut record = || {
        let (x, w_now) = (tape.var(&data), tape.param(w));
        let loss = (1.0 - (x * w_now).sum(-1).sigmoid()).square().mean(..);
        tape.assign(w, w_now - tape.grad(loss, w_now) * 0.5);
        tape.commit(&mut params).expect("a step");
        assert!(loss.item().expect("a loss") > 0.0);
        nodes = tape.len();
        tape.clear_with(&params);
    };
    let times = measure([&mut replay, &mut record]);
    row("by hand", nodes, times);
    Ok(())
}

fn main() -> chainrule::Result<()> {
    println!("{:12} {:>6} {:>11} {:>11} {:>11}", "", "nodes", "replayed us", "recorded us", "ns a node");
    by_hand()?;
    model("xor", &[2, 3, 2, 1], false, 32, || optim::sgd(0.01).momentum(0.9))?;
    model("xor, adam", &[2, 3, 2, 1], false, 32, || optim::adam(0.01))?;
    model("mlp50", &[2, 50, 50, 50, 50, 1], false, 128, || optim::adam(1e-3))?;
    model("mlp257", &[2, 257, 257, 257, 257, 1], false, 128, || optim::adam(1e-3))?;
    let deep: Vec<usize> = [2].into_iter().chain([32; 24]).chain([1]).collect();
    model("deep", &deep, true, 16, || optim::adamw(1e-3))
}
