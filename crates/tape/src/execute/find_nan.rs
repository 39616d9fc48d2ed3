//! Where a NaN or an infinity came from.

use crate::{At, Error, Result, Shape, Tape};
use std::fmt;

/// The first op whose result has a NaN although none of its operands has one, or an infinity although they are finite.
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
    /// Computes everything recorded so far op by op (but the functions of one element or step that batches and loops are made from), and finds the first op that made a NaN or an infinity out of
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
        let unused = self.recording().unused();
        // For each node, whether its value has a NaN and an infinity.
        let mut state: Vec<[bool; 2]> = Vec::with_capacity(self.len());
        for index in 0..self.len() as u32 {
            let (dtype, at, name, operands) = {
                let recording = self.recording();
                let node = &recording.nodes[index as usize];
                let of = |kind: usize| node.inputs.iter().any(|&input| state[input as usize][kind]);
                (node.meta.dtype, node.at, node.name(), [of(0), of(1)])
            };
            let value = if dtype.is_float() && !unused[index as usize] {
                Some(self.compute_alone(index)?)
            } else {
                None
            };
            let values = value.as_ref().map_or(Vec::new(), |value| value.to_f64());
            let first = |bad: fn(&f64) -> bool| values.iter().position(bad);
            let found = [first(|x| x.is_nan()), first(|x| x.is_infinite())];
            state.push(found.map(|found| found.is_some()));
            // A constant that is infinite, in a mask, say, is meant; so is what is made of infinite operands, unless it
            // is the first NaN.
            let new = match (found, operands) {
                ([Some(element), _], [false, _]) => Some(element),
                ([None, Some(element)], [false, false]) if name != "constant" => Some(element),
                _ => None,
            };
            if let (Some(element), Some(value)) = (new, &value) {
                let shape = value.shape().clone();
                return Ok(Some(NonFinite { op: name, shape, element, value: values[element], at }));
            }
        }
        Ok(None)
    }
}
