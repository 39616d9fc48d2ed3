//! L-BFGS.

use super::line_search::strong_wolfe;
use super::objective::{Objective, Place, add, dot, largest};
use super::{Minimum, Stop};
use crate::limits;
use chainrule_tape::{Error, Params, Result, Tape, Var};
use std::collections::VecDeque;

/// Minimizes a loss of all data at once by L-BFGS: along an estimate of Newton's direction, from the last steps and the
/// changes of the gradient in them, as far as a line search by the strong Wolfe conditions finds best.
///
/// For small and smooth problems, in `f64`, it takes tens of iterations where descent takes thousands. For losses of random
/// batches it is of no use.
///
/// ```
/// use chainrule_optim::{Lbfgs, Stop};
/// use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([-1.2, 1.0]));
/// // Rosenbrock's valley, with its lowest point at (1, 1).
/// let found = Lbfgs::new().tolerance_change(0.0).minimize(&mut params, |tape| {
///     let (x, y) = (tape.param(w).at(0, 0), tape.param(w).at(0, 1));
///     (1.0 - x).square() + (y - x.square()).square() * 100.0
/// })?;
/// assert_eq!(found.stop, Stop::Gradient);
/// assert!(params.tensor(w).to_f64().iter().all(|x| (x - 1.0).abs() < 1e-6), "{found}");
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// Formulas and defaults are those of PyTorch's `LBFGS` with `line_search_fn="strong_wolfe"`, but for `max_iter`, which is
/// for one call of `step` there. The loss is recorded in inference mode, as a line search needs a function that is the
/// same each time: no dropout, and norms by their running statistics. Products are computed in `f64`, whatever the
/// parameters are.
///
/// Source: Nocedal and Wright, "Numerical optimization", 2006, algorithms 7.4 and 7.5.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lbfgs {
    lr: f64,
    max_iter: usize,
    max_eval: Option<usize>,
    tolerance_grad: f64,
    tolerance_change: f64,
    history_size: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs {
            lr: 1.0,
            max_iter: 500,
            max_eval: None,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            history_size: 100,
        }
    }
}

/// The steps and the changes of the gradient in them, the last ones last.
struct History {
    pairs: VecDeque<Pair>,
    most: usize,
    /// What stands for the inverse Hessian before them.
    scale: f64,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// `1 / (step·change)`.
    inverse: f64,
}

impl Lbfgs {
    /// With the defaults.
    pub fn new() -> Self {
        Lbfgs::default()
    }

    /// The length that each line search tries first. 1 unless set.
    pub fn lr(self, lr: f64) -> Self {
        Lbfgs { lr, ..self }
    }

    /// The most iterations. 500 unless set.
    pub fn max_iter(self, max_iter: usize) -> Self {
        Lbfgs { max_iter, ..self }
    }

    /// The most evaluations of the loss. 5/4 of the iterations unless set.
    pub fn max_eval(self, max_eval: usize) -> Self {
        Lbfgs { max_eval: Some(max_eval), ..self }
    }

    /// Ends when no element of the gradient is larger. 10⁻⁷ unless set.
    pub fn tolerance_grad(self, tolerance_grad: f64) -> Self {
        Lbfgs { tolerance_grad, ..self }
    }

    /// Ends when the loss, or each element of the parameters, changes by no more. 10⁻⁹ unless set.
    pub fn tolerance_change(self, tolerance_change: f64) -> Self {
        Lbfgs { tolerance_change, ..self }
    }

    /// How many steps are remembered. 100 unless set.
    pub fn history_size(self, history_size: usize) -> Self {
        Lbfgs { history_size, ..self }
    }

    /// Moves the trainable parameters to where the loss is least. The loss and its gradient are planned once.
    ///
    /// # Errors
    /// Mistakes in the model, with their source line; trainable parameters that no gradient reaches; settings out of range.
    #[track_caller]
    pub fn minimize(
        &self,
        params: &mut Params,
        loss: impl for<'t> Fn(&'t Tape) -> Var<'t>,
    ) -> Result<Minimum> {
        self.check().map_err(|what| Error::Params(format!("Lbfgs: {what}")))?;
        let mut objective = Objective::new(params, &loss)?;
        let mut now = objective.here()?;
        let mut losses = vec![now.loss];
        let mut history = History { pairs: VecDeque::new(), most: self.history_size, scale: 1.0 };
        let mut before: Option<(Vec<f64>, Vec<f64>)> = None;
        let most = self.max_eval.unwrap_or(self.max_iter * 5 / 4);
        let stop = loop {
            match () {
                () if !now.is_finite() => break Stop::NotFinite,
                () if now.steepest() <= self.tolerance_grad => break Stop::Gradient,
                () if losses.len() > self.max_iter => break Stop::Iterations,
                () if objective.evaluations >= most => break Stop::Evaluations,
                () => {}
            }
            if let Some((step, gradient)) = before.take() {
                let last = losses.len() - 1;
                if largest(&step) <= self.tolerance_change
                    || (losses[last] - losses[last - 1]).abs() < self.tolerance_change
                {
                    break Stop::Change;
                }
                history.learn(step, &now.gradient, &gradient);
            }
            let direction = history.direction(&now.gradient);
            let slope = dot(&now.gradient, &direction);
            if slope > -self.tolerance_change {
                break Stop::Change;
            }
            let first = losses.len() == 1;
            let size: f64 = now.gradient.iter().map(|g| g.abs()).sum();
            let t = if first { (1.0 / size).min(1.0) * self.lr } else { self.lr };
            let left = most - objective.evaluations;
            let (t, next) = strong_wolfe(&mut objective, &now, &direction, t, left, self.tolerance_change)?;
            objective.move_to(&next.x)?;
            let Place { gradient, .. } = std::mem::replace(&mut now, next);
            losses.push(now.loss);
            before = Some((direction.iter().map(|d| d * t).collect(), gradient));
        };
        let (loss, gradient) = (now.loss, now.steepest());
        Ok(Minimum { loss, gradient, losses, evaluations: objective.evaluations, stop })
    }

    fn check(&self) -> std::result::Result<(), String> {
        limits::not_negative("tolerance_grad", self.tolerance_grad)?;
        limits::not_negative("tolerance_change", self.tolerance_change)?;
        limits::positive("lr", self.lr)?;
        if self.history_size == 0 { Err("history_size is 0; it must be 1 or more".into()) } else { Ok(()) }
    }
}

impl History {
    /// Remembers a step, unless the loss curved the wrong way along it.
    fn learn(&mut self, step: Vec<f64>, gradient: &[f64], before: &[f64]) {
        let change: Vec<f64> = gradient.iter().zip(before).map(|(now, before)| now - before).collect();
        let curvature = dot(&change, &step);
        if curvature <= 1e-10 {
            return;
        }
        if self.pairs.len() == self.most {
            self.pairs.pop_front();
        }
        self.scale = curvature / dot(&change, &change);
        self.pairs.push_back(Pair { step, change, inverse: 1.0 / curvature });
    }

    /// Minus the estimated inverse Hessian times the gradient.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut parts = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let part = dot(&pair.step, &d) * pair.inverse;
            add(&mut d, -part, &pair.change);
            parts.push(part);
        }
        d.iter_mut().for_each(|d| *d *= self.scale);
        for (pair, part) in self.pairs.iter().zip(parts.into_iter().rev()) {
            let other = dot(&pair.change, &d) * pair.inverse;
            add(&mut d, part - other, &pair.step);
        }
        d
    }
}
