//! Who races, and with which learning rate.

use super::problems::Problem;
use crate::shared::descent::{Path, descend};
use chainrule::optim::{self, Optimizer, Transform};

/// Learning rates that everyone tries: eight to a decade, from `10⁻⁴` to `10`.
pub const LOWEST: f64 = 1e-4;
pub const PER_DECADE: usize = 8;
pub const RATES: usize = 5 * PER_DECADE + 1;

pub type Boxed = Optimizer<Box<dyn Transform>>;

/// An optimizer without its learning rate.
#[derive(Clone, Copy, Debug)]
pub struct Racer {
    pub name: &'static str,
    pub at: fn(f64) -> Boxed,
}

pub const GRADIENT_DESCENT: Racer = Racer { name: "gradient descent", at: |lr| optim::sgd(lr).boxed() };
pub const MOMENTUM_5: Racer = Racer { name: "momentum 0.5", at: |lr| optim::heavy_ball(lr, 0.5).boxed() };
pub const MOMENTUM_8: Racer = Racer { name: "momentum 0.8", at: |lr| optim::heavy_ball(lr, 0.8).boxed() };
pub const MOMENTUM_9: Racer = Racer { name: "momentum 0.9", at: |lr| optim::heavy_ball(lr, 0.9).boxed() };
pub const NAG: Racer = Racer { name: "NAG 0.9", at: |lr| optim::nag(lr, 0.9).boxed() };
pub const ADAGRAD: Racer = Racer { name: "Adagrad", at: |lr| optim::adagrad(lr).boxed() };
pub const RMSPROP: Racer = Racer { name: "RMSProp", at: |lr| optim::rmsprop(lr).alpha(0.9).boxed() };
pub const ADAM: Racer = Racer { name: "Adam", at: |lr| optim::adam(lr).boxed() };
pub const ADAMW: Racer = Racer { name: "AdamW", at: |lr| optim::adamw(lr).boxed() };
pub const LION: Racer = Racer { name: "Lion", at: |lr| optim::lion(lr).boxed() };

pub const ALL: [Racer; 10] =
    [GRADIENT_DESCENT, MOMENTUM_5, MOMENTUM_8, MOMENTUM_9, NAG, ADAGRAD, RMSPROP, ADAM, ADAMW, LION];

/// The rates that are tried.
pub fn rates() -> impl Iterator<Item = f64> {
    (0..RATES).map(|i| LOWEST * 10f64.powf(i as f64 / PER_DECADE as f64))
}

/// An optimizer's best run on a problem.
#[derive(Clone, Debug)]
pub struct Best {
    pub racer: Racer,
    pub rate: f64,
    /// `None`: no rate arrives, and this is the one that ends nearest.
    pub epochs: Option<usize>,
    pub path: Path,
}

impl Racer {
    /// The run with the rate that arrives first, or that ends nearest to a minimum where none arrives.
    pub fn best(self, problem: &Problem) -> chainrule::Result<Best> {
        let mut best: Option<(f64, Best)> = None;
        for rate in rates() {
            let path = descend(&problem.loss, (self.at)(rate), problem.start, problem.budget)?;
            let epochs = problem.epochs(&path);
            let end = problem.left(&path);
            let score = epochs.map_or(problem.budget as f64 + end, |epochs| epochs as f64);
            if best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, Best { racer: self, rate, epochs, path }));
            }
        }
        best.map(|(_, best)| best).ok_or_else(|| chainrule::Error::Params("no rate to try".to_owned()))
    }
}
