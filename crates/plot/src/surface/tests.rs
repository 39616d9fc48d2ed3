use super::axes::{Axes, hidden_by_box};
use super::facets::{self, Shape};
use super::view::{HEIGHT, View};
use super::*;
use crate::svg;

const SQUARE: (f64, f64) = (-1.0, 1.0);
const VIEWS: [(f64, f64); 9] = [
    (-60.0, 30.0),
    (0.0, 10.0),
    (20.0, 45.0),
    (90.0, 30.0),
    (135.0, 60.0),
    (-180.0, 20.0),
    (-135.0, 35.0),
    (-95.0, 80.0),
    (-20.0, 15.0),
];

fn labels() -> [String; 3] {
    ["weight", "bias", "mean squared error"].map(str::to_owned)
}

fn bumps(count: usize) -> Grid {
    Grid::of(SQUARE, SQUARE, (count, count), |x, y| (5.0 * x).sin() * (4.0 * y + x).cos() + 0.5 * x)
}

/// The axes and the view of a picture of this size.
fn fitted<'a>(grid: &Grid, labels: &'a [String; 3], view: (f64, f64), size: (f64, f64)) -> (Axes<'a>, View) {
    let mut axes = Axes::new(grid, None, labels).unwrap_or_else(|| panic!("an empty grid"));
    let view = axes.fit(View::new(view.0, view.1), ((0.0, 0.0), size));
    (axes, view)
}

fn saddle() -> Surface {
    Surface::new("Saddle").grid(&Grid::of(SQUARE, SQUARE, (21, 21), |x, y| x * x - y * y))
}

#[test]
fn files_are_small() {
    for count in [61, 200] {
        let xs: Vec<f64> = (0..3000).map(|k| (f64::from(k) * 0.01).cos() * 0.9).collect();
        let ys: Vec<f64> = (0..3000).map(|k| (f64::from(k) * 0.01).sin() * 0.9).collect();
        let zs = vec![0.0; xs.len()];
        let surface = Surface::new("Bumps").grid(&bumps(count));
        assert!(surface.to_svg().len() < 400_000, "{count}: {}", surface.to_svg().len());
        // A path of a thousand rounds costs no more than its pixels.
        let size = surface.path("round", &xs, &ys, &zs).to_svg().len();
        assert!(size < 1_200_000, "{count}: {size}");
    }
}

#[test]
fn nearer_facets_hide_farther_ones() {
    let (grid, labels) = (bumps(31), labels());
    for angles in VIEWS {
        let (axes, view) = fitted(&grid, &labels, angles, (560.0, 420.0));
        let mut items = facets::facets(&grid, &axes, &view, Theme::Light);
        items.sort_by(|a, b| b.distance.total_cmp(&a.distance));
        let (mut seen, mut right) = (0, 0);
        for k in 0..400 {
            let pixel = (20.0 + 520.0 * ((0.618 * f64::from(k)) % 1.0), 10.0 + f64::from(k));
            let covers =
                |shape: &Shape| matches!(shape, Shape::Facet(corners, ..) if contains(corners, pixel));
            let top = items.iter().rev().find(|item| covers(&item.shape));
            let hit = first_hit(&grid, &axes, &view, pixel);
            if let (Some(top), Some(distance)) = (top, hit) {
                seen += 1;
                right += i32::from((top.distance - distance).abs() < 1.5 * 2.0 / 30.0);
            }
        }
        // At the rim of a hill the flat facets and the curved surface differ.
        assert!(seen > 60 && f64::from(right) >= 0.97 * f64::from(seen), "{angles:?}: {right} of {seen}");
    }
}

/// Whether a convex quadrilateral contains a point.
fn contains(corners: &[(f64, f64); 4], p: (f64, f64)) -> bool {
    let side = |k: usize| {
        let (a, b) = (corners[k], corners[(k + 1) % 4]);
        (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
    };
    (0..4).all(|k| side(k) >= 0.0) || (0..4).all(|k| side(k) <= 0.0)
}

/// How far along the floor the line of sight through a pixel first meets the surface, step by step from the eye.
fn first_hit(grid: &Grid, axes: &Axes, view: &View, pixel: (f64, f64)) -> Option<f64> {
    let point = |t: f64| view.behind(pixel, t);
    let over = |p: [f64; 3]| {
        let z = facets::height(grid, p[0], p[1])?;
        Some(p[2] - axes.place([p[0], p[1], z])[2])
    };
    let mut before: Option<f64> = None;
    for step in 0..6000 {
        let p = point(3.0 - 0.001 * f64::from(step));
        let now = over(p);
        if let (Some(a), Some(b)) = (before, now)
            && a * b <= 0.0
        {
            return Some(view.distance(p[0], p[1]));
        }
        before = now;
    }
    None
}

#[test]
fn numbers_are_inside_the_picture_and_outside_of_the_box() {
    for scale in [1.0, 1e-4, 2e6] {
        let (grid, labels) = (bumps(11).map(|z| scale * z), labels());
        for angles in VIEWS {
            for size in [(420.0, 360.0), (700.0, 520.0), (300.0, 400.0)] {
                let (axes, view) = fitted(&grid, &labels, angles, size);
                let texts = axes.texts(&view);
                assert!(texts.len() >= 8, "{angles:?} {size:?}: {} texts", texts.len());
                for (k, text) in texts.iter().enumerate() {
                    let ((x, y), (w, h)) = (text.middle, text.half());
                    let frame = x - w > -1.0 && x + w < size.0 + 1.0 && y - h > -1.0 && y + h < size.1 + 1.0;
                    assert!(frame, "{angles:?} {size:?}: `{}` at {x}, {y}", text.text);
                    assert!(!hidden_by_box(&view, text), "{angles:?} {size:?}: `{}` on the box", text.text);
                    for other in texts[k + 1..].iter().filter(|other| text.turn == 0.0 && other.turn == 0.0) {
                        assert!(!text.meets(other, (0.0, 0.0)), "{angles:?}: {} {}", text.text, other.text);
                    }
                }
            }
        }
    }
}

#[test]
fn each_side_on_the_mesh_is_drawn_once() {
    let (grid, labels) = (bumps(33), labels());
    let (axes, view) = fitted(&grid, &labels, (-60.0, 30.0), (560.0, 420.0));
    let pieces = facets::facets(&grid, &axes, &view, Theme::Light).into_iter().map(|item| match item.shape {
        Shape::Facet(_, _, pieces) => pieces.len(),
        _ => 0,
    });
    // 17 lines each way over 32 cells.
    assert_eq!(pieces.sum::<usize>(), 2 * 17 * 32);
}

#[test]
fn heights_asked_for_are_the_axis_unless_the_grid_needs_more() {
    let (low, high) = (bumps(11).map(|z| 0.1 * z), bumps(11).map(|z| 2.0 * z));
    let range = |grid: &Grid| grid.range().unwrap_or_else(|| panic!("an empty grid"));
    let labels = labels();
    let share = |grid: &Grid, heights, z| {
        Axes::new(grid, heights, &labels).unwrap_or_else(|| panic!("an empty grid")).share(z)
    };
    assert_eq!(share(&low, Some(range(&high)), 0.7), share(&high, None, 0.7));
    assert_eq!(share(&high, Some(range(&low)), 0.7), share(&high, None, 0.7));
    assert_ne!(share(&low, None, 0.1), share(&high, None, 0.1));
    let of = |heights: (f64, f64)| saddle().z_range(heights.0, heights.1).to_svg();
    assert_eq!(of((9.0, -9.0)), of((-9.0, 9.0)));
    assert_eq!(of((0.0, f64::INFINITY)), saddle().to_svg());
}

#[test]
fn holes_are_not_drawn() {
    let facets = |grid: &Grid| facets::cells(grid).count();
    let full = bumps(11);
    let mut k = 0;
    let holed = full.map(|z| {
        k += 1;
        if k == 61 { f64::NAN } else { z }
    });
    assert_eq!((facets(&full), facets(&holed)), (100, 96));
    // Every second line of a fine grid, and the last.
    assert_eq!(facets(&bumps(100)), 50 * 50);
}

#[test]
fn a_path_follows_the_surface() {
    let (grid, labels) = (Grid::of(SQUARE, SQUARE, (41, 41), |x, y| x * x + y * y), labels());
    let (axes, view) = fitted(&grid, &labels, (-60.0, 30.0), (560.0, 420.0));
    let track = |points: &[[f64; 3]]| Track { name: String::new(), points: points.to_vec(), joined: true };
    let runs = |points: &[[f64; 3]]| facets::runs(&grid, &axes, &view, &track(points));
    let down = runs(&[[-0.9, 0.0, 0.81], [0.9, 0.0, 0.81]]);
    assert_eq!(down.len(), 1);
    assert!(down[0].len() > 40);
    for at in &down[0] {
        let x = at[0];
        let expected = axes.place([x, 0.0, x * x])[2];
        assert!((at[2] - expected - 0.012).abs() < 0.002, "{at:?} over {expected}");
    }
    // High above the surface it is straight.
    let flight = runs(&[[-0.9, 0.0, 1.6], [0.9, 0.0, 1.6]]);
    assert!(flight[0].iter().all(|at| (at[2] - flight[0][0][2]).abs() < 1e-12));
    // It is cut at the box, and where it is not finite.
    let left = runs(&[
        [0.0, 0.0, 0.0],
        [2.0, 0.0, 4.0],
        [0.0, 0.5, 0.25],
        [f64::NAN, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.4, 0.4, 0.32],
    ]);
    assert_eq!(left.len(), 3);
    assert!(left.iter().flatten().all(|at| at[0].abs() <= 1.0 + 1e-9 && at[2] <= HEIGHT + 0.02));
    assert_eq!(runs(&[[0.5, 0.5, 0.5]]).len() + runs(&[]).len() + runs(&[[0.5; 3]; 9]).len(), 0);
}

#[test]
fn names_choose_inks() {
    let surface =
        saddle().path("sgd", &[0.9, 0.1], &[0.1, 0.1], &[0.8, 0.0]).points("start", &[0.9], &[0.1], &[0.8]);
    let drawn = |names: &[&str]| {
        let mut sheet = Sheet::new(560.0, 420.0, "", Theme::Light);
        surface.draw(&mut sheet, (0.0, 0.0), (560.0, 420.0), names);
        svg::write(&sheet)
    };
    let (blue, green) = (palette::ink(0).stroke.hex(Theme::Light), palette::ink(2).stroke.hex(Theme::Light));
    let svg = drawn(&["sgd", "adam", "start"]);
    assert!(svg.contains(&blue) && svg.contains(&green));
    assert!(!surface.to_svg().contains(&blue));
    assert_eq!(surface.names().collect::<Vec<_>>(), ["sgd", "start"]);
}

#[test]
fn any_numbers_make_a_picture() {
    let grids = [
        bumps(9).map(|_| 3.0),
        bumps(9).map(|z| z * 1e299),
        bumps(9).map(|z| z * 1e-299),
        bumps(2),
        bumps(9).map(|z| if z > 0.0 { z.ln() } else { f64::NEG_INFINITY }),
    ];
    for grid in grids {
        let surface = Surface::new("a < b").grid(&grid).path(
            "p",
            &[0.0, 0.5, f64::NAN],
            &[0.0, 0.5, 0.0],
            &[1e9, 0.0, 0.0],
        );
        for (azimuth, elevation) in [(-60.0, 30.0), (1e9, f64::NAN), (f64::INFINITY, -90.0), (0.0, 90.0)] {
            let surface = surface.clone().view(azimuth, elevation).size(f64::NAN, 0.0);
            assert!(surface.check().is_ok());
            for theme in [Theme::Light, Theme::Dark] {
                let svg = surface.to_svg_in(theme);
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{grid:?}");
                assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
            }
        }
    }
    let text = Surface::new("Loss").to_svg();
    assert!(text.contains("nothing to draw in `Loss`"), "{text}");
}

#[test]
fn mistakes_are_errors() {
    let wrong = saddle().path("short", &[0.0, 1.0], &[0.0, 1.0], &[0.0]).points("later", &[], &[1.0], &[]);
    let error = wrong.check().err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("path `short` has 2 x values, 2 y values and 1 z values"));
    let empty = Surface::new("Loss").grid(&Grid::of((1.0, 1.0), SQUARE, (5, 5), |_, _| 0.0));
    assert!(matches!(empty.check(), Err(PlotError::NoData { .. })));
}
