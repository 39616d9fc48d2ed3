//! Threads: a pool whose regions start and meet in a fraction of a microsecond.
//!
//! A training step is a chain of short products with barriers between them, so the cost of starting and
//! joining decides what is worth splitting. Idle workers spin for a short time before they park, and every
//! wait is on a cache line that one thread alone writes: no locks, no read-modify-write, no allocation.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::hint::spin_loop;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long an idle worker spins before it parks.
const SPIN: Duration = Duration::from_micros(50);
/// Spins at a barrier or at the end of a region before yielding to other threads of the machine.
const PATIENCE: u32 = 2000;

/// States of [`Slot::signal`].
const IDLE: u32 = 0;
const WORK: u32 = 1;
const PARKED: u32 = 2;
const QUIT: u32 = 3;

/// The low half of [`Slot::reached`] when a thread has left its region.
const LEFT: u64 = u32::MAX as u64;

/// A value on cache lines of its own (two, as processors fetch pairs).
#[repr(align(128))]
struct Line<T>(T);

/// What the others see of one thread.
struct Slot {
    /// Written by the caller of a region to start the worker, and by the worker when it takes the work.
    signal: Line<AtomicU32>,
    /// The last barrier that the thread reached: the region's number above, the barrier's below.
    reached: Line<AtomicU64>,
}

/// What runs in a region.
type Job = dyn for<'a> Fn(&Worker<'a>) + Sync;

/// The region in progress.
#[derive(Clone, Copy)]
struct Region {
    job: *const Job,
    number: u64,
    threads: usize,
}

struct Shared {
    slots: Box<[Slot]>,
    /// Whether a region is in progress.
    busy: AtomicBool,
    /// Written by the owner of `busy` before it signals, read by workers that were signalled.
    region: UnsafeCell<Option<Region>>,
    /// Whether a thread of this region has panicked.
    poisoned: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Spins before yielding: none where there are more threads than cores.
    patience: u32,
    spin: Duration,
}

// SAFETY: `region` is written by the owner of `busy` alone, while no worker runs, and is read by workers
// after the signal that follows the write; the job it points to is `Sync` and outlives the region.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Worker threads, and regions of code that run on all of them at once.
///
/// ```
/// use chainrule_kernels::pool::Pool;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let pool = Pool::new(2);
/// let sum = AtomicUsize::new(0);
/// pool.run(usize::MAX, &|worker| {
///     sum.fetch_add(worker.index + 1, Ordering::Relaxed);
///     worker.barrier();
///     assert_eq!(sum.load(Ordering::Relaxed), 3);
/// });
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<(JoinHandle<()>, Thread)>,
}

impl Pool {
    /// A pool of `threads` threads (at least 1): the caller of [`run`](Pool::run) and `threads - 1` workers.
    pub fn new(threads: usize) -> Pool {
        let cores = thread::available_parallelism().map_or(1, |n| n.get());
        let crowded = threads > cores;
        let shared = Arc::new(Shared {
            slots: (0..threads.max(1))
                .map(|_| Slot { signal: Line(AtomicU32::new(IDLE)), reached: Line(AtomicU64::new(0)) })
                .collect(),
            busy: AtomicBool::new(false),
            region: UnsafeCell::new(None),
            poisoned: AtomicBool::new(false),
            panic: Mutex::new(None),
            patience: if crowded { 0 } else { PATIENCE },
            spin: if crowded { Duration::ZERO } else { SPIN },
        });
        let mut workers = Vec::with_capacity(threads.saturating_sub(1));
        for index in 1..threads {
            let shared = Arc::clone(&shared);
            let name = format!("chainrule-{index}");
            // Fewer threads than asked for are fewer threads, not a failure.
            match thread::Builder::new().name(name).spawn(move || shared.work(index)) {
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

    /// Runs `f` once on each of at most `limit` threads, the caller being worker 0, and returns when all
    /// have returned.
    ///
    /// Where the pool is busy with another region (another thread's, or the one that this call is made
    /// from), `f` runs once, on the caller's thread, with a [`Worker`] of one thread.
    ///
    /// # Panics
    /// If `f` panics on any thread: with the first such panic's payload, after all threads have left `f`.
    /// Threads that wait at a barrier, or come to one, unwind.
    pub fn run(&self, limit: usize, f: &(dyn for<'a> Fn(&Worker<'a>) + Sync)) {
        let threads = self.threads().min(limit);
        let shared = &*self.shared;
        if threads <= 1 || shared.busy.swap(true, Ordering::Acquire) {
            return f(&Worker::alone());
        }
        // SAFETY: `busy` was false and is ours now: no worker runs, so nobody reads `region`. The borrow of
        // `f` is stretched only until all workers have left it, below.
        let region = unsafe {
            let region = &mut *shared.region.get();
            let number = region.map_or(1, |last| last.number + 1);
            let job = std::mem::transmute::<*const (dyn for<'a> Fn(&Worker<'a>) + Sync + '_), *const Job>(f);
            *region.insert(Region { job, number, threads })
        };
        for (slot, (_, thread)) in shared.slots[1..threads].iter().zip(&self.workers) {
            if slot.signal.0.swap(WORK, Ordering::AcqRel) == PARKED {
                thread.unpark();
            }
        }
        shared.take_part(0, region);
        let end = region.number << 32 | LEFT;
        for slot in &shared.slots[1..threads] {
            shared.wait(|| slot.reached.0.load(Ordering::Acquire) == end);
        }
        let panic = if shared.poisoned.load(Ordering::Relaxed) {
            shared.poisoned.store(false, Ordering::Relaxed);
            shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
        } else {
            None
        };
        shared.busy.store(false, Ordering::Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (slot, (_, thread)) in self.shared.slots[1..].iter().zip(&self.workers) {
            slot.signal.0.store(QUIT, Ordering::Release);
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

/// What unwinds the threads that meet a poisoned barrier.
struct Poisoned;

impl Shared {
    /// The life of a worker.
    fn work(&self, index: usize) {
        let signal = &self.slots[index].signal.0;
        loop {
            match self.next(signal) {
                WORK => {
                    signal.store(IDLE, Ordering::Relaxed);
                    // SAFETY: signalled after `region` was written, and it stays until this thread has
                    // left the region.
                    let region = unsafe { (*self.region.get()).expect("a region is in progress") };
                    self.take_part(index, region);
                }
                _ => return,
            }
        }
    }

    /// Waits for a signal: spins, then parks.
    fn next(&self, signal: &AtomicU32) -> u32 {
        let start = Instant::now();
        loop {
            for _ in 0..64 {
                let state = signal.load(Ordering::Acquire);
                if state != IDLE {
                    return state;
                }
                spin_loop();
            }
            if start.elapsed() >= self.spin {
                break;
            }
        }
        if signal.compare_exchange(IDLE, PARKED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            while signal.load(Ordering::Acquire) == PARKED {
                thread::park();
            }
        }
        signal.load(Ordering::Acquire)
    }

    /// Runs the region's job as worker `index`, and leaves the region.
    fn take_part(&self, index: usize, region: Region) {
        let worker = Worker {
            index,
            threads: region.threads,
            team: Some(self),
            epoch: Cell::new(region.number << 32),
            _thread: PhantomData,
        };
        // SAFETY: the caller of the region keeps the job borrowed until all threads have left.
        let job = unsafe { &*region.job };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(&worker))) {
            if !panic.is::<Poisoned>() {
                self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            }
            self.poisoned.store(true, Ordering::Release);
        }
        self.slots[index].reached.0.store(region.number << 32 | LEFT, Ordering::Release);
    }

    /// Waits until `done`: spins, then gives way to other threads.
    #[inline]
    fn wait(&self, done: impl Fn() -> bool) {
        for _ in 0..self.patience {
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

/// One thread of a region.
pub struct Worker<'a> {
    /// Which thread this is, from 0.
    pub index: usize,
    /// Threads in the region.
    pub threads: usize,
    team: Option<&'a Shared>,
    /// The last barrier reached.
    epoch: Cell<u64>,
    _thread: PhantomData<*const ()>,
}

impl Worker<'_> {
    /// The worker of a region of one thread.
    fn alone() -> Worker<'static> {
        Worker { index: 0, threads: 1, team: None, epoch: Cell::new(0), _thread: PhantomData }
    }

    /// Waits until every thread of the region has reached its barrier of the same number; what any of them
    /// wrote before is visible after. A thread that has returned counts as having reached all barriers.
    ///
    /// # Panics
    /// Unwinds if another thread of the region panicked; [`Pool::run`] reports that thread's panic.
    #[inline]
    pub fn barrier(&self) {
        let Some(team) = self.team else { return };
        let epoch = self.epoch.get() + 1;
        self.epoch.set(epoch);
        team.slots[self.index].reached.0.store(epoch, Ordering::Release);
        for slot in &team.slots[..self.threads] {
            team.wait(|| slot.reached.0.load(Ordering::Acquire) >= epoch);
        }
        if team.poisoned.load(Ordering::Relaxed) {
            resume_unwind(Box::new(Poisoned));
        }
    }
}

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("index", &self.index).field("threads", &self.threads).finish()
    }
}
