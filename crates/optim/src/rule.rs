//! The update rules, one a file, each with the function that makes its optimizer.

mod adabelief;
mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adan;
mod asgd;
mod lamb;
mod lars;
mod lion;
mod muon;
mod nadam;
mod prodigy;
mod radam;
mod rmsprop;
mod rprop;
mod schedule_free;
mod sgd;
pub(crate) mod sophia;
mod yogi;

pub use adabelief::{Adabelief, adabelief};
pub use adadelta::{Adadelta, adadelta};
pub use adafactor::{Adafactor, adafactor};
pub use adagrad::{Adagrad, adagrad};
pub use adam::{Adam, adam, adamw};
pub use adamax::{Adamax, adamax};
pub use adan::{Adan, adan};
pub use asgd::{Asgd, asgd};
pub use lamb::{Lamb, lamb};
pub use lars::{Lars, lars};
pub use lion::{Lion, lion};
pub use muon::{Muon, MuonScale, muon};
pub use nadam::{Nadam, nadam};
pub use prodigy::{Prodigy, prodigy};
pub use radam::{Radam, radam};
pub use rmsprop::{Rmsprop, rmsprop};
pub use rprop::{Rprop, rprop};
pub use schedule_free::{
    RootMeanSquare, ScheduleFree, schedule_free, schedule_free_adamw, schedule_free_sgd,
};
pub use sgd::{Momentum, Sgd, heavy_ball, nag, sgd};
pub use sophia::{Sophia, sophia};
pub use yogi::{Yogi, yogi};
