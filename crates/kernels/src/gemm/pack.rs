//! Packing: one panel of the vector operand, copied so that its vectors are contiguous.

use super::micro::{Kernel, Kernels};

/// Copies `v[p][l]` at `from + p * strides[0] + l * strides[1]`, for `k` steps and `lanes` lanes, to
/// `to + p * width + l`. `width` is a multiple of the kernels' lanes; the last vector
/// is filled with zeros or copies of valid elements.
///
/// # Safety
/// The extents are valid, and the machine has the kernels' level.
pub(super) unsafe fn panel<T: Kernel>(
    kernels: &Kernels<T>,
    k: usize,
    lanes: usize,
    from: *const T,
    strides: [isize; 2],
    to: *mut T,
    width: usize,
) {
    let [step, lane] = strides;
    // SAFETY: the caller's extents: `p < k`, `l < lanes <= width`.
    unsafe {
        if lane == 1 {
            (kernels.copy)(k, lanes, from, step, to, width);
        } else if step == 1 {
            (kernels.transpose)(k, lanes, from, lane, to, width);
        } else {
            for p in 0..k {
                let (from, to) = (from.offset(p as isize * step), to.add(p * width));
                for l in 0..lanes.next_multiple_of(kernels.lanes) {
                    *to.add(l) = *from.offset(l.min(lanes - 1) as isize * lane);
                }
            }
        }
    }
}

/// Packs panels side by side, each of so many lanes and of this width, one after the other.
///
/// # Safety
/// As for [`panel`].
pub(super) unsafe fn strips<T: Kernel>(
    kernels: &Kernels<T>,
    k: usize,
    strips: impl Iterator<Item = (usize, usize)> + Clone,
    from: *const T,
    strides: [isize; 2],
    to: *mut T,
) {
    // A few steps of all panels before the next: panels share lines of memory, and long stretches come sooner than short ones.
    const STEPS: usize = 16;
    for p in (0..k).step_by(STEPS) {
        let mut from = from.wrapping_offset(p as isize * strides[0]);
        let mut to = to;
        for (lanes, width) in strips.clone() {
            // SAFETY: the caller's contract.
            unsafe { panel(kernels, STEPS.min(k - p), lanes, from, strides, to.add(p * width), width) };
            from = from.wrapping_offset(lanes as isize * strides[1]);
            to = to.wrapping_add(k * width);
        }
    }
}

/// Asks for part `i` of `parts` of a panel to be brought near: the lines of `[p][l]` at
/// `from + p * strides[0] + l * strides[1]`, for `k` steps and `lanes` lanes. Where neither stride is 1,
/// or on other machines, nothing.
pub(super) fn prefetch<T>(
    k: usize,
    lanes: usize,
    from: *const T,
    strides: [isize; 2],
    [i, parts]: [usize; 2],
) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let (count, length, stride) = match strides {
            [stride, 1] => (k, lanes, stride),
            [1, stride] => (lanes, k, stride),
            _ => return,
        };
        let bytes = length * size_of::<T>();
        for line in super::blocking::part(count, parts, i) {
            let line = from.wrapping_offset(line as isize * stride).cast::<i8>();
            let before = line.addr() % 64;
            for at in (0..before + bytes).step_by(64) {
                // SAFETY: a hint: any address may be given.
                unsafe { _mm_prefetch::<_MM_HINT_T1>(line.wrapping_add(at).wrapping_sub(before)) };
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (k, lanes, from, strides, i, parts);
}
