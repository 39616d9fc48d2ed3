//! Every optimizer finds the minimum of a parabola, of Rosenbrock's valley and of a regression on sparse features.

mod common;

use chainrule_optim::*;
use chainrule_tape::{Params, Tensor, Var};
use common::weight;

type Boxed = Optimizer<Box<dyn Transform>>;

/// What is minimized: a loss of the parameter `w`, the batches that it gets in turn, and where `w` starts.
struct Problem {
    loss: for<'t> fn([Var<'t>; 2]) -> Var<'t>,
    batches: Vec<[Tensor; 2]>,
    start: Tensor,
    steps: u64,
}

impl Problem {
    /// The loss of all batches together, at the start and after training with a rate that falls to 0.
    fn solve(&self, optimizer: Boxed) -> (f64, f64) {
        let mut params = Params::seeded(0);
        params.root().param("w", self.start.clone());
        let mut step = TrainStep::new(optimizer.schedule(cosine(self.steps, 0.0)), self.loss);
        let total = |step: &mut TrainStep<'_, 2>, params: &Params| {
            let found = step.evaluation(params).unwrap();
            self.batches.iter().map(|[a, b]| step.loss(&found, [a, b]).unwrap()).sum::<f64>()
        };
        let before = total(&mut step, &params);
        for t in 0..self.steps as usize {
            let [a, b] = &self.batches[t % self.batches.len()];
            step.run(&mut params, [a, b]).unwrap();
        }
        (before, total(&mut step, &params))
    }
}

/// `Σ k·(w - c)²` with `k` from 1 to 10.
fn parabola() -> Problem {
    let (k, c) = (Tensor::from([[1.0, 10.0], [3.0, 6.0]]), Tensor::from([[1.0, -0.5], [0.3, 2.0]]));
    Problem {
        loss: |[k, c]| (k * (weight(k.tape(), "w") - c).square()).sum(..),
        batches: vec![[k, c]],
        start: Tensor::from([[-1.0, 1.0], [2.0, 0.5]]),
        steps: 1000,
    }
}

/// `(1 - a)² + 100·(b - a²)²`: a bent, flat valley.
fn rosenbrock() -> Problem {
    Problem {
        loss: |[one, hundred]| {
            let w = weight(one.tape(), "w");
            let (a, b) = (w.slice(0, 0..1), w.slice(0, 1..2));
            ((one - a).square() + hundred * (b - a.square()).square()).sum(..)
        },
        batches: vec![[Tensor::from(1.0), Tensor::from(100.0)]],
        start: Tensor::from([-0.5, 1.0]),
        steps: 10_000,
    }
}

/// A linear model of 24 features, of which 3 are not 0 in each of 64 rows, in batches of `rows`. It can be exact.
fn sparse(rows: usize) -> Problem {
    let (n, features) = (64usize, 24usize);
    let mut x = vec![0.0; n * features];
    let mut y = vec![0.0; n];
    for i in 0..n {
        for j in 0..3 {
            // Low features are frequent, high ones rare.
            let feature = (i * (7 + 5 * j) + j * j) % features * ((i + j) % 4 + 1) / 4;
            let value = ((i * 13 + j * 29) % 17) as f64 / 8.5 - 0.9;
            x[i * features + feature] += value;
            y[i] += value * (feature as f64 * 0.7).sin();
        }
    }
    let batches = (0..n / rows)
        .map(|b| {
            let (from, to) = (b * rows, (b + 1) * rows);
            let x = Tensor::from_vec(x[from * features..to * features].to_vec(), [rows, features]);
            [x.unwrap(), Tensor::from_vec(y[from..to].to_vec(), [rows, 1]).unwrap()]
        })
        .collect();
    let start = (0..features).map(|i| (i as f64 * 1.3).cos() * 0.1).collect::<Vec<_>>();
    Problem {
        loss: |[x, y]| (x.matmul(weight(x.tape(), "w")) - y).square().mean(..),
        batches,
        start: Tensor::from_vec(start, [features, 1]).unwrap(),
        steps: 4000,
    }
}

/// The optimizers, and a rate for each of the three.
#[allow(clippy::type_complexity)]
fn optimizers() -> Vec<(&'static str, fn(f64) -> Boxed, [f64; 3])> {
    vec![
        ("sgd", |lr| sgd(lr).boxed(), [0.03, 0.003, 0.3]),
        ("sgd, momentum", |lr| sgd(lr).momentum(0.9).boxed(), [0.03, 0.001, 0.1]),
        ("heavy_ball", |lr| heavy_ball(lr, 0.9).boxed(), [0.03, 0.001, 0.1]),
        ("nag", |lr| nag(lr, 0.9).boxed(), [0.03, 0.001, 0.3]),
        ("adam", |lr| adam(lr).boxed(), [1.0, 0.1, 0.1]),
        ("adam, amsgrad", |lr| adam(lr).amsgrad().boxed(), [1.0, 0.1, 1.0]),
        ("adamw", |lr| adamw(lr).weight_decay(1e-5).boxed(), [0.1, 0.03, 0.03]),
        ("adamax", |lr| adamax(lr).boxed(), [3.0, 0.03, 3.0]),
        ("nadam", |lr| nadam(lr).boxed(), [0.3, 0.03, 0.3]),
        ("radam", |lr| radam(lr).boxed(), [0.1, 0.003, 0.3]),
        ("rmsprop", |lr| rmsprop(lr).boxed(), [0.1, 0.003, 0.01]),
        ("rmsprop, centered", |lr| rmsprop(lr).centered().momentum(0.5).boxed(), [0.03, 0.001, 0.003]),
        ("adagrad", |lr| adagrad(lr).boxed(), [3.0, 0.3, 1.0]),
        ("adadelta", |lr| adadelta(lr).boxed(), [3.0, 0.1, 3.0]),
        ("adafactor", |lr| adafactor(lr).boxed(), [0.1, 0.01, 0.03]),
        ("asgd", |lr| asgd(lr).lambd(1e-6).boxed(), [0.03, 0.003, 0.3]),
        ("rprop", |lr| rprop(lr).boxed(), [0.1, 0.003, 0.1]),
        ("lion", |lr| lion(lr).boxed(), [0.01, 0.001, 0.001]),
        ("lamb", |lr| lamb(lr).boxed(), [0.01, 0.01, 0.003]),
        ("lars", |lr| lars(lr).boxed(), [1.0, 1.0, 1.0]),
        ("yogi", |lr| yogi(lr).boxed(), [1.0, 0.1, 1.0]),
        ("adabelief", |lr| adabelief(lr).boxed(), [0.3, 0.1, 0.1]),
        ("adan", |lr| adan(lr).boxed(), [3.0, 0.001, 0.003]),
        ("muon", |lr| muon(lr).weight_decay(0.0).boxed(), [0.03, 0.1, 0.003]),
        ("sophia", |lr| sophia(lr).boxed(), [0.01, 0.003, 0.001]),
        ("prodigy", |lr| prodigy(lr).boxed(), [1.0, 1.0, 1.0]),
        ("schedule_free_sgd", |lr| schedule_free_sgd(lr).boxed(), [0.3, 0.003, 10.0]),
        ("schedule_free_adamw", |lr| schedule_free_adamw(lr).boxed(), [1.0, 0.1, 0.1]),
    ]
}

fn all_solve(which: usize, problem: impl Fn(&str) -> Problem, bound: f64) {
    for (name, make, rates) in optimizers() {
        let (before, after) = problem(name).solve(make(rates[which]));
        assert!(after <= before * bound, "{name}: from {before:e} to {after:e}");
    }
}

#[test]
fn all_find_the_bottom_of_a_parabola() {
    all_solve(0, |_| parabola(), 1e-8);
}

#[test]
fn all_follow_rosenbrocks_valley() {
    all_solve(1, |_| rosenbrock(), 1e-4);
}

#[test]
fn all_fit_sparse_features() {
    // Rprop is for whole data sets: in batches, gradients of rare features turn at random.
    all_solve(2, |name| sparse(if name == "rprop" { 64 } else { 8 }), 1e-8);
}
