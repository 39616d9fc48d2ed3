//! The eigenvalues of a loss's Hessian, before and after training: all 610 of a network that reads digits.
//!
//! `cargo run --release --example hessian_spectrum [-- --quick] [--seed N] [--out DIR]` prints
//!
//! ```text
//! before training: loss 2.3517
//!   sum 3.149639, trace 3.149639; root of sum of squares 2.280187 and 2.280187
//! after training: loss 0.0187
//!   sum 3.034198, trace 3.034198; root of sum of squares 0.927104 and 0.927104
//!
//! eigenvalues           before   after
//! above 0.1                 48       6
//! 0.01 to 0.1               37      25
//! 0.001 to 0.01             65     115
//! 0 to 0.001               175     358
//! 0                         57      57
//! -0.001 to 0              118      49
//! below -0.001             110       0
//! the largest           0.7733  0.6572
//! the smallest         -0.4226 -0.0010
//!
//! 57 directions can't change the loss: 8 units · 6 dependent pixels + 8 + 1
//! saved hessian_spectrum.svg
//! ```
//!
//! and draws the sizes of the eigenvalues, the largest first: `hessian_spectrum.svg`.
//!
//! What it tells: at the start the loss bends down in more than a third of all directions; in the end it bends down in few
//! and hardly at all, is steep in six, and nearly flat in all others. The steepest alone says how large a rate plain gradient
//! descent can bear (2 over the largest eigenvalue). The flat ones say that very different weights are about as good; some
//! make no difference at all, and as many eigenvalues are 0.
//!
//! No Hessian is stored: Lanczos's method needs its products with vectors alone, each at the cost of a few gradients. To check
//! the spectrum, its sum is compared with the trace, and its sum of squares with that of the Hessian's elements, column by
//! column.
//!
//! Sources: Lanczos, 1950; Sagun, Bottou and LeCun, "Eigenvalues of the Hessian in deep learning", 2016; Ghorbani, Krishnan and
//! Xiao, "An investigation into neural net optimization via Hessian eigenvalue density", 2019.

mod lanczos;
#[path = "../shared/options.rs"]
mod options;

use chainrule::hvp;
use chainrule::plot::Chart;
use chainrule::prelude::*;
use lanczos::{dot, eigenvalues};
use options::Options;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;
use std::process::ExitCode;

/// What is smaller is 0 but for rounding.
const ZERO: f64 = 1e-14;

const HIDDEN: usize = 8;
const WEIGHTS: usize = 64 * HIDDEN + HIDDEN + HIDDEN * 10 + 10;

/// The loss of a network whose weights are all in one vector, `64 → 8 → 10`.
fn loss<'t>(w: Var<'t>, x: Var<'t>, labels: Var<'t>) -> Var<'t> {
    let parts = w.split(0, &[64 * HIDDEN, HIDDEN, HIDDEN * 10, 10]);
    let hidden = (x.matmul(parts[0].reshape([64, HIDDEN])) + parts[1]).tanh();
    (hidden.matmul(parts[2].reshape([HIDDEN, 10])) + parts[3]).cross_entropy(labels)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (images, steps) = if options.quick { (100, 200) } else { (500, 500) };
    let data = data::digits().shuffle(options.seed).take(&Vec::from_iter(0..images))?.scale(1.0 / 16.0);
    let (x, labels) = (data.inputs().cast(DType::F64), data.labels());

    let mut rng = StdRng::seed_from_u64(options.seed);
    let mut params = Params::seeded(options.seed);
    let begin: Vec<f64> = (0..WEIGHTS).map(|_| 0.5 * (rng.random::<f64>() - 0.5)).collect();
    let w = params.root().param("w", begin);
    let mut step = TrainStep::new(optim::adam(0.01), |[x, labels]| loss(x.tape().param(w), x, labels));
    let mut products = Function::new(|[w, v, x, labels]| hvp(|w| loss(w, x, labels), w, v));

    let mut spectra = Vec::new();
    let mut sizes =
        Chart::new("Eigenvalues of the Hessian").x_label("rank").y_label("absolute value").log_y();
    for when in ["before", "after"] {
        if when == "after" {
            for _ in 0..steps {
                step.run(&mut params, [&x, labels])?;
            }
        }
        let now = params.tensor(w).clone();
        let mut product = |v: &[f64]| -> chainrule::Result<Vec<f64>> {
            Ok(products.run(&params, [&now, &Tensor::from(v), &x, labels])?.to_f64())
        };
        let found = eigenvalues(WEIGHTS, &mut rng, &mut product)?;

        // The columns of the Hessian, one by one.
        let (mut trace, mut squares) = (0.0, 0.0);
        for i in 0..WEIGHTS {
            let column = product(&Vec::from_iter((0..WEIGHTS).map(|j| f64::from(i == j))))?;
            (trace, squares) = (trace + column[i], squares + dot(&column, &column));
        }
        let sum: f64 = found.iter().sum();
        println!("{when} training: loss {:.4}", step.loss(&params, [&x, labels])?);
        println!(
            "  sum {sum:.6}, trace {trace:.6}; root of sum of squares {:.6} and {:.6}",
            dot(&found, &found).sqrt(),
            squares.sqrt()
        );
        let right = |a: f64, b: f64| (a - b).abs() <= 1e-9 * squares;
        if !right(sum, trace) || !right(dot(&found, &found), squares) {
            return Err("the spectrum is wrong".into());
        }
        let mut by_size: Vec<f64> = found.iter().map(|x| x.abs()).collect();
        by_size.sort_by(|a, b| b.total_cmp(a));
        by_size.retain(|&x| x > ZERO);
        sizes = sizes.line(format!("{when} training"), &by_size);
        spectra.push(found);
    }
    histogram(&spectra);

    // If a combination of pixels is the same in all images, a hidden unit's weights along it do nothing but what its bias
    // does. And nothing comes of adding the same to all ten logits, be it a number or a multiple of a hidden unit.
    let rows: Vec<Vec<f64>> = x.to_f64().chunks(64).map(|row| [row, &[1.0]].concat()).collect();
    let gram = |v: &[f64]| -> chainrule::Result<Vec<f64>> {
        let along: Vec<f64> = rows.iter().map(|row| dot(row, v)).collect();
        Ok((0..65).map(|i| rows.iter().zip(&along).map(|(row, a)| row[i] * a).sum()).collect())
    };
    let dependent = eigenvalues(65, &mut rng, gram)?.iter().filter(|&&x| x < 1e-9).count();
    let idle = HIDDEN * dependent + HIDDEN + 1;
    println!(
        "\n{idle} directions can't change the loss: {HIDDEN} units · {dependent} dependent pixels + {HIDDEN} + 1"
    );
    sizes.save(options.out.join("hessian_spectrum.svg"))?;
    println!("saved hessian_spectrum.svg");
    Ok(())
}

/// How many eigenvalues of each spectrum are how large.
fn histogram(spectra: &[Vec<f64>]) {
    let line = |name: &str, is: &dyn Fn(f64) -> bool| {
        print!("{name:20}");
        spectra.iter().for_each(|found| print!("{:8}", found.iter().filter(|&&x| is(x)).count()));
        println!();
    };
    println!("\neigenvalues           before   after");
    line("above 0.1", &|x| x > 0.1);
    line("0.01 to 0.1", &|x| x > 0.01 && x <= 0.1);
    line("0.001 to 0.01", &|x| x > 1e-3 && x <= 0.01);
    line("0 to 0.001", &|x| x > ZERO && x <= 1e-3);
    line("0", &|x| x.abs() <= ZERO);
    line("-0.001 to 0", &|x| (-1e-3..-ZERO).contains(&x));
    line("below -0.001", &|x| x < -1e-3);
    for (name, value) in [("the largest", f64::max as fn(f64, f64) -> f64), ("the smallest", f64::min)] {
        print!("{name:20}");
        spectra.iter().for_each(|found| print!("{:8.4}", found.iter().copied().fold(0.0, value)));
        println!();
    }
}

fn main() -> ExitCode {
    options::main(&options::usage("hessian_spectrum", "hessian_spectrum.svg"), run)
}
