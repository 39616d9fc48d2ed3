//! Fits of many sizes to images of digits.

use super::least_squares::fit;
use super::random::normal;
use chainrule::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;
use std::f64::consts::TAU;

/// Images that are learned, and images to test with.
pub const SAMPLES: usize = 100;
pub const TESTS: usize = 1000;
/// Numbers of features; [`SAMPLES`] is among them.
pub const SIZES: [usize; 23] = [
    10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100, 105, 110, 120, 140, 170, 200, 300, 400, 600, 1000, 2000,
];
/// How much the weights' squares count beside the squared errors.
pub const RIDGES: [f64; 3] = [0.0, 0.001, 0.1];
/// Draws of images and features.
pub const RUNS: u64 = 10;
/// The features' waves are about so long as two images are apart.
const WIDTH: f64 = 2.0;

/// Images as random features, and what to learn of them.
pub struct Draw {
    /// Of all images, those that are learned first.
    features: Tensor,
    /// A column for each digit: 1 for images of it, else 0.
    pub targets: Tensor,
    /// Of the images to test with.
    labels: Vec<i64>,
}

impl Draw {
    /// Random Fourier features `cos(w·x + b)` with normal `w` and uniform `b`.
    pub fn new(seed: u64) -> Result<Draw, Box<dyn Error>> {
        let most = SIZES[SIZES.len() - 1];
        let data = data::digits().shuffle(seed).take(&Vec::from_iter(0..SAMPLES + TESTS))?.scale(1.0 / 16.0);
        let labels = data.labels().as_slice::<i64>()?;
        let targets =
            labels[..SAMPLES].iter().flat_map(|&label| (0..10).map(move |c| f64::from(u8::from(c == label))));
        let targets = Tensor::from_vec(targets.collect(), [SAMPLES, 10])?;

        let mut rng = StdRng::seed_from_u64(seed);
        let waves: Vec<f64> = (0..64 * most).map(|_| normal(&mut rng) / WIDTH).collect();
        let shifts: Vec<f64> = (0..most).map(|_| TAU * rng.random::<f64>()).collect();
        let tape = Tape::new();
        let x = tape.var(data.inputs()).cast(DType::F64);
        let features = (x.matmul(tape.var(Tensor::from_vec(waves, [64, most])?)) + tape.var(shifts)).cos();
        Ok(Draw { features: features.value()?, targets, labels: labels[SAMPLES..].to_vec() })
    }

    /// The first `count` features of the images that are learned, and of those to test with. A row is about 1 long, whatever the
    /// count.
    pub fn features(&self, count: usize) -> chainrule::Result<[Tensor; 2]> {
        let tape = Tape::new();
        let features = tape.var(&self.features).slice(1, ..count) * (2.0 / count as f64).sqrt();
        Ok([features.slice(0, ..SAMPLES).value()?, features.slice(0, SAMPLES..).value()?])
    }
}

/// What comes of a fit.
pub struct Outcome {
    /// Images to test with that are taken for another digit, in percent.
    pub wrong: f64,
    /// The root of the mean squared error on the images that are learned.
    pub left: f64,
    /// The length of the weights.
    pub norm: f64,
}

impl Outcome {
    pub fn new(draw: &Draw, [train, test]: &[Tensor; 2], ridge: f64) -> Result<Outcome, Box<dyn Error>> {
        let weights = fit(train, &draw.targets, ridge)?;
        let tape = Tape::new();
        let w = tape.var(&weights);
        let left = (tape.var(train).matmul(w) - tape.var(&draw.targets)).square().mean(..).sqrt();
        let chosen = tape.var(test).matmul(w).argmax(-1).value()?;
        let wrong = chosen.as_slice::<i64>()?.iter().zip(&draw.labels).filter(|(a, b)| a != b).count();
        let wrong = 100.0 * wrong as f64 / TESTS as f64;
        Ok(Outcome { wrong, left: left.item()?, norm: w.square().sum(..).sqrt().item()? })
    }
}

/// The outcomes of all runs, by ridge and size.
pub struct Sweep(pub Vec<Vec<Vec<Outcome>>>);

impl Sweep {
    pub fn new(seed: u64) -> Result<Sweep, Box<dyn Error>> {
        let mut outcomes: Vec<Vec<Vec<Outcome>>> =
            RIDGES.iter().map(|_| SIZES.iter().map(|_| Vec::new()).collect()).collect();
        for run in 0..RUNS {
            let draw = Draw::new(seed + run)?;
            for (i, &size) in SIZES.iter().enumerate() {
                let features = draw.features(size)?;
                for (of_ridge, &ridge) in outcomes.iter_mut().zip(&RIDGES) {
                    of_ridge[i].push(Outcome::new(&draw, &features, ridge)?);
                }
            }
        }
        Ok(Sweep(outcomes))
    }

    /// By size, the value below which a share of the runs are.
    pub fn quantile(&self, ridge: usize, share: f64, value: impl Fn(&Outcome) -> f64) -> Vec<f64> {
        let of_runs = |runs: &Vec<Outcome>| {
            let mut values: Vec<f64> = runs.iter().map(&value).collect();
            values.sort_by(f64::total_cmp);
            values[(share * (values.len() - 1) as f64).round() as usize]
        };
        self.0[ridge].iter().map(of_runs).collect()
    }

    /// By size, the median of the test errors.
    pub fn errors(&self, ridge: usize) -> Vec<f64> {
        self.quantile(ridge, 0.5, |outcome| outcome.wrong)
    }

    /// By size, the median of the weights' lengths.
    pub fn norms(&self, ridge: usize) -> Vec<f64> {
        self.quantile(ridge, 0.5, |outcome| outcome.norm)
    }
}
