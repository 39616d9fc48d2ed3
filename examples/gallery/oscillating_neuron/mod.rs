//! One oscillating neuron learns XOR.
//!
//! Asked: can one neuron tell "exactly one of two" from "both or none"? Found: with an activation that only rises, such as the sigmoid,
//! never, as its border is one straight line; with the growing cosine unit, `z·cos z`, which changes its sign again and again, yes, and
//! gradient descent finds such a neuron, from most starts. What it takes is an activation that turns back: a bump will do.
//!
//! The number of neurons, steps and their rate stand in `neurons.rs`.
//!
//! Source: Noel et al., "Growing cosine unit: a novel oscillatory activation function that can speedup training and reduce parameters
//! in convolutional neural networks", 2021, <https://arxiv.org/abs/2108.12943>.

mod neurons;

use crate::page::Page;
use chainrule::plot::{Chart, Panels, decision_region};
use chainrule::prelude::*;
use neurons::{
    COSINE, Kind, NEURONS, Neurons, POINTS, RATE, RISING, SIGMOID, STEPS, TURNING, Trained, XOR, train,
    weighted,
};
use std::error::Error;

/// First weights and biases are drawn evenly from -`START` to `START`.
const START: f64 = 1.0;
/// Other values of `START` that are tried.
const STARTS: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0];

/// A sigmoid neuron with three points right, and a growing cosine neuron with four: `[w₁, w₂, b]`, chosen by hand.
const THREE_RIGHT: [f64; 3] = [2.0, -2.0, -1.0];
const FOUR_RIGHT: [f64; 3] = [1.6, 1.6, -0.8];
/// The part of the plane that is drawn, in both directions.
const RANGE: (f64, f64) = (-0.5, 1.5);

/// The two parts of the plane that a neuron tells apart, and the four points.
fn decision(kind: Kind, [w1, w2, b]: [f64; 3]) -> Result<Chart, Box<dyn Error>> {
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let net = Neurons::new(&mut params, kind, 1, START);
    params.set("weight", [[w1, w2]])?;
    params.set("bias", [b])?;
    let region = decision_region(&params, |x| net.forward(x) - kind.threshold(), RANGE, RANGE)?;
    let class = |yes: bool| -> (Vec<f64>, Vec<f64>) {
        POINTS.iter().zip(XOR).filter(|(_, is)| *is == yes).map(|(x, _)| (x[0], x[1])).unzip()
    };
    let (no, yes) = (class(false), class(true));
    Ok(Chart::new(format!("{}: {} of 4 right", kind.name, kind.right([w1, w2, b])?))
        .x_label("x₁")
        .y_label("x₂")
        .equal_axes()
        .size(440.0, 400.0)
        .regions(&region)
        .points("no", &no.0, &no.1)
        .points("yes", &yes.0, &yes.1))
}

/// The activation along `z = w·x + b`, with the four points where they fall on it.
fn along(kind: Kind, weights: [f64; 3], name: &str) -> chainrule::Result<Chart> {
    let z: Vec<f64> = (-200..=200).map(|i| f64::from(i) * 0.02).collect();
    let points = weighted(weights);
    let heights = kind.at(&points)?;
    let class = |yes: bool| -> (Vec<f64>, Vec<f64>) {
        (0..4).filter(|&i| XOR[i] == yes).map(|i| (points[i], heights[i])).unzip()
    };
    let (no, yes) = (class(false), class(true));
    // Points first: they have the colours of their classes.
    Ok(Chart::new(format!("{} along z", kind.name))
        .x_label("z = w₁x₁ + w₂x₂ + b")
        .y_label("output")
        .size(440.0, 300.0)
        .points("no", &no.0, &no.1)
        .points("yes", &yes.0, &yes.1)
        .line_at(name, &z, &kind.at(&z)?)
        .h_line(kind.threshold(), "yes above"))
}

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "Can one neuron tell \"exactly one of two\" (XOR) from \"both or none\"? Not with a sigmoid, whatever its weights. With an \
         activation that oscillates, it can, and it learns it.",
    );
    page.formula(
        r"y = f(z), \quad z = w_1 x_1 + w_2 x_2 + b",
        "y is f of z, where z is w1 x1 plus w2 x2 plus b",
    );
    page.text(
        "A neuron sees its inputs through one number, z, which rises in one direction of the plane. For the four points of XOR, whatever \
         the weights,",
    );
    page.formula(
        r"z_{00} + z_{11} = w_1 + w_2 + 2b = z_{01} + z_{10}",
        "z at (0, 0) plus z at (1, 1) is w1 plus w2 plus 2b, as is z at (0, 1) plus z at (1, 0)",
    );
    page.text(
        "If f only rises, \"yes\" means that z is above a threshold. Then both points of XOR's \"yes\" would have to lie above it and both \
         points of \"no\" below it, though their sums are equal. So three of four points are the most. The *growing cosine unit* \
         comes down again:",
    );
    page.formula(
        r"f(z) = z \cos z, \quad f'(z) = \cos z - z \sin z",
        "f of z is z times cosine z; its derivative is cosine z minus z sine z",
    );

    let rising = RISING.iter().map(|&kind| train(kind, START, seed)).collect::<Result<Vec<_>, _>>()?;
    let turning = TURNING.iter().map(|&kind| train(kind, START, seed)).collect::<Result<Vec<_>, _>>()?;
    let cosine = &turning[0];
    let learned = cosine.stripe()?;

    page.figure(
        "decision",
        &Panels::row([decision(SIGMOID, THREE_RIGHT)?, decision(COSINE, learned)?]),
        "Two pictures of the plane with the four corners of a square. The sigmoid neuron cuts the plane by one straight line, with one \
         corner on the wrong side. The growing cosine neuron colours a straight stripe that holds the two corners of \"yes\", while the two \
         corners of \"no\" lie on either side of it.",
        "What one neuron says over the plane. Left: a sigmoid neuron with the most points right that it can have, chosen by hand. Right: a \
         growing cosine neuron as it was trained.",
    );
    page.figure(
        "along",
        &Panels::row([along(SIGMOID, THREE_RIGHT, "σ(z)")?, along(COSINE, learned, "z cos z")?]),
        "Two curves over z with the four points on them. The sigmoid rises once through its threshold of one half. z cos z is below 0, \
         rises above it between 0 and 1.57, and falls below it again; the two points of \"yes\" lie on the hill between, and those of \"no\" \
         on both sides.",
        "The same two neurons along their one number z, and where the four points fall; two of them fall on one place. A neuron says \
         \"yes\" above the dashed line.",
    );
    learned_claims(page, &rising, cosine)?;

    page.heading("How often it is learned");
    page.text(
        "A neuron that can is not yet one that does: it may come to rest elsewhere. The chart counts over many starts, with a sine and \
         a bump exp(−z²), which also turn back, beside it.",
    );
    let mut solved = vec![Vec::new(); TURNING.len()];
    for (kind, solved) in TURNING.iter().zip(&mut solved) {
        for start in STARTS {
            solved.push(100.0 * train(*kind, start, seed)?.solved());
        }
    }
    let chart = Chart::new("Neurons that learn XOR")
        .x_label("first weights are drawn from −s to s: s")
        .y_label("% of neurons")
        .y_range(0.0, 100.0)
        .size(640.0, 340.0);
    let chart = TURNING
        .iter()
        .zip(&solved)
        .fold(chart, |chart, (kind, solved)| chart.line_at(kind.name, &STARTS, solved));
    page.figure(
        "starts",
        &chart,
        "Share of neurons that learn XOR over the spread of their first weights, from 0.25 to 6. All three lines are low at first. \
         Growing cosine rises soonest, to more than four in five at 2, and then falls slowly; sine rises later and ends higher; the bump \
         stays below a third.",
        "Of 1000 neurons for each point of the chart, the share that gets all four right after training.",
    );
    start_claims(page, &turning, &solved);

    page.setting("neurons of each kind", NEURONS);
    page.setting("steps", format!("{STEPS}, over all four points"));
    page.setting("optimizer", format!("Adam, rate {RATE}"));
    page.setting("first weights and bias", format!("even from -{START} to {START}"));
    page.setting("loss", "squared error; targets 0 and 1 (sigmoid, ReLU, bump) or -1 and 1");
    page.setting("source", "Noel et al., \"Growing cosine unit\", arXiv 2108.12943");
    Ok(())
}

fn learned_claims(page: &mut Page, rising: &[Trained], cosine: &Trained) -> Result<(), Box<dyn Error>> {
    let names: Vec<&str> = rising.iter().map(|trained| trained.kind.name).collect();
    page.claim(
        rising.iter().all(|trained| trained.most <= 3 && trained.neurons.len() == NEURONS),
        format!(
            "Of {NEURONS} neurons of each kind that only rises ({}), none has more than 3 of 4 points right, at any step: 75%.",
            names.join(", ")
        ),
    );
    let sigmoid = &rising[0];
    let mut farthest = 0.0f64;
    for (weights, _) in &sigmoid.neurons {
        let outputs = sigmoid.kind.at(&weighted(*weights))?;
        farthest = outputs.iter().fold(farthest, |most, y| (y - 0.5).abs().max(most));
    }
    page.claim(
        farthest < 0.01,
        format!(
            "Trained, the sigmoid neurons don't stop at three: all {NEURONS} give up, and say 1/2 at every point, to {farthest:.0e}."
        ),
    );
    let solved: Vec<[f64; 3]> =
        cosine.neurons.iter().filter(|(_, right)| *right == 4).map(|(weights, _)| *weights).collect();
    page.claim(
        cosine.solved() > 0.4 && cosine.solved() < 0.9,
        format!(
            "Of {NEURONS} growing cosine neurons, {} learn XOR: {:.1}%. After {STEPS} steps the others have at most three points right.",
            solved.len(),
            100.0 * cosine.solved()
        ),
    );
    // The four solutions are one, mirrored: the sizes of z at the four points are the same.
    let sizes = |weights: &[f64; 3]| {
        let mut sizes = weighted(*weights).map(f64::abs);
        sizes.sort_by(f64::total_cmp);
        sizes
    };
    let first = solved.first().map_or([f64::NAN; 4], sizes);
    let same = |w: &[f64; 3]| sizes(w).iter().zip(first).all(|(a, b)| (a - b).abs() < 0.05);
    page.claim(
        solved.iter().all(same) && first[2] - first[0] < 0.05 && (2.9..3.1).contains(&(first[3] / first[0])),
        format!(
            "All that learn it end at one solution or its mirror images: z is {:.2} from 0 at three of the points, on both sides, and \
             {:.2} at the fourth.",
            first[0], first[3]
        ),
    );
    let ([w1, w2, b], z) = (FOUR_RIGHT, weighted(FOUR_RIGHT));
    let outputs = COSINE.at(&z)?;
    page.claim(
        COSINE.right(FOUR_RIGHT)? == 4,
        format!(
            "By hand: with weights {w1} and {w2} and b = {b}, z is {:.1}, {:.1}, {:.1} and {:.1} at the four points, and z cos z is \
             {:.2}, {:.2}, {:.2} and {:.2}: above 0 for \"yes\" alone.",
            z[0], z[1], z[2], z[3], outputs[0], outputs[1], outputs[2], outputs[3]
        ),
    );
    Ok(())
}

fn start_claims(page: &mut Page, turning: &[Trained], solved: &[Vec<f64>]) {
    let [sine, bump] = [&turning[1], &turning[2]];
    page.claim(
        [sine, bump].iter().all(|trained| trained.most == 4 && trained.solved() > 0.0),
        format!(
            "It need not grow, nor oscillate: it must turn back. From the same starts, {:.0}% of the sine neurons learn XOR, and {:.0}% of \
             those with a bump.",
            100.0 * sine.solved(),
            100.0 * bump.solved()
        ),
    );
    let (narrow, wide) = (solved[0][0], solved[0].iter().copied().fold(0.0, f64::max));
    page.claim(
        narrow < 10.0 && wide > 75.0,
        format!(
            "The start decides: of growing cosine neurons with first weights up to {}, {narrow:.0}% learn it, and {wide:.0}% at the best \
             spread tried.",
            STARTS[0]
        ),
    );
    let last = STARTS.len() - 1;
    page.claim(
        solved[1][last] > solved[0][last] && solved[0][2] > solved[1][2],
        format!(
            "Growing cosine is not the best of all starts: with first weights up to {}, the sine's {:.0}% are more than its {:.0}%; up \
             to {}, it is {:.0}% against {:.0}%.",
            STARTS[last], solved[1][last], solved[0][last], STARTS[2], solved[1][2], solved[0][2]
        ),
    );
}
