//! Reading graphs: slices, surfaces and contours of functions of two numbers, and what first and second derivatives say of them.
//!
//! *Asked*: how does one see a minimum, the lowest or not, a saddle, a plateau, and convexity, and how does one compute them? *Found*: where the
//! gradient is 0, by Newton's method, the eigenvalues of the Hessian tell minima, maxima and saddles apart, unless one of them
//! is 0. All derivatives are the engine's.

mod chords;
mod critical;
mod figures;
mod landscape;
mod sections;
mod wells;

use crate::page::Page;
use std::error::Error;

/// Newton's method starts from a grid of so many points a side, and takes so many steps.
const STARTS: usize = 24;
const STEPS: usize = 60;
/// Gradient descent on the landscape with four valleys: its rate, its steps, and the side of its grid of starts.
const RATE: f64 = 0.003;
const DESCENT: usize = 3000;
const WALKERS: usize = 20;
/// The descents that are drawn.
const DRAWN: [[f64; 2]; 4] = [[-0.5, -0.5], [0.2, 0.0], [-0.6, -1.6], [0.4, -2.2]];
/// The random chords along which convexity is tested.
const CHORDS: usize = 10_000;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "A function of two numbers can be drawn as slices, as a surface and as contours. How do they show a minimum, a saddle or a \
         plateau? Where the gradient is 0, the eigenvalues of the Hessian tell, unless one of them is 0.",
    );
    page.setting("starts of Newton's method", STARTS * STARTS);
    page.setting(
        "gradient descent in the valleys",
        format!("rate {RATE}, {DESCENT} steps, from {} starts", WALKERS * WALKERS),
    );
    page.setting("chords", CHORDS);
    page.formula(
        r"\nabla f = \begin{pmatrix} \partial f / \partial x \\ \partial f / \partial y \end{pmatrix} = 0",
        "the gradient of f, made of its derivatives by x and by y, is 0",
    );
    page.formula(
        r"H = \begin{pmatrix} \partial^2 f / \partial x^2 & \partial^2 f / \partial x\,\partial y \\ \partial^2 f / \partial x\,\partial y & \partial^2 f / \partial y^2 \end{pmatrix}",
        "H, the Hessian of f, is the matrix of its second derivatives",
    );
    page.text(
        "A *critical point* is one where the gradient is 0. If both eigenvalues of the Hessian are positive there, it is a minimum; \
         if both are negative, a maximum; with one of each, a saddle. If one is 0, the second derivatives don't tell. Newton's \
         method, `p ← p − H⁻¹∇f`, goes to critical points of any kind.",
    );

    page.heading("A saddle");
    page.formula("f(x, y) = -x^2 - x + y^2", "f of x and y is minus x squared, minus x, plus y squared");
    sections::saddle(page, seed)?;

    page.heading("A valley that becomes a ridge");
    page.formula(r"f(x, y) = y^2 \cos x", "f of x and y is y squared times the cosine of x");
    sections::wave(page)?;

    page.heading("Four valleys");
    page.formula(
        "f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        "f of x and y is, x squared plus y minus 11, squared, plus, x plus y squared minus 7, squared",
    );
    sections::himmelblau(page)?;

    page.heading("A lowest point that is not the lowest");
    page.formula(
        r"f(x, y) = (x^2 - 1)^2 + \frac{x}{2} + y^2",
        "f of x and y is, x squared minus 1, squared, plus x over 2, plus y squared",
    );
    wells::show(page)?;

    page.heading("A plateau");
    page.formula(
        r"f(x, y) = 1 - e^{-(x^2 + y^2) / 2}",
        "f of x and y is 1 minus e to the minus, x squared plus y squared, over 2",
    );
    sections::dent(page)?;

    page.heading("Convex and not convex");
    page.formula(
        r"f(a + t\,(b - a)) \le f(a) + t\,(f(b) - f(a)) \quad \text{for all } a, b \text{ and } 0 \le t \le 1",
        "f of a plus t times b minus a is at most, f of a plus t times f of b minus f of a, for all a and b, and t between 0 and 1",
    );
    page.text(
        "A function is *convex* if it lies nowhere above the straight line between two of its values. A convex function has no \
         saddle, no maximum and no valley beside the lowest.",
    );
    sections::convex(page, seed)?;
    Ok(())
}
