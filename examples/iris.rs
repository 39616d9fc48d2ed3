//! Classifies irises the short way: a `Sequential` model, a `Trainer`, and `fit` with validation and early stopping.
//!
//! `cargo run --release --example iris [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! 90 irises to train on, 30 to validate, 30 to test
//! (the model as a table)
//!
//! stopped after 34 epochs; best validation loss 0.0862
//! test loss 0.1017, accuracy 96.7%
//!
//! actual (down), predicted (across)
//!        0   1   2
//!    0   9   1   0
//!    1   0  10   0
//!    2   0   0  10
//!
//! 0 setosa      precision 1.00  recall 0.90
//! 1 versicolor  precision 0.91  recall 1.00
//! 2 virginica   precision 1.00  recall 1.00
//! ```
//!
//! and draws the losses and the validation's accuracy over the epochs: `iris.svg`.

#[path = "shared/options.rs"]
mod options;

use chainrule::data::{Dataset, Standardize};
use chainrule::prelude::*;
use chainrule::train::metrics::{self, Confusion};
use chainrule::train::{EarlyStopping, Trainer};
use options::Options;
use std::error::Error;
use std::process::ExitCode;

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Three parts: to learn from, to choose when to stop, and to judge what came out.
    let (rest, test) = data::iris().split_stratified(0.2, options.seed)?;
    let (train, validation) = rest.split_stratified(0.25, options.seed)?;
    println!("{} irises to train on, {} to validate, {} to test", train.len(), validation.len(), test.len());

    // The scaling is learned from the training set alone, and is the same for all.
    let scaler = Standardize::fit(train.inputs())?;
    let scaled = |set: Dataset| set.map_inputs(|x| scaler.apply(x));
    let (train, validation, test) = (scaled(train)?, scaled(validation)?, scaled(test)?);

    let mut params = Params::seeded(options.seed);
    let net = Sequential::new(&mut params.root(), |net| {
        net.linear(4, 16).relu().linear(16, 16).relu().linear(16, 3)
    });
    println!("{}", nn::summary(&params, [1, 4], |x| net.forward(x))?);

    let mut trainer =
        Trainer::new(optim::adam(0.01), |x| net.forward(x), |logits, labels| logits.cross_entropy(labels))
            .metric(metrics::accuracy());
    let history = trainer
        .fit(&mut params, &train)
        .epochs(if options.quick { 20 } else { 200 })
        .batch_size(16)
        .validation(&validation)
        .callback(EarlyStopping::new("val_loss").patience(20).restore_best())
        .silent()
        .run()?;
    history.save_svg(options.out.join("iris.svg"))?;
    let best = history.get("val_loss").unwrap_or(&[]).iter().copied().fold(f64::INFINITY, f64::min);
    println!("stopped after {} epochs; best validation loss {best:.4}", history.epochs());

    let logs = trainer.evaluate(&params, &test)?;
    println!("test loss {:.4}, accuracy {:.1}%", logs["loss"], 100.0 * logs["accuracy"]);

    let confusion = Confusion::of(&trainer.predict(&params, test.inputs())?, test.labels())?;
    println!("\nactual (down), predicted (across)\n{confusion}\n");
    for (class, name) in test.classes().iter().enumerate() {
        let (precision, recall) = (confusion.precision(class), confusion.recall(class));
        println!("{class} {name:10}  precision {precision:.2}  recall {recall:.2}");
    }
    Ok(())
}

fn main() -> ExitCode {
    options::main(&options::usage("iris", "iris.svg"), run)
}
