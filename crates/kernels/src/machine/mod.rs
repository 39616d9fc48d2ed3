//! The machine: runs instructions over buffers.
//!
//! A program is plain data: [`Instr`]s that name places in numbered slots of memory. Slot 0 is the machine's own
//! arena; the others are bound for each run to buffers of the caller. Everything an instruction touches is checked
//! against the sizes of the slots when the machine is made, so running needs no checks, no allocation, no hashing
//! and no lock.
//!
//! ```
//! use chainrule_kernels::machine::{Access, Instr, Machine, Operand, Place, SlotSpec, Step, StepKind};
//! use chainrule_kernels::machine::{TileBuilder, TileLevel};
//! use chainrule_kernels::{Buffer, DType, Level, pointwise};
//! use smallvec::smallvec;
//!
//! // Slot 1 is written with the square of what it holds.
//! let memory = Access { place: Place { slot: 1, offset: 0 }, strides: smallvec![1] };
//! let step = |kind| Step { kind, dtype: DType::F32, level: TileLevel::Full };
//! let tile = Instr::tile(TileBuilder {
//!     dims: smallvec![3],
//!     steps: vec![
//!         step(StepKind::Load(memory.clone())),
//!         step(StepKind::Apply(&pointwise::MUL, smallvec![Operand(0), Operand(0)])),
//!     ],
//!     stores: vec![(Operand(1), memory)],
//!     ..TileBuilder::default()
//! });
//! let slots = vec![SlotSpec { bytes: 12, writable: true }];
//! let mut machine = Machine::new(vec![tile], slots, 0, Level::detect())?;
//!
//! let mut x = Buffer::from_slice(&[1f32, 2., 3.]);
//! let mut session = machine.session();
//! session.write(1, &mut x);
//! session.run()?;
//! assert_eq!(x.as_slice::<f32>(DType::F32), [1., 4., 9.]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod accumulate;
mod call;
mod check;
mod choice;
mod code;
mod columns;
mod combine;
mod contraction;
mod cost;
mod emit;
mod finish;
mod index;
mod layout;
mod product;
mod program;
mod registers;
mod run;
mod schedule;
mod share;
mod strided;
mod tile;
mod totals;
mod validate;

pub use access::{Access, Place};
pub use call::{BlockCall, Call, CallInstr, Slice, SliceMut};
pub use contraction::Contract;
pub use index::{CheckIndex, Gather, ScatterAdd};
pub use product::BatchedGemm;
pub use run::{Machine, Session};
pub use tile::{Accumulate, Level as TileLevel, Operand, RowReduce, Step, StepKind, Tile, TileBuilder};
pub use validate::{Invalid, SlotSpec};

use crate::{ALIGN, DType};
use access::{Extent, Strides};
use std::fmt;
use std::ops::Range;

/// One instruction.
#[derive(Debug)]
pub enum Instr {
    /// A chain of elementwise ops with row reductions and sums, in one pass over memory.
    Tile(Box<Tile>),
    /// A batch of matrix products `c = alpha·a·b + beta·c`.
    Gemm(Box<BatchedGemm>),
    /// A product whose rows and sums run over several axes.
    Contract(Box<Contract>),
    /// Rows of a table by index.
    Gather(Gather),
    /// Rows added into a table by index.
    ScatterAdd(ScatterAdd),
    /// Checks that indices are in range.
    CheckIndex(CheckIndex),
    /// A function of the user's.
    Call(CallInstr),
}

impl Instr {
    /// A tile program. A builder that makes no sense is an error when the machine is made.
    pub fn tile(builder: TileBuilder) -> Instr {
        Instr::Tile(Box::new(Tile::new(builder)))
    }

    /// Calls `f` with all memory that the instruction touches: the slot with the view's first element, the bytes from
    /// the lowest to the highest relative to the slot's start, and whether they are written. What is read and
    /// written (a product with β ≠ 0) comes twice. Scratch memory counts as written, once its place is set.
    pub fn uses(&self, f: &mut dyn FnMut(Place, Range<usize>, bool)) {
        self.each_use(&mut |used| {
            // What can't be told is all of the slot; such an instruction is invalid.
            let bytes = used.bytes.unwrap_or(0..isize::MAX as usize);
            if used.read {
                f(used.place, bytes.clone(), false);
            }
            if used.write {
                f(used.place, bytes, true);
            }
        });
    }

    fn each_use(&self, f: &mut dyn FnMut(Use)) {
        let uses = &mut Uses { f };
        match self {
            Instr::Tile(tile) => tile.uses(uses),
            Instr::Gemm(batch) => batch.uses(uses),
            Instr::Contract(contract) => contract.uses(uses),
            Instr::Gather(gather) => gather.uses(uses),
            Instr::ScatterAdd(scatter) => scatter.uses(uses),
            Instr::CheckIndex(check) => check.uses(uses),
            Instr::Call(call) => call.uses(uses),
        }
    }

    /// Calls `f` with each place that the instruction names, so that a planner can begin with a slot for each value
    /// and later move them into the arena. The scratch memory's is among them once it is set.
    pub fn places_mut(&mut self, f: &mut dyn FnMut(&mut Place)) {
        match self {
            Instr::Tile(tile) => {
                tile.builder.places_mut(f);
                tile.scratch.iter_mut().for_each(f);
            }
            Instr::Gemm(batch) => batch.places_mut(f),
            Instr::Contract(contract) => contract.places_mut(f),
            Instr::Gather(Gather { table, index, output, .. }) => {
                [table, index, output].into_iter().for_each(f);
            }
            Instr::ScatterAdd(ScatterAdd { source, index, output, .. }) => {
                [source, index, output].into_iter().for_each(f);
            }
            Instr::CheckIndex(check) => f(&mut check.index),
            Instr::Call(call) => call.places_mut(f),
        }
    }

    /// Bytes of memory that the instruction needs for partial results while it runs, to be given with
    /// [`set_scratch`](Instr::set_scratch) at a place aligned to [`ALIGN`]; often 0.
    pub fn scratch_bytes(&self) -> usize {
        match self {
            Instr::Tile(tile) => tile.scratch_bytes(),
            Instr::Contract(contract) => contract.contraction.scratch_bytes(),
            _ => 0,
        }
    }

    /// Sets the place of the scratch memory.
    pub fn set_scratch(&mut self, place: Place) {
        match self {
            Instr::Tile(tile) => tile.scratch = Some(place),
            Instr::Contract(contract) => contract.scratch = Some(place),
            _ => {}
        }
    }

    /// An estimate of the time on one core, in nanoseconds.
    pub fn cost(&self) -> f64 {
        match self {
            Instr::Tile(tile) => tile.layout.as_ref().map_or(0.0, |layout| layout.cost),
            Instr::Gemm(batch) => batch.cost(),
            Instr::Contract(contract) => contract.cost(),
            Instr::Gather(gather) => gather.cost(),
            Instr::ScatterAdd(scatter) => scatter.cost(),
            Instr::CheckIndex(check) => check.cost(),
            Instr::Call(_) => cost::LAUNCH,
        }
    }

    /// Whether data can make the instruction fail.
    fn can_fault(&self) -> bool {
        !matches!(self, Instr::Tile(_) | Instr::Gemm(_) | Instr::Contract(_))
    }
}

/// What went wrong in a run: the instruction and what it met in the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The index of the instruction in the program.
    pub instr: usize,
    /// What is wrong, with the offending value.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instruction {}: {}", self.instr, self.what)
    }
}

impl std::error::Error for Fault {}

/// Memory that an instruction touches.
#[derive(Debug)]
struct Use {
    place: Place,
    bytes: Result<Range<usize>, String>,
    /// The axes of a strided view, with the bytes of an element; `None` if all bytes are meant.
    axes: Option<(Strides, usize)>,
    align: usize,
    read: bool,
    write: bool,
}

/// Takes the memory that an instruction touches.
struct Uses<'a> {
    f: &'a mut dyn FnMut(Use),
}

impl Uses<'_> {
    fn read(&mut self, place: Place, dtype: DType, extent: impl Into<Extent>) {
        self.of(place, dtype, extent.into(), true, false);
    }

    fn write(&mut self, place: Place, dtype: DType, extent: impl Into<Extent>) {
        self.of(place, dtype, extent.into(), false, true);
    }

    fn update(&mut self, place: Place, dtype: DType, extent: impl Into<Extent>) {
        self.of(place, dtype, extent.into(), true, true);
    }

    fn of(&mut self, place: Place, dtype: DType, extent: Extent, read: bool, write: bool) {
        let Extent { bytes, axes } = extent;
        let axes = axes.map(|axes| (axes, dtype.size()));
        (self.f)(Use { place, bytes, axes, align: dtype.size(), read, write });
    }

    fn scratch(&mut self, place: Place, bytes: usize) {
        let bytes = Ok(place.dense(bytes, 1));
        (self.f)(Use { place, bytes, axes: None, align: ALIGN, read: false, write: true });
    }
}
