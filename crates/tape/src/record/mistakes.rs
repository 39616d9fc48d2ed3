//! Mistakes: noted with their place, never a panic.

use super::{Meta, Tape, Var};
use crate::{At, Error, Mistake};
use std::panic::Location;

impl Tape {
    /// Notes a mistake, unless there is an earlier one, and returns a poisoned value.
    #[track_caller]
    pub(crate) fn mistake(&self, op: &'static str, what: String, operands: &[Meta]) -> Var<'_> {
        let operands = operands.iter().map(|meta| (meta.shape.clone(), meta.dtype)).collect();
        let mistake = Mistake { op, what, operands, at: self.at() };
        self.recording.borrow_mut().error.get_or_insert_with(|| Error::Record(Box::new(mistake)));
        self.poison()
    }

    #[track_caller]
    pub(crate) fn poison(&self) -> Var<'_> {
        // There is a mistake already, unless the poisoned operand came from elsewhere.
        let mut recording = self.recording.borrow_mut();
        if recording.error.is_none() {
            let what = "of another tape, where a mistake was made".to_owned();
            let mistake = Mistake { op: "operand", what, operands: Vec::new(), at: self.at() };
            recording.error = Some(Error::Record(Box::new(mistake)));
        }
        Var { tape: self, index: Var::POISONED }
    }

    /// Whether one of these values is poisoned or of another tape, which is a mistake.
    #[track_caller]
    pub(crate) fn rejects(&self, op: &'static str, vars: &[Var<'_>]) -> bool {
        if vars.iter().any(|var| var.is_poisoned()) {
            self.poison();
            return true;
        }
        let foreign = vars.iter().any(|var| !std::ptr::eq(var.tape, self));
        if foreign {
            self.mistake(op, "a value is of another tape".into(), &[]);
        }
        foreign
    }

    /// Notes an error that is not an op's own, such as a layer's about its input.
    #[track_caller]
    pub fn fail(&self, op: &'static str, what: impl Into<String>, operands: &[Var<'_>]) -> Var<'_> {
        let metas: Vec<Meta> = operands.iter().map(|x| x.meta()).collect();
        if operands.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        self.mistake(op, what.into(), &metas)
    }

    #[track_caller]
    pub(super) fn at(&self) -> At {
        // (No closure: it would be its own caller.)
        match self.line.get() {
            Some(line) => At(line),
            None => At(Location::caller()),
        }
    }

    /// Runs `f` with everything that it records attributed to the source line `at`.
    pub(crate) fn on_behalf_of<R>(&self, at: At, f: impl FnOnce() -> R) -> R {
        let before = self.line.replace(Some(at.0));
        let result = f();
        self.line.set(before);
        result
    }
}
