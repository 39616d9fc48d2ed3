//! Running statistics: how they come about in training, and what they are for.

use super::flowers::Flowers;
use super::nets::{Net, epoch, in_inference, in_training};
use super::statistics::{column, deviation, mean};
use super::{BATCH, COMPANIES, EPOCHS, RATE, STEPS};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// The share of the old value in a running statistic; Keras calls it momentum.
const KEPT: f64 = 0.9;

/// How far the running means of the first layer are from the means of all flowers, in standard deviations of these, step by step.
fn approach(flowers: &Flowers, rate: f64, seed: u64) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, true);
    let mut step = TrainStep::new(optim::adam(rate), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let data = &flowers.all;
    let distance = |params: &Params| -> Result<f64, Box<dyn Error>> {
        let values = in_inference(params, data.inputs(), |x| net.first(x))?;
        let running = params.get("first_norm.running_mean").ok_or("there is no running mean")?.to_f64();
        let units = || (0..running.len()).map(|unit| column(&values, running.len(), unit));
        let off: f64 = units().zip(&running).map(|(values, running)| (mean(&values) - running).abs()).sum();
        Ok(off / units().map(|values| deviation(&values)).sum::<f64>())
    };
    let mut distances = vec![distance(&params)?];
    for number in 0.. {
        for (x, labels) in data.batches(BATCH).shuffled(seed, number) {
            if distances.len() > STEPS {
                return Ok(distances);
            }
            step.run(&mut params, [&x, &labels])?;
            distances.push(distance(&params)?);
        }
    }
    Ok(distances)
}

/// One flower's probability of being a rose.
struct Alone {
    /// In training, in batches with others.
    in_company: Vec<f64>,
    /// In inference, in the same batches.
    in_use: Vec<f64>,
    /// In inference, in a batch of its own.
    alone: f64,
    /// What a batch of its own comes to in training.
    message: String,
}

fn one_flower(flowers: &Flowers, seed: u64) -> Result<Alone, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, true);
    let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let data = &flowers.all;
    for number in 0..EPOCHS {
        epoch(&mut step, &mut params, data, BATCH, number)?;
    }
    let all = in_inference(&params, data.inputs(), |x| net.forward(x).sigmoid())?;
    // The flower that is hardest to tell.
    let doubt = |i: usize| (all[i] - 0.5).abs();
    let hardest = (0..all.len()).fold(0, |best, i| if doubt(i) < doubt(best) { i } else { best });
    let single = data.take(&[hardest])?;

    let mut found =
        Alone { in_company: Vec::new(), in_use: Vec::new(), alone: all[hardest], message: String::new() };
    for number in 0..COMPANIES {
        let mut rows = vec![hardest];
        let others = data::permutation(data.len(), seed, number as u64).into_iter().filter(|&i| i != hardest);
        rows.extend(others.take(BATCH - 1));
        let batch = data.take(&rows)?;
        found.in_company.push(in_training(&params, batch.inputs(), |x| net.forward(x).sigmoid())?[0]);
        found.in_use.push(in_inference(&params, batch.inputs(), |x| net.forward(x).sigmoid())?[0]);
    }
    found.alone = in_inference(&params, single.inputs(), |x| net.forward(x).sigmoid())?[0];
    found.message = match step.run(&mut params, [single.inputs(), single.labels()]) {
        Ok(loss) => format!("no error, but the loss {loss}"),
        Err(error) => error.to_string(),
    };
    Ok(found)
}

/// The part of the page on inference.
pub fn show(page: &mut Page, flowers: &Flowers, seed: u64) -> Result<(), Box<dyn Error>> {
    let at_rest = approach(flowers, 0.0, seed)?;
    let moving = approach(flowers, RATE, seed)?;
    let flower = one_flower(flowers, seed)?;

    page.heading("In use: running statistics");
    page.text(
        "In training, a value is normalized by the mean and variance of its batch, so what a network says of one flower depends on \
         the others in the batch. In use, running averages take their place, which training has kept. (Here the old value counts 0.9; in Keras it is 0.99, unless one says otherwise.)",
    );
    page.formula(
        r"\mu \leftarrow 0.9 \, \mu + 0.1 \, \mu_B, \qquad \sigma^2 \leftarrow 0.9 \, \sigma^2 + 0.1 \, \tfrac{n}{n - 1} \, \sigma_B^2",
        "With each batch, the running mean becomes 0.9 times itself plus 0.1 times the batch's mean, and the running variance 0.9 \
         times itself plus 0.1 times n over n minus 1 times the batch's variance.",
    );
    let steps: Vec<f64> = (0..=STEPS).map(|step| step as f64).collect();
    let geometric: Vec<f64> = (0..=STEPS).map(|step| KEPT.powi(step as i32) * at_rest[0]).collect();
    page.figure(
        "inference",
        &Panels::row([
            Chart::new("Running means on their way")
                .x_label("step")
                .y_label("standard deviations off")
                .line_at("weights at rest", &steps, &at_rest)
                .line_at("weights that learn", &steps, &moving)
                .line_at("0.9ᵏ of the first", &steps, &geometric),
            Chart::new("One flower, in training mode")
                .x_label("probability of a rose")
                .y_label("batches")
                .histogram_in("", &flower.in_company, 25, (0.0, 1.0))
                .v_line(flower.alone, "in inference"),
        ]),
        "Left, the distance of the running means from the data's, over a hundred steps: it falls like 0.9 to the power of the step, to \
         nearly 0. Right, a histogram of the probability that the network in training mode gives for one and the same flower in different \
         batches: it spreads over the whole range; a vertical line marks the one value it gives in inference.",
        &format!(
            "Left: how far the running means are from the means of all flowers, in standard deviations of these, in the mean over the \
             first layer's units. Right: the flower that is hardest to tell, in {COMPANIES} batches of {BATCH} with different companions."
        ),
    );
    let tail = |distances: &[f64]| mean(&distances[STEPS / 2..]);
    page.claim(
        at_rest[10] < 1.5 * KEPT.powi(10) * at_rest[0] && tail(&at_rest) < 0.15 && tail(&moving) < 0.3,
        format!(
            "Running means begin at 0, {:.2} standard deviations from the data's. With weights at rest, each batch takes a tenth of \
             the way: {:.2} are left after 10 steps, {:.2} on average after {}. With weights that learn they follow: {:.2}.",
            at_rest[0],
            at_rest[10],
            tail(&at_rest),
            STEPS / 2,
            tail(&moving)
        ),
    );
    let least = flower.in_company.iter().copied().fold(1.0, f64::min);
    let most = flower.in_company.iter().copied().fold(0.0, f64::max);
    let same = flower.in_use.iter().all(|p| (p - flower.alone).abs() < 1e-6);
    page.claim(
        most - least > 0.2 && same,
        format!(
            "One flower in {COMPANIES} batches with different companions: in training its probability of being a rose lies between \
             {:.0}% and {:.0}%; in inference it is {:.1}% in all of them, and alone.",
            100.0 * least,
            100.0 * most,
            100.0 * flower.alone
        ),
    );
    page.claim(
        flower.alone.is_finite() && flower.message.contains("needs 2 rows or more in training, not 1")
            && flower.message.contains("first_norm"),
        "A batch of one flower works in inference. In training it is an error that names the layer, as one value has no variance: \
         \"needs 2 rows or more in training, not 1\".",
    );
    Ok(())
}
