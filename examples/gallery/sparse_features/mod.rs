//! Sparse features: why Adagrad exists.
//!
//! A linear model has two features. One is dense: another number in each row. One is sparse: 1 in a few rows and 0 in all
//! others. A weight learns from the rows in which its feature is not 0, so that the sparse one's gradient is small, whatever it has
//! to learn, and the loss is an elongated bowl.
//!
//! Found: the two curvatures differ by as many times as the sparse feature is rare. Gradient descent, momentum and NAG
//! follow the gradient's size and learn the dense weight first; Adagrad, RMSProp and Adam divide it away and learn both at about
//! the same pace. Row by row, Adagrad alone stays so: RMSProp has forgotten the rare feature when it comes again, and Adam moves its weight in
//! rows that say nothing of it.

mod rows;

use crate::page::Page;
use crate::shared::descent::{Path, at, descend, grid};
use crate::shared::quadratic;
use crate::shared::sparse::{NOISE, ONES, ROWS, Sparse, TRUTH};
use crate::words::{count, three_digits};
use chainrule::optim::{self, Optimizer, Transform};
use chainrule::plot::{Chart, Levels, Panels};
use chainrule::prelude::*;
use chainrule::{grad, vmap};
use std::error::Error;

/// Gradient descent's rate: half of the largest that does not diverge. Adagrad, which slows down, has the same.
const RATE: f64 = 0.5;
/// The rate of the others, whose steps are about as long as their rate, or longer.
const SMALL_RATE: f64 = 0.1;
/// Everyone's epochs.
const EPOCHS: usize = 300;
/// The epochs that are drawn.
const SHOWN: usize = 101;
/// The epoch at which the gradients are compared again.
const LATER: usize = 20;

type Boxed = Optimizer<Box<dyn Transform>>;

/// One optimizer's way down.
struct Run {
    name: &'static str,
    path: Path,
    /// The gradient at each place.
    gradients: Vec<[f64; 2]>,
    /// The part of each weight's way that is done after each epoch.
    progress: [Vec<f64>; 2],
}

impl Run {
    fn new(name: &'static str, optimizer: Boxed, data: &Sparse) -> chainrule::Result<Run> {
        let path = descend(|w| data.loss(w), optimizer, [0.0, 0.0], EPOCHS)?;
        let gradients = gradients(data, &path.places)?;
        let progress = [0, 1].map(|i| path.places.iter().map(|place| place[i] / data.minimum[i]).collect());
        Ok(Run { name, path, gradients, progress })
    }

    /// The first step: by how much each weight changes.
    fn first_step(&self) -> [f64; 2] {
        self.path.places.get(1).copied().unwrap_or([f64::NAN; 2])
    }

    /// The epochs after which each weight has gone half of its way.
    fn halves(&self) -> [usize; 2] {
        [0, 1].map(|i| self.progress[i].iter().position(|&part| part >= 0.5).unwrap_or(usize::MAX))
    }

    /// How many times longer the sparse weight takes than the dense one.
    fn lag(&self) -> f64 {
        let [dense, sparse] = self.halves();
        sparse as f64 / dense as f64
    }
}

/// The gradients at many places, in one run.
fn gradients(data: &Sparse, places: &[[f64; 2]]) -> chainrule::Result<Vec<[f64; 2]>> {
    let tape = Tape::new();
    let places = Tensor::from_vec(places.concat(), [places.len(), 2])?;
    let gradients = vmap(|w| grad(|w| data.loss(w), w), tape.var(places)).value()?;
    Ok(gradients.as_slice::<f64>()?.chunks_exact(2).map(|g| [g[0], g[1]]).collect())
}

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let data = Sparse::seeded(seed)?;
    let runs = [
        Run::new("gradient descent", optim::sgd(RATE).boxed(), &data)?,
        Run::new("momentum 0.9", optim::heavy_ball(SMALL_RATE, 0.9).boxed(), &data)?,
        Run::new("NAG 0.9", optim::nag(SMALL_RATE, 0.9).boxed(), &data)?,
        Run::new("Adagrad", optim::adagrad(RATE).boxed(), &data)?,
        Run::new("RMSProp", optim::rmsprop(SMALL_RATE).alpha(0.9).boxed(), &data)?,
        Run::new("Adam", optim::adam(SMALL_RATE).boxed(), &data)?,
    ];

    page.lead(
        "Why does Adagrad exist? For features that are 0 almost everywhere: their weights see small gradients, and one learning rate \
         for all leaves them behind.",
    );
    two_gradients(page, &data, &runs[0])?;
    first_updates(page, &data, &runs)?;
    pace(page, &data, &runs);
    rows::section(page, &data, seed)?;

    page.setting("rows", format!("{ROWS}, of which {ONES} have the sparse feature"));
    page.setting("true weights", format!("{} (dense), {} (sparse), noise {NOISE}", TRUTH[0], TRUTH[1]));
    page.setting("start", "both weights 0");
    page.setting("rate", format!("{RATE} of gradient descent and Adagrad, {SMALL_RATE} of the others"));
    page.setting("RMSProp's α, Adam's β", "0.9, and 0.9 and 0.999");
    Ok(())
}

/// The gradients' sizes, and the bowl that they make.
fn two_gradients(page: &mut Page, data: &Sparse, descent: &Run) -> Result<(), Box<dyn Error>> {
    page.heading("Two gradients");
    page.text(&format!(
        "A linear model `ŷ = w₁·x₁ + w₂·x₂` learns {ROWS} rows. The feature `x₁` is dense: another number in each row, of mean 0 and \
         variance 1. The feature `x₂` is sparse: 1 in {ONES} rows, and 0 in all others. A weight's gradient is a mean over all rows, and a \
         row whose feature is 0 adds nothing to it."
    ));
    page.formula(
        r"\frac{\partial L}{\partial w_j} = \frac{2}{n} \sum_{i=1}^{n} (\hat{y}_i - y_i)\, x_{ij}",
        "the derivative of L by w j is 2 over n times the sum over all rows i of the error times x i j",
    );
    let sizes = |i: usize| descent.gradients.iter().take(SHOWN).map(|g| g[i].abs()).collect::<Vec<f64>>();
    let xs: Vec<f64> = (0..sizes(0).len()).map(|epoch| epoch as f64).collect();
    page.figure(
        "gradients",
        &Chart::new("")
            .x_label("epoch")
            .y_label("size of the gradient")
            .log_y()
            .y_range(1e-6, 10.0)
            .line_at("dense weight", &xs, &sizes(0))
            .line_at("sparse weight", &xs, &sizes(1)),
        "Sizes of both gradients by epoch, on a logarithmic axis. The dense weight's begins at 4 and falls in one epoch to 0.00002; the \
         sparse weight's begins at 0.06 and falls so slowly that its line is nearly level.",
        &format!("The sizes of the two gradients in gradient descent with rate {RATE}."),
    );
    let [dense, sparse] = descent.gradients[0].map(f64::abs);
    page.claim(
        dense > 30.0 * sparse && data.minimum[1] > data.minimum[0],
        format!(
            "At the start the dense weight's gradient is {:.0} times as large as the sparse one's ({dense:.2} and {sparse:.3}), though the \
             sparse weight has the longer way to go ({:.2} and {:.2}).",
            dense / sparse,
            data.minimum[1],
            data.minimum[0]
        ),
    );
    let [late_dense, late_sparse] = descent.gradients.get(LATER).map_or([f64::NAN; 2], |g| g.map(f64::abs));
    page.claim(
        late_dense < 0.02 * late_sparse && at(&descent.progress[1], LATER) < 0.5,
        format!(
            "After {LATER} epochs of gradient descent it is the other way round: the dense weight is done (its gradient is {}), \
             and the sparse one, with {late_sparse:.3}, has gone {:.0}% of its way.",
            three_digits(late_dense),
            100.0 * at(&descent.progress[1], LATER)
        ),
    );
    let curvatures = quadratic::curvatures(|w| data.loss(w), [0.0, 0.0])?;
    let rarity = ROWS as f64 / ONES as f64;
    page.claim(
        (curvatures.condition() / rarity - 1.0).abs() < 0.1,
        format!(
            "So the loss is an elongated bowl: the Hessian's eigenvalues are {:.3} and {:.4}, and the bowl is {:.0} times as steep along one \
             axis as along the other, as one row in {rarity:.0} has the feature.",
            curvatures.most,
            curvatures.least,
            curvatures.condition()
        ),
    );
    Ok(())
}

/// What each optimizer makes of the same two gradients.
fn first_updates(page: &mut Page, data: &Sparse, runs: &[Run]) -> Result<(), Box<dyn Error>> {
    page.heading("The first update");
    page.text(
        "All begin at 0 and see the same gradient. Adagrad divides each weight's gradient by the root of the sum of its squares, which \
         after one step is its own size. RMSProp and Adam do so with averages.",
    );
    page.formula(
        r"s_j \leftarrow s_j + g_j^2, \qquad w_j \leftarrow w_j - \frac{\eta}{\sqrt{s_j} + \varepsilon}\, g_j",
        "s j becomes s j plus g j squared, and w j becomes w j minus eta over the root of s j plus epsilon, times g j",
    );
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let [dense, sparse] = run.first_step();
            vec![
                run.name.to_owned(),
                format!("{dense:.4}"),
                format!("{sparse:.4}"),
                format!("{:.1}", dense / sparse),
            ]
        })
        .collect();
    page.table("The first update of each weight", &["", "dense", "sparse", "dense / sparse"], &rows);
    let bowl = grid(|w| data.loss(w), (-0.5, 4.0), (-0.5, 4.0))?;
    let mut chart = Chart::new("")
        .x_label("dense weight")
        .y_label("sparse weight")
        .size(520.0, 460.0)
        .equal_axes()
        .contours(&bowl, Levels::Log(9));
    for run in [&runs[0], &runs[1], &runs[3], &runs[5]] {
        let path = run.path.thinned();
        chart = chart.path(run.name, &path.xs(), &path.ys());
    }
    page.figure(
        "bowl",
        &chart.mark(data.minimum[0], data.minimum[1], "least"),
        "Contours of the loss: long upright ellipses. Gradient descent goes level to the valley and then straight up along it. Momentum does \
         so with swings to both sides. Adagrad and Adam set out along the diagonal.",
        &format!("The loss over the two weights, and the paths from 0 in {EPOCHS} epochs. A unit is as long on both axes."),
    );
    let ratios: Vec<f64> = runs.iter().map(|run| run.first_step()[0] / run.first_step()[1]).collect();
    page.claim(
        ratios[..3].iter().all(|ratio| *ratio > 30.0) && ratios[3..].iter().all(|ratio| (ratio - 1.0).abs() < 1e-3),
        format!(
            "Gradient descent, momentum and NAG move the dense weight {:.0} times as far as the sparse one, or more; Adagrad, RMSProp and \
             Adam move both alike.",
            ratios[..3].iter().copied().fold(f64::INFINITY, f64::min).floor()
        ),
    );
    Ok(())
}

/// Epochs, or a dash where there are not enough.
fn epochs(found: usize) -> String {
    if found == usize::MAX { "–".to_owned() } else { count(found) }
}

/// How long each weight takes.
fn pace(page: &mut Page, data: &Sparse, runs: &[Run]) {
    page.heading("The pace of both weights");
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let [dense, sparse] = run.halves();
            vec![run.name.to_owned(), epochs(dense), epochs(sparse), format!("{:.1}", run.lag())]
        })
        .collect();
    page.table("Epochs to half of the way", &["", "dense", "sparse", "sparse / dense"], &rows);
    let xs: Vec<f64> = (0..SHOWN).map(|epoch| epoch as f64).collect();
    let panel = |i: usize, title: &str| {
        let chart = Chart::new(title)
            .x_label("epoch")
            .y_label("part of the way, %")
            .y_range(0.0, 200.0)
            .size(460.0, 360.0)
            .h_line(100.0, "");
        [0, 1, 3, 4, 5].iter().fold(chart, |chart, &run| {
            let run: &Run = &runs[run];
            let percent: Vec<f64> = (0..SHOWN).map(|epoch| 100.0 * at(&run.progress[i], epoch)).collect();
            chart.line_at(run.name, &xs, &percent)
        })
    };
    page.figure(
        "pace",
        &Panels::row([panel(0, "Dense weight"), panel(1, "Sparse weight")]),
        "The part of its way that each weight has gone, by epoch. The dense weight: gradient descent is there after one epoch, Adagrad and RMSProp within 40, and momentum and Adam swing beyond and back. \
         The sparse weight: Adagrad, RMSProp and Adam are there after about 40 epochs; after 100 momentum has done nine tenths and gradient descent \
         two thirds.",
        "How far each weight has come, as a part of its way from 0 to the minimum (dashed).",
    );
    let lags: Vec<f64> = runs.iter().map(Run::lag).collect();
    page.claim(
        lags[..3].iter().all(|lag| *lag > 10.0) && lags[3..].iter().all(|lag| *lag <= 2.5),
        format!(
            "Until half of the way is done, the sparse weight takes {:.0} times as long as the dense one with gradient descent, {:.0} and \
             {:.0} times with momentum and NAG; with Adagrad, RMSProp and Adam {:.1}, {:.1} and {:.1} times. (Its way is {:.1} times as long.)",
            lags[0],
            lags[1],
            lags[2],
            lags[3],
            lags[4],
            lags[5],
            data.minimum[1] / data.minimum[0]
        ),
    );
    let [adagrad, descent] = [runs[3].halves()[1], runs[0].halves()[1]];
    page.claim(
        10 * adagrad <= descent && descent < EPOCHS,
        format!(
            "With the same rate {RATE}, Adagrad has gone half of the sparse weight's way after {} epochs, gradient descent after {}.",
            count(adagrad),
            count(descent)
        ),
    );
}
