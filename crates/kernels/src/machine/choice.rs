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
/// Periods between trials of sharing, at most, if they fail: a worker whose core is taken away inside a task may keep its
/// caller waiting for as long as hundreds of runs take.
const MOST_WAIT: u32 = 16;
/// How much faster running alone has to be.
const CLEARLY: f64 = 0.95;

/// The two ways, and how long they take.
#[derive(Debug)]
pub(super) struct Choice {
    surely: bool,
    /// Which way is taken until the next trial has ended.
    prefers_shared: bool,
    /// Runs until that trial.
    left: u32,
    /// Periods between trials of sharing.
    wait: u32,
    /// Runs that took the preferred way, and those of the trial.
    usual: Times,
    trial: Times,
}

/// Runs one after the other, and the nanoseconds that they took: all but the first, which finds everything in the other
/// way's caches. An average, as interruptions are among what is to be compared.
#[derive(Debug, Default)]
struct Times {
    runs: u32,
    sum: f64,
}

impl Times {
    fn note(&mut self, took: Duration) {
        self.sum += if self.runs > 0 { took.as_nanos() as f64 } else { 0.0 };
        self.runs += 1;
    }

    fn mean(&self) -> f64 {
        self.sum / (self.runs - 1) as f64
    }
}

impl Choice {
    /// For a program of this estimated cost in nanoseconds.
    pub(super) fn new(cost: f64) -> Choice {
        Choice {
            surely: cost >= SURELY_WORTH,
            prefers_shared: true,
            // The first trial comes early.
            left: 2 * TRIAL,
            wait: 1,
            usual: Times::default(),
            trial: Times::default(),
        }
    }

    /// Whether there is nothing to choose.
    pub(super) fn is_made(&self) -> bool {
        self.surely
    }

    /// Whether to share the next run.
    pub(super) fn shares(&self) -> bool {
        self.surely || self.prefers_shared == (self.left > 0)
    }

    /// Notes how long a run took.
    pub(super) fn note(&mut self, took: Duration) {
        if self.left > 0 {
            self.left -= 1;
            return self.usual.note(took);
        }
        self.trial.note(took);
        if self.trial.runs == TRIAL {
            self.decide();
        }
    }

    /// Prefers the faster way until the next trial.
    fn decide(&mut self) {
        let (usual, trial) = (self.usual.mean(), self.trial.mean());
        let (shared, alone) = if self.prefers_shared { (usual, trial) } else { (trial, usual) };
        let prefers_shared = alone >= CLEARLY * shared;
        self.wait = match (self.prefers_shared, prefers_shared) {
            (true, true) => 1,
            // Good in a trial is not good for long: a worker that just woke up is not interrupted at first.
            (false, true) => self.wait,
            (_, false) => (2 * self.wait).min(MOST_WAIT),
        };
        self.prefers_shared = prefers_shared;
        self.left = PERIOD * if prefers_shared { 1 } else { self.wait };
        (self.usual, self.trial) = (Times::default(), Times::default());
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
            choice.note(Duration::from_micros(if shares { shared } else { alone }));
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
        assert!(shared_runs(&mut choice, 2 * PERIOD * MOST_WAIT, 100, 60) >= 96);
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
                    choice.note(Duration::from_micros(if shares { 60 } else { 100 }));
                    !shares
                })
                .count()
        };
        assert!(count(&mut choice) < 200);
    }

    #[test]
    fn interruptions_count() {
        // A worker's core is taken away now and then in a task: trials look good, but the average does not.
        let mut choice = Choice::new(50_000.0);
        let (mut took, mut shared) = (0, 0);
        for _ in 0..100_000 {
            let shares = choice.shares();
            shared += shares as u64;
            let time = if !shares {
                100
            } else if shared.is_multiple_of(40) {
                3000
            } else {
                60
            };
            choice.note(Duration::from_micros(time));
            took += time;
        }
        assert!(took < 100_000 * 105, "{took}");
    }

    #[test]
    fn large_programs_are_shared() {
        assert_eq!(shared_runs(&mut Choice::new(1e9), 1000, 1, 100), 100);
    }
}
