//! Where a NaN or an infinity came from.

use crate::{At, Error, Result, Shape, Tape, Var};
use std::fmt;

/// The first op whose result has a NaN or an infinity although none of its operands has one.
#[derive(Clone, Debug, PartialEq)]
pub struct NonFinite {
    /// The op; `param`, `var` or `constant` for a value that was given.
    pub op: &'static str,
    /// The shape of its result.
    pub shape: Shape,
    /// The first such element, in row-major order, and its value.
    pub element: usize,
    /// The value: NaN, +∞ or -∞.
    pub value: f64,
    /// The source line that recorded it.
    pub at: At,
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NonFinite { op, shape, element, value, at } = self;
        write!(f, "{op} made {value} in element {element} of its result of shape {shape}\n  --> {at}")
    }
}

impl Tape {
    /// Computes everything recorded so far op by op, and finds the first op that made a NaN or an infinity out of
    /// finite numbers.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 0.0]);
    /// let y = (x.ln() * x).sum(..);
    /// let found = tape.find_nan()?.expect("0·ln 0 is NaN");
    /// assert_eq!((found.op, found.element, found.value), ("ln", 1, f64::NEG_INFINITY));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording; a mistake in the data; or if the tape has inputs without values.
    pub fn find_nan(&self) -> Result<Option<NonFinite>> {
        self.check()?;
        if self.recording().inputs > 0 {
            return Err(Error::Input(
                "this tape has inputs without values: record with `var` in their place".into(),
            ));
        }
        for index in 0..self.len() as u32 {
            let (dtype, at) = {
                let recording = self.recording();
                let node = &recording.nodes[index as usize];
                (node.meta.dtype, node.at)
            };
            if !dtype.is_float() {
                continue;
            }
            let value = self.values(&[Var { tape: self, index }])?.remove(0);
            let bad = value.to_f64().iter().enumerate().find(|(_, x)| !x.is_finite()).map(|(i, &x)| (i, x));
            if let Some((element, number)) = bad {
                let op = self.recording().nodes[index as usize].name();
                return Ok(Some(NonFinite { op, shape: value.shape().clone(), element, value: number, at }));
            }
        }
        Ok(None)
    }
}
