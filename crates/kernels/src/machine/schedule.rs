//! What runs at the same time.

use super::code::Code;
use super::{Instr, Use, cost, validate};
use crate::pool::Line;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Most instructions of a wave.
const WAVE: usize = 32;

/// A stretch of the program that is done before the next begins.
#[derive(Debug)]
pub(super) enum Segment {
    /// Instructions for one thread, in order.
    Serial(Range<usize>),
    /// Independent instructions, whose tasks are shared.
    Parallel(Box<Wave>),
}

/// Independent instructions.
#[derive(Debug)]
pub(super) struct Wave {
    pub(super) instrs: Range<usize>,
    /// The tasks in the order in which they should be claimed: instruction (from the first of the wave) and number.
    order: Box<[(u32, u32)]>,
    /// The same by the part of the instruction's tasks that they belong to, one part for each thread.
    parted: Box<[(u32, u32)]>,
    parts: Box<[Part]>,
    /// Tasks that are done.
    pub(super) done: Line<AtomicUsize>,
    /// Tasks of each instruction that have not ended.
    pub(super) left: Box<[AtomicUsize]>,
}

/// One thread's part of a wave's tasks.
#[derive(Debug)]
struct Part {
    range: Range<usize>,
    /// What is left: the first task above, the end below. Its thread takes the first, others the last.
    left: Line<AtomicU64>,
}

impl Wave {
    fn new(instrs: Range<usize>, all: &[Instr], code: &[Code]) -> Wave {
        let left = instrs.clone().map(|_| AtomicUsize::new(0)).collect();
        let order = order(&all[instrs.clone()], &code[instrs.clone()]);
        Wave {
            instrs,
            order,
            parted: Box::default(),
            parts: Box::default(),
            done: Line(AtomicUsize::new(0)),
            left,
        }
    }

    /// Prepares a run by so many threads.
    pub(super) fn reset(&mut self, code: &[Code], threads: usize) {
        if self.parts.len() != threads {
            self.cut(code, threads);
        }
        for part in &mut self.parts {
            *part.left.0.get_mut() = (part.range.start as u64) << 32 | part.range.end as u64;
        }
        *self.done.0.get_mut() = 0;
        for (left, code) in self.left.iter_mut().zip(&code[self.instrs.clone()]) {
            *left.get_mut() = code.tasks();
        }
    }

    /// Gives each thread its part of every instruction's tasks.
    fn cut(&mut self, code: &[Code], threads: usize) {
        let part_of = |(instr, task): (u32, u32)| {
            task as usize * threads / code[self.instrs.start + instr as usize].tasks()
        };
        let (mut parted, mut parts) = (Vec::with_capacity(self.order.len()), Vec::with_capacity(threads));
        for thread in 0..threads {
            let start = parted.len();
            parted.extend(self.order.iter().copied().filter(|&task| part_of(task) == thread));
            parts.push(Part { range: start..parted.len(), left: Line(AtomicU64::new(0)) });
        }
        (self.parted, self.parts) = (parted.into(), parts.into());
    }

    /// Threads that have a part.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// A task of this part that nobody has claimed yet: the first for the thread whose own it is, or else the last.
    pub(super) fn claim(&self, part: usize, own: bool) -> Option<(usize, usize)> {
        let take = |left: u64| {
            let (first, end) = (left >> 32, left & u32::MAX as u64);
            let rest = if own { (first + 1) << 32 | end } else { first << 32 | end.wrapping_sub(1) };
            (first < end).then_some(rest)
        };
        let left = self.parts[part].left.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        let at = if own { left >> 32 } else { (left & u32::MAX as u64) - 1 };
        let (instr, task) = self.parted[at as usize];
        Some((instr as usize, task as usize))
    }

    /// Brings what a claim of the thread's own tasks changes into its cache, unchanged.
    pub(super) fn approach(&self, thread: usize) {
        if let Some(part) = self.parts.get(thread) {
            part.left.0.fetch_or(0, Ordering::Relaxed);
        }
    }

    /// Whether all tasks are done, visibly for this thread.
    pub(super) fn is_done(&self) -> bool {
        self.done.0.load(Ordering::Acquire) == self.order.len()
    }
}

/// One instruction's tasks after the other's, but those that wait for memory spread evenly among those that compute: so that
/// threads seldom wait for memory at the same time.
fn order(instrs: &[Instr], code: &[Code]) -> Box<[(u32, u32)]> {
    let streams = |instr: &Instr| matches!(instr, Instr::Tile(_)) && instr.cost() >= cost::STREAM;
    let computes = |instr: &Instr| matches!(instr, Instr::Gemm(_) | Instr::Contract(_));
    let all: f64 = instrs.iter().filter(|instr| !streams(instr)).map(Instr::cost).sum();
    let spread = instrs.iter().any(streams) && instrs.iter().any(computes);
    let mut tasks: Vec<(f64, u32, u32)> = Vec::new();
    let mut before = 0.0;
    for (number, (instr, code)) in instrs.iter().zip(code).enumerate() {
        let streams = spread && streams(instr);
        for task in 0..code.tasks() {
            let part = (task as f64 + 0.5) / code.tasks() as f64;
            let at = match (spread, streams) {
                (false, _) => 0.0,
                (true, true) => part,
                (true, false) => (before + part * instr.cost()) / all,
            };
            tasks.push((at, number as u32, task as u32));
        }
        before += if streams { 0.0 } else { instr.cost() };
    }
    // Stable: tasks at one place keep their order.
    tasks.sort_by(|a, b| a.0.total_cmp(&b.0));
    tasks.into_iter().map(|(_, instr, task)| (instr, task)).collect()
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
            segments.push(Segment::Parallel(Box::new(Wave::new(start..end, instrs, code))));
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
