//! How a step is recorded and planned.

use super::accumulate;
use crate::optimizer::group::Class;
use crate::optimizer::{Traced, guard};
use crate::transform::update::{Numbers, PerStep, STEP};
use crate::{Optimizer, Transform};
use chainrule_tape::{Error, ParamId, Params, Program, Result, Tape, Tensor, Var};

/// A program with what it needs before each run.
pub(super) struct Training {
    pub program: Program,
    pub counter: ParamId,
    pub numbers: Vec<PerStep>,
    pub classes: Vec<Class<Box<dyn Transform>>>,
}

/// A loss of `N` tensors.
pub(super) type Loss<'f, const N: usize> = dyn for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f;

/// Records the model, its gradients and the update, and plans them.
#[track_caller]
pub(super) fn plan<const N: usize>(
    optimizer: &Optimizer<Box<dyn Transform>>,
    loss: &Loss<'_, N>,
    batches: u64,
    params: &mut Params,
    inputs: [&Tensor; N],
) -> Result<Training> {
    let counter = prepare(optimizer, batches, params)?;
    let tape = Tape::with(params);
    let (loss, mut grads) = gradients(&tape, optimizer, loss, counter, batches, inputs)?;
    if batches > 1 {
        grads = accumulate::means(&tape, grads, batches);
    }
    let Traced { numbers, classes, .. } = optimizer.trace(&tape, grads, Numbers::Inputs)?;
    let program = tape.compile(&[loss])?;
    Ok(Training { program, counter, numbers, classes })
}

/// Records the model and its gradients, which are added to the sums, and plans them.
#[track_caller]
pub(super) fn plan_gathering<const N: usize>(
    optimizer: &Optimizer<Box<dyn Transform>>,
    loss: &Loss<'_, N>,
    batches: u64,
    params: &mut Params,
    inputs: [&Tensor; N],
) -> Result<Program> {
    let counter = prepare(optimizer, batches, params)?;
    let tape = Tape::with(params);
    let (loss, grads) = gradients(&tape, optimizer, loss, counter, batches, inputs)?;
    accumulate::gather(&tape, &grads);
    if optimizer.skip_nonfinite {
        let grads: Vec<Var<'_>> = grads.iter().map(|&(_, g)| g).collect();
        guard::all_finite(&grads).into_iter().for_each(|finite| guard::only_if(&tape, finite));
    }
    tape.compile(&[loss])
}

/// Adds what the step keeps to the params, and gives its counter.
fn prepare(optimizer: &Optimizer<Box<dyn Transform>>, batches: u64, params: &mut Params) -> Result<ParamId> {
    optimizer.prepare(params)?;
    if batches > 1 {
        accumulate::prepare(params);
    }
    params.id(STEP).ok_or_else(|| Error::Params(format!("the params lack `{STEP}`")))
}

/// Records the model, and the gradients that the optimizer is to see.
#[track_caller]
#[allow(clippy::type_complexity)]
fn gradients<'t, const N: usize>(
    tape: &'t Tape,
    optimizer: &Optimizer<Box<dyn Transform>>,
    loss: &Loss<'_, N>,
    counter: ParamId,
    batches: u64,
    inputs: [&Tensor; N],
) -> Result<(Var<'t>, Vec<(ParamId, Var<'t>)>)> {
    let of_batch = if batches > 1 { accumulate::counter(tape, counter, batches) } else { None };
    tape.count_random_by(of_batch.unwrap_or(tape.param(counter)));
    let inputs = inputs.map(|x| tape.input(x.shape(), x.dtype()));
    let value = loss(inputs);
    let grads = tape.param_grads(value)?;
    match &optimizer.sam {
        Some(sam) => Ok((value, sam.gradients(tape, grads, || loss(inputs))?)),
        None => Ok((value, grads)),
    }
}
