//! Transformations of every op: what is recomputed, looped over or batched twice is what was recorded plainly, and so is its gradient.

use chainrule_tape::check::{self, Sample};
use chainrule_tape::{DType, Tape, Tensor, Var, checkpoint, scan, vmap};

/// The samples of ops that are the same each time that they are recorded.
fn samples() -> Vec<Sample> {
    let mut samples = check::samples();
    samples.retain(|sample| {
        let tape = Tape::new();
        let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
        let y = (sample.apply)(&x);
        tape.random_ops() == 0 && y.dtype() == DType::F64
    });
    samples
}

/// Whether values agree but for rounding, relative to the largest.
fn agree(found: &[f64], expected: &[f64]) -> Result<(), String> {
    let scale = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let bad = found.iter().zip(expected).position(|(a, b)| (a - b).abs() > 1e-11 * scale);
    match bad {
        _ if found.len() != expected.len() => {
            Err(format!("{} elements, not {}", found.len(), expected.len()))
        }
        Some(i) => Err(format!("element {i}: {} and {}", found[i], expected[i])),
        None => Ok(()),
    }
}

/// Values of an expression and of the gradient of its sum of squares by all inputs, one after the other.
fn derived<'t>(y: Var<'t>, x: &[Var<'t>]) -> Result<Vec<f64>, String> {
    let mut wanted = vec![y];
    wanted.extend(y.tape().grads(y.square().sum(..), x));
    let values = y.tape().values(&wanted).map_err(|error| error.to_string())?;
    Ok(values.iter().flat_map(Tensor::to_f64).collect())
}

fn all(of: impl Fn(&Sample, &Tape) -> Result<(), String>) {
    let failures: Vec<String> = samples()
        .iter()
        .filter_map(|sample| of(sample, &Tape::new()).err().map(|error| format!("{}: {error}", sample.name)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn checkpoints() {
    all(|sample, tape| {
        let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
        let plain = derived((sample.apply)(&x), &x)?;
        let again = checkpoint(|x: Vec<Var<'_>>| (sample.apply)(&x), x.clone());
        agree(&derived(again, &x)?, &plain)
    });
}

/// A scan whose steps take the op's inputs apart along a first axis, and carry a sum on.
#[test]
fn scans() {
    all(|sample, tape| {
        let inputs = (sample.inputs)();
        let near = |x: &Tensor, by: f64| {
            Tensor::from_vec(x.to_f64().iter().map(|x| x + by).collect::<Vec<f64>>(), x.shape()).unwrap()
        };
        let x: Vec<[Var<'_>; 2]> =
            inputs.iter().map(|x| [tape.var(near(x, 0.0)), tape.var(near(x, 1e-3))]).collect();
        let leaves: Vec<Var<'_>> = x.concat();
        let step = |at: usize| (sample.apply)(&x.iter().map(|x| x[at]).collect::<Vec<_>>());
        let (first, second) = (step(0), step(1));
        let sum = first.sum(..) + second.sum(..);
        let flat = |y: Var<'_>| y.numel();
        let plain =
            tape.concat(&[first.reshape(flat(first)), second.reshape(flat(second)), sum.reshape(1)], 0);
        let rows: Vec<Var<'_>> = x.iter().map(|x| tape.stack(x, 0)).collect();
        let (last, each) = scan(
            |carry, x| {
                let y = (sample.apply)(&x);
                (y.sum(..) + carry, y)
            },
            tape.full((), 0.0, DType::F64),
            rows,
        );
        let scanned = tape.concat(&[each.reshape(flat(each)), last.reshape(1)], 0);
        agree(&derived(scanned, &leaves)?, &derived(plain, &leaves)?)
    });
}

/// A batch of batches, of which the op is a part, and its gradient by what is shared.
#[test]
fn batches_of_batches() {
    all(|sample, tape| {
        let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
        let scales = tape.var([[1.0, 1.001], [0.999, 1.002], [1.0, 0.998]]);
        let nested = vmap(
            |row| vmap(|by: Var<'_>| (sample.apply)(&x.iter().map(|&x| x * by).collect::<Vec<_>>()), row),
            scales,
        );
        let mut plain = Vec::new();
        for i in 0..3 {
            for j in 0..2 {
                let by = scales.slice(0, i..i + 1).slice(1, j..j + 1).reshape(());
                plain.push((sample.apply)(&x.iter().map(|&x| x * by).collect::<Vec<_>>()));
            }
        }
        agree(&derived(nested, &x)?, &derived(tape.stack(&plain, 0), &x)?)
    });
}
