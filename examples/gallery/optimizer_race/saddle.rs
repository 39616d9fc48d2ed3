//! Leaving a saddle.

use super::problems::Problem;
use super::racers::*;
use crate::page::Page;
use crate::shared::descent::descend;
use chainrule::plot::{Chart, Panels};
use std::error::Error;

/// Everyone's rate.
const RATE: f64 = 0.1;
/// The epochs that are drawn.
const SHOWN: usize = 60;
/// Left: this far from the ridge.
const OFF: f64 = 0.5;

pub fn section(page: &mut Page, saddle: &Problem) -> Result<(), Box<dyn Error>> {
    page.heading("Leaving a saddle");
    page.text(&format!(
        "A saddle is a minimum along one axis and a maximum along the other. Along the ridge y = 0 everything leads to it, and beside the ridge \
         the slope away is small. Everyone starts {} beside it, with the same rate {RATE}.",
        saddle.start[1]
    ));
    let shown = [GRADIENT_DESCENT, MOMENTUM_9, NAG, ADAGRAD, RMSPROP, ADAM];
    let mut map = saddle.chart("Saddle")?;
    let mut heights = Chart::new("From the ridge")
        .x_label("epoch")
        .y_label("|y|")
        .log_y()
        .size(420.0, 380.0)
        .h_line(OFF, "");
    let epochs: Vec<f64> = (0..=SHOWN).map(|epoch| epoch as f64).collect();
    for racer in shown {
        let path = descend(&saddle.loss, (racer.at)(RATE), saddle.start, SHOWN)?;
        map = map.path(racer.name, &path.xs(), &path.ys());
        let off: Vec<f64> = path.weight(1, SHOWN).into_iter().map(f64::abs).collect();
        heights = heights.line_at(racer.name, &epochs, &off);
    }
    page.figure(
        "saddle",
        &Panels::row([map, heights]),
        "Left: contours of the saddle. Gradient descent goes level to the middle and only then turns up to the minimum; Adagrad, RMSProp and Adam go up at \
         an angle from the start. Right: the distance from the ridge by epoch, logarithmic: gradient descent's grows on a straight line, the others' at once.",
        &format!("The paths in {SHOWN} epochs with rate {RATE}, and how far from the ridge they are. Dashed: {OFF}."),
    );
    let mut leaves = Vec::new();
    let mut stays = true;
    for racer in ALL {
        let path = descend(&saddle.loss, (racer.at)(RATE), saddle.start, saddle.budget)?;
        leaves.push(path.places.iter().position(|place| place[1].abs() > OFF).unwrap_or(usize::MAX));
        let ridge = descend(&saddle.loss, (racer.at)(RATE), [saddle.start[0], 0.0], saddle.budget)?;
        stays &= ridge.places.iter().all(|place| place[1] == 0.0);
    }
    // In the order of `ALL`: the first five scale with the gradient, the last five divide its size away.
    let (by_size, by_sign) = leaves.split_at(5);
    let (slow, fast) = (by_size.iter().min().unwrap_or(&0), by_sign.iter().max().unwrap_or(&0));
    page.claim(
        fast < slow && leaves[0] < usize::MAX,
        format!(
            "At a saddle the size of the gradient is no guide. Gradient descent is {OFF} off the ridge after {} epochs, momentum and NAG after {} to {}; Adagrad, RMSProp, Adam, AdamW and Lion, \
             which divide the size away, after {} to {fast}.",
            leaves[0],
            slow,
            by_size[1..].iter().max().unwrap_or(&0),
            by_sign.iter().min().unwrap_or(&0),
        ),
    );
    page.claim(
        stays,
        format!(
            "On the ridge itself the slope across it is exactly 0, and no optimizer leaves it: all ten still have y = 0 after {} \
             epochs.",
            saddle.budget
        ),
    );
    Ok(())
}
