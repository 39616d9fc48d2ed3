//! One feature: the loss over slope and intercept, and the ways down.

use super::students::{Students, TABLE, centred_and_standard};
use super::{Descent, LEFT, STEPS, mean};
use crate::page::Page;
use crate::shared::descent::{Path, at, descend, grid, losses_at};
use crate::words::count;
use chainrule::optim;
use chainrule::plot::{Chart, Panels, Surface};
use chainrule::prelude::*;
use std::error::Error;

/// Random guesses of slope and intercept, from squares of this half-width.
const GUESSES: usize = 1000;
const WIDTH: f64 = 10.0;
/// The steps that are drawn on the bowl.
const SMALL_RATE: f64 = 0.05;
const SMALL_STEPS: usize = 40;
/// A student whose package is asked for.
const ASKED: f64 = 8.5;

/// The mean squared error of the line `w·x + b`, of the weights `(w, b)`.
fn loss<'t>(weights: Var<'t>, x: &Tensor, y: &Tensor) -> Var<'t> {
    let tape = weights.tape();
    let (w, b) = (weights.at(0, 0), weights.at(0, 1));
    (tape.var(x) * w + b - tape.var(y)).square().mean(..)
}

/// Slope and intercept by the formula of least squares.
fn least_squares(x: &Tensor, y: &Tensor) -> [f64; 2] {
    let (x, y) = (x.to_f64(), y.to_f64());
    let (mx, my) = (mean(x.iter().copied()), mean(y.iter().copied()));
    let covariance = mean(x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)));
    let slope = covariance / mean(x.iter().map(|x| (x - mx).powi(2)));
    [slope, my - slope * mx]
}

/// Rows of the table.
fn some_rows(students: &Students) -> Vec<Vec<String>> {
    let placed = students.placed.to_f64();
    let row = |(row, placed): (&[f64; 3], &f64)| {
        let [cgpa, iq, lpa] = row;
        vec![
            format!("{cgpa:.1}"),
            format!("{iq:.0}"),
            format!("{lpa:.1}"),
            if *placed == 1.0 { "yes" } else { "no" }.to_owned(),
        ]
    };
    TABLE.iter().zip(&placed).step_by(4).map(row).collect()
}

/// The lines that gradient descent draws through the students.
fn fits(students: &Students, way: &Path, formula: [f64; 2]) -> Chart {
    let (cgpa, lpa) = (students.cgpa.to_f64(), students.lpa.to_f64());
    let ends = [4.5, 10.0];
    let line = |[w, b]: [f64; 2]| ends.map(|x| w * x + b);
    let mut chart = Chart::new("")
        .x_label("cgpa")
        .y_label("package, lakhs per annum")
        .points("students", &cgpa, &lpa)
        .line_at("formula", &ends, &line(formula));
    for step in [1, 500, 2000] {
        if let Some(&place) = way.places.get(step) {
            chart = chart.line_at(format!("step {step}"), &ends, &line(place));
        }
    }
    chart
}

/// The bowl in space and as a map, with small steps down.
fn landscape(x: &Tensor, y: &Tensor) -> Result<Panels, Box<dyn Error>> {
    let grid = grid(|weights| loss(weights, x, y), (-3.0, 6.0), (-1.0, 8.0))?;
    let path = descend(|weights| loss(weights, x, y), optim::sgd(SMALL_RATE), [0.0, 0.0], SMALL_STEPS)?;
    let surface = Surface::new("In space")
        .x_label("slope w")
        .y_label("intercept b")
        .z_label("loss")
        .size(520.0, 420.0)
        .view(120.0, 40.0)
        .grid(&grid)
        .path("gradient descent", &path.xs(), &path.ys(), &path.losses);
    let map = Chart::new("As a map")
        .x_label("slope w")
        .y_label("intercept b")
        .size(520.0, 420.0)
        .equal_axes()
        .contours(&grid, 10)
        .path("gradient descent", &path.xs(), &path.ys());
    Ok(Panels::row([surface]).and(map))
}

pub fn section(page: &mut Page, students: &Students, seed: u64) -> Result<(), Box<dyn Error>> {
    let y = &students.lpa;
    let raw = &students.cgpa;
    let (centred, standard) = centred_and_standard(raw)?;
    let ways = [raw, &centred, &standard].map(|x| Descent::new(|weights| loss(weights, x, y)));
    let [raw_way, centred_way, standard_way] = ways;
    let ways = [raw_way?, centred_way?, standard_way?];
    let formula = least_squares(raw, y);

    page.heading("A line, and its loss");
    page.text(
        "Twenty students, with their grade point average and the package that they were offered. The model is a line, `lpa = w·cgpa + b`, \
         and the loss is the mean of the squared errors: a number for each pair of slope `w` and intercept `b`. Over all pairs it \
         is a bowl, and the optimizer's role is to find its lowest point. Gradient descent asks for the slope of the bowl where it \
         stands, takes a step downhill, and asks again.",
    );
    page.formula(
        r"L(w, b) = \frac{1}{n} \sum_{i=1}^{n} (w x_i + b - y_i)^2, \qquad w \leftarrow w - \eta\, \frac{\partial L}{\partial w}, \quad b \leftarrow b - \eta\, \frac{\partial L}{\partial b}",
        "L of w and b is the mean over all i of w x i plus b minus y i, squared; w becomes w minus eta times the derivative of L by w, and b becomes b minus eta times the derivative of L by b",
    );
    page.table(
        "Every fourth of the twenty students",
        &["cgpa", "iq", "package", "placed"],
        &some_rows(students),
    );
    page.text("For a line there is also a formula, which the descent can be compared with:");
    page.formula(
        r"w^{*} = \frac{\sum_i (x_i - \bar{x})(y_i - \bar{y})}{\sum_i (x_i - \bar{x})^2}, \qquad b^{*} = \bar{y} - w^{*} \bar{x}",
        "w star is the sum of x i minus the mean of x times y i minus the mean of y, over the sum of x i minus its mean squared; b star is the mean of y minus w star times the mean of x",
    );
    page.figure(
        "fits",
        &fits(students, &ways[0].creep, formula),
        "Scatter plot of package against cgpa: the points rise from (5, 2) to (9.4, 9). The line after one step is flatter, and \
         those after 500 and 2,000 steps turn towards the line of the formula, which runs through the points.",
        "The students, the line of the formula, and those of gradient descent on its way (rate 1/λ₁, explained below).",
    );

    page.figure(
        "surface",
        &landscape(&centred, y)?,
        "The loss over slope and intercept twice: as a bowl in space, and as nearly circular contours. On both a path of short steps goes from \
         (0, 0), high on the wall, to the bottom at (1.5, 5.4).",
        &format!("The loss of the line through the grades less their mean, in space and as contours, and {SMALL_STEPS} steps of gradient descent with the small rate {SMALL_RATE}."),
    );
    let end = *ways[0].path.places.last().ok_or("a path has an end")?;
    let off = end.iter().zip(&formula).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let newton = ways[0].minimum.iter().zip(&formula).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    page.claim(
        off < 1e-5 && newton < 1e-9,
        format!(
            "The formula says w = {:.4} and b = {}{:.4}. After {} steps gradient descent is there to five digits, and one step of Newton's \
             method, by the engine's Hessian, to nine.",
            formula[0],
            if formula[1] < 0.0 { "−" } else { "" },
            formula[1].abs(),
            count(STEPS)
        ),
    );
    let packages = [end, formula].map(|[w, b]| w * ASKED + b);
    page.claim(
        (packages[0] - packages[1]).abs() < 1e-4,
        format!("Both promise a student with a cgpa of {ASKED} a package of {:.2} lakhs.", packages[0]),
    );

    page.heading("Why it takes long, and how it need not");
    page.text(&format!(
        "The bowl of `cgpa` as it is, is a long valley: all grades are far from 0, so that a larger slope can nearly be made up for by a smaller \
         intercept. How long, the engine's Hessian says: the ratio of its eigenvalues is the *condition number* κ. With the best \
         constant rate, `2/(λ₁+λ₂)`, each step shrinks the distances by `(κ−1)/(κ+1)` (Polyak, 1987). *Arrived* means that {LEFT} of the \
         first loss above the least one is left."
    ));
    let names = ["cgpa as it is", "less its mean", "standardized"];
    let rows: Vec<Vec<String>> = names
        .iter()
        .zip(&ways)
        .map(|(name, way)| {
            vec![
                (*name).to_owned(),
                format!("{:.1}", way.curvatures.condition()),
                format!("{:.3}", way.curvatures.best_rate()),
                count(way.steps()),
            ]
        })
        .collect();
    page.table("Gradient descent with the best rate", &["input", "κ", "rate", "steps until arrived"], &rows);
    let (narrow, wide) = ([(-7.0, 9.0), (-10.0, 6.0)], [(-3.0, 6.0), (-1.0, 8.0)]);
    let mut bowls = Vec::new();
    for (i, (x, [w, b])) in [(raw, narrow), (&centred, wide), (&standard, wide)].into_iter().enumerate() {
        let grid = grid(|weights| loss(weights, x, y), w, b)?;
        bowls.push(ways[i].bowl(names[i], &grid).x_label("slope w").y_label("intercept b").equal_axes());
    }
    page.figure(
        "bowls",
        &Panels::row(bowls),
        "Contours of the loss over slope and intercept, three times. With cgpa as it is they are a narrow, steep valley, and the path drops into \
         it and creeps along. Less its mean, and standardized, they are nearly circles and circles, and the path goes straight to the \
         middle.",
        "The loss over slope and intercept for three kinds of input, and the path of gradient descent from 0, with the rate 1/λ₁, the largest \
         with which it never leaps over the valley.",
    );
    let mut speed = Chart::new("")
        .x_label("step")
        .y_label("loss above the least, as a part of the first")
        .log_x()
        .log_y()
        .y_range(1e-6, 2.0)
        .h_line(LEFT, "arrived");
    for (name, way) in names.iter().zip(&ways).take(2) {
        let drawn: Vec<usize> = (1..=STEPS).filter(|step| *step < 100 || step % 50 == 0).collect();
        let xs: Vec<f64> = drawn.iter().map(|&step| step as f64).collect();
        let ys: Vec<f64> = drawn.iter().map(|&step| at(&way.left, step)).collect();
        speed = speed.line_at(*name, &xs, &ys);
    }
    page.figure(
        "speed",
        &speed,
        "Loss above the least against the step, both logarithmic. With cgpa as it is the line stays high for a thousand steps and then falls; \
         less its mean it falls at once.",
        "How much of the loss is left after each step, with the best constant rate. Standardized there is no line to draw: one step leaves nothing.",
    );
    let steps = [0, 1, 2].map(|i| ways[i].steps());
    page.claim(
        steps[0] > 1000 * steps[1] && steps[2] == 1 && steps[0] < STEPS,
        format!(
            "With cgpa as it is, gradient descent needs {} steps; less its mean, {}; standardized, {}. The bowl is round then, and its slope \
             leads straight to the lowest point.",
            count(steps[0]), steps[1], steps[2]
        ),
    );
    let expected = ways[0].expected();
    page.claim(
        (steps[0] as f64 / expected - 1.0).abs() < 0.05,
        format!(
            "Theory expects {} steps for κ = {}, and {} were taken.",
            count(expected.round() as usize),
            count(ways[0].curvatures.condition().round() as usize),
            count(steps[0])
        ),
    );

    let tape = Tape::new();
    tape.seed(seed);
    let guesses = ((tape.uniform([GUESSES, 2], DType::F64) * 2.0 - 1.0) * WIDTH).value()?;
    let guesses: Vec<[f64; 2]> = guesses.as_slice::<f64>()?.chunks_exact(2).map(|g| [g[0], g[1]]).collect();
    let losses = losses_at(|weights| loss(weights, raw, y), &guesses)?;
    let guessed = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let least = at(&ways[2].path.losses, 1);
    page.claim(
        guessed > 1.1 * least,
        format!(
            "Guessing is no way: the best of {GUESSES} random pairs between −{WIDTH} and {WIDTH} has a loss of {guessed:.2}; one step of gradient \
             descent on the standardized grades has {least:.2}.",
        ),
    );
    Ok(())
}
