//! The lesson's figures.

use super::chords::Chord;
use super::critical::Kind;
use super::landscape::{Landscape, Local, Point};
use super::sections::number;
use chainrule::plot::{Chart, Grid, Levels, Panels, Surface};
use std::error::Error;

type Drawn<T> = Result<T, Box<dyn Error>>;
type Pair = (f64, f64);

/// Points a side of what contours and surfaces are drawn from (even, so that none lies on an axis), and arrows a side of a field.
const FINE: usize = 120;
const COARSE: usize = 40;
const ARROWS: usize = 9;

/// The values on a grid over the window.
fn grid(of: Landscape, side: usize) -> Drawn<Grid> {
    let points = of.grid(side);
    let axis: Vec<f64> = points[..side].iter().map(|p| p[0]).collect();
    Ok(Grid::new(axis.clone(), axis, of.values(&points)?)?)
}

/// The direction downhill at points all over the window, the steeper the longer.
fn downhill(of: Landscape) -> Drawn<Vec<(Pair, Pair)>> {
    let (from, to) = of.window;
    let inner = |i: usize| from + (to - from) * (i as f64 + 1.0) / (ARROWS as f64 + 1.0);
    let points: Vec<Point> = (0..ARROWS * ARROWS).map(|i| [inner(i % ARROWS), inner(i / ARROWS)]).collect();
    let arrow = |local: Local| ((local.at[0], local.at[1]), (-local.gradient[0], -local.gradient[1]));
    Ok(of.local(&points)?.into_iter().map(arrow).collect())
}

/// Contours and the gradient field.
fn map(of: Landscape, title: &str, levels: Levels) -> Drawn<Chart> {
    let chart = Chart::new(title).x_label("x").y_label("y").equal_axes().size(460.0, 420.0);
    Ok(chart.filled_contours(&grid(of, FINE)?, levels).arrows(&downhill(of)?))
}

/// Values along lines on which one number is held: x runs if `along` is 0, y if it is 1.
fn slices(of: Landscape, along: usize, held: &[f64]) -> Drawn<Chart> {
    let names = ["x", "y"];
    let ts: Vec<f64> = of.grid(FINE + 1)[..=FINE].iter().map(|p| p[0]).collect();
    let mut chart = Chart::new(format!("slices along {}", names[along]))
        .x_label(names[along])
        .y_label("f")
        .size(460.0, 340.0);
    for &value in held {
        let points: Vec<Point> =
            ts.iter().map(|&t| if along == 0 { [t, value] } else { [value, t] }).collect();
        let name = format!("{} = {value}", names[1 - along]).replace('-', "−");
        chart = chart.line_at(name, &ts, &of.values(&points)?);
    }
    Ok(chart)
}

/// The surface.
fn surface(of: Landscape) -> Drawn<Surface> {
    let surface = Surface::new("surface").x_label("x").y_label("y").z_label("f").size(460.0, 420.0);
    Ok(surface.grid(&grid(of, COARSE)?))
}

/// A function in four ways: slices along both axes, surface, contours with the gradient field.
pub fn four_ways(of: Landscape, held: [&[f64]; 2], marks: &[(Point, &str)]) -> Drawn<Panels> {
    let mut map = map(of, "contours, and arrows downhill", Levels::from(12))?;
    for ([x, y], text) in marks {
        map = map.mark(*x, *y, *text);
    }
    let slices = [slices(of, 0, held[1])?, slices(of, 1, held[0])?];
    Ok(Panels::grid(2, slices).and(surface(of)?).and(map))
}

/// Contours with the critical points, and ways of gradient descent.
pub fn valleys(of: Landscape, found: &[(Kind, Local)], trails: &[Vec<Point>]) -> Drawn<Panels> {
    let mut map = Chart::new("contours").x_label("x").y_label("y").equal_axes().size(560.0, 520.0);
    map = map.contours(&grid(of, FINE)?, Levels::Log(14));
    map = with_ways(map, found, trails);
    // From high up, so that no rim hides a way down.
    let mut surface = surface(of)?.view(-60.0, 60.0).size(560.0, 520.0);
    for trail in trails {
        let (xs, ys): (Vec<f64>, Vec<f64>) = trail.iter().map(|p| (p[0], p[1])).unzip();
        surface = surface.path("gradient descent", &xs, &ys, &of.values(trail)?);
    }
    Ok(Panels::row([map]).and(surface))
}

/// The ways of gradient descent, and the critical points.
fn with_ways(mut map: Chart, found: &[(Kind, Local)], trails: &[Vec<Point>]) -> Chart {
    for trail in trails {
        let (xs, ys): (Vec<f64>, Vec<f64>) = trail.iter().map(|p| (p[0], p[1])).unzip();
        map = map.path("gradient descent", &xs, &ys);
    }
    // The ways end in minima, and would cover points there.
    let minima = found.iter().filter(|(kind, _)| *kind == Kind::Minimum);
    map = minima.fold(map, |map, (_, local)| map.mark(local.at[0], local.at[1], "minimum"));
    for kind in [Kind::Maximum, Kind::Saddle] {
        let (xs, ys): (Vec<f64>, Vec<f64>) =
            found.iter().filter(|(k, _)| *k == kind).map(|(_, local)| (local.at[0], local.at[1])).unzip();
        if !xs.is_empty() {
            map = map.points(kind.name(), &xs, &ys);
        }
    }
    map
}

/// A slice through both valleys, with the minima, and contours with ways of gradient descent.
pub fn wells(of: Landscape, found: &[(Kind, Local)], trails: &[Vec<Point>]) -> Drawn<Panels> {
    let minima = found.iter().filter(|(kind, _)| *kind == Kind::Minimum);
    let slice = minima.fold(slices(of, 0, &[0.0])?, |chart, (_, local)| {
        chart.mark(local.at[0], local.value, number(local.value, 2))
    });
    let map = Chart::new("contours").x_label("x").y_label("y").equal_axes().size(460.0, 420.0);
    let map = map.contours(&grid(of, FINE)?, Levels::from(14));
    Ok(Panels::row([slice.size(460.0, 420.0), with_ways(map, found, trails)]))
}

/// The surface of a plateau, and along the x axis the value, the gradient's length, and the eigenvalues.
pub fn plateau(of: Landscape) -> Drawn<Panels> {
    let points: Vec<Point> = of.grid(FINE + 1)[..=FINE].iter().map(|p| [p[0], 0.0]).collect();
    let locals = of.local(&points)?;
    let xs: Vec<f64> = points.iter().map(|p| p[0]).collect();
    let of_each = |f: fn(&Local) -> f64| locals.iter().map(f).collect::<Vec<f64>>();
    let chart = Chart::new("along y = 0")
        .x_label("x")
        .size(460.0, 420.0)
        .line_at("f", &xs, &of_each(|local| local.value))
        .line_at("|∇f|", &xs, &of_each(Local::slope))
        .line_at("smaller eigenvalue", &xs, &of_each(|local| local.curvatures[0]))
        .line_at("larger eigenvalue", &xs, &of_each(|local| local.curvatures[1]));
    Ok(Panels::row([chart]).and(surface(of)?))
}

/// A chord on the contours, and the function along it beside the straight line.
pub fn chord(of: Landscape, chord: Chord, levels: Levels) -> Drawn<Panels> {
    let ts: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
    let points: Vec<Point> = ts.iter().map(|&t| chord.at(t)).collect();
    let values = of.values(&points)?;
    let (a, b) = chord.ends;
    let map = Chart::new(of.name)
        .x_label("x")
        .y_label("y")
        .equal_axes()
        .size(440.0, 400.0)
        .contours(&grid(of, FINE)?, levels)
        .line_at("chord", &[a[0], b[0]], &[a[1], b[1]]);
    let along = Chart::new("along the chord")
        .x_label("part of the way, t")
        .y_label("f")
        .size(440.0, 400.0)
        .line_at("chord", &[0.0, 1.0], &[values[0], values[100]])
        .line_at("f", &ts, &values);
    Ok(Panels::row([map, along]))
}
