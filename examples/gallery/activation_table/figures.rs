//! The lesson's figures.

use super::classes::{BIAS, CENTER, Unit, WEIGHTS};
use super::families::Family;
use super::kinks::pieces;
use super::properties::Properties;
use chainrule::plot::{Chart, Grid, Panels};
use std::error::Error;

/// Curves are drawn at so many points,
const POINTS: usize = 321;
/// and units of two inputs on a square that reaches so far, at so many points a side.
const REACH: f64 = 3.0;
const SIDE: usize = 81;

/// Each member of a family and its derivative.
pub fn family(family: &Family, members: &[Properties]) -> Result<Panels, Box<dyn Error>> {
    let charts: Vec<Chart> = members.iter().map(|of| curve(family, of)).collect::<Result<_, _>>()?;
    Ok(Panels::grid(3, charts))
}

fn curve(family: &Family, of: &Properties) -> Result<Chart, Box<dyn Error>> {
    let (reach, (lo, hi)) = (family.reach, family.shown);
    let mut chart =
        Chart::new(of.curve.name).x_label("x").x_range(-reach, reach).y_range(lo, hi).size(310.0, 240.0);
    for (order, name) in ["f", "f′"].into_iter().enumerate() {
        let (xs, ys) = line(of, order, reach)?;
        chart = chart.line_at(name, &xs, &ys);
    }
    Ok(chart)
}

/// The points of a derivative; at a jump, the line ends on one side and begins again on the other.
fn line(of: &Properties, order: usize, reach: f64) -> Result<(Vec<f64>, Vec<f64>), Box<dyn Error>> {
    let mut xs: Vec<f64> = pieces((-reach, reach), POINTS - 1).collect();
    let jumps = || of.jumps[order].iter().filter(|jump| jump.place().abs() < reach);
    for jump in jumps() {
        xs.retain(|x| (x - jump.place()).abs() > 1e-6);
        xs.extend([jump.sides.0, jump.sides.1]);
    }
    xs.sort_by(f64::total_cmp);
    let ys = of.curve.derivatives(&xs, order)?.swap_remove(order);
    let mut points: Vec<(f64, f64)> = xs.into_iter().zip(ys).collect();
    for jump in jumps() {
        let after = points.partition_point(|point| point.0 < jump.sides.1);
        points.insert(after, (jump.place(), f64::NAN));
    }
    Ok(points.into_iter().unzip())
}

/// Contours of units with two inputs.
fn contours(unit: &Unit) -> Result<Chart, Box<dyn Error>> {
    let axis: Vec<f64> = (0..SIDE).map(|i| -REACH + 2.0 * REACH * i as f64 / (SIDE - 1) as f64).collect();
    let points: Vec<[f64; 2]> = axis.iter().flat_map(|&y| axis.iter().map(move |&x| [x, y])).collect();
    let grid = Grid::new(axis.clone(), axis, unit.at(&points)?.0)?;
    let chart = Chart::new(unit.name).x_label("x₁").y_label("x₂").equal_axes().size(340.0, 330.0);
    Ok(chart.filled_contours(&grid, 10))
}

/// Ridges, with the direction `w` from a point where `w·x + b` is 0.
pub fn ridge(units: &[Unit]) -> Result<Panels, Box<dyn Error>> {
    let square = WEIGHTS[0].powi(2) + WEIGHTS[1].powi(2);
    let from = WEIGHTS.map(|w| -BIAS * w / square);
    let to = [from[0] + WEIGHTS[0], from[1] + WEIGHTS[1]];
    let with = |chart: Chart| chart.path("w", &[from[0], to[0]], &[from[1], to[1]]);
    let charts: Vec<Chart> = units.iter().map(|unit| contours(unit).map(with)).collect::<Result<_, _>>()?;
    Ok(Panels::row(charts))
}

/// Circles about the centre.
pub fn radial(units: &[Unit]) -> Result<Panels, Box<dyn Error>> {
    let with = |chart: Chart| chart.mark(CENTER[0], CENTER[1], "c");
    let charts: Vec<Chart> = units.iter().map(|unit| contours(unit).map(with)).collect::<Result<_, _>>()?;
    Ok(Panels::row(charts))
}

/// Folds along the diagonal, on which the inputs are equal.
pub fn folding(units: &[Unit]) -> Result<Panels, Box<dyn Error>> {
    let ends = [-REACH, REACH];
    let with = |chart: Chart| chart.line_at("", &ends, &ends);
    let charts: Vec<Chart> = units.iter().map(|unit| contours(unit).map(with)).collect::<Result<_, _>>()?;
    Ok(Panels::grid(2, charts))
}
