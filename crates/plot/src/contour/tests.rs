use std::f64::consts::PI;

use super::*;

/// A smooth function of random waves, deterministic in `seed`.
fn waves(seed: u32, count: (usize, usize)) -> Grid {
    let mut state = u64::from(seed) * 2 + 1;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    let terms: Vec<[f64; 4]> = (0..6).map(|_| std::array::from_fn(|_| random())).collect();
    Grid::of((-2.0, 3.0), (-1.0, 1.5), count, |x, y| {
        terms.iter().map(|[a, p, q, r]| a * (3.0 * p * x + 3.0 * q * y + 6.0 * r).sin()).sum()
    })
}

/// Twice the signed area.
fn shoelace(ring: &[Point]) -> f64 {
    ring.windows(2).map(|pair| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1).sum()
}

fn area(rings: &[Vec<Point>]) -> f64 {
    rings.iter().map(|ring| shoelace(ring) / 2.0).sum()
}

fn closed(line: &[Point]) -> bool {
    line.first() == line.last()
}

/// How many lines are closed, and how many are open.
fn count(lines: &[Vec<Point>]) -> (usize, usize) {
    let rings = lines.iter().filter(|line| closed(line)).count();
    (rings, lines.len() - rings)
}

/// A cell's part above the level, as polygons, one cell at a time and without any table.
fn naive_cell(corners: [(Point, f64); 4], level: f64) -> Vec<Vec<Point>> {
    let high = corners.map(|(_, z)| z >= level);
    let saddle = high[0] == high[2] && high[1] == high[3] && high[0] != high[1];
    let mean = corners.iter().map(|(_, z)| z).sum::<f64>() / 4.0;
    let cross = |a: (Point, f64), b: (Point, f64)| {
        let t = (level - a.1) / (b.1 - a.1);
        (a.0.0 + t * (b.0.0 - a.0.0), a.0.1 + t * (b.0.1 - a.0.1))
    };
    let clip = |polygon: &[(Point, f64)]| {
        let mut kept = Vec::new();
        for (k, &a) in polygon.iter().enumerate() {
            let b = polygon[(k + 1) % polygon.len()];
            if a.1 >= level {
                kept.push(a.0);
            }
            if (a.1 >= level) != (b.1 >= level) {
                kept.push(cross(a, b));
            }
        }
        kept.extend(kept.first().copied());
        kept
    };
    if saddle && mean < level {
        // Two triangles at the high corners.
        let corner = |k: usize| {
            let (at, before, after) = (corners[k], corners[(k + 3) % 4], corners[(k + 1) % 4]);
            vec![cross(at, before), at.0, cross(at, after), cross(at, before)]
        };
        return (0..4).filter(|&k| high[k]).map(corner).collect();
    }
    vec![clip(&corners)]
}

fn naive_area(grid: &Grid, level: f64) -> f64 {
    let mut sum = 0.0;
    for j in 0..grid.ys().len() - 1 {
        for i in 0..grid.xs().len() - 1 {
            let Some(z) = grid.cell(i, j) else { continue };
            let at = |i: usize, j: usize| (grid.xs()[i], grid.ys()[j]);
            let points = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
            sum += area(&naive_cell(std::array::from_fn(|k| (points[k], z[k])), level));
        }
    }
    sum
}

/// Bilinear interpolation in the cell of a point.
fn bilinear(grid: &Grid, (x, y): Point) -> f64 {
    let cell = |axis: &[f64], v: f64| axis.partition_point(|&a| a <= v).clamp(1, axis.len() - 1) - 1;
    let (i, j) = (cell(grid.xs(), x), cell(grid.ys(), y));
    let s = (x - grid.xs()[i]) / (grid.xs()[i + 1] - grid.xs()[i]);
    let t = (y - grid.ys()[j]) / (grid.ys()[j + 1] - grid.ys()[j]);
    let row = |j: usize| grid.at(i, j) * (1.0 - s) + grid.at(i + 1, j) * s;
    row(j) * (1.0 - t) + row(j + 1) * t
}

#[test]
fn lines_are_at_their_level_and_end_at_the_frame() {
    for seed in 0..20 {
        let grid = waves(seed, (23, 31));
        let mut found = 0;
        for level in [-1.0, -0.3, 0.0, 0.4, 1.1] {
            for line in lines(&grid, level) {
                found += 1;
                for &point in &line {
                    assert!(
                        (bilinear(&grid, point) - level).abs() < 1e-9,
                        "seed {seed}, {level} at {point:?}"
                    );
                }
                let framed = |p: Point| p.0 == -2.0 || p.0 == 3.0 || p.1 == -1.0 || p.1 == 1.5;
                assert!(closed(&line) || framed(line[0]) && framed(line[line.len() - 1]));
            }
        }
        assert!(found > 3, "seed {seed}: {found} lines");
    }
}

#[test]
fn known_functions_have_their_number_of_lines() {
    let side = (-2.0, 2.0);
    let circle = Grid::of(side, side, (40, 40), |x, y| x * x + y * y);
    assert_eq!(count(&lines(&circle, 1.0)), (1, 0));
    assert_eq!(count(&lines(&circle, 4.5)), (0, 4));
    assert_eq!(count(&lines(&circle, 9.0)), (0, 0));
    let saddle = Grid::of(side, side, (40, 40), |x, y| x * x - y * y);
    assert_eq!([count(&lines(&saddle, 0.5)), count(&lines(&saddle, -0.5))], [(0, 2); 2]);
    let peak = |x: f64, y: f64| (-3.0 * (x * x + y * y)).exp();
    let peaks = Grid::of(side, side, (40, 40), |x, y| peak(x - 1.0, y) + 0.8 * peak(x + 1.0, y));
    assert_eq!(count(&lines(&peaks, 0.5)), (2, 0));
    assert_eq!(count(&lines(&peaks, 0.9)), (1, 0));
    assert_eq!(count(&lines(&peaks, 0.08)), (1, 0));
}

#[test]
fn higher_ground_is_on_the_left() {
    let side = (-2.0, 2.0);
    let hill = Grid::of(side, side, (40, 40), |x, y| -x * x - y * y);
    assert!(area(&lines(&hill, -1.0)) > 0.0);
    assert!(area(&lines(&hill.map(|z| -z), 1.0)) < 0.0);
}

#[test]
fn a_discs_area_converges_with_second_order() {
    let error = |n: usize| {
        let disc = Grid::of((-1.3, 1.4), (-1.2, 1.5), (n, n), |x, y| -x * x - y * y);
        (area(&region(&disc, -1.0)) - PI).abs()
    };
    let errors = [21, 41, 81, 161].map(error);
    assert!(errors[3] < 2e-3, "{errors:?}");
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!((1.7..2.3).contains(&order), "{errors:?}");
    }
}

#[test]
fn regions_are_those_of_the_cells_one_by_one() {
    for seed in 0..20 {
        // Coarse, so that there are saddles, with holes.
        let mut k = 0;
        let grid = waves(seed, (9, 8)).map(|z| {
            k += 1;
            if k % 17 == 5 { f64::NAN } else { z }
        });
        for level in [-1.0, -0.3, 0.0, 0.4, 1.1, f64::NEG_INFINITY] {
            let (got, expected) = (area(&region(&grid, level)), naive_area(&grid, level));
            assert!((got - expected).abs() < 1e-12 * 12.5, "seed {seed}, {level}: {got} against {expected}");
        }
    }
}

#[test]
fn bands_are_the_whole_frame() {
    for seed in 0..10 {
        let grid = waves(seed, (14, 15));
        let levels = [-1.0, -0.3, 0.0, 0.4, 1.1];
        let bands = bands(&grid, &levels);
        assert_eq!(bands.len(), 6);
        assert_eq!(bands[0].len(), 1);
        assert_eq!((bands[0][0].len(), area(&bands[0])), (5, 12.5));
        let above: Vec<f64> = bands.iter().map(|rings| area(rings)).collect();
        // What is below a level is what is above its negative, so that the two are all.
        let minus = grid.map(|z| -z);
        for (level, above) in levels.iter().zip(&above[1..]) {
            let below = area(&region(&minus, -level));
            assert!((above + below - 12.5).abs() < 1e-9, "seed {seed}: {above} + {below}");
        }
        assert!(above.is_sorted_by(|a, b| a >= b), "{above:?}");
        assert!(bands.iter().flatten().all(|ring| closed(ring)));
    }
}

#[test]
fn a_regions_inner_edges_are_the_lines() {
    for seed in 0..20 {
        let grid = waves(seed, (9, 8));
        for level in [-0.3, 0.0, 0.4] {
            let on_frame = |p: Point, q: Point| {
                [-2.0, 3.0].iter().any(|&x| p.0 == x && q.0 == x)
                    || [-1.0, 1.5].iter().any(|&y| p.1 == y && q.1 == y)
            };
            let edges = |lines: Vec<Vec<Point>>| {
                let all = lines.iter().flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])));
                let mut inner: Vec<_> = all.filter(|&(p, q)| !on_frame(p, q)).collect();
                inner.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
                inner
            };
            assert_eq!(edges(region(&grid, level)), edges(lines(&grid, level)), "seed {seed}, {level}");
        }
    }
}

fn square(values: [f64; 4]) -> Grid {
    let [a, b, c, d] = values;
    let axis = vec![0.0, 1.0];
    Grid::new(axis.clone(), axis, vec![a, b, d, c]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_mean_decides_a_saddle() {
    // High at two opposite corners, counter-clockwise.
    let high = square([1.0, -0.5, 1.0, -0.5]);
    assert_eq!((lines(&high, 0.0).len(), region(&high, 0.0).len()), (2, 1));
    let low = square([0.5, -1.0, 0.5, -1.0]);
    assert_eq!((lines(&low, 0.0).len(), region(&low, 0.0).len()), (2, 2));
    // The corners of the low one are cut off at a third: two triangles.
    assert!((area(&region(&low, 0.0)) - 1.0 / 9.0).abs() < 1e-15);
    assert!((area(&region(&high, 0.0)) - (1.0 - 1.0 / 9.0)).abs() < 1e-15);
}

#[test]
fn constants_and_single_cells() {
    let flat = square([2.0; 4]);
    assert_eq!((lines(&flat, 2.0).len(), area(&region(&flat, 2.0))), (0, 1.0));
    assert_eq!((lines(&flat, 2.1).len(), region(&flat, 2.1).len()), (0, 0));
    let ramp = square([0.0, 1.0, 1.0, 0.0]);
    assert_eq!(lines(&ramp, 0.25), [[(0.25, 1.0), (0.25, 0.0)]]);
    let empty = Grid::of((0.0, 0.0), (0.0, 1.0), (5, 5), |_, _| 0.0);
    assert_eq!((lines(&empty, 0.0).len(), region(&empty, 0.0).len()), (0, 0));
}

#[test]
fn holes_leave_gaps() {
    let side = (-2.0, 2.0);
    // The middle, 3 by 3 points, is missing.
    let ring = Grid::of(side, side, (9, 9), |x, y| if x.abs().max(y.abs()) < 0.6 { f64::NAN } else { x });
    assert_eq!(count(&lines(&ring, 0.2)), (0, 2));
    let all = region(&ring, f64::NEG_INFINITY);
    assert_eq!((all.len(), area(&all)), (2, 16.0 - 4.0));
    for line in lines(&ring, 0.2) {
        assert!(line.iter().all(|&(x, y)| (x - 0.2).abs() < 1e-15 && y.abs() >= 1.0), "{line:?}");
    }
    // Two holes that share a corner: the ring passes it twice.
    let grid = Grid::of((0.0, 4.0), (0.0, 4.0), (5, 5), |_, _| 1.0);
    let mut k = 0;
    let holes = grid.map(|z| {
        k += 1;
        if k == 1 || k == 25 { f64::INFINITY } else { z }
    });
    assert_eq!(area(&region(&holes, 0.5)), 14.0);
    assert_eq!(area(&region(&holes, 1.5)), 0.0);
}

#[test]
fn values_exactly_at_the_level() {
    let side = (-2.0, 2.0);
    // Zero along two whole lines of the grid.
    let cross = Grid::of(side, side, (9, 9), |x, y| x * y);
    for line in lines(&cross, 0.0) {
        assert!(line.len() > 1 && line.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(line.iter().all(|&(x, y)| x * y == 0.0));
    }
    // Two quadrants, and half of each cell that has its three other corners on their edges.
    assert_eq!(area(&region(&cross, 0.0)), 8.0 + 2.0 * 0.125);
    // A peak of one point at the level: no line, no region.
    let peak = Grid::of(side, side, (9, 9), |x, y| -x.abs() - y.abs());
    assert_eq!(lines(&peak, 0.0).len(), 0);
    assert_eq!(area(&region(&peak, 0.0)), 0.0);
    // A dip of one point: the region is all.
    assert_eq!(area(&region(&peak.map(|z| -z), 0.0)), 16.0);
    let steps = waves(3, (20, 20)).map(|z| (2.0 * z).round());
    for line in lines(&steps, 1.0) {
        assert!(line.iter().all(|&point| (bilinear(&steps, point) - 1.0).abs() < 1e-12));
    }
    assert!((area(&region(&steps, 1.0)) - naive_area(&steps, 1.0)).abs() < 1e-9);
}
