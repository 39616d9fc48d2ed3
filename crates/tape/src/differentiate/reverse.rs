//! Reverse mode: from an output back to all inputs.

use super::dependents;
use crate::params::{Kind, ParamId};
use crate::record::{OpRef, Source};
use crate::{Cut, Error, Result, Rule, Tape, Var};
use smallvec::SmallVec;

const NONE: u32 = u32::MAX;

/// Where a gradient ended although what it belongs to is wanted: the node, and the input that got none.
type Ends = Vec<(u32, u32)>;

impl Tape {
    /// The gradient `∂y/∂x` of a scalar, as a [`Var`] of `x`'s shape: it can be differentiated again. Zeros if `y` does
    /// not depend on `x`.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(2.0);
    /// let dy = tape.grad(x * x * x, x);
    /// let d2y = tape.grad(dy, x);
    /// assert_eq!((dy.item()?, d2y.item()?), (12.0, 12.0));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn grad<'t>(&'t self, y: Var<'t>, x: Var<'t>) -> Var<'t> {
        self.grads(y, &[x])[0]
    }

    /// The gradients of a scalar by several variables, in one pass.
    #[track_caller]
    pub fn grads<'t>(&'t self, y: Var<'t>, x: &[Var<'t>]) -> Vec<Var<'t>> {
        match self.seed_gradient(y) {
            Some(g) => self.vjp(y, g, x),
            None => vec![self.poison(); x.len()],
        }
    }

    /// The products of `g` (of `y`'s shape) with the Jacobians `∂y/∂xᵢ`: `gᵀ·J`.
    #[track_caller]
    pub fn vjp<'t>(&'t self, y: Var<'t>, g: Var<'t>, x: &[Var<'t>]) -> Vec<Var<'t>> {
        if g.is_poisoned() || y.is_poisoned() || x.iter().any(|x| x.is_poisoned()) {
            return vec![self.poison(); x.len()];
        }
        if g.meta() != y.meta() {
            return vec![self.fail("vjp", "the gradient has the output's shape and dtype", &[y, g]); x.len()];
        }
        if let Some(&bad) = x.iter().find(|x| !x.dtype().is_float()) {
            return vec![self.fail("grad", "only floating-point values have gradients", &[bad]); x.len()];
        }
        let sources: Vec<u32> = x.iter().map(|x| x.index).collect();
        let found = self.backward(y, g, &sources, &mut Ends::new());
        let zero = |x: &Var<'t>| self.full(x.shape(), 0.0, x.dtype());
        found.into_iter().zip(x).map(|(g, x)| g.unwrap_or_else(|| zero(x))).collect()
    }

    /// The gradients of a loss by all trainable parameters, in their order.
    ///
    /// # Errors
    /// Names the parameters that the loss does not reach and what cut their path; or the first recording mistake.
    #[track_caller]
    pub fn param_grads<'t>(&'t self, loss: Var<'t>) -> Result<Vec<(ParamId, Var<'t>)>> {
        let Some(params) = self.params() else {
            let _ =
                self.fail("param_grads", "this tape has no params: make it by Tape::with(&params)", &[loss]);
            return Err(self.check().err().unwrap_or_else(|| Error::Params("no params".into())));
        };
        let seed = self.seed_gradient(loss);
        self.check()?;
        let Some(g) = seed else { return Ok(Vec::new()) };
        let ids: Vec<ParamId> = params.ids().filter(|&id| params.kind(id) == Kind::Trainable).collect();
        let vars: Vec<u32> = ids.iter().map(|&id| self.param(id).index).collect();
        let mut ends = Ends::new();
        let grads = self.backward(loss, g, &vars, &mut ends);
        self.check()?;
        let mut cuts = Vec::new();
        for ((&id, &var), grad) in ids.iter().zip(&vars).zip(&grads) {
            if grad.is_none()
                && let Some(op) = self.explain_cut(loss, var, &ends)
            {
                cuts.push(Cut { param: params.name(id).to_owned(), op });
            }
        }
        if !cuts.is_empty() {
            return Err(Error::NoGradient(cuts));
        }
        let zero = |id| self.full(params.tensor(id).shape(), 0.0, params.tensor(id).dtype());
        Ok(ids.into_iter().zip(grads).map(|(id, g)| (id, g.unwrap_or_else(|| zero(id)))).collect())
    }

    /// 1, the gradient of a scalar by itself; `None` after a mistake.
    #[track_caller]
    fn seed_gradient<'t>(&'t self, y: Var<'t>) -> Option<Var<'t>> {
        if y.is_poisoned() {
            return None;
        }
        let meta = y.meta();
        if meta.shape.numel() != 1 || !meta.dtype.is_float() {
            self.fail(
                "grad",
                "needs one floating-point number to differentiate (take a sum or a mean)",
                &[y],
            );
            return None;
        }
        Some(self.full(meta.shape, 1.0, meta.dtype))
    }

    /// Walks back from `y`; returns the gradient of each source, `None` where none arrives.
    fn backward<'t>(
        &'t self,
        y: Var<'t>,
        g: Var<'t>,
        sources: &[u32],
        ends: &mut Ends,
    ) -> Vec<Option<Var<'t>>> {
        let var = |index: u32| Var { tape: self, index };
        let high = y.index as usize;
        let low = sources.iter().map(|&x| x as usize).min().unwrap_or(high).min(high);
        let depends = dependents(&self.recording(), low, high, sources.iter().map(|&x| x as usize));
        let mut gradients = vec![NONE; high + 1 - low];
        gradients[high - low] = g.index;
        for index in (low..=high).rev() {
            let gradient = gradients[index - low];
            if gradient == NONE || !depends[index - low] {
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
            let x: SmallVec<[Var<'t>; 3]> = inputs.iter().map(|&input| var(input)).collect();
            let wanted: SmallVec<[bool; 3]> = inputs
                .iter()
                .map(|&input| {
                    input as usize >= low && depends[input as usize - low] && var(input).dtype().is_float()
                })
                .collect();
            let rule = Rule { tape: self, x: &x, y: var(index as u32), wanted: &wanted };
            let found = self.on_behalf_of(at, || op.vjp(&rule, var(gradient)));
            for (i, &input) in inputs.iter().enumerate() {
                if input as usize >= low
                    && depends[input as usize - low]
                    && (!wanted[i] || found[i].is_none())
                {
                    ends.push((index as u32, input));
                }
                let Some(term) = found[i].filter(|_| wanted[i]) else { continue };
                let slot = &mut gradients[input as usize - low];
                *slot = if *slot == NONE {
                    term.index
                } else {
                    self.on_behalf_of(at, || (var(*slot) + term).index)
                };
            }
        }
        let arrived = |&x: &u32| {
            (x as usize <= high).then(|| gradients[x as usize - low]).filter(|&g| g != NONE).map(var)
        };
        sources.iter().map(arrived).collect()
    }

    /// Why no gradient reaches a parameter. `None` if that is meant (its path is detached); `Some(None)` if the loss
    /// doesn't use it; else the op that cut its path.
    #[allow(clippy::type_complexity)]
    fn explain_cut(
        &self,
        loss: Var<'_>,
        param: u32,
        ends: &Ends,
    ) -> Option<Option<(&'static str, crate::At)>> {
        let recording = self.recording();
        let (low, high) = (param as usize, loss.index as usize);
        if low > high {
            return Some(None);
        }
        let depends = dependents(&recording, low, high, std::iter::once(low));
        let mut nearest: Option<usize> = None;
        for &(node, input) in ends {
            if (input as usize) < low || !depends[input as usize - low] {
                continue;
            }
            // Follow values that are no floats up to the op that made them from floats.
            let (mut node, mut input) = (node as usize, input as usize);
            while !recording.nodes[input].meta.dtype.is_float() {
                let above = recording.nodes[input]
                    .inputs
                    .iter()
                    .find(|&&i| i as usize >= low && depends[i as usize - low]);
                let Some(&above) = above else { break };
                (node, input) = (input, above as usize);
            }
            if recording.nodes[node].op().is_some_and(|op| op.detaches()) {
                return None;
            }
            nearest = Some(nearest.map_or(node, |other| other.min(node)));
        }
        Some(nearest.map(|node| (recording.nodes[node].name(), recording.nodes[node].at)))
    }
}
