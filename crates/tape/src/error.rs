//! What can go wrong, and where.

use crate::{DType, Shape};
use std::fmt;
use std::panic::Location;
use std::path::PathBuf;

/// The result of everything that leaves the tape.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine. Each names the thing that is wrong and the place.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mistake in an expression, found while recording it.
    #[error("{0}")]
    Record(Box<Mistake>),
    /// A mistake in the data, found while running: an index or label out of range.
    #[error("{op}: {what}\n  --> {at}")]
    Data {
        /// The op that met it.
        op: String,
        /// What is wrong, with the value.
        what: String,
        /// The source line that recorded the op.
        at: At,
    },
    /// Trainable parameters that have no path to the loss.
    #[error("{}", no_gradient(.0))]
    NoGradient(Vec<Cut>),
    /// A tensor was made or read in a way that its shape or dtype doesn't allow.
    #[error("{0}")]
    Tensor(String),
    /// Something is wrong with a parameter: its name, shape, dtype or absence.
    #[error("{0}")]
    Params(String),
    /// The inputs given to a program are not those that it was made for.
    #[error("{0}")]
    Input(String),
    /// Derivatives disagree in a check.
    #[error("{0}")]
    Gradient(String),
    /// A file could not be read or written.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// A source line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct At(pub &'static Location<'static>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.0.file(), self.0.line(), self.0.column())
    }
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A mistake in an expression: the op, its operands and the line that recorded it.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The op, such as `matmul`.
    pub op: &'static str,
    /// What is wrong.
    pub what: String,
    /// Shape and dtype of each operand.
    pub operands: Vec<(Shape, DType)>,
    /// The source line.
    pub at: At,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.what)?;
        for (i, (shape, dtype)) in self.operands.iter().enumerate() {
            f.write_str(if i == 0 { "\n  operands: " } else { ", " })?;
            write!(f, "{shape} {dtype}")?;
        }
        write!(f, "\n  --> {}", self.at)
    }
}

/// A parameter that the loss does not reach, and what cut its path.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The parameter's name.
    pub param: String,
    /// The op without a derivative that cut the path, and its line; `None` if the loss never uses the parameter.
    pub op: Option<(&'static str, At)>,
}

fn no_gradient(cuts: &[Cut]) -> String {
    let mut text = String::from("no gradient reaches");
    for cut in cuts {
        match &cut.op {
            Some((op, at)) => {
                text += &format!("\n  {}: its path to the loss is cut by {op}\n    --> {at}", cut.param)
            }
            None => text += &format!("\n  {}: the loss does not use it", cut.param),
        }
    }
    text + "\n  (freeze a parameter, or detach a value, to say that this is meant)"
}
