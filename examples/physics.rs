//! A physics-informed network: it solves the heat equation by making the equation's residual small.
//!
//! `u_t = α·u_xx` for `0 ≤ x ≤ 1`, `0 ≤ t ≤ 1`, with `u = 0` at both ends and `u = sin πx + ½·sin 3πx` at the start. The
//! network never sees a solution. Its loss has the first and second derivatives of its output by its inputs in it, and
//! training differentiates that loss once more, by the weights.
//!
//! `cargo run --release --example physics [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! step     1   mean squared residual 9.90e0
//! step  2500   mean squared residual 1.35e-2
//! step  5000   mean squared residual 2.58e-3
//! step  7500   mean squared residual 1.80e-3
//! step 10000   mean squared residual 6.49e-4
//! relative error at t = 0.1, 0.3 and 1: 2.0e-3
//! saved physics.svg
//! ```
//!
//! and draws the network (dots) on the exact solution (lines) at four times, and what it is off by: `physics.svg`.
//!
//! Sources: Lagaris, Likas and Fotiadis, "Artificial neural networks for solving ordinary and partial differential
//! equations", 1998, for the form of the solution; Raissi, Perdikaris and Karniadakis, "Physics-informed neural networks",
//! 2019.

#[path = "shared/options.rs"]
mod options;

use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use chainrule::{grad, vmap};
use options::Options;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;
use std::f64::consts::PI;
use std::process::ExitCode;

/// How well heat is conducted.
const ALPHA: f64 = 0.1;

/// The solution at one point: `u₀(x) + t·x·(1 - x)·N(x, t)`, which is right at the start and at both ends whatever the
/// network `N` says.
fn solution<'t>(net: &Sequential, x: Var<'t>, t: Var<'t>) -> Var<'t> {
    let start = (x * PI).sin() + (x * (3.0 * PI)).sin() * 0.5;
    let inputs = x.tape().stack(&[x, t], -1);
    start + t * x * (1.0 - x) * net.forward(inputs).squeeze(-1)
}

/// What is left of `u_t - α·u_xx` at one point.
fn residual<'t>(net: &Sequential, x: Var<'t>, t: Var<'t>) -> Var<'t> {
    let u_t = grad(|t| solution(net, x, t), t);
    let u_xx = grad(|x| grad(|x| solution(net, x, t), x), x);
    u_t - u_xx * ALPHA
}

/// Separation of variables: each sine decays at its own rate.
fn exact(x: f64, t: f64) -> f64 {
    let mode = |k: f64| (k * PI * x).sin() * (-ALPHA * (k * PI).powi(2) * t).exp();
    mode(1.0) + 0.5 * mode(3.0)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (steps, points) = if options.quick { (1000, 64) } else { (10000, 256) };
    let mut params = Params::seeded(options.seed);
    let net = Sequential::new(&mut params.root(), |net| {
        net.linear(2, 32).tanh().linear(32, 32).tanh().linear(32, 1)
    });

    // Written for one point; `vmap` makes it that of all.
    let optimizer = optim::adam(5e-3).schedule(optim::cosine(steps, 0.01));
    let mut step =
        TrainStep::new(optimizer, |[x, t]| vmap(|[x, t]| residual(&net, x, t), [x, t]).square().mean(..));
    let mut rng = StdRng::seed_from_u64(options.seed);
    let mut anywhere = || Tensor::from((0..points).map(|_| rng.random::<f32>()).collect::<Vec<f32>>());
    for i in 1..=steps {
        let loss = step.run(&mut params, [&anywhere(), &anywhere()])?;
        if i == 1 || i % (steps / 4) == 0 {
            println!("step {i:5}   mean squared residual {loss:.2e}");
        }
    }

    let xs: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
    let mut at = Function::new(|[x, t]| solution(&net, x, t));
    let (mut off, mut size) = (0.0, 0.0);
    let mut shapes = Chart::new("Network (dots) and exact solution").x_label("x").y_label("u");
    let mut errors = Chart::new("Network - exact").x_label("x").y_label("difference");
    for t in [0.0, 0.1, 0.3, 1.0] {
        let column = |value: &dyn Fn(f64) -> f64| xs.iter().map(|&x| value(x)).collect::<Vec<f64>>();
        let truth = column(&|x| exact(x, t));
        let inputs = [column(&|x| x), column(&|_| t)].map(|values| Tensor::from(values).cast(DType::F32));
        let found = at.run(&params, [&inputs[0], &inputs[1]])?.to_f64();
        let differences: Vec<f64> = found.iter().zip(&truth).map(|(a, b)| a - b).collect();
        if t > 0.0 {
            off += differences.iter().map(|d| d * d).sum::<f64>();
            size += truth.iter().map(|u| u * u).sum::<f64>();
        }
        // A point between two gaps is a dot.
        let dots: Vec<f64> =
            found.iter().enumerate().map(|(i, &u)| if i % 5 == 0 { u } else { f64::NAN }).collect();
        shapes = shapes.line_at(format!("t = {t}"), &xs, &truth).line_at("", &xs, &dots);
        errors = errors.line_at(format!("t = {t}"), &xs, &differences);
    }
    println!("relative error at t = 0.1, 0.3 and 1: {:.1e}", f64::sqrt(off / size));
    Panels::row([shapes, errors]).save(options.out.join("physics.svg"))?;
    println!("saved physics.svg");
    Ok(())
}

fn main() -> ExitCode {
    options::main(&options::usage("physics", "physics.svg"), run)
}
