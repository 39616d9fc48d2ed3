//! The loss, with and without batch normalization, from many starts.

use super::flowers::Flowers;
use super::nets::{Net, accuracy, epoch, in_inference};
use super::statistics::{mean, median};
use super::{BATCH, EPOCHS, RATE, STARTS, STUCK};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// One training.
struct Run {
    /// The mean loss of each epoch's steps.
    losses: Vec<f64>,
    /// The loss of all flowers in inference, in the end.
    last: f64,
    accuracy: f64,
    /// Whether it gives the same answer for every flower.
    constant: bool,
}

fn train(flowers: &Flowers, normalize: bool, seed: u64) -> chainrule::Result<Run> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, normalize);
    let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let mut losses = Vec::new();
    for number in 0..EPOCHS {
        losses.push(epoch(&mut step, &mut params, &flowers.all, BATCH, number)?);
    }
    let data = &flowers.all;
    let last = step.loss(&params, [data.inputs(), data.labels()])?;
    let logits = in_inference(&params, data.inputs(), |x| net.forward(x))?;
    let constant = logits.iter().all(|z| (z - logits[0]).abs() < 1e-4);
    Ok(Run { losses, last, accuracy: accuracy(&logits, data), constant })
}

/// The median over the runs, epoch by epoch.
fn middle(runs: &[Run]) -> Vec<f64> {
    (0..EPOCHS).map(|i| median(&Vec::from_iter(runs.iter().map(|run| run.losses[i])))).collect()
}

/// The part of the page on losses.
pub fn show(page: &mut Page, flowers: &Flowers, seed: u64) -> Result<(), Box<dyn Error>> {
    let of = |normalize| -> chainrule::Result<Vec<Run>> {
        (0..STARTS).map(|run| train(flowers, normalize, seed + run)).collect()
    };
    let (without, with) = (of(false)?, of(true)?);

    page.heading("The loss, from many starts");
    page.text(&format!(
        "The network is trained {STARTS} times with normalization and {STARTS} times without, from the same first weights, by Adam with \
         a rate of {RATE}, on all flowers in random order. A training counts as *stuck* if in the end fewer than {:.0}% of the \
         flowers are classified rightly, normalized by the running statistics.",
        100.0 * STUCK
    ));
    let epochs: Vec<f64> = (1..=EPOCHS).map(|epoch| epoch as f64).collect();
    let chart = |title: &str, name: &str, runs: &[Run]| {
        let chart = Chart::new(title)
            .x_label("epoch")
            .y_label("cross-entropy")
            .log_y()
            .y_range(3e-4, 1.5)
            .line_at(name, &epochs, &middle(runs));
        runs.iter().fold(chart, |chart, run| chart.thin_line_at(name, &epochs, &run.losses))
    };
    page.figure(
        "losses",
        &Panels::row([
            chart("Without normalization", "without", &without),
            chart("With normalization", "with", &with),
        ]),
        "The loss over the epochs on a logarithmic axis, in two plots. Without normalization most runs fall steadily, and several stay \
         flat near 0.69 or 0.4 to the end. With it the runs fall faster at first and then jump up and down between 0.001 and 0.1; few stay flat.",
        "The mean loss of each epoch's steps. Thin lines are single trainings, the thick one is their median.",
    );
    let stuck = |runs: &[Run]| runs.iter().filter(|run| run.accuracy < STUCK).count();
    let constant = without.iter().filter(|run| run.constant).count();
    page.claim(
        stuck(&without) > stuck(&with),
        format!(
            "Without normalization {} of {STARTS} trainings get stuck, {constant} of them with the same answer for every flower; with \
             it, {}.",
            stuck(&without),
            stuck(&with)
        ),
    );
    let (slow, fast) = (middle(&without), middle(&with));
    let early = EPOCHS / 10;
    page.claim(
        fast[early - 1] < 0.8 * slow[early - 1],
        format!(
            "With it the loss falls faster at first: the median after {early} epochs is {:.2}, and {:.2} without.",
            fast[early - 1],
            slow[early - 1]
        ),
    );
    let best = |runs: &[Run]| {
        median(&Vec::from_iter(runs.iter().filter(|run| run.accuracy >= STUCK).map(|run| run.last)))
    };
    let noise = |runs: &[Run]| mean(&Vec::from_iter(runs.iter().map(|run| wobble(&run.losses))));
    page.claim(
        best(&without) < 0.05 && best(&with) < 0.05,
        format!(
            "In the end there is little between them: of the trainings that are not stuck, the median loss in inference is {:.3} without and {:.3} \
             with it.",
            best(&without),
            best(&with)
        ),
    );
    page.claim(
        noise(&with) > 1.5 * noise(&without),
        format!(
            "Normalization by a batch of {BATCH} is noisy: from one epoch to the next, the loss changes by {:.3} on average over the \
             last half, and by {:.3} without.",
            noise(&with),
            noise(&without)
        ),
    );
    Ok(())
}

/// By how much the loss changes from epoch to epoch in the second half.
fn wobble(losses: &[f64]) -> f64 {
    mean(&Vec::from_iter(losses[EPOCHS / 2..].windows(2).map(|pair| (pair[1] - pair[0]).abs())))
}
