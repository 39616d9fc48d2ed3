//! Convexity, tested along random chords: a convex function lies below the straight line between any two of its values.

use super::landscape::{Landscape, Point};
use chainrule::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The inner points of a chord at which the function is compared with the straight line.
const INNER: usize = 9;
/// On shorter chords, a bend is not larger than rounding.
const SHORTEST: f64 = 0.01;

/// A chord, the values at its ends, and by how much the function lies above it at worst (negative: it lies below everywhere).
#[derive(Clone, Copy, Debug)]
pub struct Chord {
    pub ends: (Point, Point),
    pub values: (f64, f64),
    pub above: f64,
}

impl Chord {
    pub fn length(&self) -> f64 {
        let (a, b) = self.ends;
        (b[0] - a[0]).hypot(b[1] - a[1])
    }

    /// The point at a part `t` of the way.
    pub fn at(&self, t: f64) -> Point {
        let (a, b) = self.ends;
        [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
    }
}

/// Random chords of the window; `turn` may move their second end.
pub fn chords(
    of: Landscape,
    count: usize,
    seed: u64,
    turn: impl Fn(Point, Point) -> Point,
) -> Result<Vec<Chord>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let (from, to) = of.window;
    let mut point = || [0; 2].map(|_| from + (to - from) * rng.random::<f64>());
    let drawn = std::iter::repeat_with(|| {
        let (a, b) = (point(), point());
        Chord { ends: (a, turn(a, b)), values: (0.0, 0.0), above: 0.0 }
    });
    let mut all: Vec<Chord> = drawn.filter(|chord| chord.length() > SHORTEST).take(count).collect();
    let part = |k: usize| k as f64 / (INNER + 1) as f64;
    let points: Vec<Point> =
        all.iter().flat_map(|chord| (0..=INNER + 1).map(|k| chord.at(part(k)))).collect();
    let values = of.values(&points)?;
    for (chord, values) in all.iter_mut().zip(values.chunks(INNER + 2)) {
        let (first, last) = (values[0], values[INNER + 1]);
        chord.values = (first, last);
        let over = |k: usize| values[k] - (first + part(k) * (last - first));
        chord.above = (1..=INNER).map(over).fold(f64::NEG_INFINITY, f64::max);
    }
    Ok(all)
}

/// How many of the chords the function lies above, by more than rounding.
pub fn violated(chords: &[Chord]) -> usize {
    chords.iter().filter(|chord| chord.above > 1e-9).count()
}
