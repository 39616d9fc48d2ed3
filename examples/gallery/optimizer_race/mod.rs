//! The race of optimizers.

mod adaptive;
mod films;
mod matrices;
mod momentum;
mod problems;
mod racers;
mod rates;
mod rules;
mod saddle;
mod standings;
mod stochastic;

use crate::page::Page;
use crate::shared::sparse::Sparse;
use std::error::Error;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let problems = problems::all(seed)?;
    rules::section(page);
    standings::section(page, &problems)?;
    momentum::section(page, &problems[1])?;
    adaptive::section(page, &problems[1], &problems[3])?;
    rates::section(page, &problems[1])?;
    saddle::section(page, &problems[2])?;
    let data = Sparse::seeded(seed)?;
    stochastic::section(page, &data, &problems[1], seed)?;
    matrices::section(page, seed)?;
    films::section(page, &data, &problems[1], seed)?;
    Ok(())
}
