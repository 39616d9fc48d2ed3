//! Values that are computed again for the backward pass instead of being kept.

use super::recorded::Recorded;
use super::{Vars, on_placeholders};
use crate::ops::{alias, anew, placeholder, same_view};
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Var};
use std::sync::Arc;

/// The first input, which is one of the results of what was recorded, for the others as arguments.
#[derive(Clone, Debug)]
struct Checkpoint {
    region: Arc<Recorded>,
    result: usize,
}

impl Op for Checkpoint {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        self.region.attributes(key);
        key.write_usize(self.result);
    }

    fn lower(&self) -> Lower {
        same_view()
    }

    /// The gradient of what is recorded again here, where the backward pass has come to, from arguments that hide that it was
    /// computed before.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let arguments: Vec<Var<'t>> = at.x[1..].iter().map(|&x| anew(x)).collect();
        let y = self.region.record(at.tape, &arguments)[self.result];
        let (mut numbers, mut sources) = (Vec::new(), Vec::new());
        for (i, &x) in arguments.iter().enumerate().filter(|(i, _)| at.wanted[i + 1]) {
            numbers.push(i + 1);
            sources.push(x);
        }
        let found = at.tape.vjp_all(&[y], &[g], &sources);
        at.gradients(|i| numbers.iter().position(|&number| number == i).map(|k| found[k]))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let arguments: Vec<Var<'t>> = at.x[1..].iter().map(|&x| alias(x)).collect();
        let y = self.region.record(at.tape, &arguments)[self.result];
        let (x, dx): (Vec<Var<'t>>, Vec<Var<'t>>) =
            arguments.iter().zip(&dx[1..]).filter_map(|(x, dx)| Some((*x, (*dx)?))).unzip();
        at.tape.jvp_all(&[y], &x, &dx).pop()
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        let (arguments, batched) = (at.x[1..].to_vec(), &at.batched[1..]);
        let over = |arguments: Vec<Var<'t>>| {
            super::batched_region(&self.region, at, &arguments, batched)[self.result]
        };
        checkpoint(over, arguments)
    }
}

/// The values of a function, of which nothing is kept for the backward pass but the arguments: that computes the function again.
/// The same values and gradients for less memory and more time, as for the blocks of a deep network. What `f` uses beside its
/// arguments is kept as well.
///
/// ```
/// use chainrule_tape::{Tape, checkpoint, grad};
/// let tape = Tape::new();
/// let slope = grad(|x| checkpoint(|x| x.sin().exp(), x).sum(..), tape.var([1.0, 2.0]));
/// let expected = [1f64, 2.0].map(|x| x.sin().exp() * x.cos());
/// assert!(slope.value()?.to_f64().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.
#[track_caller]
pub fn checkpoint<'t, X: Vars<'t>, Y: Vars<'t>>(f: impl FnOnce(X) -> Y, x: X) -> Y {
    let arguments = x.leaves();
    let Some(tape) = arguments.first().map(|x| x.tape()) else { return f(x) };
    let mut own = Vec::with_capacity(arguments.len());
    let poisoned = tape.rejects("checkpoint", &arguments);
    for x in &arguments {
        own.push(if poisoned { tape.poison() } else { placeholder(tape, x.shape(), x.dtype()) });
    }
    let (y, assigned) = on_placeholders(tape, || f(x.with(&mut own.iter().copied())));
    let mut results = y.leaves();
    if poisoned || tape.rejects("checkpoint", &results) {
        return y.map(|_| tape.poison());
    }
    // What is assigned, such as running statistics, is a result as well, of which no derivative is taken.
    let made: Vec<Var<'t>> =
        results.iter().copied().chain(assigned.iter().map(|(_, value)| *value)).collect();
    let (region, captured) = Recorded::new(tape, &own, &made);
    let arguments = [arguments, captured].concat();
    let region = Arc::new(region);
    let values = region.record(tape, &arguments);
    for (&(id, _), &value) in assigned.iter().zip(&values[results.len()..]) {
        tape.assign(id, value);
    }
    for (number, result) in results.iter_mut().enumerate() {
        // The value has no derivative of its own: the op's is what its arguments get.
        let value = values[number].detach();
        let op = Checkpoint { region: region.clone(), result: number };
        *result = tape.op(op, &[&[value], &arguments[..]].concat());
    }
    y.with(&mut results.into_iter())
}
