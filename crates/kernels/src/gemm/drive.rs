//! The loops around the micro-kernels.

use super::blocking::{Pack, Plan, STACK_BYTES, part};
use super::micro::{Block, Dots, Kernel, Kernels, MAX_BLOCK};
use super::pack;
use std::mem::MaybeUninit;

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
    let [s_row, s_step] = roles.s;
    let [v_step, v_lane] = roles.v;
    let [c_row, c_lane] = roles.c;
    let rows = part(roles.rows, plan.grid[0], task / plan.grid[1]);
    let vectors = part(roles.lanes.div_ceil(wide), plan.grid[1], task % plan.grid[1]);
    let tiles = rows.len().div_ceil(plan.block_rows);

    let mut stack = Stack(MaybeUninit::uninit());
    let small = plan.panel_bytes <= STACK_BYTES;
    let packed: *mut T = if small { stack.0.as_mut_ptr().cast() } else { workspace.cast() };
    let mut tile = MaybeUninit::<[T; MAX_BLOCK]>::uninit();

    for i in 0..plan.k_parts {
        let steps = part(roles.k, plan.k_parts, i);
        let beta = if i == 0 { beta } else { T::from_f64(1.0) };
        let mut at = vectors.start;
        while at < vectors.end {
            let width = plan.width.min((vectors.end - at).ilog2());
            let micro = kernels.of_width(width);
            let first = at * wide;
            let lanes = (roles.lanes - first).min(wide << width);
            at += 1 << width;
            // SAFETY: rows, lanes and steps are inside the extents that the caller vouches for; a packed
            // panel has room for the widest; the strided tile has room for the largest block.
            unsafe {
                let mut block = Block {
                    k: steps.len(),
                    v: v.offset(steps.start as isize * v_step + first as isize * v_lane),
                    v_step,
                    s: s.offset(steps.start as isize * s_step),
                    s_row,
                    s_step,
                    c,
                    c_row,
                    lanes: (lanes - 1) % wide + 1,
                    alpha,
                    beta,
                };
                if plan.pack == Pack::All || plan.pack == Pack::Partial && block.lanes < wide {
                    pack::panel(kernels, steps.len(), lanes, block.v, roles.v, packed, wide << width);
                    (block.v, block.v_step) = (packed, (wide << width) as isize);
                }
                let s = block.s;
                for t in 0..tiles {
                    let part = part(rows.len(), tiles, t);
                    let row = (rows.start + part.start) as isize;
                    block.s = s.offset(row * s_row);
                    let to = c.offset(row * c_row + first as isize * c_lane);
                    if c_lane == 1 {
                        block.c = to;
                        micro[part.len() - 1](&block);
                    } else {
                        let tile = tile.as_mut_ptr().cast::<T>();
                        let apart = Block {
                            c: tile,
                            c_row: lanes as isize,
                            alpha: T::from_f64(1.0),
                            beta: T::ZERO,
                            ..block
                        };
                        micro[part.len() - 1](&apart);
                        spread(tile, [part.len(), lanes], alpha, beta, to, roles.c);
                    }
                }
            }
        }
    }
}

/// Blends a computed tile into a C whose lanes aren't contiguous.
unsafe fn spread<T: Kernel>(
    tile: *const T,
    [rows, lanes]: [usize; 2],
    alpha: T,
    beta: T,
    c: *mut T,
    strides: [isize; 2],
) {
    for l in 0..lanes {
        for r in 0..rows {
            // SAFETY: the caller's extents.
            unsafe {
                let at = c.offset(r as isize * strides[0] + l as isize * strides[1]);
                let value = *tile.add(r * lanes + l);
                *at = if beta == T::ZERO { value.times(alpha) } else { value.blend(alpha, beta, *at) };
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
