//! What becomes of a signal on its way through the layers, and of a gradient on its way back.
//!
//! Nothing is trained here. Inputs of 500 numbers drawn from `N(0, 1)` go through layers of one width; then a gradient drawn
//! from `N(0, 1)` comes back from the last layer. The sizes of both are measured after each layer.

use super::{EXAMPLES, LARGE, LAYERS, SMALL, WIDTH, by_order};
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// A signal's way through a network that is not trained.
struct Flow {
    /// The values after each layer; the first are the inputs.
    activations: Vec<Vec<f64>>,
    /// The gradients by these values.
    gradients: Vec<Vec<f64>>,
}

impl Flow {
    /// The sizes of the values after each layer.
    fn forward(&self) -> Vec<f64> {
        self.activations.iter().map(|values| size(values)).collect()
    }

    /// The sizes of the gradients by the values after each layer.
    fn backward(&self) -> Vec<f64> {
        self.gradients.iter().map(|values| size(values)).collect()
    }
}

/// The root of the mean square. (Where the mean is 0, the standard deviation.)
fn size(values: &[f64]) -> f64 {
    (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
}

/// The share of the values for which something is true.
fn share(values: &[f64], is: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|x| is(**x)).count() as f64 / values.len() as f64
}

/// Sends examples through linear maps without a bias, each with an activation after it, and gradients back.
fn flow(init: Init, activation: Activation, seed: u64) -> Result<Flow, Box<dyn Error>> {
    let mut params = Params::seeded(seed);
    let mut at = params.root();
    let layers: Vec<Linear> =
        (0..LAYERS).map(|i| Linear::init(&mut at.sub(i), WIDTH, WIDTH, init, None)).collect();

    let tape = Tape::with(&params);
    let mut values = vec![tape.normal([EXAMPLES, WIDTH], DType::F32)];
    for layer in &layers {
        values.push(activation.apply(layer.forward(values[values.len() - 1])));
    }
    let gradients = tape.vjp(values[LAYERS], tape.normal([EXAMPLES, WIDTH], DType::F32), &values);

    let read = |vars: &[Var<'_>]| -> chainrule::Result<Vec<Vec<f64>>> {
        Ok(tape.values(vars)?.iter().map(Tensor::to_f64).collect())
    };
    Ok(Flow { activations: read(&values)?, gradients: read(&gradients)? })
}

/// Histograms of the values after each layer.
fn histograms(start: &str, flow: &Flow, range: (f64, f64)) -> Vec<Chart> {
    (1..=LAYERS)
        .map(|layer| {
            // A rectifier's zeros, half of all values, would hide the others.
            let values: Vec<f64> = flow.activations[layer].iter().copied().filter(|&h| h != 0.0).collect();
            let title = format!("{start}, layer {layer}");
            Chart::new(title).size(200.0, 150.0).histogram_in("", &values, 40, range)
        })
        .collect()
}

/// The sizes after each layer from several starts.
fn sizes(title: &str, of: impl Fn(&Flow) -> Vec<f64>, flows: &[(&str, &Flow)]) -> Chart {
    let layers: Vec<f64> = (0..=LAYERS).map(|layer| layer as f64).collect();
    let chart = Chart::new(title).x_label("layer (0: the inputs)").y_label("size").log_y().size(520.0, 300.0);
    flows.iter().fold(chart, |chart, (name, flow)| chart.line_at(*name, &layers, &of(flow)))
}

/// The part of the page on signals.
pub fn show(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let (small, large) = (Init::normal(0.0, SMALL), Init::normal(0.0, LARGE));
    let (xavier, he) = (Init::xavier_normal(), Init::kaiming_normal());
    let tanh = |init| flow(init, Activation::Tanh, seed);
    let relu = |init| flow(init, Activation::Relu, seed);
    let (tanh_small, tanh_large, tanh_xavier) = (tanh(small)?, tanh(large)?, tanh(xavier)?);
    let tanh_gain = tanh(xavier.before(Activation::Tanh))?;
    let (relu_small, relu_large) = (relu(small)?, relu(large)?);
    let (relu_xavier, relu_he) = (relu(xavier)?, relu(he)?);
    let linear_xavier = flow(xavier, Activation::Identity, seed)?;

    page.heading("A signal must neither die out nor saturate");
    page.text(&format!(
        "{EXAMPLES} inputs of {WIDTH} numbers from N(0, 1) go through {LAYERS} layers of {WIDTH} units that are not \
         trained. Then a gradient from N(0, 1) is sent back from the last layer. A layer of `n` inputs multiplies a signal's \
         variance by `n` times the variance of its weights, and a layer of `m` outputs does that to a gradient's with `m`, if its \
         activation is close to the identity. *Size* is the root of the mean square."
    ));
    page.formula(
        r"\operatorname{Var} z = n \, \operatorname{Var} w \cdot \operatorname{E} h^2, \qquad \text{Xavier: } \operatorname{Var} w = \frac{2}{n + m}, \qquad \text{He: } \operatorname{Var} w = \frac{2}{n}",
        "The variance of z is n times the variance of w times the mean square of h. Xavier's rule: the variance of w is 2 over \
         n plus m. He's rule: it is 2 over n.",
    );

    let within = |values: &[f64], low: f64, high: f64| values.iter().all(|x| (low..high).contains(x));
    let rows = [("Std 0.01", &tanh_small), ("Std 1", &tanh_large), ("Xavier", &tanh_xavier)];
    page.figure(
        "tanh-histograms",
        &Panels::grid(LAYERS, rows.iter().flat_map(|(start, flow)| histograms(start, flow, (-1.0, 1.0)))),
        "Histograms of tanh's values after each layer. Weights of 0.01: a hump that becomes a spike at 0. Weights of 1: nearly all \
         values at minus 1 and 1, in every layer. Xavier's rule: values over the whole range after the first layer, and a hump around 0 that gets slowly narrower after the others.",
        "Values after each layer with tanh, from -1 to 1, for weights with a standard deviation of 0.01, of 1, and by Xavier's rule; the \
         height is a count.",
    );
    let largest = tanh_small.activations[LAYERS].iter().fold(0.0f64, |largest, h| largest.max(h.abs()));
    page.claim(
        largest < 0.002,
        format!(
            "Weights of {SMALL} and tanh: the values vanish; after the last layer none is further from 0 than {}.",
            by_order(largest)
        ),
    );
    let saturated: Vec<f64> =
        tanh_large.activations[1..].iter().map(|values| share(values, |h| h.abs() > 0.99)).collect();
    let least = saturated.iter().copied().fold(1.0, f64::min);
    page.claim(
        least > 0.85,
        format!(
            "Weights of {LARGE} and tanh: in every layer at least {:.0}% of the units are saturated: beyond ±0.99, where the \
             slope is below 0.02.",
            (100.0 * least).floor()
        ),
    );
    let rows = [("Xavier", &relu_xavier), ("He", &relu_he)];
    page.figure(
        "relu-histograms",
        &Panels::grid(LAYERS, rows.iter().flat_map(|(start, flow)| histograms(start, flow, (0.0, 3.0)))),
        "Histograms of ReLU's positive values after each layer. Xavier's rule: they crowd together towards 0 from layer to layer. \
         He's rule: the histograms look alike.",
        "Positive values after each layer with ReLU, by Xavier's rule and by He's; zeros, about half of all, are left out.",
    );
    let halves = relu_xavier.forward();
    let loss = (halves[LAYERS] / halves[0]).powf(1.0 / LAYERS as f64);
    let zeros = relu_xavier.activations[1..].iter().map(|values| share(values, |h| h == 0.0));
    page.claim(
        zeros.into_iter().all(|share| (0.45..0.55).contains(&share)) && (loss * 2f64.sqrt() - 1.0).abs() < 0.05,
        format!(
            "Xavier's rule and ReLU: half of the values are 0, so each layer halves the mean square: the size falls by a factor of \
             {loss:.2} ≈ 1/√2 a layer."
        ),
    );
    let tanh_flows = [
        ("std 1", &tanh_large),
        ("Xavier × 5/3", &tanh_gain),
        ("Xavier", &tanh_xavier),
        ("std 0.01", &tanh_small),
    ];
    let relu_flows =
        [("std 1", &relu_large), ("He", &relu_he), ("Xavier", &relu_xavier), ("std 0.01", &relu_small)];
    page.figure(
        "sizes",
        &Panels::grid(
            2,
            [
                sizes("Values, tanh", Flow::forward, &tanh_flows),
                sizes("Values, ReLU", Flow::forward, &relu_flows),
                sizes("Gradients, tanh", Flow::backward, &tanh_flows),
                sizes("Gradients, ReLU", Flow::backward, &relu_flows),
            ],
        ),
        "Four plots with logarithmic axes: the size of values and of gradients by layer, with tanh and with ReLU. Values: with weights of 0.01 \
         they fall by four orders of magnitude; by Xavier's and He's rules they stay within one order of 1; with weights of 1 they stay at 1 with \
         tanh and rise by seven orders with ReLU. Gradients, to be read from right to left: they fall with 0.01, stay within one order of 1 by the rules, \
         and rise with 1, by three orders with tanh and seven with ReLU.",
        "Forward: the size of the values after each layer. Backward, from right to left: the size of the gradient by these values. \
         *Std* is the standard deviation of the weights.",
    );

    // What the formula says about the two that are too small and too large.
    let factor = SMALL * (WIDTH as f64).sqrt();
    let sizes = tanh_small.forward();
    let per_layer = (sizes[LAYERS] / sizes[0]).powf(1.0 / LAYERS as f64);
    page.claim(
        (per_layer / factor - 1.0).abs() < 0.05 && tanh_small.backward()[0] < 2.0 * factor.powi(LAYERS as i32),
        format!(
            "Weights of {SMALL} and tanh: each layer shrinks the signal by a factor of {per_layer:.3}, where the formula says \
             {SMALL}·√{WIDTH} = {factor:.3}. Of a size of 1 in the beginning, {} is left after {LAYERS} layers; of the gradient, \
             coming back, {}.",
            by_order(sizes[LAYERS]),
            by_order(tanh_small.backward()[0])
        ),
    );
    let sizes = tanh_large.backward();
    let grows = (sizes[0] / sizes[LAYERS]).powf(1.0 / LAYERS as f64);
    page.claim(
        sizes.windows(2).all(|pair| pair[0] > 2.0 * pair[1]),
        format!(
            "Saturated units are said to make gradients vanish. At the start of this network they do not: most units pass nothing, but \
             the few that are not saturated pass it on through weights so large that the gradient's size grows by a factor of \
             about {grows:.1} in each layer, to {:.0} at the inputs.",
            sizes[0]
        ),
    );
    let sizes = linear_xavier.forward();
    page.claim(
        within(&sizes, 0.9, 1.1) && within(&linear_xavier.backward(), 0.9, 1.1),
        format!(
            "Xavier's rule, without an activation: the size stays within 10% of 1, forward ({:.2} in the end) and backward ({:.2}).",
            sizes[LAYERS],
            linear_xavier.backward()[0]
        ),
    );
    let (sizes, gain) = (tanh_xavier.forward(), tanh_gain.forward());
    page.claim(
        sizes.windows(2).all(|pair| pair[1] < pair[0])
            && sizes[LAYERS] > 0.2
            && tanh_xavier.backward()[0] > 0.2
            && (gain[LAYERS] / gain[2] - 1.0).abs() < 0.15,
        format!(
            "Xavier's rule and tanh: no layer loses the signal, but tanh bends it: its size falls from {:.2} after the first layer to \
             {:.2} after the last, and the gradient's to {:.2} on its way back. With weights 5/3 times as large it stays near {:.2}.",
            sizes[1],
            sizes[LAYERS],
            tanh_xavier.backward()[0],
            gain[LAYERS]
        ),
    );
    let sizes = relu_he.forward();
    page.claim(
        within(&sizes, 0.8, 1.25) && within(&relu_he.backward(), 0.8, 1.25),
        format!(
            "He's rule and ReLU: the size is kept, forward ({:.2} after the last layer) and backward ({:.2} at the inputs).",
            sizes[LAYERS],
            relu_he.backward()[0]
        ),
    );
    let explodes = (relu_large.forward()[LAYERS], relu_large.backward()[0]);
    page.claim(
        explodes.0 > 1e6 && explodes.1 > 1e6 && relu_small.forward()[LAYERS] < 1e-4,
        format!(
            "ReLU does not saturate, so weights of {LARGE} make the signal explode, to {} after {LAYERS} layers, and the gradient \
             too, to {}; weights of {SMALL} make it vanish, to {}.",
            by_order(explodes.0),
            by_order(explodes.1),
            by_order(relu_small.forward()[LAYERS])
        ),
    );
    page.setting("signals: layers", LAYERS);
    page.setting("their width", WIDTH);
    page.setting("examples", EXAMPLES);
    Ok(())
}
