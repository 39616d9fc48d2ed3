//! Batch normalization.
//!
//! *Asked:* what does it change in training, why, and what happens in use?
//!
//! *Found*, with a network of three, two and one units on two kinds of flowers: fewer trainings get stuck and more learning
//! rates work ([`losses`], [`rates`]). The values that a layer is given still move from epoch to epoch, but stay near where they began
//! ([`shift`]). It is no cure for inputs from elsewhere, and does harm if batches are not mixed ([`order`]). In training an
//! answer depends on the batch; in use it does not ([`inference`]).
//!
//! Sources: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift",
//! ICML 2015; Santurkar, Tsipras, Ilyas and Madry, "How does batch normalization help optimization?", NeurIPS 2018, who doubt that
//! the shift is what matters.

mod flowers;
mod inference;
mod losses;
mod nets;
mod order;
mod rates;
mod shift;
mod statistics;

use crate::page::Page;
use chainrule::prelude::*;
use nets::Net;
use std::error::Error;

/// Flowers of each kind, red and others; half of them are roses.
const FLOWERS: usize = 200;
/// Passes over the flowers.
const EPOCHS: usize = 100;
/// Flowers in a step.
const BATCH: usize = 40;
/// Adam's learning rate.
const RATE: f64 = 0.01;
/// Trainings for each setting, from different first weights.
const RUNS: u64 = 20;
/// A training with a smaller share of right answers is stuck.
const STUCK: f64 = 0.9;

/// Trainings of which the losses are drawn, with normalization and without.
const STARTS: u64 = 60;

// Red flowers first.

/// Flowers in a step: few, so that each colour fills many batches.
const ORDERED_BATCH: usize = 10;
/// Passes over the flowers.
const ORDERED_EPOCHS: usize = 50;
/// The last ones, of which every step is drawn.
const SHOWN: usize = 3;

// Learning rates.

/// Those of plain gradient descent.
const RATES: [f64; 9] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// Hidden layers of the network that reads digits.
const LAYERS: usize = 5;
/// Their width.
const WIDTH: usize = 32;
/// Passes over the digits.
const DIGIT_EPOCHS: usize = 10;
/// Trainings for each rate.
const DIGIT_RUNS: u64 = 3;

// Inference.

/// Batches in which one flower is looked at, each with other companions.
const COMPANIES: usize = 200;
/// Steps over which running means are followed.
const STEPS: usize = 100;

/// Puts the lesson on its page.
pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "Between two layers, subtract from each value its mean over the batch and divide by its standard deviation; let the \
         network learn a scale and a shift. Fewer trainings get stuck and more learning rates work. In use, running \
         averages take the batch's place.",
    );
    page.formula(
        r"y = \gamma \, \frac{x - \mu_B}{\sqrt{\sigma_B^2 + \varepsilon}} + \beta, \qquad \mu_B = \frac{1}{n} \sum_i x_i, \qquad \sigma_B^2 = \frac{1}{n} \sum_i (x_i - \mu_B)^2",
        "y is gamma times x minus the batch's mean, over the root of the batch's variance plus epsilon, plus beta.",
    );
    page.text(
        "The network is the one that Keras's users know: `Dense(3, relu)` for inputs of two numbers, `BatchNormalization`, \
         `Dense(2, relu)`, `BatchNormalization`, `Dense(1, sigmoid)`; and beside it the same without the normalizations, from the same \
         first weights. It tells roses from other flowers by two measurements.",
    );
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, true);
    let summary = nn::summary(&params, [1, 2], |x| net.forward(x))?;
    let rows = summary
        .rows()
        .iter()
        .map(|row| vec![row.name.to_string(), row.kind.to_owned(), row.params.to_string()]);
    page.table("The layers", &["name", "kind", "numbers"], &rows.collect::<Vec<_>>());

    let flowers = flowers::flowers(seed)?;
    flowers::show(page, &flowers);
    losses::show(page, &flowers, seed)?;
    shift::show(page, &flowers, seed)?;
    order::show(page, &flowers, seed)?;
    rates::show(page, &flowers, seed)?;
    inference::show(page, &flowers, seed)?;

    page.heading("Sources");
    page.text(
        "Sergey Ioffe and Christian Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate \
         shift*, ICML 2015. Shibani Santurkar, Dimitris Tsipras, Andrew Ilyas and Aleksander Madry, *How does batch normalization help \
         optimization?*, NeurIPS 2018: they add a shift on purpose, which does no harm, and find that the loss becomes smoother.",
    );

    page.setting("flowers, half of them red", 2 * FLOWERS);
    page.setting("epochs", EPOCHS);
    page.setting("flowers in a step", BATCH);
    page.setting("Adam's learning rate", RATE);
    page.setting("trainings for each setting", RUNS);
    page.setting("trainings of which the losses are drawn", STARTS);
    page.setting("flowers in a step, red ones first", ORDERED_BATCH);
    page.setting("epochs, red ones first", ORDERED_EPOCHS);
    page.setting("learning rates", RATES.map(|rate| rate.to_string()).join(", "));
    page.setting(
        "deep network",
        format!("{LAYERS} hidden layers of {WIDTH} units, {DIGIT_EPOCHS} epochs on digits"),
    );
    Ok(())
}
