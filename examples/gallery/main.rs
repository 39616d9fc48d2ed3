//! Deep learning's first lessons, recomputed by the engine and drawn as a web page: one page a lesson, with its formulas, figures,
//! what to see in them, settings, seed and run time.
//!
//! `cargo run --release --example gallery` writes `target/gallery/index.html` and prints
//!
//! ```text
//! activations             3.1 s   12 claims hold
//! …
//! 12 lessons in 71.3 s, 140 claims, and all hold
//! target/gallery/index.html
//! ```
//!
//! A lesson is a file in this folder, with its settings on top. Change one, and run that lesson again with `-- --only NAME`.
//! Every sentence under "What to see" is asserted on the numbers behind the figure: `cargo test --release --example gallery`.

#[path = "../shared/options.rs"]
mod options;

mod figure;
mod html;
mod index;
mod lessons;
mod math;
mod page;
mod progress;
mod render;
mod words;

// The lessons.
mod activation_table;
mod activations;
mod batch_norm;
mod beyond;
mod ewma;
mod initialization;
mod optimizer_race;
mod optimizer_role;
mod oscillating_neuron;
mod reading_graphs;
mod shared;
mod sparse_features;
mod vanishing_gradients;

use lessons::Lesson;
use options::{Misuse, Options};
use page::Page;
use progress::Progress;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: gallery [--only NAME] [--list] [--seed N] [--out DIR]

  --only NAME   this lesson alone; the other pages stay as they are
  --list        the lessons' names
  --seed N      seed of initial values, data and order (7)
  --out DIR     for the pages (target/gallery)";

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.has("--list") {
        lessons::ALL.iter().for_each(|lesson| println!("{:<20}  {}", lesson.name, lesson.title));
        return Ok(());
    }
    let chosen: Vec<&Lesson> = match options.word("--only") {
        Some(name) => vec![lessons::named(name).map_err(Misuse)?],
        None => lessons::ALL.iter().collect(),
    };

    let began = Instant::now();
    let progress = Progress::new(chosen.len());
    let (mut claims, mut broken, mut failures) = (0, Vec::new(), Vec::new());
    index::prepare(&options.out)?;
    for lesson in &chosen {
        progress.begin(lesson.name);
        let mut page = Page::drawn_in(options.out.join(lesson.name))?;
        let began = Instant::now();
        let done = (lesson.run)(&mut page, options.seed).map_err(|error| error.to_string());
        let problems = done.err().into_iter().chain(page.problems()).collect::<Vec<_>>();
        if !problems.is_empty() {
            // The others can still be had.
            progress.failed(lesson.name);
            failures.push(format!("{}: {}", lesson.name, problems.join("\n  ")));
            continue;
        }
        let total = began.elapsed();
        render::write(lesson, &page, options.seed, total, &options.out)?;
        index::write(&options.out)?;

        let (all, failed) = (page.claims().count(), page.broken_claims());
        progress.done(lesson.name, total, all, failed.len());
        claims += all;
        broken.extend(failed.into_iter().map(|claim| format!("{}: {claim}", lesson.name)));
    }
    progress.end();

    let lessons = if chosen.len() == 1 { "1 lesson".to_owned() } else { format!("{} lessons", chosen.len()) };
    let seconds = began.elapsed().as_secs_f64();
    let verdict = if broken.is_empty() { "and all hold" } else { "and not all hold" };
    println!("{lessons} in {seconds:.1} s, {claims} claims, {verdict}");
    println!("{}", options.out.join("index.html").display());
    if !broken.is_empty() {
        failures.push(format!("these claims do not hold:\n  {}", broken.join("\n  ")));
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

fn main() -> ExitCode {
    options::main_in("target/gallery", USAGE, run)
}
