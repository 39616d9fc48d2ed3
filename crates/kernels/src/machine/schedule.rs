//! What runs at the same time.

use super::code::Code;
use super::{Instr, Use, cost, validate};
use std::ops::Range;
use std::sync::atomic::AtomicUsize;

/// Most instructions of a wave.
const WAVE: usize = 32;

/// A stretch of the program between two barriers.
#[derive(Debug)]
pub(super) enum Segment {
    /// Instructions for one thread, in order.
    Serial(Range<usize>),
    /// Independent instructions, whose tasks are shared.
    Parallel(Wave),
}

/// Independent instructions.
#[derive(Debug)]
pub(super) struct Wave {
    pub(super) instrs: Range<usize>,
    /// The number of tasks up to and with each instruction.
    pub(super) ends: Box<[usize]>,
    /// The next task to claim.
    pub(super) next: AtomicUsize,
    /// Tasks of each instruction that have not ended.
    pub(super) left: Box<[AtomicUsize]>,
}

impl Wave {
    fn new(instrs: Range<usize>, code: &[Code]) -> Wave {
        let mut end = 0;
        let ends = code[instrs.clone()].iter().map(|code| {
            end += code.tasks();
            end
        });
        let ends: Box<[usize]> = ends.collect();
        let left = ends.iter().map(|_| AtomicUsize::new(0)).collect();
        Wave { instrs, ends, next: AtomicUsize::new(0), left }
    }

    /// Prepares the counters for a run.
    pub(super) fn reset(&mut self, code: &[Code]) {
        *self.next.get_mut() = 0;
        for (left, code) in self.left.iter_mut().zip(&code[self.instrs.clone()]) {
            *left.get_mut() = code.tasks();
        }
    }
}

/// Cuts a program in segments. Depends on sizes alone.
pub(super) fn schedule(instrs: &[Instr], uses: &[Vec<Use>], code: &[Code]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut start = 0;
    while start < instrs.len() {
        let mut end = start + 1;
        while end < instrs.len()
            && end - start < WAVE
            && (start..end).all(|earlier| independent(instrs, uses, earlier, end))
        {
            end += 1;
        }
        if is_worth_sharing(&instrs[start..end], &code[start..end]) {
            segments.push(Segment::Parallel(Wave::new(start..end, code)));
        } else if let Some(Segment::Serial(range)) = segments.last_mut() {
            range.end = end;
        } else {
            segments.push(Segment::Serial(start..end));
        }
        start = end;
    }
    segments
}

/// Whether two instructions can run at the same time.
fn independent(instrs: &[Instr], uses: &[Vec<Use>], earlier: usize, later: usize) -> bool {
    // What a fault prevents must not be under way: memory of the caller's keeps its values.
    let stops =
        instrs[earlier].can_fault() && uses[later].iter().any(|used| used.write && used.place.slot != 0);
    !stops
        && uses[earlier]
            .iter()
            .all(|a| uses[later].iter().all(|b| !(a.write || b.write) || !validate::shares(a, b)))
}

/// Whether threads save more than they cost.
fn is_worth_sharing(instrs: &[Instr], code: &[Code]) -> bool {
    let all: f64 = instrs.iter().map(Instr::cost).sum();
    let longest =
        instrs.iter().zip(code).map(|(instr, code)| instr.cost() / code.tasks() as f64).fold(0.0, f64::max);
    all >= cost::SHARE && all - longest >= cost::SAVE
}
