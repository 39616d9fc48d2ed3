//! The loops around the micro-kernels.

use super::blocking::{Pack, Plan, Roles, STACK_BYTES, panels, part};
use super::lines::Dots;
use super::micro::{Block, Kernel, Kernels, MAX_BLOCK, Micro};
use super::pack;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Room for a small packed panel.
#[repr(C, align(64))]
struct Stack(MaybeUninit<[u8; STACK_BYTES]>);

/// `C = beta C`: all of it is the first task's.
///
/// # Safety
/// As for [`super::Gemm::run`].
#[cold]
pub(super) unsafe fn scale<T: Kernel>(plan: &Plan, task: usize, beta: T, c: *mut T) {
    let roles = &plan.roles;
    if task != 0 {
        return;
    }
    for i in 0..roles.rows {
        for l in 0..roles.lanes {
            // SAFETY: an element of C.
            unsafe {
                let at = c.offset(i as isize * roles.c[0] + l as isize * roles.c[1]);
                *at = if beta == T::ZERO { T::ZERO } else { (*at).times(beta) };
            }
        }
    }
}

/// One task in blocks of registers.
///
/// # Safety
/// As for [`super::Gemm::run`].
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn blocks<T: Kernel>(
    plan: &Plan,
    kernels: &Kernels<T>,
    task: usize,
    alpha: T,
    s: *const T,
    v: *const T,
    beta: T,
    c: *mut T,
    workspace: *mut u8,
) {
    let (roles, wide) = (&plan.roles, kernels.lanes);
    let [row_part, vector_part] =
        if plan.grid[0] == 1 { [0, task] } else { [task / plan.grid[1], task % plan.grid[1]] };
    let rows = part(roles.rows, plan.grid[0], row_part);
    let vectors = plan.vectors(wide, vector_part);
    let mut stack = Stack(MaybeUninit::uninit());
    let small = plan.packed_bytes() <= STACK_BYTES;
    let packed: *mut T = if small { stack.0.as_mut_ptr().cast() } else { workspace.cast() };

    for i in 0..plan.k_parts {
        let steps = part(roles.k, plan.k_parts, i);
        let beta = if i == 0 { beta } else { T::from_f64(1.0) };
        // SAFETY: rows, lanes and steps are inside the extents that the caller vouches for.
        unsafe {
            let chunk = Chunk {
                rows: rows.len(),
                vectors: vectors.clone(),
                s: s.offset(steps.start as isize * roles.s[1] + rows.start as isize * roles.s[0]),
                steps,
                v,
                c: c.offset(rows.start as isize * roles.c[0]),
                alpha,
                beta,
                packed,
                scalars: packed.wrapping_byte_add(plan.panel_bytes),
            };
            chunk.run(plan, kernels);
        }
    }
}

/// Some rows and vectors of the result over one part of `k`.
struct Chunk<T> {
    rows: usize,
    vectors: Range<usize>,
    steps: Range<usize>,
    /// At the first of the rows and steps.
    s: *const T,
    /// At the first lane and step of all.
    v: *const T,
    /// At the first row of the chunk and the first lane of all.
    c: *mut T,
    alpha: T,
    beta: T,
    /// Room for a packed panel, or for all of the task's.
    packed: *mut T,
    /// Room for packed scalars.
    scalars: *mut T,
}

impl<T: Kernel> Chunk<T> {
    /// # Safety
    /// All is inside the extents; the panel's room has the plan's size.
    unsafe fn run(&self, plan: &Plan, kernels: &Kernels<T>) {
        let (roles, wide) = (&plan.roles, kernels.lanes);
        let ([v_step, v_lane], [c_row, c_lane]) = (roles.v, roles.c);
        // Tiles as even as can be: `longer` of them have a row more.
        let (tiles, tile, longer) = if self.rows <= plan.block_rows {
            (1, self.rows, 0)
        } else {
            let tiles = self.rows.div_ceil(plan.block_rows);
            (tiles, self.rows / tiles, self.rows % tiles)
        };
        let rows_of = |t: usize| tile + (t < longer) as usize;
        let k = self.steps.len();
        let lanes_of = |first: usize, width: u32| (roles.lanes - first * wide).min(wide << width);
        let v = self.v.wrapping_offset(self.steps.start as isize * v_step);
        let (mut s, mut s_row, mut s_step, mut s_tile) = (self.s, roles.s[0], roles.s[1], 0);
        if plan.pack_scalars {
            let step = plan.scalar_step(kernels);
            let strips = (0..tiles).map(|t| (rows_of(t), step));
            // SAFETY: the caller's contract.
            unsafe { pack::strips(kernels, k, strips, s, [s_step, s_row], self.scalars) };
            (s, s_row, s_step, s_tile) = (self.scalars, 1, step as isize, k * step);
        }
        if plan.pack == Pack::Task {
            let strips = panels(self.vectors.clone(), plan.width)
                .map(|(at, width)| (lanes_of(at, width), wide << width));
            let v = v.wrapping_offset((self.vectors.start * wide) as isize * v_lane);
            // SAFETY: the caller's contract.
            unsafe { pack::strips(kernels, k, strips, v, [v_step, v_lane], self.packed) };
        }
        for (at, width) in panels(self.vectors.clone(), plan.width) {
            let (micro, lanes, first) = (kernels.of_width(width), lanes_of(at, width), at * wide);
            // SAFETY: the caller's contract.
            unsafe {
                let mut block = Block {
                    k,
                    segments: 1,
                    s_jump: 0,
                    v: v.offset(first as isize * v_lane),
                    v_step,
                    s,
                    s_row,
                    s_step,
                    c: self.c.offset(first as isize * c_lane),
                    c_row,
                    lanes: lanes + wide - (wide << width),
                    alpha: self.alpha,
                    beta: self.beta,
                };
                let packed = match plan.pack {
                    Pack::Task => Some(self.packed.add((at - self.vectors.start) * wide * k)),
                    Pack::Partial if block.lanes == wide => None,
                    Pack::Partial | Pack::All => {
                        pack::panel(kernels, k, lanes, block.v, roles.v, self.packed, wide << width);
                        Some(self.packed)
                    }
                    Pack::None => None,
                };
                if let Some(packed) = packed {
                    (block.v, block.v_step) = (packed, (wide << width) as isize);
                }
                for t in 0..tiles {
                    if plan.prefetch {
                        self.prefetch(roles, wide, at + (1 << width), lanes, [t, tiles]);
                    }
                    let rows = rows_of(t);
                    if c_lane == 1 {
                        micro[rows - 1](&block);
                    } else {
                        spread(micro[rows - 1], &block, [rows, lanes], roles.c);
                    }
                    block.s = if plan.pack_scalars {
                        block.s.wrapping_add(s_tile)
                    } else {
                        block.s.wrapping_offset(rows as isize * s_row)
                    };
                    block.c = block.c.wrapping_offset(rows as isize * c_row);
                }
            }
        }
    }

    /// Asks for a part of the panel that comes after the one that ended at vector `next`: further on, or in
    /// the next part of `k`, or in the next task.
    #[inline(never)]
    fn prefetch(&self, roles: &Roles, wide: usize, next: usize, lanes: usize, [i, parts]: [usize; 2]) {
        let (step, vector) = if next < self.vectors.end {
            (self.steps.start, next)
        } else if self.steps.end < roles.k {
            (self.steps.end, self.vectors.start)
        } else {
            (0, next)
        };
        let lane = vector * wide;
        let lanes = roles.lanes.saturating_sub(lane).min(lanes);
        let from = self.v.wrapping_offset(step as isize * roles.v[0] + lane as isize * roles.v[1]);
        if lanes > 0 {
            pack::prefetch(self.steps.len().min(roles.k - step), lanes, from, roles.v, [i, parts]);
        }
    }
}

/// Computes a block apart and blends it into a C whose lanes aren't contiguous.
#[inline(never)]
unsafe fn spread<T: Kernel>(
    micro: Micro<T>,
    block: &Block<T>,
    [rows, lanes]: [usize; 2],
    strides: [isize; 2],
) {
    let mut tile = MaybeUninit::<[T; MAX_BLOCK]>::uninit();
    let tile = tile.as_mut_ptr().cast::<T>();
    let (one, zero) = (T::from_f64(1.0), T::ZERO);
    // SAFETY: the tile has room for the largest block; the rest is the caller's contract.
    unsafe {
        micro(&Block { c: tile, c_row: lanes as isize, alpha: one, beta: zero, ..*block });
        for l in 0..lanes {
            for r in 0..rows {
                let at = block.c.offset(r as isize * strides[0] + l as isize * strides[1]);
                let value = *tile.add(r * lanes + l);
                *at = if block.beta == zero {
                    value.times(block.alpha)
                } else {
                    value.blend(block.alpha, block.beta, *at)
                };
            }
        }
    }
}

/// One task in dot products along `k`.
///
/// # Safety
/// As for [`super::Gemm::run`].
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn dots<T: Kernel>(
    plan: &Plan,
    kernels: &Kernels<T>,
    task: usize,
    alpha: T,
    s: *const T,
    v: *const T,
    beta: T,
    c: *mut T,
    workspace: *mut u8,
) {
    let roles = &plan.roles;
    let lanes = part(roles.lanes, plan.grid[1], task);
    let first = lanes.start as isize;
    let mut stack = Stack(MaybeUninit::uninit());
    let small = plan.panel_bytes <= STACK_BYTES;
    let packed: *mut T = if small { stack.0.as_mut_ptr().cast() } else { workspace.cast() };
    for i in 0..roles.rows as isize {
        // SAFETY: rows and lanes are inside the extents that the caller vouches for; the packed row has
        // room for all of `k`.
        unsafe {
            let mut x = s.offset(i * roles.s[0]);
            if roles.s[1] != 1 {
                for p in 0..roles.k {
                    *packed.add(p) = *x.offset(p as isize * roles.s[1]);
                }
                x = packed;
            }
            (kernels.dots)(&Dots {
                k: roles.k,
                n: lanes.len(),
                m: v.offset(first * roles.v[1]),
                m_row: roles.v[1],
                x,
                c: c.offset(i * roles.c[0] + first * roles.c[1]),
                c_step: roles.c[1],
                alpha,
                beta,
            });
        }
    }
}
