//! Whether a run is shared among threads, by trying both.
//!
//! What threads save depends on how fast cores reach each other's caches, and on what else runs on them: both can change
//! from one moment to the next. The results are the same to the last bit, so a program simply takes the way that was faster,
//! and looks now and then whether it still is.

use std::time::Duration;

/// Programs that take longer by estimate are always shared: what can be lost is small beside what is gained.
const SURELY_WORTH: f64 = 3_000_000.0;
/// Every so many runs the other way is tried, for a few of them.
const PERIOD: u32 = 256;
const TRIAL: u32 = 4;
/// How much faster running alone has to be.
const CLEARLY: f64 = 0.95;

/// The two ways, and how long they take.
#[derive(Debug)]
pub(super) struct Choice {
    surely: bool,
    runs: u32,
    /// Which way is taken until the next trial has ended.
    prefers_shared: bool,
    /// Nanoseconds of a run alone and of a shared one; at first unknown.
    alone: f64,
    shared: f64,
}

impl Choice {
    /// For a program of this estimated cost in nanoseconds.
    pub(super) fn new(cost: f64) -> Choice {
        Choice {
            surely: cost >= SURELY_WORTH,
            runs: 0,
            prefers_shared: true,
            alone: f64::INFINITY,
            shared: f64::INFINITY,
        }
    }

    /// Whether there is nothing to choose.
    pub(super) fn is_made(&self) -> bool {
        self.surely
    }

    /// Whether this run tries the way that is not preferred.
    fn is_trial(&self) -> bool {
        self.runs % PERIOD >= PERIOD - TRIAL
    }

    /// Whether to share the next run.
    pub(super) fn shares(&self) -> bool {
        self.surely || self.prefers_shared != self.is_trial()
    }

    /// Notes how long a run took.
    pub(super) fn note(&mut self, shared: bool, took: Duration) {
        let nanoseconds = took.as_nanos() as f64;
        let trial = self.is_trial();
        let first = self.runs % PERIOD == PERIOD - TRIAL;
        let time = if shared { &mut self.shared } else { &mut self.alone };
        *time = match (trial, first) {
            // The first run of a trial finds everything in the other's cache.
            (true, true) => f64::INFINITY,
            (true, false) => time.min(nanoseconds),
            (false, _) if time.is_infinite() => nanoseconds,
            // An average over the last runs; one that was interrupted counts little.
            (false, _) => *time + (nanoseconds.min(2.0 * *time) - *time) / 8.0,
        };
        if self.runs % PERIOD == PERIOD - 1 {
            self.prefers_shared = self.alone >= CLEARLY * self.shared;
        }
        // The first trial comes early.
        self.runs = if self.runs == 2 * TRIAL { PERIOD - TRIAL } else { self.runs + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of a program that takes so many microseconds alone and shared; how many of the last hundred were shared.
    fn shared_runs(choice: &mut Choice, runs: u32, alone: u64, shared: u64) -> usize {
        let mut last = Vec::new();
        for _ in 0..runs {
            let shares = choice.shares();
            choice.note(shares, Duration::from_micros(if shares { shared } else { alone }));
            last.push(shares);
        }
        last.iter().rev().take(100).filter(|&&shares| shares).count()
    }

    #[test]
    fn the_faster_way_is_taken() {
        let mut choice = Choice::new(50_000.0);
        assert!(shared_runs(&mut choice, 1000, 100, 60) >= 96);
        // A core is taken away.
        assert!(shared_runs(&mut choice, 1000, 100, 200) <= 4);
        // It comes back.
        assert!(shared_runs(&mut choice, 1000, 100, 60) >= 96);
        // Nothing is gained by a little.
        assert!(shared_runs(&mut choice, 1000, 99, 100) >= 96);
    }

    #[test]
    fn trials_are_few() {
        let mut choice = Choice::new(50_000.0);
        let count = |choice: &mut Choice| {
            (0..10_000)
                .filter(|_| {
                    let shares = choice.shares();
                    choice.note(shares, Duration::from_micros(if shares { 60 } else { 100 }));
                    !shares
                })
                .count()
        };
        assert!(count(&mut choice) < 200);
    }

    #[test]
    fn large_programs_are_shared() {
        assert_eq!(shared_runs(&mut Choice::new(1e9), 1000, 1, 100), 100);
    }
}
