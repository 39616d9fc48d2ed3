//! Critical points: found by Newton's method, told apart by the eigenvalues of the Hessian.

use super::landscape::{Landscape, Local, Point};
use chainrule::Result;

/// What a critical point is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Both eigenvalues are positive.
    Minimum,
    /// Both are negative.
    Maximum,
    /// One of each sign.
    Saddle,
    /// One is 0, or both are: the second derivatives don't tell.
    Flat,
}

impl Kind {
    pub fn of([low, high]: [f64; 2]) -> Kind {
        const ZERO: f64 = 1e-9;
        match (low, high) {
            (low, _) if low > ZERO => Kind::Minimum,
            (_, high) if high < -ZERO => Kind::Maximum,
            (low, high) if low < -ZERO && high > ZERO => Kind::Saddle,
            _ => Kind::Flat,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Minimum => "minimum",
            Kind::Maximum => "maximum",
            Kind::Saddle => "saddle",
            Kind::Flat => "flat",
        }
    }
}

/// The critical points in the window that Newton's method finds from these starts, by what they are and then from the left.
pub fn critical(of: Landscape, starts: &[Point], steps: usize) -> Result<Vec<(Kind, Local)>> {
    let inside = |p: &Point| p.iter().all(|&c| (of.window.0..=of.window.1).contains(&c));
    let mut ends: Vec<Point> = of.newton(starts, steps)?.into_iter().filter(inside).collect();
    // Of those at one place, one.
    let place = |p: &Point| p.map(|c| (c * 1e6).round() as i64);
    ends.sort_by_key(place);
    ends.dedup_by_key(|p| place(p));
    let mut found: Vec<(Kind, Local)> = of
        .local(&ends)?
        .into_iter()
        .filter(|local| local.slope() < 1e-9)
        .map(|local| (Kind::of(local.curvatures), local))
        .collect();
    found.sort_by_key(|(kind, _)| *kind as usize);
    Ok(found)
}
