//! New values of parameters.

use super::{Recording, Tape, Var};
use crate::params::ParamId;

impl Tape {
    /// Gives a parameter a new value at the end of the run: how optimizers and running statistics are written.
    /// Reading the parameter on this tape still gives the old value. A second assignment replaces the first; see
    /// [`assigned`](Tape::assigned).
    #[track_caller]
    pub fn assign(&self, id: ParamId, value: Var<'_>) {
        if self.rejects("assign", &[value]) {
            return;
        }
        let old = self.param(id);
        if !self.are_alike(old, value) {
            let metas = [old.meta(), value.meta()];
            self.mistake("assign", "a parameter keeps its shape and dtype".into(), &metas);
            return;
        }
        let Recording { assigns, assign_of, .. } = &mut *self.recording.borrow_mut();
        match assign_of.get(id) {
            Some(earlier) => assigns[earlier as usize].1 = value.index,
            None => {
                assign_of.set(id, assigns.len() as u32);
                assigns.push((id, value.index));
            }
        }
    }

    /// The value that a parameter will have at the end of the run: the one [assigned](Tape::assign) last, or the old one.
    /// What is updated several times in one step starts from here.
    #[track_caller]
    pub fn assigned(&self, id: ParamId) -> Var<'_> {
        let assigned = {
            let recording = self.recording.borrow();
            recording.assign_of.get(id).map(|number| recording.assigns[number as usize].1)
        };
        match assigned {
            Some(index) => Var { tape: self, index },
            None => self.param(id),
        }
    }

    /// The parameters that have been [assigned](Tape::assign) a value, in the order of the first assignments.
    pub fn assigned_params(&self) -> Vec<ParamId> {
        self.recording.borrow().assigns.iter().map(|&(id, _)| id).collect()
    }

    /// From here on, [`param`](Tape::param) gives this value for a parameter, and gradients by the parameter are gradients by the
    /// value: so a model can be recorded again at another place, as after a step that was recorded. Nothing is written to the
    /// params, and what was recorded before stays as it is.
    ///
    /// ```
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// let mut params = Params::seeded(0);
    /// let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    /// let tape = Tape::with(&params);
    /// let loss = || tape.param(w).square().sum(..);
    /// // The slope after a step of descent of length 0.25.
    /// let start = tape.param(w);
    /// tape.substitute(w, start - tape.grad(loss(), start) * 0.25);
    /// assert_eq!(tape.grad(loss(), tape.param(w)).value()?.to_f64(), [1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// A mistake if shape or dtype are not the parameter's.
    #[track_caller]
    pub fn substitute(&self, id: ParamId, value: Var<'_>) {
        if self.rejects("substitute", &[value]) {
            return;
        }
        let old = self.param(id);
        if !self.are_alike(old, value) {
            let metas = [old.meta(), value.meta()];
            self.mistake("substitute", "a parameter keeps its shape and dtype".into(), &metas);
            return;
        }
        self.recording.borrow_mut().param_vars.set(id, value.index);
    }
}
