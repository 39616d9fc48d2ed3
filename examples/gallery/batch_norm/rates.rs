//! How sensitive training is to the learning rate.

use super::flowers::Flowers;
use super::nets::{Net, accuracy, dense, epoch, in_inference};
use super::statistics::{mean, median};
use super::{BATCH, DIGIT_EPOCHS, DIGIT_RUNS, EPOCHS, LAYERS, RATES, RUNS, WIDTH};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// The small network at one rate: the share of flowers that it classifies rightly in the end.
fn small(flowers: &Flowers, normalize: bool, rate: f64, seed: u64) -> chainrule::Result<f64> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, normalize);
    let mut step = TrainStep::new(optim::sgd(rate), |[x, labels]| net.forward(x).bce_with_logits(labels));
    for number in 0..EPOCHS {
        epoch(&mut step, &mut params, &flowers.all, BATCH, number)?;
    }
    Ok(accuracy(&in_inference(&params, flowers.all.inputs(), |x| net.forward(x))?, &flowers.all))
}

/// A deep network on the digits at one rate: the share of test images that it reads rightly in the end.
fn deep([train, test]: &[Dataset; 2], normalize: bool, rate: f64, seed: u64) -> Result<f64, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Sequential::new(&mut params.root(), |mut net| {
        for layer in 0..LAYERS {
            let inputs = if layer == 0 { 64 } else { WIDTH };
            net = net.push(&format!("hidden_{layer}"), |at| dense(at, inputs, WIDTH)).relu();
            if normalize {
                net = net.push(&format!("norm_{layer}"), |at| BatchNorm::new(at, WIDTH));
            }
        }
        net.push("out", |at| dense(at, WIDTH, 10))
    });
    let mut step = TrainStep::new(optim::sgd(rate), |[x, labels]| net.forward(x).cross_entropy(labels));
    for number in 0..DIGIT_EPOCHS {
        epoch(&mut step, &mut params, train, 64, number)?;
    }
    let logits = Function::new(|[x]| net.forward(x)).run(&params, [test.inputs()])?;
    Ok(nn::accuracy(&nn::predictions(&logits)?, test.labels())?)
}

/// The rates at which the score is at least so high.
fn good(scores: &[f64], least: f64) -> Vec<f64> {
    RATES.into_iter().zip(scores).filter(|(_, score)| **score >= least).map(|(rate, _)| rate).collect()
}

/// Whether there are no others between them.
fn unbroken(rates: &[f64]) -> bool {
    let between = |rate: &&f64| rates.first() <= Some(*rate) && Some(*rate) <= rates.last();
    RATES.iter().filter(between).count() == rates.len()
}

/// "from 0.01 to 1", "only 0.1", "none".
fn range(rates: &[f64]) -> String {
    match rates {
        [] => "at none".to_owned(),
        [one] => format!("at {one} alone"),
        [first, .., last] => format!("from {first} to {last}"),
    }
}

/// The part of the page on learning rates.
pub fn show(page: &mut Page, flowers: &Flowers, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut of_small = [Vec::new(), Vec::new()];
    let mut of_deep = [Vec::new(), Vec::new()];
    let (train, test) = data::digits().split_stratified(0.2, seed)?;
    let scaler = data::Standardize::fit(train.inputs())?;
    let digits = [train.map_inputs(|x| scaler.apply(x))?, test.map_inputs(|x| scaler.apply(x))?];
    for (i, normalize) in [false, true].into_iter().enumerate() {
        for rate in RATES {
            let runs = (0..RUNS).map(|run| small(flowers, normalize, rate, seed + run));
            of_small[i].push(median(&runs.collect::<chainrule::Result<Vec<f64>>>()?));
            let runs = (0..DIGIT_RUNS).map(|run| deep(&digits, normalize, rate, seed + run));
            of_deep[i].push(mean(&runs.collect::<Result<Vec<f64>, Box<dyn Error>>>()?));
        }
    }

    page.heading("How high may the learning rate be?");
    page.text(&format!(
        "Plain gradient descent at rates from {} to {}: the small network on the flowers, for {EPOCHS} epochs (median of {RUNS} trainings), and \
         one with {LAYERS} hidden layers of {WIDTH} units on handwritten digits, for {DIGIT_EPOCHS} epochs (mean of {DIGIT_RUNS}).",
        RATES[0],
        RATES[RATES.len() - 1]
    ));
    let chart = |title: String, [without, with]: &[Vec<f64>; 2]| {
        let percent = |scores: &[f64]| Vec::from_iter(scores.iter().map(|score| 100.0 * score));
        Chart::new(title)
            .x_label("learning rate")
            .y_label("% right")
            .log_x()
            .y_range(0.0, 100.0)
            .line_at("without", &RATES, &percent(without))
            .line_at("with", &RATES, &percent(with))
    };
    page.figure(
        "rates",
        &Panels::row([
            chart("Small network, flowers".into(), &of_small),
            chart(format!("{LAYERS} hidden layers, digits"), &of_deep),
        ]),
        "The share of right answers over the learning rate, on a logarithmic axis, with and without normalization. Both curves are hills; that \
         with normalization rises at lower rates and falls at higher ones, in the deep network most clearly.",
        "The share of right answers after training at each rate. By chance, half of the flowers are right, and one of ten digits.",
    );
    let works = [good(&of_small[0], 0.95), good(&of_small[1], 0.95)];
    let top = |rates: &[f64]| rates.last().copied().unwrap_or(0.0);
    let bottom = |rates: &[f64]| rates.first().copied().unwrap_or(f64::INFINITY);
    page.claim(
        works.iter().all(|rates| unbroken(rates))
            && top(&works[1]) >= top(&works[0])
            && bottom(&works[1]) < bottom(&works[0]),
        format!(
            "The small network: at least 95% are right {} without normalization and {} with it.",
            range(&works[0]),
            range(&works[1])
        ),
    );
    let works = [good(&of_deep[0], 0.9), good(&of_deep[1], 0.9)];
    page.claim(
        works.iter().all(|rates| unbroken(rates))
            && bottom(&works[1]) < bottom(&works[0])
            && top(&works[1]) > top(&works[0]),
        format!(
            "The deep network: at least 90% of the test images are read rightly {} without it and {} with it. Lower \
             rates work, and higher ones.",
            range(&works[0]),
            range(&works[1])
        ),
    );
    Ok(())
}
