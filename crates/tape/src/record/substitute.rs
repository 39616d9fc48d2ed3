//! A computed value in the place of a parameter.

use super::{Tape, Var};
use crate::params::ParamId;

/// What [`Tape::substitute`] returns: the parameter is back when it is dropped.
#[derive(Debug)]
#[must_use = "the parameter is back when this is dropped"]
pub struct Substituted<'t>(Option<(&'t Tape, ParamId, u32)>);

impl Substituted<'_> {
    /// Leaves the value in the parameter's place for as long as the tape is recorded: so a model can be recorded again at another
    /// place, as after a step that was recorded. Nothing is written to the params.
    ///
    /// ```
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// let mut params = Params::seeded(0);
    /// let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    /// let tape = Tape::with(&params);
    /// let loss = || tape.param(w).square().sum(..);
    /// // The slope after a step of descent of length 0.25.
    /// let start = tape.param(w);
    /// tape.substitute(w, start - tape.grad(loss(), start) * 0.25).keep();
    /// assert_eq!(tape.grad(loss(), tape.param(w)).value()?.to_f64(), [1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Substituted<'_> {
    fn drop(&mut self) {
        if let Some((tape, id, before)) = self.0 {
            tape.recording.borrow_mut().param_vars.set(id, before);
        }
    }
}

impl Tape {
    /// Puts a value in the place of a parameter: while the result lives, [`param`](Tape::param) gives `value`. So a layer runs with
    /// a weight that is computed, without knowing of it; the gradient goes on to what the value was computed from.
    ///
    /// A mistake if the value has another shape or dtype than the parameter.
    ///
    /// ```
    /// use chainrule_tape::{Params, Tape, Tensor};
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().param("w", Tensor::from([3.0, 4.0]));
    /// let tape = Tape::with(&params);
    /// let layer = || tape.param(w).sum(..);
    ///
    /// let unit = tape.param(w) / tape.param(w).norm(0);
    /// let substituted = tape.substitute(w, unit);
    /// assert_eq!(layer().item()?, 1.4);
    /// drop(substituted);
    /// assert_eq!(layer().item()?, 7.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn substitute<'t>(&'t self, id: ParamId, value: Var<'t>) -> Substituted<'t> {
        let own = self.param(id);
        if self.rejects("substitute", &[own, value]) {
            return Substituted(None);
        }
        if !self.are_alike(own, value) {
            let what = "what takes the place of a parameter has its shape and dtype";
            self.mistake("substitute", what.into(), &[own.meta(), value.meta()]);
            return Substituted(None);
        }
        self.recording.borrow_mut().param_vars.set(id, value.index);
        Substituted(Some((self, id, own.index)))
    }
}
