//! Minimizers of a whole loss, without batches: each decides by itself how far to go.

mod lbfgs;
mod line_search;
mod newton;
mod objective;

pub use lbfgs::Lbfgs;
pub use newton::NewtonCg;

use std::fmt;

/// Where a minimizer came to, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct Minimum {
    /// The loss there.
    pub loss: f64,
    /// The largest element of the gradient there, without its sign.
    pub gradient: f64,
    /// The loss before the first iteration, and after each.
    pub losses: Vec<f64>,
    /// How often the loss and its gradient were computed.
    pub evaluations: usize,
    /// Why it went no further.
    pub stop: Stop,
}

/// Why a minimizer went no further.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The gradient is as small as asked for: a minimum was found.
    Gradient,
    /// The loss or the parameters did not change any more, by as little as asked for or as can be told.
    Change,
    /// As many iterations were made as allowed.
    Iterations,
    /// The loss was computed as often as allowed.
    Evaluations,
    /// The loss or its gradient is not finite where it began.
    NotFinite,
}

impl Minimum {
    /// The number of iterations.
    pub fn iterations(&self) -> usize {
        self.losses.len() - 1
    }
}

impl fmt::Display for Minimum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Minimum { loss, gradient, evaluations, stop, .. } = self;
        let iterations = self.iterations();
        write!(
            f,
            "{loss:.6e} (gradient {gradient:.1e}) after {iterations} iterations and {evaluations} evaluations: "
        )?;
        f.write_str(match stop {
            Stop::Gradient => "the gradient is small enough",
            Stop::Change => "nothing changes any more",
            Stop::Iterations => "no more iterations are allowed",
            Stop::Evaluations => "no more evaluations are allowed",
            Stop::NotFinite => "it is not finite",
        })
    }
}
