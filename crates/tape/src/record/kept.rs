//! Tables of what belongs to some nodes or params.

use super::Key;
use crate::Tensor;
use crate::params::ParamId;

/// A number for each param that has one.
#[derive(Debug, Default)]
pub(crate) struct ByParam(Vec<u32>);

impl ByParam {
    const NONE: u32 = u32::MAX;

    pub fn get(&self, id: ParamId) -> Option<u32> {
        self.0.get(id.index()).copied().filter(|&number| number != ByParam::NONE)
    }

    pub fn set(&mut self, id: ParamId, number: u32) {
        if self.0.len() <= id.index() {
            self.0.resize(id.index() + 1, ByParam::NONE);
        }
        self.0[id.index()] = number;
    }

    pub fn remove(&mut self, id: ParamId) {
        if let Some(number) = self.0.get_mut(id.index()) {
            *number = ByParam::NONE;
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Values of nodes.
#[derive(Debug, Default)]
pub(crate) struct Values {
    kept: Vec<(u32, Tensor)>,
    /// The number of each node's value in `kept`, and 1 more; 0 if there is none.
    place: Vec<u32>,
    /// A hash of which nodes they are of.
    key: Key,
}

impl Values {
    pub fn get(&self, node: u32) -> Option<&Tensor> {
        let place = self.place.get(node as usize)?.checked_sub(1)?;
        Some(&self.kept[place as usize].1)
    }

    pub fn keep(&mut self, node: u32, value: Tensor) {
        self.key.write(node as u64);
        if self.place.len() <= node as usize {
            self.place.resize(node as usize + 1, 0);
        }
        self.kept.push((node, value));
        self.place[node as usize] = self.kept.len() as u32;
    }

    pub fn key(&self) -> Key {
        self.key
    }

    pub fn clear(&mut self) {
        for (node, _) in self.kept.drain(..) {
            self.place[node as usize] = 0;
        }
        self.key = Key::default();
    }
}
