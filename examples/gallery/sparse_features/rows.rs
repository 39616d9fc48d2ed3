//! One row at a time, where the sparse weight's gradient is exactly 0 in most updates.

use super::Boxed;
use crate::page::Page;
use crate::shared::descent::place;
use crate::shared::sparse::{ONES, ROWS, Sparse, mean_squared_error};
use chainrule::optim;
use chainrule::plot::Chart;
use chainrule::prelude::*;
use std::error::Error;

/// The passes over all rows.
const PASSES: u64 = 20;
/// The rates that each may choose from.
const RATES: [f64; 5] = [0.01, 0.03, 0.1, 0.3, 1.0];
/// The rate at which the updates are looked at.
const RATE: f64 = 0.1;
/// The updates that are drawn: four passes.
const SHOWN: usize = 4 * ROWS;
/// Near: within this part of a weight's way.
const NEAR: f64 = 0.05;

/// An optimizer without its rate.
type Rule = (&'static str, fn(f64) -> Boxed);

const RULES: [Rule; 4] = [
    ("SGD", |lr| optim::sgd(lr).boxed()),
    ("Adagrad", |lr| optim::adagrad(lr).boxed()),
    ("RMSProp", |lr| optim::rmsprop(lr).alpha(0.9).boxed()),
    ("Adam", |lr| optim::adam(lr).boxed()),
];

/// A training row by row.
struct Training {
    name: &'static str,
    rate: f64,
    /// The sparse weight before each update, and at the end.
    sparse: Vec<f64>,
    /// Whether the row of each update had the feature.
    seen: Vec<bool>,
    /// The distance of each weight from its best value after each pass, as a part of its way.
    left: Vec<[f64; 2]>,
    /// Adagrad's sums of squares at the end.
    sums: Option<[f64; 2]>,
}

impl Training {
    fn new((name, rule): Rule, rate: f64, data: &Sparse, seed: u64) -> Result<Training, Box<dyn Error>> {
        let rows = Dataset::new(data.inputs.clone(), data.targets.clone())?;
        let mut params = Params::seeded(seed);
        let w = params.root().param("w", Tensor::from([0.0, 0.0]));
        let mut step = TrainStep::new(rule(rate), |[x, y]| mean_squared_error(x.tape().param(w), x, y));
        let (mut sparse, mut seen, mut left) = (vec![0.0], Vec::new(), Vec::new());
        for pass in 0..PASSES {
            for (x, y) in rows.batches(1).shuffled(seed, pass) {
                step.run(&mut params, [&x, &y])?;
                sparse.push(place(&params, w)?[1]);
                seen.push(x.as_slice::<f64>()?[1] != 0.0);
            }
            let now = place(&params, w)?;
            left.push([0, 1].map(|i| (now[i] / data.minimum[i] - 1.0).abs()));
        }
        let sums = params.get("optim.adagrad.s.w").map(|s| s.as_slice::<f64>().map(|s| [s[0], s[1]]));
        Ok(Training { name, rate, sparse, seen, left, sums: sums.transpose()? })
    }

    /// How far the sparse weight goes in all updates whose row has the feature, or in all others.
    fn moved(&self, seen: bool) -> f64 {
        let steps = self.sparse.windows(2).zip(&self.seen);
        steps.filter(|(_, s)| **s == seen).map(|(pair, _)| (pair[1] - pair[0]).abs()).sum()
    }

    /// The median update of the sparse weight by a row with the feature, in these passes.
    fn median_update(&self, passes: std::ops::Range<usize>) -> f64 {
        let updates = passes.start * ROWS..passes.end * ROWS;
        let mut sizes: Vec<f64> = updates
            .filter(|&update| self.seen[update])
            .map(|update| (self.sparse[update + 1] - self.sparse[update]).abs())
            .collect();
        sizes.sort_unstable_by(f64::total_cmp);
        sizes.get(sizes.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// After how many passes both weights are near for good, until the end of all passes.
    fn near(&self) -> Option<usize> {
        let outside = self.left.iter().rposition(|left| left.iter().any(|left| !(..NEAR).contains(left)));
        let first = outside.map_or(0, |last| last + 1);
        (first < self.left.len()).then_some(first + 1)
    }
}

pub fn section(page: &mut Page, data: &Sparse, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for rule in RULES {
        let runs = RATES.iter().map(|&rate| Training::new(rule, rate, data, seed));
        all.push(runs.collect::<Result<Vec<_>, _>>()?);
    }
    let same: Vec<&Training> =
        all.iter().filter_map(|runs| runs.iter().find(|run| run.rate == RATE)).collect();
    let [sgd, adagrad, rmsprop, adam] = same[..] else { return Err("every rule has the common rate".into()) };

    page.heading("Row by row");
    page.text(&format!(
        "Large models learn from a few rows at a time, and then most updates know nothing of a rare feature. Here it is one row an \
         update, {ROWS} updates a pass."
    ));
    let shown = SHOWN.min(PASSES as usize * ROWS);
    let updates: Vec<f64> = (0..=shown).map(|update| update as f64).collect();
    let chart = Chart::new("")
        .x_label("update")
        .y_label("sparse weight")
        .size(720.0, 360.0)
        .h_line(data.minimum[1], "");
    let chart =
        same.iter().fold(chart, |chart, run| chart.line_at(run.name, &updates, &run.sparse[..=shown]));
    page.figure(
        "rows",
        &chart,
        "The sparse weight by update. SGD, Adagrad and RMSProp are stairs: they rise in the few updates whose row has the feature, and are level \
         between. Adam's line bends up after each of these rows and goes on rising without one.",
        &format!("The sparse weight in the first updates, of one row each, with rate {RATE}. Dashed: its best value."),
    );
    let idle = sgd.seen.iter().filter(|seen| !**seen).count();
    page.claim(
        idle * ROWS == sgd.seen.len() * (ROWS - ONES)
            && [sgd, adagrad, rmsprop].iter().all(|run| run.moved(false) == 0.0),
        format!(
            "In {}% of the updates the sparse weight's gradient is exactly 0, and SGD, Adagrad and RMSProp leave the weight where it is.",
            100 * idle / sgd.seen.len()
        ),
    );
    let share = adam.moved(false) / (adam.moved(false) + adam.moved(true));
    page.claim(
        share > 0.75,
        format!(
            "Adam does not: its averaged gradient goes on, and {:.0}% of the way that its sparse weight travels is done in rows without \
             the feature.",
            100.0 * share
        ),
    );
    let best = all[1].iter().min_by_key(|run| run.near().unwrap_or(usize::MAX)).ok_or("there is a rate")?;
    let [dense, sparse] = best.sums.ok_or("Adagrad keeps its sums")?.map(|sum| best.rate / sum.sqrt());
    page.claim(
        sparse > 2.0 * dense,
        format!(
            "Adagrad's effective rate `η/√s` is {:.1} times as large for the sparse weight as for the dense one after {PASSES} passes with \
             rate {}: a weight that has seen little may go farther when its row comes.",
            sparse / dense,
            best.rate
        ),
    );
    let passes = PASSES as usize;
    let (early, late) = (rmsprop.median_update(0..5), rmsprop.median_update(passes - 5..passes));
    let forgets = RATE / (1.0 - 0.9f64).sqrt();
    page.claim(
        [early, late].iter().all(|update| (update / forgets - 1.0).abs() < 0.05),
        format!(
            "RMSProp forgets the feature between two of its rows: when it comes again, the average holds little but the new square, and \
             the update is η/√(1 − α) = {forgets:.3} however small the error. The median update is {early:.3} in the first five passes \
             and {late:.3} in the last five, so the weight never rests.",
        ),
    );
    let cell = |run: &Training| run.near().map_or("–".to_owned(), |passes| passes.to_string());
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|runs| std::iter::once(runs[0].name.to_owned()).chain(runs.iter().map(cell)).collect())
        .collect();
    let rates: Vec<String> = RATES.iter().map(|rate| format!("rate {rate}")).collect();
    let header: Vec<&str> = std::iter::once("").chain(rates.iter().map(String::as_str)).collect();
    page.table("Passes until both weights are near for good", &header, &rows);
    let best = |i: usize| all[i].iter().filter_map(Training::near).min().unwrap_or(usize::MAX);
    page.claim(
        best(1) < best(0),
        format!("With its best rate each, both weights are within {:.0}% of their way for good after {} passes with Adagrad, {} with SGD.", 100.0 * NEAR, best(1), best(0)),
    );
    Ok(())
}
