//! Names that a reader of the recording knows values by.

use super::Var;
use std::sync::Arc;

/// The nodes of an op that was [made of others](Tape::within).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Composed {
    pub name: &'static str,
    pub start: u32,
    pub end: u32,
}

impl<'t> Var<'t> {
    /// Calls the value by a name in pictures of the recording (see [`Tape::graph`](crate::Tape::graph)), and returns it. It changes nothing else. Of several
    /// names, the last counts; a parameter is called by its own name unless it is given another.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(2.0).named("x");
    /// let y = x.square().named("y");
    /// let names: Vec<_> = tape.graph(&[y])?.nodes().iter().map(|node| node.name.clone().unwrap()).collect();
    /// assert_eq!(names, ["x".into(), "y".into()]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn named(self, name: impl Into<Arc<str>>) -> Var<'t> {
        if !self.is_poisoned() {
            self.tape.recording.borrow_mut().names.push((self.index, name.into()));
        }
        self
    }
}
