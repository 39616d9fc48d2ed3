//! Numbers written on contour lines, in a gap of the line and along it.

use std::f64::consts::{PI, TAU};

use crate::contour::Point;

/// From one of the points at which lines are looked at to the next, in pixels.
const STEP: f64 = 3.0;
/// The room between a number and its line's ends, and between one number and the next below it.
const GAP: f64 = 4.0;
/// How far a line may bend under a number, as a share of the number's height.
const BEND: f64 = 0.25;

/// A place for a number: its line, its middle, and the turn in degrees clockwise, never upside down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spot {
    pub(crate) line: usize,
    pub(crate) at: Point,
    pub(crate) turn: f64,
}

/// A rectangle around a number, turned.
#[derive(Clone, Copy)]
struct Plate {
    middle: Point,
    along: Point,
    half: (f64, f64),
}

impl Plate {
    /// How far outside of the plate a point is, negative inside, in the direction where it is furthest.
    fn outside(&self, point: Point) -> f64 {
        let d = (point.0 - self.middle.0, point.1 - self.middle.1);
        let along = (d.0 * self.along.0 + d.1 * self.along.1).abs() - self.half.0;
        let across = (d.1 * self.along.0 - d.0 * self.along.1).abs() - self.half.1;
        along.max(across)
    }

    fn corners(&self) -> [Point; 4] {
        [(1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)].map(|(s, t)| {
            let (u, v) = (s * self.half.0, t * self.half.1);
            (
                self.middle.0 + u * self.along.0 - v * self.along.1,
                self.middle.1 + u * self.along.1 + v * self.along.0,
            )
        })
    }

    /// Whether two plates have a point in common: no side of either has the other wholly beyond it.
    fn meets(&self, other: &Self) -> bool {
        let apart = |a: &Self, b: &Self| {
            let axes = [(a.along, a.half.0), ((-a.along.1, a.along.0), a.half.1)];
            axes.into_iter().any(|(axis, half)| {
                let places = b.corners().map(|p| (p.0 - a.middle.0) * axis.0 + (p.1 - a.middle.1) * axis.1);
                places.iter().all(|&p| p > half) || places.iter().all(|&p| p < -half)
            })
        };
        !apart(self, other) && !apart(other, self)
    }
}

/// A place on each line for a number of the given width, where there is one: where the line is nearly straight, no
/// other line and no other number is near, all of it within `frame` (two opposite corners), and rather in its middle.
/// All in pixels, `y` down.
pub(crate) fn place(lines: &[(Vec<Point>, f64)], height: f64, frame: (Point, Point)) -> Vec<Spot> {
    let even: Vec<Vec<Point>> = lines.iter().map(|(line, _)| resampled(line)).collect();
    let mut order: Vec<usize> = (0..lines.len()).collect();
    // Short lines have the least choice.
    order.sort_by_key(|&line| even[line].len());
    let mut plates: Vec<Plate> = Vec::new();
    let mut spots = Vec::new();
    for line in order {
        let half = (lines[line].1 / 2.0 + GAP, height / 2.0);
        let free = |plate: &Plate| {
            let inside = plate.corners().into_iter().all(|(x, y)| {
                let ((left, top), (right, bottom)) = frame;
                left < x && x < right && top < y && y < bottom
            });
            let room = Plate { half: (plate.half.0 + 4.0 * GAP, plate.half.1 + GAP), ..*plate };
            let others = even.iter().enumerate().filter(|&(other, _)| other != line);
            inside
                && !plates.iter().any(|other| room.meets(other))
                && others.flat_map(|(_, points)| points).all(|&point| plate.outside(point) > 0.0)
        };
        let candidates = plates_on(&even[line], half, frame);
        if let Some(&(_, plate)) = candidates.iter().find(|(_, plate)| free(plate)) {
            plates.push(plate);
            let turn = plate.along.1.atan2(plate.along.0);
            let turn = if turn > PI / 2.0 {
                turn - PI
            } else if turn <= -PI / 2.0 {
                turn + PI
            } else {
                turn
            };
            spots.push(Spot { line, at: plate.middle, turn: turn * 360.0 / TAU });
        }
    }
    spots.sort_by_key(|spot| spot.line);
    spots
}

/// Where a line is straight enough for a number, the best place first.
fn plates_on(points: &[Point], half: (f64, f64), frame: (Point, Point)) -> Vec<(f64, Plate)> {
    let reach = (half.0 / STEP).ceil() as usize;
    let closed = points.len() > 2 && points.first() == points.last();
    let count = if closed { points.len() - 1 } else { points.len() };
    // A line that is little longer than its number would be gone.
    if count < 3 * reach || reach == 0 {
        return Vec::new();
    }
    let ((left, top), (right, bottom)) = frame;
    let (centre, size) = (((left + right) / 2.0, (top + bottom) / 2.0), (right - left, bottom - top));
    let middles = if closed { 0..count } else { reach..count - reach };
    let plate = |middle: usize| {
        let at = |offset: usize| points[(middle + count + offset - reach) % count];
        let (start, end) = (at(0), at(2 * reach));
        let chord = (end.0 - start.0, end.1 - start.1);
        let length = chord.0.hypot(chord.1);
        if length < 1.8 * half.0 {
            return None;
        }
        let along = (chord.0 / length, chord.1 / length);
        let across = |p: Point| (p.1 - start.1) * along.0 - (p.0 - start.0) * along.1;
        let (lo, hi) =
            (0..=2 * reach).map(|k| across(at(k))).fold((0f64, 0f64), |r, d| (r.0.min(d), r.1.max(d)));
        if hi - lo > BEND * 2.0 * half.1 {
            return None;
        }
        // In the middle of the bend.
        let shift = (lo + hi) / 2.0;
        let (x, y) = ((start.0 + end.0) / 2.0 - shift * along.1, (start.1 + end.1) / 2.0 + shift * along.0);
        let bend = (hi - lo) / (BEND * 2.0 * half.1);
        let off_centre = ((x - centre.0) / size.0).hypot((y - centre.1) / size.1);
        // Upright numbers are read last.
        let cost = bend + 1.5 * off_centre + 0.5 * along.1.abs();
        Some((cost, Plate { middle: (x, y), along, half }))
    };
    let mut plates: Vec<(f64, Plate)> = middles.filter_map(plate).collect();
    plates.sort_by(|a, b| a.0.total_cmp(&b.0));
    plates
}

/// The parts of a line that are at least `radius` away from `at`: the line with a gap for a number.
pub(crate) fn cut(line: &[Point], at: Point, radius: f64) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in line.windows(2) {
        // The part of a side between 0 and 1 within the circle.
        let (p, d) = (pair[0], (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1));
        let (a, b) = (d.0 * d.0 + d.1 * d.1, d.0 * (p.0 - at.0) + d.1 * (p.1 - at.1));
        let c = (p.0 - at.0).powi(2) + (p.1 - at.1).powi(2) - radius * radius;
        let root = (b * b - a * c).max(0.0).sqrt();
        let inside = if a > 0.0 && b * b > a * c { ((-b - root) / a, (-b + root) / a) } else { (2.0, 2.0) };
        let point = |t: f64| (p.0 + t * d.0, p.1 + t * d.1);
        for (from, to) in [(0.0, inside.0.min(1.0)), (inside.1.max(0.0), 1.0)] {
            if to <= from {
                continue;
            }
            if !(open && from == 0.0) {
                parts.push(vec![point(from)]);
            }
            if let Some(part) = parts.last_mut() {
                part.push(if to == 1.0 { pair[1] } else { point(to) });
            }
            open = to == 1.0;
            if open {
                break;
            }
        }
    }
    // A closed line that starts outside of the gap goes on there.
    if line.first() == line.last()
        && parts.len() > 1
        && parts[0].first() == line.first()
        && parts[parts.len() - 1].last() == line.first()
        && let Some(mut last) = parts.pop()
    {
        last.extend_from_slice(&parts[0][1..]);
        parts[0] = last;
    }
    parts
}

/// Points of a line about [`STEP`] apart, its ends included.
fn resampled(line: &[Point]) -> Vec<Point> {
    let lengths = line.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1));
    let length: f64 = lengths.clone().sum();
    let count = (length / STEP).round().clamp(1.0, 1e5);
    let mut points = Vec::with_capacity(count as usize + 1);
    let mut done = 0.0;
    for (pair, side) in line.windows(2).zip(lengths) {
        while points.len() as f64 * length <= (done + side) * count && points.len() as f64 <= count {
            let share = if side > 0.0 { (points.len() as f64 * length / count - done) / side } else { 0.0 };
            let between = |a: f64, b: f64| a + (b - a) * share;
            points.push((between(pair[0].0, pair[1].0), between(pair[0].1, pair[1].1)));
        }
        done += side;
    }
    // Rounding may have taken the last one.
    if points.len() as f64 <= count {
        points.extend(line.last());
    }
    if let (Some(last), Some(&end)) = (points.last_mut(), line.last()) {
        *last = end;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: (Point, Point) = ((0.0, 0.0), (400.0, 300.0));

    fn circle(radius: f64) -> Vec<Point> {
        let point = |k: i32| {
            let turn = TAU * f64::from(k % 200) / 200.0;
            (200.0 + radius * turn.cos(), 150.0 + radius * turn.sin())
        };
        (0..=200).map(point).collect()
    }

    fn length(line: &[Point]) -> f64 {
        line.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum()
    }

    #[test]
    fn a_number_lies_along_a_straight_line() {
        let lines = [(vec![(0.0, 300.0), (400.0, 0.0)], 30.0)];
        let spots = place(&lines, 12.0, FRAME);
        assert_eq!(spots.len(), 1);
        let Spot { at, turn, .. } = spots[0];
        assert!((at.0 - 200.0).abs() < STEP && (at.1 - 150.0).abs() < STEP, "{at:?}");
        assert!((turn + 36.87).abs() < 0.01, "{turn}");
        // The same line the other way round is read from the left as well.
        let back = [(vec![(400.0, 0.0), (0.0, 300.0)], 30.0)];
        assert!((place(&back, 12.0, FRAME)[0].turn + 36.87).abs() < 0.01);
    }

    #[test]
    fn numbers_on_circles_touch_no_other_line_or_number() {
        let radii = [8.0, 60.0, 80.0, 84.0, 110.0, 140.0];
        let lines: Vec<(Vec<Point>, f64)> = radii.map(|radius| (circle(radius), 26.0)).to_vec();
        let spots = place(&lines, 12.0, FRAME);
        // One is smaller than its number, and two are too close for one in between.
        let labelled: Vec<usize> = spots.iter().map(|spot| spot.line).collect();
        assert_eq!(labelled, [1, 4, 5]);
        for spot in &spots {
            let from_middle = (spot.at.0 - 200.0).hypot(spot.at.1 - 150.0);
            assert!((from_middle - radii[spot.line]).abs() < 2.0);
            assert!(spot.turn.abs() < 60.0, "{spot:?}");
        }
        for (k, a) in spots.iter().enumerate() {
            for b in &spots[k + 1..] {
                assert!((a.at.1 - b.at.1).abs() > 12.0 || (a.at.0 - b.at.0).abs() > 26.0);
            }
        }
    }

    #[test]
    fn numbers_on_close_lines_stand_beside_each_other() {
        let lines = [150.0, 158.0].map(|y| (vec![(0.0, y), (400.0, y)], 30.0));
        let spots = place(&lines, 12.0, FRAME);
        assert_eq!(spots.len(), 2);
        let apart = (spots[0].at.0 - spots[1].at.0).abs();
        assert!((30.0..60.0).contains(&apart), "{spots:?}");
    }

    #[test]
    fn no_number_where_there_is_no_room() {
        let short = (vec![(10.0, 50.0), (60.0, 50.0)], 30.0);
        let zigzag =
            ((0..40).map(|k| (10.0 * f64::from(k), if k % 2 == 0 { 100.0 } else { 120.0 })).collect(), 30.0);
        let at_the_edge = (vec![(0.0, 298.0), (400.0, 298.0)], 30.0);
        let points = (vec![(5.0, 5.0), (5.0, 5.0)], 30.0);
        assert_eq!(place(&[short, zigzag, at_the_edge, points, (Vec::new(), 30.0)], 12.0, FRAME), []);
    }

    #[test]
    fn a_cut_takes_a_circle_out_of_a_line() {
        let line = [(0.0, 0.0), (100.0, 0.0)];
        assert_eq!(cut(&line, (50.0, 0.0), 10.0), [[(0.0, 0.0), (40.0, 0.0)], [(60.0, 0.0), (100.0, 0.0)]]);
        assert_eq!(cut(&line, (100.0, 0.0), 10.0), [[(0.0, 0.0), (90.0, 0.0)]]);
        assert_eq!(cut(&line, (50.0, 30.0), 10.0), [line]);
        assert_eq!(cut(&line, (50.0, 0.0), 60.0), [[(0.0, 0.0); 2]; 0]);
        // A closed line has one gap, wherever it starts: at its start, across from it.
        for at in [(280.0, 150.0), (120.0, 150.0)] {
            let parts = cut(&circle(80.0), at, 20.0);
            assert_eq!(parts.len(), 1, "{at:?}");
            let removed = length(&circle(80.0)) - length(&parts[0]);
            assert!((removed - 40.0).abs() < 0.3, "{removed}");
        }
    }

    #[test]
    fn resampling_keeps_the_ends_and_the_length() {
        for line in [circle(33.3), vec![(0.0, 0.0), (0.5, 0.0), (0.5, 0.0), (7.9, 3.0)]] {
            let points = resampled(&line);
            assert_eq!((points.first(), points.last()), (line.first(), line.last()));
            assert!((length(&points) / length(&line) - 1.0).abs() < 0.01);
            for pair in points.windows(2) {
                assert!((length(pair) - STEP).abs() < 0.5, "{pair:?}");
            }
        }
        assert_eq!(resampled(&[]), []);
    }
}
