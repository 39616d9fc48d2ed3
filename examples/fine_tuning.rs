//! Fine-tuning: a network that knows the ten digits learns from a few examples what is even and what is odd.
//!
//! `cargo run --release --example fine_tuning [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! pretrained on ten digits: accuracy 97.5%
//! read: 4 taken
//!   `head.weight` is [10, 64] f32, not [2, 64] f32
//!   `head.bias` is [10] f32, not [2] f32
//!
//! even or odd, from   from scratch   head alone   then all of it
//!     5 examples             61.6%        65.9%            66.1%
//!    10 examples             71.7%        81.3%            79.9%
//!    20 examples             79.5%        84.5%            84.3%
//!    50 examples             87.2%        89.6%            90.8%
//!   200 examples             93.4%        91.6%            93.5%
//! ```
//!
//! and leaves the pretrained network in `pretrained.safetensors`. Each accuracy is the mean over ten draws of the examples, on
//! all other images that the pretraining didn't see. What was learned before is worth most where there is least to learn
//! from: with 200 examples, a network learns as much without it, or a little more.

#[path = "shared/options.rs"]
mod options;

use chainrule::data::{Dataset, permutation};
use chainrule::nn::Linear;
use chainrule::prelude::*;
use options::Options;
use std::error::Error;
use std::process::ExitCode;

/// A body that makes features of an image, and a head that makes classes of features.
struct Net {
    body: Sequential,
    head: Linear,
}

impl Net {
    fn new(at: &mut Scope, classes: usize) -> Net {
        Net {
            body: Sequential::new(&mut at.sub("body"), |net| {
                net.linear(64, 128).relu().linear(128, 64).relu()
            }),
            head: Linear::new(&mut at.sub("head"), 64, classes),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.head.forward(self.body.forward(x))
    }

    /// Takes `steps` steps of Adam on batches of up to 32.
    fn train(&self, params: &mut Params, data: &Dataset, lr: f64, steps: usize) -> chainrule::Result<()> {
        let mut step = TrainStep::new(optim::adam(lr), |[x, labels]| self.forward(x).cross_entropy(labels));
        let seed = params.seed();
        let epochs = (0..).flat_map(|epoch| data.batches(32).shuffled(seed, epoch));
        for (x, labels) in epochs.take(steps) {
            step.run(params, [&x, &labels])?;
        }
        Ok(())
    }

    fn accuracy(&self, params: &Params, data: &Dataset) -> chainrule::Result<f64> {
        let logits = Function::new(|[x]| self.forward(x)).run(params, [data.inputs()])?;
        Ok(100.0 * nn::accuracy(&nn::predictions(&logits)?, data.labels())?)
    }
}

/// The same images with the classes 0, even, and 1, odd.
fn parity(data: &Dataset) -> Result<Dataset, Box<dyn Error>> {
    let odd: Vec<i64> = data.labels().as_slice::<i64>()?.iter().map(|digit| digit % 2).collect();
    Ok(Dataset::new(data.inputs().clone(), Tensor::from(odd))?)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (steps, draws) = if options.quick { (200, 3) } else { (1000, 10) };
    let file = options.out.join("pretrained.safetensors");
    let (source, target) = data::digits().scale(1.0 / 16.0).split_stratified(0.4, options.seed)?;

    let mut params = Params::seeded(options.seed);
    let net = Net::new(&mut params.root(), 10);
    net.train(&mut params, &source, 1e-3, steps)?;
    params.without_optimizer()?.save(&file)?;
    println!("pretrained on ten digits: accuracy {:.1}%", net.accuracy(&params, &target)?);

    // A network for two classes takes the body, whose names and shapes are the same.
    let mut params = Params::seeded(options.seed + 1);
    let net = Net::new(&mut params.root(), 2);
    let fresh = params.clone();
    println!("read: {}", params.load_partial(&file)?);
    let pretrained = params;

    println!("\neven or odd, from   from scratch   head alone   then all of it");
    let target = parity(&target)?;
    for examples in [5, 10, 20, 50, 200] {
        let mut means = [0.0; 3];
        for draw in 0..draws {
            let order = permutation(target.len(), options.seed, draw);
            let (few, rest) = (target.take(&order[..examples])?, target.take(&order[examples..])?);

            let mut scratch = fresh.clone();
            net.train(&mut scratch, &few, 1e-3, 400)?;

            let mut tuned = pretrained.clone();
            tuned.freeze("body");
            net.train(&mut tuned, &few, 3e-3, 200)?;
            let head_alone = net.accuracy(&tuned, &rest)?;

            // The whole at a tenth of the rate: what the body knows is to be bent, not broken.
            tuned.unfreeze("body");
            net.train(&mut tuned, &few, 3e-4, 200)?;

            let found = [net.accuracy(&scratch, &rest)?, head_alone, net.accuracy(&tuned, &rest)?];
            means.iter_mut().zip(found).for_each(|(mean, x)| *mean += x / draws as f64);
        }
        let [scratch, head, all] = means;
        println!("{examples:5} examples      {scratch:11.1}%   {head:9.1}%   {all:13.1}%");
    }
    Ok(())
}

fn main() -> ExitCode {
    options::main(&options::usage("fine_tuning", "pretrained.safetensors"), run)
}
