//! Contour lines and filled bands of a [`Grid`], in its own coordinates.
//!
//! Marching squares: a cell's sides are crossed where they lead from below the level to it or above, at the place that
//! linear interpolation gives. In a cell whose diagonal corners agree, and the other two do not, the mean of the four
//! decides which of them are connected, for lines and for bands alike.
//!
//! Each crossing belongs to the two cells that share the side, and is the end of one cell's piece and the start of the
//! other's, since the higher ground is always on the left. So a table from start to end joins the pieces, in linear
//! time.
//!
//! The crate `contour` 0.13 (a port of d3-contour: MIT or Apache-2.0, maintained, six further crates) was looked at for
//! this. It returns rings around the padded grid only: its lines run along the frame too, and half a cell outside of
//! it; a hole counts as low ground, with a line around it; axes are evenly spaced; saddles are always cut in the same
//! way.

use crate::Grid;

pub(crate) type Point = (f64, f64);

/// The lines on which the values are `level`, with higher values on the left (where `y` points up). A closed line ends
/// where it starts; an open one ends at the frame or at a hole.
pub(crate) fn lines(grid: &Grid, level: f64) -> Vec<Vec<Point>> {
    let mut pieces = Pieces::new(grid, level);
    pieces.cross_cells();
    let mut lines = pieces.join();
    lines.iter_mut().for_each(Vec::dedup);
    // A peak exactly at the level is a point, not a line.
    lines.retain(|line| line.len() > 1);
    lines
}

/// The region where the values are `level` or more, as closed rings to be filled by either rule: counter-clockwise
/// around it, clockwise around what is cut out of it. `-∞` gives all cells without a hole.
pub(crate) fn region(grid: &Grid, level: f64) -> Vec<Vec<Point>> {
    let mut pieces = Pieces::new(grid, level);
    pieces.cross_cells();
    pieces.follow_frame();
    let mut rings: Vec<Vec<Point>> = pieces.join().into_iter().map(straightened).collect();
    rings.retain(|ring| ring.len() > 3);
    rings
}

/// The regions above each of the increasing `levels`, after that of all values: painted one over the other they are
/// bands without seams, one more than there are levels.
pub(crate) fn bands(grid: &Grid, levels: &[f64]) -> Vec<Vec<Vec<Point>>> {
    std::iter::once(&f64::NEG_INFINITY).chain(levels).map(|&level| region(grid, level)).collect()
}

/// A place on the grid: a point of it, or the crossing on the side from there to the right or upwards.
#[derive(Clone, Copy)]
enum Spot {
    Corner,
    Right,
    Up,
}

const NONE: usize = usize::MAX;

struct Pieces<'a> {
    grid: &'a Grid,
    level: f64,
    /// Where the pieces from a place lead. Only a corner between two holes has two.
    next: Vec<[usize; 2]>,
    /// How many pieces lead to a place.
    arrivals: Vec<u8>,
}

impl<'a> Pieces<'a> {
    fn new(grid: &'a Grid, level: f64) -> Self {
        let places = 3 * grid.xs().len() * grid.ys().len();
        Self { grid, level, next: vec![[NONE; 2]; places], arrivals: vec![0; places] }
    }

    fn id(&self, i: usize, j: usize, spot: Spot) -> usize {
        3 * (j * self.grid.xs().len() + i) + spot as usize
    }

    fn add(&mut self, from: usize, to: usize) {
        let exits = &mut self.next[from];
        let free = usize::from(exits[0] != NONE);
        exits[free] = to;
        self.arrivals[to] += 1;
    }

    /// All cells without a hole.
    fn cells(&self) -> impl Iterator<Item = (usize, usize, [f64; 4])> + use<'a> {
        let grid = self.grid;
        let (columns, rows) = (grid.xs().len().saturating_sub(1), grid.ys().len().saturating_sub(1));
        let cells = (0..rows).flat_map(move |j| (0..columns).map(move |i| (i, j)));
        cells.filter_map(move |(i, j)| grid.cell(i, j).map(|corners| (i, j, corners)))
    }

    /// The crossings of a cell's sides, counter-clockwise from the lower one; side `k` leads from corner `k`.
    fn sides(&self, i: usize, j: usize) -> [usize; 4] {
        [
            self.id(i, j, Spot::Right),
            self.id(i + 1, j, Spot::Up),
            self.id(i, j + 1, Spot::Right),
            self.id(i, j, Spot::Up),
        ]
    }

    /// The pieces through the cells, from where the sides, followed counter-clockwise, fall below the level to where
    /// they rise.
    fn cross_cells(&mut self) {
        for (i, j, corners) in self.cells() {
            let above = corners.map(|z| z >= self.level);
            let sides = self.sides(i, j);
            let rises = |k: usize| !above[k % 4] && above[(k + 1) % 4];
            let connected = corners.iter().map(|z| z / 4.0).sum::<f64>() >= self.level;
            for side in (0..4).filter(|&k| above[k] && !above[(k + 1) % 4]) {
                // Around the low corner ahead, or back around the high corner behind; without a saddle these are the
                // same.
                let mut turns = (1..4).map(|k| if connected { side + k } else { side + 4 - k });
                if let Some(rise) = turns.find(|&k| rises(k)) {
                    self.add(sides[side], sides[rise % 4]);
                }
            }
        }
    }

    /// The pieces along the frame and along holes, where the values are above the level.
    fn follow_frame(&mut self) {
        for (i, j, corners) in self.cells() {
            let sides = self.sides(i, j);
            let points = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
            let places = points.map(|(i, j)| self.id(i, j, Spot::Corner));
            // What wraps around here is far outside of the grid.
            let down = |i: usize| i.wrapping_sub(1);
            let beyond = [(i, down(j)), (i + 1, j), (i, j + 1), (down(i), j)];
            for (k, (i, j)) in beyond.into_iter().enumerate() {
                let ends = [k, (k + 1) % 4];
                if i != NONE && j != NONE && self.grid.cell(i, j).is_some() {
                    continue;
                }
                match ends.map(|corner| corners[corner] >= self.level) {
                    [true, true] => self.add(places[ends[0]], places[ends[1]]),
                    [true, false] => self.add(places[ends[0]], sides[k]),
                    [false, true] => self.add(sides[k], places[ends[1]]),
                    [false, false] => {}
                }
            }
        }
    }

    fn join(mut self) -> Vec<Vec<Point>> {
        let open = (0..self.next.len()).filter(|&id| self.next[id][0] != NONE && self.arrivals[id] == 0);
        let mut starts: Vec<usize> = open.collect();
        starts.extend(0..self.next.len());
        starts.into_iter().filter_map(|start| self.walk(start)).collect()
    }

    /// Takes the pieces from `start` on out of the table.
    fn walk(&mut self, start: usize) -> Option<Vec<Point>> {
        let mut line = Vec::new();
        let mut at = start;
        while self.next[at][0] != NONE {
            let [next, other] = std::mem::replace(&mut self.next[at], [NONE; 2]);
            self.next[at][0] = other;
            if line.is_empty() {
                line.push(self.point(start));
            }
            line.push(self.point(next));
            at = next;
        }
        (!line.is_empty()).then_some(line)
    }

    fn point(&self, id: usize) -> Point {
        let (xs, ys) = (self.grid.xs(), self.grid.ys());
        let (i, j) = (id / 3 % xs.len(), id / 3 / xs.len());
        let share = |end: f64| (self.level - self.grid.at(i, j)) / (end - self.grid.at(i, j));
        match id % 3 {
            1 => (between(xs[i], xs[i + 1], share(self.grid.at(i + 1, j))), ys[j]),
            2 => (xs[i], between(ys[j], ys[j + 1], share(self.grid.at(i, j + 1)))),
            _ => (xs[i], ys[j]),
        }
    }
}

fn between(a: f64, b: f64, share: f64) -> f64 {
    a * (1.0 - share) + b * share
}

/// A ring without the points inside its straight runs along the grid: the frame would take one for each cell.
fn straightened(ring: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(ring.len());
    for point in ring {
        if let [.., a, b] = kept[..]
            && (a.0 == b.0 && b.0 == point.0 || a.1 == b.1 && b.1 == point.1)
        {
            kept.pop();
        }
        if kept.last() != Some(&point) {
            kept.push(point);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
