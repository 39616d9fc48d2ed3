//! The machine, and its runs.

use super::choice::Choice;
use super::code::Code;
use super::schedule::{Segment, schedule};
use super::share::{Bases, Faults, Shared};
use super::validate::check;
use super::{Fault, Instr, Invalid, SlotSpec};
use crate::pool::Pool;
use crate::{ALIGN, Buffer, DType, Element, Level};
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

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
    choice: Choice,
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
        let choice = Choice::new(instrs.iter().map(Instr::cost).sum());
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
            choice,
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

    /// Runs the program, on the process's pool if sharing is worth it: by estimate, and as measured in earlier runs.
    pub fn run(&mut self) -> Result<(), Fault> {
        if !self.machine.parallel || self.machine.threads == 1 || Pool::global().threads() == 1 {
            self.check()?;
            return self.run_alone();
        }
        if self.machine.choice.is_made() {
            return self.run_with(Pool::global());
        }
        let (shares, start) = (self.machine.choice.shares(), Instant::now());
        if shares {
            self.run_with(Pool::global())?;
        } else {
            self.check()?;
            // In the pool all the same, which keeps a core for each thread that is.
            Pool::global().run(1, &|_, _| {}, |_| self.run_alone())?;
        }
        self.machine.choice.note(start.elapsed());
        Ok(())
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
                wave.reset(&machine.code, threads);
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
        // SAFETY: all slots are bound to memory that this session borrows, and each thread has a workspace and its part of
        // the waves. (A region of one thread takes the others' parts too.)
        pool.run(threads, &|thread, what| unsafe { shared.help(thread, what) }, |region| unsafe {
            shared.lead(region)
        });
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
