//! Recording: expressions append nodes to an arena; nothing is computed.

mod append;
mod assign;
mod kept;
mod key;
mod layers;
mod mistakes;
mod names;
mod nodes;
mod op;
mod operand;
mod recording;
mod substitute;
mod tape;
mod var;

pub use key::Key;
pub(crate) use key::{KeyMap, type_word};
pub use layers::{CallsFromHere, NotedLayer};
pub use mistakes::Within;
pub(crate) use nodes::{Leaf, Source};
pub use op::{Batch, Gradients, Lower, Meta, Movement, Op, Piece, Rule, View};
pub(crate) use op::{OpRef, reject};
pub use operand::Operand;
pub(crate) use recording::{Recording, scalar_class};
pub use substitute::Substituted;
pub use tape::{Mode, Tape};
pub use var::Var;
