//! Recording: expressions append nodes to an arena; nothing is computed.

mod key;
mod op;
mod operand;
mod tape;
mod var;

pub use key::Key;
pub(crate) use key::KeyMap;
pub use op::{Gradients, Lower, Meta, Movement, Op, Rule, View};
pub(crate) use op::{OpRef, reject};
pub use operand::Operand;
pub(crate) use tape::{Leaf, Node, Recording, Source, scalar_class};
pub use tape::{Mode, Tape};
pub use var::Var;
