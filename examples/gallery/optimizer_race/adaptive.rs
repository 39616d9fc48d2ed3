//! Adagrad slows down for good; RMSProp forgets.

use super::problems::Problem;
use super::racers::*;
use crate::page::Page;
use crate::shared::descent::{Path, at, descend_watching};
use crate::shared::quadratic;
use crate::words::{count, three_digits};
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::error::Error;

/// Everyone's rate on the elongated bowl.
const RATE: f64 = 0.1;
/// Everyone's rate in Rosenbrock's valley.
const VALLEY_RATE: f64 = 0.01;
/// Near: within this part of the way.
const NEAR: f64 = 0.05;

/// A run of which the divisor was watched.
struct Watched {
    path: Path,
    /// What the gradient of the dense weight is multiplied by in each epoch: `η/√s`.
    effective: Vec<f64>,
}

/// Adagrad's or RMSProp's run, with the memory `s` of this name, times `share`.
fn watched(
    problem: &Problem,
    racer: Racer,
    rate: f64,
    memory: &str,
    share: f64,
) -> chainrule::Result<Watched> {
    let mut effective = Vec::new();
    let path = descend_watching(&problem.loss, (racer.at)(rate), problem.start, problem.budget, |params| {
        let s = params.get(memory).map_or(Ok(f64::NAN), |s: &Tensor| s.as_slice::<f64>().map(|s| s[0]))?;
        effective.push(rate / (s * share).sqrt());
        Ok(())
    })?;
    Ok(Watched { path, effective })
}

pub fn section(page: &mut Page, elongated: &Problem, valley: &Problem) -> Result<(), Box<dyn Error>> {
    let adagrad = watched(elongated, ADAGRAD, RATE, "optim.adagrad.s.w", 1.0)?;
    // RMSProp's memory is the average without its factor 1 - α.
    let rmsprop = watched(elongated, RMSPROP, RATE, "optim.rmsprop.s.w", 0.1)?;
    let left = |problem: &Problem, path: &Path| -> Vec<f64> {
        path.distances(&problem.minima).iter().map(|distance| distance / problem.length()).collect()
    };
    let (slow, quick) = (left(elongated, &adagrad.path), left(elongated, &rmsprop.path));
    let near = |left: &[f64]| left.iter().position(|&left| left < NEAR).unwrap_or(usize::MAX);

    page.heading("Adagrad slows down, RMSProp forgets");
    page.text(&format!(
        "Adagrad's divisor only grows, so the rate with which it really goes, `η/√s`, only falls. RMSProp's divisor follows the gradient \
         down. Both with rate {RATE} on the elongated bowl: how much of the way is left, and the effective rate of the dense weight."
    ));
    let adagrad_there = watched(valley, ADAGRAD, VALLEY_RATE, "optim.adagrad.s.w", 1.0)?;
    let rmsprop_there = watched(valley, RMSPROP, VALLEY_RATE, "optim.rmsprop.s.w", 0.1)?;
    let mut panels = Vec::new();
    for (problem, runs, shown) in
        [(elongated, [&adagrad, &rmsprop], 300), (valley, [&adagrad_there, &rmsprop_there], valley.budget)]
    {
        let drawn: Vec<usize> = (1..=shown).filter(|epoch| *epoch < 300 || epoch % 10 == 0).collect();
        let xs: Vec<f64> = drawn.iter().map(|&epoch| epoch as f64).collect();
        let chart =
            |title: String, label: &str| Chart::new(title).x_label("epoch").y_label(label).size(480.0, 320.0);
        let mut way =
            chart(format!("{}: way left", problem.name), "part of the way left, %").y_range(0.0, 100.0);
        let mut rate = chart(format!("{}: effective rate", problem.name), "η/√s of the first weight").log_y();
        for (name, run) in ["Adagrad", "RMSProp"].into_iter().zip(runs) {
            let left = left(problem, &run.path);
            way = way.line_at(
                name,
                &xs,
                &drawn.iter().map(|&epoch| 100.0 * at(&left, epoch)).collect::<Vec<f64>>(),
            );
            rate = rate.line_at(
                name,
                &xs,
                &drawn.iter().map(|&epoch| at(&run.effective, epoch - 1)).collect::<Vec<f64>>(),
            );
        }
        panels.extend([way, rate]);
    }
    page.figure(
        "forgetting",
        &Panels::grid(2, panels),
        "Two rows of two charts. On the elongated bowl, RMSProp's way left falls straight to nearly 0 within 35 epochs, Adagrad's ever more slowly; Adagrad's \
         effective rate falls and levels out, RMSProp's rises and then is level. In Rosenbrock's valley Adagrad's way left stays near 92%, RMSProp's falls to 3%.",
        "The distance to the minimum, and what the gradient of the first weight is multiplied by, for Adagrad and RMSProp with the same rate.",
    );
    page.claim(
        adagrad.effective.is_sorted_by(|a, b| a >= b)
            && near(&slow) > 10 * near(&quick)
            && at(&slow, near(&quick)) > 0.5,
        format!(
            "RMSProp is within {:.0}% of the way after {} epochs, when Adagrad has {:.0}% left; Adagrad needs {}.",
            100.0 * NEAR,
            count(near(&quick)),
            100.0 * at(&slow, near(&quick)),
            count(near(&slow))
        ),
    );
    page.claim(
        at(&slow, 1000) < 0.03 && at(&slow, 300) > 0.1 && at(&slow, 100) > 0.3,
        format!(
            "It is a slow end, not a stop: Adagrad has {:.0}% of the way left after 100 epochs, {:.0}% after 300, {:.1}% after 1,000.",
            100.0 * at(&slow, 100),
            100.0 * at(&slow, 300),
            100.0 * at(&slow, 1000)
        ),
    );

    // A step of the rate 2/λ leads to the mirrored place: no larger one comes nearer.
    let limit = 2.0 / quadratic::curvatures(&elongated.loss, elongated.start)?.most;
    let nearest = quick.iter().copied().fold(f64::INFINITY, f64::min);
    let thrown = rmsprop.effective.iter().position(|&rate| rate > limit).unwrap_or(usize::MAX);
    let after = quick.iter().copied().skip(thrown).fold(0.0, f64::max);
    let end = at(&rmsprop.effective, elongated.budget - 1);
    page.claim(
        nearest < 1e-6 && thrown < elongated.budget && after > 0.02 && (end / limit - 1.0).abs() < 0.02,
        format!(
            "RMSProp forgets too much: it comes within a millionth of the way, and as the gradient vanishes, its effective rate rises above 2/λ₁ = {limit:.2} at \
             epoch {thrown}, from where a step leads up the other side. It is thrown back to {:.1}% of the way and stays at that limit: {end:.2}.",
            100.0 * after
        ),
    );

    let (slow, quick) = (left(valley, &adagrad_there.path), left(valley, &rmsprop_there.path));
    let rise = [0, valley.budget - 1].map(|epoch| at(&rmsprop_there.effective, epoch));
    let (first, last) = (at(&adagrad_there.effective, 0), at(&adagrad_there.effective, valley.budget - 1));
    page.claim(
        at(&slow, valley.budget) > 0.85 && at(&quick, valley.budget) < 0.1,
        format!(
            "In Rosenbrock's valley the first gradients, down the wall, are large, and Adagrad never forgets them: with rate {VALLEY_RATE} \
             it has {:.0}% of the way left after {} epochs, and RMSProp {:.0}%.",
            100.0 * at(&slow, valley.budget),
            count(valley.budget),
            100.0 * at(&quick, valley.budget)
        ),
    );
    page.claim(
        rise[1] > 3.0 * rise[0] && adagrad_there.effective.is_sorted_by(|a, b| a >= b),
        format!(
            "RMSProp's effective rate rises there as the slope falls, from {} to {}; Adagrad's only falls, from {} to {}.",
            three_digits(rise[0]),
            three_digits(rise[1]),
            three_digits(first),
            three_digits(last)
        ),
    );
    page.setting("rate of Adagrad and RMSProp", format!("{RATE}, in Rosenbrock's valley {VALLEY_RATE}"));
    Ok(())
}
