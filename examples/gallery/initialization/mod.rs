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

// Equal weights: `2 → UNITS → 1` on four clusters.

/// Hidden units.
const UNITS: usize = 4;
/// Steps of gradient descent, each on all points.
const STEPS: usize = 600;
/// Its learning rate.
const RATE: f64 = 0.5;
/// The value that all weights have in a constant start.
const CONSTANT: f64 = 0.5;
/// The standard deviation of what is added to a constant start to break its symmetry.
const NOISE: f64 = 1e-4;

// Signals through layers that are not trained.

/// Layers, all of one width; and hidden layers of the network that reads digits.
const LAYERS: usize = 6;
/// Their width, and that of the input.
const WIDTH: usize = 500;
/// Examples that go through them.
const EXAMPLES: usize = 200;
/// A standard deviation of the weights that is too small.
const SMALL: f64 = 0.01;
/// One that is too large.
const LARGE: f64 = 1.0;

// Training on digits.

/// The width of the hidden layers.
const HIDDEN: usize = 64;
/// Passes over the training set.
const EPOCHS: usize = 25;
/// Images in a step.
const BATCH: usize = 50;
/// The learning rate of plain gradient descent.
const DIGITS_RATE: f64 = 0.05;

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
    chain_rule::chain_rule(page, seed)?;

    page.heading("Sources");
    page.text(
        "Xavier Glorot and Yoshua Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS 2010. \
         Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun, *Delving deep into rectifiers*, ICCV 2015.",
    );
    Ok(())
}

/// A number by its order: `2·10⁷`, `10⁻⁴`.
fn by_order(x: f64) -> String {
    let text = format!("{x:.0e}");
    let Some((digit, exponent)) = text.split_once('e') else { return text };
    let raised = exponent.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    });
    let power: String = ['1', '0'].into_iter().chain(raised).collect();
    if digit == "1" { power } else { format!("{digit}·{power}") }
}
