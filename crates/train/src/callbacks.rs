//! Callbacks that are often wanted.

mod best_weights;
mod csv_log;
mod early_stopping;
mod lower_rate;
mod tensor_board;

pub use best_weights::BestWeights;
pub use csv_log::CsvLog;
pub use early_stopping::EarlyStopping;
pub use lower_rate::LowerRate;
pub use tensor_board::TensorBoard;

use chainrule_tape::{Error, Kind, Params, Result};

/// Whether a value is better when it is smaller or when it is larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// Smaller is better: losses, errors.
    Minimize,
    /// Larger is better: accuracy, R².
    Maximize,
}

impl Goal {
    /// By the name: what ends in `loss`, `error`, `mae` or `mse` is to be small, everything else to be large.
    fn of(name: &str) -> Goal {
        match ["loss", "error", "mae", "mse"].iter().any(|ending| name.ends_with(ending)) {
            true => Goal::Minimize,
            false => Goal::Maximize,
        }
    }

    /// Whether `value` is better than `best` by more than `margin`. A NaN never is.
    fn is_better(self, value: f64, best: f64, margin: f64) -> bool {
        match self {
            Goal::Minimize => value < best - margin,
            Goal::Maximize => value > best + margin,
        }
    }

    /// What everything is better than.
    fn worst(self) -> f64 {
        match self {
            Goal::Minimize => f64::INFINITY,
            Goal::Maximize => f64::NEG_INFINITY,
        }
    }
}

/// The numbers that a callback saved under this name.
fn saved<const N: usize>(state: &Params, name: &str) -> Result<[f64; N]> {
    let found = state.get(name).map(|tensor| tensor.to_f64());
    let numbers: Option<[f64; N]> = found.and_then(|numbers| numbers.try_into().ok());
    numbers.ok_or_else(|| {
        Error::Params(format!("the checkpoint lacks a callback's `{name}`: are the callbacks others?"))
    })
}

/// Saves all tensors under `best.NAME`.
fn save_params(params: &Params, state: &mut Params) {
    for (name, _, tensor) in params.iter() {
        state.add(&format!("{BEST}.{name}"), Kind::State, tensor.clone());
    }
}

/// The tensors saved so; none, if none were.
fn saved_params(state: &Params) -> Option<Params> {
    let params = state.under(BEST);
    (!params.is_empty()).then_some(params)
}

const BEST: &str = "best";

/// Sets all tensors to these values.
fn put_back(best: &Params, params: &mut Params) -> Result<()> {
    for (name, _, tensor) in best.iter() {
        params.set(name, tensor.clone())?;
    }
    Ok(())
}
