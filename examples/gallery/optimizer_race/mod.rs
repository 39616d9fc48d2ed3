//! The race of optimizers: ten update rules from the same start on five landscapes of two weights, with batches of several sizes, and on a
//! network with matrices.
//!
//! Who is first? Nobody everywhere. Every optimizer gets the best of the same learning rates, and what is said of it is checked on the
//! numbers: that momentum overshoots and NAG brakes, that Adagrad slows down and RMSProp forgets. Some of it is half true: Adagrad, with a rate
//! as large as the way is long, is the first on both bowls; NAG is behind momentum in Rosenbrock's valley; and RMSProp, which
//! forgets too much, is thrown out of the minimum.
//!
//! A new optimizer is a line in [`racers`]; a new landscape is a function in [`problems`].

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
    page.lead(
        "Which optimizer is the fastest? Nobody is everywhere: the landscape and the learning rate decide. What each is good at, and what it pays \
         for that, can be measured.",
    );
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
    page.setting("rates tried", format!("{}, from {} to 10", racers::RATES, racers::LOWEST));
    page.setting(
        "arrived",
        format!("within {} of the way, for {} epochs at least", problems::WITHIN, problems::STAY),
    );
    for problem in &problems {
        page.setting(
            problem.name,
            format!("from ({}, {}), {} epochs", problem.start[0], problem.start[1], problem.budget),
        );
    }
    page.setting(
        "network with matrices",
        format!("{} epochs, {} starts", matrices::BUDGET, matrices::STARTS),
    );
    Ok(())
}
