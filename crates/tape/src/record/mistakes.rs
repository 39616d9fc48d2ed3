//! Mistakes: noted with their place, never a panic.

use super::names::Composed;
use super::{Meta, Tape, Var};
use crate::{At, Error, Mistake};
use std::panic::Location;

/// An op made of others: its name, and the nodes of its operands if they are not too many to be kept in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Composition {
    name: &'static str,
    operands: Option<[u32; 3]>,
    /// Its first node.
    start: u32,
}

/// What [`Tape::within`] returns: the composition ends when it is dropped.
#[derive(Debug)]
#[must_use = "the composition ends when this is dropped"]
pub struct Within<'t>(Option<&'t Tape>);

impl Drop for Within<'_> {
    fn drop(&mut self) {
        if let Some(tape) = self.0
            && let Some(Composition { name, start, .. }) = tape.composition.take()
        {
            let recording = &mut *tape.recording.borrow_mut();
            let end = recording.nodes.len() as u32;
            if end > start {
                recording.composed.push(Composed { name, start, end });
            }
        }
    }
}

impl Tape {
    /// Says that what is recorded while the result lives makes up one op: mistakes inside are told as that op's own, with
    /// its operands (with those that they met, if it has more than three), and a [graph](Tape::graph) can show it as one. Of ops
    /// within each other, the outermost counts.
    ///
    /// ```
    /// use chainrule_tape::{Tape, Var};
    ///
    /// #[track_caller]
    /// fn mean_square<'t>(x: Var<'t>, y: Var<'t>) -> Var<'t> {
    ///     let _op = x.tape().within("mean_square", &[x, y]);
    ///     (x - y).square().mean(..)
    /// }
    ///
    /// let tape = Tape::new();
    /// let error = mean_square(tape.var([1.0, 2.0]), tape.var([1.0, 2.0, 3.0])).item().unwrap_err();
    /// assert!(error.to_string().starts_with("mean_square: these shapes don't broadcast"));
    /// ```
    pub fn within<'t>(&'t self, name: &'static str, operands: &[Var<'t>]) -> Within<'t> {
        if self.composition.get().is_some() {
            return Within(None);
        }
        let mut nodes = [Var::POISONED; 3];
        for (node, x) in nodes.iter_mut().zip(operands) {
            if std::ptr::eq(x.tape, self) {
                *node = x.index;
            }
        }
        let operands = (operands.len() <= nodes.len()).then_some(nodes);
        let start = self.len() as u32;
        self.composition.set(Some(Composition { name, operands, start }));
        Within(Some(self))
    }

    /// Notes a mistake, unless there is an earlier one, and returns a poisoned value.
    #[track_caller]
    pub(crate) fn mistake(&self, op: &'static str, what: String, operands: &[Meta]) -> Var<'_> {
        let pair = |meta: &Meta| (meta.shape.clone(), meta.dtype);
        let composition = self.composition.get();
        let operands = match composition.and_then(|composition| composition.operands) {
            Some(operands) => {
                let nodes = &self.recording.borrow().nodes;
                let known = operands.iter().filter_map(|&index| nodes.get(index as usize));
                known.map(|node| pair(&node.meta)).collect()
            }
            None => operands.iter().map(pair).collect(),
        };
        let op = composition.map_or(op, |composition| composition.name);
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
    pub(crate) fn at(&self) -> At {
        // (No closure: it would be its own caller.)
        match self.line.get() {
            Some(line) => At(line),
            None => At(self.seen_from(Location::caller())),
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
