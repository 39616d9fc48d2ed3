//! Double descent in small: the test error of least squares fits falls, peaks where there are as many features as samples, and falls
//! again.
//!
//! Sources: Belkin, Hsu, Ma and Mandal, "Reconciling modern machine-learning practice and the classical bias–variance trade-off",
//! 2019; Rahimi and Recht, "Random features for large-scale kernel machines", 2007; Hastie, Montanari, Rosset and Tibshirani,
//! "Surprises in high-dimensional ridgeless least squares interpolation", 2022.

mod least_squares;
mod polynomials;
mod random;
mod sweep;

use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use least_squares::{descend, fit};
use rand::SeedableRng;
use rand::rngs::StdRng;
use random::normal;
use std::error::Error;
use sweep::{Draw, RIDGES, RUNS, SAMPLES, SIZES, Sweep, TESTS};

/// Features of the fit that gradient descent must find, and its steps.
const DESCENDED: usize = 400;
const STEPS: usize = 2000;
const RATE: f64 = 0.02;
/// The standard deviation of its random start.
const START: f64 = 0.1;

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn greatest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

pub fn section(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.heading("Double descent");
    page.text(
        "A model with as many weights as samples can fit anything, noise too, so the rule is to take fewer. Large networks have \
         far more, and do well. Both are right, as a model that is only linear in its weights shows: `ŷ = Φ·w`, where each row of \
         `Φ` has the features of a sample. If several weights fit equally well, those of smallest norm are taken.",
    );
    page.formula(
        r"\hat{w} = \operatorname{argmin}_{w} \left( \lVert \Phi w - y \rVert^2 + \lambda \lVert w \rVert^2 \right), \qquad \lim_{\lambda \to 0} \hat{w} = \Phi^{+} y",
        "the weights are those that minimize the squared length of Phi w minus y plus lambda times the squared length of w; as \
         lambda goes to 0 they go to the pseudoinverse of Phi times y",
    );
    polynomials::fits(page, seed)?;
    page.text(&format!(
        "The same with images, as Belkin and others drew it in 2019: {SAMPLES} digits, whose features are random waves `cos(u·x + \
         b)`. This is a network of two layers, the first of which stays as it was drawn."
    ));
    curves(page, &Sweep::new(seed)?);
    descent(page, seed)?;
    page.setting(
        "double descent",
        format!("{SAMPLES} digits, tested on {TESTS} others, {RUNS} draws of images and features"),
    );
    Ok(())
}

/// The test error and the norm of the weights over the number of features.
fn curves(page: &mut Page, sweep: &Sweep) {
    let sizes = SIZES.map(|size| size as f64);
    let most = SIZES[SIZES.len() - 1];
    // The place of the threshold among the sizes.
    let threshold = SIZES.iter().take_while(|&&size| size < SAMPLES).count().min(SIZES.len() - 1);
    let mut errors =
        Chart::new("Test error").x_label("features").y_label("wrong digits, %").log_x().y_range(0.0, 100.0);
    let mut norms = Chart::new("Length of the weights").x_label("features").y_label("‖w‖").log_x().log_y();
    for (i, &ridge) in RIDGES.iter().enumerate() {
        let name = if ridge == 0.0 { "no ridge".to_owned() } else { format!("ridge {ridge}") };
        errors = errors.line_at(&name, &sizes, &sweep.errors(i));
        norms = norms.line_at(&name, &sizes, &sweep.norms(i));
    }
    let band = |share| sweep.quantile(0, share, |outcome| outcome.wrong);
    errors =
        errors.band("no ridge", &sizes, &band(0.1), &band(0.9)).v_line(SAMPLES as f64, "as many as samples");
    norms = norms.v_line(SAMPLES as f64, "as many as samples");

    let plain = sweep.errors(0);
    let (peak, last) = (plain[threshold], plain[SIZES.len() - 1]);
    let first_least = least(&plain[..threshold]);
    page.figure(
        "double-descent",
        &Panels::row([errors, norms]),
        &format!(
            "Left, the percentage of wrong digits over the number of features, from {} to {most}: without a ridge it falls to \
             {first_least:.0}, rises to a sharp peak of {peak:.0} at {SAMPLES} features and falls to {last:.0}; with a ridge of {} \
             it only falls. Right, the length of the weights, with a peak at the same place that a ridge flattens.",
            SIZES[0], RIDGES[2]
        ),
        &format!(
            "Medians of {RUNS} draws; the band has the middle 80% of those without a ridge. The ridge is λ in the formula; the \
             features are scaled so that an image's have a length of about 1, however many they are."
        ),
    );
    page.claim(
        greatest(&plain) == threshold && peak > 2.0 * first_least && plain[0] > 1.2 * first_least,
        format!(
            "With few features the error falls, to {first_least:.0}%, then it rises, and it is largest where there are as many \
             features as samples: {peak:.0}% with {SAMPLES}."
        ),
    );
    let descends = |values: &[f64]| values.windows(2).all(|pair| pair[1] <= pair[0] + 1.0);
    page.claim(
        descends(&plain[threshold..]) && last < first_least / 2.0,
        format!(
            "Beyond it the error falls again, to {last:.1}% with {most} features: less than half of the best with fewer features \
             than samples, {first_least:.1}%."
        ),
    );
    let left = |i: usize| sweep.0[0][i].iter().map(|outcome| outcome.left).fold(0.0, f64::max);
    let fitted = (threshold..SIZES.len()).map(left).fold(0.0, f64::max);
    page.claim(
        fitted < 1e-4
            && peak > 8.0 * last
            && (0..threshold).all(|i| least(&Vec::from_iter(sweep.0[0][i].iter().map(|o| o.left))) > 0.01),
        format!(
            "From {SAMPLES} features on, the images that are learned are fitted without an error, and with fewer never. \
             Among those that fit equally well, the first makes {:.0} times as many errors in the test as the last.",
            peak / last
        ),
    );
    let norms = sweep.norms(0);
    page.claim(
        greatest(&norms) == threshold && norms[threshold] > 5.0 * norms[SIZES.len() - 1],
        format!(
            "The weights say why: with {SAMPLES} features a single fit is left, and it takes weights of length {:.0}. With {most} \
             features there are many fits, and the shortest has {:.0}.",
            norms[threshold],
            norms[SIZES.len() - 1]
        ),
    );
    let ridged = sweep.errors(2);
    page.claim(
        descends(&ridged) && ridged[threshold] < peak / 4.0 && (0.3..0.7).contains(&(sweep.errors(1)[threshold] / peak)),
        format!(
            "A ridge of {} removes the peak: {:.0}% instead of {peak:.0}% with {SAMPLES} features, and more features never cost \
             more than a point. One of {} takes about half of it: {:.0}%.",
            RIDGES[2],
            ridged[threshold],
            RIDGES[1],
            sweep.errors(1)[threshold]
        ),
    );
}

/// Why the smallest norm: gradient descent from 0 finds it.
fn descent(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let draw = Draw::new(seed)?;
    let [features, _] = draw.features(DESCENDED)?;
    let exact = fit(&features, &draw.targets, 0.0)?;
    let mut rng = StdRng::seed_from_u64(seed + 1);
    let away = (0..exact.numel()).map(|_| START * normal(&mut rng)).collect();
    let away = Tensor::from_vec(away, exact.shape().clone())?;
    let zero = Tensor::from_vec(vec![0.0; exact.numel()], exact.shape().clone())?;
    let ends = [
        ("gradient descent from 0", descend(&features, &draw.targets, zero, STEPS, RATE)?),
        ("gradient descent from random weights", descend(&features, &draw.targets, away, STEPS, RATE)?),
        ("smallest norm, solved", exact.clone()),
    ];

    let tape = Tape::new();
    let length = |w: Var| w.square().sum(..).sqrt().item();
    let exact = tape.var(&exact);
    let (mut missed, mut lengths, mut distances) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for (i, (name, end)) in ends.iter().enumerate() {
        let w = tape.var(end);
        missed.push(length(tape.var(&features).matmul(w) - tape.var(&draw.targets))?);
        lengths.push(length(w)?);
        distances.push(length(w - exact)?);
        let cells = [missed[i], lengths[i], distances[i]].map(|number| format!("{number:.6}"));
        rows.push([vec![(*name).to_owned()], cells.to_vec()].concat());
    }
    page.text(
        "Nobody asks a network for small weights. But a gradient is a sum of samples' features, so that gradient descent never \
         leaves what they span; and of all weights that fit, only the shortest lie there. So from 0 it ends at these.",
    );
    page.table(
        &format!("{STEPS} steps with {DESCENDED} features and {SAMPLES} samples"),
        &["weights", "error `‖Φw − y‖`", "length `‖w‖`", "distance from the shortest"],
        &rows,
    );
    page.claim(
        distances[0] < 1e-6 && missed[0] < 1e-6,
        "From 0, gradient descent finds the fit of smallest norm, to a millionth.",
    );
    page.claim(
        missed[1] < 1e-6 && distances[1] > 1.0 && lengths[1] > lengths[0],
        format!(
            "From random weights it finds another that fits as well and is longer, {:.1} instead of {:.1}: where one starts \
             decides what is learned.",
            lengths[1], lengths[0]
        ),
    );
    Ok(())
}
