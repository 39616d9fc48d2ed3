//! Whether a tile program makes sense by itself, wherever its memory lies.

use super::Access;
use super::access::injective;
use super::tile::{Level, StepKind, TileBuilder};
use crate::{DType, Level as Simd};
use smallvec::SmallVec;

/// Whether the steps make sense: order, dtypes, levels, strides.
pub(super) fn check(builder: &TileBuilder) -> Result<(), String> {
    let (dims, steps) = (&builder.dims, &builder.steps);
    let row_axes = builder.row_axes.unwrap_or(0);
    let Some(split) = dims.len().checked_sub(row_axes) else {
        return Err(format!("{row_axes} row axes of a domain of {} axes", dims.len()));
    };
    // A view of values of one level.
    let view = |access: &Access, level: Level, what: &str| {
        if access.strides.len() != dims.len() {
            return Err(format!("{what} has {} strides over {} axes", access.strides.len(), dims.len()));
        }
        let within = dims.iter().zip(&access.strides).skip(split);
        if level == Level::Row && within.into_iter().any(|(&d, &s)| d != 1 && s != 0) {
            return Err(format!("{what} of a row value has strides within the row"));
        }
        Ok(())
    };
    for (i, step) in steps.iter().enumerate() {
        let wrong = |what: &str| Err(format!("step {i}: {what}"));
        if step.level == Level::Row && builder.row_axes.is_none() {
            return wrong("a row value, but no row axes");
        }
        let operands = step.kind.operands();
        if operands.iter().any(|operand| operand.0 as usize >= i) {
            return wrong("an operand comes after its user");
        }
        let operand = |k: usize| &steps[operands[k].0 as usize];
        let fits = match &step.kind {
            StepKind::Load(access) => {
                view(access, step.level, &format!("step {i}: the view"))?;
                true
            }
            StepKind::Apply(kernel, _) => {
                let inputs: SmallVec<[DType; 3]> = (0..operands.len()).map(|k| operand(k).dtype).collect();
                (0..operands.len()).all(|k| operand(k).level == step.level)
                    && operands.len() == kernel.arity
                    && kernel.output(&inputs) == Some(step.dtype)
            }
            StepKind::Custom(..) => (0..operands.len()).all(|k| operand(k).level == step.level),
            StepKind::Generate(generator, _, key) => {
                if let Some(access) = key {
                    view(access, Level::Full, &format!("step {i}: the key"))?;
                }
                step.level == Level::Full && generator.pick(step.dtype, Simd::Portable).is_some()
            }
            StepKind::Reduce(..) => {
                operand(0).level == Level::Full
                    && step.level == Level::Row
                    && operand(0).dtype == step.dtype
                    && step.dtype != DType::Bool
            }
            StepKind::Expand(_) => {
                operand(0).level == Level::Row && step.level == Level::Full && operand(0).dtype == step.dtype
            }
        };
        if !fits {
            return wrong("operands of another dtype, level or number than it takes");
        }
    }
    let written = builder.stores.iter().map(|(source, access)| (*source, access, false));
    let reduced = builder.accumulate.iter().map(|sum| (sum.source, &sum.access, true));
    for (source, access, reduces) in written.chain(reduced) {
        let what = if reduces { "an accumulation" } else { "a store" };
        let Some(step) = steps.get(source.0 as usize) else {
            return Err(format!("{what} of step {}, which does not exist", source.0));
        };
        view(access, step.level, what)?;
        if reduces && step.dtype == DType::Bool {
            return Err("an accumulation of bool".into());
        }
        // The axes that have an index of their own: not a reduced one, nor one within the row for a row value.
        let axes = dims.iter().zip(&access.strides).enumerate();
        let own = axes
            .filter(|(axis, (_, stride))| {
                !(reduces && **stride == 0 || step.level == Level::Row && *axis >= split)
            })
            .map(|axis| axis.1);
        if !injective(own) {
            return Err(format!("{what} writes an element twice"));
        }
    }
    Ok(())
}
