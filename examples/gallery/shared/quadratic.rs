//! What the Hessian says of a loss of two weights: its two curvatures, and where a quadratic loss is least.

use chainrule::prelude::*;
use chainrule::{grad, hessian};

/// The smallest and the largest eigenvalue of a Hessian of two weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvatures {
    pub least: f64,
    pub most: f64,
}

impl Curvatures {
    /// How many times the steepest direction is steeper than the flattest: the condition number.
    pub fn condition(self) -> f64 {
        self.most / self.least
    }

    /// The rate with which gradient descent shrinks both directions alike, `2 / (λ₁ + λ₂)`: the best constant one.
    ///
    /// Source: Polyak, "Introduction to optimization", 1987, section 1.4.
    pub fn best_rate(self) -> f64 {
        2.0 / (self.most + self.least)
    }
}

/// The eigenvalues of the Hessian of `loss`, a function of two weights.
///
/// # Errors
/// Mistakes in the loss.
pub fn curvatures(loss: impl for<'t> Fn(Var<'t>) -> Var<'t>, at: [f64; 2]) -> chainrule::Result<Curvatures> {
    let tape = Tape::new();
    let h = hessian(loss, tape.var(at)).value()?.to_f64();
    let (middle, half) = ((h[0] + h[3]) / 2.0, ((h[0] - h[3]) / 2.0).hypot(h[1]));
    let most = middle + half;
    // The product of both is the determinant: what a difference of nearly equal numbers would round away.
    Ok(Curvatures { least: (h[0] * h[3] - h[1] * h[2]) / most, most })
}

/// Where a quadratic loss of two weights is least: one step of Newton's method, `-H⁻¹·g` from 0.
///
/// # Errors
/// Mistakes in the loss.
pub fn minimum(loss: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> chainrule::Result<[f64; 2]> {
    let tape = Tape::new();
    let zero = tape.var([0.0, 0.0]);
    let g = grad(&loss, zero).value()?.to_f64();
    let h = hessian(loss, zero).value()?.to_f64();
    let determinant = h[0] * h[3] - h[1] * h[2];
    Ok([(h[1] * g[1] - h[3] * g[0]) / determinant, (h[2] * g[0] - h[0] * g[1]) / determinant])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(a - 1)² + 3·(b + 2)² + 2·(a - 1)·(b + 2)`.
    fn bowl(w: Var<'_>) -> Var<'_> {
        let (a, b) = (w.at(0, 0) - 1.0, w.at(0, 1) + 2.0);
        a.square() + b.square() * 3.0 + a * b * 2.0
    }

    #[test]
    fn a_bowl_with_known_curvatures() -> chainrule::Result<()> {
        // H = [[2, 2], [2, 6]], whose eigenvalues are 4 ± √8.
        let found = curvatures(bowl, [0.3, 0.7])?;
        assert!((found.least - (4.0 - 8f64.sqrt())).abs() < 1e-12, "{found:?}");
        assert!((found.most - (4.0 + 8f64.sqrt())).abs() < 1e-12, "{found:?}");
        let [a, b] = minimum(bowl)?;
        assert!((a - 1.0).abs() < 1e-12 && (b + 2.0).abs() < 1e-12, "{a} {b}");
        Ok(())
    }
}
