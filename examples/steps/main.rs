//! Times one training step (forward, loss, backward, update) of standard workloads, to compare with other libraries.
//!
//! `cargo run --release --example steps [-- --quick] [--threads N] [WORKLOAD ...]` prints a line for each:
//! `NAME MEDIAN us (min M) loss L`. Without names it runs the nine standard ones; `more` stands for some more. The number of
//! threads is that of `CHAINRULE_THREADS` unless it is given.

mod workloads;

use chainrule::prelude::*;
use std::process::ExitCode;
use std::time::Instant;
use workloads::{Data, MORE, STANDARD, Workload, workload};

/// Random inputs, labels or targets.
fn random(data: Data, seed: u64) -> chainrule::Result<Tensor> {
    let tape = Tape::with(&Params::seeded(seed));
    let uniform = |shape: &[usize]| tape.uniform(shape, DType::F32);
    match data {
        Data::Numbers(shape) => tape.normal(shape, DType::F32),
        Data::Bits(shape) => uniform(shape).gt(0.5).cast(DType::F32),
        Data::Classes(count, shape) => (uniform(shape) * count as f64).cast(DType::I64),
    }
    .value()
}

fn time(name: &str, quick: bool, threads: Option<usize>) -> chainrule::Result<()> {
    let mut params = Params::seeded(0);
    let Some(Workload { x, y, step }) = workload(name, &mut params) else { return Ok(()) };
    let (x, y) = (random(x, 1)?, random(y, 2)?);
    let mut step = match threads {
        Some(most) => step.threads(most),
        None => step,
    };
    let mut seconds = |steps: usize| -> chainrule::Result<f64> {
        let start = Instant::now();
        for _ in 0..steps {
            step.run(&mut params, [&x, &y])?;
        }
        Ok(start.elapsed().as_secs_f64() / steps as f64)
    };
    seconds(if quick { 1 } else { 5 })?;
    let block = if quick { 0.001 } else { 0.3 };
    let steps = ((block / seconds(1)?) as usize).max(1);
    let blocks = if quick { 1 } else { 7 };
    let mut times = (0..blocks).map(|_| seconds(steps)).collect::<chainrule::Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    let loss = step.run(&mut params, [&x, &y])?;
    println!("{name:11} {:12.2} us  (min {:.2})  loss {loss:.4}", times[blocks / 2] * 1e6, times[0] * 1e6);
    Ok(())
}

/// What the command line asks for: quick or not, threads, names. `None` if it makes no sense.
fn arguments(words: impl Iterator<Item = String>) -> Result<(bool, Option<usize>, Vec<String>), String> {
    let (mut quick, mut threads, mut names) = (false, None, Vec::new());
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => quick = true,
            "--threads" => {
                let number = words.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
                threads = Some(number.ok_or("--threads takes a number, at least 1")?);
            }
            "more" => names.extend(MORE.map(String::from)),
            name if STANDARD.contains(&name) || MORE.contains(&name) => names.push(word),
            other => return Err(format!("no workload {other}")),
        }
    }
    if names.is_empty() {
        names = STANDARD.map(String::from).to_vec();
    }
    Ok((quick, threads, names))
}

fn main() -> ExitCode {
    let (quick, threads, names) = match arguments(std::env::args().skip(1)) {
        Ok(found) => found,
        Err(what) => {
            eprintln!(
                "{what}\n\nusage: steps [--quick] [--threads N] [WORKLOAD ...]\nworkloads: {}\nmore: {}",
                STANDARD.join(" "),
                MORE.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    for name in names {
        if let Err(error) = time(&name, quick, threads) {
            eprintln!("error: {name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
