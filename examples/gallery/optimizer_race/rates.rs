//! What the learning rate does: how many rates arrive, and what a constant one leaves at the end.

use super::problems::Problem;
use super::racers::*;
use crate::page::Page;
use crate::shared::descent::{Path, descend};
use crate::words::count;
use chainrule::optim;
use chainrule::plot::Chart;
use std::error::Error;

/// The rate with which the end is looked at.
const RATE: f64 = 0.1;
/// After so many epochs a schedule has brought the rate to 0.
const SCHEDULE: u64 = 200;

pub fn section(page: &mut Page, elongated: &Problem) -> Result<(), Box<dyn Error>> {
    page.heading("How choosy they are");
    page.text(
        "The epochs that each rate takes on the elongated bowl. A line ends where a rate does not arrive. An optimizer that divides by \
         the gradient's recent size takes steps of about the rate's length, however close the minimum is: it comes to rest only if its rate is \
         small, or falls.",
    );
    tolerance(page, elongated)?;
    rest(page, elongated)?;
    page.setting("rate of the look at the end", RATE);
    Ok(())
}

/// How many of the rates arrive at all.
fn tolerance(page: &mut Page, elongated: &Problem) -> Result<(), Box<dyn Error>> {
    let shown = [GRADIENT_DESCENT, MOMENTUM_9, NAG, ADAGRAD, RMSPROP, ADAM, LION];
    let mut arrivals = Vec::new();
    for racer in shown {
        let epochs = rates()
            .map(|rate| {
                let path = descend(&elongated.loss, (racer.at)(rate), elongated.start, elongated.budget)?;
                Ok(elongated.epochs(&path).map_or(f64::NAN, |epochs| epochs as f64))
            })
            .collect::<chainrule::Result<Vec<f64>>>()?;
        arrivals.push(epochs);
    }
    let tried: Vec<f64> = rates().collect();
    let chart = Chart::new("")
        .x_label("learning rate")
        .y_label("epochs to the minimum")
        .log_x()
        .log_y()
        .size(640.0, 400.0);
    let chart = shown
        .iter()
        .zip(&arrivals)
        .fold(chart, |chart, (racer, epochs)| chart.line_at(racer.name, &tried, epochs));
    page.figure(
        "rates",
        &chart,
        "Epochs against the learning rate, both logarithmic. Each optimizer has a line that falls as the rate grows and ends suddenly. Gradient descent's is short \
         and at the right, Lion's and RMSProp's are short and further left; Adam's is the longest, from 0.0075 to 10.",
        "Epochs to the minimum of the elongated bowl by learning rate.",
    );
    let counts: Vec<usize> =
        arrivals.iter().map(|epochs| epochs.iter().filter(|epochs| epochs.is_finite()).count()).collect();
    let quickest: Vec<f64> =
        arrivals.iter().map(|epochs| epochs.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    page.claim(
        quickest[3] < quickest[2] && quickest[2] < quickest[5] && counts[5] >= 3 * counts[0] && counts.iter().all(|&count| count <= counts[5]),
        format!(
            "What Adam wins is less speed than ease: on the elongated bowl Adagrad and NAG are quicker with their best rates, but Adam arrives with {} of the {RATES} rates, Adagrad and \
             momentum with {} and {}, gradient descent with {}, Lion with {}.",
            counts[5], counts[3], counts[1], counts[0], counts[6]
        ),
    );
    Ok(())
}

/// What a constant rate leaves at the end.
fn rest(page: &mut Page, elongated: &Problem) -> Result<(), Box<dyn Error>> {
    let minimum = elongated.minima[0];
    let off = |path: &Path| -> Result<[f64; 2], String> {
        let end = path.places.last().ok_or("the path has no end")?;
        Ok([end[0] - minimum[0], end[1] - minimum[1]])
    };
    let run = |optimizer: Boxed, steps: usize| descend(&elongated.loss, optimizer, elongated.start, steps);
    let hovering = run((RMSPROP.at)(RATE), elongated.budget)?;
    let scheduled = optim::cosine(SCHEDULE, 0.0);
    let calm = off(&run((RMSPROP.at)(RATE).schedule(scheduled), SCHEDULE as usize)?)?;
    let last: Vec<[f64; 2]> = hovering.places.iter().rev().take(100).copied().collect();
    let jumps = [0, 1].iter().all(|&i| {
        let off = |place: &[f64; 2]| place[i] - minimum[i];
        last.iter().all(|place| (off(place).abs() / (RATE / 2.0) - 1.0).abs() < 0.02)
            && last.windows(2).all(|pair| off(&pair[0]) * off(&pair[1]) < 0.0)
    });
    page.claim(
        jumps && calm.iter().all(|off| off.abs() < 1e-6),
        format!(
            "RMSProp with a constant rate does not rest: with rate {RATE}, in the last 100 of {} epochs both weights jump from one side of the \
             minimum to the other in each epoch, half a rate away. With a rate that falls to 0 in {SCHEDULE} epochs along a cosine it ends \
             within a millionth.",
            count(elongated.budget)
        ),
    );
    let adam = off(&run((ADAM.at)(RATE), elongated.budget)?)?;
    let adamw = off(&run((ADAMW.at)(RATE), elongated.budget)?)?;
    page.claim(
        adam.iter().all(|off| off.abs() < 1e-6) && adamw.iter().all(|&off| off < -1e-4),
        format!(
            "AdamW ends beside the minimum, by {:.4} and {:.4} towards 0 after {} epochs with rate {RATE}: weight decay pulls. Adam \
             is there to six digits.",
            -adamw[0],
            -adamw[1],
            count(elongated.budget)
        ),
    );
    Ok(())
}
