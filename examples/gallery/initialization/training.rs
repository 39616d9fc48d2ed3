//! What the start means for training: a deep network that reads digits.

use super::{BATCH, DIGITS_RATE, EPOCHS, HIDDEN, LARGE, LAYERS, SMALL, by_order};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// One training.
struct Run {
    /// The loss before the first step.
    first: f64,
    /// The mean loss of each epoch's steps.
    losses: Vec<f64>,
    /// The share of test images that are read rightly in the end.
    accuracy: f64,
}

/// The digits to learn from and those to be tested with, each pixel with mean 0 and variance 1.
fn digits(seed: u64) -> Result<[Dataset; 2], Box<dyn Error>> {
    let (train, test) = data::digits().split_stratified(0.2, seed)?;
    let scaler = data::Standardize::fit(train.inputs())?;
    Ok([train.map_inputs(|x| scaler.apply(x))?, test.map_inputs(|x| scaler.apply(x))?])
}

/// Trains `64 → hidden layers → 10`. All layers' weights begin so, the last one's too; biases begin as 0.
fn train(
    weights: Init,
    activation: Activation,
    [train, test]: &[Dataset; 2],
    seed: u64,
) -> Result<Run, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let net = Sequential::new(&mut params.root(), |mut net| {
        let mut inputs = 64;
        for _ in 0..LAYERS {
            net = net
                .layer(|at| Linear::init(at, inputs, HIDDEN, weights, Init::zeros()))
                .activation(activation);
            inputs = HIDDEN;
        }
        net.layer(|at| Linear::init(at, HIDDEN, 10, weights, Init::zeros()))
    });
    let mut step =
        TrainStep::new(optim::sgd(DIGITS_RATE), |[x, labels]| net.forward(x).cross_entropy(labels));
    let mut first = f64::NAN;
    let mut losses = Vec::new();
    for epoch in 0..EPOCHS {
        let batches = train.batches(BATCH).shuffled(seed, epoch as u64).drop_last();
        let each =
            batches.map(|(x, y)| step.run(&mut params, [&x, &y])).collect::<chainrule::Result<Vec<f64>>>()?;
        if epoch == 0 {
            first = each[0];
        }
        losses.push(each.iter().sum::<f64>() / each.len() as f64);
    }
    let logits = Function::new(|[x]| net.forward(x)).run(&params, [test.inputs()])?;
    Ok(Run { first, losses, accuracy: nn::accuracy(&nn::predictions(&logits)?, test.labels())? })
}

/// The part of the page on training.
pub fn show(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let digits = digits(seed)?;
    let starts = [
        ("zeros", Init::zeros()),
        ("small", Init::normal(0.0, SMALL)),
        ("large", Init::normal(0.0, LARGE)),
        ("Xavier", Init::xavier_normal()),
        ("He", Init::kaiming_normal()),
    ];
    let of = |activation| -> Result<Vec<Run>, Box<dyn Error>> {
        starts.iter().map(|&(_, init)| train(init, activation, &digits, seed)).collect()
    };
    let (tanh, relu) = (of(Activation::Tanh)?, of(Activation::Relu)?);

    page.heading("The start decides whether there is any training");
    page.text(&format!(
        "A network with {LAYERS} hidden layers of {HIDDEN} units reads handwritten digits of 8 × 8 pixels, by plain gradient descent \
         at one learning rate. Everything but the start is the same. *Small* weights have a standard deviation of {SMALL}, \
         *large* ones of {LARGE}."
    ));
    let chart = |title, runs: &[Run]| {
        let chart = Chart::new(title).x_label("epoch").y_label("cross-entropy").log_y();
        starts.iter().zip(runs).fold(chart, |chart, ((name, _), run)| chart.line(*name, &run.losses))
    };
    page.figure(
        "training",
        &Panels::row([chart("tanh", &tanh), chart("ReLU", &relu)]),
        "The loss over the epochs on a logarithmic axis, with tanh and with ReLU. From zeros and small weights it is flat at 2.3. With tanh and \
         large weights it falls slowly from 10 to about 2. By Xavier's and He's rules it falls below 0.1.",
        "The mean loss of each epoch's steps, by start. Where it is not a number, or lies under another line, no line is seen.",
    );
    let rows: Vec<Vec<String>> = starts
        .iter()
        .zip(tanh.iter().zip(&relu))
        .map(|((name, _), (tanh, relu))| {
            let percent = |run: &Run| format!("{:.1}%", 100.0 * run.accuracy);
            vec![(*name).to_owned(), percent(tanh), percent(relu)]
        })
        .collect();
    page.table("Test images that are read rightly", &["start", "tanh", "ReLU"], &rows);

    let last = |run: &Run| run.losses[EPOCHS - 1];
    let guess = 10f64.ln();
    page.claim(
        [&tanh[0], &tanh[1], &relu[0], &relu[1]].iter().all(|run| (last(run) - guess).abs() < 0.01),
        format!(
            "Zeros and small weights learn nothing in {EPOCHS} epochs, with either activation: the loss stays at {:.2}, that of a guess \
             among ten digits, ln 10.",
            last(&tanh[1])
        ),
    );
    page.claim(
        tanh[2].losses[0] > 2.0 * guess && last(&tanh[2]) > 5.0 * last(&tanh[3]) && tanh[2].accuracy < tanh[3].accuracy - 0.1,
        format!(
            "Large weights with tanh: the first epoch's loss is {:.1}, worse than a guess; training is slow, and ends with {:.1}% of the \
             test images read rightly, where Xavier's rule has {:.1}%.",
            tanh[2].losses[0],
            100.0 * tanh[2].accuracy,
            100.0 * tanh[3].accuracy
        ),
    );
    page.claim(
        relu[2].first > 1e3 && relu[2].accuracy < 0.2,
        format!(
            "Large weights with ReLU: the first batch's loss is {}, and training comes to nothing: in the end {:.0}% are read rightly.",
            by_order(relu[2].first),
            100.0 * relu[2].accuracy
        ),
    );
    page.claim(
        [&tanh[3], &tanh[4], &relu[3], &relu[4]].iter().all(|run| run.accuracy > 0.9)
            && relu[4].losses[1] < 0.5 * relu[3].losses[1]
            && (relu[4].accuracy - relu[3].accuracy).abs() < 0.05,
        format!(
            "Xavier's and He's rules train with both activations, all above 90%. With ReLU, He's is faster: a loss of {:.2} in the second \
             epoch, against {:.2}. In the end neither reads much better: {:.1}% and {:.1}%.",
            relu[4].losses[1],
            relu[3].losses[1],
            100.0 * relu[4].accuracy,
            100.0 * relu[3].accuracy
        ),
    );
    page.setting("digits: hidden units in each layer", HIDDEN);
    page.setting("epochs", EPOCHS);
    page.setting("images in a step", BATCH);
    page.setting("learning rate on the digits", DIGITS_RATE);
    Ok(())
}
