//! Where a net changes its mind, and how straight that is.

use super::nets::Net;
use chainrule::prelude::*;

/// Lines of the grid in each direction, and halvings of the interval in which a crossing was found.
const LINES: usize = 41;
const HALVINGS: usize = 24;

/// Points at which the net's output is 0, within `±reach` of the origin: where neighbours on a grid have outputs of different sign,
/// the interval between them is halved until the place is known.
pub fn crossings(net: &Net, params: &Params, reach: f64) -> chainrule::Result<Vec<[f64; 2]>> {
    let at = |i: usize| reach * (2.0 * i as f64 / (LINES - 1) as f64 - 1.0);
    let grid: Vec<[f64; 2]> = (0..LINES * LINES).map(|i| [at(i % LINES), at(i / LINES)]).collect();
    let sign = |points: &[[f64; 2]]| -> chainrule::Result<Vec<bool>> {
        let values = points.iter().flatten().map(|&v| v as f32).collect();
        let outputs = net.outputs(params, &Tensor::from_vec(values, [points.len(), 2])?)?;
        Ok(outputs.iter().map(|&z| z > 0.0).collect())
    };
    let signs = sign(&grid)?;
    let mut between: Vec<([f64; 2], [f64; 2])> = Vec::new();
    for i in 0..LINES * LINES {
        let right = (i % LINES + 1 < LINES).then_some(i + 1);
        let above = (i + LINES < LINES * LINES).then_some(i + LINES);
        for other in right.into_iter().chain(above).filter(|&other| signs[i] != signs[other]) {
            let (no, yes) = if signs[i] { (other, i) } else { (i, other) };
            between.push((grid[no], grid[yes]));
        }
    }
    if between.is_empty() {
        return Ok(Vec::new());
    }
    let middle = |(a, b): &([f64; 2], [f64; 2])| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    for _ in 0..HALVINGS {
        let middles: Vec<[f64; 2]> = between.iter().map(middle).collect();
        for ((pair, point), yes) in between.iter_mut().zip(&middles).zip(sign(&middles)?) {
            if yes {
                pair.1 = *point;
            } else {
                pair.0 = *point;
            }
        }
    }
    Ok(between.iter().map(middle).collect())
}

/// The largest distance of the points from the straight line that is nearest to them (least squares of distances).
pub fn bend(points: &[[f64; 2]]) -> f64 {
    let n = points.len().max(1) as f64;
    let mean = [0, 1].map(|k| points.iter().map(|p| p[k]).sum::<f64>() / n);
    let moment =
        |j: usize, k: usize| points.iter().map(|p| (p[j] - mean[j]) * (p[k] - mean[k])).sum::<f64>() / n;
    // The direction of the line is the principal axis of the points.
    let angle = 0.5 * (2.0 * moment(0, 1)).atan2(moment(0, 0) - moment(1, 1));
    let distance = |p: &[f64; 2]| ((p[1] - mean[1]) * angle.cos() - (p[0] - mean[0]) * angle.sin()).abs();
    points.iter().map(distance).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_bend_and_a_circle_its_radius() {
        let line: Vec<[f64; 2]> = (0..9).map(|i| [1.0 - f64::from(i), 2.0 + 3.0 * f64::from(i)]).collect();
        assert!(bend(&line) < 1e-12);
        let circle: Vec<[f64; 2]> =
            (0..360).map(|i| f64::from(i).to_radians()).map(|a| [2.0 * a.cos(), 2.0 * a.sin()]).collect();
        assert!((bend(&circle) - 2.0).abs() < 1e-3);
    }
}
