//! Backpropagation by hand on a net of two inputs, two hidden sigmoid units and one linear output, without biases.
//!
//! Asked: is the gradient that the engine returns for a weight of the first layer the product that the chain rule gives,
//! `∂L/∂w′₁₁ = ∂L/∂ŷ · ∂ŷ/∂a₁₁ · ∂a₁₁/∂z₁₁ · x₁`? Found: it is, factor by factor. Each factor is computed twice: by differentiating one link of
//! the recorded graph, and by its formula in plain numbers, which knows nothing of the engine.

use crate::page::Page;
use chainrule::plot;
use chainrule::prelude::*;
use std::error::Error;

/// The inputs and the target.
const X: [f64; 2] = [0.8, -0.5];
const TARGET: f64 = 1.0;
/// How far apart two ways to compute the same number may be, as a share of it.
const CLOSE: f64 = 1e-12;
/// How far the weight is moved to see what the loss does.
const NUDGE: f64 = 1e-5;

/// First layer, by input and unit; second layer, by unit.
const WEIGHTS: [&str; 6] = ["w′₁₁", "w′₁₂", "w′₂₁", "w′₂₂", "w″₁₁", "w″₂₁"];

/// The net as formulas in plain numbers: hidden activations and prediction.
fn by_hand(w: &[f64]) -> ([f64; 2], f64) {
    let unit = |j: usize| sigmoid(w[j] * X[0] + w[2 + j] * X[1]);
    let a = [unit(0), unit(1)];
    (a, w[4] * a[0] + w[5] * a[1])
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn loss_by_hand(w: &[f64]) -> f64 {
    (by_hand(w).1 - TARGET).powi(2)
}

/// The gradients by all six weights, as one derives them on paper.
fn gradients_by_hand(w: &[f64]) -> [f64; 6] {
    let (a, y) = by_hand(w);
    let error = 2.0 * (y - TARGET);
    let through = |j: usize| error * w[4 + j] * a[j] * (1.0 - a[j]);
    [through(0) * X[0], through(1) * X[0], through(0) * X[1], through(1) * X[1], error * a[0], error * a[1]]
}

/// The net as it is recorded.
struct Recorded<'t> {
    weights: Vec<Var<'t>>,
    x: [Var<'t>; 2],
    z: Var<'t>,
    a: Var<'t>,
    prediction: Var<'t>,
    loss: Var<'t>,
}

fn record<'t>(tape: &'t Tape, ids: &[ParamId]) -> Recorded<'t> {
    let weights: Vec<Var<'t>> = ids.iter().map(|&id| tape.param(id)).collect();
    let x = [tape.var(X[0]).named("x₁"), tape.var(X[1]).named("x₂")];
    let z = [0, 1].map(|j| (weights[j] * x[0] + weights[2 + j] * x[1]).named(["z₁₁", "z₁₂"][j]));
    let a = [0, 1].map(|j| z[j].sigmoid().named(["a₁₁", "a₁₂"][j]));
    let prediction = (weights[4] * a[0] + weights[5] * a[1]).named("ŷ");
    let loss = (prediction - tape.var(TARGET).named("y")).square().named("L");
    Recorded { weights, x, z: z[0], a: a[0], prediction, loss }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= CLOSE * a.abs().max(b.abs())
}

/// Weights between -1 and 1.
fn weights(seed: u64) -> chainrule::Result<Vec<f64>> {
    let tape = Tape::new();
    tape.seed(seed);
    Ok((tape.uniform(WEIGHTS.len(), DType::F64) * 2.0 - 1.0).value()?.to_f64())
}

pub fn chain_rule(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let w = weights(seed)?;
    let mut params = Params::seeded(seed);
    let ids: Vec<ParamId> =
        WEIGHTS.iter().zip(&w).map(|(name, &value)| params.root().param(name, Tensor::from(value))).collect();
    let tape = Tape::with(&params);
    let net = record(&tape, &ids);
    let gradient = |y: Var<'_>, x: Var<'_>| -> chainrule::Result<f64> { y.tape().grad(y, x).item() };

    page.heading("The chain rule, number by number");
    page.text(
        "A net of two inputs, two hidden sigmoid units and one linear output, without biases, with the loss L = (ŷ − y)². Of a weight, one prime counts \
         the layer, and the indices say from where to where: `w′₁₁` leads from x₁ to the first hidden unit, whose sum is z₁₁ and whose \
         activation is a₁₁. The weight acts on the loss through this chain alone:",
    );
    page.formula(
        r"\frac{\partial L}{\partial w'_{11}} = \frac{\partial L}{\partial \hat y} \cdot \frac{\partial \hat y}{\partial a_{11}} \cdot \frac{\partial a_{11}}{\partial z_{11}} \cdot x_1",
        "The derivative of L by w prime one one is the derivative of L by y hat, times that of y hat by a one one, times that of a one \
         one by z one one, times x one.",
    );

    // Each link of the chain alone: the engine differentiates from one value of the graph to the one before.
    let (a, prediction) = by_hand(&w);
    let factors = [
        ("∂L/∂ŷ", "2(ŷ − y)", gradient(net.loss, net.prediction)?, 2.0 * (prediction - TARGET)),
        ("∂ŷ/∂a₁₁", "w″₁₁", gradient(net.prediction, net.a)?, w[4]),
        ("∂a₁₁/∂z₁₁", "a₁₁(1 − a₁₁)", gradient(net.a, net.z)?, a[0] * (1.0 - a[0])),
        ("∂z₁₁/∂w′₁₁", "x₁", gradient(net.z, net.weights[0])?, X[0]),
    ];
    let whole = gradient(net.loss, net.weights[0])?;
    let product: f64 = factors.iter().map(|factor| factor.3).product();
    let row = |what: &str, formula: &str, engine: f64, hand: f64| {
        let difference = match ((engine - hand) / hand).abs() {
            0.0 => "0".to_owned(),
            difference => format!("{difference:.0e}"),
        };
        vec![what.to_owned(), formula.to_owned(), format!("{engine:.15}"), format!("{hand:.15}"), difference]
    };
    let mut rows: Vec<Vec<String>> =
        factors.iter().map(|&(what, formula, engine, hand)| row(what, formula, engine, hand)).collect();
    rows.push(row("∂L/∂w′₁₁", "the product of the four", whole, product));
    page.table(
        "Each factor by the engine, which differentiates one link of the graph, and by its formula in plain numbers.",
        &["factor", "formula", "engine", "by hand", "relative difference"],
        &rows,
    );
    let agree = factors.iter().all(|&(_, _, engine, hand)| close(engine, hand));
    page.claim(
        agree,
        "Each of the four factors is, by the engine, what its formula gives, to twelve digits.",
    );
    page.claim(
        close(whole, product),
        format!("The engine's gradient ∂L/∂w′₁₁ = {whole:.6} is the product of the four factors computed by hand, to twelve digits."),
    );

    let engine: Vec<f64> = tape
        .values(&tape.grads(net.loss, &net.weights))?
        .iter()
        .map(Tensor::item)
        .collect::<Result<_, _>>()?;
    let hand = gradients_by_hand(&w);
    page.claim(
        engine.iter().zip(hand).all(|(&engine, hand)| close(engine, hand)),
        "So are the gradients of all six weights, in one pass backward.",
    );

    let moved = |by: f64| {
        let mut w = w.clone();
        w[0] += by;
        loss_by_hand(&w)
    };
    let slope = (moved(NUDGE) - moved(-NUDGE)) / (2.0 * NUDGE);
    page.claim(
        (slope - whole).abs() <= 1e-6 * whole.abs(),
        format!("Moving w′₁₁ by ±{NUDGE} changes the loss at the rate {slope:.6}: the gradient is the slope, to six digits."),
    );

    let by_input = gradient(net.loss, net.x[0])?;
    let through = |j: usize| hand[j] / X[0] * w[j];
    let sum_error = (by_input - through(0) - through(1)).abs();
    page.claim(
        // (Measured by the terms: they may nearly cancel each other.)
        sum_error <= CLOSE * (through(0).abs() + through(1).abs()),
        format!(
            "x₁ acts on the loss through both hidden units, and there the gradients add up: {:.4} through the first and {:.4} through \
             the second make ∂L/∂x₁ = {by_input:.4}.",
            through(0),
            through(1)
        ),
    );

    let picture =
        plot::graph(&[net.loss]).with_values().with_gradients().title("A 2-2-1 net as it is recorded");
    page.figure(
        "chain-rule-graph",
        &picture,
        &format!(
            "A graph from left to right. Inputs x₁ and x₂ and four weights lead to two sums, each through a sigmoid to an activation, these \
             with two more weights to the prediction ŷ = {prediction:.4}, and this with the target to the loss L = {:.4}. Each box has its \
             value and the gradient of L by it; along w′₁₁, z₁₁, a₁₁, ŷ and L the gradients are {whole:.4}, {:.4}, {:.4}, {:.4} and 1.",
            loss_by_hand(&w),
            factors[0].3 * factors[1].3 * factors[2].3,
            factors[0].3 * factors[1].3,
            factors[0].3,
        ),
        "Every box is an op, a weight or a number of the recorded graph: in blue its value, computed from left to right, in orange the \
         gradient ∂L/∂(box), computed from right to left. A box's gradient is that of the box to its right times the derivative of the op \
         there, summed where two arrows leave the box. Weights are green.",
    );
    in_matrices(page, &w, &engine)?;
    page.setting("inputs", format!("x₁ = {}, x₂ = {}, target y = {TARGET}", X[0], X[1]));
    page.setting("weights", format!("uniform between −1 and 1, seed {seed}"));
    Ok(())
}

/// The same net as layers record it: one matrix for each layer's weights.
fn in_matrices(page: &mut Page, w: &[f64], gradients: &[f64]) -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let first = params.root().param("W′", [[w[0], w[1]], [w[2], w[3]]]);
    let second = params.root().param("W″", [[w[4]], [w[5]]]);
    let tape = Tape::with(&params);
    let x = tape.var([X]).named("x");
    let a = x.matmul(tape.param(first)).named("z").sigmoid().named("a");
    let prediction = a.matmul(tape.param(second)).named("ŷ");
    let loss = (prediction - tape.var([[TARGET]]).named("y")).square().sum(..).named("L");
    page.figure(
        "chain-rule-matrices",
        &plot::graph(&[loss]).with_values().with_gradients().title("The same net in matrices"),
        "A graph from left to right: x, of shape [1, 2], times the matrix W′, [2, 2], is z, through a sigmoid a, both [1, 2]; times W″, [2, 1], it \
         is ŷ, [1, 1]; minus y, squared and summed it is L. Each box has its shape, its values and the gradients of L by them.",
        "The same numbers, recorded as layers do: a row of inputs and a matrix of weights for each layer. Each box has its shape, and its numbers \
         row by row.",
    );
    let found = tape.values(&tape.grads(loss, &[tape.param(first), tape.param(second)]))?;
    let found: Vec<f64> = found.iter().flat_map(Tensor::to_f64).collect();
    page.claim(
        found.len() == gradients.len() && found.iter().zip(gradients).all(|(&a, &b)| close(a, b)),
        format!(
            "Two products of matrices hold all six multiplications, and the gradients of their {} elements are those of the six weights \
             above, to twelve digits.",
            found.len()
        ),
    );
    Ok(())
}
