//! Recurrent layers: sequences, one time step after the other.
//!
//! A cell is what happens in one step ([`cell`]); layers, directions, lengths and the loop over time are the same for all
//! of them ([`layers`], [`steps`]).

mod cell;
mod config;
mod gru;
mod layers;
mod lengths;
mod lstm;
mod rnn;
mod steps;

pub use config::RecurrentConfig;
pub use gru::{Gru, GruCell};
pub use lengths::Lengths;
pub use lstm::{Lstm, LstmCell};
pub use rnn::{Rnn, RnnCell};
