//! Threads: a pool whose workers help whoever opens a region, as soon as they can.
//!
//! A training step is a chain of short products, each needing the one before, so the cost of sharing decides what is worth
//! splitting, and a thread that waits for another may wait for the scheduler. Here nobody waits for a worker to arrive: the
//! caller goes through the region at once, and workers that are awake take a share of what is open. One that wakes late, or
//! whose core another process holds, is missed by nobody. Idle workers spin for a short time before they park; every wait is
//! on a cache line that two threads alone write; there are no locks and no allocation.

mod callers;
mod worker;

use callers::Callers;
use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

/// How long an idle worker spins before it parks.
const SPIN: Duration = Duration::from_micros(50);
/// Spins of one who waits before yielding to other threads of the machine.
const PATIENCE: u32 = 2000;

/// States of a worker's gate. The caller of a region opens and closes it; the worker goes in and out while it is open.
const CLOSED: u32 = 0;
const OPEN: u32 = 1;
const INSIDE: u32 = 2;
const PARKED: u32 = 3;
const QUIT: u32 = 4;

/// A value on cache lines of its own (two, as processors fetch pairs).
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Line<T>(pub(crate) T);

/// What workers do in a region, given their number and what was announced: see [`Pool::run`].
type Help = dyn Fn(usize, u32) + Sync;

struct Shared {
    /// One for each worker, the first being number 1.
    gates: Box<[Line<AtomicU32>]>,
    /// Whether a region is open.
    busy: AtomicBool,
    callers: Line<Callers>,
    /// Cores, or threads of the pool if there are more.
    room: usize,
    /// What was announced last, below the count of announcements. Workers watch it without going in.
    announced: Line<AtomicU64>,
    /// Written by the owner of `busy` before it opens a gate, read by workers that are inside one.
    help: UnsafeCell<Option<*const Help>>,
    /// Whether a worker has panicked in this region.
    poisoned: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Spins before yielding: none where there are more threads than cores.
    patience: u32,
    spin: Duration,
}

// SAFETY: `help` is written by the owner of `busy` alone, while all gates are closed, and read by workers inside an open
// one; what it points to is `Sync` and outlives the region.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Worker threads that help with regions of code.
///
/// ```
/// use chainrule_kernels::pool::Pool;
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
///
/// // Whoever comes takes the next number.
/// let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
/// let work = || while let n @ 0..100 = next.fetch_add(1, Relaxed) {
///     sum.fetch_add(n, Relaxed);
/// };
/// Pool::new(2).run(usize::MAX, &|_, _| work(), |_| work());
/// assert_eq!(sum.into_inner(), 4950);
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<(JoinHandle<()>, Thread)>,
}

/// A region, as its caller sees it.
#[derive(Clone, Copy)]
pub struct Region<'a> {
    /// Threads that may take part: numbers below this, the caller being 0.
    pub threads: usize,
    team: Option<&'a Shared>,
}

impl Region<'_> {
    /// Whether a worker has panicked: what it was to do may be undone. [`Pool::run`] passes the panic on at the end.
    pub fn is_poisoned(&self) -> bool {
        self.team.is_some_and(|team| team.poisoned.load(Ordering::Relaxed))
    }

    /// Says what there is to do now: each worker calls `help` once more, with the last that was said.
    #[inline]
    pub fn announce(&self, what: u32) {
        if let Some(team) = self.team {
            // The owner of `busy` alone writes.
            let count = team.announced.0.load(Ordering::Relaxed) >> 32;
            team.announced.0.store(count.wrapping_add(1) << 32 | what as u64, Ordering::Release);
        }
    }

    /// Waits until `done`: spins, then gives way to other threads.
    #[inline]
    pub fn wait(&self, done: impl Fn() -> bool) {
        let patience = self.team.map_or(PATIENCE, |team| team.patience);
        for _ in 0..patience {
            if done() {
                return;
            }
            spin_loop();
        }
        while !done() {
            thread::yield_now();
        }
    }
}

impl fmt::Debug for Region<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").field("threads", &self.threads).finish()
    }
}

impl Pool {
    /// A pool of `threads` threads (at least 1): the caller of [`run`](Pool::run) and `threads - 1` workers.
    pub fn new(threads: usize) -> Pool {
        let cores = thread::available_parallelism().map_or(1, |n| n.get());
        let crowded = threads > cores;
        let shared = Arc::new(Shared {
            gates: (1..threads.max(1)).map(|_| Line(AtomicU32::new(CLOSED))).collect(),
            busy: AtomicBool::new(false),
            callers: Line(Callers::default()),
            room: threads.max(cores),
            announced: Line(AtomicU64::new(0)),
            help: UnsafeCell::new(None),
            poisoned: AtomicBool::new(false),
            panic: Mutex::new(None),
            patience: if crowded { 0 } else { PATIENCE },
            spin: if crowded { Duration::ZERO } else { SPIN },
        });
        let mut workers = Vec::with_capacity(threads.saturating_sub(1));
        for number in 1..threads {
            let shared = Arc::clone(&shared);
            let name = format!("chainrule-{number}");
            // Fewer threads than asked for are fewer threads, not a failure.
            match thread::Builder::new().name(name).spawn(move || shared.work(number)) {
                Ok(handle) => {
                    let thread = handle.thread().clone();
                    workers.push((handle, thread));
                }
                Err(_) => break,
            }
        }
        Pool { shared, workers }
    }

    /// The pool of the process, made at first use. It has `CHAINRULE_THREADS` threads, or
    /// `RAYON_NUM_THREADS`, or `OMP_NUM_THREADS`, the first that is set to a positive number; else one for
    /// each core that the process may run on.
    pub fn global() -> &'static Pool {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(|| {
            let set = ["CHAINRULE_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"]
                .iter()
                .find_map(|name| std::env::var(name).ok()?.trim().parse().ok().filter(|&n| n > 0));
            Pool::new(set.unwrap_or_else(|| thread::available_parallelism().map_or(1, |n| n.get())))
        })
    }

    /// Threads of the pool, the caller included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `main` on the caller's thread. Until it returns, workers call `help` with their number (at least 1, and below the
    /// region's threads, of which there are `limit` at most) and with what was [announced](Region::announce) last, when they
    /// come (0 if nothing was) and after each announcement: it should do what is to be done at that moment and return as soon as nothing is.
    /// `main` alone must be able to do all of the work: no worker may ever come.
    ///
    /// Where the pool is busy with another region, and inside of any region, `main` runs without help, in a region of one
    /// thread. Each other thread that was in a run at the same time lately needs a core, which no worker can have then: as
    /// many threads as there are cores, each with runs of its own, get no help.
    ///
    /// # Panics
    /// If `main` panics, or `help` on any thread: after all workers have left it, with the payload of `main`'s panic or else
    /// of the first worker's.
    pub fn run<R>(
        &self,
        limit: usize,
        help: &(dyn Fn(usize, u32) + Sync),
        main: impl FnOnce(Region<'_>) -> R,
    ) -> R {
        let shared = &*self.shared;
        let caller = shared.callers.0.enter();
        let spare = caller.as_ref().map_or(1, |(_, others)| shared.room.saturating_sub(*others));
        let threads = self.threads().min(spare).min(limit);
        if threads <= 1 || shared.busy.swap(true, Ordering::Acquire) {
            return main(Region { threads: 1, team: None });
        }
        // SAFETY: `busy` was false and is ours now: all gates are closed, so nobody reads `help`. Its borrow is stretched
        // only until they are closed again, below.
        unsafe {
            let help = std::mem::transmute::<*const (dyn Fn(usize, u32) + Sync + '_), *const Help>(help);
            *shared.help.get() = Some(help);
        }
        let region = Region { threads, team: Some(shared) };
        region.announce(0);
        for (gate, (_, thread)) in shared.gates[..threads - 1].iter().zip(&self.workers) {
            if gate.0.swap(OPEN, Ordering::AcqRel) == PARKED {
                thread.unpark();
            }
        }
        let result = catch_unwind(AssertUnwindSafe(|| main(region)));
        for gate in &shared.gates[..threads - 1] {
            let close = || gate.0.compare_exchange(OPEN, CLOSED, Ordering::AcqRel, Ordering::Acquire).is_ok();
            region.wait(close);
        }
        let panicked = if shared.poisoned.swap(false, Ordering::Relaxed) {
            shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
        } else {
            None
        };
        shared.busy.store(false, Ordering::Release);
        match (result, panicked) {
            (Err(panic), _) | (Ok(_), Some(panic)) => resume_unwind(panic),
            (Ok(result), None) => result,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (gate, (_, thread)) in self.shared.gates.iter().zip(&self.workers) {
            gate.0.store(QUIT, Ordering::Release);
            thread.unpark();
        }
        for (handle, _) in self.workers.drain(..) {
            // A worker catches every panic of its jobs.
            let _ = handle.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}
