//! Products whose rows and sums run over several axes.

use super::access::{extent, injective};
use super::share::Bases;
use super::{Place, Uses, cost};
use crate::gemm::{Axis, Contraction};
use crate::{DType, Level};

/// A [`Contraction`] of operands in memory.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The shapes.
    pub contraction: Contraction,
    /// The left operand's first element.
    pub a: Place,
    /// The right operand's.
    pub b: Place,
    /// The result's.
    pub c: Place,
    /// Scale of what the result's memory held; 0 ignores it, even if it is NaN.
    pub beta: f64,
    /// Where parts of the sum go.
    pub(super) scratch: Option<Place>,
}

impl Contract {
    /// The product of operands at these places.
    pub fn new(contraction: Contraction, a: Place, b: Place, c: Place, beta: f64) -> Contract {
        Contract { contraction, a, b, c, beta, scratch: None }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Contraction { dtype, rows, sums, lanes, .. } = &self.contraction;
        if !dtype.is_float() {
            return Err(format!("a contraction of {dtype}"));
        }
        let lengths = || rows.iter().chain(sums).map(|axis| axis.length);
        let all = lengths().try_fold(*lanes, |all, length| all.checked_mul(length.max(1)));
        if all.is_none_or(|all| all > isize::MAX as usize / 64) {
            return Err("a contraction is too large".into());
        }
        if sums.iter().any(|axis| axis.length == 0) {
            return Err("a contraction sums nothing".into());
        }
        let one = 1;
        let c = rows.iter().map(|axis| (&axis.length, &axis.other)).chain([(lanes, &one)]);
        if !injective(c) {
            return Err("a contraction writes an element twice".into());
        }
        if self.scratch.is_none() && self.contraction.scratch_bytes() > 0 {
            return Err("no scratch memory is set".into());
        }
        Ok(())
    }

    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        let Contraction { dtype, rows, sums, lanes, .. } = &self.contraction;
        let (size, one) = (dtype.size(), 1);
        fn first(axes: &[Axis]) -> impl Iterator<Item = (&usize, &isize)> {
            axes.iter().map(|axis| (&axis.length, &axis.a))
        }
        fn other(axes: &[Axis]) -> impl Iterator<Item = (&usize, &isize)> {
            axes.iter().map(|axis| (&axis.length, &axis.other))
        }
        uses.read(self.a, *dtype, extent(self.a, size, first(rows).chain(first(sums))));
        uses.read(self.b, *dtype, extent(self.b, size, other(sums).chain([(lanes, &one)])));
        let c = extent(self.c, size, other(rows).chain([(lanes, &one)]));
        if self.beta != 0.0 {
            uses.update(self.c, *dtype, c);
        } else {
            uses.write(self.c, *dtype, c);
        }
        if let Some(place) = self.scratch {
            uses.scratch(place, self.contraction.scratch_bytes());
        }
    }

    pub(super) fn places_mut(&mut self, f: &mut dyn FnMut(&mut Place)) {
        [&mut self.a, &mut self.b, &mut self.c].into_iter().for_each(&mut *f);
        self.scratch.iter_mut().for_each(f);
    }

    pub(super) fn cost(&self) -> f64 {
        let width = if self.contraction.dtype == DType::F64 { 2.0 } else { 1.0 };
        cost::PRODUCT + self.contraction.work() * cost::MULTIPLY_ADD * width
    }

    /// The same, described anew for a level: nothing says that the fields are still those that the plan was made from.
    pub(super) fn ready(&self, level: Level) -> Contract {
        let Contraction { dtype, rows, sums, lanes, .. } = self.contraction.clone();
        Contract { contraction: Contraction::new(dtype, level, rows, sums, lanes), ..self.clone() }
    }

    /// Runs a task.
    ///
    /// # Safety
    /// The instruction was validated against the slots of `bases`, and nothing else accesses what it writes, nor writes what
    /// it reads, except other tasks; the workspace is the thread's own.
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) {
        let at = |place: Place| bases.at(place.slot, place.offset);
        let scratch = self.scratch.map_or(std::ptr::null_mut(), at);
        // SAFETY: the operands lie in their slots, C overlaps neither A nor B, and tasks write apart.
        unsafe {
            self.contraction.run(task, at(self.a), at(self.b), self.beta, at(self.c), scratch, workspace)
        }
    }

    /// Adds up the parts of the sum.
    ///
    /// # Safety
    /// As for [`Contract::run`]; all tasks have ended.
    pub(super) unsafe fn finish(&self, bases: Bases<'_>) {
        if let Some(scratch) = self.scratch {
            let at = |place: Place| bases.at(place.slot, place.offset);
            // SAFETY: as in `run`.
            unsafe { self.contraction.finish(self.beta, at(self.c), at(scratch)) }
        }
    }
}
