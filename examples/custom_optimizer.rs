//! An optimizer of one's own in a few lines, beside Adam: the sign of an average of the gradients, whose memory grows longer
//! from step to step.
//!
//! `cargo run --release --example custom_optimizer [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! adam     last loss 0.0751   test accuracy 96.66%
//! signum   last loss 0.0470   test accuracy 96.94%
//!
//! its memory: optim.step, optim.signum.0.weight, optim.signum.0.bias, optim.signum.2.weight, optim.signum.2.bias
//! plans made in 880 steps: 1
//! saved halfway and resumed: the same bits
//! ```
//!
//! A rule is recorded once, with the model, and planned with it: it has clipping, weight decay and schedules like the
//! built-in ones, and its memory is in the params, by name. So a training that is saved halfway, here in
//! `custom_optimizer.safetensors`, goes on as if nothing had happened.
//!
//! Source: Bernstein et al., "signSGD: compressed optimisation for non-convex problems", 2018, which calls the rule Signum.

#[path = "shared/options.rs"]
mod options;

use chainrule::data::Dataset;
use chainrule::optim::{Optimizer, Target, Transform};
use chainrule::prelude::*;
use options::Options;
use std::error::Error;
use std::process::ExitCode;

/// `m ← β·m + (1 - β)·g`, `p ← p - lr·sign(m)`, where `β` rises from 0 in the first step to `longest`.
#[derive(Debug)]
struct Signum {
    longest: f64,
}

impl Transform for Signum {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let longest = self.longest;
        let beta = p.per_step("beta", move |now| longest.min(1.0 - 10.0 / (now.step as f64 + 9.0)));
        let m = p.keep("signum", p.state("signum") * beta + g * (1.0 - beta));
        m.sign() * p.lr()
    }

    fn check(&self) -> Result<(), String> {
        match (0.0..1.0).contains(&self.longest) {
            true => Ok(()),
            false => Err(format!("longest is {}; it must be at least 0 and below 1", self.longest)),
        }
    }
}

/// The batches of some epochs, as steps. Gives the mean loss of the last epoch.
fn train(
    step: &mut TrainStep<'_, 2>,
    params: &mut Params,
    data: &Dataset,
    epochs: std::ops::Range<u64>,
) -> chainrule::Result<f64> {
    let mut mean = 0.0;
    for epoch in epochs {
        let batches = data.batches(32).shuffled(params.seed(), epoch).drop_last();
        let losses =
            batches.map(|(x, y)| step.run(params, [&x, &y])).collect::<chainrule::Result<Vec<f64>>>()?;
        mean = losses.iter().sum::<f64>() / losses.len() as f64;
    }
    Ok(mean)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let half = if options.quick { 2 } else { 10 };
    let (data, test) = data::digits().scale(1.0 / 16.0).split_stratified(0.2, options.seed)?;
    let steps = 2 * half * (data.len() / 32) as u64;
    let model = || {
        let mut params = Params::seeded(options.seed);
        let net = Sequential::new(&mut params.root(), |net| net.linear(64, 64).relu().linear(64, 10));
        (params, net)
    };
    let (_, net) = model();
    let accuracy = |params: &Params| -> chainrule::Result<f64> {
        let logits = Function::new(|[x]| net.forward(x)).run(params, [test.inputs()])?;
        Ok(100.0 * nn::accuracy(&nn::predictions(&logits)?, test.labels())?)
    };
    let step_of = |optimizer: Optimizer<Box<dyn Transform>>| {
        TrainStep::new(optimizer.schedule(optim::cosine(steps, 0.01)), |[x, labels]| {
            net.forward(x).cross_entropy(labels)
        })
    };

    let (mut params, _) = model();
    let mut adam = step_of(optim::adam(3e-3).boxed());
    let last = train(&mut adam, &mut params, &data, 0..2 * half)?;
    println!("adam     last loss {last:.4}   test accuracy {:.2}%", accuracy(&params)?);

    let (mut params, _) = model();
    let signum = || Optimizer::new(1e-3, Signum { longest: 0.95 }).weight_decay(0.01).decoupled().boxed();
    let mut own = step_of(signum());
    train(&mut own, &mut params, &data, 0..half)?;
    let file = options.out.join("custom_optimizer.safetensors");
    params.save(&file)?;
    let last = train(&mut own, &mut params, &data, half..2 * half)?;
    println!("signum   last loss {last:.4}   test accuracy {:.2}%", accuracy(&params)?);

    let memory: Vec<&str> =
        params.iter().map(|(name, ..)| name).filter(|name| name.starts_with("optim.")).collect();
    println!("\nits memory: {}", memory.join(", "));
    println!("plans made in {steps} steps: {}", own.plans());

    // From the file, by another step made anew: the same bits.
    let (mut again, _) = model();
    again.load(&file)?;
    train(&mut step_of(signum()), &mut again, &data, half..2 * half)?;
    let same = params.iter().all(|(name, _, tensor)| again.get(name) == Some(tensor));
    println!("saved halfway and resumed: {}", if same { "the same bits" } else { "other values" });
    if same { Ok(()) } else { Err("the resumed training went another way".into()) }
}

fn main() -> ExitCode {
    options::main(&options::usage("custom_optimizer", "custom_optimizer.safetensors"), run)
}
