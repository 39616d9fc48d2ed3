//! A learned learning rate: the loss at the end of a training is differentiated by the rates with which its steps were made.
//!
//! Sources: Bengio, "Gradient-based optimization of hyperparameters", 2000; Maclaurin, Duvenaud and Adams, "Gradient-based
//! hyperparameter optimization through reversible learning", 2015; Metz et al., "Understanding and correcting pathologies in the training of learned
//! optimizers", 2019.

mod training;

use crate::page::Page;
use chainrule::optim::{self, Optimizer, Transform};
use chainrule::plot::{Chart, Panels};
use std::error::Error;
use training::{HIDDEN, IMAGES, OTHERS, STEPS, Training};

/// The rate to begin with.
const START: f64 = 0.01;
/// Rounds of learning one rate, and then one for each step.
const ROUNDS: usize = 100;
/// The rates of the grid search, from [`LOWEST`] to [`HIGHEST`] in equal ratios.
const RATES: usize = 121;
const LOWEST: f64 = 0.003;
const HIGHEST: f64 = 10.0;
/// The step of finite differences, in the logarithm of the rate.
const SMALL: f64 = 1e-5;
/// Trainings with other images and first weights.
const DRAWS: u64 = 20;

type Boxed = Optimizer<Box<dyn Transform>>;
type Named = (&'static str, fn() -> Boxed);

/// The optimizers whose rate is learned, with their names.
const OPTIMIZERS: [Named; 2] = [
    ("gradient descent", || optim::sgd(0.0).boxed()),
    ("momentum 0.9", || optim::heavy_ball(0.0, 0.9).boxed()),
];

/// What is learned with an optimizer.
struct Learned {
    name: &'static str,
    rates: Vec<f64>,
    /// The loss at the end, by rate.
    ends: Vec<f64>,
    /// The rate of each round, with the loss at the end.
    path: Vec<(f64, f64)>,
    /// The derivative by the logarithm of the rate at the start: the engine's, and by finite differences.
    slopes: [f64; 2],
    /// A rate for each step, learned from there on, with the loss at the end.
    schedule: (Vec<f64>, f64),
    /// The losses of other trainings with the learned rate and with the schedule.
    others: Vec<[f64; 2]>,
}

impl Learned {
    fn new((name, optimizer): Named, seed: u64) -> Result<Learned, Box<dyn Error>> {
        let mut training = Training::new(optimizer(), seed)?;
        let path = training.learn(&[START.ln()], ROUNDS)?;
        let one = path[path.len() - 1].0.clone();
        let more = training.learn(&[one[0]; STEPS], ROUNDS)?;
        let (each, end) = &more[more.len() - 1];
        let mut others = Vec::new();
        for draw in 0..DRAWS {
            let mut other = Training::new(optimizer(), seed + 1000 + draw)?;
            others.push([other.end(&one)?, other.end(each)?]);
        }
        let schedule = (each.iter().map(|log| log.exp()).collect(), *end);
        let path = path.iter().map(|(logs, end)| (logs[0].exp(), *end)).collect();
        let ratio = (HIGHEST / LOWEST).powf(1.0 / (RATES - 1) as f64);
        let rates: Vec<f64> = (0..RATES).map(|i| LOWEST * ratio.powi(i as i32)).collect();
        let ends = rates.iter().map(|rate| training.end(&[rate.ln()])).collect::<Result<_, _>>()?;
        let (_, slopes) = training.end_and_slopes(&[START.ln()])?;
        let [after, before] = [SMALL, -SMALL].map(|step| training.end(&[START.ln() + step]));
        let slopes = [slopes[0], (after? - before?) / (2.0 * SMALL)];
        Ok(Learned { name, rates, ends, path, slopes, schedule, others })
    }

    /// The learned rate, with the loss at the end.
    fn last(&self) -> (f64, f64) {
        self.path[self.path.len() - 1]
    }

    /// The best rate of the grid, with the loss at the end.
    fn best(&self) -> (f64, f64) {
        let all = self.rates.iter().copied().zip(self.ends.iter().copied());
        all.fold((f64::NAN, f64::INFINITY), |best, this| if this.1 < best.1 { this } else { best })
    }

    /// How many rates of the grid above the learned one are better than both neighbours.
    fn valleys(&self) -> usize {
        let low = |i: usize| self.ends[i] < self.ends[i - 1].min(self.ends[i + 1]);
        (1..RATES - 1).filter(|&i| self.rates[i - 1] > self.last().0 && low(i)).count()
    }

    /// The smallest and the largest rate of the schedule.
    fn range(&self) -> (f64, f64) {
        self.schedule
            .0
            .iter()
            .fold((f64::INFINITY, 0.0), |range, &rate| (range.0.min(rate), range.1.max(rate)))
    }

    /// The median of the other trainings' losses, with the learned rate or with the schedule.
    fn median(&self, which: usize) -> f64 {
        let mut losses: Vec<f64> = self.others.iter().map(|losses| losses[which]).collect();
        losses.sort_by(f64::total_cmp);
        losses[losses.len() / 2]
    }

    /// In how many of the other trainings the schedule is better than the learned rate.
    fn better(&self) -> usize {
        self.others.iter().filter(|[one, each]| each < one).count()
    }
}

pub fn section(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let [descent, momentum] = OPTIMIZERS;
    let all = [Learned::new(descent, seed)?, Learned::new(momentum, seed)?];
    page.heading("A learned learning rate");
    page.text(&format!(
        "An optimizer's step is made of the same operations as a model, so the engine can differentiate through it. Here {STEPS} \
         steps of a network `64 → {HIDDEN} → 10` on {IMAGES} images are recorded on one tape, with the loss on {OTHERS} other \
         images at their end. Its derivative by the learning rate `η` goes back through all steps, each of which has a gradient in \
         it. Then the rate is learned as weights are: by gradient descent, on its logarithm, from {START}. A step that does not \
         lower the loss is not taken, and the next one is shorter.",
    ));
    page.formula(
        r"w_{t+1} = w_t - \eta\, \nabla L(w_t), \qquad \log \eta \leftarrow \log \eta - \alpha\, \frac{\partial L_{\text{other}}(w_T)}{\partial \log \eta}",
        "w t plus 1 is w t minus eta times the gradient of L at w t; the logarithm of eta is lowered by alpha times \
         the derivative of the loss on other images at w T by the logarithm of eta",
    );
    one_rate(page, &all);
    a_rate_for_each_step(page, &all);
    page.setting(
        "learned rate",
        format!("{STEPS} steps on {IMAGES} digits, loss on {OTHERS} others, {ROUNDS} rounds"),
    );
    page.setting("grid search", format!("{RATES} rates from {LOWEST} to {HIGHEST}"));
    Ok(())
}

/// The loss by rate, and the way down.
fn one_rate(page: &mut Page, all: &[Learned; 2]) {
    let [descent, momentum] = all;
    let chart = |learned: &Learned| {
        let (rates, ends): (Vec<f64>, Vec<f64>) = learned.path.iter().copied().unzip();
        Chart::new(learned.name)
            .x_label("learning rate")
            .y_label(format!("loss after {STEPS} steps"))
            .log_x()
            .y_range(0.0, 4.0)
            .path("learned", &rates, &ends)
            .line_at("grid search", &learned.rates, &learned.ends)
    };
    page.figure(
        "learned-rate",
        &Panels::row([chart(descent), chart(momentum)]),
        &format!(
            "The loss at the end over the learning rate on a logarithmic axis, for gradient descent and for momentum. Both curves \
             are flat at first, fall to a valley near 1 and rise steeply; beyond 1 they are ragged. The learned rates start at \
             {START} and go down along the curves, to {:.2} and {:.2}.",
            descent.last().0,
            momentum.last().0
        ),
        "Cross-entropy on the other images at the end of the training. The line joins the rates of a grid search; the path has the \
         rates on the way to the learned one.",
    );
    page.claim(
        all.iter().all(|learned| (learned.slopes[0] / learned.slopes[1] - 1.0).abs() < 1e-6),
        format!(
            "The derivative through {STEPS} steps is right: at the start, {:.6} and {:.6}, it agrees with finite differences to a \
             millionth.",
            descent.slopes[0], momentum.slopes[0]
        ),
    );
    let fell = |learned: &Learned| (learned.path[0].1, learned.last().1);
    page.claim(
        all.iter().all(|l| l.last().0 > 10.0 * l.path[0].0 && l.last().1 < 0.6 * l.path[0].1),
        format!(
            "Learning raises the rate more than ten times and lowers the loss: from {:.2} to {:.2} with gradient descent, from \
             {:.2} to {:.2} with momentum.",
            fell(descent).0,
            fell(descent).1,
            fell(momentum).0,
            fell(momentum).1
        ),
    );
    let above = |learned: &Learned| learned.last().1 / learned.best().1 - 1.0;
    page.claim(
        above(momentum) < 0.01,
        format!(
            "With momentum the loss of the learned rate, {:.3}, is within 1% of that of the best of the {RATES} rates that a grid \
             search tries ({:.3}), or below it. It came there in {} steps.",
            momentum.last().0,
            momentum.best().0,
            momentum.path.len() - 1
        ),
    );
    page.claim(
        (0.02..0.5).contains(&above(descent)) && descent.best().0 > descent.last().0 && descent.valleys() > 2,
        format!(
            "Gradient descent's curve has {} more valleys to the right of the learned rate, whose loss is {:.0}% above the best of \
             the grid, in one of them, at {:.2}: a derivative sees no farther than its own valley.",
            descent.valleys(),
            100.0 * above(descent),
            descent.best().0
        ),
    );
}

/// As many rates as steps.
fn a_rate_for_each_step(page: &mut Page, all: &[Learned; 2]) {
    let [descent, momentum] = all;
    let digits = (STEPS as f64 * (RATES as f64).log10()) as usize + 1;
    page.text(&format!(
        "A grid of {RATES} values for one rate is {RATES} trainings; for {STEPS} rates their number would have {digits} digits. A \
         derivative by {STEPS} rates takes one backward pass, as one by a single rate does. So each step gets a rate of its own, \
         which is learned from where the single one ended."
    ));
    let steps: Vec<f64> = (1..=STEPS).map(|step| step as f64).collect();
    let chart = |learned: &Learned| {
        Chart::new(learned.name)
            .size(560.0, 300.0)
            .x_label("step")
            .y_label("learning rate")
            .y_range(0.0, 2.5)
            .line_at("one for each step", &steps, &learned.schedule.0)
            .line_at("one rate", &steps, &[learned.last().0; STEPS])
    };
    page.figure(
        "learned-schedule",
        &Panels::row([chart(descent), chart(momentum)]),
        &format!(
            "Learning rates over the steps from 1 to {STEPS}, beside the line of a single rate. Gradient descent's stay near it, \
             between {:.2} and {:.2}; momentum's go up and down without an order, between {:.2} and {:.2}.",
            descent.range().0,
            descent.range().1,
            momentum.range().0,
            momentum.range().1
        ),
        "The rate of each step, learned for this training, and the single rate that it was before.",
    );
    let spread = |learned: &Learned| learned.range().1 / learned.range().0;
    page.claim(
        spread(momentum) > 1.5 * spread(descent),
        format!(
            "Gradient descent's largest rate is {:.1} times its smallest, momentum's {:.1} times.",
            spread(descent),
            spread(momentum)
        ),
    );
    let row = |learned: &Learned| {
        let numbers = [learned.last().1, learned.schedule.1, learned.median(0), learned.median(1)];
        let cells = numbers.map(|loss| format!("{loss:.3}")).to_vec();
        [vec![learned.name.to_owned()], cells, vec![format!("{} of {DRAWS}", learned.better())]].concat()
    };
    page.table(
        &format!("Loss after {STEPS} steps: of the training that the rates were learned for, and the median of {DRAWS} with other \
         images and first weights"),
        &["", "one rate", "one for each step", "others, one rate", "others, one for each step", "better in"],
        &[row(descent), row(momentum)],
    );
    page.claim(
        all.iter().all(|learned| learned.schedule.1 < 0.99 * learned.last().1),
        format!(
            "For its own training the schedule is better than the single rate: by {:.0}% with gradient descent, by {:.0}% with \
             momentum.",
            100.0 * (1.0 - descent.schedule.1 / descent.last().1),
            100.0 * (1.0 - momentum.schedule.1 / momentum.last().1)
        ),
    );
    page.claim(
        2 * descent.better() > DRAWS as usize && descent.median(1) < descent.median(0),
        format!(
            "Gradient descent's schedule is better in {} of {DRAWS} other trainings too.",
            descent.better()
        ),
    );
    page.claim(
        2 * momentum.better() < DRAWS as usize && momentum.median(1) > momentum.median(0),
        format!(
            "Momentum's has learned its one training by heart: it is better in {} of {DRAWS} others. Rates overfit as weights do, \
             and need many trainings to learn from.",
            momentum.better()
        ),
    );
}
