//! The lesson's figures.

use super::weather::{Weather, window};
use super::{BETAS, DAYS, EARLY};
use chainrule::plot::{Chart, Panels};

/// The name of a line.
fn named(i: usize) -> String {
    format!("β = {}", BETAS[i])
}

/// Two years, and one of the corrected averages in each chart.
pub fn years(weather: &Weather) -> Panels {
    let chart = |i: usize| {
        Chart::new("")
            .x_label("day")
            .y_label("temperature, °C")
            .size(900.0, 250.0)
            .points("a day", &weather.days, &weather.temperature)
            .line_at(named(i), &weather.days, &weather.corrected[i])
    };
    Panels::column((0..BETAS.len()).map(chart))
}

/// The weights of the last days, and where each window ends.
pub fn weights(weather: &Weather) -> Chart {
    let back: Vec<f64> = (0..=EARLY).map(|k| k as f64).collect();
    let ends: Vec<f64> = (0..BETAS.len()).map(|i| window(BETAS[i]) as f64).collect();
    let there: Vec<f64> = (0..BETAS.len()).map(|i| weather.weights[i][window(BETAS[i])]).collect();
    let chart =
        Chart::new("").x_label("days ago, k").y_label("weight").log_y().y_range(1e-4, 1.0).size(700.0, 380.0);
    let chart = chart.points("1/(1 − β) days ago", &ends, &there);
    (0..BETAS.len()).fold(chart, |chart, i| chart.line_at(named(i), &back, &weather.weights[i][..=EARLY]))
}

/// The first days, without and with the correction.
pub fn start(weather: &Weather) -> Panels {
    let days = &weather.days[..EARLY];
    let chart = |i: usize| {
        Chart::new(named(i))
            .x_label("day")
            .y_label("temperature, °C")
            .y_range(0.0, 30.0)
            .size(450.0, 340.0)
            .points("a day", days, &weather.temperature[..EARLY])
            .line_at("as it is", days, &weather.plain[i][..EARLY])
            .line_at("corrected", days, &weather.corrected[i][..EARLY])
    };
    Panels::row((1..BETAS.len()).map(chart))
}

/// The season alone, and its averages, in the second year.
pub fn lag(weather: &Weather) -> Chart {
    let second = DAYS / 2..;
    let days = &weather.days[second.clone()];
    let chart = Chart::new("").x_label("day").y_label("temperature, °C").size(700.0, 380.0);
    let chart = chart.line_at("season", days, &weather.season[second.clone()]);
    (0..BETAS.len()).fold(chart, |chart, i| chart.line_at(named(i), days, &weather.smooth[i][second.clone()]))
}
