//! Tile programs: chains of elementwise ops over blocks that stay in cache.

use super::access::extent;
use super::combine::combine;
use super::layout::Layout;
use super::{Access, BlockCall, Place, Uses};
use crate::DType;
use crate::pointwise::{Generator, Kernel};
use smallvec::SmallVec;
use std::sync::Arc;

/// A tile program over a domain of `dims`, seen as rows of `row` elements (the product of the trailing axes).
///
/// The steps run on one tile after another: whole rows if any step works on rows (`row_axes`), else any run of
/// elements. Full operands have one element for each of the domain, row operands one for each row.
#[derive(Debug)]
pub struct Tile {
    pub(super) builder: TileBuilder,
    /// The domain as the program walks it; an error if the builder makes no sense.
    pub(super) layout: Result<Layout, String>,
    /// Where partial results go.
    pub(super) scratch: Option<Place>,
}

impl Tile {
    pub(super) fn new(builder: TileBuilder) -> Tile {
        let builder = combine(builder);
        let layout = Layout::new(&builder);
        Tile { builder, layout, scratch: None }
    }

    pub(super) fn scratch_bytes(&self) -> usize {
        self.layout.as_ref().map_or(0, |layout| layout.scratch)
    }

    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        for (role, dtype, access) in self.builder.accesses() {
            let (place, axes) = (access.place, self.builder.dims.iter().zip(&access.strides));
            match role {
                Role::Load(_) => uses.read(place, dtype, extent(place, dtype.size(), axes)),
                Role::Key(_) => uses.read(place, dtype, place.dense(1, dtype.size())),
                Role::Store(_) => uses.write(place, dtype, extent(place, dtype.size(), axes)),
                // A result is there even if nothing is reduced: along an axis of no elements.
                Role::Accumulate(_) => {
                    let axes = axes.filter(|axis| *axis.1 != 0);
                    uses.write(place, dtype, extent(place, dtype.size(), axes));
                }
            }
        }
        if let Some(place) = self.scratch {
            uses.scratch(place, self.scratch_bytes());
        }
    }

    /// What the program was made from.
    pub fn builder(&self) -> &TileBuilder {
        &self.builder
    }
}

/// Whether an operand has an element for each of the domain, or one for each row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// One element for each of the domain.
    Full,
    /// One element for each row.
    Row,
}

/// A value inside a tile program: the index of the step that made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operand(pub u32);

/// One step: makes one value.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Element type of the value.
    pub dtype: DType,
    /// Full or row.
    pub level: Level,
}

/// How a row becomes one element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowReduce {
    /// The sum.
    Sum,
    /// The largest element; NaN if there is one.
    Max,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Reads memory. A row-level access has strides over all domain axes too; those of the row's own axes are 0.
    Load(Access),
    /// An elementwise kernel on operands of this step's level.
    Apply(&'static Kernel, SmallVec<[Operand; 3]>),
    /// A user's elementwise function on operands of this step's level.
    Custom(Arc<dyn BlockCall>, SmallVec<[Operand; 3]>),
    /// Values from an element's linear index in the domain (full level), and a key: the two given numbers, with the
    /// second, when there is an `Access` (to one or more `i64`; the first is read), increased by that value.
    Generate(&'static Generator, [u64; 2], Option<Access>),
    /// A row reduction: full to row level.
    Reduce(RowReduce, Operand),
    /// Row to full level: a row's value for each of its elements.
    Expand(Operand),
}

impl StepKind {
    pub(super) fn operands_mut(&mut self) -> &mut [Operand] {
        match self {
            StepKind::Load(_) | StepKind::Generate(..) => &mut [],
            StepKind::Apply(_, operands) | StepKind::Custom(_, operands) => operands,
            StepKind::Reduce(_, operand) | StepKind::Expand(operand) => std::slice::from_mut(operand),
        }
    }

    /// The values that the step reads.
    pub(super) fn operands(&self) -> &[Operand] {
        match self {
            StepKind::Load(_) | StepKind::Generate(..) => &[],
            StepKind::Apply(_, operands) | StepKind::Custom(_, operands) => operands,
            StepKind::Reduce(_, operand) | StepKind::Expand(operand) => std::slice::from_ref(operand),
        }
    }
}

/// A reduction whose result is complete only after the whole pass.
#[derive(Clone, Debug)]
pub struct Accumulate {
    /// The value to reduce, of either level.
    pub source: Operand,
    /// Where results go: strides over the domain, 0 along every reduced axis (and, for row-level sources, along the
    /// row's axes).
    pub access: Access,
    /// The largest value instead of the sum.
    pub max: bool,
}

/// What a tile program is made from.
#[derive(Clone, Debug, Default)]
pub struct TileBuilder {
    /// Lengths of the domain's axes.
    pub dims: SmallVec<[usize; 4]>,
    /// Number of trailing axes that form a row, if steps work on rows.
    pub row_axes: Option<usize>,
    /// The steps, in order: operands come before their users.
    pub steps: Vec<Step>,
    /// Values that are written to memory. Memory that a step loads may be written in place: where it is the same
    /// dense full-level view. Otherwise the memory of stores overlaps that of no load and of no other store.
    pub stores: Vec<(Operand, Access)>,
    /// Reductions over other axes than the rows' own. Their targets overlap no other memory of the program.
    pub accumulate: Vec<Accumulate>,
}

/// What an access of a tile program is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The load of a step.
    Load(usize),
    /// The key of a step.
    Key(usize),
    /// A store.
    Store(usize),
    /// The target of an accumulation.
    Accumulate(usize),
}

impl TileBuilder {
    /// Every access with its role and its elements' type: loads, stores, targets.
    pub(super) fn accesses(&self) -> impl Iterator<Item = (Role, DType, &Access)> {
        let dtype = |operand: Operand| self.steps.get(operand.0 as usize).map_or(DType::F64, |s| s.dtype);
        let loads = self.steps.iter().enumerate().filter_map(|(i, step)| match &step.kind {
            StepKind::Load(access) => Some((Role::Load(i), step.dtype, access)),
            StepKind::Generate(_, _, Some(access)) => Some((Role::Key(i), DType::I64, access)),
            _ => None,
        });
        let stores = self.stores.iter().enumerate().map(move |(i, s)| (Role::Store(i), dtype(s.0), &s.1));
        let targets = self.accumulate.iter().enumerate();
        let targets = targets.map(move |(i, a)| (Role::Accumulate(i), dtype(a.source), &a.access));
        loads.chain(stores).chain(targets)
    }

    pub(super) fn places_mut(&mut self, f: &mut dyn FnMut(&mut Place)) {
        for step in &mut self.steps {
            match &mut step.kind {
                StepKind::Load(access) | StepKind::Generate(_, _, Some(access)) => f(&mut access.place),
                _ => {}
            }
        }
        self.stores.iter_mut().for_each(|(_, access)| f(&mut access.place));
        self.accumulate.iter_mut().for_each(|sum| f(&mut sum.access.place));
    }
}
