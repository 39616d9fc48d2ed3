//! Outlines made of contours, as the table `glyf` stores them.

use tiny_skia::{PathBuilder, Point, Transform};

use super::data::Data;

/// A glyph of its own contours, whose points are stored as steps: all flags, all steps in x, all steps in y.
pub(super) fn add(outline: Data, contours: usize, to: Transform, path: &mut PathBuilder) -> Option<()> {
    let ends: Option<Vec<usize>> =
        (0..contours).map(|i| outline.u16(10 + 2 * i).map(|last| usize::from(last) + 1)).collect();
    let ends = ends?;
    let count = ends.last().copied().unwrap_or_default();
    let mut at = 12 + 2 * contours + usize::from(outline.u16(10 + 2 * contours)?);
    let mut flags = Vec::with_capacity(count);
    while flags.len() < count {
        let flag = outline.u8(at)?;
        at += 1;
        let mut times = 1;
        if flag & 0x8 != 0 {
            times += usize::from(outline.u8(at)?);
            at += 1;
        }
        flags.resize(flags.len() + times, flag);
    }
    let mut steps = |short: u8, same: u8| -> Option<Vec<f32>> {
        let mut value = 0;
        let mut values = Vec::with_capacity(count);
        for flag in &flags[..count] {
            value += match (flag & short != 0, flag & same != 0) {
                (true, plus) => {
                    at += 1;
                    i32::from(outline.u8(at - 1)?) * if plus { 1 } else { -1 }
                }
                (false, true) => 0,
                (false, false) => {
                    at += 2;
                    i32::from(outline.i16(at - 2)?)
                }
            };
            values.push(value as f32);
        }
        Some(values)
    };
    let (xs, ys) = (steps(0x2, 0x10)?, steps(0x4, 0x20)?);
    let mut points: Vec<Point> = xs.into_iter().zip(ys).map(|(x, y)| Point::from_xy(x, y)).collect();
    to.map_points(&mut points);
    let points: Vec<(Point, bool)> =
        points.into_iter().zip(flags).map(|(p, flag)| (p, flag & 0x1 != 0)).collect();
    let mut start = 0;
    for end in ends {
        contour(points.get(start..end)?, path);
        start = end;
    }
    Some(())
}

/// Adds a closed contour: points on it, and between them control points of quadratic Bézier curves. Half-way between two
/// control points is a point of the contour.
fn contour(points: &[(Point, bool)], path: &mut PathBuilder) {
    let middle = |a: Point, b: Point| Point::from_xy((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
    let (Some(&(first, is_first_on)), Some(&(last, is_last_on))) = (points.first(), points.last()) else {
        return;
    };
    let start = match (is_first_on, is_last_on) {
        (true, _) => first,
        (false, true) => last,
        (false, false) => middle(first, last),
    };
    path.move_to(start.x, start.y);
    let mut control: Option<Point> = None;
    for &(point, is_on) in &points[usize::from(is_first_on)..] {
        match (control, is_on) {
            (None, true) => path.line_to(point.x, point.y),
            (None, false) => {}
            (Some(c), true) => path.quad_to(c.x, c.y, point.x, point.y),
            (Some(c), false) => {
                let to = middle(c, point);
                path.quad_to(c.x, c.y, to.x, to.y);
            }
        }
        control = (!is_on).then_some(point);
    }
    if let Some(c) = control {
        path.quad_to(c.x, c.y, start.x, start.y);
    }
    path.close();
}
