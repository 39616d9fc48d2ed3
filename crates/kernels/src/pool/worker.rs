//! What workers do.

use super::{CLOSED, INSIDE, OPEN, PARKED, QUIT, Shared, callers};
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

impl Shared {
    /// The life of a worker.
    pub(super) fn work(&self, number: usize) {
        let gate = &self.gates[number - 1].0;
        callers::set_worker();
        // Inside only while there may be something to do: a worker whose core is taken away elsewhere holds nobody up.
        let (mut seen, mut polls) = (0, 0);
        loop {
            match gate.load(Ordering::Acquire) {
                OPEN => {
                    let announced = self.announced.0.load(Ordering::Acquire);
                    if announced == seen {
                        polls += 1;
                        if polls < self.patience { spin_loop() } else { thread::yield_now() }
                    } else if gate.compare_exchange(OPEN, INSIDE, Ordering::AcqRel, Ordering::Acquire).is_ok()
                    {
                        // Once more, as another region may have begun: this is the one that the gate belongs to.
                        (seen, polls) = (self.announced.0.load(Ordering::Acquire), 0);
                        self.help(number, seen as u32);
                        gate.store(OPEN, Ordering::Release);
                    }
                }
                QUIT => return,
                _ => {
                    polls = 0;
                    self.idle(gate);
                }
            }
        }
    }

    /// Waits until the gate is not closed: spins, then parks.
    fn idle(&self, gate: &AtomicU32) {
        let start = Instant::now();
        loop {
            for _ in 0..64 {
                if gate.load(Ordering::Acquire) != CLOSED {
                    return;
                }
                spin_loop();
            }
            if start.elapsed() >= self.spin {
                break;
            }
        }
        if gate.compare_exchange(CLOSED, PARKED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            while gate.load(Ordering::Acquire) == PARKED {
                thread::park();
            }
        }
    }

    /// Helps once, inside the gate.
    fn help(&self, number: usize, what: u32) {
        if self.poisoned.load(Ordering::Relaxed) {
            return;
        }
        // SAFETY: the gate was opened after `help` was written, and is not closed while this thread is inside; until then
        // the caller keeps it borrowed.
        let help = unsafe { (*self.help.get()).map(|help| &*help) };
        let Some(help) = help else { return };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| help(number, what))) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            self.poisoned.store(true, Ordering::Release);
        }
    }
}
