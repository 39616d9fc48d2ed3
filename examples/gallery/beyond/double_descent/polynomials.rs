//! Polynomials through a few samples: with fewer coefficients than samples, as many, and far more.

use super::least_squares::fit;
use super::random::normal;
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::error::Error;

const SAMPLES: usize = 16;
const NOISE: f64 = 0.1;
/// Coefficients of the three fits.
const SIZES: [usize; 3] = [4, SAMPLES, 1000];
/// Points of a drawn curve.
const DRAWN: usize = 801;

fn truth(x: f64) -> f64 {
    (3.0 * x).sin()
}

/// `count` values from -1 to 1.
fn spaced(count: usize) -> Vec<f64> {
    (0..count).map(|i| 2.0 * i as f64 / (count - 1) as f64 - 1.0).collect()
}

/// A row for each `x`: Legendre's polynomials `Pₖ(x) / (k + 1)` for `k < count`. Divided so, a wave takes the longer weights the
/// shorter it is.
fn legendre(xs: &[f64], count: usize) -> chainrule::Result<Tensor> {
    let row = |&x: &f64| {
        // Bonnet's recursion: (k + 1)·Pₖ₊₁ = (2k + 1)·x·Pₖ - k·Pₖ₋₁.
        let next = move |&(k, before, now): &(f64, f64, f64)| {
            Some((k + 1.0, now, ((2.0 * k + 1.0) * x * now - k * before) / (k + 1.0)))
        };
        std::iter::successors(Some((0.0, 0.0, 1.0)), next).take(count).map(|(k, _, now)| now / (k + 1.0))
    };
    Tensor::from_vec(xs.iter().flat_map(row).collect(), [xs.len(), count])
}

/// A polynomial's values at `xs`.
fn values(xs: &[f64], weights: &Tensor) -> chainrule::Result<Vec<f64>> {
    let tape = Tape::new();
    let features = legendre(xs, weights.shape()[0])?;
    Ok(tape.var(&features).matmul(tape.var(weights)).value()?.to_f64())
}

/// The root of the mean squared difference.
fn rms(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
}

pub fn fits(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let xs = spaced(SAMPLES);
    let ys: Vec<f64> = xs.iter().map(|&x| truth(x) + NOISE * normal(&mut rng)).collect();
    let targets = Tensor::from_vec(ys.clone(), [SAMPLES, 1])?;
    let drawn = spaced(DRAWN);
    let true_values: Vec<f64> = drawn.iter().map(|&x| truth(x)).collect();

    let (mut charts, mut missed, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for size in SIZES {
        let weights = fit(&legendre(&xs, size)?, &targets, 0.0)?;
        let curve = values(&drawn, &weights)?;
        missed.push(rms(&values(&xs, &weights)?, &ys));
        wrong.push(rms(&curve, &true_values));
        charts.push(
            Chart::new(format!("{size} coefficients"))
                .size(400.0, 320.0)
                .x_label("x")
                .y_label("y")
                .y_range(-2.5, 2.5)
                .line_at("fit", &drawn, &curve)
                .line_at("truth", &drawn, &true_values)
                .points("samples", &xs, &ys),
        );
    }
    page.figure(
        "polynomials",
        &Panels::row(charts),
        &format!(
            "{SAMPLES} samples of a wave and a polynomial's fit, three times. With {} coefficients it follows the wave. With \
             {SAMPLES} it goes through all samples and swings far out of the picture between those at both ends. With {} it goes \
             through all samples and stays near the wave.",
            SIZES[0], SIZES[2]
        ),
        &format!(
            "Polynomials of {}, {SAMPLES} and {} coefficients, fitted to {SAMPLES} samples of `sin 3x` with noise. Of the last \
             kind infinitely many go through all samples; this one has the smallest norm. Its terms are Legendre's polynomials, \
             divided by their degree + 1.",
            SIZES[0], SIZES[2]
        ),
    );
    page.claim(
        missed[1].max(missed[2]) < 1e-6 && missed[0] > NOISE / 4.0,
        format!("The second and the third fit go through all samples, the first misses them by {:.2} (root mean square).", missed[0]),
    );
    page.claim(
        wrong[1] > 3.0 * wrong[2] && wrong[2] < 2.0 * NOISE,
        format!(
            "Yet the one with as many coefficients as samples is wrong by {:.1}, and that with {} by {:.2}.",
            wrong[1], SIZES[2], wrong[2]
        ),
    );
    page.claim(
        wrong[0] < wrong[2],
        format!(
            "The best of the three is the small one, {:.2} from the truth: what {} coefficients can follow needs no {}.",
            wrong[0], SIZES[0], SIZES[2]
        ),
    );
    page.setting("polynomials", format!("{SAMPLES} samples of sin 3x, noise {NOISE}"));
    Ok(())
}
