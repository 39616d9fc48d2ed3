//! Functions of functions: derivatives, batches, loops and recomputation. Each takes a function that records, and records what
//! is made of it, so that they can be nested to any depth.

mod checkpoint;
mod cond;
mod derivatives;
mod jacobian;
mod recorded;
mod replay;
mod scan;
mod vars;
mod vmap;

pub use checkpoint::checkpoint;
pub use cond::cond;
pub use derivatives::{directional_derivative, grad, hvp, jvp, linearize, value_and_grad, vjp};
pub use jacobian::{hessian, jacobian};
pub use scan::scan;
pub use vars::Vars;
pub use vmap::vmap;

use crate::ops::{Sample, placeholder, sample};
use crate::params::ParamId;
use crate::record::Recording;
use crate::{Batch, Tape, Var};
use recorded::Recorded;

/// Records a function of placeholders. What it differentiates is no loss of the step; the parameters that it assigns, and the values
/// made from placeholders, are taken back and returned.
#[track_caller]
fn on_placeholders<'t, R>(tape: &'t Tape, f: impl FnOnce() -> R) -> (R, Vec<(ParamId, Var<'t>)>) {
    let (first, losses, before) = {
        let recording = tape.recording();
        (recording.nodes.len() as u32, recording.losses.len(), recording.assigns.clone())
    };
    let result = f();
    let mut recording = tape.recording_mut();
    recording.losses.truncate(losses);
    let mut new = Vec::new();
    let Recording { assigns, assign_of, .. } = &mut *recording;
    for (number, (id, value)) in assigns.iter_mut().enumerate() {
        if *value >= first && before.get(number).is_none_or(|(_, old)| old != value) {
            new.push((*id, Var { tape, index: *value }));
            before.get(number).inspect(|(_, old)| *value = *old);
        }
    }
    assigns.drain(before.len()..).for_each(|(id, _)| assign_of.remove(id));
    (result, new)
}

/// The results of what was recorded, over a batch of those arguments that are batched.
#[track_caller]
fn batched_region<'t>(
    region: &Recorded,
    at: &Batch<'_, 't>,
    arguments: &[Var<'t>],
    batched: &[bool],
) -> Vec<Var<'t>> {
    let (mut elements, mut batches, mut own) = (Vec::new(), Vec::new(), arguments.to_vec());
    for (x, _) in own.iter_mut().zip(batched).filter(|(_, batched)| **batched) {
        let element = placeholder(at.tape, &x.shape()[1..], x.dtype());
        batches.push(std::mem::replace(x, element));
        elements.push(element);
    }
    let y = region.record(at.tape, &own);
    at.tape.batch(&y, &elements, &batches, at.size)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "scan",
        inputs: || {
            vec![
                sample([0.5, -0.3], &[2]),
                sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2]),
                sample([0.7], &[]),
            ]
        },
        apply: |x| {
            let (w, tape) = (x[2], x[0].tape());
            let (last, all) = scan(|h, x| ((h * w + x).tanh(), h * h.sum(..) + x), x[0], x[1]);
            tape.concat(&[last, all.reshape(6)], 0)
        },
    },
    Sample {
        name: "checkpoint",
        inputs: || vec![sample([0.5, -0.3], &[2]), sample([0.7, 0.2], &[2])],
        apply: |x| checkpoint(|[a, b]: [Var<'_>; 2]| (a * b).sin() * a.exp(), [x[0], x[1]]) * x[0],
    },
    Sample {
        name: "cond",
        inputs: || vec![sample([0.5, -0.3], &[2])],
        apply: |x| cond(x[0].gt(0.0), || x[0].square(), || x[0].sin()),
    },
];
