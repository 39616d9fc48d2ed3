//! What the tensors are called.

use super::{Kind, ParamId};
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::collections::HashMap;

/// What the tensors are called and are for: shared by clones, of which every recorded step makes one.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub kinds: IndexMap<String, Kind>,
    /// For each tensor, the optimizer's memories of it.
    pub memories: Vec<Memories>,
    /// Other names, of tied weights.
    pub aliases: IndexMap<String, ParamId>,
    /// The memories of what has no tensor (yet).
    orphans: HashMap<Box<str>, Memories>,
}

/// An optimizer's tensors for one parameter, by their key.
type Memories = SmallVec<[(Box<str>, ParamId); 2]>;

/// What the names of an optimizer's tensors begin with.
const MEMORY: &str = "optim.";

impl Names {
    pub fn add(&mut self, name: &str, kind: Kind) -> ParamId {
        let id = ParamId(self.kinds.insert_full(name.to_owned(), kind).0 as u32);
        self.memories.push(self.orphans.remove(name).unwrap_or_default());
        // Keys and names both may have dots in them: each way to read the name.
        if let Some(rest) = name.strip_prefix(MEMORY) {
            for (dot, _) in rest.match_indices('.') {
                let (key, of) = (&rest[..dot], &rest[dot + 1..]);
                let memories = match self.kinds.get_index_of(of) {
                    Some(of) => &mut self.memories[of],
                    None => self.orphans.entry(of.into()).or_default(),
                };
                memories.push((key.into(), id));
            }
        }
        id
    }

    /// The tensor of that name, or of that other name.
    pub fn id(&self, name: &str) -> Option<ParamId> {
        let own = self.kinds.get_index_of(name).map(|index| ParamId(index as u32));
        own.or_else(|| self.aliases.get(name).copied())
    }

    /// A tensor's name, and its other ones.
    pub fn of(&self, id: ParamId) -> impl Iterator<Item = &str> {
        let own = self.kinds.get_index(id.index()).map(|(name, _)| name.as_str());
        let others = self.aliases.iter().filter(move |&(_, &of)| of == id).map(|(name, _)| name.as_str());
        own.into_iter().chain(others)
    }

    /// Gives a tensor another name, unless that is taken.
    pub fn rename(&mut self, id: ParamId, name: &str) -> bool {
        self.id(name).is_none() && self.kinds.replace_index(id.index(), name.to_owned()).is_ok()
    }
}
