//! A place, yes or no: a loss whose lowest point no formula gives.

use super::students::{Students, centred_and_standard};
use crate::page::Page;
use chainrule::data::Standardize;
use chainrule::nn::{Init, Linear};
use chainrule::optim::{self, NewtonCg};
use chainrule::plot::{Chart, Panels, decision_region};
use chainrule::prelude::*;
use std::error::Error;

/// Gradient descent's epochs.
const EPOCHS: usize = 500;
/// The rates of which the best is kept.
const RATES: [f64; 11] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 0.1, 0.3, 1.0, 3.0];

/// A logistic model, which begins with weights of 0.
struct Model {
    params: Params,
    layer: Linear,
}

impl Model {
    fn new() -> Model {
        let mut params = Params::seeded(0).with_dtype(DType::F64);
        let layer = Linear::init(&mut params.root(), 2, 1, Init::zeros(), Init::zeros());
        Model { params, layer }
    }

    /// The part of the students whose place it tells rightly.
    fn accuracy(&self, x: &Tensor, y: &Tensor) -> chainrule::Result<f64> {
        let tape = Tape::with(&self.params);
        let yes = self.layer.forward(tape.var(x)).squeeze(-1).gt(0.0).cast(DType::F64);
        yes.eq(tape.var(y)).cast(DType::F64).mean(..).item()
    }
}

/// The cross-entropy of yes and no.
fn loss<'t>(layer: &Linear, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    layer.forward(x).squeeze(-1).bce_with_logits(y)
}

/// Gradient descent's losses, before each epoch and at the end, and the model.
fn descend(x: &Tensor, y: &Tensor, rate: f64) -> chainrule::Result<(Vec<f64>, Model)> {
    let mut model = Model::new();
    let mut step = TrainStep::new(optim::sgd(rate), |[x, y]| loss(&model.layer, x, y));
    let mut losses = Vec::new();
    for _ in 0..EPOCHS {
        losses.push(step.run(&mut model.params, [x, y])?);
    }
    losses.push(step.loss(&model.params, [x, y])?);
    drop(step);
    Ok((losses, model))
}

/// The training whose rate ends lowest.
fn best(x: &Tensor, y: &Tensor) -> Result<(f64, Vec<f64>, Model), Box<dyn Error>> {
    let mut best: Option<(f64, Vec<f64>, Model)> = None;
    for rate in RATES {
        let (losses, model) = descend(x, y, rate)?;
        if best.as_ref().is_none_or(|(_, least, _)| losses[EPOCHS] < least[EPOCHS]) {
            best = Some((rate, losses, model));
        }
    }
    best.ok_or_else(|| "no rate to try".into())
}

pub fn section(page: &mut Page, students: &Students) -> Result<(), Box<dyn Error>> {
    let y = &students.placed;
    let (_, cgpa) = centred_and_standard(&students.cgpa)?;
    let (_, iq) = centred_and_standard(&students.iq)?;
    let tape = Tape::new();
    let pair = |a: &Tensor, b: &Tensor| tape.stack(&[tape.var(a), tape.var(b)], -1).value();
    let (x, raw) = (pair(&cgpa, &iq)?, pair(&students.cgpa, &students.iq)?);

    let mut newton = Model::new();
    let found = NewtonCg::new()
        .tolerance_grad(1e-10)
        .minimize(&mut newton.params, |tape| loss(&newton.layer, tape.var(&x), tape.var(y)))?;
    let (rate, losses, model) = best(&x, y)?;
    let (raw_rate, raw_losses, _) = best(&raw, y)?;

    page.heading("A place, yes or no");
    page.text(
        "For yes or no the model is a probability, the sigmoid of a plane, and the loss the cross-entropy. It is a bowl too, but not a \
         parabola: there is no formula for its lowest point, and every program that fits it is an optimizer.",
    );
    page.formula(
        r"\hat{y} = \sigma(w_1 x_1 + w_2 x_2 + b), \qquad L = -\frac{1}{n} \sum_{i=1}^{n} \bigl( y_i \ln \hat{y}_i + (1 - y_i) \ln (1 - \hat{y}_i) \bigr)",
        "y hat is the sigmoid of w 1 x 1 plus w 2 x 2 plus b; L is minus the mean over all i of y i times the logarithm of y hat i plus 1 minus y i times the logarithm of 1 minus y hat i",
    );
    let losses_drawn = |losses: &[f64]| losses[1..].to_vec();
    let curves = Chart::new("Loss")
        .x_label("epoch")
        .y_label("cross-entropy")
        .log_x()
        .line("standardized", &losses_drawn(&losses))
        .line("own units", &losses_drawn(&raw_losses))
        .h_line(found.loss, "Newton");
    let (cgpa, iq) = (students.cgpa.to_f64(), students.iq.to_f64());
    let of = |placed: f64, column: &[f64]| -> Vec<f64> {
        column.iter().zip(y.to_f64()).filter(|(_, y)| *y == placed).map(|(x, _)| *x).collect()
    };
    // The model works on standardized inputs; the picture is in the students' units.
    let scaler = Standardize::fit(&raw)?;
    let (mean, std) = (scaler.mean().to_vec(), scaler.std().to_vec());
    let region = decision_region(
        &model.params,
        |x| {
            let tape = x.tape();
            model.layer.forward((x - tape.var(&mean[..])) / tape.var(&std[..]))
        },
        (4.0, 10.0),
        (70.0, 135.0),
    )?;
    let map = Chart::new("Placed or not")
        .x_label("cgpa")
        .y_label("iq")
        .regions(&region)
        .points("no", &of(0.0, &cgpa), &of(0.0, &iq))
        .points("placed", &of(1.0, &cgpa), &of(1.0, &iq));
    page.figure(
        "placed",
        &Panels::row([curves, map]),
        "Left: the loss against the epoch; standardized it falls within ten epochs to the dashed line of Newton's method, in their own units it \
         stays near 0.68. Right: the students by cgpa and iq, with a straight boundary that falls from the upper left to the lower right; \
         most who are placed lie above it.",
        "The loss of gradient descent by epoch, and the boundary that it ends with: on it the chance of a place is a half.",
    );
    page.claim(
        (losses[0] - 2f64.ln()).abs() < 1e-12 && losses.is_sorted_by(|a, b| *b <= a + 1e-12),
        format!("With weights of 0 everyone's chance is a half, and the loss ln 2 = {:.4}; from there it falls with each epoch.", losses[0]),
    );
    let above = losses[EPOCHS] - found.loss;
    page.claim(
        above.abs() < 1e-6 && found.gradient < 1e-10 && found.iterations() < 20,
        format!(
            "After {EPOCHS} epochs with rate {rate} the loss is {:.6}, the least there is to six digits: Newton's method, which uses second \
             derivatives too, finds {:.6} in {} iterations, where the gradient is below 10⁻¹⁰.",
            losses[EPOCHS], found.loss, found.iterations()
        ),
    );
    let raw_above = raw_losses[EPOCHS] - found.loss;
    page.claim(
        raw_above > 0.05 && RATES[0] < raw_rate && raw_rate < RATES[RATES.len() - 1],
        format!(
            "With cgpa and iq in their own units, the best of the rates ({raw_rate}) ends {raw_above:.3} above that: larger ones leap over the \
             valley of the iq, smaller ones creep."
        ),
    );
    let accuracies = [model.accuracy(&x, y)?, newton.accuracy(&x, y)?];
    page.claim(
        accuracies[0] == accuracies[1] && accuracies[0] > 0.75,
        format!(
            "Gradient descent and Newton's method tell the place of {:.0}% of the students rightly.",
            100.0 * accuracies[0]
        ),
    );
    page.setting("epochs of the logistic model", EPOCHS);
    Ok(())
}
