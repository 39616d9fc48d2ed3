//! All nets, trained on one data set, and how well they do.

use super::boundary;
use super::nets::{Affine, Net, SIZES, Size};
use chainrule::prelude::*;
use std::error::Error;

/// The activation of the nonlinear nets.
pub const NONLINEAR: Activation = Activation::Tanh;
/// Boundaries are measured, and drawn, within this distance of the origin in each direction.
pub const REACH: f64 = 1.8;

/// What a net is to learn.
#[derive(Clone, Copy, PartialEq)]
pub enum Task {
    /// A number: squared error, scored by R².
    Number,
    /// Which of two classes: cross-entropy, scored by the share of right answers.
    Class,
}

/// A trained net.
pub struct Fit {
    pub size: Size,
    pub net: Net,
    pub params: Params,
    /// R², or the share of right answers: on the rows that it was trained with, and on as many that it has not seen.
    pub score: f64,
    pub fresh: f64,
    /// The largest difference between the net's outputs and `w·x + b` with the product of its weights, as a share of the largest
    /// output.
    pub off_affine: f64,
    /// Points of the border between the classes, if there are classes: see [`boundary::crossings`].
    pub border: Vec<[f64; 2]>,
}

/// The nets of all sizes, without activations and with.
pub struct Fits {
    pub data: Dataset,
    pub linear: Vec<Fit>,
    pub nonlinear: Vec<Fit>,
}

impl Fits {
    /// Trains all of them on the first set; the second is the one that they don't see.
    pub fn new([data, fresh]: [Dataset; 2], task: Task, seed: u64) -> Result<Fits, Box<dyn Error>> {
        let all = |activation| -> Result<Vec<Fit>, Box<dyn Error>> {
            SIZES.iter().map(|&size| Fit::new(size, activation, [&data, &fresh], task, seed)).collect()
        };
        Ok(Fits { linear: all(Activation::Identity)?, nonlinear: all(NONLINEAR)?, data })
    }

    /// The nonlinear nets of several layers.
    pub fn deep(&self) -> impl Iterator<Item = &Fit> {
        self.nonlinear.iter().filter(|fit| fit.size.layers > 1)
    }
}

impl Fit {
    fn new(
        size: Size,
        activation: Activation,
        [data, fresh]: [&Dataset; 2],
        task: Task,
        seed: u64,
    ) -> Result<Fit, Box<dyn Error>> {
        let inputs = data.inputs().shape()[1];
        let mut params = Params::seeded(seed);
        let net = Net::new(&mut params, inputs, size, activation);
        match task {
            Task::Number => net.train(&mut params, data, size.rate, |y, target| y.mse(target))?,
            Task::Class => net.train(&mut params, data, size.rate, |z, class| z.bce_with_logits(class))?,
        }
        let score_on = |set: &Dataset| -> chainrule::Result<f64> {
            let (outputs, targets) = (net.outputs(&params, set.inputs())?, set.labels().to_f64());
            Ok(if task == Task::Number {
                r_squared(&outputs, &targets)
            } else {
                accuracy(&outputs, &targets)
            })
        };
        let border = match task {
            Task::Number => Vec::new(),
            Task::Class => boundary::crossings(&net, &params, REACH)?,
        };
        let off_affine = off(&net.affine(&params)?, data.inputs(), &net.outputs(&params, data.inputs())?);
        Ok(Fit { size, score: score_on(data)?, fresh: score_on(fresh)?, off_affine, border, net, params })
    }
}

/// The largest distance of outputs from an affine map's, as a share of the largest output.
fn off(map: &Affine, x: &Tensor, outputs: &[f64]) -> f64 {
    let x = x.to_f64();
    let distances = x.chunks(map.weight.len()).zip(outputs).map(|(x, y)| (map.at(x) - y).abs());
    distances.fold(0.0, f64::max) / outputs.iter().fold(0.0, |most, y| y.abs().max(most))
}

/// 1 - (sum of squared errors) / (sum of squared distances from the mean).
pub fn r_squared(predicted: &[f64], y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let errors: f64 = y.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
    1.0 - errors / y.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
}

/// The share of logits on the right side of 0.
fn accuracy(logits: &[f64], classes: &[f64]) -> f64 {
    let right = logits.iter().zip(classes).filter(|(z, class)| (**z > 0.0) == (**class > 0.5)).count();
    right as f64 / classes.len() as f64
}

/// The line of least squares through points of the plane.
pub fn least_squares(x: &[f64], y: &[f64]) -> Affine {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let along: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = along / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>();
    Affine { weight: vec![slope], bias: mean_y - slope * mean_x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_the_line_of_known_points() {
        let (x, y) = ([0.0, 1.0, 2.0], [1.0, 3.0, 2.0]);
        let line = least_squares(&x, &y);
        assert!((line.weight[0] - 0.5).abs() < 1e-12 && (line.bias - 1.5).abs() < 1e-12);
        // The errors are -1/2, 1, -1/2, the distances from the mean -1, 1, 0.
        let heights = x.map(|x| line.at(&[x]));
        assert!((r_squared(&heights, &y) - 0.25).abs() < 1e-12);
        assert_eq!(accuracy(&[2.0, -1.0, 3.0, -4.0], &[1.0, 0.0, 0.0, 0.0]), 0.75);
    }
}
