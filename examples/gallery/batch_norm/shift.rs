//! What the second layer is given, epoch by epoch: internal covariate shift.

use super::flowers::Flowers;
use super::nets::{Net, accuracy, epoch, in_inference, in_training};
use super::statistics::{column, deviation, mean, median, quantile};
use super::{BATCH, EPOCHS, RATE, RUNS, STUCK};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// Units of the first layer, whose values the second is given.
const UNITS: usize = 3;
/// The quantiles that are drawn: as many as in a normal distribution lie within one standard deviation.
const QUANTILES: [f64; 3] = [0.15, 0.5, 0.85];

/// One training, by what the second layer is given.
struct Run {
    /// For each epoch, and the end, the values of all flowers: rows of [`UNITS`].
    values: Vec<Vec<f64>>,
    accuracy: f64,
}

impl Run {
    fn means(&self, epoch: usize) -> [f64; UNITS] {
        std::array::from_fn(|unit| mean(&column(&self.values[epoch], UNITS, unit)))
    }

    fn deviations(&self, epoch: usize) -> [f64; UNITS] {
        std::array::from_fn(|unit| deviation(&column(&self.values[epoch], UNITS, unit)))
    }

    /// How far the units' means have moved between two epochs, in standard deviations at the earlier one.
    fn moved(&self, from: usize, to: usize) -> f64 {
        let (a, b) = (self.means(from), self.means(to));
        let way: f64 = a.iter().zip(&b).map(|(a, b)| (b - a).abs()).sum();
        way / self.deviations(from).iter().sum::<f64>()
    }

    /// The standard deviations in the end, as a multiple of those in the beginning.
    fn widened(&self) -> f64 {
        self.deviations(EPOCHS).iter().sum::<f64>() / self.deviations(0).iter().sum::<f64>()
    }

    /// How far the means have moved in all, there and back.
    fn wandered(&self) -> f64 {
        (0..EPOCHS).map(|epoch| self.moved(epoch, epoch + 1)).sum()
    }

    /// For each epoch, a quantile of one unit's values, of the flowers with this label.
    fn quantiles(&self, unit: usize, share: f64, flowers: &Flowers, label: f64) -> Vec<f64> {
        let labels = flowers.all.labels().to_f64();
        let of = |values: &Vec<f64>| {
            let all = column(values, UNITS, unit);
            let class = all.into_iter().zip(&labels).filter(|(_, of)| **of == label).map(|(value, _)| value);
            quantile(&Vec::from_iter(class), share)
        };
        self.values.iter().map(of).collect()
    }
}

fn train(flowers: &Flowers, normalize: bool, seed: u64) -> chainrule::Result<Run> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, normalize);
    let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| net.forward(x).bce_with_logits(labels));
    let mut values = Vec::new();
    let data = &flowers.all;
    for number in 0..=EPOCHS {
        // All flowers are one batch here.
        values.push(in_training(&params, data.inputs(), |x| net.second_input(x))?);
        if number < EPOCHS {
            epoch(&mut step, &mut params, data, BATCH, number)?;
        }
    }
    let logits = in_inference(&params, data.inputs(), |x| net.forward(x))?;
    Ok(Run { values, accuracy: accuracy(&logits, data) })
}

/// The part of the page on internal covariate shift.
pub fn show(page: &mut Page, flowers: &Flowers, seed: u64) -> Result<(), Box<dyn Error>> {
    let of = |normalize| -> chainrule::Result<Vec<Run>> {
        (0..RUNS).map(|run| train(flowers, normalize, seed + run)).collect()
    };
    let (without, with) = (of(false)?, of(true)?);

    page.heading("What the second layer is given");
    page.text(
        "While the first layer learns, the distribution of its values moves, and the second layer has to follow: *internal covariate \
         shift*, as the inventors of batch normalization called it. After every epoch, all flowers go through the first \
         layer, and the values that the second is given are drawn, for roses and for others, by their quantiles at 15%, 50% and 85%. \
         (Whether this shift is what makes training hard is doubted: see the second source below.)",
    );
    page.figure(
        "shift",
        &Panels::row(charts(&without, &with, flowers)),
        "Three plots over the epochs. Left, without normalization, one unit's values: the bands of roses and of other flowers grow wider and \
         move upwards to the end. Middle, on the same scale, with normalization: they change in the first epochs and move less after \
         that. Right, how far the means have moved from where they began: without normalization it rises steadily to more than \
         1, with it it stays below 0.5.",
        "Left and middle: the values that one unit gives to the second layer, in one training: of the starts from which both networks \
         learn, the one in the middle by how far the means move without normalization. It is the unit that moves furthest there. Lines are medians, bands go from the quantile at 15% to that at 85%. Right: how far the units' means are from those \
         at the start, in standard deviations at the start (median of all trainings).",
    );
    let all = |runs: &[Run], of: &dyn Fn(&Run) -> f64| median(&Vec::from_iter(runs.iter().map(of)));
    let moved = [&without, &with].map(|runs| all(runs, &|run| run.moved(0, EPOCHS)));
    let widened = [&without, &with].map(|runs| all(runs, &|run| run.widened()));
    page.claim(
        moved[0] > 2.0 * moved[1],
        format!(
            "Without normalization the values' means have moved by {:.2} of their first standard deviations after {EPOCHS} epochs; with \
             it, by {:.2} (medians of {RUNS} trainings).",
            moved[0], moved[1]
        ),
    );
    page.claim(
        widened[0] > 1.5 && (widened[1] - 1.0).abs() < 0.25,
        format!(
            "The values' standard deviations are {:.1} times the first ones in the end without it, and {:.2} times with it.",
            widened[0], widened[1]
        ),
    );
    let wandered = [&without, &with].map(|runs| all(runs, &|run| run.wandered()));
    page.claim(
        wandered[1] > 0.5 * wandered[0] && moved[1] < 0.75,
        format!(
            "It does not stop the shift: added up from epoch to epoch, there and back, the means wander by {:.1} standard deviations \
             without it and by {:.1} with it, as the normalization's own scale and shift are learned. They stay near where they began.",
            wandered[0], wandered[1]
        ),
    );

    Ok(())
}

/// Quantiles of one unit without and with normalization, and the way from the start of all trainings.
fn charts(without: &[Run], with: &[Run], flowers: &Flowers) -> Vec<Chart> {
    let epochs: Vec<f64> = (0..=EPOCHS).map(|epoch| epoch as f64).collect();
    // Of the starts from which both learned, the one in the middle by how far the means move.
    let learned = |pair: &(&Run, &Run)| pair.0.accuracy >= STUCK && pair.1.accuracy >= STUCK;
    let mut both: Vec<(&Run, &Run)> = without.iter().zip(with).filter(learned).collect();
    both.sort_by(|a, b| a.0.moved(0, EPOCHS).total_cmp(&b.0.moved(0, EPOCHS)));
    let mut charts = Vec::new();
    if let Some(&(without, with)) = both.get(both.len() / 2) {
        let (first, last) = (without.means(0), without.means(EPOCHS));
        let way = |unit: usize| (last[unit] - first[unit]).abs();
        let unit = (0..UNITS).fold(0, |best, i| if way(i) > way(best) { i } else { best });
        let bands = |run: &Run| {
            [("roses", 1.0), ("other flowers", 0.0)].map(|(name, label)| {
                (name, QUANTILES.map(|share| run.quantiles(unit, share, flowers, label)))
            })
        };
        let both = [("Without normalization", bands(without)), ("With normalization", bands(with))];
        let values =
            || both.iter().flat_map(|(_, bands)| bands.iter().flat_map(|(_, lines)| lines.iter().flatten()));
        let low = values().copied().fold(f64::INFINITY, f64::min);
        let high = values().copied().fold(f64::NEG_INFINITY, f64::max);
        let margin = 0.05 * (high - low);
        for (title, bands) in &both {
            let mut chart = Chart::new(*title)
                .x_label("epoch")
                .y_label("value")
                .y_range(low - margin, high + margin)
                .size(370.0, 300.0);
            for (name, [low, middle, high]) in bands {
                chart = chart.line_at(*name, &epochs, middle).band(*name, &epochs, low, high);
            }
            charts.push(chart);
        }
    }
    let way = |runs: &[Run], epoch| median(&Vec::from_iter(runs.iter().map(|run| run.moved(0, epoch))));
    let ways = |runs: &[Run]| Vec::from_iter((0..=EPOCHS).map(|epoch| way(runs, epoch)));
    charts.push(
        Chart::new("Way of the means from the start")
            .x_label("epoch")
            .y_label("standard deviations")
            .size(370.0, 300.0)
            .line_at("without", &epochs, &ways(without))
            .line_at("with", &epochs, &ways(with)),
    );
    charts
}
