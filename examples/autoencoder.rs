//! Autoencoders: 64 pixels through a bottleneck of a few numbers and back.
//!
//! `cargo run --release --example autoencoder [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! 1438 images to train on, 359 to test on, 100 epochs
//!  2 numbers: mean squared error 0.0309, 58.3% of the variance explained
//!  8 numbers: mean squared error 0.0106, 85.7% of the variance explained
//! 16 numbers: mean squared error 0.0062, 91.7% of the variance explained
//! saved autoencoder.svg
//! ```
//!
//! and draws ten digits that no training saw, and what came back of them: `autoencoder.svg`. The share of the variance
//! that is explained is measured on the test set: 0% would be the mean image for all.

#[path = "shared/options.rs"]
mod options;

use chainrule::data::Dataset;
use chainrule::nn::Activation;
use chainrule::prelude::*;
use chainrule::train::Trainer;
use chainrule::train::metrics::{self, Metric};
use options::Options;
use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

/// The two halves: used together for training, and each alone afterwards.
struct Autoencoder {
    encoder: Sequential,
    decoder: Sequential,
}

impl Autoencoder {
    fn new(at: &mut Scope, code: usize) -> Autoencoder {
        let elu = Activation::Elu(1.0);
        Autoencoder {
            encoder: Sequential::new(&mut at.sub("encoder"), |net| {
                net.linear(64, 128).activation(elu).linear(128, 32).activation(elu).linear(32, code)
            }),
            decoder: Sequential::new(&mut at.sub("decoder"), |net| {
                net.linear(code, 32).activation(elu).linear(32, 128).activation(elu).linear(128, 64).sigmoid()
            }),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.decoder.forward(self.encoder.forward(x))
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (train, test) = data::digits().scale(1.0 / 16.0).split_stratified(0.2, options.seed)?;
    let epochs = if options.quick { 5 } else { 100 };

    // The targets are the inputs themselves.
    let own = Dataset::new(train.inputs().clone(), train.inputs().clone())?;
    let shown = test.inputs().take_rows(&one_of_each(&test))?;
    let mut rows = vec![("original".to_owned(), shown.clone())];
    println!("{} images to train on, {} to test on, {epochs} epochs", train.len(), test.len());
    for code in [2, 8, 16] {
        let mut params = Params::seeded(options.seed);
        let net = Autoencoder::new(&mut params.root(), code);
        let steps = epochs * train.len().div_ceil(32);
        let optimizer = optim::adam(3e-3).schedule(optim::cosine(steps as u64, 0.01));
        let mut trainer = Trainer::new(optimizer, |x| net.forward(x), |y, x| y.mse(x));
        trainer.fit(&mut params, &own).epochs(epochs).silent().run()?;

        let back = trainer.predict(&params, test.inputs())?;
        let error = metrics::mse().of(&back, test.inputs())?;
        let explained = 100.0 * (1.0 - error / variance(test.inputs()));
        println!(
            "{code:2} numbers: mean squared error {error:.4}, {explained:.1}% of the variance explained"
        );
        rows.push((format!("{code} numbers"), trainer.predict(&params, &shown)?));
    }
    std::fs::write(options.out.join("autoencoder.svg"), picture(&rows))?;
    println!("saved autoencoder.svg");
    Ok(())
}

/// The mean squared deviation of the pixels from the mean image.
fn variance(images: &Tensor) -> f64 {
    let (values, count) = (images.to_f64(), images.shape()[0] as f64);
    let pixel = |i: usize| values.iter().skip(i).step_by(64);
    let spread = |i: usize| {
        let mean = pixel(i).sum::<f64>() / count;
        pixel(i).map(|x| (x - mean).powi(2)).sum::<f64>() / count
    };
    (0..64).map(spread).sum::<f64>() / 64.0
}

/// The first row of each class.
fn one_of_each(data: &Dataset) -> Vec<usize> {
    let labels = data.labels().to_f64();
    (0..10).filter_map(|digit| labels.iter().position(|&label| label == f64::from(digit))).collect()
}

/// Rows of images of 8×8 pixels from 0 to 1, as SVG: a square a pixel, the darker the larger.
fn picture(rows: &[(String, Tensor)]) -> String {
    let (pixel, left, cell) = (6, 100, 56);
    let (width, height) = (left + 10 * cell, rows.len() * cell + 8);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"13\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (row, (name, images)) in rows.iter().enumerate() {
        let top = row * cell + 8;
        _ = writeln!(svg, "<text x=\"10\" y=\"{}\">{name}</text>", top + 28);
        for (i, value) in images.to_f64().into_iter().enumerate() {
            let (image, y, x) = (i / 64, i % 64 / 8, i % 8);
            let (x, y) = (left + image * cell + x * pixel, top + y * pixel);
            let shade = (255.0 * (1.0 - value.clamp(0.0, 1.0))).round();
            _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{pixel}\" height=\"{pixel}\" fill=\"rgb({shade},{shade},{shade})\"/>"
            );
        }
    }
    svg + "</svg>\n"
}

fn main() -> ExitCode {
    options::main(&options::usage("autoencoder", "autoencoder.svg"), run)
}
