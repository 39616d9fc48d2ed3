//! Recording: expressions append nodes to an arena; nothing is computed.

mod key;
mod op;
mod operand;
mod recording;
mod tape;
mod var;

pub use key::Key;
pub(crate) use key::{KeyMap, type_word};
pub use op::{Gradients, Lower, Meta, Movement, Op, Piece, Rule, View};
pub(crate) use op::{OpRef, reject};
pub use operand::Operand;
pub(crate) use recording::{Leaf, Recording, Source, scalar_class};
pub use tape::{Mode, Tape};
pub use var::Var;
