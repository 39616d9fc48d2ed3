//! The role of the optimizer: what stands between a loss and the weights that make it small.
//!
//! Students have a grade point average (`cgpa`, from 0 to 10) and an intelligence quotient (`iq`). Some get a place and with it a package,
//! a yearly salary in lakhs (`lpa`). A line through the packages has a loss over its slope and intercept, and the lesson
//! watches the way down.
//!
//! Found: for a line the answer is also a formula, and gradient descent comes to the same, in thousands of steps or in one: the
//! condition number of the bowl decides, and standardizing the inputs lowers it. For a place, yes or no, there is no formula, and the
//! optimizer is all there is.

mod line;
mod placed;
mod plane;
mod students;

use crate::page::Page;
use crate::shared::descent::{Path, descend, losses_at};
use crate::shared::quadratic::{self, Curvatures};
use chainrule::optim;
use chainrule::plot::{Chart, Grid, Levels};
use chainrule::prelude::*;
use std::error::Error;
use students::Students;

/// The most steps of gradient descent on a line or a plane.
const STEPS: usize = 20_000;
/// Arrived: this part of the first loss above the least one is left.
const LEFT: f64 = 1e-4;
/// Generated students, beside the twenty of the table.
const MORE: usize = 200;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "A model is a family of functions, a loss says how bad each of them is, and the optimizer finds a good one: for a line the one that a \
         formula gives too, in thousands of steps or in one, and for yes or no one that no formula gives.",
    );
    let table = students::table()?;
    line::section(page, &table, seed)?;
    let more = Students::generated(MORE, seed)?;
    plane::section(page, &more)?;
    placed::section(page, &more)?;
    page.setting("students", format!("20 in the table, {MORE} generated"));
    page.setting("start", "all weights 0");
    page.setting("arrived", format!("{LEFT} of the first loss above the least one is left"));
    Ok(())
}

/// A quadratic loss of two weights, and gradient descent on it from 0 with the best constant rate.
struct Descent {
    curvatures: Curvatures,
    minimum: [f64; 2],
    path: Path,
    /// The way with the rate 1/λ₁, the largest that never leaps over the valley: the one to be drawn.
    creep: Path,
    /// What is left of the first loss above the least one, after each step.
    left: Vec<f64>,
}

impl Descent {
    fn new(loss: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> chainrule::Result<Descent> {
        let curvatures = quadratic::curvatures(&loss, [0.0, 0.0])?;
        let minimum = quadratic::minimum(&loss)?;
        let least = losses_at(&loss, &[minimum])?[0];
        let path = descend(&loss, optim::sgd(curvatures.best_rate()), [0.0, 0.0], STEPS)?;
        let creep = descend(&loss, optim::sgd(1.0 / curvatures.most), [0.0, 0.0], STEPS)?;
        let left = path.losses.iter().map(|loss| (loss - least) / (path.losses[0] - least)).collect();
        Ok(Descent { curvatures, minimum, path, creep, left })
    }

    /// The bowl, from its values, with the creeping way on it.
    fn bowl(&self, title: &str, grid: &Grid) -> Chart {
        let creep = self.creep.thinned();
        Chart::new(title)
            .size(380.0, 340.0)
            .contours(grid, Levels::Log(9))
            .path("gradient descent", &creep.xs(), &creep.ys())
            .mark(self.minimum[0], self.minimum[1], "least")
    }

    /// The steps until [`LEFT`] is left; more than any number if they don't suffice.
    fn steps(&self) -> usize {
        self.left.iter().position(|&left| left <= LEFT).unwrap_or(usize::MAX)
    }

    /// The steps that theory expects: each shrinks both distances by `(κ - 1)/(κ + 1)`, and the loss by the square.
    fn expected(&self) -> f64 {
        let k = self.curvatures.condition();
        LEFT.ln() / (2.0 * ((k - 1.0).max(0.0) / (k + 1.0)).ln())
    }
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
