//! What there is to see, with the numbers that it rests on.

use super::LARGE;
use super::deep::{DEPTH, EPOCHS, Run, Sweep, ratio};
use super::dying::{self, Fate};
use crate::page::Page;
use crate::words::raised;

/// Gradients through all layers.
pub fn depth(page: &mut Page, runs: &[Run]) -> chainrule::Result<()> {
    let [sigmoid, tanh, relu] = [&runs[0], &runs[1], &runs[2]];
    let steps = (DEPTH - 1) as f64;
    let shrunk = ratio(&sigmoid.norms[0]);
    let (factor, steepest) = (shrunk.powf(1.0 / steps), sigmoid.kind.steepest()?);
    page.claim(
        shrunk < 1e-7 && (0.2..0.3).contains(&factor) && steepest <= 0.25 && steepest > 0.249_999,
        format!(
            "In the sigmoid net, the gradient in the first layer is {shrunk:.0e} of that in the last: {factor:.2} a layer. The largest \
             derivative is {steepest}, and {steepest}{} is {:.0e}.",
            raised(&steps.to_string()),
            steepest.powf(steps)
        ),
    );
    let others: Vec<f64> = runs[1..].iter().map(|run| ratio(&run.norms[0])).collect();
    let (low, high) = range(&others);
    page.claim(
        low > 0.1 && high < 10.0,
        format!("In all other nets it is between {low:.1} and {high:.1} times that in the last."),
    );
    let learned: Vec<f64> = runs[1..].iter().map(Run::reached).collect();
    let (low, high) = range(&learned);
    page.claim(
        sigmoid.reached() < 0.2 && low > 0.75,
        format!(
            "So the sigmoid net does not learn: {:.0}% after {EPOCHS} epochs, where guessing has 10%. The others reach {:.0}% to {:.0}%.",
            100.0 * sigmoid.reached(),
            100.0 * low,
            100.0 * high
        ),
    );
    page.claim(
        (0.2..5.0).contains(&ratio(&tanh.norms[0])) && (tanh.reached() - relu.reached()).abs() < 0.1,
        format!(
            "tanh is often named beside the sigmoid. With Xavier's weights it does not belong there: its gradient is about as large in the first \
             layer as in the last ({:.1} times), and it reaches {:.0}%, as ReLU does ({:.0}%).",
            ratio(&tanh.norms[0]),
            100.0 * tanh.reached(),
            100.0 * relu.reached()
        ),
    );
    Ok(())
}

/// Flat activations.
pub fn saturation(page: &mut Page, runs: &[Run], sweeps: &[Sweep], large_tanh: &Run) {
    let [sigmoid, tanh, relu] = [&sweeps[0], &sweeps[1], &sweeps[2]];
    let before = &runs[0].slopes[0];
    let saturated = before.iter().map(|layer| layer.saturated).fold(0.0, f64::max);
    let mean = before.iter().map(|layer| layer.mean).sum::<f64>() / DEPTH as f64;
    page.claim(
        saturated < 0.01 && mean > 0.2,
        format!(
            "The sigmoid's gradient vanishes without saturation: with the usual weights, no layer has more than {:.1}% saturated units, and \
             the mean derivative is {mean:.2}, near its most.",
            100.0 * saturated
        ),
    );
    let open = |sweep: &Sweep| -> Vec<f64> {
        sweep
            .ratios
            .iter()
            .zip(&sweep.saturated)
            .filter(|(_, flat)| **flat < 0.5)
            .map(|(ratio, _)| *ratio)
            .collect()
    };
    let (_, most) = range(&open(sigmoid));
    page.claim(
        most < 0.1,
        format!(
            "Larger weights are no cure: wherever at least half of the sigmoids are not saturated, the gradient in the first layer is at most \
             {most:.2} of that in the last."
        ),
    );
    let at = tanh.factors.iter().position(|&factor| factor == LARGE).unwrap_or(0);
    let (flat, grown) = (tanh.saturated[at], tanh.ratios[at]);
    let end = large_tanh.slopes[EPOCHS][0].saturated;
    page.claim(
        flat > 0.4 && grown > 30.0 && end > 0.7 && large_tanh.reached() < runs[1].reached() - 0.2,
        format!(
            "Saturation need not make the gradient vanish: with {LARGE} times the weights, {:.0}% of the tanh units are saturated, yet the weights \
             outweigh it, and the gradient grows to {grown:.0} times by the first layer. It explodes, drives the first layer to {:.0}% saturated, \
             and the net reaches {:.0}% instead of {:.0}%.",
            100.0 * flat,
            100.0 * end,
            100.0 * large_tanh.reached(),
            100.0 * runs[1].reached()
        ),
    );
    let (low, high) = range(&relu.saturated);
    let (least, most) = range(&relu.ratios);
    page.claim(
        low > 0.4 && high < 0.6 && high - low < 0.01 && least > 0.05 && most < 5.0,
        format!(
            "Of ReLU's derivatives, {:.0}% are 0 whatever the size of the weights, as a positive factor changes no sign; the rest are 1. The \
             gradient in the first layer stays between {least:.1} and {most:.1} times that in the last.",
            100.0 * high
        ),
    );
}

/// Units that are off for every row.
pub fn dying(page: &mut Page, low_bias: &[Fate], high_rate: &[Fate]) {
    let last = dying::EPOCHS;
    let percent = |share: f64| format!("{:.0}%", 100.0 * share);
    let [relu, leaky, _, parametric, elu, selu] = low_bias else { return };
    page.claim(
        relu.strongest == 0.0 && relu.off[last] > 0.2 && relu.accuracy < 0.2,
        format!(
            "With low biases, {} of the ReLUs are dead at first and {} in the end. The gradient by each of their weights is exactly 0. They come \
             back only if the layers before them change ({} times here), and the net stays at {}.",
            percent(relu.off[0]),
            percent(relu.off[last]),
            relu.back,
            percent(relu.accuracy)
        ),
    );
    page.claim(
        leaky.strongest > 0.0 && leaky.strongest < 1e-3 && leaky.off[last] > 0.2 && leaky.accuracy < 0.2,
        format!(
            "A leak of 0.01 is not enough here: units that are off do get a gradient, but at most {:.0e}. \
             {} are off in the end, and the net stays at {}.",
            leaky.strongest,
            percent(leaky.off[last]),
            percent(leaky.accuracy)
        ),
    );
    let helped = [parametric, elu, selu];
    let off = helped.iter().map(|fate| fate.off[last]).fold(0.0, f64::max);
    let accuracy = helped.iter().map(|fate| fate.accuracy).fold(1.0, f64::min);
    page.claim(
        helped.iter().all(|fate| fate.off[last] < fate.off[0]) && off < 0.1 && accuracy > 0.9,
        format!(
            "Parametric ReLU, ELU and SELU bring their units back: at most {} are off in the end, and the nets reach {} or more.",
            percent(off),
            percent(accuracy)
        ),
    );
    let [relu, _, leaky, parametric, elu, selu] = high_rate else { return };
    page.claim(
        relu.off[0] < 0.02 && relu.off[last] > 0.5 && relu.accuracy < 0.4,
        format!(
            "A rate that is too high kills ReLUs: from {} to {} dead units, and the net ends at {}.",
            percent(relu.off[0]),
            percent(relu.off[last]),
            percent(relu.accuracy)
        ),
    );
    let (off, accuracy) =
        (leaky.off[last].max(parametric.off[last]), leaky.accuracy.min(parametric.accuracy));
    page.claim(
        off < 0.25 && accuracy > 0.7,
        format!(
            "Under the same rate, a leak of 0.1 and parametric ReLU have at most {} off, and reach {} or more.",
            percent(off),
            percent(accuracy)
        ),
    );
    let (off, accuracy) = (elu.off[last].min(selu.off[last]), elu.accuracy.max(selu.accuracy));
    let strongest = elu.strongest.max(selu.strongest);
    page.claim(
        off > 0.15 && accuracy < 0.3 && strongest < 1e-2,
        format!(
            "ELU and SELU are no answer to it. Far below 0 they are flat too: units that are off get a gradient of at most {strongest:.0e}, {} or \
             more are off in the end, and the nets end at {} or less.",
            percent(off),
            percent(accuracy)
        ),
    );
}

/// The least and the largest.
fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)))
}
