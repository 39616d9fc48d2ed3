//! Momentum overshoots and oscillates; NAG brakes.

use super::problems::{Problem, WITHIN};
use super::racers::*;
use crate::page::Page;
use crate::shared::descent::{Path, descend};
use crate::words::count;
use chainrule::plot::{Chart, Panels};
use std::error::Error;

/// Everyone's rate.
const RATE: f64 = 0.2;
/// The epochs to be drawn.
const SHOWN: usize = 60;

/// How a weight swings about its best value.
pub struct Swing {
    /// The farthest beyond it, as a part of the distance at the start.
    pub overshoot: f64,
    /// How often it goes from one side to the other, while more than [`WITHIN`] of the distance away.
    pub crossings: usize,
    /// From which epoch on it stays within [`WITHIN`].
    pub rests: usize,
}

impl Swing {
    /// Of the weight number `axis` along a path, about `best`.
    pub fn of(path: &Path, axis: usize, best: f64) -> Swing {
        let way = best - path.places[0][axis];
        let beyond: Vec<f64> = path.places.iter().map(|place| (place[axis] - best) / way).collect();
        let sides: Vec<bool> = beyond.iter().filter(|b| b.abs() > WITHIN).map(|&b| b > 0.0).collect();
        Swing {
            overshoot: beyond.iter().copied().fold(0.0, f64::max),
            crossings: sides.windows(2).filter(|pair| pair[0] != pair[1]).count(),
            rests: beyond.iter().rposition(|b| !(..=WITHIN).contains(&b.abs())).map_or(0, |last| last + 1),
        }
    }
}

pub fn section(page: &mut Page, elongated: &Problem) -> Result<(), Box<dyn Error>> {
    let racers = [GRADIENT_DESCENT, MOMENTUM_5, MOMENTUM_8, MOMENTUM_9, NAG];
    let best = elongated.minima[0][0];
    let mut paths = Vec::new();
    for racer in racers {
        paths.push(descend(&elongated.loss, (racer.at)(RATE), elongated.start, elongated.budget)?);
    }
    let swings: Vec<Swing> = paths.iter().map(|path| Swing::of(path, 0, best)).collect();

    page.heading("Momentum overshoots, NAG brakes");
    page.text(&format!(
        "The elongated bowl again, and for all the same rate {RATE}. The weight of the dense feature is the steep direction. Its \
         *overshoot* is the farthest that it goes beyond its best value, as a part of its way there; a *crossing* is a change of side while \
         it is more than {:.0}% of the way off. In the long run no rate makes momentum shrink the distance to a minimum faster than by the factor √β an epoch \
         (Polyak, 1964), however round the bowl: what it remembers has to be forgotten first.",
        100.0 * WITHIN
    ));
    let rows: Vec<Vec<String>> = racers
        .iter()
        .zip(&swings)
        .zip(&paths)
        .map(|((racer, swing), path)| {
            let whole = elongated.epochs(path).map_or("–".to_owned(), count);
            vec![
                racer.name.to_owned(),
                format!("{:.0}%", 100.0 * swing.overshoot),
                swing.crossings.to_string(),
                swing.rests.to_string(),
                whole,
            ]
        })
        .collect();
    page.table(
        "The steep weight, and both; – where they do not rest in time",
        &["", "overshoot", "crossings", "epochs until the steep weight rests", "epochs until both do"],
        &rows,
    );
    let epochs: Vec<f64> = (0..=SHOWN).map(|epoch| epoch as f64).collect();
    let panel = |title: &str, shown: &[usize]| {
        let chart = Chart::new(title)
            .x_label("epoch")
            .y_label("steep weight")
            .y_range(0.0, 4.0)
            .size(480.0, 360.0)
            .h_line(best, "");
        shown
            .iter()
            .fold(chart, |chart, &i| chart.line_at(racers[i].name, &epochs, &paths[i].weight(0, SHOWN)))
    };
    page.figure(
        "overshoot",
        &Panels::row([panel("More memory", &[0, 1, 2, 3]), panel("A look ahead", &[3, 4])]),
        "The steep weight by epoch. Left: gradient descent rises to its best value and stays; with decay 0.5 it goes a little beyond, with 0.8 and \
         0.9 it swings about it with ever larger amplitude and for ever longer. Right: momentum 0.9 swings for sixty epochs, NAG goes beyond, swings back once and \
         is at rest after fifteen.",
        &format!("The weight of the dense feature, all with rate {RATE}. Dashed: its best value."),
    );
    page.claim(
        swings[..4].is_sorted_by(|a, b| a.overshoot < b.overshoot && a.crossings < b.crossings)
            && swings[0].overshoot < 0.03,
        format!(
            "The longer the memory, the farther it carries: the overshoot is {:.0}%, {:.0}% and {:.0}% of the way with decay 0.5, 0.8 \
             and 0.9, with {}, {} and {} crossings. Gradient descent goes less than 3% beyond.",
            100.0 * swings[1].overshoot,
            100.0 * swings[2].overshoot,
            100.0 * swings[3].overshoot,
            swings[1].crossings,
            swings[2].crossings,
            swings[3].crossings
        ),
    );
    let (momentum, nag) = (&swings[3], &swings[4]);
    page.claim(
        nag.overshoot < 0.75 * momentum.overshoot
            && 2 * nag.crossings < momentum.crossings
            && 2 * nag.rests < momentum.rests,
        format!(
            "NAG feels the slope ahead and brakes: with the same decay 0.9 and the same rate, the place ahead overshoots by {:.0}% instead of {:.0}%, \
             crosses {} times instead of {}, and its steep weight rests after {} epochs instead of {}.",
            100.0 * nag.overshoot,
            100.0 * momentum.overshoot,
            nag.crossings,
            momentum.crossings,
            nag.rests,
            momentum.rests
        ),
    );
    let both: Vec<usize> =
        paths[3..].iter().map(|path| elongated.epochs(path).unwrap_or(usize::MAX)).collect();
    page.claim(
        both[1] < both[0],
        format!(
            "Both weights are at rest after {} epochs with NAG and {} with momentum: along the flat direction, where there is little to \
             brake, the two differ less.",
            count(both[1]),
            count(both[0])
        ),
    );
    page.setting("rate of momentum's overshoot", RATE);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swing_is_measured_beyond_the_best_value() {
        // From 0 to 4: beyond by 2, short by 1, and 0.02 off, which counts as there.
        let places = [0.0, 6.0, 3.0, 4.02, 3.98].map(|x| [x, 7.0]).to_vec();
        let swing = Swing::of(&Path { places, losses: Vec::new() }, 0, 4.0);
        assert_eq!((swing.overshoot, swing.crossings, swing.rests), (0.5, 2, 3));
    }
}
