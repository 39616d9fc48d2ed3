//! How threads share a run.
//!
//! The caller goes from segment to segment. Tasks of a parallel one are claimed by whoever is there; the caller goes on when
//! all of them are done. Each thread has a part of every instruction's tasks that it takes first, the same part in each: what
//! a thread has written it finds in its own cache again. Then it helps with the parts of others.

use super::Fault;
use super::code::Code;
use super::schedule::{Segment, Wave};
use crate::pool::Region;
use std::ops::Range;
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
    /// The whole run, by its caller.
    ///
    /// # Safety
    /// All slots in use are bound, each thread of the region has a workspace, and the waves are prepared for as many.
    pub(super) unsafe fn lead(&self, region: Region<'_>) {
        if region.threads == 1 {
            // SAFETY: nobody else runs an instruction.
            if let Err(fault) = unsafe { self.run_all(0..self.code.len()) } {
                self.fault.put(0, fault);
            }
            return;
        }
        for (number, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Serial(instrs) => {
                    // SAFETY: the segments before are done, so nobody else runs an instruction.
                    if let Err(fault) = unsafe { self.run_all(instrs.clone()) } {
                        return self.fault.put(0, fault);
                    }
                }
                Segment::Parallel(wave) => {
                    region.announce(number as u32 + 1);
                    // SAFETY: the segments before are done; the wave's instructions are independent.
                    unsafe { self.share(wave, 0) };
                    region.wait(|| wave.is_done() || region.is_poisoned());
                    if self.fault.is_some() || region.is_poisoned() {
                        return;
                    }
                }
            }
        }
    }

    /// Runs instructions on the caller's thread alone.
    ///
    /// # Safety
    /// As for [`Shared::lead`]; nobody else runs an instruction.
    unsafe fn run_all(&self, instrs: Range<usize>) -> Result<(), Fault> {
        let workspace = self.workspaces.at(0, 0);
        for instr in instrs {
            // SAFETY: the caller's promises.
            unsafe { self.code[instr].run_all(instr, self.bases, workspace)? };
        }
        Ok(())
    }

    /// Help by another thread: tasks of the segment that was announced, one more than its number, if any are left.
    ///
    /// # Safety
    /// As for [`Shared::lead`].
    pub(super) unsafe fn help(&self, thread: usize, announced: u32) {
        let Some(number) = (announced as usize).checked_sub(1) else { return };
        if let Segment::Parallel(wave) = &self.segments[number] {
            // SAFETY: the segments before were done when this one was announced. Where the caller is further already, no task
            // is left to claim.
            unsafe { self.share(wave, thread) };
        }
        // While there is nothing else to do, what is needed first in the next.
        let next = self.segments[number + 1..].iter().find_map(|segment| match segment {
            Segment::Parallel(wave) => Some(wave),
            Segment::Serial(_) => None,
        });
        next.inspect(|wave| wave.approach(thread));
    }

    /// Claims tasks of a wave until none is left: of the thread's own part first.
    ///
    /// # Safety
    /// As for [`Shared::lead`]; the segments before are done, or nothing is left of this one.
    unsafe fn share(&self, wave: &Wave, thread: usize) {
        let workspace = self.workspaces.at(thread as u32, 0);
        for i in 0..wave.parts() {
            let mut done = 0;
            while let Some((index, task)) = wave.claim((thread + i) % wave.parts(), i == 0) {
                done += 1;
                let instr = wave.instrs.start + index;
                let code = &self.code[instr];
                // SAFETY: each task is claimed once; the instructions of a wave are independent.
                if let Err(what) = unsafe { code.run(task, self.bases, workspace) } {
                    self.fault.put(task, Fault { instr, what });
                }
                if code.has_finish() && wave.left[index].fetch_sub(1, Ordering::AcqRel) == 1 {
                    // SAFETY: as above, and this was the last task.
                    unsafe { code.finish(self.bases) };
                }
            }
            // Not where a task has panicked: then the wave is never done, and the caller hears of the panic instead.
            if done > 0 {
                wave.done.0.fetch_add(done, Ordering::Release);
            }
        }
    }
}

/// The first fault of a run.
#[derive(Debug, Default)]
pub(super) struct Faults {
    count: AtomicUsize,
    /// The fault of the lowest instruction, and its task.
    first: Mutex<Option<(usize, Fault)>>,
}

impl Faults {
    pub(super) fn clear(&mut self) {
        *self.count.get_mut() = 0;
        *self.first.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    #[cold]
    fn put(&self, task: usize, fault: Fault) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(other, has)| (fault.instr, task) < (has.instr, *other)) {
            *first = Some((task, fault));
        }
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there is one, of a segment that is done.
    fn is_some(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    pub(super) fn take(&mut self) -> Result<(), Fault> {
        match self.first.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
