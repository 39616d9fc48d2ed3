//! A local minimum: the lowest point all around, and not the lowest.

use super::critical::{Kind, critical};
use super::figures;
use super::landscape::{Local, Point, WELLS};
use super::sections::{near, number, place};
use super::{STARTS, STEPS, WALKERS};
use crate::page::Page;
use std::error::Error;

/// Gradient descent: its rate, its steps, and the starts that are drawn.
const RATE: f64 = 0.05;
const DESCENT: usize = 500;
const DRAWN: [Point; 2] = [[0.0, 1.5], [0.3, 1.5]];

pub fn show(page: &mut Page) -> Result<(), Box<dyn Error>> {
    let found = critical(WELLS, &WELLS.grid(STARTS), STEPS)?;
    let trails: Vec<Vec<Point>> =
        DRAWN.iter().map(|&start| WELLS.trail(start, RATE, DESCENT)).collect::<Result<_, _>>()?;
    page.figure(
        "wells",
        &figures::wells(WELLS, &found, &trails)?,
        "Left: along x, at y = 0, the value falls into a valley near x = −1.06, rises over a hump near 0.13, and falls into another, \
         higher valley near 0.93. Right: contours with both valleys and the saddle between them. Two paths begin side by side at \
         y = 1.5; one turns left and ends in the deeper valley, the other turns right and ends in the higher one.",
        "A function with two valleys, as a slice and as contours, and gradient descent from two neighbouring places.",
    );
    let of = |kind: Kind| found.iter().filter(|(k, _)| *k == kind).map(|(_, at)| *at).collect::<Vec<Local>>();
    let (minima, saddles) = (of(Kind::Minimum), of(Kind::Saddle));
    let ([deep, high], [saddle]) = (&minima[..], &saddles[..]) else {
        return Err(
            format!("two minima and a saddle were expected, and {} points were found", found.len()).into()
        );
    };
    page.claim(
        found.len() == 3 && deep.value < 0.0 && high.value > 0.4 && high.curvatures[0] > 1.0,
        format!(
            "At {} f is {}, and at {} it is {}. The second is a minimum by all that derivatives say of it: the gradient is 0 and the \
             eigenvalues, {} and {}, are positive. That the first is lower, they do not say.",
            place(deep.at, 2),
            number(deep.value, 2),
            place(high.at, 2),
            number(high.value, 2),
            number(high.curvatures[0], 1),
            number(high.curvatures[1], 1)
        ),
    );
    let starts = WELLS.grid(WALKERS);
    let ends = WELLS.descend(&starts, RATE, DESCENT)?;
    let (mut left, mut right, mut astray) = (0, 0, 0);
    for (start, end) in starts.iter().zip(ends) {
        if start[0] < saddle.at[0] && near(end, deep.at, 1e-6) {
            left += 1;
        } else if start[0] > saddle.at[0] && near(end, high.at, 1e-6) {
            right += 1;
        } else {
            astray += 1;
        }
    }
    page.claim(
        astray == 0 && left > 0 && right > 0,
        format!(
            "The start decides: of {} starts, all {left} to the left of the saddle, at x = {}, end in the deeper valley, and all {right} to \
             the right of it in the other. Gradient descent finds a minimum, not the lowest.",
            starts.len(),
            number(saddle.at[0], 2)
        ),
    );
    Ok(())
}
