//! Why initialization is important.
//!
//! *Asked:* what do the first weights decide, and what is wrong with zeros, with small and with large ones?
//!
//! *Found:* weights that begin equal stay equal, to the last bit ([`symmetry`]). Through many layers a signal dies out if the
//! weights are small, and saturates or explodes if they are large; Xavier's and He's rules keep it, and keep the gradient on
//! its way back ([`signals`]). A deep network trains or does not train accordingly ([`training`]). What the gradient is made of is
//! checked number by number ([`chain_rule`]).
//!
//! Sources: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010; He,
//! Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.

mod chain_rule;
mod signals;
mod symmetry;
mod training;

use crate::page::Page;
use std::error::Error;

/// Puts the lesson on its page.
pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "A network can learn only what its first weights let through. Equal weights stay equal for ever. Small ones let a signal \
         die out over the layers, large ones make it saturate or explode. Weights of the right variance keep its size, and \
         that of the gradient on its way back.",
    );
    symmetry::show(page, seed)?;
    signals::show(page, seed)?;
    training::show(page, seed)?;
    chain_rule::chain_rule(page, seed)
}
