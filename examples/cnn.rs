//! A convolutional classifier of handwritten digits: MNIST's with `--data DIR`, else the embedded 8x8 ones.
//!
//! `cargo run --release --example cnn -- --data DIR` prints the model, trains by `Trainer` with early stopping, and judges the best
//! epoch's weights on the test set:
//!
//! ```text
//! epoch   1/4  loss 0.1878  val_loss 0.0742  val_accuracy 0.9775  lr 0.0020  … s
//! ...
//! epoch   4/4  loss 0.0350  val_loss 0.0419  val_accuracy 0.9858  lr 0.0020  … s
//! test loss 0.0332 accuracy 98.75%
//! ```

#[path = "shared/options.rs"]
mod options;

use chainrule::nn::Activation;
use chainrule::prelude::*;
use chainrule::train::{EarlyStopping, metrics};
use options::Options;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cnn [--data DIR] [--quick] [--resume] [--seed N] [--out DIR]

  --data DIR    the folder of MNIST's four files (the embedded 8x8 digits)
  --quick       two epochs only
  --resume      go on from the saved file, where Ctrl-C or the end has left it
  --seed N      seed of initial values, split, order and dropout (7)
  --out DIR     where cnn.safetensors and cnn.svg go (the current folder)";

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (rest, test, side, epochs) = match options.path("--data") {
        Some(folder) => {
            let (train, test) = data::mnist(folder)?;
            (train, test, 28, 4)
        }
        None => {
            let (train, test) = data::digits().scale(1.0 / 16.0).split_stratified(0.2, options.seed)?;
            (train, test, 8, 40)
        }
    };
    // One channel of rows and columns.
    let images = |set: data::Dataset| set.map_inputs(|x| x.reshape([x.shape()[0], 1, side, side]));
    let (train, validation) = images(rest)?.split_stratified(0.1, options.seed)?;
    let test = images(test)?;

    let mut params = Params::seeded(options.seed);
    let net = Sequential::with_input(&mut params.root(), [1, side, side], |net| {
        net.conv2d(16, 3, Activation::Relu)
            .conv2d(32, 3, Activation::Relu)
            .max_pool2d(2)
            .dropout(0.25)
            .flatten()
            .dense(64, Activation::Relu)
            .dense(10, Activation::Identity)
    });
    println!("{}", net.summary(&params)?);

    let mut trainer =
        Trainer::new(optim::adamw(2e-3), |x| net.forward(x), |logits, labels| logits.cross_entropy(labels))
            .metric(metrics::accuracy());
    let mut fit = trainer
        .fit(&mut params, &train)
        .epochs(if options.quick { 2 } else { epochs })
        .batch_size(64)
        .seed(options.seed)
        .validation(&validation)
        .callback(EarlyStopping::new("val_loss").patience(5).restore_best())
        .checkpoint(options.out.join("cnn.safetensors"))
        .stop_on_ctrl_c();
    if options.has("--resume") {
        fit = fit.resume();
    }
    fit.run()?.save_svg(options.out.join("cnn.svg"))?;
    let found = trainer.evaluate(&params, &test)?;
    println!("test loss {:.4} accuracy {:.2}%", found["loss"], 100.0 * found["accuracy"]);
    Ok(())
}

fn main() -> ExitCode {
    options::main(USAGE, run)
}
