//! The machine, and its runs.

use super::code::Code;
use super::schedule::{Segment, Wave, schedule};
use super::validate::check;
use super::{Fault, Instr, Invalid, SlotSpec};
use crate::pool::{Pool, Worker};
use crate::{ALIGN, Buffer, DType, Element, Level};
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Where the slots are in this run.
#[derive(Clone, Copy)]
pub(super) struct Bases<'a>(&'a [*mut u8]);

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

/// A program with its memory: validated once, run many times.
pub struct Machine {
    instrs: Vec<Instr>,
    code: Vec<Code>,
    segments: Vec<Segment>,
    /// The arena and the bound slots.
    specs: Vec<SlotSpec>,
    /// The first instruction that uses each slot.
    first_use: Vec<Option<usize>>,
    arena: Buffer,
    /// The slots of the session in progress: null if unbound. They are only used in its `run`.
    bases: Vec<*mut u8>,
    /// A workspace for each thread that has been needed, and where they are.
    workspaces: Vec<Buffer>,
    workspace_at: Vec<*mut u8>,
    workspace_bytes: usize,
    threads: usize,
    parallel: bool,
    fault: Faults,
}

// SAFETY: the pointers are into the machine's own buffers, or into buffers that a session borrows; a session can't be
// in progress while the machine moves to another thread unless it moves too, with its borrows of `Buffer`s, which are
// `Send` and `Sync`. Instructions hold functions that are `Send` and `Sync`.
unsafe impl Send for Machine {}

impl Machine {
    /// Validates and prepares instructions. The arena is slot 0, and `slots[i]` describes slot `i + 1`.
    pub fn new(
        instrs: Vec<Instr>,
        slots: Vec<SlotSpec>,
        arena_bytes: usize,
        level: Level,
    ) -> Result<Machine, Invalid> {
        if !Level::available().contains(&level) {
            return Err(Invalid { instr: None, what: format!("this machine has no {level:?}") });
        }
        let mut specs = vec![SlotSpec { bytes: arena_bytes, writable: true }];
        specs.extend(slots);
        let mut uses = Vec::with_capacity(instrs.len());
        let mut first_use = vec![None; specs.len()];
        for (i, instr) in instrs.iter().enumerate() {
            let used = check(instr, &specs).map_err(|what| Invalid { instr: Some(i), what })?;
            used.iter().for_each(|used| {
                first_use[used.place.slot as usize].get_or_insert(i);
            });
            uses.push(used);
        }
        let code: Vec<Code> = instrs.iter().map(|instr| Code::new(instr, level)).collect();
        let segments = schedule(&instrs, &uses, &code);
        let parallel = segments.iter().any(|segment| matches!(segment, Segment::Parallel(_)));
        let workspace_bytes = code.iter().map(Code::workspace).max().unwrap_or(0);
        let mut machine = Machine {
            bases: vec![std::ptr::null_mut(); specs.len()],
            instrs,
            code,
            segments,
            specs,
            first_use,
            arena: Buffer::zeroed(arena_bytes),
            workspaces: Vec::new(),
            workspace_at: Vec::new(),
            workspace_bytes,
            threads: usize::MAX,
            parallel,
            fault: Faults::default(),
        };
        machine.reserve(1);
        Ok(machine)
    }

    /// The instructions.
    pub fn instrs(&self) -> &[Instr] {
        &self.instrs
    }

    /// The size of the arena.
    pub fn arena_bytes(&self) -> usize {
        self.arena.bytes()
    }

    /// Whether any of the program is worth sharing among threads. If not, runs never leave the caller's thread.
    pub fn is_parallel(&self) -> bool {
        self.parallel
    }

    /// Sets the most threads that runs use. Results do not depend on it.
    pub fn set_threads(&mut self, most: usize) {
        self.threads = most.max(1);
    }

    /// The elements of the arena from a byte on.
    ///
    /// # Panics
    /// If they do not lie in the arena, are not aligned, or are no truth values although read as such.
    pub fn read<T: Element>(&self, offset: usize, len: usize) -> &[T] {
        self.check_range::<T>(offset, len);
        // SAFETY: within the arena, aligned, initialized; numbers may have any bits, and truth values were checked. No
        // run is in progress, as a session borrows the machine mutably.
        unsafe { std::slice::from_raw_parts(self.arena.as_ptr().add(offset).cast(), len) }
    }

    /// Writes elements to the arena from a byte on: constants, before runs.
    ///
    /// # Panics
    /// If they do not fit in the arena or are not aligned.
    pub fn write<T: Element>(&mut self, offset: usize, values: &[T]) {
        assert!(offset.is_multiple_of(size_of::<T>()), "an aligned place");
        let end = offset.checked_add(size_of_val(values));
        assert!(end.is_some_and(|end| end <= self.arena.bytes()), "a place in the arena");
        // SAFETY: within the arena, which `values` can't borrow from.
        unsafe {
            let to = self.arena.as_mut_ptr().add(offset).cast();
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len());
        }
    }

    fn check_range<T: Element>(&self, offset: usize, len: usize) {
        assert!(offset.is_multiple_of(size_of::<T>()), "an aligned place");
        let end = len.checked_mul(size_of::<T>()).and_then(|bytes| bytes.checked_add(offset));
        assert!(end.is_some_and(|end| end <= self.arena.bytes()), "a place in the arena");
        if T::DTYPE == DType::Bool {
            // SAFETY: within the arena, as was just checked.
            let bytes = unsafe { std::slice::from_raw_parts(self.arena.as_ptr().add(offset), len) };
            assert!(bytes.iter().all(|&byte| byte < 2), "truth values are 0 or 1");
        }
    }

    /// Begins a run.
    pub fn session<'a>(&mut self) -> Session<'_, 'a> {
        self.bases.fill(std::ptr::null_mut());
        self.bases[0] = self.arena.as_mut_ptr();
        Session { machine: self, _buffers: PhantomData }
    }

    /// Makes sure that there are workspaces for so many threads.
    fn reserve(&mut self, threads: usize) {
        while self.workspaces.len() < threads {
            // A thread's own cache lines: the processor fetches them in pairs.
            let mut workspace = Buffer::zeroed(self.workspace_bytes.next_multiple_of(2 * ALIGN));
            self.workspace_at.push(workspace.as_mut_ptr());
            self.workspaces.push(workspace);
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("instrs", &self.instrs)
            .field("slots", &&self.specs[1..])
            .field("arena", &self.arena)
            .field("segments", &self.segments)
            .finish_non_exhaustive()
    }
}

/// A run of a machine on buffers that it borrows until it ends.
pub struct Session<'m, 'a> {
    machine: &'m mut Machine,
    _buffers: PhantomData<&'a mut Buffer>,
}

impl<'a> Session<'_, 'a> {
    /// Binds a slot that is only read.
    ///
    /// # Panics
    /// If there is no such slot, if it is writable, or if the buffer is smaller.
    pub fn read(&mut self, slot: u32, buffer: &'a Buffer) {
        let spec = self.spec(slot, buffer.bytes());
        assert!(!spec.writable, "slot {slot} is written to");
        self.machine.bases[slot as usize] = buffer.as_ptr().cast_mut();
    }

    /// Binds a slot.
    ///
    /// # Panics
    /// If there is no such slot, or if the buffer is smaller.
    pub fn write(&mut self, slot: u32, buffer: &'a mut Buffer) {
        self.spec(slot, buffer.bytes());
        self.machine.bases[slot as usize] = buffer.as_mut_ptr();
    }

    fn spec(&self, slot: u32, bytes: usize) -> SlotSpec {
        assert!(slot > 0 && (slot as usize) < self.machine.specs.len(), "slot {slot} is none to bind");
        let spec = self.machine.specs[slot as usize];
        assert!(bytes >= spec.bytes, "slot {slot} takes {} bytes, not {bytes}", spec.bytes);
        spec
    }

    /// Runs the program, on the process's pool if sharing is worth it.
    pub fn run(&mut self) -> Result<(), Fault> {
        if self.machine.parallel && self.machine.threads > 1 {
            self.run_with(Pool::global())
        } else {
            self.check()?;
            self.run_alone()
        }
    }

    /// Runs the program on a given pool.
    pub fn run_with(&mut self, pool: &Pool) -> Result<(), Fault> {
        self.check()?;
        let machine = &mut *self.machine;
        let threads = pool.threads().min(machine.threads);
        if !machine.parallel || threads == 1 {
            return self.run_alone();
        }
        machine.reserve(threads);
        for segment in &mut machine.segments {
            if let Segment::Parallel(wave) = segment {
                wave.reset(&machine.code);
            }
        }
        machine.fault.clear();
        let shared = Shared {
            code: &machine.code,
            segments: &machine.segments,
            bases: Bases(&machine.bases),
            workspaces: Bases(&machine.workspace_at),
            fault: &machine.fault,
        };
        // SAFETY: all slots are bound to memory that this session borrows, and each worker has a workspace.
        pool.run(threads, &|worker| unsafe { shared.work(worker) });
        machine.fault.take()
    }

    /// Whether every slot that is used is bound.
    fn check(&self) -> Result<(), Fault> {
        for (slot, (base, first)) in self.machine.bases.iter().zip(&self.machine.first_use).enumerate() {
            if let (true, &Some(instr)) = (base.is_null(), first) {
                return Err(Fault { instr, what: format!("slot {slot} is not bound") });
            }
        }
        Ok(())
    }

    /// Runs the program on this thread alone. All slots are bound.
    fn run_alone(&mut self) -> Result<(), Fault> {
        let machine = &mut *self.machine;
        let bases = Bases(&machine.bases);
        for (instr, code) in machine.code.iter().enumerate() {
            // SAFETY: all slots are bound to memory that this session borrows; there is no other thread.
            unsafe { code.run_all(instr, bases, machine.workspace_at[0])? };
        }
        Ok(())
    }
}

impl fmt::Debug for Session<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("machine", &self.machine).finish()
    }
}

/// What the threads of a run share.
struct Shared<'a> {
    code: &'a [Code],
    segments: &'a [Segment],
    bases: Bases<'a>,
    workspaces: Bases<'a>,
    fault: &'a Faults,
}

impl Shared<'_> {
    /// A thread's part of the run.
    ///
    /// # Safety
    /// All slots in use are bound, and each worker has a workspace.
    unsafe fn work(&self, worker: &Worker<'_>) {
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
        let mut index = 0;
        loop {
            let task = wave.next.fetch_add(1, Ordering::Relaxed);
            // Tasks are claimed in order.
            while index < wave.ends.len() && task >= wave.ends[index] {
                index += 1;
            }
            if index == wave.ends.len() {
                return;
            }
            let instr = wave.instrs.start + index;
            let code = &self.code[instr];
            let task = task - if index == 0 { 0 } else { wave.ends[index - 1] };
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
struct Faults {
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
    fn clear(&mut self) {
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

    fn take(&mut self) -> Result<(), Fault> {
        match self.first.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
