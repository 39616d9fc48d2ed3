//! Saturation and vanishing gradients.
//!
//! Asked: why do deep nets of sigmoids not learn, and what do rectifiers and their kin change? Found: the chain rule multiplies one
//! derivative for each layer, a sigmoid's is at most 1/4, and fifteen layers leave a billionth. No unit needs to be saturated for that, and
//! tanh, whose derivative is up to 1, does not suffer from it. Units that are saturated, or rectifiers that are off for every row, are a
//! second way to lose the gradient; which of the rectifier's kin help depends on what put them there.
//!
//! Depth, width, epochs and rates stand in `deep.rs` and `dying.rs`.

mod claims;
mod deep;
mod dying;
mod figures;

use crate::page::Page;
use chainrule::data::Standardize;
use chainrule::prelude::*;
use deep::{BATCH, DEPTH, EPOCHS, KINDS, PROBE, RATE, RELU, SATURATED, SIGMOID, Sweep, TANH, WIDTH};
use dying::{Fate, RECTIFIERS, Trial};
use std::error::Error;

/// Factors on the usual first weights; and the one with which nets are trained too.
const FACTORS: [f64; 8] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
const LARGE: f64 = 4.0;
/// Every hidden bias so low that many rectifiers never open; and a rate a hundred times Adam's usual.
const LOW_BIAS: Trial = Trial { bias: -2.5, rate: 0.1, adam: false };
const HIGH_RATE: Trial = Trial { bias: 0.0, rate: 0.1, adam: true };

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let (train, test) = data::digits().split_stratified(0.2, seed)?;
    let scaler = Standardize::fit(train.inputs())?;
    let (train, test) = (train.map_inputs(|x| scaler.apply(x))?, test.map_inputs(|x| scaler.apply(x))?);
    let sets = [&train, &test];

    page.lead(
        "Why do deep nets of sigmoids not learn, and what do rectifiers change? Each layer multiplies the gradient by a derivative, and \
         a sigmoid's is at most a quarter.",
    );
    page.formula(
        r"\frac{\partial L}{\partial z_{l-1}} = f'(z_{l-1}) \odot W_l^\top \frac{\partial L}{\partial z_l}",
        "the gradient by the inputs z of layer l minus 1 is f prime of these, times, element by element, the transposed weights of \
         layer l applied to the gradient by the inputs z of layer l",
    );
    page.formula(
        r"\sigma'(z) = \sigma(z) (1 - \sigma(z)) \le \frac{1}{4}, \quad \left(\frac{1}{4}\right)^{14} \approx 4 \cdot 10^{-9}",
        "sigma prime of z is sigma of z times 1 minus sigma of z, at most a quarter; a quarter to the power of 14 is about 4 times \
         ten to the minus 9",
    );
    page.figure(
        "derivatives",
        &figures::derivatives()?,
        "Derivatives of seven activations for z from -5 to 5. The sigmoid's is a low hump of height 0.25, tanh's a narrow one of height \
         1; those of ReLU and its kin are near 0 on the left and near 1 on the right, and SELU's has a peak of 1.76 just below 0.",
        "The derivatives, taken by the engine.",
    );

    page.heading("Fifteen layers, one after the other");
    page.text(&format!(
        "Nets of {DEPTH} hidden layers with {WIDTH} units learn handwritten digits by plain gradient descent. They differ in their \
         activation, and each begins with the weights that are made for it: Xavier's for sigmoid and tanh, LeCun's for SELU, He's for the \
         others. The gradient of the loss by each layer's weights is measured before the first epoch and after each.",
    ));
    let runs = KINDS.iter().map(|&kind| deep::run(kind, sets, seed)).collect::<Result<Vec<_>, _>>()?;
    page.figure(
        "layers",
        &figures::by_layer(&runs),
        "Three charts with a line for each activation. Before and after training, the sigmoid's gradient rises by nine powers of ten from \
         the first layer to the last, while all others are nearly level. In the third, its accuracy stays at a tenth over all epochs, while \
         the others rise to nine tenths and more.",
        "The norm of the gradient by each layer's weights, on a logarithmic scale, and the accuracy on digits that were not learned from.",
    );
    page.figure(
        "heat",
        &figures::heat(&[&runs[0], &runs[1], &runs[2]])?,
        "Three maps over epochs and layers, coloured by the logarithm of the gradient's norm. The sigmoid's has level bands, from ten to the \
         minus 9 in the first layer up to a tenth in the last, at all epochs. Those of tanh and ReLU have the colours of the upper end \
         everywhere, and change from epoch to epoch instead of from layer to layer.",
        "The same gradients at all epochs. Each band of colour is a power of ten, the same in all three maps.",
    );
    claims::depth(page, &runs)?;

    page.heading("Saturation");
    page.text(&format!(
        "A unit is *saturated* where its activation is so flat that hardly any gradient passes: here, where the derivative is below {:.0}% of \
         the largest that its activation has. Larger first weights bring larger z, and so more saturation.",
        100.0 * SATURATED
    ));
    let sweeps: Vec<Sweep> = [SIGMOID, TANH, RELU]
        .into_iter()
        .map(|kind| deep::sweep(kind, &FACTORS, &train, seed))
        .collect::<Result<_, _>>()?;
    page.figure(
        "weights",
        &figures::sweeps(&sweeps),
        "Two charts over the size of the first weights, from a quarter to 32 times the usual. Left, the ratio of the gradients in the first and \
         the last layer: the sigmoid's climbs from ten to the minus 16 to above 1, tanh's is 1 up to the usual size and then climbs to ten \
         million, ReLU's stays near 1. Right, the share of saturated units: from 0 to nearly all for sigmoid and tanh, one half for ReLU.",
        "Before training: how the gradient changes from the last layer to the first, and how many units are saturated, by the size of the first \
         weights.",
    );
    let large = [SIGMOID, TANH].map(|kind| deep::run(kind.wider(LARGE), sets, seed));
    let [large_sigmoid, large_tanh] = large;
    let (large_sigmoid, large_tanh) = (large_sigmoid?, large_tanh?);
    let (usual, times) = (|name| format!("{name}, usual"), |name| format!("{name}, × {LARGE}"));
    page.figure(
        "saturation",
        &figures::saturation(&[
            (&usual("sigmoid"), &runs[0]),
            (&usual("tanh"), &runs[1]),
            (&times("sigmoid"), &large_sigmoid),
            (&times("tanh"), &large_tanh),
        ]),
        "Two charts of the share of saturated units over the layers, before and after training. With the usual first weights it is nearly 0 \
         in all layers, before and after. With four times the weights, a tenth to a fifth of the sigmoids are saturated, and half of the tanh \
         units before training and more than two thirds after.",
        "The share of saturated units in each layer, with the usual first weights and with four times as large ones.",
    );
    claims::saturation(page, &runs, &sweeps, &large_tanh);

    page.heading("Dying rectifiers");
    page.text(
        "A rectifier is *off* for a row where its input is not above 0; its derivative there is 0. A unit that is off for every row of the data \
         gets no gradient, and can't come back by its own weights: it is dead. Two ways to get there are tried on nets of four \
         hidden layers: all hidden biases begin far below 0, or the rate is far too high.",
    );
    let fates = |trial| -> chainrule::Result<Vec<Fate>> {
        RECTIFIERS.iter().map(|&rectifier| dying::fate(rectifier, trial, sets, seed)).collect()
    };
    let (low_bias, high_rate) = (fates(LOW_BIAS)?, fates(HIGH_RATE)?);
    page.figure(
        "off",
        &figures::off(&low_bias, &high_rate),
        "Two charts of the share of units that are off for every row, over the epochs. Left, after a start with low biases: ReLU and leaky ReLU \
         with slope 0.01 stay at a third, with slope 0.1 a fifth is left, and parametric, ELU and SELU fall to nearly 0. Right, with a rate that is too high: ReLU rises to about \
         three quarters, leaky ReLU with slope 0.01 goes up and down below it, ELU and SELU rise to a half and a third, while leaky ReLU with slope 0.1 and parametric ReLU stay near 0.",
        "The share of hidden units that are off for every row. *Leaky* has a fixed slope below 0, *parametric* one that is learned, 0.25 at \
         first.",
    );
    claims::dying(page, &low_bias, &high_rate);
    let rows = |fates: &[Fate]| -> Vec<Vec<String>> {
        let row = |fate: &Fate| {
            let percent = |share: f64| format!("{:.0}%", 100.0 * share);
            let strongest = format!("{:.0e}", fate.strongest);
            let (first, last) = (percent(fate.off[0]), percent(fate.off[dying::EPOCHS]));
            vec![fate.name.into(), first, last, fate.back.to_string(), strongest, percent(fate.accuracy)]
        };
        fates.iter().map(row).collect()
    };
    let header = [
        "activation",
        "off at first",
        "off in the end",
        "came back",
        "largest gradient into a unit that is off",
        "accuracy",
    ];
    page.table("Biases begin too low", &header, &rows(&low_bias));
    page.table("The rate is too high", &header, &rows(&high_rate));

    page.heading("Sources");
    page.text(
        "Vanishing gradients: Sepp Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis, 1991; Yoshua Bengio, \
         Patrice Simard and Paolo Frasconi, *Learning long-term dependencies with gradient descent is difficult*, 1994. Leaky ReLU: Andrew \
         Maas, Awni Hannun and Andrew Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013. Parametric ReLU: Kaiming \
         He, Xiangyu Zhang, Shaoqing Ren and Jian Sun, *Delving deep into rectifiers*, ICCV 2015. ELU: Djork-Arné Clevert, Thomas \
         Unterthiner and Sepp Hochreiter, *Fast and accurate deep network learning by exponential linear units*, ICLR 2016. SELU: Günter \
         Klambauer, Thomas Unterthiner, Andreas Mayr and Sepp Hochreiter, *Self-normalizing neural networks*, NIPS 2017.",
    );

    page.setting("data", "8 × 8 digits, standardized; a fifth is kept for testing");
    page.setting("deep nets", format!("{DEPTH} hidden layers of {WIDTH}; gradient descent, rate {RATE}, {EPOCHS} epochs, {BATCH} rows a step"));
    page.setting("gradients are measured on", format!("{PROBE} rows"));
    page.setting(
        "dying: nets",
        format!(
            "{} hidden layers of {}, He's weights; {} epochs, {} rows a step",
            dying::DEPTH,
            dying::WIDTH,
            dying::EPOCHS,
            dying::BATCH
        ),
    );
    page.setting("dying: low biases", format!("{}, gradient descent, rate {}", LOW_BIAS.bias, LOW_BIAS.rate));
    page.setting("dying: high rate", format!("Adam, rate {}", HIGH_RATE.rate));
    Ok(())
}
