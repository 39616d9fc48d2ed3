//! The machine against an obvious twin, and its promises.

mod combine;
mod fault;
mod instr;
mod invalid;
mod naive;
mod numeric;
mod random;
mod tile;
mod timing;
