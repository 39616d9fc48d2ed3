//! A network with matrices, where Muon can take part: a sine, learned by two hidden layers.

use super::racers::{self, Boxed, Racer};
use crate::page::Page;
use crate::words::{count, three_digits};
use chainrule::optim;
use chainrule::plot::Chart;
use chainrule::prelude::*;
use std::error::Error;

/// Neurons in each of the two hidden layers.
pub const WIDTH: usize = 16;
/// The points on the sine.
pub const POINTS: usize = 64;
/// Everyone's epochs.
pub const BUDGET: usize = 400;
/// The loss to be reached, as a part of the targets' variance.
pub const GOAL: f64 = 0.02;
/// So many first values of the weights, of which the median counts.
pub const STARTS: u64 = 3;

/// Muon for the matrix between the hidden layers, AdamW for the rest, as its authors advise.
const MUON: Racer = Racer { name: "Muon", at: muon };

fn muon(lr: f64) -> Boxed {
    optim::muon(lr).weight_decay(0.0).only(|_, shape| shape.dims() == [WIDTH, WIDTH]).boxed()
}

/// One optimizer, with the rate at which its median start arrives first.
pub struct Run {
    pub name: &'static str,
    pub rate: f64,
    /// The median over the starts of the first epoch whose loss is at most the goal.
    pub epochs: Option<usize>,
    /// The losses of the first start, before each epoch, as parts of the targets' variance.
    pub losses: Vec<f64>,
}

/// Every optimizer with its best rate.
pub fn runs(seed: u64) -> chainrule::Result<Vec<Run>> {
    use racers::*;
    let all = [GRADIENT_DESCENT, MOMENTUM_9, NAG, ADAGRAD, RMSPROP, ADAM, ADAMW, LION, MUON];
    all.into_iter().map(|racer| best(racer, seed)).collect()
}

fn best(racer: Racer, seed: u64) -> chainrule::Result<Run> {
    let mut best: Option<(f64, Run)> = None;
    // Every other rate of the common list, from 0.001 to 1.
    for rate in racers::rates().step_by(2).filter(|rate| (0.00099..1.01).contains(rate)) {
        let all: Vec<Vec<f64>> = (0..STARTS)
            .map(|start| train((racer.at)(rate), seed + start))
            .collect::<chainrule::Result<_>>()?;
        let epochs = median(&all);
        // Where the median start does not arrive, the largest loss at the end decides.
        let left = all.iter().flat_map(|losses| losses.last());
        let left =
            left.fold(0.0, |most: f64, &loss| if loss.is_finite() { most.max(loss) } else { f64::INFINITY });
        let score = epochs.map_or(BUDGET as f64 + left, |epochs| epochs as f64);
        if best.as_ref().is_none_or(|(least, _)| score < *least) {
            let losses = all.into_iter().next().unwrap_or_default();
            best = Some((score, Run { name: racer.name, rate, epochs, losses }));
        }
    }
    best.map(|(_, run)| run).ok_or_else(|| chainrule::Error::Params("no rate to try".to_owned()))
}

/// The median of the epochs to the goal; `None` if less than half of the starts arrive.
fn median(runs: &[Vec<f64>]) -> Option<usize> {
    let first = |losses: &Vec<f64>| losses.iter().position(|&loss| loss <= GOAL).unwrap_or(usize::MAX);
    let mut epochs: Vec<usize> = runs.iter().map(first).collect();
    epochs.sort_unstable();
    epochs.get(runs.len() / 2).copied().filter(|&epochs| epochs < usize::MAX)
}

/// The losses of one training, before each epoch.
fn train(optimizer: Boxed, seed: u64) -> chainrule::Result<Vec<f64>> {
    let mut params = Params::seeded(seed).with_dtype(DType::F64);
    let net = Sequential::new(&mut params.root(), |net| {
        net.linear(1, WIDTH).tanh().linear(WIDTH, WIDTH).tanh().linear(WIDTH, 1)
    });
    let tape = Tape::new();
    let x = tape.linspace(-2.0, 2.0, POINTS, DType::F64).unsqueeze(-1);
    let y = (x * 3.0).sin();
    let (variance, x, y) = (y.var(..).item()?, x.value()?, y.value()?);
    let mut step = TrainStep::new(optimizer, |[x, y]| net.forward(x).mse(y) / variance);
    (0..=BUDGET).map(|_| step.run(&mut params, [&x, &y])).collect()
}

pub fn section(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let runs = runs(seed)?;
    page.heading("A network with matrices, and Muon");
    page.text(&format!(
        "`1 → {WIDTH} → {WIDTH} → 1` with tanh learns sin(3·x) from {POINTS} points, all in one batch. Muon makes its momentum orthogonal, \
         nearly, by five iterations, before each step: all directions of a matrix then move alike. It works on the {WIDTH} × {WIDTH} matrix, AdamW on the rest, \
         as its authors advise. Arrived means a mean squared error of {:.0}% of the targets' variance; an entry is the median of {STARTS} \
         first values, with the rate for which it is least, of 13 from 0.001 to 1.",
        100.0 * GOAL
    ));
    page.formula(
        r"b \leftarrow \mu b + (1 - \mu)\, G, \qquad W \leftarrow W - \eta\, U V^{\top} \quad \text{where} \quad \mu b + (1 - \mu)\, G = U \Sigma V^{\top}",
        "b becomes mu b plus 1 minus mu times G, and W becomes W minus eta times U V transposed, where U Sigma V transposed is the singular value decomposition of mu b plus 1 minus mu times G",
    );
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let epochs = run.epochs.map_or("–".to_owned(), count);
            vec![run.name.to_owned(), epochs, three_digits(run.rate)]
        })
        .collect();
    page.table(
        "Epochs to learn the sine; – where most starts do not in time",
        &["", "epochs", "rate"],
        &rows,
    );

    let xs: Vec<f64> = (0..=BUDGET).map(|epoch| epoch as f64).collect();
    let chart = Chart::new("")
        .x_label("epoch")
        .y_label("loss, as a part of the variance")
        .log_y()
        .y_range(1e-4, 2.0)
        .size(640.0, 400.0)
        .h_line(GOAL, "goal");
    let shown = runs.iter().filter(|run| !["NAG 0.9", "AdamW"].contains(&run.name));
    page.figure(
        "sine",
        &shown.fold(chart, |chart, run| chart.line_at(run.name, &xs, &run.losses)),
        "Loss by epoch on a logarithmic axis. Muon and Adam fall first, and steeply; Adagrad reaches the goal later; in this start Lion and momentum come near it, \
         and gradient descent and RMSProp do not.",
        &format!("The loss with the best rate, for the first of the {STARTS} starts."),
    );
    let epochs = |name: &str| -> Result<usize, String> {
        let run = runs.iter().find(|run| run.name == name).ok_or_else(|| format!("{name} did not run"))?;
        Ok(run.epochs.unwrap_or(usize::MAX))
    };
    let first = [epochs("Muon")?, epochs("Adam")?, epochs("AdamW")?];
    let others = ["gradient descent", "momentum 0.9", "NAG 0.9", "Adagrad", "RMSProp", "Lion"].map(epochs);
    let next = others.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().min().unwrap_or(usize::MAX);
    page.claim(
        first.iter().all(|&epochs| epochs < next) && first[0] < first[1].min(first[2]),
        format!(
            "Muon learns the sine first, in {} epochs; then Adam and AdamW, in {} and {}. All others take {next} at least.",
            first[0], first[1], first[2]
        ),
    );
    page.claim(
        epochs("gradient descent")? == usize::MAX,
        format!("Gradient descent does not learn it within {BUDGET} epochs, with any of the rates."),
    );
    Ok(())
}
