//! Steps that are not taken.

use chainrule_tape::{DType, Kind, Params, Tape, Var};

/// The name of the count of steps that were not taken.
pub(crate) const SKIPPED: &str = "optim.skipped";

/// Adds the count to the params.
pub(crate) fn prepare(params: &mut Params) {
    params.add(SKIPPED, Kind::Optimizer, params.get(SKIPPED).cloned().unwrap_or_else(|| 0i64.into()));
}

/// Whether all of these are finite.
pub(crate) fn all_finite<'t>(grads: &[Var<'t>]) -> Option<Var<'t>> {
    grads.iter().map(|g| g.is_finite().all(..)).reduce(|all, one| all.and(one))
}

/// Makes all assignments of the tape depend on a condition, and counts where it is false.
pub(crate) fn only_if<'t>(tape: &'t Tape, condition: Var<'t>) {
    for id in tape.assigned_params() {
        tape.assign(id, condition.select(tape.assigned(id), tape.param(id)));
    }
    if let Some(skipped) = tape.params().and_then(|params| params.id(SKIPPED)) {
        tape.assign(skipped, tape.param(skipped) + (!condition).cast(DType::I64));
    }
}
