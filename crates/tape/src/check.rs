//! Checks of derivatives against finite differences.

use crate::{DType, Error, Params, Program, Result, Tape, Tensor, Var};
use crate::{compose, ops, transform};

pub use crate::ops::Sample;

/// The samples of all ops: expressions, and inputs at which their derivatives are checked.
///
/// ```
/// let names: Vec<_> = chainrule_tape::check::samples().iter().map(|s| s.name).collect();
/// assert!(names.contains(&"exp") && names.contains(&"matmul"));
/// ```
pub fn samples() -> Vec<Sample> {
    let families = ops::SAMPLES.iter().chain(compose::SAMPLES).chain([&transform::SAMPLES]);
    // An op without derivative has no points to check it at.
    families.copied().flatten().copied().filter(|sample| !(sample.inputs)().is_empty()).collect()
}

/// Finite differences are good to about 1e-11 of the values' size; derivatives must agree to this.
const TOLERANCE: f64 = 1e-7;

/// The two modes compute the same numbers in another order.
const DUALITY: f64 = 1e-10;

/// Checks the derivatives of `f` at `inputs` (of `f64`): reverse mode, forward mode and their duality
/// `⟨v, J·u⟩ = ⟨Jᵀ·v, u⟩`, and the second order in both modes, against finite differences of fourth order. The
/// directions `u` and `v` are fixed pseudo-random numbers.
///
/// ```
/// use chainrule_tape::{Tensor, check};
/// let x = Tensor::from([0.5, -1.0, 2.0]);
/// check::gradients(|x| (x[0].sin() * x[0].exp()).sum(..), &[x])?;
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// Names the derivative that disagrees, with both values; or a mistake made by `f`.
pub fn gradients(f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>, inputs: &[Tensor]) -> Result<()> {
    if let Some(bad) = inputs.iter().find(|x| x.dtype() != DType::F64) {
        return Err(Error::Gradient(format!("derivatives are checked in f64; an input is {}", bad.dtype())));
    }
    let tape = Tape::new();
    let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.input(x.shape(), DType::F64)).collect();
    let y = f(&x);
    tape.check()?;
    if !y.dtype().is_float() {
        return Err(Error::Gradient(format!("the result is {}, which has no derivative", y.dtype())));
    }
    let mut random = Random(1);
    let u: Vec<Tensor> = inputs.iter().map(|x| random.tensor(x)).collect();
    let v = random.tensor(&Tensor::zeros(y.shape(), DType::F64));
    let directions: Vec<Var<'_>> = u.iter().map(|u| tape.var(u)).collect();
    let seed = tape.var(v).cast(y.dtype());

    // s = ⟨v, y⟩ with gradient Jᵀ·v, and its change along u, both ways; then the same of r = ⟨Jᵀ·v, u⟩.
    let s = (y * seed).sum(..);
    let first = tape.vjp(y, seed, &x);
    let forward = (tape.jvp(y, &x, &directions) * seed).sum(..);
    let r = dot(&tape, &first, &directions);
    let second = tape.grads(r, &x);
    let second_forward = tape.jvp(r, &x, &directions);
    let second_reverse = dot(&tape, &second, &directions);

    let mut outputs = vec![s, forward, r, second_forward, second_reverse];
    outputs.extend(first.iter().chain(&second));
    let mut program = tape.compile(&outputs)?;
    let values = run(&mut program, inputs)?;
    let scalar = |i: usize| values[i][0];
    agree("forward and reverse mode", scalar(1), scalar(2), DUALITY)?;
    agree("second order, forward over reverse and reverse over reverse", scalar(3), scalar(4), DUALITY)?;

    let (first, second) = values[5..].split_at(inputs.len());
    for (i, (first, second)) in first.iter().zip(second).enumerate() {
        for (element, (&first, &second)) in first.iter().zip(second).enumerate() {
            let differences = differences(&mut program, inputs, i, element)?;
            let what =
                |order| format!("{order} derivative by element {element} of input {i}, and by differences");
            agree(&what("first"), first, differences[0], TOLERANCE)?;
            agree(&what("second"), second, differences[1], TOLERANCE)?;
        }
    }
    Ok(())
}

/// Checks that `f` [over a batch](crate::vmap) is `f` of each element: with every input a batch, and with each alone. The elements
/// are `inputs` and others near them.
///
/// ```
/// use chainrule_tape::{Tensor, check};
/// check::batching(|x| x[0].matmul(x[1]), &[Tensor::from([[1.0, 2.0]]), Tensor::from([[3.0], [4.0]])])?;
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// Names the input and the element that disagree, with both values; or a mistake made by `f`.
pub fn batching(f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>, inputs: &[Tensor]) -> Result<()> {
    const SIZE: usize = 3;
    // Near enough to the inputs to stay in the domain.
    let moved = |x: &Tensor, element: usize| -> Result<Tensor> {
        let mut x = x.clone();
        if x.dtype() == DType::F64 {
            x.as_mut_slice::<f64>()?.iter_mut().for_each(|x| *x += 1e-3 * element as f64);
        }
        Ok(x)
    };
    let all = (0..inputs.len()).collect::<Vec<_>>();
    let alone = all.iter().map(|&i| vec![i]);
    for batched in alone.chain((inputs.len() > 1).then(|| all.clone())) {
        let tape = Tape::new();
        let shared: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
        let mut elements = vec![shared.clone(); SIZE];
        for (number, element) in elements.iter_mut().enumerate() {
            for &i in &batched {
                element[i] = tape.var(moved(&inputs[i], number)?);
            }
        }
        let of = |i: usize| elements.iter().map(|element| element[i]).collect::<Vec<_>>();
        let batches: Vec<Var<'_>> = batched.iter().map(|&i| tape.stack(&of(i), 0)).collect();
        let whole = crate::vmap(
            |x: Vec<Var<'_>>| {
                let mut all = shared.clone();
                batched.iter().zip(x).for_each(|(&i, x)| all[i] = x);
                f(&all)
            },
            batches,
        );
        let each = elements.iter().map(|element| f(element)).collect::<Vec<_>>();
        let mut values = tape.values(&[&[whole], &each[..]].concat())?.into_iter();
        let whole = values.next().map(|whole| whole.to_f64()).unwrap_or_default();
        let each: Vec<f64> = values.flat_map(|value| value.to_f64()).collect();
        for (at, (&found, &expected)) in whole.iter().zip(&each).enumerate() {
            let element = at * SIZE / each.len().max(1);
            agree(&format!("element {element} of a batch over input {batched:?}"), found, expected, 1e-12)?;
        }
    }
    Ok(())
}

/// `Σ ⟨aᵢ, bᵢ⟩`.
fn dot<'t>(tape: &'t Tape, a: &[Var<'t>], b: &[Var<'t>]) -> Var<'t> {
    let terms = a.iter().zip(b).map(|(&a, &b)| (a * b).sum(..));
    terms.reduce(|sum, term| sum + term).unwrap_or_else(|| tape.full((), 0.0, DType::F64))
}

/// The derivatives of `s` and `r` by one element: `(8·(f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h`.
fn differences(program: &mut Program, inputs: &[Tensor], input: usize, element: usize) -> Result<[f64; 2]> {
    let step = 2f64.powi(-10);
    let mut derivative = [0.0; 2];
    for (shift, weight) in [(1.0, 8.0), (-1.0, -8.0), (2.0, -1.0), (-2.0, 1.0)] {
        let mut moved = inputs.to_vec();
        moved[input].as_mut_slice::<f64>()?[element] += shift * step;
        let values = run(program, &moved)?;
        derivative[0] += weight * values[0][0] / (12.0 * step);
        derivative[1] += weight * values[2][0] / (12.0 * step);
    }
    Ok(derivative)
}

fn run(program: &mut Program, inputs: &[Tensor]) -> Result<Vec<Vec<f64>>> {
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let outputs = program.eval(&Params::seeded(0), &inputs)?;
    Ok((0..outputs.len()).map(|i| outputs.tensor(i).to_f64()).collect())
}

fn agree(what: &str, found: f64, expected: f64, tolerance: f64) -> Result<()> {
    let scale = found.abs().max(expected.abs()).max(1.0);
    if (found - expected).abs() <= tolerance * scale {
        return Ok(());
    }
    Err(Error::Gradient(format!("{what}: {found} and {expected} disagree")))
}

/// Numbers from -1 to 1 that are the same in every run (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    fn tensor(&mut self, like: &Tensor) -> Tensor {
        let values: Vec<f64> = (0..like.numel()).map(|_| self.next()).collect();
        Tensor::from_vec(values, like.shape()).unwrap_or_else(|_| unreachable!("as many values as elements"))
    }
}
