//! How far to go in a direction.

use super::objective::{Objective, Place, add, dot, largest};
use chainrule_tape::Result;

/// A step is long enough if the slope has fallen to this part of its first value, and not too long if the loss has fallen by
/// this part of what the first slope promised.
const FLATTER: f64 = 0.9;
const LOWER: f64 = 1e-4;

/// A point on the line.
#[derive(Clone)]
struct Point {
    t: f64,
    slope: f64,
    place: Place,
}

/// A step along `direction` that meets the strong Wolfe conditions, or comes close to it in `most` evaluations; its first
/// length to be tried is `t`. Gives the length and the place. The direction must lead downwards.
///
/// A bracket is moved outwards until it holds such a step, and then made smaller around it, by the minima of cubic
/// polynomials. A loss that is not finite counts as too large.
///
/// Source: Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6 and equation 3.59.
pub(super) fn strong_wolfe(
    objective: &mut Objective<'_>,
    from: &Place,
    direction: &[f64],
    t: f64,
    most: usize,
    tolerance: f64,
) -> Result<(f64, Place)> {
    let start = Point { t: 0.0, slope: dot(&from.gradient, direction), place: from.clone() };
    let mut look = |t: f64| -> Result<Point> {
        let mut x = from.x.clone();
        add(&mut x, t, direction);
        let place = objective.at(x)?;
        Ok(Point { t, slope: dot(&place.gradient, direction), place })
    };
    let too_high = |point: &Point| {
        let bound = start.place.loss + LOWER * point.t * start.slope;
        point.place.loss.is_nan() || point.place.loss > bound
    };
    let flat = |point: &Point| point.slope.abs() <= -FLATTER * start.slope;

    // Outwards.
    let (mut last, mut now) = (start.clone(), look(t)?);
    let mut steps = 0;
    let mut bracket = loop {
        if steps == most {
            break [start.clone(), now];
        }
        if too_high(&now) || (steps > 1 && now.place.loss >= last.place.loss) {
            break [last, now];
        }
        if flat(&now) {
            return Ok((now.t, now.place));
        }
        if now.slope >= 0.0 {
            break [last, now];
        }
        let further = (now.t + 0.01 * (now.t - last.t), now.t * 10.0);
        let t = lowest(&last, &now, further);
        last = std::mem::replace(&mut now, look(t)?);
        steps += 1;
    };

    // Inwards.
    let order = |bracket: &[Point; 2]| {
        if bracket[1].place.loss < bracket[0].place.loss { (1, 0) } else { (0, 1) }
    };
    let (mut low, mut high) = order(&bracket);
    let mut stuck = false;
    while steps < most {
        let ends = (bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t));
        if (ends.1 - ends.0) * largest(direction) < tolerance {
            break;
        }
        let mut t = lowest(&bracket[0], &bracket[1], ends);
        // What is close to an end twice, or on it, makes too little progress.
        let margin = 0.1 * (ends.1 - ends.0);
        if (ends.1 - t).min(t - ends.0) < margin {
            if stuck || t >= ends.1 || t <= ends.0 {
                t = if (t - ends.1).abs() < (t - ends.0).abs() { ends.1 - margin } else { ends.0 + margin };
                stuck = false;
            } else {
                stuck = true;
            }
        } else {
            stuck = false;
        }
        let now = look(t)?;
        steps += 1;
        if too_high(&now) || now.place.loss >= bracket[low].place.loss {
            bracket[high] = now;
            (low, high) = order(&bracket);
            continue;
        }
        let done = flat(&now);
        if !done && now.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = now;
        if done {
            break;
        }
    }
    let [a, b] = bracket;
    let found = if low == 0 { a } else { b };
    Ok((found.t, found.place))
}

/// Where the cubic polynomial through two points, with their slopes, has its minimum, within these bounds; their middle if it
/// has none.
fn lowest(a: &Point, b: &Point, (least, most): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d = a.slope + b.slope - 3.0 * (a.place.loss - b.place.loss) / (a.t - b.t);
    let square = d * d - a.slope * b.slope;
    if square.is_nan() || square < 0.0 {
        return (least + most) / 2.0;
    }
    let root = square.sqrt();
    let t = b.t - (b.t - a.t) * ((b.slope + root - d) / (b.slope - a.slope + 2.0 * root));
    if t.is_nan() { (least + most) / 2.0 } else { t.max(least).min(most) }
}
