//! The landscapes: losses of two weights, each with a start and its minima.

use crate::shared::descent::{Path, distance, grid};
use crate::shared::sparse::Sparse;
use chainrule::plot::{Chart, Levels};
use chainrule::prelude::*;
use std::error::Error;

/// A minimum is reached where the distance to it is this part of the distance at the start.
pub const WITHIN: f64 = 0.01;
/// So many more epochs have to be spent there for the arrival to count.
pub const STAY: usize = 50;

type Loss = Box<dyn for<'t> Fn(Var<'t>) -> Var<'t>>;

/// A loss of two weights.
pub struct Problem {
    pub name: &'static str,
    pub loss: Loss,
    pub start: [f64; 2],
    pub minima: Vec<[f64; 2]>,
    /// Both weights' names.
    pub labels: [&'static str; 2],
    /// What is drawn of both weights.
    pub window: [(f64, f64); 2],
    pub levels: Levels,
    /// The epochs that everyone has.
    pub budget: usize,
}

impl Problem {
    /// A chart of the landscape with its minima, under this title.
    ///
    /// # Errors
    /// Mistakes in the loss.
    pub fn chart(&self, title: &str) -> Result<Chart, Box<dyn Error>> {
        let [x, y] = self.window;
        let grid = grid(&self.loss, x, y)?;
        let chart = Chart::new(title)
            .size(420.0, 380.0)
            .x_label(self.labels[0])
            .y_label(self.labels[1])
            .x_range(x.0, x.1)
            .y_range(y.0, y.1)
            .contours(&grid, self.levels.clone());
        Ok(self.minima.iter().fold(chart, |chart, &[x, y]| chart.mark(x, y, "")))
    }

    /// The distance of the start from the nearest minimum.
    pub fn length(&self) -> f64 {
        self.minima.iter().map(|&m| distance(self.start, m)).fold(f64::INFINITY, f64::min)
    }

    /// After how many epochs a path reaches a minimum for good.
    pub fn epochs(&self, path: &Path) -> Option<usize> {
        path.arrives(&self.minima, WITHIN * self.length(), STAY)
    }

    /// The part of the way that is left at the end of a path; infinite if the path left for infinity.
    pub fn left(&self, path: &Path) -> f64 {
        if path.places.len() <= self.budget {
            return f64::INFINITY;
        }
        path.distances(&self.minima).last().map_or(f64::INFINITY, |left| left / self.length())
    }
}

/// All landscapes.
///
/// # Errors
/// Those of the engine.
pub fn all(seed: u64) -> chainrule::Result<[Problem; 5]> {
    Ok([bowl(), elongated(seed)?, saddle(), rosenbrock(), network()?])
}

/// `x² + 2·y²`.
pub fn bowl() -> Problem {
    Problem {
        name: "round bowl",
        loss: Box::new(|w| {
            let (x, y) = (w.at(0, 0), w.at(0, 1));
            x.square() + y.square() * 2.0
        }),
        start: [-2.0, 1.5],
        minima: vec![[0.0, 0.0]],
        labels: ["x", "y"],
        window: [(-2.6, 2.6), (-2.0, 2.0)],
        levels: Levels::Linear(8),
        budget: 500,
    }
}

/// Linear regression with a sparse feature.
pub fn elongated(seed: u64) -> chainrule::Result<Problem> {
    let data = Sparse::seeded(seed)?;
    let minimum = data.minimum;
    Ok(Problem {
        name: "elongated bowl",
        loss: Box::new(move |w| data.loss(w)),
        start: [0.0, 0.0],
        minima: vec![minimum],
        labels: ["dense weight", "sparse weight"],
        window: [(-0.5, 4.0), (-0.5, 4.0)],
        levels: Levels::Log(8),
        budget: 1000,
    })
}

/// `x² - y² + y⁴/2`: a saddle at 0 between two minima, at `(0, ±1)`.
pub fn saddle() -> Problem {
    Problem {
        name: "saddle",
        loss: Box::new(|w| {
            let (x, y) = (w.at(0, 0), w.at(0, 1));
            x.square() - y.square() + y.square().square() * 0.5
        }),
        start: [-1.5, 0.001],
        minima: vec![[0.0, 1.0], [0.0, -1.0]],
        labels: ["x", "y"],
        window: [(-1.8, 1.8), (-1.6, 1.6)],
        levels: Levels::Linear(10),
        budget: 500,
    }
}

/// Rosenbrock's valley, `(1 - x)² + 100·(y - x²)²`.
///
/// Source: Rosenbrock, "An automatic method for finding the greatest or least value of a function", The Computer Journal 3,
/// 1960.
pub fn rosenbrock() -> Problem {
    Problem {
        name: "Rosenbrock",
        loss: Box::new(|w| {
            let (x, y) = (w.at(0, 0), w.at(0, 1));
            (1.0 - x).square() + (y - x.square()).square() * 100.0
        }),
        start: [-1.2, 1.0],
        minima: vec![[1.0, 1.0]],
        labels: ["x", "y"],
        window: [(-1.8, 1.8), (-0.8, 2.6)],
        levels: Levels::Log(10),
        budget: 3000,
    }
}

/// The mean squared error of `v·tanh(w·x)`, a network of one hidden neuron, on `1.5·tanh(2·x)`.
pub fn network() -> chainrule::Result<Problem> {
    let tape = Tape::new();
    let x = tape.linspace(-2.0, 2.0, 21, DType::F64);
    let (x, y) = (x.value()?, ((x * 2.0).tanh() * 1.5).value()?);
    Ok(Problem {
        name: "network",
        loss: Box::new(move |weights| {
            let tape = weights.tape();
            let (w, v) = (weights.at(0, 0), weights.at(0, 1));
            ((tape.var(&x) * w).tanh() * v - tape.var(&y)).square().mean(..)
        }),
        start: [-1.0, 0.5],
        minima: vec![[2.0, 1.5], [-2.0, -1.5]],
        labels: ["w", "v"],
        window: [(-3.5, 4.0), (-2.5, 3.0)],
        levels: Levels::Log(9),
        budget: 1000,
    })
}
