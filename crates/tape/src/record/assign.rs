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
}
