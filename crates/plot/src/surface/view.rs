//! From space to the sheet: where things are seen, and which of them are in front.

use std::f64::consts::PI;

use crate::contour::Point;

/// A point of the box, which reaches from −1 to 1 along `x` and `y`, and from −[`HEIGHT`] to `HEIGHT` along `z`.
pub(super) type Space = [f64; 3];

pub(super) const HEIGHT: f64 = 0.66;

/// A parallel projection: equal heights look equal, near and far, and whatever the direction, the same three edges of
/// the box have nothing in front of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    right: Space,
    up: Space,
    /// Towards the eye, of length 1.
    pub(super) towards: Space,
    /// Pixels per unit at the middle, and where the middle is.
    pub(super) scale: f64,
    pub(super) centre: Point,
}

impl View {
    /// Seen from `azimuth` and `elevation`, in degrees.
    pub(super) fn new(azimuth: f64, elevation: f64) -> Self {
        let azimuth = if azimuth.is_finite() { azimuth % 360.0 } else { -60.0 };
        let elevation = if elevation.is_finite() { elevation.clamp(10.0, 80.0) } else { 30.0 };
        let ((sa, ca), (se, ce)) = ((azimuth * PI / 180.0).sin_cos(), (elevation * PI / 180.0).sin_cos());
        Self {
            right: [-sa, ca, 0.0],
            up: [-se * ca, -se * sa, ce],
            towards: [ce * ca, ce * sa, se],
            scale: 1.0,
            centre: (0.0, 0.0),
        }
    }

    /// Where a point is on the sheet.
    pub(super) fn place(&self, point: Space) -> Point {
        (
            self.centre.0 + self.scale * dot(point, self.right),
            self.centre.1 - self.scale * dot(point, self.up),
        )
    }

    /// The point that is seen at a place on the sheet, and `t` towards the eye from the middle.
    #[cfg(test)]
    pub(super) fn behind(&self, (x, y): Point, t: f64) -> Space {
        let (u, v) = ((x - self.centre.0) / self.scale, (self.centre.1 - y) / self.scale);
        std::array::from_fn(|k| u * self.right[k] + v * self.up[k] + t * self.towards[k])
    }

    /// How far away a point of the floor is, along the floor. The columns that stand on the cells of a grid hide each
    /// other in this order, whatever their heights.
    pub(super) fn distance(&self, x: f64, y: f64) -> f64 {
        -(x * self.towards[0] + y * self.towards[1])
    }

    /// The direction on the sheet, of length 1, of a step in space.
    pub(super) fn direction(&self, from: Space, step: Space) -> Point {
        let (a, b) = (self.place(from), self.place(std::array::from_fn(|k| from[k] + 0.01 * step[k])));
        let length = (b.0 - a.0).hypot(b.1 - a.1).max(1e-12);
        ((b.0 - a.0) / length, (b.1 - a.1) / length)
    }

    /// How much light falls on a surface with this normal, from −1 to 1: the lamp is above the eye, and left of it.
    pub(super) fn light(&self, normal: Space) -> f64 {
        let lamp: Space =
            std::array::from_fn(|k| 0.55 * self.towards[k] + 0.6 * self.up[k] - 0.58 * self.right[k]);
        dot(lamp, normal) / (dot(lamp, lamp) * dot(normal, normal)).sqrt()
    }
}

pub(super) fn dot(a: Space, b: Space) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
