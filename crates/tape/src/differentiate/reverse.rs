//! Reverse mode: from an output back to all inputs.

use super::{dependents, needed};
use crate::params::{Kind, ParamId};
use crate::record::Source;
use crate::{At, Cut, Error, Meta, Result, Rule, Tape, Var};
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::collections::HashSet;

const NONE: u32 = u32::MAX;

/// Where a gradient ended although what it belongs to is wanted: the node, and the input that got none.
type Ends = Vec<(u32, u32)>;

impl Tape {
    /// The gradient `∂y/∂x` of a scalar, as a [`Var`] of `x`'s shape: it can be differentiated again. Zeros if `y` does
    /// not depend on `x`. A mistake, which names the op, if it depends on truth values or integers made of `x` alone.
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
        if self.rejects("grad", &[y, g]) || self.rejects("grad", x) {
            return vec![self.poison(); x.len()];
        }
        if !self.are_alike(g, y) {
            return vec![self.fail("vjp", "the gradient has the output's shape and dtype", &[y, g]); x.len()];
        }
        if let Some(&bad) = x.iter().find(|x| !x.dtype().is_float()) {
            return vec![self.fail("grad", "only floating-point values have gradients", &[bad]); x.len()];
        }
        let sources: SmallVec<[u32; 8]> = x.iter().map(|x| x.index).collect();
        let found = self.backward(&[y], &[g], &sources, &mut Ends::new());
        let mut gradients = Vec::with_capacity(x.len());
        for (x, g) in x.iter().zip(found) {
            if g.is_none()
                && let Some((op, at, operands)) = self.cut(y.index, x.index)
            {
                let what = "it has no derivative, and nothing else leads from what is differentiated by to the result \
                    (detach it to say that this is meant)";
                self.on_behalf_of(at, || self.mistake(op, what.into(), &operands));
            }
            gradients.push(g.unwrap_or_else(|| self.full(x.shape(), 0.0, x.dtype())));
        }
        gradients
    }

    /// The sums over several outputs of such products; all is floating-point and of this tape.
    #[track_caller]
    pub(crate) fn vjp_all<'t>(&'t self, y: &[Var<'t>], g: &[Var<'t>], x: &[Var<'t>]) -> Vec<Var<'t>> {
        let sources: SmallVec<[u32; 8]> = x.iter().map(|x| x.index).collect();
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
        let grads = self.backward(&[loss], &[g], &vars, &mut ends);
        self.check()?;
        let mut cuts = Vec::new();
        let missing = grads.iter().any(Option::is_none);
        let paths = missing.then(|| Paths::new(self, loss, ends));
        for ((&id, &var), grad) in ids.iter().zip(&vars).zip(&grads) {
            if grad.is_none()
                && let Some(paths) = &paths
                && let Some(op) = self.explain_cut(var, paths)
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

    /// The gradients of a loss by all trainable parameters, by name and in their order.
    ///
    /// ```
    /// # use chainrule_tape::{Params, Tape};
    /// let mut params = Params::seeded(0);
    /// params.root().sub("layer").param("weight", [1.0, 2.0]);
    /// let tape = Tape::with(&params);
    /// let gradients = tape.named_grads(tape.named_param("layer.weight").square().sum(..))?;
    /// assert_eq!(gradients["layer.weight"].value()?.to_f64(), [2.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`param_grads`](Tape::param_grads).
    #[track_caller]
    pub fn named_grads<'t>(&'t self, loss: Var<'t>) -> Result<IndexMap<String, Var<'t>>> {
        let gradients = self.param_grads(loss)?;
        let params = self.params();
        let name = |id| params.as_ref().map_or_else(String::new, |params| params.name(id).to_owned());
        Ok(gradients.into_iter().map(|(id, g)| (name(id), g)).collect())
    }

    /// 1, the gradient of a scalar by itself; `None` after a mistake.
    #[track_caller]
    fn seed_gradient<'t>(&'t self, y: Var<'t>) -> Option<Var<'t>> {
        if self.rejects("grad", &[y]) {
            return None;
        }
        let meta = y.meta();
        if meta.shape.numel() != 1 || !meta.dtype.is_float() {
            let what = if meta.dtype.is_float() {
                "needs one number to differentiate (take a sum or a mean)".to_owned()
            } else {
                format!("{} has no derivative", meta.dtype)
            };
            self.fail("grad", what, &[y]);
            return None;
        }
        self.recording_mut().note_loss(y.index);
        Some(self.full(meta.shape, 1.0, meta.dtype))
    }

    /// Walks back from the outputs `y`; returns the gradient of each source, `None` where none arrives.
    fn backward<'t>(
        &'t self,
        y: &[Var<'t>],
        g: &[Var<'t>],
        sources: &[u32],
        ends: &mut Ends,
    ) -> Vec<Option<Var<'t>>> {
        let var = |index: u32| Var { tape: self, index };
        let Some(high) = y.iter().map(|y| y.index as usize).max() else { return vec![None; sources.len()] };
        let low = sources.iter().map(|&x| x as usize).min().unwrap_or(high).min(high);
        let depends = dependents(&self.recording(), low, high, sources.iter().map(|&x| x as usize));
        let mut gradients = vec![NONE; high + 1 - low];
        for (y, g) in y.iter().zip(g).filter(|(y, _)| y.index as usize >= low) {
            let gradient = &mut gradients[y.index as usize - low];
            *gradient = if *gradient == NONE { g.index } else { (var(*gradient) + *g).index };
        }
        for index in (low..=high).rev() {
            let gradient = gradients[index - low];
            if gradient == NONE || !depends[index - low] {
                continue;
            }
            let (mut x, mut wanted) = (SmallVec::<[Var<'t>; 3]>::new(), SmallVec::<[bool; 3]>::new());
            let (op, at) = {
                let recording = self.recording();
                let node = &recording.nodes[index];
                let Source::Op(op) = &node.source else { continue };
                for &input in &node.inputs {
                    let counts = input as usize >= low && depends[input as usize - low];
                    x.push(var(input));
                    wanted.push(counts && recording.nodes[input as usize].meta.dtype.is_float());
                }
                (op.clone(), node.at)
            };
            let rule = Rule { tape: self, x: &x, y: var(index as u32), wanted: &wanted };
            let found = self.on_behalf_of(at, || op.vjp(&rule, var(gradient)));
            for (i, input) in x.iter().map(|x| x.index).enumerate() {
                let Some(term) = found.get(i).copied().flatten().filter(|_| wanted[i]) else {
                    if input as usize >= low && depends[input as usize - low] {
                        ends.push((index as u32, input));
                    }
                    continue;
                };
                if term.is_poisoned() {
                    continue;
                }
                if !self.are_alike(term, x[i]) {
                    let what =
                        format!("the rule's gradient for input {i} is not of the input's shape and dtype");
                    self.on_behalf_of(at, || self.mistake(op.name(), what, &[x[i].meta(), term.meta()]));
                    continue;
                }
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

    /// The op that makes integers or truth values of `x`, if that is all that `y` depends on. `None` if the derivative is 0: where
    /// there is no path, or one through floats, as that of a step function, or a detached one, or where the derivative of something
    /// else, as a second one of a rectifier, is made from such a mask.
    fn cut(&self, y: u32, x: u32) -> Option<(&'static str, At, Vec<Meta>)> {
        let (low, high) = (x as usize, y as usize);
        if high <= low {
            return None;
        }
        let recording = self.recording();
        let needed = needed(&recording, low, high, std::iter::once(high));
        let (mut reached, mut beyond) = (vec![false; high + 1 - low], vec![false; high + 1 - low]);
        (reached[0], beyond[0]) = (needed[0], false);
        let mut first = None;
        for index in (1..needed.len()).filter(|&index| needed[index]) {
            let node = &recording.nodes[low + index];
            let above = |of: &[bool]| {
                node.inputs.iter().any(|&input| (input as usize) >= low && of[input as usize - low])
            };
            let (from, from_beyond) = (above(&reached), above(&beyond));
            if from && node.op().is_some_and(|op| op.detaches()) || from_beyond && node.derived {
                return None;
            }
            if from && !node.meta.dtype.is_float() {
                let operands = node.inputs.iter().map(|&input| recording.nodes[input as usize].meta.clone());
                first.get_or_insert_with(|| (node.name(), node.at, operands.collect()));
                beyond[index] = true;
            }
            reached[index] = from && node.meta.dtype.is_float();
            beyond[index] |= from_beyond;
        }
        if reached[high - low] || !beyond[high - low] { None } else { first }
    }

    /// Why no gradient reaches a parameter. `None` if that is meant (its path is detached); `Some(None)` if the loss
    /// doesn't use it; else the first op that cut its path.
    #[allow(clippy::type_complexity)]
    fn explain_cut(&self, param: u32, paths: &Paths) -> Option<Option<(&'static str, At)>> {
        let recording = self.recording();
        let low = param as usize;
        let mut reached = vec![false; paths.needed.len().saturating_sub(low)];
        if let Some(start) = reached.first_mut() {
            *start = true;
        }
        let mut detached = false;
        for index in low + 1..paths.needed.len() {
            let node = &recording.nodes[index];
            if !paths.needed[index] {
                continue;
            }
            for &input in &node.inputs {
                if (input as usize) < low || !reached[input as usize - low] {
                    continue;
                }
                if node.op().is_some_and(|op| op.detaches()) {
                    detached = true;
                } else if paths.ends.contains(&(index as u32, input)) || !node.meta.dtype.is_float() {
                    return Some(Some((node.name(), node.at)));
                } else {
                    reached[index - low] = true;
                }
            }
        }
        if detached { None } else { Some(None) }
    }
}

/// What explains why a gradient did not arrive.
struct Paths {
    /// The nodes that the loss is made from.
    needed: Vec<bool>,
    ends: HashSet<(u32, u32)>,
}

impl Paths {
    fn new(tape: &Tape, loss: Var<'_>, ends: Ends) -> Paths {
        let recording = tape.recording();
        let mut needed = vec![false; loss.index as usize + 1];
        needed[loss.index as usize] = true;
        for index in (0..needed.len()).rev() {
            if needed[index] {
                recording.nodes[index].inputs.iter().for_each(|&input| needed[input as usize] = true);
            }
        }
        Paths { needed, ends: ends.into_iter().collect() }
    }
}
