//! The temperatures and their averages, computed by the engine.

use super::{BETAS, DAYS, LONG, MEAN, NOISE, STAYS, SWING, WARMEST, YEAR};
use chainrule::prelude::*;
use chainrule::{Result, grad, scan};
use std::f64::consts::TAU;

/// The averages after each day, `[days, averages]`, one for each β: a loop over the days, of which one is recorded.
fn averages<'t>(days: Var<'t>, betas: &[f64]) -> Var<'t> {
    let beta = days.tape().var(betas);
    let step = |v: Var<'t>, day: Var<'t>| {
        let v = beta * v + (1.0 - beta) * day;
        (v, v)
    };
    scan(step, beta * 0.0, days).1
}

/// The averages divided by the sum of their weights, `1 - βᵗ` after `t` days.
fn corrected<'t>(averages: Var<'t>, betas: &[f64]) -> Var<'t> {
    let (tape, days) = (averages.tape(), averages.shape()[0]);
    let t = tape.iota(days, DType::F64).unsqueeze(-1) + 1.0;
    averages / (1.0 - tape.var(betas).pow(t))
}

/// Noise of standard deviation 1 of which a part stays until the next day (an autoregressive process of order 1).
fn noise<'t>(tape: &'t Tape, days: usize, stays: f64) -> Var<'t> {
    let fresh = tape.normal(days, DType::F64);
    let step = |left: Var<'t>, fresh: Var<'t>| {
        let now = left * stays + fresh * (1.0 - stays * stays).sqrt();
        (now, now)
    };
    scan(step, tape.normal((), DType::F64), fresh).1
}

/// The season's temperature on a day.
fn season(day: f64) -> f64 {
    MEAN + SWING * (TAU * (day - WARMEST) / YEAR).cos()
}

/// What is computed of the two years.
pub struct Weather {
    /// Day 1, 2, …
    pub days: Vec<f64>,
    pub season: Vec<f64>,
    pub temperature: Vec<f64>,
    /// The averages of the temperature for each β, as they are and corrected.
    pub plain: Vec<Vec<f64>>,
    pub corrected: Vec<Vec<f64>>,
    /// The corrected averages of the season without weather.
    pub smooth: Vec<Vec<f64>>,
    /// The weights of the last average, from today backwards.
    pub weights: Vec<Vec<f64>>,
}

impl Weather {
    pub fn new(seed: u64) -> Result<Weather> {
        let tape = Tape::with(&Params::seeded(seed));
        let days: Vec<f64> = (1..=DAYS).map(|day| day as f64).collect();
        let season: Vec<f64> = days.iter().map(|&day| season(day)).collect();
        let mean = tape.var(&season[..]);
        let temperature = mean + noise(&tape, DAYS, STAYS) * NOISE;
        let plain = averages(temperature, &BETAS);
        // The weights are how the last average depends on each day: the engine goes back through the loop.
        let weights = (0..BETAS.len()).map(|i| {
            let last = |days| averages(days, &BETAS).at(0, -1).at(0, i as isize);
            let mut weights = grad(last, temperature).value()?.to_f64();
            weights.reverse();
            Ok(weights)
        });
        Ok(Weather {
            temperature: temperature.value()?.to_f64(),
            plain: columns(plain)?,
            corrected: columns(corrected(plain, &BETAS))?,
            smooth: columns(corrected(averages(mean, &BETAS), &BETAS))?,
            weights: weights.collect::<Result<_>>()?,
            days,
            season,
        })
    }

    /// How far a series is from the season in the second year, as a root mean square in °C.
    pub fn off(&self, series: &[f64]) -> f64 {
        let second = DAYS / 2..;
        let squares = series[second.clone()].iter().zip(&self.season[second]).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f64>() / (DAYS - DAYS / 2) as f64).sqrt()
    }
}

/// The columns of a matrix.
fn columns(matrix: Var<'_>) -> Result<Vec<Vec<f64>>> {
    (0..matrix.shape()[1]).map(|i| Ok(matrix.at(1, i as isize).value()?.to_f64())).collect()
}

/// The days that an average looks back, `1/(1 - β)`, as far as there are days.
pub fn window(beta: f64) -> usize {
    ((1.0 / (1.0 - beta)).round() as usize).min(DAYS - 1)
}

/// By how many days the season must be moved to be most like a series in the second year: where their correlation is largest, to
/// fractions of a day by the parabola through the best day and its neighbours.
pub fn lag(series: &[f64]) -> f64 {
    let from = DAYS / 2;
    let correlation = |lag: i32| {
        let moved: Vec<f64> = (from..DAYS).map(|i| season((i + 1) as f64 - f64::from(lag))).collect();
        let centered = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.iter().map(|value| value - mean).collect::<Vec<f64>>()
        };
        let (a, b) = (centered(&series[from..]), centered(&moved));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    };
    let best = (0..180).max_by(|&i, &j| correlation(i).total_cmp(&correlation(j))).unwrap_or(0);
    let [left, top, right] = [best - 1, best, best + 1].map(correlation);
    f64::from(best) + 0.5 * (left - right) / (left - 2.0 * top + right)
}

/// The lag of a wave of a year: the angle of `(1 - β)/(1 - β·e^(-iω))`, in days. For slow waves it nears `β/(1 - β)`.
pub fn expected_lag(beta: f64) -> f64 {
    let turn = TAU / YEAR;
    (beta * turn.sin()).atan2(1.0 - beta * turn.cos()) / turn
}

/// The variances of the averages of long noise, as parts of its own.
pub fn variances(seed: u64, stays: f64) -> Result<Vec<f64>> {
    let tape = Tape::with(&Params::seeded(seed));
    let noise = noise(&tape, LONG, stays);
    let left = averages(noise, &BETAS).square().mean(0) / noise.square().mean(..);
    Ok(left.value()?.to_f64())
}
