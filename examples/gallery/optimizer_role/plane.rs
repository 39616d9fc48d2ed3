//! Two features: what their units and their correlation do to the bowl.

use super::students::{Students, centred_and_standard};
use super::{Descent, STEPS, mean};
use crate::page::Page;
use crate::shared::descent::grid;
use crate::words::count;
use chainrule::plot::Panels;
use chainrule::prelude::*;
use std::error::Error;

/// The mean squared error of the plane `w₁·x₁ + w₂·x₂`, for a target of mean 0.
fn loss<'t>(weights: Var<'t>, [x1, x2]: [&Tensor; 2], y: &Tensor) -> Var<'t> {
    let tape = weights.tape();
    let (w1, w2) = (weights.at(0, 0), weights.at(0, 1));
    (tape.var(x1) * w1 + tape.var(x2) * w2 - tape.var(y)).square().mean(..)
}

pub fn section(page: &mut Page, students: &Students) -> Result<(), Box<dyn Error>> {
    let (cgpa, cgpa_standard) = centred_and_standard(&students.cgpa)?;
    let (iq, iq_standard) = centred_and_standard(&students.iq)?;
    let (y, _) = centred_and_standard(&students.lpa)?;
    let units = Descent::new(|weights| loss(weights, [&cgpa, &iq], &y))?;
    let standard = Descent::new(|weights| loss(weights, [&cgpa_standard, &iq_standard], &y))?;
    let correlation = mean(cgpa_standard.to_f64().iter().zip(iq_standard.to_f64()).map(|(a, b)| a * b));

    page.heading("Two features");
    page.text(
        "Generated students, with `cgpa` and `iq`: two weights, both inputs and the package less their means, so that no intercept \
         is needed. In their own units an `iq` varies by tens and a `cgpa` by one, and the bowl's curvature along a weight is twice the variance of its \
         input: along that of the `iq` it is steep. \
         Standardizing takes the units away; what is left is how far the two go together, their correlation `r`.",
    );
    page.formula(
        r"H = 2 \begin{pmatrix} 1 & r \\ r & 1 \end{pmatrix}, \qquad \kappa = \frac{1 + |r|}{1 - |r|}",
        "the Hessian is 2 times the matrix with 1 on its diagonal and r beside it, and kappa is 1 plus the size of r over 1 minus the size of r",
    );
    let ranges = [(-0.5, 3.5), (-1.5, 1.5)];
    let in_units = grid(|weights| loss(weights, [&cgpa, &iq], &y), ranges[0], ranges[1])?;
    let round = grid(|weights| loss(weights, [&cgpa_standard, &iq_standard], &y), ranges[0], ranges[1])?;
    let bowls = [units.bowl("in their own units", &in_units), standard.bowl("standardized", &round)];
    page.figure(
        "plane",
        &Panels::row(bowls.map(|bowl| bowl.x_label("weight of cgpa").y_label("weight of iq").size(480.0, 380.0).equal_axes())),
        "Contours of the loss over the two weights, twice. In their own units they are long and narrow along the weight of the cgpa, and the path \
         drops into the valley and creeps along; standardized they are ellipses twice as long as wide, and the path is short.",
        "The loss over the weights of cgpa and iq, and gradient descent from 0 with the rate 1/λ₁.",
    );
    let expected = (1.0 + correlation.abs()) / (1.0 - correlation.abs());
    page.claim(
        (standard.curvatures.condition() / expected - 1.0).abs() < 1e-6
            && units.curvatures.condition() > 20.0 * standard.curvatures.condition(),
        format!(
            "In their own units κ is {:.0}. Standardized it is {:.2}, which is (1 + r)/(1 − r) for the correlation r = {correlation:.2}.",
            units.curvatures.condition(),
            standard.curvatures.condition()
        ),
    );
    page.claim(
        units.steps() > 20 * standard.steps() && units.steps() < STEPS,
        format!(
            "Gradient descent needs {} steps in their own units and {} standardized.",
            count(units.steps()),
            count(standard.steps())
        ),
    );
    Ok(())
}
