//! Functions of the user's, as instructions and as steps of tile programs.

use super::program::Custom;
use super::share::Bases;
use super::{Place, Uses};
use crate::DType;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// The elements of an input.
#[derive(Clone, Copy, Debug)]
pub enum Slice<'a> {
    /// `f32` elements.
    F32(&'a [f32]),
    /// `f64` elements.
    F64(&'a [f64]),
    /// `i64` elements.
    I64(&'a [i64]),
    /// Truth values as bytes 0 and 1.
    Bool(&'a [u8]),
}

/// The elements of an output.
#[derive(Debug)]
pub enum SliceMut<'a> {
    /// `f32` elements.
    F32(&'a mut [f32]),
    /// `f64` elements.
    F64(&'a mut [f64]),
    /// `i64` elements.
    I64(&'a mut [i64]),
    /// Truth values as bytes; write 0 or 1 (any other value counts as 1).
    Bool(&'a mut [u8]),
}

/// A whole-tensor function: dense inputs to a dense output.
pub trait Call: fmt::Debug + Send + Sync {
    /// Computes the output. An error ends the run and is reported with the line that recorded the op.
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String>;
}

/// An elementwise function: called on blocks, and fused with its neighbours. It can't fail: dtypes that it doesn't take
/// must be refused by the op's shape rule.
pub trait BlockCall: fmt::Debug + Send + Sync {
    /// Computes `output[i]` from the inputs' elements `i`.
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>);
}

/// A call of a user's function over dense operands.
#[derive(Clone, Debug)]
pub struct CallInstr {
    /// The function.
    pub call: Arc<dyn Call>,
    /// Place, number of elements and dtype of each input.
    pub inputs: SmallVec<[(Place, usize, DType); 3]>,
    /// The same of the output.
    pub output: (Place, usize, DType),
}

impl Slice<'_> {
    /// # Safety
    /// `at` is valid for reads of `n` initialized elements for as long as the slice is used, and aligned.
    unsafe fn new<'a>(at: *const u8, n: usize, dtype: DType) -> Slice<'a> {
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::F32 => Slice::F32(std::slice::from_raw_parts(at.cast(), n)),
                DType::F64 => Slice::F64(std::slice::from_raw_parts(at.cast(), n)),
                DType::I64 => Slice::I64(std::slice::from_raw_parts(at.cast(), n)),
                DType::Bool => Slice::Bool(std::slice::from_raw_parts(at, n)),
            }
        }
    }
}

impl SliceMut<'_> {
    /// # Safety
    /// `at` is valid for reads and writes of `n` initialized elements that nothing else accesses for as long as the
    /// slice is used, and aligned.
    unsafe fn new<'a>(at: *mut u8, n: usize, dtype: DType) -> SliceMut<'a> {
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::F32 => SliceMut::F32(std::slice::from_raw_parts_mut(at.cast(), n)),
                DType::F64 => SliceMut::F64(std::slice::from_raw_parts_mut(at.cast(), n)),
                DType::I64 => SliceMut::I64(std::slice::from_raw_parts_mut(at.cast(), n)),
                DType::Bool => SliceMut::Bool(std::slice::from_raw_parts_mut(at, n)),
            }
        }
    }
}

/// Makes what a user's function wrote truth values.
///
/// # Safety
/// As for [`SliceMut::new`].
unsafe fn normalize(at: *mut u8, n: usize, dtype: DType) {
    if dtype == DType::Bool {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts_mut(at, n) };
        bytes.iter_mut().for_each(|byte| *byte = (*byte != 0) as u8);
    }
}

impl Custom {
    /// Calls the function on a block of `n` elements.
    ///
    /// # Safety
    /// The entries point to blocks of `n` elements; the result's overlaps no operand's.
    pub(super) unsafe fn run(&self, entry: impl Fn(u32) -> *mut u8, n: usize) {
        let (dst, dtype) = (entry(self.dst.0), self.dst.1);
        // SAFETY: the caller's promise; blocks are initialized: memory and registers begin as zeros.
        unsafe {
            let src = self.src.iter().map(|&(src, dtype)| Slice::new(entry(src), n, dtype));
            let src: SmallVec<[Slice<'_>; 8]> = src.collect();
            self.call.call(&src, SliceMut::new(dst, n, dtype));
            normalize(dst, n, dtype);
        }
    }
}

impl CallInstr {
    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        for &(place, count, dtype) in &self.inputs {
            uses.read(place, dtype, place.dense(count, dtype.size()));
        }
        let (place, count, dtype) = self.output;
        uses.write(place, dtype, place.dense(count, dtype.size()));
    }

    pub(super) fn places_mut(&mut self, f: &mut dyn FnMut(&mut Place)) {
        self.inputs.iter_mut().for_each(|input| f(&mut input.0));
        f(&mut self.output.0);
    }

    /// Calls the function.
    ///
    /// # Safety
    /// The instruction was validated against the slots of `bases`, and nothing else accesses what it writes, nor
    /// writes what it reads.
    pub(super) unsafe fn run(&self, bases: Bases<'_>) -> Result<(), String> {
        let (place, n, dtype) = self.output;
        let dst = bases.at(place.slot, place.offset);
        // SAFETY: the caller's promise.
        unsafe {
            let inputs = self.inputs.iter();
            let inputs =
                inputs.map(|&(place, n, dtype)| Slice::new(bases.at(place.slot, place.offset), n, dtype));
            let inputs: SmallVec<[Slice<'_>; 8]> = inputs.collect();
            let result = self.call.call(&inputs, SliceMut::new(dst, n, dtype));
            normalize(dst, n, dtype);
            result
        }
    }
}
