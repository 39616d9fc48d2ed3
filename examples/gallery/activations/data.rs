//! The three data sets: a curve, two moons, and two circles.

use chainrule::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::error::Error;
use std::f64::consts::{PI, TAU};

/// The standard deviations of the noise.
const CURVE_NOISE: f64 = 0.15;
const MOON_NOISE: f64 = 0.12;
const CIRCLE_NOISE: f64 = 0.08;

/// A curve that no line can follow: a wave on a gentle slope.
pub fn target(x: f64) -> f64 {
    (2.0 * x).sin() + x / 4.0
}

/// Places from -3 to 3, `[rows, 1]`, and the curve's noisy heights there, `[rows, 1]`.
pub fn curve(rows: usize, seed: u64) -> Result<Dataset, Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let xs: Vec<f64> = (0..rows).map(|i| 6.0 * (i as f64 + 0.5) / rows as f64 - 3.0).collect();
    let ys: Vec<f64> = xs.iter().map(|&x| target(x) + CURVE_NOISE * normal(&mut rng)).collect();
    let column = |values| Tensor::from_vec(values, [rows, 1]).map(|tensor: Tensor| tensor.cast(DType::F32));
    Ok(Dataset::new(column(xs)?, column(ys)?)?)
}

/// Two half circles that reach into each other, around the origin: points `[rows, 2]`, and 0 or 1 for each, `[rows, 1]`.
pub fn two_moons(rows: usize, seed: u64) -> Result<Dataset, Box<dyn Error>> {
    points(rows, seed, MOON_NOISE, |class, rng| {
        let angle = PI * rng.random::<f64>();
        let (x, y) = (angle.cos() - 0.5, angle.sin() - 0.25);
        if class == 0 { [x, y] } else { [-x, -y] }
    })
}

/// A ring of radius 1 around one of radius 1/2: points `[rows, 2]`, and 0 or 1 for each, `[rows, 1]`.
pub fn circles(rows: usize, seed: u64) -> Result<Dataset, Box<dyn Error>> {
    points(rows, seed, CIRCLE_NOISE, |class, rng| {
        let (angle, radius) = (TAU * rng.random::<f64>(), if class == 0 { 1.0 } else { 0.5 });
        [radius * angle.cos(), radius * angle.sin()]
    })
}

/// Points of class 0 and 1 in turn, with normal noise around where `place` puts them.
fn points(
    rows: usize,
    seed: u64,
    noise: f64,
    place: impl Fn(usize, &mut StdRng) -> [f64; 2],
) -> Result<Dataset, Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut xs, mut labels) = (Vec::with_capacity(2 * rows), Vec::with_capacity(rows));
    for row in 0..rows {
        let [x, y] = place(row % 2, &mut rng);
        xs.extend([x + noise * normal(&mut rng), y + noise * normal(&mut rng)].map(|v| v as f32));
        labels.push((row % 2) as f32);
    }
    Ok(Dataset::new(Tensor::from_vec(xs, [rows, 2])?, Tensor::from_vec(labels, [rows, 1])?)?)
}

/// A standard normal number, by Box and Muller's transform.
fn normal(rng: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
}
