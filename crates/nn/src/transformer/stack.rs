//! What stacks of layers have in common.

use crate::KeyValue;
use chainrule_tape::Var;

/// `x`, if `past` has what each of so many layers keeps, or nothing; else a recorded mistake.
#[track_caller]
pub(super) fn expect_past<'t>(
    kind: &'static str,
    x: Var<'t>,
    layers: usize,
    past: &[KeyValue<'t>],
) -> Var<'t> {
    if past.is_empty() || past.len() == layers {
        return x;
    }
    let what = format!("{layers} layers can't continue from keys and values of {}", past.len());
    x.tape().fail(kind, what, &[x])
}
