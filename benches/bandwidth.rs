//! Passes over ten million elements, beside loops written by hand: what streaming costs.
//!
//! `cargo bench --bench bandwidth`, with the number of threads of `CHAINRULE_THREADS`. The triad `c = 1.5·a + b` moves 12
//! bytes an element (and fetches the lines that it overwrites); Adam's update moves 28 bytes a parameter, of which 12 are
//! written in place.

use chainrule::prelude::*;
use std::hint::black_box;
use std::time::Instant;

const COUNT: usize = 10_000_000;

/// Seconds of a call: the median of nine.
fn median(mut f: impl FnMut()) -> f64 {
    f();
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[4]
}

/// Calls `f` with a part of each slice on each thread.
fn shared<const N: usize>(threads: usize, slices: [&mut [f32]; N], f: impl Fn([&mut [f32]; N]) + Sync) {
    let size = slices[0].len().div_ceil(threads);
    let mut rest = slices;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let f = &f;
            let mut parts: Vec<&mut [f32]> = Vec::new();
            for slice in &mut rest {
                let end = size.min(slice.len());
                let (part, left) = std::mem::take(slice).split_at_mut(end);
                parts.push(part);
                *slice = left;
            }
            let parts: [&mut [f32]; N] = parts.try_into().expect("as many");
            scope.spawn(move || f(parts));
        }
    });
}

/// Twelve operations on an element.
fn twelve(x: f32) -> f32 {
    let y = (x * 1.01 + 0.5) * (x - 0.25);
    let z = (y + x) * 0.125 - y * y;
    (z * 0.5 + x).max(-1.0) * 0.75 + 0.1
}

fn main() -> chainrule::Result<()> {
    let threads = std::env::var("CHAINRULE_THREADS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
    println!("{threads} threads, {COUNT} elements");
    let [mut a, mut b, mut c] = [1.0f32, 2.0, 0.0].map(|value| vec![value; COUNT]);
    let triad = median(|| {
        shared(threads, [&mut a, &mut b, &mut c], |[a, b, c]| {
            for ((c, a), b) in c.iter_mut().zip(a).zip(b) {
                *c = *a * 1.5 + *b;
            }
        });
    });
    let rate = |bytes: usize, seconds: f64| (bytes * COUNT) as f64 / seconds / 1e9;
    println!("triad                    {:8.2} ms {:7.1} GB/s", triad * 1e3, rate(12, triad));

    let mut params = Params::seeded(1);
    let w = params.root().param("w", Tensor::full([COUNT], 0.5).cast(DType::F32));
    // A gradient that is data: the update alone is left.
    let mut adam = TrainStep::new(optim::adam(1e-3), |[x]| (x * x.tape().param(w)).sum(..));
    let x = Tensor::from_vec(vec![0.1f32; COUNT], [COUNT])?;
    let ours = median(|| {
        adam.run(&mut params, [&x]).expect("a step");
    });
    // The loss reads the parameters and the data once more than the update does.
    println!("Adam, with a dot product {:8.2} ms {:7.1} GB/s", ours * 1e3, rate(28, ours));
    let [mut p, mut m, mut v, mut g] = [0.5f32, 0.0, 0.0, 0.1].map(|value| vec![value; COUNT]);
    let hand = median(|| {
        shared(threads, [&mut p, &mut m, &mut v, &mut g], |[p, m, v, g]| {
            let mut sum = 0f32;
            for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                sum += *p * *g;
                *m = *m * 0.9 + *g;
                *v = *v * 0.999 + *g * *g;
                *p -= *m / (v.sqrt() + 1e-8) * 1e-3;
            }
            black_box(sum);
        });
    });
    println!("Adam by hand, in one pass{:8.2} ms {:7.1} GB/s", hand * 1e3, rate(28, hand));

    // Into a parameter's memory, as by hand into a slice.
    let mut params = Params::seeded(1);
    let id = params.root().state("y", Tensor::full([COUNT], 0.0).cast(DType::F32));
    let mut program = {
        let tape = Tape::with(&params);
        let x = tape.input([COUNT], DType::F32);
        let y = (x * 1.01 + 0.5) * (x - 0.25);
        let z = (y + x) * 0.125 - y * y;
        let most = (z * 0.5 + x).maximum(tape.full([COUNT], -1.0, DType::F32));
        tape.assign(id, most * 0.75 + 0.1);
        tape.compile(&[])?
    };
    let ours = median(|| {
        program.run(&mut params, &[&x]).expect("a value");
    });
    let (mut from, mut to) = (x.as_slice::<f32>()?.to_vec(), vec![0f32; COUNT]);
    let hand = median(|| {
        shared(threads, [&mut from, &mut to], |[x, y]| {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = twelve(*x));
        });
        black_box(&to);
    });
    println!("12 ops                   {:8.2} ms {:7.1} GB/s", ours * 1e3, rate(8, ours));
    println!("12 ops by hand, fused    {:8.2} ms ({:.2} of ours)", hand * 1e3, hand / ours);
    Ok(())
}
