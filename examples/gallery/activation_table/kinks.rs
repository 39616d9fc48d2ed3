//! Where a derivative jumps, found by comparing it with the next one.
//!
//! Between neighbours `a < b` of a grid, a smooth `g` changes by the integral of `g′`, which the trapezoid gives up to
//! `(b - a)³`. What is left is small and vanishes under magnification; the left-over of a jump stays as large as the jump.

use super::curve::Curve;
use super::{FROM, HIGHEST, STEP, TO};
use chainrule::Result;

/// A place where a derivative (or the function itself, of order 0) jumps: the numbers on both sides of it, and the values there.
#[derive(Clone, Copy, Debug)]
pub struct Jump {
    pub sides: (f64, f64),
    pub values: (f64, f64),
}

impl Jump {
    /// The place, to nine decimals.
    pub fn place(&self) -> f64 {
        (self.sides.0 * 1e9).round() / 1e9 + 0.0 // (not -0)
    }

    pub fn size(&self) -> f64 {
        (self.values.1 - self.values.0).abs()
    }
}

/// The grid on which everything is looked for; it is shifted, so that no point is a place where a formula changes.
pub fn grid() -> Vec<f64> {
    let count = ((TO - FROM) / STEP) as usize;
    (0..count).map(|i| FROM + (i as f64 + 0.377) * STEP).collect()
}

/// The jumps of the derivatives up to [`HIGHEST`], of each order on its own.
pub fn jumps(curve: Curve) -> Result<Vec<Vec<Jump>>> {
    let xs = grid();
    let all = curve.derivatives(&xs, HIGHEST + 1)?;
    (0..=HIGHEST).map(|order| find(curve, order, &xs, &all)).collect()
}

/// The jumps of one order.
fn find(curve: Curve, order: usize, xs: &[f64], all: &[Vec<f64>]) -> Result<Vec<Jump>> {
    /// As many places are magnified as there can be: more than any activation has formulas or waves.
    const PLACES: usize = 48;
    /// Each time, a cell becomes a thousandth of itself: from 10⁻² to neighbouring numbers.
    const TIMES: usize = 4;
    const PIECES: usize = 1000;

    let left = leftovers(xs, &all[order], &all[order + 1]);
    let at = |i: usize| left.get(i).copied().unwrap_or(0.0);
    let mut places: Vec<usize> = (0..left.len())
        .filter(|&i| left[i] > 1e-12 && left[i] >= at(i.wrapping_sub(1)) && left[i] >= at(i + 1))
        .collect();
    places.sort_by(|&i, &j| left[j].total_cmp(&left[i]));
    places.truncate(PLACES);
    let mut cells: Vec<(f64, f64)> = places.iter().map(|&i| (xs[i], xs[i + 1])).collect();

    for _ in 0..TIMES {
        let points: Vec<f64> = cells.iter().flat_map(|&cell| pieces(cell, PIECES)).collect();
        let values = curve.derivatives(&points, order + 1)?;
        for (i, cell) in cells.iter_mut().enumerate() {
            let own = i * (PIECES + 1)..(i + 1) * (PIECES + 1);
            let points = &points[own.clone()];
            let left = leftovers(points, &values[order][own.clone()], &values[order + 1][own]);
            let worst = (0..left.len()).max_by(|&i, &j| left[i].total_cmp(&left[j])).unwrap_or(0);
            *cell = (points[worst], points[worst + 1]);
        }
    }

    // Each derivative has a digit less, as the differences in its formula are of larger terms.
    let rounding = 1e-11 * 10f64.powi(order as i32);
    let sides: Vec<f64> = cells.iter().flat_map(|&(a, b)| [a, b]).collect();
    let values = curve.derivatives(&sides, order)?;
    let mut found: Vec<Jump> = cells
        .iter()
        .zip(values[order].chunks(2))
        .map(|(&sides, values)| Jump { sides, values: (values[0], values[1]) })
        .filter(|jump| jump.size() > rounding * (1.0 + jump.values.0.abs()))
        .collect();
    found.sort_by(|a, b| a.sides.0.total_cmp(&b.sides.0));
    found.dedup_by_key(|jump| jump.place());
    Ok(found)
}

/// For each cell, how far the change of `g` is from the trapezoid of its derivative.
fn leftovers(xs: &[f64], g: &[f64], derivative: &[f64]) -> Vec<f64> {
    let cell = |i: usize| {
        let mean = (derivative[i] + derivative[i + 1]) / 2.0;
        (g[i + 1] - g[i] - (xs[i + 1] - xs[i]) * mean).abs()
    };
    (0..xs.len() - 1).map(cell).collect()
}

/// A cell's ends, and the points that cut it into so many pieces.
pub fn pieces((a, b): (f64, f64), count: usize) -> impl Iterator<Item = f64> {
    (0..=count).map(move |i| a + (b - a) * i as f64 / count as f64)
}
