//! Newton's method with conjugate gradients.

use super::line_search::strong_wolfe;
use super::objective::{Objective, Place, add, dot};
use super::{Minimum, Stop};
use crate::limits;
use chainrule_tape::{Error, Params, Program, Result, Tape, Var};

/// Minimizes a loss of all data at once by Newton's method: the direction `d` with `H·d = -g` is found by conjugate
/// gradients, which need products of the Hessian `H` with vectors and never the Hessian itself. Where the loss curves
/// downwards, the search for it ends, with the last direction that leads down.
///
/// Close to a minimum each iteration squares the error, or nearly so. Compared with [`Lbfgs`](super::Lbfgs), iterations
/// are fewer, and each takes several products, of the cost of about two gradients.
///
/// ```
/// use chainrule_optim::{NewtonCg, Stop};
/// use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([-1.2, 1.0]));
/// let found = NewtonCg::new().tolerance_grad(1e-10).minimize(&mut params, |tape| {
///     let (x, y) = (tape.param(w).at(0, 0), tape.param(w).at(0, 1));
///     (1.0 - x).square() + (y - x.square()).square() * 100.0
/// })?;
/// assert_eq!(found.stop, Stop::Gradient);
/// assert!(params.tensor(w).to_f64().iter().all(|x| (x - 1.0).abs() < 1e-10), "{found}");
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// The loss is recorded in inference mode, as [`Lbfgs`](super::Lbfgs) does, and must have a second derivative.
///
/// Source: Nocedal and Wright, "Numerical optimization", 2006, algorithm 7.1; the products by Pearlmutter, "Fast exact
/// multiplication by the Hessian", 1994.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NewtonCg {
    max_iter: usize,
    max_cg: usize,
    tolerance_grad: f64,
    tolerance_cg: f64,
}

impl Default for NewtonCg {
    fn default() -> Self {
        NewtonCg { max_iter: 200, max_cg: 250, tolerance_grad: 1e-7, tolerance_cg: 0.5 }
    }
}

impl NewtonCg {
    /// With the defaults.
    pub fn new() -> Self {
        NewtonCg::default()
    }

    /// The most iterations. 200 unless set.
    pub fn max_iter(self, max_iter: usize) -> Self {
        NewtonCg { max_iter, ..self }
    }

    /// The most products with the Hessian in an iteration. 250 unless set.
    pub fn max_cg(self, max_cg: usize) -> Self {
        NewtonCg { max_cg, ..self }
    }

    /// Ends when no element of the gradient is larger. 10⁻⁷ unless set.
    pub fn tolerance_grad(self, tolerance_grad: f64) -> Self {
        NewtonCg { tolerance_grad, ..self }
    }

    /// Takes a direction when `‖H·d + g‖` is at most this part of `‖g‖`, or the part `√‖g‖`, whichever is less. 0.5 unless
    /// set.
    pub fn tolerance_cg(self, tolerance_cg: f64) -> Self {
        NewtonCg { tolerance_cg, ..self }
    }

    /// Moves the trainable parameters to where the loss is least. The loss, its gradient and the product with its Hessian
    /// are planned once.
    ///
    /// # Errors
    /// Mistakes in the model, with their source line; trainable parameters that no gradient reaches; settings out of range.
    #[track_caller]
    pub fn minimize(
        &self,
        params: &mut Params,
        loss: impl for<'t> Fn(&'t Tape) -> Var<'t>,
    ) -> Result<Minimum> {
        self.check().map_err(|what| Error::Params(format!("NewtonCg: {what}")))?;
        let mut objective = Objective::new(params, &loss)?;
        let mut hessian = objective.hessian(&loss)?;
        let mut now = objective.here()?;
        let mut losses = vec![now.loss];
        let stop = loop {
            match () {
                () if !now.is_finite() => break Stop::NotFinite,
                () if now.steepest() <= self.tolerance_grad => break Stop::Gradient,
                () if losses.len() > self.max_iter => break Stop::Iterations,
                () => {}
            }
            let direction = self.direction(&objective, &mut hessian, &now.gradient)?;
            let Some(next) = step(&mut objective, &now, &direction)? else { break Stop::Change };
            now = next;
            objective.move_to(&now.x)?;
            losses.push(now.loss);
        };
        objective.move_to(&now.x)?;
        let (loss, gradient) = (now.loss, now.steepest());
        Ok(Minimum { loss, gradient, losses, evaluations: objective.evaluations, stop })
    }

    /// An approximate solution of `H·d = -g` that leads down.
    fn direction(&self, objective: &Objective<'_>, hessian: &mut Program, g: &[f64]) -> Result<Vec<f64>> {
        let size = dot(g, g).sqrt();
        let enough = size * self.tolerance_cg.min(size.sqrt());
        let mut d = vec![0.0; g.len()];
        let mut residual = g.to_vec();
        let mut way: Vec<f64> = g.iter().map(|g| -g).collect();
        let mut square = size * size;
        for number in 0..self.max_cg {
            let product = objective.hessian_times(hessian, &way)?;
            let curvature = dot(&way, &product);
            if curvature.is_nan() || curvature <= 0.0 {
                if number == 0 {
                    return Ok(way);
                }
                break;
            }
            let length = square / curvature;
            add(&mut d, length, &way);
            add(&mut residual, length, &product);
            let left = dot(&residual, &residual);
            if left.sqrt() <= enough {
                break;
            }
            way.iter_mut().for_each(|w| *w *= left / square);
            add(&mut way, -1.0, &residual);
            square = left;
        }
        Ok(d)
    }

    fn check(&self) -> std::result::Result<(), String> {
        limits::not_negative("tolerance_grad", self.tolerance_grad)?;
        limits::below_one("tolerance_cg", self.tolerance_cg)
    }
}

/// A step along a direction; None if none is better than where it starts.
fn step(objective: &mut Objective<'_>, from: &Place, direction: &[f64]) -> Result<Option<Place>> {
    let mut x = from.x.clone();
    add(&mut x, 1.0, direction);
    let whole = objective.at(x)?;
    // Close to a minimum, losses are the same to the last digits while gradients still tell places apart.
    let same = (whole.loss - from.loss).abs() <= 8.0 * f64::EPSILON * from.loss.abs();
    if same && whole.steepest() < from.steepest() {
        return Ok(Some(whole));
    }
    let (_, place) = strong_wolfe(objective, from, direction, 1.0, MOST, 0.0)?;
    Ok((place.loss < from.loss).then_some(place))
}

/// The most evaluations of a line search.
const MOST: usize = 50;
