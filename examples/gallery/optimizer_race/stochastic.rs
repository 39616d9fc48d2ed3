//! Batch, mini-batch and stochastic gradient descent.

use super::problems::Problem;
use crate::page::Page;
use crate::shared::descent::{distance, place};
use crate::shared::sparse::{ROWS, Sparse, mean_squared_error};
use crate::words::count;
use chainrule::optim;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// The rows of a batch.
const SIZES: [usize; 3] = [ROWS, 20, 1];
const NAMES: [&str; 3] = ["batch", "mini-batch", "stochastic"];
/// The rates that each may choose from.
const RATES: [f64; 6] = [0.01, 0.03, 0.1, 0.3, 0.5, 0.9];
/// The rate at which all three are compared.
const RATE: f64 = 0.1;
const EPOCHS: usize = 200;
/// Near: within this part of the way.
const NEAR: f64 = 0.05;

/// A training, one place for each epoch.
pub struct Training {
    pub rate: f64,
    /// The distance to the minimum after each epoch, as a part of that at the start.
    pub left: Vec<f64>,
    /// The places after each of the first [`KEPT`] updates.
    pub places: Vec<[f64; 2]>,
}

/// So many updates are kept one by one.
pub const KEPT: usize = 1600;

impl Training {
    /// The first epoch that ends near the minimum.
    fn near(&self) -> Option<usize> {
        self.left.iter().position(|&left| left < NEAR)
    }

    /// How far off the training is on average in its second half.
    fn hovers(&self) -> f64 {
        let half = &self.left[self.left.len() / 2..];
        half.iter().sum::<f64>() / half.len() as f64
    }
}

/// Gradient descent with the gradient of `size` rows at a time, in another order in each epoch.
pub fn train(
    data: &Sparse,
    size: usize,
    rate: f64,
    epochs: usize,
    seed: u64,
) -> Result<Training, Box<dyn Error>> {
    let rows = Dataset::new(data.inputs.clone(), data.targets.clone())?;
    let mut params = Params::seeded(seed);
    let w = params.root().param("w", Tensor::from([0.0, 0.0]));
    let mut step = TrainStep::new(optim::sgd(rate), |[x, y]| mean_squared_error(x.tape().param(w), x, y));
    let way = distance([0.0, 0.0], data.minimum);
    let mut training = Training { rate, left: vec![1.0], places: vec![[0.0, 0.0]] };
    for epoch in 0..epochs as u64 {
        for (x, y) in rows.batches(size).shuffled(seed, epoch) {
            step.run(&mut params, [&x, &y])?;
            if training.places.len() <= KEPT {
                training.places.push(place(&params, w)?);
            }
        }
        training.left.push(distance(place(&params, w)?, data.minimum) / way);
    }
    Ok(training)
}

pub fn section(page: &mut Page, data: &Sparse, elongated: &Problem, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for size in SIZES {
        let runs = RATES.iter().map(|&rate| train(data, size, rate, EPOCHS, seed));
        all.push(runs.collect::<Result<Vec<_>, _>>()?);
    }
    let same: Vec<&Training> =
        all.iter().filter_map(|runs| runs.iter().find(|run| run.rate == RATE)).collect();
    let quickest: Vec<&Training> = all
        .iter()
        .filter_map(|runs| runs.iter().min_by_key(|run| run.near().unwrap_or(usize::MAX)))
        .collect();

    let [Some(batch), Some(mini), Some(single)] = [0, 1, 2].map(|i| quickest.get(i).copied()) else {
        return Err("each size has a quickest training".into());
    };
    let epochs = |run: &Training| run.near().unwrap_or(usize::MAX);

    page.heading("Batch, mini-batch, stochastic");
    page.text(&format!(
        "The elongated bowl has {ROWS} rows. *Batch* gradient descent takes the gradient of all of them for one update; *mini-batch* {} \
         at a time, and *stochastic* one at a time, which makes {} and {ROWS} updates an epoch, with gradients that are right only on \
         average (Robbins and Monro, 1951). *Near* means within {:.0}% of the way from the minimum, for the first time.",
        SIZES[1],
        ROWS / SIZES[1],
        100.0 * NEAR
    ));
    let cell = |run: &Training| match run.near() {
        Some(epochs) => format!("{epochs} ({:.1}%)", 100.0 * run.hovers()),
        None if run.hovers() < 1.0 => format!("– ({:.1}%)", 100.0 * run.hovers()),
        None => "diverges".to_owned(),
    };
    let rows: Vec<Vec<String>> = NAMES
        .iter()
        .zip(&all)
        .map(|(name, runs)| std::iter::once((*name).to_owned()).chain(runs.iter().map(cell)).collect())
        .collect();
    let rates: Vec<String> = RATES.iter().map(|rate| format!("rate {rate}")).collect();
    let header: Vec<&str> = std::iter::once("").chain(rates.iter().map(String::as_str)).collect();
    page.table(
        &format!("Epochs until near the minimum, and in brackets the mean distance in the second half of {EPOCHS} epochs"),
        &header,
        &rows,
    );
    let mut maps = Vec::new();
    for (run, name) in same.iter().zip(NAMES) {
        let (xs, ys): (Vec<f64>, Vec<f64>) = run.places.iter().map(|place| (place[0], place[1])).unzip();
        maps.push(elongated.chart(name)?.path("", &xs, &ys));
    }
    let mut curve =
        Chart::new("Distance to the minimum").x_label("epoch").y_label("part of the way left").log_y();
    let epochs_drawn: Vec<f64> = (0..=EPOCHS).map(|epoch| epoch as f64).collect();
    for (run, name) in same.iter().zip(NAMES) {
        curve = curve.line_at(name, &epochs_drawn, &run.left);
    }
    page.figure(
        "batches",
        &Panels::grid(2, maps.into_iter().chain([curve.size(420.0, 380.0)])),
        "Three maps of the elongated bowl and a chart. The path of batch gradient descent is smooth and ends a third of the way up the valley. \
         With mini-batches of 20 it trembles a little and comes almost to the cross. One row at a time it leaps from side to \
         side, and comes to the cross. The chart of the distance by epoch: batch stays above a half, mini-batch falls steadily to less than a \
         hundredth and trembles there, stochastic falls at once to about a hundredth and trembles widely.",
        &format!(
            "Rate {RATE} for all: the weights after each of the first {} updates (of batch gradient descent all {EPOCHS}), and the distance to \
             the minimum after each epoch, as a part of that at the start.",
            count(KEPT)
        ),
    );
    let at = |epochs: Option<usize>| {
        epochs.map_or(format!("not within {EPOCHS}"), |epochs| format!("after {epochs}"))
    };
    let near: Vec<Option<usize>> = same.iter().map(|run| run.near()).collect();
    page.claim(
        matches!(near[..], [None, Some(mini), Some(single)] if single * 4 < mini),
        format!(
            "With the same rate {RATE}, the smaller the batch, the sooner: stochastic gradient descent is near {} epochs, mini-batch {}, \
             batch {}.",
            at(near[2]),
            at(near[1]),
            at(near[0])
        ),
    );
    page.claim(
        epochs(single) < epochs(mini) && epochs(mini) < epochs(batch) && epochs(batch) < EPOCHS,
        format!(
            "With its own best rate each, it is still so: {} epochs (rate {}), {} (rate {}) and {} (rate {}).",
            epochs(single),
            single.rate,
            epochs(mini),
            mini.rate,
            epochs(batch),
            batch.rate
        ),
    );
    let updates = [epochs(batch), epochs(mini) * ROWS / SIZES[1], epochs(single) * ROWS];
    page.claim(
        updates[0] < updates[2] && updates[1] < updates[2],
        format!(
            "Counted in updates it is not: batch needs {}, mini-batch {}, stochastic {}. An update is cheaper than an epoch by the \
             number of batches, not better.",
            updates[0], updates[1], updates[2]
        ),
    );
    let hovers: Vec<f64> = all[2].iter().take(4).map(Training::hovers).collect();
    page.claim(
        hovers.is_sorted_by(|a, b| a < b) && hovers[3] > 5.0 * hovers[0],
        format!(
            "The price is unrest: with one row at a time the path hovers about the minimum, the farther the larger the rate: {:.1}%, \
             {:.1}%, {:.1}% and {:.1}% of the way with rates {}, {}, {} and {}.",
            100.0 * hovers[0],
            100.0 * hovers[1],
            100.0 * hovers[2],
            100.0 * hovers[3],
            RATES[0],
            RATES[1],
            RATES[2],
            RATES[3]
        ),
    );
    let wild = all[2]
        .last()
        .is_some_and(|run| run.near().is_none() && (run.hovers() > 1.0 || run.hovers().is_nan()));
    page.claim(
        wild && batch.rate == RATES[5],
        format!(
            "The best rate of batch gradient descent, {}, throws the stochastic one out of the bowl: a single row can be much steeper than \
             the mean of all.",
            batch.rate
        ),
    );
    Ok(())
}
