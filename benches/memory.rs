//! Memory and time of two ways to save memory: `checkpoint`, which computes again in the backward pass, and `scan`, which records one
//! step of a loop.
//!
//!     cargo bench --bench memory

use chainrule::{Params, Program, Tape, Tensor, Var, checkpoint, scan};
use std::hint::black_box;
use std::time::Instant;

fn numbers(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|i| (i as f32 * 0.7).sin() * 0.1).collect();
    Tensor::from_vec(values, shape).expect("as many values as elements")
}

/// The shortest of several runs, in milliseconds.
fn milliseconds(program: &mut Program) -> f64 {
    let params = Params::seeded(0);
    let mut run = || {
        let start = Instant::now();
        black_box(program.eval(&params, &[]).expect("the program runs"));
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..8).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// A residual block of four products.
fn block<'t>((x, w): (Var<'t>, Var<'t>)) -> Var<'t> {
    (0..4).fold(x, |y, i| y.matmul(w.at(0, i)).gelu()) + x
}

/// The gradients of 16 blocks by their weights.
fn blocks(recompute: bool) -> Program {
    let tape = Tape::new();
    let weights: Vec<Var<'_>> = (0..16).map(|_| tape.var(numbers(&[4, 256, 256]))).collect();
    let next = |x, &w: &_| if recompute { checkpoint(block, (x, w)) } else { block((x, w)) };
    let y = weights.iter().fold(tape.var(numbers(&[2048, 256])), next);
    tape.compile(&tape.grads(y.square().mean(..), &weights)).expect("a program")
}

/// The gradient of a recurrence by its weight, and how many nodes were recorded.
fn recurrence(steps: usize, unrolled: bool) -> (Program, usize) {
    let tape = Tape::new();
    let (x, w) = (tape.var(numbers(&[steps, 32, 64])), tape.var(numbers(&[64, 64])));
    let start = tape.var(numbers(&[32, 64]));
    let last = if unrolled {
        (0..steps as isize).fold(start, |h, i| (h.matmul(w) + x.at(0, i)).tanh())
    } else {
        scan(|h, x| ((h.matmul(w) + x).tanh(), ()), start, x).0
    };
    let program = tape.compile(&[tape.grad(last.square().mean(..), w)]).expect("a program");
    (program, tape.len())
}

fn main() {
    println!("16 blocks of four products, 2,048 by 256, with gradients");
    for (name, recompute) in [("kept", false), ("checkpoint", true)] {
        let mut program = blocks(recompute);
        let bytes = program.arena_bytes() as f64 / 1e6;
        println!("  {name:<12}{bytes:>8.1} MB{:>10.1} ms", milliseconds(&mut program));
    }
    println!("a recurrence of 1,000 steps, 32 by 64, with its gradient");
    for (name, unrolled) in [("unrolled", true), ("scan", false)] {
        let (mut program, nodes) = recurrence(1000, unrolled);
        let bytes = program.arena_bytes() as f64 / 1e6;
        println!("  {name:<12}{bytes:>8.1} MB{:>10.1} ms{nodes:>8} nodes", milliseconds(&mut program));
    }
}
