//! Weights that begin equal stay equal.
//!
//! A small network, `2 → 4 → 1`, is trained on a task that needs several hidden units, from zeros, from a constant, and from
//! random weights. All weights are kept at every step, and compared.

use super::{CONSTANT, NOISE, RATE, STEPS, UNITS, by_order};
use crate::page::Page;
use chainrule::optim::{Optimizer, Transform, adam, sgd};
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;

/// What belongs to one hidden unit: its two incoming weights, its bias, its outgoing weight.
type Unit = [f64; 4];

/// One training.
struct Run {
    /// The loss before each step.
    losses: Vec<f64>,
    /// The hidden units before each step, and in the end.
    units: Vec<[Unit; UNITS]>,
    /// The share of points on the right side in the end.
    accuracy: f64,
}

impl Run {
    /// For each step, the largest difference between two units.
    fn spread(&self) -> Vec<f64> {
        let range = |units: &[Unit; UNITS], i: usize| {
            let values = units.map(|unit| unit[i]);
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                - values.iter().copied().fold(f64::INFINITY, f64::min)
        };
        self.units.iter().map(|units| (0..4).map(|i| range(units, i)).fold(0.0, f64::max)).collect()
    }

    /// Whether all units were equal at every step, to the last bit.
    fn symmetric(&self) -> bool {
        self.units.iter().all(|units| units.iter().all(|unit| *unit == units[0]))
    }

    /// Whether everything in the units was 0 at every step.
    fn stayed_zero(&self) -> bool {
        self.units.iter().flatten().flatten().all(|&w| w == 0.0)
    }

    /// The largest incoming weight at a step, without its sign.
    fn largest(&self, step: usize) -> f64 {
        self.units[step].iter().flat_map(|unit| &unit[..2]).fold(0.0, |largest, w| w.abs().max(largest))
    }

    fn last_loss(&self) -> f64 {
        self.losses[STEPS - 1]
    }

    /// The path of one unit's incoming weights.
    fn path(&self, unit: usize) -> (Vec<f64>, Vec<f64>) {
        self.units.iter().map(|units| (units[unit][0], units[unit][1])).unzip()
    }
}

/// Four clusters at the corners of a square, those across a diagonal of one class (exclusive or): no line has more than three of
/// them on their right sides. One class has more points, so that its share is something to learn.
fn clusters(seed: u64) -> Result<Dataset, Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut near = |center: f32| center + 0.6 * (rng.random::<f32>() - 0.5);
    let (mut points, mut labels) = (Vec::new(), Vec::new());
    for (x, y, count) in [(-1.0, -1.0, 20), (1.0, 1.0, 20), (-1.0, 1.0, 30), (1.0, -1.0, 30)] {
        for _ in 0..count {
            points.extend([near(x), near(y)]);
            labels.push(if x * y < 0.0 { 1.0f32 } else { 0.0 });
        }
    }
    let count = labels.len();
    Ok(Dataset::new(Tensor::from_vec(points, [count, 2])?, Tensor::from_vec(labels, [count, 1])?)?)
}

/// Trains from weights that begin so, and keeps everything that they did. Biases begin as 0.
fn train(
    optimizer: Optimizer<Box<dyn Transform>>,
    weights: Init,
    activation: Activation,
    data: &Dataset,
    seed: u64,
) -> Result<Run, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Sequential::new(&mut params.root(), |net| {
        net.push("hidden", |at| Linear::init(at, 2, UNITS, weights, Init::zeros()))
            .activation(activation)
            .push("output", |at| Linear::init(at, UNITS, 1, weights, Init::zeros()))
    });
    let units = |params: &Params| -> [Unit; UNITS] {
        let [w, b, v] = ["hidden.weight", "hidden.bias", "output.weight"]
            .map(|name| params.get(name).map(Tensor::to_f64).unwrap_or_default());
        std::array::from_fn(|i| [w[2 * i], w[2 * i + 1], b[i], v[i]])
    };
    let mut step = TrainStep::new(optimizer, |[x, labels]| net.forward(x).bce_with_logits(labels));
    let mut run = Run { losses: Vec::new(), units: vec![units(&params)], accuracy: 0.0 };
    for _ in 0..STEPS {
        run.losses.push(step.run(&mut params, [data.inputs(), data.labels()])?);
        run.units.push(units(&params));
    }
    let logits = Function::new(|[x]| net.forward(x)).run(&params, [data.inputs()])?.to_f64();
    let labels = data.labels().to_f64();
    let right = logits.iter().zip(labels).filter(|(z, label)| (**z > 0.0) == (*label > 0.5)).count();
    run.accuracy = right as f64 / data.len() as f64;
    Ok(run)
}

/// The paths of all units' incoming weights: one, if they are all the same.
fn paths(title: &str, run: &Run) -> Chart {
    let chart = Chart::new(title).x_label("first weight").y_label("second weight").size(430.0, 330.0);
    if run.symmetric() {
        let (xs, ys) = run.path(0);
        return chart.path(format!("all {UNITS} units"), &xs, &ys);
    }
    (0..UNITS).fold(chart, |chart, unit| {
        let (xs, ys) = run.path(unit);
        chart.path(format!("unit {}", unit + 1), &xs, &ys)
    })
}

/// The part of the page on equal weights.
pub fn show(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let data = clusters(seed)?;
    let descend = |weights, activation| train(sgd(RATE).boxed(), weights, activation, &data, seed);
    let zeros_tanh = descend(Init::zeros(), Activation::Tanh)?;
    let zeros_relu = descend(Init::zeros(), Activation::Relu)?;
    let zeros_sigmoid = descend(Init::zeros(), Activation::Sigmoid)?;
    let constant = descend(Init::constant(CONSTANT), Activation::Tanh)?;
    let constants = [
        descend(Init::constant(CONSTANT), Activation::Relu)?,
        descend(Init::constant(CONSTANT), Activation::Sigmoid)?,
        train(adam(0.05).boxed(), Init::constant(CONSTANT), Activation::Tanh, &data, seed)?,
    ];
    let almost = descend(Init::normal(CONSTANT, NOISE), Activation::Tanh)?;
    let random = descend(Init::xavier_uniform(), Activation::Tanh)?;

    page.heading("Equal weights stay equal");
    page.text(&format!(
        "A network `2 → {UNITS} → 1` learns four clusters at the corners of a square, where clusters across a diagonal \
         belong to one class. No line parts the classes; several hidden units can. If two hidden units begin with the same \
         weights, they compute the same value, get the same gradient, take the same step, and are equal again."
    ));
    page.formula(
        r"\frac{\partial L}{\partial w_j} = \sum_n \delta_n \, v_j \, \varphi'(z_j) \, x_n, \qquad \frac{\partial L}{\partial v_j} = \sum_n \delta_n \, \varphi(z_j), \qquad z_j = w_j \cdot x_n + b_j",
        "The gradient by the incoming weights w j of hidden unit j is the sum over examples n of delta n times the outgoing \
         weight v j times phi prime of z j times the input x n. That by v j is the sum of delta n times phi of z j. Here z j \
         is w j times x n plus b j.",
    );

    page.figure(
        "symmetry-paths",
        &Panels::grid(
            2,
            [
                paths("Zeros, tanh", &zeros_tanh),
                paths("Zeros, sigmoid", &zeros_sigmoid),
                paths(&format!("All {CONSTANT}, tanh"), &constant),
                paths("Random, tanh", &random),
            ],
        ),
        "Four plots of a plane whose axes are the two incoming weights of a hidden unit. From zeros with tanh there is one point, 0. \
         From zeros with sigmoid, and from a constant, the four units have one common path. From random weights there are four paths \
         that lead to different places.",
        &format!(
            "The incoming weights of the {UNITS} hidden units in {STEPS} steps: a dot where a unit begins, an open ring where it ends. Each \
             plot has its own scale."
        ),
    );
    let share = data.labels().to_f64().iter().sum::<f64>() / data.len() as f64;
    let entropy = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    page.claim(
        zeros_tanh.stayed_zero()
            && zeros_relu.stayed_zero()
            && [&zeros_tanh, &zeros_relu].iter().all(|run| (run.last_loss() - entropy).abs() < 1e-3),
        format!(
            "Zeros with tanh or ReLU: in {STEPS} steps nothing in the hidden units leaves 0, as a hidden value of 0 and an outgoing weight \
             of 0 make all their gradients 0. The output's bias alone learns: the loss ends at {:.4}, the entropy of the classes' \
             shares.",
            zeros_tanh.last_loss()
        ),
    );
    page.claim(
        zeros_sigmoid.symmetric() && zeros_sigmoid.largest(1) == 0.0 && zeros_sigmoid.largest(2) > 0.0,
        format!(
            "Zeros with sigmoid: a hidden value is ½, so the outgoing weights move in the first step and the incoming ones from the \
             second on, as far as {:.3}; but all {UNITS} units are equal at every step, to the last bit.",
            zeros_sigmoid.largest(STEPS)
        ),
    );
    page.claim(
        constant.largest(STEPS) > CONSTANT && constant.symmetric() && constants.iter().all(Run::symmetric),
        format!(
            "A constant start of {CONSTANT}: the weights move, and all {UNITS} units are equal at every step, to the last bit, with tanh, \
             ReLU and sigmoid, by gradient descent and (with tanh) by Adam."
        ),
    );
    let noise = almost.spread();
    let steps: Vec<f64> = (0..=STEPS).map(|step| step as f64).collect();
    let mut losses = Chart::new("Loss").x_label("step").y_label("cross-entropy").y_range(0.0, 1.0);
    for (name, run) in [("zeros", &zeros_tanh), ("constant", &constant), ("random", &random)] {
        losses = losses.line_at(name, &steps[..STEPS], &run.losses);
    }
    let spreads = Chart::new("Largest difference between two units")
        .x_label("step")
        .y_label("difference")
        .log_y()
        .line_at("constant and noise", &steps, &noise)
        .line_at("random", &steps, &random.spread());
    page.figure(
        "symmetry-losses",
        &Panels::row([losses, spreads]),
        "Left, the loss over the steps: from zeros it stays near 0.67, from a constant it comes to rest near 0.46, from \
          random weights it goes to 0. Right, on a logarithmic axis, the largest difference between two units: with noise it rises \
         from below 0.001 to about 0.1, with random weights it is above 1 all the time.",
        "With tanh: the loss from each start, and how different the hidden units are, by the largest difference between two units in one \
         of their weights or biases. From zeros and from the constant it is 0, which a logarithmic axis cannot show.",
    );
    page.claim(
        (constant.accuracy - 0.8).abs() < 1e-9 && random.accuracy == 1.0,
        format!(
            "{UNITS} equal units do what one does: {:.0}% of the points are right, three clusters of four. From random weights the \
             same network gets {:.0}%.",
            100.0 * constant.accuracy,
            100.0 * random.accuracy
        ),
    );
    page.claim(
        noise[STEPS] > 10.0 * noise[0] && (almost.accuracy - 0.8).abs() < 1e-9,
        format!(
            "A little noise breaks the symmetry, but slowly: differences between units of {} in the beginning \
             are {:.2} after {STEPS} steps, {:.0} times as large, and still no more than {:.0}% are right.",
            by_order(noise[0]),
            noise[STEPS],
            noise[STEPS] / noise[0],
            100.0 * almost.accuracy
        ),
    );
    page.setting("equal weights: hidden units", UNITS);
    page.setting("steps, each on all points", STEPS);
    page.setting("their learning rate", RATE);
    page.setting("constant start", CONSTANT);
    page.setting("noise on it", NOISE);
    Ok(())
}
