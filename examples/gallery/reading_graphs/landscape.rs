//! Functions of two numbers, with gradient and Hessian by the engine.

use chainrule::prelude::*;
use chainrule::{Result, grad, hessian, scan, vmap};

/// A point of the plane.
pub type Point = [f64; 2];

/// A function of two numbers, and the part of the plane that is looked at.
#[derive(Clone, Copy)]
pub struct Landscape {
    pub name: &'static str,
    /// Takes points `[…, 2]` to values `[…]`.
    pub f: for<'t> fn(Var<'t>) -> Var<'t>,
    /// The window: both numbers from, and to.
    pub window: (f64, f64),
}

/// Rises along y and falls along x: a saddle.
pub const SADDLE: Landscape = Landscape { name: "−x² − x + y²", f: saddle, window: (-3.0, 3.0) };
/// A valley that turns into a ridge and back.
pub const WAVE: Landscape = Landscape { name: "y² cos x", f: wave, window: (-5.0, 5.0) };
/// Himmelblau's function, with four lowest points. Source: Himmelblau, "Applied nonlinear programming", 1972.
pub const HIMMELBLAU: Landscape =
    Landscape { name: "(x² + y − 11)² + (x + y² − 7)²", f: himmelblau, window: (-5.0, 5.0) };
/// Two valleys of which one is deeper.
pub const WELLS: Landscape = Landscape { name: "(x² − 1)² + x/2 + y²", f: wells, window: (-1.8, 1.8) };
/// A dent in a plain.
pub const DENT: Landscape = Landscape { name: "1 − exp(−(x² + y²)/2)", f: dent, window: (-5.0, 5.0) };
/// A bowl that is longer than wide.
pub const BOWL: Landscape = Landscape { name: "x² + xy + y²", f: bowl, window: (-5.0, 5.0) };

fn saddle(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.at(-1, 0), p.at(-1, 1));
    -x.square() - x + y.square()
}

fn wave(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.at(-1, 0), p.at(-1, 1));
    y.square() * x.cos()
}

fn himmelblau(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.at(-1, 0), p.at(-1, 1));
    (x.square() + y - 11.0).square() + (x + y.square() - 7.0).square()
}

fn wells(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.at(-1, 0), p.at(-1, 1));
    (x.square() - 1.0).square() + x * 0.5 + y.square()
}

fn dent(p: Var<'_>) -> Var<'_> {
    1.0 - (p.square().sum(-1) * -0.5).exp()
}

fn bowl(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.at(-1, 0), p.at(-1, 1));
    x.square() + x * y + y.square()
}

/// What the engine knows of a function at a point.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    pub at: Point,
    pub value: f64,
    pub gradient: Point,
    /// The eigenvalues of the Hessian, the smaller one first.
    pub curvatures: [f64; 2],
}

impl Local {
    /// The gradient's length.
    pub fn slope(&self) -> f64 {
        self.gradient[0].hypot(self.gradient[1])
    }
}

impl Landscape {
    pub fn values(&self, points: &[Point]) -> Result<Vec<f64>> {
        let tape = Tape::new();
        Ok((self.f)(tape.var(points.to_vec())).value()?.to_f64())
    }

    /// Value, gradient and curvatures at each of the points.
    pub fn local(&self, points: &[Point]) -> Result<Vec<Local>> {
        let tape = Tape::new();
        let p = tape.var(points.to_vec());
        let values = (self.f)(p).value()?.to_f64();
        let gradients = self.gradients(p).value()?.to_f64();
        let hessians = vmap(|p| hessian(self.f, p), p).value()?.to_f64();
        let at = |i: usize| Local {
            at: points[i],
            value: values[i],
            gradient: [gradients[2 * i], gradients[2 * i + 1]],
            curvatures: eigenvalues([hessians[4 * i], hessians[4 * i + 1], hessians[4 * i + 3]]),
        };
        Ok((0..points.len()).map(at).collect())
    }

    /// As a point's value depends on that point alone, the gradient of the sum has all gradients.
    fn gradients<'t>(&self, points: Var<'t>) -> Var<'t> {
        grad(|p| (self.f)(p).sum(..), points)
    }

    /// Where so many steps of Newton's method lead from each of the points: `p ← p - H⁻¹·∇f`, with the inverse of a 2 × 2 matrix
    /// written out. It looks for any place where the gradient is 0, not for the lowest.
    pub fn newton(&self, points: &[Point], steps: usize) -> Result<Vec<Point>> {
        self.walk(points, steps, |p| {
            let (g, h) = (self.gradients(p), vmap(|p| hessian(self.f, p), p));
            let entry = |i: isize, j: isize| h.at(-2, i).at(-1, j);
            let (a, b, d) = (entry(0, 0), entry(0, 1), entry(1, 1));
            let (gx, gy) = (g.at(-1, 0), g.at(-1, 1));
            let determinant = a * d - b * b;
            p - p.tape().stack(&[(d * gx - b * gy) / determinant, (a * gy - b * gx) / determinant], -1)
        })
    }

    /// Where so many steps of gradient descent lead from each of the points.
    pub fn descend(&self, points: &[Point], rate: f64, steps: usize) -> Result<Vec<Point>> {
        self.walk(points, steps, |p| p - self.gradients(p) * rate)
    }

    /// All points together, one step after the other; one step is recorded.
    fn walk(
        &self,
        points: &[Point],
        steps: usize,
        step: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    ) -> Result<Vec<Point>> {
        let tape = Tape::new();
        let start = tape.var(points.to_vec());
        let (end, ()) = scan(|p, _| (step(p), ()), start, tape.iota(steps, DType::I64));
        Ok(end.value()?.to_f64().chunks(2).map(|p| [p[0], p[1]]).collect())
    }

    /// The way of gradient descent from a point, start and end included.
    pub fn trail(&self, start: Point, rate: f64, steps: usize) -> Result<Vec<Point>> {
        let tape = Tape::new();
        let (_, all) = scan(
            |p, _| {
                let next = p - self.gradients(p) * rate;
                (next, next)
            },
            tape.var(start),
            tape.iota(steps, DType::I64),
        );
        let all = all.value()?.to_f64();
        Ok(std::iter::once(start).chain(all.chunks(2).map(|p| [p[0], p[1]])).collect())
    }

    /// `n × n` points of the window, row by row, from its lower left corner.
    pub fn grid(&self, n: usize) -> Vec<Point> {
        let at =
            |i: usize| self.window.0 + (self.window.1 - self.window.0) * i as f64 / (n.max(2) - 1) as f64;
        (0..n).flat_map(|row| (0..n).map(move |column| [at(column), at(row)])).collect()
    }
}

/// The eigenvalues of `[[a, b], [b, d]]`, the smaller one first.
pub fn eigenvalues([a, b, d]: [f64; 3]) -> [f64; 2] {
    let (mean, half) = ((a + d) / 2.0, ((a - d) / 2.0).hypot(b));
    [mean - half, mean + half]
}
