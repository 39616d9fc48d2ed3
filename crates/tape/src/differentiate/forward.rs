//! Forward mode: from one input, or one direction in several, to all outputs.

use super::{dependents, needed};
use crate::record::{OpRef, Source};
use crate::{Rule, Tape, Var};
use smallvec::SmallVec;

const NONE: u32 = u32::MAX;

impl Tape {
    /// The product of the Jacobian with a direction: `dy = Σ (∂y/∂xᵢ)·dxᵢ`, of `y`'s shape. Each `dxᵢ` has the shape of
    /// its `xᵢ`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// let dy = tape.jvp(x * x, &[x], &[tape.var([1.0, 0.0])]);
    /// assert_eq!(dy.value()?.to_f64(), [2.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn jvp<'t>(&'t self, y: Var<'t>, x: &[Var<'t>], dx: &[Var<'t>]) -> Var<'t> {
        if self.rejects("jvp", &[&[y], x, dx].concat()) {
            return self.poison();
        }
        if x.len() != dx.len() {
            return self.fail("jvp", format!("{} inputs have {} directions", x.len(), dx.len()), &[]);
        }
        for (&x, &dx) in x.iter().zip(dx) {
            if x.meta() != dx.meta() || !x.dtype().is_float() {
                return self.fail(
                    "jvp",
                    "a direction has its input's shape and (floating-point) dtype",
                    &[x, dx],
                );
            }
        }
        self.jvp_all(&[y], x, dx).pop().unwrap_or_else(|| self.poison())
    }

    /// The same for several outputs; all is of this tape, and directions are as their inputs.
    #[track_caller]
    pub(crate) fn jvp_all<'t>(&'t self, y: &[Var<'t>], x: &[Var<'t>], dx: &[Var<'t>]) -> Vec<Var<'t>> {
        let var = |index: u32| Var { tape: self, index };
        let Some(high) = y.iter().map(|y| y.index as usize).max() else { return Vec::new() };
        let low = x.iter().map(|x| x.index as usize).min().unwrap_or(high).min(high);
        let depends = dependents(&self.recording(), low, high, x.iter().map(|x| x.index as usize));
        let needed = needed(&self.recording(), low, high, y.iter().map(|y| y.index as usize));
        let mut tangents = vec![NONE; high + 1 - low];
        for (x, dx) in x.iter().zip(dx) {
            if (x.index as usize) <= high {
                let tangent = &mut tangents[x.index as usize - low];
                *tangent = if *tangent == NONE { dx.index } else { (var(*tangent) + *dx).index };
            }
        }
        for index in low..=high {
            if !depends[index - low] || !needed[index - low] || tangents[index - low] != NONE {
                continue;
            }
            let (op, inputs, at): (OpRef, SmallVec<[u32; 3]>, _) = {
                let recording = self.recording();
                let node = &recording.nodes[index];
                match &node.source {
                    Source::Leaf(_) => continue,
                    Source::Op(op) => (op.clone(), node.inputs.clone(), node.at),
                }
            };
            let tangent = |&input: &u32| {
                let known = (input as usize).checked_sub(low).map(|i| tangents[i]);
                known.filter(|&dx| dx != NONE).map(var)
            };
            let dx: SmallVec<[Option<Var<'t>>; 3]> = inputs.iter().map(tangent).collect();
            if dx.iter().all(Option::is_none) {
                continue;
            }
            let x: SmallVec<[Var<'t>; 3]> = inputs.iter().map(|&input| var(input)).collect();
            let wanted: SmallVec<[bool; 3]> = dx.iter().map(Option::is_some).collect();
            let rule = Rule { tape: self, x: &x, y: var(index as u32), wanted: &wanted };
            let Some(dy) = self.on_behalf_of(at, || op.jvp(&rule, &dx)) else { continue };
            if !dy.is_poisoned() && dy.meta() != rule.y.meta() {
                let what = "the rule's tangent is not of the output's shape and dtype".to_owned();
                self.on_behalf_of(at, || self.mistake(op.name(), what, &[rule.y.meta(), dy.meta()]));
                return vec![self.poison(); y.len()];
            }
            tangents[index - low] = dy.index;
        }
        let tangent = |y: &Var<'t>| match (y.index as usize).checked_sub(low).map_or(NONE, |at| tangents[at])
        {
            NONE => self.full(y.shape(), 0.0, y.dtype()),
            dy => var(dy),
        };
        y.iter().map(tangent).collect()
    }
}
