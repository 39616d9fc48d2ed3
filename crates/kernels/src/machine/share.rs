//! How threads share a run.

use super::Fault;
use super::code::Code;
use super::schedule::{Segment, Wave};
use crate::pool::Worker;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Where the slots are in this run.
#[derive(Clone, Copy)]
pub(super) struct Bases<'a>(pub(super) &'a [*mut u8]);

// SAFETY: the pointers are used only as `Code::run` allows, which says what threads may share.
unsafe impl Send for Bases<'_> {}
// SAFETY: as above.
unsafe impl Sync for Bases<'_> {}

impl<'a> Bases<'a> {
    /// A byte of a slot.
    #[inline(always)]
    pub(super) fn at(self, slot: u32, offset: usize) -> *mut u8 {
        self.0[slot as usize].wrapping_add(offset)
    }
}

/// What the threads of a run share.
pub(super) struct Shared<'a> {
    pub(super) code: &'a [Code],
    pub(super) segments: &'a [Segment],
    pub(super) bases: Bases<'a>,
    pub(super) workspaces: Bases<'a>,
    pub(super) fault: &'a Faults,
}

impl Shared<'_> {
    /// A thread's part of the run.
    ///
    /// # Safety
    /// All slots in use are bound, and each worker has a workspace.
    pub(super) unsafe fn work(&self, worker: &Worker<'_>) {
        let workspace = self.workspaces.at(worker.index as u32, 0);
        for (number, segment) in self.segments.iter().enumerate() {
            // SAFETY: instructions of a segment are one thread's, or independent; between segments is a barrier.
            unsafe {
                match segment {
                    Segment::Serial(instrs) if worker.index == 0 => {
                        for instr in instrs.clone() {
                            if let Err(fault) = self.code[instr].run_all(instr, self.bases, workspace) {
                                self.fault.put(number, 0, fault);
                                break;
                            }
                        }
                    }
                    Segment::Serial(_) => {}
                    Segment::Parallel(wave) => self.share(number, wave, workspace),
                }
            }
            worker.barrier();
            if self.fault.is_in(number) {
                break;
            }
        }
    }

    /// Claims tasks of a wave until none is left.
    ///
    /// # Safety
    /// As for [`Shared::work`].
    unsafe fn share(&self, number: usize, wave: &Wave, workspace: *mut u8) {
        loop {
            let claimed = wave.next.fetch_add(1, Ordering::Relaxed);
            let Some(&(index, task)) = wave.order.get(claimed) else { return };
            let (index, task) = (index as usize, task as usize);
            let instr = wave.instrs.start + index;
            let code = &self.code[instr];
            // SAFETY: each task is claimed once; the instructions of a wave are independent.
            if let Err(what) = unsafe { code.run(task, self.bases, workspace) } {
                self.fault.put(number, task, Fault { instr, what });
            }
            if code.has_finish() && wave.left[index].fetch_sub(1, Ordering::AcqRel) == 1 {
                // SAFETY: as above, and this was the last task.
                unsafe { code.finish(self.bases) };
            }
        }
    }
}

/// The first fault of a run.
#[derive(Debug)]
pub(super) struct Faults {
    /// The segment that has one.
    segment: AtomicUsize,
    /// The fault of the lowest instruction, and its task.
    first: Mutex<Option<(usize, Fault)>>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults { segment: AtomicUsize::new(usize::MAX), first: Mutex::new(None) }
    }
}

impl Faults {
    pub(super) fn clear(&mut self) {
        *self.segment.get_mut() = usize::MAX;
        *self.first.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    #[cold]
    fn put(&self, segment: usize, task: usize, fault: Fault) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(other, has)| (fault.instr, task) < (has.instr, *other)) {
            *first = Some((task, fault));
        }
        self.segment.fetch_min(segment, Ordering::Relaxed);
    }

    /// Whether the run ends with this segment. Asked after its barrier, while others may already be in the next.
    fn is_in(&self, segment: usize) -> bool {
        self.segment.load(Ordering::Relaxed) <= segment
    }

    pub(super) fn take(&mut self) -> Result<(), Fault> {
        match self.first.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
