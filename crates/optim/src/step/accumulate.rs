//! Gradients gathered over several batches.

use crate::transform::update::count;
use chainrule_tape::{DType, Kind, ParamId, Params, Tape, Tensor, Var};

/// The name of the count of batches whose gradients are gathered.
const GATHERED: &str = "optim.gathered";
/// The key of the sums.
const KEY: &str = "gathered";

/// Adds the sums and their count to the params.
pub(crate) fn prepare(params: &mut Params) {
    if params.get(GATHERED).is_none() {
        params.add(GATHERED, Kind::Optimizer, 0i64);
    }
    let trainable: Vec<ParamId> = params
        .ids()
        .filter(|&id| params.kind(id) == Kind::Trainable && params.memory(id, KEY).is_none())
        .collect();
    for id in trainable {
        let (name, like) = (format!("optim.{KEY}.{}", params.name(id)), params.tensor(id));
        let zeros = Tensor::zeros(like.shape().clone(), like.dtype());
        params.add(&name, Kind::Optimizer, zeros);
    }
}

/// How many batches are gathered.
pub(crate) fn gathered(params: &Params) -> u64 {
    params.get(GATHERED).map_or(0, count)
}

/// What counts the random numbers: other ones for each batch of a step.
pub(crate) fn counter<'t>(tape: &'t Tape, step: ParamId, batches: u64) -> Option<Var<'t>> {
    let gathered = tape.params()?.id(GATHERED)?;
    Some(tape.param(step) * batches as f64 + tape.param(gathered))
}

/// Adds gradients to the sums.
pub(crate) fn gather<'t>(tape: &'t Tape, grads: &[(ParamId, Var<'t>)]) {
    let Some(params) = tape.params() else { return };
    for &(id, g) in grads {
        if let Some(sum) = params.memory(id, KEY) {
            tape.assign(sum, tape.param(sum) + g);
        }
    }
    if let Some(count) = params.id(GATHERED) {
        tape.assign(count, tape.param(count) + 1.0);
    }
}

/// The means of the gradients gathered and these last ones; the sums begin anew.
pub(crate) fn means<'t>(
    tape: &'t Tape,
    mut grads: Vec<(ParamId, Var<'t>)>,
    batches: u64,
) -> Vec<(ParamId, Var<'t>)> {
    let Some(params) = tape.params() else { return grads };
    for (id, g) in &mut grads {
        if let Some(sum) = params.memory(*id, KEY) {
            *g = (tape.param(sum) + *g) / batches as f64;
            tape.assign(sum, tape.full(g.shape(), 0.0, g.dtype()));
        }
    }
    if let Some(count) = params.id(GATHERED) {
        tape.assign(count, tape.full((), 0.0, DType::I64));
    }
    grads
}
