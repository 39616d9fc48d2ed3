//! The lesson's pictures.

use super::deep::{DEPTH, EPOCHS, KINDS, Run, Sweep};
use super::dying::Fate;
use chainrule::plot::{Chart, Grid, Levels, Panels};
use std::error::Error;

fn layers() -> Vec<f64> {
    (1..=DEPTH).map(|layer| layer as f64).collect()
}

fn epochs() -> Vec<f64> {
    (0..=EPOCHS).map(|epoch| epoch as f64).collect()
}

/// The derivatives of all activations.
pub fn derivatives() -> chainrule::Result<Chart> {
    let z: Vec<f64> = (-250..=250).map(|i| f64::from(i) * 0.02).collect();
    let chart = Chart::new("Derivatives").x_label("z").y_label("f'(z)").size(640.0, 340.0);
    KINDS.iter().try_fold(chart, |chart, kind| Ok(chart.line_at(kind.name, &z, &kind.derivative(&z)?)))
}

/// The gradient's norm over the layers, before training and after, and the accuracy over the epochs.
pub fn by_layer(runs: &[Run]) -> Panels {
    let norms = |title: &str, epoch: usize| {
        let chart =
            Chart::new(title).x_label("layer").y_label("norm of the gradient").log_y().y_range(1e-10, 10.0);
        runs.iter().fold(chart, |chart, run| chart.line_at(run.kind.name, &layers(), &run.norms[epoch]))
    };
    let accuracy = Chart::new("Learning").x_label("epoch").y_label("test accuracy").y_range(0.0, 1.0);
    let accuracy =
        runs.iter().fold(accuracy, |chart, run| chart.line_at(run.kind.name, &epochs(), &run.accuracy));
    let charts = [norms("Before training", 0), norms("After training", EPOCHS), accuracy];
    Panels::row(charts.map(|chart| chart.size(360.0, 320.0)))
}

/// The logarithm of the gradient's norm over epochs and layers, on one scale of colours.
pub fn heat(runs: &[&Run]) -> Result<Panels, Box<dyn Error>> {
    let (low, high) = (-10.0, 1.0);
    let levels: Vec<f64> = (-9..=0).map(f64::from).collect();
    let charts = runs.iter().map(|run| {
        // Left of what is drawn stands a column with all values from low to high, so that all maps have the same colours.
        let scale = |layer: usize| low + (high - low) * layer as f64 / (DEPTH - 1) as f64;
        let row = |layer: usize| {
            let norms = run.norms.iter().map(move |norms| norms[layer].log10().clamp(low, high));
            std::iter::once(scale(layer)).chain(norms)
        };
        let xs = std::iter::once(-1.0).chain(epochs()).collect();
        let grid = Grid::new(xs, layers(), (0..DEPTH).flat_map(row).collect())?;
        Ok(Chart::new(run.kind.name)
            .x_label("epoch")
            .y_label("layer")
            .x_range(0.0, EPOCHS as f64)
            .y_range(1.0, DEPTH as f64)
            .filled_contours(&grid, Levels::At(levels.clone()))
            .size(360.0, 300.0))
    });
    let charts = charts.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    Ok(Panels::row(charts).title("log₁₀ of the norm of the gradient"))
}

/// The share of saturated units and the gradient's ratio, over the size of the first weights.
pub fn sweeps(sweeps: &[Sweep]) -> Panels {
    let chart =
        |title: &str| Chart::new(title).x_label("first weights, times the usual").log_x().size(500.0, 320.0);
    let ratio = chart("Gradient in the first layer / in the last").y_label("ratio").log_y().h_line(1.0, "");
    let ratio = sweeps
        .iter()
        .fold(ratio, |chart, sweep| chart.line_at(sweep.kind.name, &sweep.factors, &sweep.ratios));
    let saturated = chart("Saturated units").y_label("share").y_range(0.0, 1.0);
    let saturated = sweeps
        .iter()
        .fold(saturated, |chart, sweep| chart.line_at(sweep.kind.name, &sweep.factors, &sweep.saturated));
    Panels::row([ratio, saturated])
}

/// The share of saturated units in each layer.
pub fn saturation(runs: &[(&str, &Run)]) -> Panels {
    let chart = |title: &str, epoch: usize| {
        let chart = Chart::new(title).x_label("layer").y_label("share").y_range(0.0, 1.0).size(500.0, 300.0);
        runs.iter().fold(chart, |chart, (name, run)| {
            let shares: Vec<f64> = run.slopes[epoch].iter().map(|layer| layer.saturated).collect();
            chart.line_at(*name, &layers(), &shares)
        })
    };
    Panels::row([chart("Saturated, before training", 0), chart("Saturated, after training", EPOCHS)])
}

/// The share of units that are off, over the epochs.
pub fn off(low_bias: &[Fate], high_rate: &[Fate]) -> Panels {
    let chart = |title: &str, fates: &[Fate]| {
        let chart = Chart::new(title)
            .x_label("epoch")
            .y_label("share of units off")
            .y_range(0.0, 0.8)
            .size(500.0, 340.0);
        fates.iter().fold(chart, |chart, fate| chart.line_at(fate.name, &epochs(), &fate.off))
    };
    Panels::row([chart("Biases begin too low", low_bias), chart("The rate is too high", high_rate)])
}
