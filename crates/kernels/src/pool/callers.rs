//! How many threads have runs of their own at the same time.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs for which callers that met are remembered.
const MEMORY: u32 = 256;

/// The threads that are in [`Pool::run`](super::Pool::run) at the same time. Each has a core, so as many workers have none.
#[derive(Default)]
pub(super) struct Callers {
    inside: AtomicU32,
    /// Most that were inside at once lately, and runs since.
    most: AtomicU32,
    age: AtomicU32,
}

/// A caller inside a run.
pub(super) struct Caller<'a>(&'a Callers);

thread_local! {
    /// Whether this thread is a worker, or a caller inside a run already.
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}

impl Callers {
    /// Enters, and says how many other callers there were lately. `None` for a thread that has a run already.
    #[inline]
    pub(super) fn enter(&self) -> Option<(Caller<'_>, usize)> {
        if COUNTS.replace(true) {
            return None;
        }
        let inside = self.inside.fetch_add(1, Ordering::Relaxed) + 1;
        let (most, age) = (self.most.load(Ordering::Relaxed), self.age.load(Ordering::Relaxed));
        // What is lost where callers write at the same time is seen in their next runs.
        if inside >= most || age >= MEMORY {
            self.most.store(inside, Ordering::Relaxed);
            self.age.store(0, Ordering::Relaxed);
        } else {
            self.age.store(age + 1, Ordering::Relaxed);
        }
        Some((Caller(self), most.max(inside) as usize - 1))
    }
}

/// Says that this thread is a worker: runs that it makes inside a task are its caller's.
pub(super) fn set_worker() {
    COUNTS.set(true);
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
        COUNTS.set(false);
    }
}
