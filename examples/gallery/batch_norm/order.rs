//! Covariate shift of the inputs: red flowers first, others later.

use super::flowers::Flowers;
use super::nets::{Net, accuracy, epoch, in_inference, in_training};
use super::statistics::{column, deviation, mean, median};
use super::{FLOWERS, ORDERED_BATCH, ORDERED_EPOCHS, RATE, RUNS, SHOWN};
use crate::page::Page;
use chainrule::plot::Chart;
use chainrule::prelude::*;
use std::error::Error;

/// What a training sees, and in which order.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// All flowers, mixed.
    Mixed,
    /// In each epoch the red ones first, then the others.
    RedFirst,
    /// Red ones alone.
    RedOnly,
}

/// How a trained network does.
struct Scores {
    /// Of red flowers, in inference.
    red: f64,
    /// Of the others, in inference.
    others: f64,
    /// Of the red ones, normalized by their own statistics.
    red_by_own: f64,
    /// Of the others, normalized by their own statistics.
    others_by_own: f64,
}

fn train(flowers: &Flowers, normalize: bool, order: Order, seed: u64) -> chainrule::Result<Scores> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, normalize);
    let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let parts: &[&Dataset] = match order {
        Order::Mixed => &[&flowers.all],
        Order::RedFirst => &[&flowers.red, &flowers.others],
        Order::RedOnly => &[&flowers.red],
    };
    for number in 0..ORDERED_EPOCHS {
        for part in parts {
            epoch(&mut step, &mut params, part, ORDERED_BATCH, number)?;
        }
    }
    let by_running = |data: &Dataset| -> chainrule::Result<f64> {
        Ok(accuracy(&in_inference(&params, data.inputs(), |x| net.forward(x))?, data))
    };
    let by_own = |data: &Dataset| -> chainrule::Result<f64> {
        Ok(accuracy(&in_training(&params, data.inputs(), |x| net.forward(x))?, data))
    };
    Ok(Scores {
        red: by_running(&flowers.red)?,
        others: by_running(&flowers.others)?,
        red_by_own: by_own(&flowers.red)?,
        others_by_own: by_own(&flowers.others)?,
    })
}

/// A unit of the first layer at the end of a training, as the colours alternate: that which tells them apart best.
struct Chase {
    /// Its mean over each batch.
    batches: Vec<f64>,
    /// The running mean after each batch.
    running: Vec<f64>,
    /// Its mean over all flowers, by the last weights.
    all: f64,
}

/// The last [`SHOWN`] epochs of a training with red flowers first.
fn chase(flowers: &Flowers, seed: u64) -> Result<Chase, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, true);
    let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let unit_means = |params: &Params, x: &Tensor| -> chainrule::Result<[f64; 3]> {
        let values = in_inference(params, x, |x| net.first(x))?;
        Ok(std::array::from_fn(|unit| mean(&column(&values, 3, unit))))
    };
    let (mut batches, mut running) = (Vec::new(), Vec::new());
    for number in 0..ORDERED_EPOCHS {
        for part in [&flowers.red, &flowers.others] {
            for (x, labels) in part.batches(ORDERED_BATCH).shuffled(seed, number as u64) {
                let shown = number + SHOWN >= ORDERED_EPOCHS;
                if shown {
                    batches.push(unit_means(&params, &x)?);
                }
                step.run(&mut params, [&x, &labels])?;
                if shown {
                    running.push(
                        params.get("first_norm.running_mean").ok_or("there is no running mean")?.to_f64(),
                    );
                }
            }
        }
    }
    let (red, others) =
        (unit_means(&params, flowers.red.inputs())?, unit_means(&params, flowers.others.inputs())?);
    let values = in_inference(&params, flowers.all.inputs(), |x| net.first(x))?;
    let units: [Vec<f64>; 3] = std::array::from_fn(|unit| column(&values, 3, unit));
    // (A unit that is always 0 tells nothing.)
    let apart = |unit: usize| (red[unit] - others[unit]).abs() / deviation(&units[unit]).max(1e-6);
    let unit = (0..3).fold(0, |best, i| if apart(i) > apart(best) { i } else { best });
    Ok(Chase {
        batches: batches.iter().map(|means| means[unit]).collect(),
        running: running.iter().map(|means| means[unit]).collect(),
        all: mean(&units[unit]),
    })
}

/// The part of the page on the order of the flowers.
pub fn show(page: &mut Page, flowers: &Flowers, seed: u64) -> Result<(), Box<dyn Error>> {
    let scores = |normalize, order| -> chainrule::Result<[f64; 4]> {
        let all = (0..RUNS)
            .map(|run| train(flowers, normalize, order, seed + run))
            .collect::<chainrule::Result<Vec<Scores>>>()?;
        let of = |score: &dyn Fn(&Scores) -> f64| median(&Vec::from_iter(all.iter().map(score)));
        Ok([of(&|s| s.red), of(&|s| s.others), of(&|s| s.red_by_own), of(&|s| s.others_by_own)])
    };
    let mixed = [scores(false, Order::Mixed)?, scores(true, Order::Mixed)?];
    let first = [scores(false, Order::RedFirst)?, scores(true, Order::RedFirst)?];
    let only = [scores(false, Order::RedOnly)?, scores(true, Order::RedOnly)?];
    let chase = chase(flowers, seed)?;

    page.heading("Rose or not: red ones first");
    page.text(
        "What makes a rose is the same for all colours, but a network that has seen red flowers alone has seen one part of the plane \
         alone. That is covariate shift of the inputs.",
    );
    let percent = |x: f64| format!("{:.1}%", 100.0 * x);
    let mut rows = Vec::new();
    for (order, [without, with]) in [("mixed", &mixed), ("red first", &first), ("red only", &only)] {
        rows.push([vec![order.to_owned(), "without".into()], without.map(percent).to_vec()].concat());
        rows.push([vec![order.to_owned(), "with".into()], with.map(percent).to_vec()].concat());
    }
    page.table(
        "Flowers classified rightly, medians",
        &[
            "batches",
            "normalization",
            "red",
            "others",
            "red, by their own statistics",
            "others, by their own",
        ],
        &rows,
    );
    page.claim(
        only[0][1] < 0.8 && only[1][1] < 0.8 && only[0][0] > 0.95 && only[1][0] > 0.95,
        format!(
            "Trained on red flowers alone, the network classifies {} of them rightly without normalization and {} with it, but of other \
             colours {} and {}: normalization is no cure for inputs that were never seen.",
            percent(only[0][0]),
            percent(only[1][0]),
            percent(only[0][1]),
            percent(only[1][1])
        ),
    );
    page.claim(
        first[0][0] > 0.97 && first[1][0] < first[0][0] - 0.005 && first[1][2] > first[1][0],
        format!(
            "With red batches first and others later in every epoch, normalization does harm: {} of the red flowers are right in \
             inference, {} without it. Normalized by their own mean and variance it would be {}.",
            percent(first[1][0]),
            percent(first[0][0]),
            percent(first[1][2])
        ),
    );
    let steps: Vec<f64> = (1..=chase.batches.len()).map(|step| step as f64).collect();
    page.figure(
        "order",
        &Chart::new("One unit's mean, red batches first in each epoch")
            .x_label(format!("step of the last {SHOWN} epochs"))
            .y_label("value")
            .size(760.0, 340.0)
            .points("a batch's mean", &steps, &chase.batches)
            .line_at("running mean", &steps, &chase.running)
            .line_at("mean of all flowers", &steps, &vec![chase.all; steps.len()]),
        "Over the steps of the last epochs, the means of batches alternate between two levels, one of red flowers and one of others. The \
         running mean follows them up and down and crosses the mean of all flowers each time.",
        &format!(
            "Each epoch has {0} batches of red flowers, then {0} of others. Dots: the mean of one unit of the first layer over each batch. \
             Line: the running mean, which is used in inference.",
            FLOWERS / ORDERED_BATCH
        ),
    );
    let colour = FLOWERS / ORDERED_BATCH;
    let last = chase.batches.len();
    let (red, others) =
        (mean(&chase.batches[last - 2 * colour..last - colour]), mean(&chase.batches[last - colour..]));
    let running = chase.running[last - 1];
    page.claim(
        (running - others).abs() < 0.5 * (chase.all - others).abs(),
        format!(
            "The reason: running statistics remember the last batches. In the last epoch the mean of the unit that is drawn is {red:.2} over \
             red batches and {others:.2} over the others; the running mean ends at {running:.2}, not at the {:.2} of all flowers.",
            chase.all
        ),
    );
    Ok(())
}
