//! Range, order of continuity and monotony of a curve, measured.

use super::curve::Curve;
use super::interval::{Interval, Union};
use super::kinks::{self, Jump, pieces};
use super::{NEAR, STEP};
use crate::words::raised;
use chainrule::Result;
use std::fmt;

/// What the table says of an activation.
#[derive(Clone, Debug)]
pub struct Properties {
    pub curve: Curve,
    /// The values of the function.
    pub range: Union,
    /// The values of its derivative.
    pub slopes: Union,
    /// The jumps of each order of derivative, from the function itself.
    pub jumps: Vec<Vec<Jump>>,
    pub direction: Direction,
    /// Where the function is flat between falling and rising, and its values there.
    pub turns: Vec<(f64, f64)>,
}

/// Which way a function goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Rising,
    NeverFalling,
    Falling,
    NeverRising,
    Both,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Rising => "rising",
            Direction::NeverFalling => "never falling",
            Direction::Falling => "falling",
            Direction::NeverRising => "never rising",
            Direction::Both => "no",
        })
    }
}

impl Properties {
    pub fn of(curve: Curve) -> Result<Properties> {
        let jumps = kinks::jumps(curve)?;
        let turns = turns(curve, 0)?;
        Ok(Properties {
            range: range(curve, 0, &jumps[0])?,
            slopes: range(curve, 1, &jumps[1])?,
            direction: direction(curve, &jumps[0], &turns)?,
            jumps,
            turns,
            curve,
        })
    }

    /// The lowest order of derivative that jumps, 0 for the function itself; none if none does, as far as was looked.
    pub fn rough(&self) -> Option<usize> {
        self.jumps.iter().position(|jumps| !jumps.is_empty())
    }

    /// The order of continuity: `C⁰` if the function is continuous and its derivative is not, and so on.
    pub fn order(&self) -> String {
        match self.rough() {
            None => "C∞".to_owned(),
            Some(0) => "jumps".to_owned(),
            Some(order) => format!("C{}", raised(&(order - 1).to_string())),
        }
    }

    /// Where the lowest order that jumps does so.
    pub fn places(&self) -> Vec<f64> {
        self.rough().map_or(Vec::new(), |order| self.jumps[order].iter().map(Jump::place).collect())
    }
}

/// The grid where `|x|` is at most [`NEAR`].
fn near() -> Vec<f64> {
    kinks::grid().into_iter().filter(|x| x.abs() <= NEAR).collect()
}

/// Where the derivative after this one changes its sign near 0, and the values there.
fn turns(curve: Curve, order: usize) -> Result<Vec<(f64, f64)>> {
    const PIECES: usize = 1000;
    let xs = near();
    let slopes = &curve.derivatives(&xs, order + 1)?[order + 1];
    let mut cells: Vec<(f64, f64)> =
        (0..xs.len() - 1).filter(|&i| slopes[i] * slopes[i + 1] < 0.0).map(|i| (xs[i], xs[i + 1])).collect();
    for _ in 0..3 {
        for cell in &mut cells {
            let points: Vec<f64> = pieces(*cell, PIECES).collect();
            let slopes = &curve.derivatives(&points, order + 1)?[order + 1];
            if let Some(i) = (0..PIECES).find(|&i| slopes[i] * slopes[i + 1] <= 0.0) {
                *cell = (points[i], points[i + 1]);
            }
        }
    }
    let places: Vec<f64> = cells.iter().map(|&(a, b)| (a + b) / 2.0).collect();
    let values = curve.derivatives(&places, order)?.swap_remove(order);
    // Rounding makes -10⁻¹⁶ of the 0 at the bottom of a square.
    let settled = |y: f64| if y.abs() < 1e-13 { 0.0 } else { y };
    Ok(places.into_iter().zip(values.into_iter().map(settled)).collect())
}

/// The values of a derivative, from the images of its continuous pieces. An end that is reached near 0 belongs to the image, one
/// that is only approached far away does not, and where values far away keep growing there is none.
fn range(curve: Curve, order: usize, jumps: &[Jump]) -> Result<Union> {
    let mut near: Vec<(f64, f64)> = {
        let beside = |x: f64| jumps.iter().any(|jump| (x - jump.place()).abs() < 2.0 * STEP);
        let mut xs = kinks::grid();
        xs.retain(|&x| x.abs() <= NEAR || beside(x));
        let values = curve.derivatives(&xs, order)?.swap_remove(order);
        xs.into_iter().zip(values).chain(turns(curve, order)?).collect()
    };
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut images = Vec::new();
    for i in 0..=jumps.len() {
        let (before, after) = (i.checked_sub(1).map(|i| jumps[i]), jumps.get(i).copied());
        let (from, to) = (
            before.map_or(f64::NEG_INFINITY, |jump| jump.sides.1),
            after.map_or(f64::INFINITY, |jump| jump.sides.0),
        );
        let mut image = Image::default();
        near.iter().filter(|(x, _)| (from..=to).contains(x)).for_each(|&(_, y)| image.reaches(y));
        // The end of a piece belongs to it if the value right there goes on from its side.
        for (jump, value) in [(before, before.map(|j| j.values.1)), (after, after.map(|j| j.values.0))] {
            let (Some(jump), Some(value)) = (jump, value) else { continue };
            let there = curve.derivatives(&[jump.place()], order)?[order][0];
            let near_value = (there - value).abs() < 1e-9 * (1.0 + value.abs());
            if near_value { image.reaches(there) } else { image.approaches(value) }
        }
        for (side, open) in [(-1.0, before.is_none()), (1.0, after.is_none())] {
            if open {
                image.far(&curve.derivatives(&far(side), order)?[order]);
            }
        }
        images.push(image.interval());
    }
    Ok(Union::of(images))
}

/// From ±10 to ±10¹⁵, by a ratio that meets no wave twice in the same phase.
fn far(side: f64) -> Vec<f64> {
    (0..3000).map(|i| side * 10f64.powf(1.0 + 14.0 * f64::from(i) / 2999.3)).collect()
}

/// The least and the largest value that was reached, and of those that were only approached.
struct Image {
    reached: (f64, f64),
    approached: (f64, f64),
}

impl Default for Image {
    fn default() -> Self {
        let nothing = (f64::INFINITY, f64::NEG_INFINITY);
        Image { reached: nothing, approached: nothing }
    }
}

impl Image {
    fn reaches(&mut self, y: f64) {
        self.reached = (self.reached.0.min(y), self.reached.1.max(y));
    }

    fn approaches(&mut self, y: f64) {
        self.approached = (self.approached.0.min(y), self.approached.1.max(y));
    }

    /// The values at [`far`] points: those of the last fifth are the limit, unless they are far above those of the second.
    fn far(&mut self, values: &[f64]) {
        let fifth = values.len() / 5;
        let bounds = |part: &[f64]| {
            part.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |b, &y| (b.0.min(y), b.1.max(y)))
        };
        let (second, last) = (bounds(&values[fifth..2 * fifth]), bounds(&values[4 * fifth..]));
        // What fades as 1/x is 10⁻¹² at 10¹².
        let settled = |y: f64| if y.abs() < 1e-11 { 0.0 } else { y };
        let last = (settled(last.0), settled(last.1));
        let grows = |early: f64, late: f64| late > 100.0 * (1.0 + early.abs());
        self.approaches(if grows(second.0, -last.0) { f64::NEG_INFINITY } else { last.0 });
        self.approaches(if grows(second.1, last.1) { f64::INFINITY } else { last.1 });
    }

    fn interval(&self) -> Interval {
        // A difference of the size of rounding is none.
        let beyond = |approached: f64, reached: f64| {
            let rounding =
                if approached == 0.0 || !reached.is_finite() { 0.0 } else { 1e-10 * (1.0 + reached.abs()) };
            approached > reached + rounding
        };
        let (reached, approached) = (self.reached, self.approached);
        let low_closed = !beyond(-approached.0, -reached.0);
        let high_closed = !beyond(approached.1, reached.1);
        Interval {
            low: if low_closed { reached.0 } else { approached.0 },
            high: if high_closed { reached.1 } else { approached.1 },
            low_closed,
            high_closed,
        }
    }
}

/// Which way the function goes from each point of the grid to the next; both sides of every jump are among them.
fn direction(curve: Curve, jumps: &[Jump], turns: &[(f64, f64)]) -> Result<Direction> {
    let mut xs = kinks::grid();
    xs.extend(jumps.iter().flat_map(|jump| [jump.sides.0, jump.sides.1]));
    xs.extend(turns.iter().map(|turn| turn.0));
    xs.sort_by(f64::total_cmp);
    let y = curve.derivatives(&xs, 0)?.swap_remove(0);
    let (mut rises, mut falls, mut rests) = (false, false, false);
    for (x, y) in xs.windows(2).zip(y.windows(2)) {
        let change = y[1] - y[0];
        // Further out, a function that rises for ever, as the sigmoid, does so by less than a rounding.
        rests |= change == 0.0 && x[0].abs() <= NEAR && x[1].abs() <= NEAR && x[1] - x[0] > 1e-6;
        rises |= change > 1e-13 * y[0].abs();
        falls |= -change > 1e-13 * y[0].abs();
    }
    Ok(match (rises, falls, rests) {
        (true, false, false) => Direction::Rising,
        (true, false, true) => Direction::NeverFalling,
        (false, true, false) => Direction::Falling,
        (false, true, true) => Direction::NeverRising,
        _ => Direction::Both,
    })
}
