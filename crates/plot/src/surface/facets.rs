//! The surface itself: its facets from back to front, with the paths and points between them.

use crate::contour::Point;
use crate::palette::{Color, Ink, mix};
use crate::sheet::Sheet;
use crate::{Grid, Theme};

use super::axes::Axes;
use super::view::{HEIGHT, Space, View, dot};
use super::{Track, is_finite};

/// The most cells along an axis; of a finer grid every second, third, … line is drawn.
const CELLS: usize = 64;
/// About so many lines of the mesh along each axis.
const LINES: usize = 16;
/// How far paths are above the surface.
const LIFT: f64 = 0.012;
/// The length of the pieces that a path is cut into along the floor.
const PIECE: f64 = 0.03;
/// How near to the surface, as a share of the height, a path's points are taken to lie on it.
const NEAR: f64 = 0.1;

/// What is drawn, and how far away it is.
pub(super) struct Item {
    pub(super) distance: f64,
    pub(super) shape: Shape,
}

pub(super) enum Shape {
    /// A facet with its colour, and the pieces of the mesh on its sides.
    Facet([Point; 4], [u8; 3], Vec<[Point; 2]>),
    Stroke([Point; 2], Color, f64),
    Dot(Point, f64, Color),
    Ring(Point, Color),
}

pub(super) fn draw(sheet: &mut Sheet, grid: &Grid, axes: &Axes, view: &View, tracks: &[(&Track, Ink)]) {
    let mut items = facets(grid, axes, view, sheet.theme());
    let mut paths = Vec::new();
    for &(track, ink) in tracks {
        if track.joined {
            let runs = runs(grid, axes, view, track);
            items.extend(path(grid, view, &runs, ink));
            paths.push((runs, ink));
        } else {
            items.extend(dots(axes, view, track, ink));
        }
    }
    // Stable: of what is equally far away, the surface comes first.
    items.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    sheet.mesh(|sheet| items.iter().for_each(|item| item.shape.draw(sheet)));
    // What is hidden shows through.
    let ends = items.iter().filter(|item| matches!(item.shape, Shape::Dot(..) | Shape::Ring(..)));
    sheet.faint(0.4, |sheet| {
        for (runs, ink) in paths {
            for run in &runs {
                let line: Vec<Point> = run.iter().map(|&at| view.place(at)).collect();
                sheet.polyline(&line, ink.stroke, 2.2, "");
            }
        }
        ends.for_each(|item| item.shape.draw(sheet));
    });
}

impl Shape {
    fn draw(&self, sheet: &mut Sheet) {
        match self {
            Self::Facet(corners, color, mesh) => {
                sheet.facet(corners, *color);
                for piece in mesh {
                    sheet.facet(piece, mix(*color, [0; 3], 0.28));
                }
            }
            &Self::Stroke(ends, color, width) => sheet.stroke(&ends, color, width),
            &Self::Dot((x, y), radius, color) => sheet.circle(x, y, radius, color),
            &Self::Ring((x, y), color) => {
                sheet.circle(x, y, 5.5, color);
                sheet.circle(x, y, 2.5, Color::Paper);
            }
        }
    }
}

/// The lines of the grid that are drawn: all of them, or every second, third, …, and the last.
fn kept(count: usize) -> Vec<usize> {
    let cells = count.saturating_sub(1);
    let stride = cells.div_ceil(CELLS).max(1);
    let mut lines: Vec<usize> = (0..cells).step_by(stride).collect();
    lines.push(cells);
    lines
}

/// The lower left and upper right corners of the cells that are drawn, with the values at all four, counter-clockwise.
pub(super) fn cells(grid: &Grid) -> impl Iterator<Item = ([usize; 4], [f64; 4])> + '_ {
    let (columns, rows) = (kept(grid.xs().len()), kept(grid.ys().len()));
    let pairs = |lines: &[usize]| lines.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>();
    let (columns, rows) = (pairs(&columns), pairs(&rows));
    let all =
        rows.into_iter().flat_map(move |(j, l)| columns.clone().into_iter().map(move |(i, k)| [i, j, k, l]));
    all.filter_map(|[i, j, k, l]| {
        let values = [grid.at(i, j), grid.at(k, j), grid.at(k, l), grid.at(i, l)];
        is_finite(&[values[0], values[1], values[2]]).then_some(())?;
        is_finite(&[values[3]; 3]).then_some(([i, j, k, l], values))
    })
}

pub(super) fn facets(grid: &Grid, axes: &Axes, view: &View, theme: Theme) -> Vec<Item> {
    let mesh = [grid.xs().len(), grid.ys().len()].map(|count| {
        let lines = kept(count);
        let stride = (lines.len() - 1).div_ceil(LINES).max(1);
        let last = lines.len() - 1;
        let on: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|&(k, _)| k % stride == 0 || k == last)
            .map(|(_, &i)| i)
            .collect();
        on
    });
    let facet = |([i, j, k, l], values): ([usize; 4], [f64; 4])| {
        let (xs, ys) = (grid.xs(), grid.ys());
        let flat = [(xs[i], ys[j]), (xs[k], ys[j]), (xs[k], ys[l]), (xs[i], ys[l])];
        let space: [Space; 4] = std::array::from_fn(|c| axes.place([flat[c].0, flat[c].1, values[c]]));
        let corners = space.map(|point| view.place(point));
        let mean = values.iter().map(|z| z / 4.0).sum::<f64>();
        let color = shaded(Color::Value(axes.share(mean)).rgb(theme), normal(&space), view);
        // The neighbour behind draws first, so its side is drawn here.
        let middle =
            |a: usize, b: usize| ((space[a][0] + space[b][0]) / 2.0, (space[a][1] + space[b][1]) / 2.0);
        let distance = {
            let (x, y) = middle(0, 2);
            view.distance(x, y)
        };
        let is_far = |a: usize, b: usize| {
            let (x, y) = middle(a, b);
            view.distance(x, y) >= distance - 1e-12
        };
        let sides = [(0, 1, 1, j), (1, 2, 0, k), (2, 3, 1, l), (3, 0, 0, i)];
        let on_mesh = sides.into_iter().filter(|(_, _, axis, line)| mesh[*axis].contains(line));
        let at_edge = |axis: usize, line: usize| line == 0 || line + 1 == [xs.len(), ys.len()][axis];
        let pieces = on_mesh.filter(|&(a, b, axis, line)| is_far(a, b) || at_edge(axis, line));
        let pieces = pieces.map(|(a, b, _, _)| [corners[a], corners[b]]).collect();
        Item { distance, shape: Shape::Facet(corners, color, pieces) }
    };
    cells(grid).map(facet).collect()
}

/// The normal of a facet, upwards: that of its diagonals.
fn normal(space: &[Space; 4]) -> Space {
    let diagonal = |a: usize, b: usize| -> Space { std::array::from_fn(|k| space[b][k] - space[a][k]) };
    let (p, q) = (diagonal(0, 2), diagonal(1, 3));
    [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
}

/// A little lighter towards the lamp, darker away from it, and darker still from below.
fn shaded(color: [u8; 3], normal: Space, view: &View) -> [u8; 3] {
    let light = view.light(normal);
    if dot(normal, view.towards) < 0.0 {
        mix(color, [0; 3], 0.35)
    } else if light >= 0.5 {
        mix(color, [255; 3], 0.24 * (light - 0.5))
    } else {
        mix(color, [0; 3], 0.3 * (0.5 - light))
    }
}

/// The height of the surface at a point, if it is on the grid.
pub(super) fn height(grid: &Grid, x: f64, y: f64) -> Option<f64> {
    let cell = |axis: &[f64], v: f64| {
        let i = axis.partition_point(|&a| a <= v).clamp(1, axis.len() - 1) - 1;
        let share = (v - axis[i]) / (axis[i + 1] - axis[i]);
        (-1e-9..=1.0 + 1e-9).contains(&share).then_some((i, share))
    };
    let ((i, s), (j, t)) = (cell(grid.xs(), x)?, cell(grid.ys(), y)?);
    let [a, b, c, d] = grid.cell(i, j)?;
    Some((a * (1.0 - s) + b * s) * (1.0 - t) + (d * (1.0 - s) + c * s) * t)
}

/// The pieces of a path in the box: on the surface between points that are near it.
pub(super) fn runs(grid: &Grid, axes: &Axes, view: &View, track: &Track) -> Vec<Vec<Space>> {
    let (lo, hi) = grid.range().unwrap_or_default();
    let above =
        |p: &Space| height(grid, p[0], p[1]).map(|z| p[2] - z).filter(|d| d.abs() <= NEAR * (hi - lo));
    let mut runs = vec![Vec::new()];
    for pair in track.points.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let (p, q) = (axes.place(*a), axes.place(*b));
        if !is_finite(a) || !is_finite(b) || p == q {
            runs.extend((p != q).then(Vec::new));
            continue;
        }
        let pieces = ((q[0] - p[0]).hypot(q[1] - p[1]) / PIECE).ceil().clamp(1.0, 400.0) as usize;
        let lifts = (above(a), above(b));
        for k in 0..=pieces {
            let t = k as f64 / pieces as f64;
            let mut point: Space = std::array::from_fn(|c| a[c] * (1.0 - t) + b[c] * t);
            if let (Some(from), Some(to)) = lifts
                && let Some(z) = height(grid, point[0], point[1])
            {
                point[2] = z + from * (1.0 - t) + to * t;
            }
            match (inside(axes.place(point)), runs.last_mut()) {
                (Some(at), Some(run)) => {
                    // A later point so near to the last one takes its place.
                    let moved = |from: &Space| {
                        let (from, to) = (view.place(*from), view.place(at));
                        (to.0 - from.0).hypot(to.1 - from.1) >= 1.0
                    };
                    if run.len() > 1 && run.len().checked_sub(2).is_some_and(|k| !moved(&run[k])) {
                        run.pop();
                    }
                    run.push(at);
                }
                (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
                _ => {}
            }
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// A place a little above the surface, if it is in the box.
fn inside(at: Space) -> Option<Space> {
    let fits = at[0].abs() <= 1.0 + 1e-9 && at[1].abs() <= 1.0 + 1e-9 && at[2].abs() <= HEIGHT * 1.05;
    fits.then(|| [at[0], at[1], at[2].clamp(-HEIGHT, HEIGHT) + LIFT])
}

fn path(grid: &Grid, view: &View, runs: &[Vec<Space>], ink: Ink) -> Vec<Item> {
    // In front of the cell that it is in.
    let cell = |axis: &[f64]| 2.0 / (kept(axis.len()).len() - 1) as f64;
    let nearer = 0.75 * cell(grid.xs()).hypot(cell(grid.ys()));
    let distance = |at: Space| view.distance(at[0], at[1]) - nearer;
    let mut items = Vec::new();
    for pair in runs.iter().flat_map(|run| run.windows(2)) {
        let ends = [view.place(pair[0]), view.place(pair[1])];
        let distance = distance(pair[0]).min(distance(pair[1]));
        // The seam of a piece must not cut into the pieces beside it.
        items.push(Item { distance: distance + PIECE, shape: Shape::Stroke(ends, Color::Paper, 4.5) });
        items.push(Item { distance, shape: Shape::Stroke(ends, ink.stroke, 2.2) });
    }
    let mut all = runs.iter().flatten();
    if let (Some(&first), Some(&last)) = (all.next(), all.next_back()) {
        let start = Shape::Dot(view.place(first), 4.5, ink.stroke);
        items.push(Item { distance: distance(first) - nearer, shape: start });
        items.push(Item {
            distance: distance(last) - nearer,
            shape: Shape::Ring(view.place(last), ink.stroke),
        });
    }
    items
}

fn dots(axes: &Axes, view: &View, track: &Track, ink: Ink) -> Vec<Item> {
    let places = track.points.iter().filter(|point| is_finite(point)).map(|&point| axes.place(point));
    let dot = |at: Space| {
        let distance = view.distance(at[0], at[1]) - 2.0 * PIECE;
        Item { distance, shape: Shape::Dot(view.place(at), 4.5, ink.stroke) }
    };
    places.filter_map(inside).map(dot).collect()
}
