//! Regression on 442 diabetes patients: a network with weight decay beside the best straight line.
//!
//! `cargo run --release --example diabetes [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! 283 patients to train on, 71 to validate, 88 to test
//!
//! on the test set (targets from 25 to 346)
//! mean            R² -0.004   mean absolute error  63.7
//! least squares   R²  0.535   mean absolute error  40.9
//! restrained      R²  0.494   mean absolute error  42.2
//! unrestrained    R² -1.132   mean absolute error  74.8
//! ```
//!
//! and draws the losses and the validation's error and R² over the epochs: `restrained.svg`, `unrestrained.svg`. The network is
//! trained twice: with dropout, weight decay and early stopping, and without. With them it does about as well as the line, and
//! no better, as ten numbers of so few patients say little more than a line can tell; without them it learns the training set
//! by heart.

#[path = "shared/options.rs"]
mod options;

use chainrule::data::{Dataset, Standardize};
use chainrule::prelude::*;
use chainrule::train::metrics::{self, Metric};
use chainrule::train::{EarlyStopping, Trainer};
use options::Options;
use std::error::Error;
use std::process::ExitCode;

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Inputs and targets at mean 0 and deviation 1, by what the training set is like.
    let (rest, test) = data::diabetes().split(0.2, options.seed)?;
    let (train, validation) = rest.split(0.2, options.seed)?;
    let (inputs, targets) = (Standardize::fit(train.inputs())?, Standardize::fit(train.labels())?);
    let scaled = |set: &Dataset| Dataset::new(inputs.apply(set.inputs())?, targets.apply(set.labels())?);
    println!(
        "{} patients to train on, {} to validate, {} to test",
        train.len(),
        validation.len(),
        test.len()
    );

    let report = |name: &str, predicted: &Tensor| -> Result<(), Box<dyn Error>> {
        let predicted = targets.invert(predicted)?;
        let r2 = metrics::r2().of(&predicted, test.labels())?;
        let mae = metrics::mae().of(&predicted, test.labels())?;
        println!("{name:14}  R² {r2:6.3}   mean absolute error {mae:5.1}");
        Ok(())
    };

    // The line has no use for a validation set: it learns from both.
    let line = least_squares(&scaled(&rest)?)?;
    let mut predict = Function::new(|[x, w]| affine(x, w));
    println!("\non the test set (targets from 25 to 346)");
    report("mean", &Tensor::full(test.len(), 0.0f32))?;
    report("least squares", &predict.run(&Params::seeded(0), [scaled(&test)?.inputs(), &line])?)?;

    // Twice the same network: kept small and stopped in time, or left alone.
    let (train, validation) = (scaled(&train)?, scaled(&validation)?);
    for (name, dropout, decay) in [("restrained", 0.2, 0.1), ("unrestrained", 0.0, 0.0)] {
        let mut params = Params::seeded(options.seed);
        let net = Sequential::new(&mut params.root(), |net| {
            net.linear(10, 32).silu().dropout(dropout).linear(32, 32).silu().dropout(dropout).linear(32, 1)
        });
        let optimizer = optim::adamw(3e-3).weight_decay(decay).decay_only(|_, shape| shape.rank() == 2);
        let mut trainer = Trainer::new(optimizer, |x| net.forward(x).squeeze(-1), |y, t| y.mse(t))
            .metric(metrics::mae())
            .metric(metrics::r2());
        let epochs = if options.quick { 30 } else { 300 };
        let mut fit = trainer.fit(&mut params, &train).epochs(epochs).validation(&validation).silent();
        if name == "restrained" {
            fit = fit.callback(EarlyStopping::new("val_loss").patience(25).restore_best());
        }
        let history = fit.run()?;
        report(name, &trainer.predict(&params, scaled(&test)?.inputs())?)?;
        history.save_svg(options.out.join(format!("{name}.svg")))?;
    }
    Ok(())
}

/// `w₀ + w₁·x₁ + …`, for each row of `x`.
fn affine<'t>(x: Var<'t>, w: Var<'t>) -> Var<'t> {
    x.matmul(w.slice(0, 1..)) + w.slice(0, ..1)
}

/// The coefficients with the least squared error. The loss is quadratic, so one step of Newton's method finds them from
/// anywhere: `w = 0 - H⁻¹·∇`, with Hessian and gradient from the tape.
fn least_squares(data: &Dataset) -> Result<Tensor, Box<dyn Error>> {
    let n = data.inputs().shape()[1] + 1;
    let tape = Tape::new();
    let (x, y, w) = (tape.var(data.inputs()), tape.var(data.labels()), tape.var(vec![0.0f32; n]));
    let loss = affine(x, w).mse(y);
    let (mut h, mut b) = (tape.hessian(loss, w).value()?.to_f64(), (-tape.grad(loss, w)).value()?.to_f64());
    // Gaussian elimination. (The feature `linalg` has `solve`.)
    for i in 0..n {
        for row in (0..n).filter(|&row| row != i) {
            let factor = h[row * n + i] / h[i * n + i];
            (0..n).for_each(|j| h[row * n + j] -= factor * h[i * n + j]);
            b[row] -= factor * b[i];
        }
    }
    let w: Vec<f32> = (0..n).map(|i| (b[i] / h[i * n + i]) as f32).collect();
    Ok(Tensor::from_vec(w, n)?)
}

fn main() -> ExitCode {
    options::main(&options::usage("diabetes", "restrained.svg and unrestrained.svg"), run)
}
