//! Contractions: products whose rows and sums run over several axes, as a convolution's do.
//!
//! `C[rows, l] = Σ A[rows, sums]·B[sums, l] + beta·C[rows, l]`, where `rows` and `sums` are tuples of indices. A's elements are
//! read where they lie, one by one, so overlapping windows need no copy; B's are packed panel by panel and C's last axis
//! runs along vectors. Axes, blocks and tasks depend on the sizes alone: the bits are the same for any number of threads.

use super::blocking::{panels, part};
use super::micro::{Block, Kernel, Kernels};
use crate::{DType, Level};
use smallvec::SmallVec;

/// Bytes of a packed panel that stay in the first-level cache while rows pass by.
const PANEL_BYTES: usize = 32 << 10;
/// Multiply-adds that a task should be worth: about 10 us.
const TASK_WORK: f64 = 600_000.0;
/// Tasks, at most.
const MOST_TASKS: usize = 256;
/// Rows that a packed panel should serve, at least, and steps of a part of the sum.
const LEAST_ROWS: usize = 96;
const LEAST_STEPS: usize = 128;
/// Parts of the sum that are added up at the end, at most, and the bytes of all of them.
const MOST_PARTS: usize = 16;
const MOST_PART_BYTES: usize = 4 << 20;

/// An axis of rows or of a sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Axis {
    /// Its length.
    pub length: usize,
    /// A's stride in elements.
    pub a: isize,
    /// C's stride for rows, B's for sums.
    pub other: isize,
}

/// Several axes, outermost first.
pub type Axes = SmallVec<[Axis; 4]>;

/// The plain-data description of a contraction, made once per plan. B and C are contiguous along the lanes.
#[derive(Clone, Debug)]
pub struct Contraction {
    /// Element type: `f32` or `f64`.
    pub dtype: DType,
    /// The axes of the result but the last.
    pub rows: Axes,
    /// The axes that are summed over.
    pub sums: Axes,
    /// The length of the result's last axis.
    pub lanes: usize,
    level: Level,
    plan: Plan,
}

/// How the loops go.
#[derive(Clone, Debug)]
struct Plan {
    /// Merged axes, the longest stride of A first; at least one of each.
    rows: Axes,
    sums: Axes,
    /// A block has `1 << width` vectors and at most `block_rows` rows.
    width: u32,
    block_rows: usize,
    /// Parts that the two innermost axes of the sum are cut into; a part of the sum is a chunk.
    cuts: [usize; 2],
    chunks: usize,
    /// Steps of the largest chunk.
    steps: usize,
    /// Tasks along rows, or parts of the sum.
    row_parts: usize,
    sum_parts: usize,
    /// Whether B needs no packing.
    dense: bool,
}

impl Contraction {
    /// Describes a contraction.
    ///
    /// # Panics
    /// If `dtype` isn't a floating-point type.
    pub fn new(dtype: DType, level: Level, rows: Axes, sums: Axes, lanes: usize) -> Contraction {
        let plan = match dtype {
            DType::F32 => Plan::new(f32::kernels(level), &rows, &sums, lanes),
            DType::F64 => Plan::new(f64::kernels(level), &rows, &sums, lanes),
            // As documented. It can't come from a recording: `matmul` and `conv` of other types are mistakes there.
            DType::I64 | DType::Bool => panic!("a product of {dtype}"),
        };
        Contraction { dtype, rows, sums, lanes, level, plan }
    }

    /// The number of independent pieces, at least 1.
    pub fn tasks(&self) -> usize {
        self.plan.row_parts * self.plan.sum_parts
    }

    /// Bytes of workspace that each thread needs.
    pub fn workspace_bytes(&self) -> usize {
        let lanes = match self.dtype {
            DType::F32 => f32::kernels(self.level).lanes,
            _ => f64::kernels(self.level).lanes,
        };
        self.plan.steps * (lanes << self.plan.width) * self.dtype.size()
    }

    /// Bytes for the parts of the sum, if tasks make them; they are added up by [`finish`](Contraction::finish).
    pub fn scratch_bytes(&self) -> usize {
        match self.plan.sum_parts {
            1 => 0,
            parts => parts * self.count() * self.lanes * self.dtype.size(),
        }
    }

    /// Multiply-adds.
    pub fn work(&self) -> f64 {
        let product = |axes: &Axes| axes.iter().map(|axis| axis.length as f64).product::<f64>();
        product(&self.rows) * product(&self.sums) * self.lanes as f64
    }

    fn count(&self) -> usize {
        self.rows.iter().map(|axis| axis.length).product()
    }

    /// Computes one of the [`tasks`](Contraction::tasks).
    ///
    /// # Safety
    /// - `a`, `b` and `c` point to the first elements of operands with the described axes and type, aligned; A and B may be
    ///   read, and the task's part of C written, for the whole call; distinct elements of C have distinct addresses, and
    ///   none lies in A or B;
    /// - `scratch` and `workspace` have as many bytes as said, aligned to 64; the workspace is this call's alone, the
    ///   scratch memory that of the contraction's tasks. Either may be null if it needs none;
    /// - the machine has the [`Level`] given to [`Contraction::new`].
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn run(
        &self,
        task: usize,
        a: *const u8,
        b: *const u8,
        beta: f64,
        c: *mut u8,
        scratch: *mut u8,
        workspace: *mut u8,
    ) {
        debug_assert!(task < self.tasks());
        // SAFETY: the caller's contract, and the type is the one of the plan.
        unsafe {
            match self.dtype {
                DType::F32 => {
                    let at = (a.cast(), b.cast(), c.cast(), scratch.cast());
                    self.typed::<f32>(task, at, beta, workspace.cast());
                }
                _ => {
                    let at = (a.cast(), b.cast(), c.cast(), scratch.cast());
                    self.typed::<f64>(task, at, beta, workspace.cast());
                }
            }
        }
    }

    /// Adds up the parts of the sum, after all tasks.
    ///
    /// # Safety
    /// As for [`run`](Contraction::run); all tasks have ended.
    pub unsafe fn finish(&self, beta: f64, c: *mut u8, scratch: *const u8) {
        if self.plan.sum_parts == 1 {
            return;
        }
        // SAFETY: the caller's contract.
        unsafe {
            match self.dtype {
                DType::F32 => self.add_parts::<f32>(beta, c.cast(), scratch.cast()),
                _ => self.add_parts::<f64>(beta, c.cast(), scratch.cast()),
            }
        }
    }

    unsafe fn add_parts<T: Kernel>(&self, beta: f64, c: *mut T, scratch: *const T) {
        let (plan, lanes) = (&self.plan, self.lanes);
        let size = self.count() * lanes;
        let old = T::from_f64(beta);
        for row in 0..self.count() {
            // SAFETY: a row of C, and of each part.
            unsafe {
                let to = c.offset(offset(&plan.rows, row).1);
                for l in 0..lanes {
                    let mut sum = *scratch.add(row * lanes + l);
                    for i in 1..plan.sum_parts {
                        sum = sum.plus(*scratch.add(i * size + row * lanes + l));
                    }
                    *to.add(l) = if beta == 0.0 { sum } else { sum.blend(T::from_f64(1.0), old, *to.add(l)) };
                }
            }
        }
    }

    #[allow(clippy::type_complexity)]
    unsafe fn typed<T: Kernel>(
        &self,
        task: usize,
        (a, b, c, scratch): (*const T, *const T, *mut T, *mut T),
        beta: f64,
        workspace: *mut T,
    ) {
        let (plan, kernels, count) = (&self.plan, T::kernels(self.level), self.count());
        let (wide, inner) = (kernels.lanes, plan.rows[plan.rows.len() - 1]);
        let tiles = inner.length.div_ceil(plan.block_rows);
        let units = count / inner.length.max(1) * tiles;
        let units = part(units, plan.row_parts, if plan.sum_parts == 1 { task } else { 0 });
        let chunks = part(plan.chunks, plan.sum_parts, if plan.sum_parts == 1 { 0 } else { task });
        let one = T::from_f64(1.0);
        if chunks.is_empty() && plan.sum_parts > 1 {
            // SAFETY: the part's own memory.
            unsafe { scratch.add(task * count * self.lanes).write_bytes(0, count * self.lanes) };
        }
        for (number, chunk) in chunks.enumerate() {
            let chunk = plan.chunk(chunk);
            let (from, steps) = (b.wrapping_offset(chunk.b), chunk.segments * chunk.k);
            let (mut to, mut beta, mut by_row) = (c, T::from_f64(beta), false);
            if plan.sum_parts > 1 {
                (to, beta, by_row) = (scratch.wrapping_add(task * count * self.lanes), T::ZERO, true);
            }
            if number > 0 {
                beta = one;
            }
            let mut first = 0;
            while first < self.lanes {
                let lanes = (self.lanes - first).min(wide << plan.width);
                let width = plan.width.min(lanes.div_ceil(wide).next_power_of_two().ilog2());
                let panel = wide << width;
                let (mut v, mut v_step) = (from.wrapping_add(first), chunk.b_step);
                // SAFETY: the chunk's steps and the panel's lanes are inside the extents that the caller vouches for; the
                // workspace has room for the largest panel.
                unsafe {
                    if !plan.dense {
                        for segment in 0..chunk.segments {
                            let at = v.offset(segment as isize * chunk.b_segment);
                            let into = workspace.add(segment * chunk.k * panel);
                            (kernels.copy)(chunk.k, lanes, at, chunk.b_step, into, panel);
                        }
                        (v, v_step) = (workspace, panel as isize);
                    }
                    debug_assert!(steps <= plan.steps);
                    // A last panel of fewer vectors than a power of two has blocks of each width.
                    for (vector, width) in panels(0..lanes.div_ceil(wide), width) {
                        let (micro, at) = (kernels.of_width(width), vector * wide);
                        let mut block = Block {
                            k: chunk.k,
                            segments: chunk.segments,
                            s_jump: chunk.a_segment - chunk.k as isize * chunk.a_step,
                            v: v.add(at),
                            v_step,
                            s: a,
                            s_row: inner.a,
                            s_step: chunk.a_step,
                            c: to,
                            c_row: if by_row { self.lanes as isize } else { inner.other },
                            lanes: (lanes - at).min(wide << width) + wide - (wide << width),
                            alpha: one,
                            beta,
                        };
                        for unit in units.clone() {
                            let (outer, tile) = (unit / tiles, unit % tiles);
                            let rows = part(inner.length, tiles, tile);
                            let start = outer * inner.length + rows.start;
                            let (s, c) = offset(&plan.rows, start);
                            block.s = a.wrapping_offset(chunk.a + s);
                            let c = if by_row { (start * self.lanes) as isize } else { c };
                            block.c = to.wrapping_offset(c).add(first + at);
                            micro[rows.len() - 1](&block);
                        }
                    }
                }
                first += panel;
            }
        }
    }
}

/// A part of the sum: `segments` runs of `k` steps.
struct Chunk {
    /// Distances of its first step in A and B.
    a: isize,
    b: isize,
    segments: usize,
    k: usize,
    /// From step to step, and from segment to segment.
    a_step: isize,
    b_step: isize,
    a_segment: isize,
    b_segment: isize,
}

/// The distances in the two operands of a position in the row-major order of some axes.
fn offset(axes: &[Axis], at: usize) -> (isize, isize) {
    let (mut rest, mut a, mut other) = (at, 0, 0);
    for axis in axes.iter().rev() {
        let i = (rest % axis.length.max(1)) as isize;
        rest /= axis.length.max(1);
        a += i * axis.a;
        other += i * axis.other;
    }
    (a, other)
}

/// Axes with A's longest stride first, neighbours that lie as one merged; at least `least` of them.
fn merge(axes: &Axes, least: usize) -> Axes {
    let mut sorted: Axes = axes.iter().copied().filter(|axis| axis.length != 1).collect();
    sorted.sort_by_key(|axis| std::cmp::Reverse((axis.a.unsigned_abs(), axis.other.unsigned_abs())));
    let mut merged = Axes::new();
    for axis in sorted {
        let whole = |stride: isize| stride.checked_mul(axis.length as isize);
        match merged.last_mut() {
            Some(last) if whole(axis.a) == Some(last.a) && whole(axis.other) == Some(last.other) => {
                *last = Axis { length: last.length * axis.length, ..axis };
            }
            _ => merged.push(axis),
        }
    }
    while merged.len() < least {
        merged.insert(0, Axis { length: 1, a: 0, other: 0 });
    }
    merged
}

impl Plan {
    fn new<T>(kernels: &Kernels<T>, rows: &Axes, sums: &Axes, lanes: usize) -> Plan {
        let (rows, sums) = (merge(rows, 1), merge(sums, 2));
        let [segment, step] = [sums[sums.len() - 2], sums[sums.len() - 1]];
        let inner = rows[rows.len() - 1].length;
        // Wide and low where there are few rows in a line, so that enough sums are in flight to hide latency.
        let most = |width: u32| kernels.of_width(width).len();
        let width = (1..3).rev().find(|&width| most(width) >= inner).unwrap_or(1);
        let width = width.min(lanes.div_ceil(kernels.lanes).next_power_of_two().ilog2());
        let block_rows = inner.div_ceil(inner.div_ceil(most(width)).max(1)).max(1);

        // A little more than fits is better than one part more.
        let fits = |steps: usize| {
            (steps * 7 / 8).div_ceil(PANEL_BYTES / ((kernels.lanes << width) * size_of::<T>()))
        };
        let cut_step = fits(step.length).max(1);
        let cut_segment =
            fits(segment.length * step.length.div_ceil(cut_step)).clamp(1, segment.length.max(1));
        let outer: usize = sums[..sums.len() - 2].iter().map(|axis| axis.length).product();
        let chunks = outer * cut_segment * cut_step;
        let steps = segment.length.div_ceil(cut_segment) * step.length.div_ceil(cut_step);

        // Decided by sizes alone, whatever the level: memory for the parts is reserved before the level is known.
        let count: usize = rows.iter().map(|axis| axis.length).product();
        let all: usize = sums.iter().map(|axis| axis.length).product();
        let wanted = ((count as f64 * all as f64 * lanes as f64 / TASK_WORK) as usize).clamp(1, MOST_TASKS);
        let by_rows = wanted.min(count / LEAST_ROWS).max(1);
        let bytes = (count * lanes * size_of::<T>()).max(1);
        let by_sums = wanted.min(MOST_PARTS).min(all / LEAST_STEPS).min(MOST_PART_BYTES / bytes).max(1);
        let (row_parts, sum_parts) = if by_rows >= by_sums { (by_rows, 1) } else { (1, by_sums) };

        let contiguous = step.other == lanes as isize
            && (segment.length == 1 || segment.other == step.other * step.length as isize)
            && cut_step == 1;
        let whole = lanes == kernels.lanes << width
            || lanes < kernels.lanes << width && (kernels.masked || lanes.is_multiple_of(kernels.lanes));
        let dense = contiguous && whole;
        let cuts = [cut_segment, cut_step];
        Plan { rows, sums, width, block_rows, cuts, chunks, steps, row_parts, sum_parts, dense }
    }

    fn chunk(&self, number: usize) -> Chunk {
        let (outer, axes) = self.sums.split_at(self.sums.len() - 2);
        let [cut_segment, cut_step] = self.cuts;
        let (rest, i) = (number / cut_step, number % cut_step);
        let (rest, j) = (rest / cut_segment, rest % cut_segment);
        let (a, b) = offset(outer, rest);
        let (segments, steps) = (part(axes[0].length, cut_segment, j), part(axes[1].length, cut_step, i));
        let (down, along) = (segments.start as isize, steps.start as isize);
        Chunk {
            a: a + down * axes[0].a + along * axes[1].a,
            b: b + down * axes[0].other + along * axes[1].other,
            segments: segments.len(),
            k: steps.len(),
            a_step: axes[1].a,
            b_step: axes[1].other,
            a_segment: axes[0].a,
            b_segment: axes[0].other,
        }
    }
}
