//! What the lesson claims, checked.

use super::weather::{Weather, expected_lag, lag, window};
use super::{BETAS, DAYS, EARLY, STAYS};
use crate::page::Page;
use crate::words::raised;
use std::f64::consts::{E, LN_2};

/// A value for each β.
fn each(f: impl Fn(usize) -> String) -> String {
    (0..BETAS.len()).map(f).collect::<Vec<_>>().join(", ")
}

fn all(f: impl Fn(usize) -> bool) -> bool {
    (0..BETAS.len()).all(f)
}

/// Claims on the two years.
pub fn years(page: &mut Page, weather: &Weather) {
    let off: Vec<f64> = weather.corrected.iter().map(|series| weather.off(series)).collect();
    let raw = weather.off(&weather.temperature);
    page.claim(
        off[1] < off[0] && off[0] < raw && raw < off[2],
        format!(
            "In the second year, a day's temperature is {raw:.1} °C off the season, and the averages {}: the middle one is best, as the \
             quick one keeps noise, and the slow one, which comes late, is worse than no average at all.",
            each(|i| format!("{:.1}", off[i])),
        ),
    );
}

/// Claims on the weights.
pub fn weights(page: &mut Page, weather: &Weather) {
    let formula = |i: usize, k: usize| (1.0 - BETAS[i]) * BETAS[i].powi(k as i32);
    let off = |i: usize| {
        weather.weights[i].iter().enumerate().map(|(k, w)| (w - formula(i, k)).abs()).fold(0.0, f64::max)
    };
    let worst = (0..BETAS.len()).map(off).fold(0.0, f64::max);
    page.claim(
        worst < 1e-14,
        "The engine's gradient and the formula (1 − β)·βᵏ give the same weights, to 10⁻¹⁴.",
    );
    let beyond = |i: usize| weather.weights[i][window(BETAS[i])..].iter().sum::<f64>();
    page.claim(
        all(|i| beyond(i) < 1.0 / E && (i == 0 || beyond(i) > beyond(i - 1)))
            && (beyond(BETAS.len() - 1) - 1.0 / E).abs() < 0.01,
        format!(
            "The last 1/(1 − β) = {} days have most of the weight; on all days before them, there is {}. The nearer β is to 1, the \
             nearer that is to 1/e = {:.3}.",
            each(|i| window(BETAS[i]).to_string()),
            each(|i| format!("{:.3}", beyond(i))),
            1.0 / E,
        ),
    );
    let half = |i: usize| {
        let mut sum = 0.0;
        let all = weather.weights[i].iter().position(|weight| {
            sum += weight;
            sum >= 0.5 - 1e-12
        });
        all.map_or(0, |k| k + 1)
    };
    page.claim(
        all(|i| half(i) == (LN_2 / -BETAS[i].ln() - 1e-9).ceil() as usize),
        format!("Half of the weight is on the last {} days.", each(|i| half(i).to_string())),
    );
    let n = EARLY as i32;
    let sum = |i: usize| weather.weights[i][..EARLY].iter().sum::<f64>();
    page.claim(
        all(|i| (sum(i) - (1.0 - BETAS[i].powi(n))).abs() < 1e-13),
        format!(
            "The first {EARLY} weights add up to 1 − β{}: {}.",
            raised(&EARLY.to_string()),
            each(|i| format!("{:.3}", sum(i)))
        ),
    );
}

/// Claims on the first days.
pub fn start(page: &mut Page, weather: &Weather) {
    let first = weather.temperature[0];
    page.claim(
        all(|i| {
            (weather.plain[i][0] - (1.0 - BETAS[i]) * first).abs() < 1e-12
                && (weather.corrected[i][0] - first).abs() < 1e-12
        }),
        format!(
            "On day 1 it is {first:.1} °C. The averages say {}; corrected, all of them say {first:.1} °C.",
            each(|i| format!("{:.1}", weather.plain[i][0])),
        ),
    );
    let low = |i: usize| {
        let short = |t: &usize| (weather.plain[i][*t] / weather.corrected[i][*t] - 1.0).abs() > 0.01;
        (0..DAYS).take_while(short).count()
    };
    let expected = |i: usize| (0.01f64.ln() / BETAS[i].ln()).floor() as usize;
    page.claim(
        all(|i| low(i).abs_diff(expected(i)) <= 1),
        format!(
            "Without the correction, the averages are too near to 0 °C by more than 1% for {} days.",
            each(|i| low(i).to_string())
        ),
    );
    let slow = BETAS.len() - 1;
    let off = |series: &[f64]| {
        let squares = series[..EARLY].iter().zip(&weather.season).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f64>() / EARLY as f64).sqrt()
    };
    let (plain, corrected) = (off(&weather.plain[slow]), off(&weather.corrected[slow]));
    page.claim(
        plain > 3.0 * corrected,
        format!(
            "In the first {EARLY} days, the average with β = {} is {plain:.1} °C off the season, and corrected {corrected:.1} °C (root mean \
             square).",
            BETAS[slow]
        ),
    );
}

/// Claims on noise and lag.
pub fn smooth_or_soon(page: &mut Page, weather: &Weather, white: &[f64], red: &[f64]) {
    let part = |i: usize| (1.0 - BETAS[i]) / (1.0 + BETAS[i]);
    let part_red = |i: usize| part(i) * (1.0 + STAYS * BETAS[i]) / (1.0 - STAYS * BETAS[i]);
    let near = |measured: f64, expected: f64| (measured / expected - 1.0).abs() < 0.1;
    let lags: Vec<f64> = weather.smooth.iter().map(|series| lag(series)).collect();
    let rule = |i: usize| BETAS[i] / (1.0 - BETAS[i]);
    let slow = BETAS.len() - 1;
    page.claim(
        all(|i| (lags[i] - expected_lag(BETAS[i])).abs() < 0.2) && rule(slow) - lags[slow] > 5.0,
        format!(
            "The averages of the season come {} days late. The rule β/(1 − β) says {}: it is for changes that are slow beside the \
             window, and a year isn't slow beside {:.0} days.",
            each(|i| format!("{:.1}", lags[i])),
            each(|i| format!("{:.0}", rule(i))),
            1.0 / (1.0 - BETAS[slow]),
        ),
    );
    let rows: Vec<Vec<String>> = (0..BETAS.len())
        .map(|i| {
            vec![
                BETAS[i].to_string(),
                format!("{:.0}", 1.0 / (1.0 - BETAS[i])),
                format!("{:.1}", lags[i]),
                format!("{:.1}", expected_lag(BETAS[i])),
                format!("{:.4}", white[i]),
                format!("{:.4}", part(i)),
                format!("{:.4}", red[i]),
                format!("{:.4}", part_red(i)),
                format!("{:.1}", weather.off(&weather.corrected[i])),
            ]
        })
        .collect();
    let header = [
        "β",
        "window, days",
        "lag, days",
        "lag by formula",
        "white noise left",
        "by formula",
        "weather left",
        "by formula",
        "off the season, °C",
    ];
    page.table("The averages, measured and by formula", &header, &rows);
    page.claim(
        all(|i| near(white[i], part(i))),
        format!(
            "Of the variance of white noise, {} is left, by the formula (1 − β)/(1 + β) {}.",
            each(|i| format!("{:.4}", white[i])),
            each(|i| format!("{:.4}", part(i))),
        ),
    );
    page.claim(
        all(|i| near(red[i], part_red(i)) && red[i] > 1.5 * white[i]),
        format!(
            "Weather that stays is harder to average away: of its variance, {} is left, {} times as much.",
            each(|i| format!("{:.3}", red[i])),
            each(|i| format!("{:.1}", red[i] / white[i])),
        ),
    );
}
