//! Groups: elementwise ops and reductions that run as one tile program.

use super::domain::Cuts;
use crate::record::{KeyMap, View};
use crate::{DType, Meta};
use chainrule_kernels::machine::{
    Access, Accumulate, BlockCall, Instr, Operand, Place, RowReduce, Step, StepKind, TileBuilder, TileLevel,
};
use chainrule_kernels::pointwise::{Generator, Kernel};
use smallvec::SmallVec;
use std::sync::Arc;

/// A view of a buffer.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub buffer: u32,
    pub view: View,
}

impl Located {
    pub fn dense(buffer: u32, meta: &Meta) -> Located {
        Located { buffer, view: View::dense(&meta.shape) }
    }
}

/// A value made inside a group.
#[derive(Debug)]
pub(crate) struct Member {
    pub make: Make,
    pub level: TileLevel,
    pub dtype: DType,
    /// The graph's node; `None` for a load or a row's value repeated.
    pub node: Option<u32>,
}

/// How a member is made; operands are numbers of members.
#[derive(Debug)]
pub(crate) enum Make {
    Load(Located),
    Apply(&'static Kernel, SmallVec<[u32; 3]>),
    Custom(Arc<dyn BlockCall>, SmallVec<[u32; 3]>),
    Generate(&'static Generator, [u64; 2], Option<Located>),
    Reduce(RowReduce, u32),
    Expand(u32),
}

/// A reduction that is complete only after the group's pass.
#[derive(Debug)]
pub(crate) struct Total {
    pub node: u32,
    pub source: u32,
    /// The operand's axes, with the result's strides (0 where reduced).
    pub view: View,
    pub max: bool,
}

/// Ops over one domain. It is open until an op outside uses one of its values: nothing outside depends on an open
/// group, so any op that depends on it can join, and two of them can be joined, without making a cycle.
#[derive(Debug)]
pub(crate) struct Group {
    pub numel: usize,
    pub cuts: Cuts,
    /// Elements of a row, if there are row reductions; else 0.
    pub row: usize,
    pub members: Vec<Member>,
    pub totals: Vec<Total>,
    /// Members that hold a node's value read from memory, or computed again, by node and level.
    loads: KeyMap<u64, u32>,
    /// Members that repeat a row's value, by that member.
    expands: KeyMap<u32, u32>,
}

/// How a pending value serves an op that joins its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fit {
    /// As it is.
    Same,
    /// A row's value, repeated along the row.
    Expand,
}

impl Group {
    pub fn new(shape: &[usize]) -> Group {
        Group {
            numel: shape.iter().product(),
            cuts: Cuts::of(shape, 1),
            row: 0,
            members: Vec::new(),
            totals: Vec::new(),
            loads: KeyMap::default(),
            expands: KeyMap::default(),
        }
    }

    /// The level of a value with this many elements.
    pub fn level(&self, numel: usize) -> Option<TileLevel> {
        match numel {
            _ if numel == self.numel => Some(TileLevel::Full),
            _ if self.row > 0 && numel * self.row == self.numel => Some(TileLevel::Row),
            _ => None,
        }
    }

    /// The number of domain elements for each element of a level.
    pub fn unit(&self, level: TileLevel) -> usize {
        if level == TileLevel::Row { self.row } else { 1 }
    }

    /// The domain cut so that a value of this shape fits too.
    pub fn cuts_with(&self, shape: &[usize], level: TileLevel) -> Option<Cuts> {
        self.cuts.merge(&Cuts::of(shape, self.unit(level)))
    }

    /// Whether a member seen through `view` can be an operand of an op at `level`.
    pub fn fit(&self, member: u32, view: &View, level: TileLevel) -> Option<Fit> {
        let own = self.members[member as usize].level;
        let cuts = self.cuts_with(&view.shape, level)?;
        if own == level {
            return (view.is_dense() && view.offset == 0).then_some(Fit::Same);
        }
        if own != TileLevel::Row || view.offset != 0 {
            return None;
        }
        let strides = cuts.strides(&view.shape, &view.strides, 1);
        let dims = cuts.dims();
        let outer = dims.len() - cuts.row_axes(self.row);
        let mut step = 1;
        for axis in (0..dims.len()).rev() {
            let expected = if axis >= outer { 0 } else { step };
            if strides[axis] != expected {
                return None;
            }
            if axis < outer {
                step *= dims[axis] as isize;
            }
        }
        Some(Fit::Expand)
    }

    pub fn push(&mut self, make: Make, level: TileLevel, dtype: DType, node: Option<u32>) -> u32 {
        self.members.push(Member { make, level, dtype, node });
        self.members.len() as u32 - 1
    }

    /// A node's value, read from memory.
    pub fn load(
        &mut self,
        node: u32,
        located: impl FnOnce() -> Located,
        level: TileLevel,
        dtype: DType,
    ) -> u32 {
        if let Some(member) = self.loaded(node, level) {
            return member;
        }
        let member = self.push(Make::Load(located()), level, dtype, None);
        self.set_loaded(node, level, member);
        member
    }

    /// The member that has the value of a node of another group.
    pub fn loaded(&self, node: u32, level: TileLevel) -> Option<u32> {
        self.loads.get(&key(node, level)).copied()
    }

    pub fn set_loaded(&mut self, node: u32, level: TileLevel, member: u32) {
        self.loads.insert(key(node, level), member);
    }

    /// A row's value, repeated along the row.
    pub fn expand(&mut self, member: u32) -> u32 {
        if let Some(&expanded) = self.expands.get(&member) {
            return expanded;
        }
        let dtype = self.members[member as usize].dtype;
        let expanded = self.push(Make::Expand(member), TileLevel::Full, dtype, None);
        self.expands.insert(member, expanded);
        expanded
    }

    /// Whether another group can become part of this one.
    pub fn merged_cuts(&self, other: &Group) -> Option<Cuts> {
        let rows = self.row == 0 || other.row == 0 || self.row == other.row;
        if self.numel == other.numel && rows { self.cuts.merge(&other.cuts) } else { None }
    }

    /// Takes over another group's members; returns how far their numbers move.
    pub fn absorb(&mut self, other: Group, cuts: Cuts) -> u32 {
        let shift = self.members.len() as u32;
        self.cuts = cuts;
        self.row = self.row.max(other.row);
        for mut member in other.members {
            match &mut member.make {
                Make::Apply(_, operands) | Make::Custom(_, operands) => {
                    operands.iter_mut().for_each(|x| *x += shift)
                }
                Make::Reduce(_, operand) | Make::Expand(operand) => *operand += shift,
                Make::Load(_) | Make::Generate(..) => {}
            }
            self.members.push(member);
        }
        self.totals
            .extend(other.totals.into_iter().map(|total| Total { source: total.source + shift, ..total }));
        for (key, member) in other.loads {
            self.loads.entry(key).or_insert(member + shift);
        }
        for (key, member) in other.expands {
            self.expands.entry(key + shift).or_insert(member + shift);
        }
        shift
    }

    /// The buffers that the group reads.
    pub fn reads(&self) -> impl Iterator<Item = &Located> {
        self.members.iter().filter_map(|member| match &member.make {
            Make::Load(located) | Make::Generate(_, _, Some(located)) => Some(located),
            _ => None,
        })
    }

    /// The buffers that hold the counters of random numbers.
    pub fn keys(&self) -> impl Iterator<Item = &Located> {
        self.members.iter().filter_map(|member| match &member.make {
            Make::Generate(_, _, key) => key.as_ref(),
            _ => None,
        })
    }

    fn access(&self, located: &Located, unit: usize, dtype: DType) -> Access {
        let strides = self.cuts.strides(&located.view.shape, &located.view.strides, unit);
        Access { place: place(located, dtype), strides }
    }

    /// The tile program. `stores` are members with where they go; `totals` say where each total goes.
    pub fn finish(self, stores: &[(u32, Located)], totals: &[u32]) -> Instr {
        let step = |member: &Member| {
            let operands = |x: &SmallVec<[u32; 3]>| x.iter().map(|&x| Operand(x)).collect();
            let kind = match &member.make {
                Make::Load(located) => {
                    StepKind::Load(self.access(located, self.unit(member.level), member.dtype))
                }
                Make::Apply(kernel, x) => StepKind::Apply(kernel, operands(x)),
                Make::Custom(call, x) => StepKind::Custom(call.clone(), operands(x)),
                Make::Generate(generator, key, counter) => {
                    let zeros = SmallVec::from_elem(0, self.cuts.dims().len());
                    let counter =
                        counter.as_ref().map(|at| Access { place: place(at, DType::I64), strides: zeros });
                    StepKind::Generate(generator, *key, counter)
                }
                Make::Reduce(reduce, x) => StepKind::Reduce(*reduce, Operand(*x)),
                Make::Expand(x) => StepKind::Expand(Operand(*x)),
            };
            Step { kind, dtype: member.dtype, level: member.level }
        };
        let store = |(member, located): &(u32, Located)| {
            let Member { level, dtype, .. } = self.members[*member as usize];
            (Operand(*member), self.access(located, self.unit(level), dtype))
        };
        let total = |(total, &buffer): (&Total, &u32)| {
            let Member { level, dtype, .. } = self.members[total.source as usize];
            let located = Located { buffer, view: total.view.clone() };
            let access = self.access(&located, self.unit(level), dtype);
            Accumulate { source: Operand(total.source), access, max: total.max }
        };
        Instr::tile(TileBuilder {
            dims: self.cuts.dims(),
            row_axes: (self.row > 0).then(|| self.cuts.row_axes(self.row)),
            steps: self.members.iter().map(step).collect(),
            stores: stores.iter().map(store).collect(),
            accumulate: self.totals.iter().zip(totals).map(total).collect(),
        })
    }
}

fn key(node: u32, level: TileLevel) -> u64 {
    (node as u64) << 1 | (level == TileLevel::Row) as u64
}

/// The place of a view's first element.
pub(crate) fn place(located: &Located, dtype: DType) -> Place {
    Place { slot: located.buffer, offset: located.view.offset as usize * dtype.size() }
}
