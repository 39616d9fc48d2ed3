//! Known benchmarks of automatic differentiation: checks each derivative, and times it against its function.
//!
//! `cargo run --release --example differentiation [-- --quick] [--gmm D K N]`
//!
//! First, on small instances: the function against a plain loop, and its whole Jacobian against central differences.
//! Then, on large ones: the median times of the planned function, and of the planned function with its derivative, and
//! the median ratio. (For bundle adjustment the derivative is the Jacobian, two rows for each observation, in its
//! blocks that are not 0; for others it is the gradient.) It exits with 1 if something is wrong. `--quick` times one
//! run, which says little. On two cores it printed:
//!
//! ```text
//! relative errors                      loop  differences
//! gmm d=4 k=5 n=30                  4.9e-16      6.2e-11
//! bundle n=3 m=5 p=14               6.2e-18      1.4e-11
//! lstm l=2 c=20 b=5                 4.0e-16      1.7e-10
//! rosenbrock n=50                     0.0e0      8.0e-11
//! speelpenning n=50 zeros=0         1.1e-15      1.7e-11
//! speelpenning n=50 zeros=1           0.0e0        0.0e0
//! speelpenning n=50 zeros=2           0.0e0        0.0e0
//! logsumexp n=50                    2.1e-16      5.8e-10
//!
//! microseconds                     function + derivative    ratio
//! gmm d=10 k=25 n=1000               403.07       851.05     2.11
//! bundle n=49 m=7776 p=31843        1064.31      6790.48     6.26
//! lstm l=2 c=1024 b=14               854.59      2550.78     3.03
//! rosenbrock n=1000                    0.93         2.31     2.49
//! speelpenning n=1000 zeros=0          0.43         1.22     2.86
//! logsumexp n=1000                     1.27         1.50     1.18
//! ```
//!
//! Sources of `gmm`, `bundle` and `lstm`: Šrajer, Kukelova and Fitzgibbon, "A benchmark of selected algorithmic
//! differentiation tools on some problems in computer vision and machine learning", 2018, and its programs, ADBench.

mod bundle;
mod gmm;
mod logsumexp;
mod lstm;
mod rosenbrock;
mod speelpenning;

use bundle::Bundle;
use chainrule::prelude::*;
use chainrule::{Result, grad};
use gmm::Gmm;
use logsumexp::LogSumExp;
use lstm::Lstm;
use rosenbrock::Rosenbrock;
use speelpenning::Speelpenning;
use std::process::ExitCode;
use std::time::Instant;

/// Sums in another order agree to this. (Differences are good to about 1e-10.)
const TOLERANCE: f64 = 1e-12;

/// A function of some inputs, and its derivative by the first of them.
trait Problem {
    fn name(&self) -> String;

    fn inputs(&self) -> Result<Vec<Tensor>>;

    /// The number of inputs by which it is differentiated.
    fn variables(&self) -> usize {
        1
    }

    /// A scalar, or a vector.
    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t>;

    /// The gradients of a scalar.
    fn derivative<'t>(&self, x: &[Var<'t>]) -> Vec<Var<'t>> {
        let (by, data) = x.split_at(self.variables());
        grad(|by: Vec<Var<'t>>| self.function(&[&by, data].concat()), by.to_vec())
    }

    /// The Jacobian made of the derivative's values: a row for each element of the function, a column for each of the
    /// variables.
    fn jacobian(&self, x: &[Vec<f64>], derivative: &[Vec<f64>]) -> Vec<f64> {
        let _ = x;
        derivative.concat()
    }

    /// The function as a loop over numbers.
    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64>;
}

/// Normal random numbers, the same in every run.
fn normal(seed: u64, shape: &[usize], spread: f64) -> Result<Tensor> {
    (Tape::with(&Params::seeded(seed)).normal(shape, DType::F64) * spread).value()
}

/// `x[i]`.
fn row(x: Var<'_>, i: usize) -> Var<'_> {
    x.slice(0, i..i + 1).squeeze(0)
}

/// A problem with the programs of its function, and of its function and derivative.
struct Compiled {
    inputs: Vec<Tensor>,
    function: Program,
    both: Program,
}

impl Compiled {
    fn new(problem: &dyn Problem) -> Result<Compiled> {
        let inputs = problem.inputs()?;
        let tape = Tape::new();
        let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.input(x.shape(), x.dtype())).collect();
        let y = problem.function(&x);
        let derivative = problem.derivative(&x);
        Ok(Compiled {
            function: tape.compile(&[y])?,
            both: tape.compile(&[&[y], &derivative[..]].concat())?,
            inputs,
        })
    }
}

fn run(program: &mut Program, inputs: &[Tensor]) -> Result<Vec<Vec<f64>>> {
    let outputs = program.eval(&Params::seeded(0), &inputs.iter().collect::<Vec<_>>())?;
    Ok((0..outputs.len()).map(|i| outputs.tensor(i).to_f64()).collect())
}

/// The largest difference, relative to the largest element.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let largest = |x: &mut dyn Iterator<Item = f64>| x.fold(0.0, |most: f64, x| most.max(x.abs()));
    let scale = largest(&mut a.iter().chain(b).copied());
    let apart = largest(&mut a.iter().zip(b).map(|(a, b)| a - b));
    let comparable = a.len() == b.len() && a.iter().chain(b).all(|x| x.is_finite());
    if !comparable { f64::INFINITY } else { apart / if scale > 0.0 { scale } else { 1.0 } }
}

/// Prints how far the function is from the loop, and the derivative from differences. Returns whether they agree.
fn check(problem: &dyn Problem) -> Result<bool> {
    let Compiled { mut inputs, mut function, mut both } = Compiled::new(problem)?;
    let values: Vec<Vec<f64>> = inputs.iter().map(Tensor::to_f64).collect();
    let found = run(&mut both, &inputs)?;
    let from_loop = distance(&found[0], &problem.plain(&values));

    let jacobian = problem.jacobian(&values, &found[1..]);
    let (rows, step) = (found[0].len(), 1e-5);
    let columns = jacobian.len() / rows;
    let (mut differences, mut column) = (vec![0.0; jacobian.len()], 0);
    for (i, values) in values.iter().enumerate().take(problem.variables()) {
        for (element, &x) in values.iter().enumerate() {
            let mut at = |x: f64| {
                inputs[i].as_mut_slice::<f64>()?[element] = x;
                Ok::<_, chainrule::Error>(run(&mut function, &inputs)?.swap_remove(0))
            };
            let (above, below) = (at(x + step)?, at(x - step)?);
            at(x)?;
            for row in 0..rows {
                differences[row * columns + column] = (above[row] - below[row]) / (2.0 * step);
            }
            column += 1;
        }
    }
    let from_differences = distance(&jacobian, &differences);
    let agree = from_loop < TOLERANCE && from_differences < 1e-8 && column == columns;
    let verdict = if agree { "" } else { "  WRONG" };
    println!("{:28} {from_loop:12.1e} {from_differences:12.1e}{verdict}", problem.name());
    Ok(agree)
}

/// Prints the median times of the function and of both, in turns so that a busy machine slows both, and of the ratios.
fn time(problem: &dyn Problem, quick: bool) -> Result<bool> {
    let Compiled { inputs, mut function, mut both } = Compiled::new(problem)?;
    let values: Vec<Vec<f64>> = inputs.iter().map(Tensor::to_f64).collect();
    let agree = distance(&run(&mut function, &inputs)?[0], &problem.plain(&values)) < TOLERANCE;
    let (params, inputs) = (Params::seeded(0), inputs.iter().collect::<Vec<_>>());
    let seconds = |program: &mut Program, runs: usize| -> Result<f64> {
        let start = Instant::now();
        for _ in 0..runs {
            program.eval(&params, &inputs)?;
        }
        Ok(start.elapsed().as_secs_f64() / runs as f64)
    };
    let (block, blocks) = if quick { (0.0, 1) } else { (0.05, 15) };
    let runs = |program: &mut Program| -> Result<usize> {
        seconds(program, 1)?;
        Ok(((block / seconds(program, 1)?) as usize).max(1))
    };
    let (first, second) = (runs(&mut function)?, runs(&mut both)?);
    let (mut alone, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..blocks {
        alone.push(1e6 * seconds(&mut function, first)?);
        with.push(1e6 * seconds(&mut both, second)?);
        ratios.push(with[with.len() - 1] / alone[alone.len() - 1]);
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (alone, with, ratio) = (median(&mut alone), median(&mut with), median(&mut ratios));
    let verdict = if agree { "" } else { "  WRONG" };
    println!("{:28} {alone:12.2} {with:12.2} {ratio:8.2}{verdict}", problem.name());
    Ok(agree)
}

/// What the command line asks for: quick or not, and the sizes of the mixture. `None` if it makes no sense.
fn arguments(mut words: impl Iterator<Item = String>) -> Option<(bool, [usize; 3])> {
    let (mut quick, mut sizes) = (false, [10, 25, 1000]);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse().ok().filter(|&n: &usize| n > 0);
        match word.as_str() {
            "--quick" => quick = true,
            "--gmm" => sizes = [number()?, number()?, number()?],
            _ => return None,
        }
    }
    Some((quick, sizes))
}

/// Checks and times all problems. Returns whether all is right.
fn all(quick: bool, [d, k, n]: [usize; 3]) -> Result<bool> {
    let small: [&dyn Problem; 8] = [
        &Gmm { d: 4, k: 5, n: 30 },
        &Bundle { cameras: 3, points: 5, observations: 14 },
        &Lstm { layers: 2, length: 20, width: 5 },
        &Rosenbrock { n: 50 },
        &Speelpenning { n: 50, zeros: 0 },
        &Speelpenning { n: 50, zeros: 1 },
        &Speelpenning { n: 50, zeros: 2 },
        &LogSumExp { n: 50 },
    ];
    let large: [&dyn Problem; 6] = [
        &Gmm { d, k, n },
        &Bundle { cameras: 49, points: 7776, observations: 31843 },
        &Lstm { layers: 2, length: 1024, width: 14 },
        &Rosenbrock { n: 1000 },
        &Speelpenning { n: 1000, zeros: 0 },
        &LogSumExp { n: 1000 },
    ];
    let mut agree = true;
    println!("{:28} {:>12} {:>12}", "relative errors", "loop", "differences");
    for problem in small {
        agree &= check(problem)?;
    }
    println!("\n{:28} {:>12} {:>12} {:>8}", "microseconds", "function", "+ derivative", "ratio");
    for problem in large {
        agree &= time(problem, quick)?;
    }
    Ok(agree)
}

fn main() -> ExitCode {
    let Some((quick, sizes)) = arguments(std::env::args().skip(1)) else {
        eprintln!("usage: differentiation [--quick] [--gmm D K N]");
        return ExitCode::from(2);
    };
    match all(quick, sizes) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: a value or a derivative is wrong");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
