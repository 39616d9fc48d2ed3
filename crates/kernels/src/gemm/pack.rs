//! Packing: one panel of the vector operand, copied so that its vectors are contiguous.

use super::micro::{Kernel, Kernels};

/// Copies `v[p][l]` at `from + p * strides[0] + l * strides[1]`, for `k` steps and `lanes` lanes, to
/// `to + p * width + l`. `width` is a multiple of the kernels' lanes; every element of `to` up to
/// `k * width` is written, those beyond `lanes` with zeros or copies of valid ones.
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
            for p in 0..k {
                let (from, to) = (from.offset(p as isize * step), to.add(p * width));
                std::ptr::copy_nonoverlapping(from, to, lanes);
                for l in lanes..width {
                    *to.add(l) = T::ZERO;
                }
            }
            return;
        }
        let mut done = 0;
        if step == 1 {
            // Whole squares by the level's transposition; the rest of `k` below.
            let square = kernels.lanes;
            while done + square <= k {
                let mut l = 0;
                while l < width {
                    if l < lanes {
                        let from = from.offset(done as isize + l as isize * lane);
                        (kernels.transpose)(from, lane, lanes - l, to.add(done * width + l), width);
                    } else {
                        for p in done..done + square {
                            to.add(p * width + l).write_bytes(0, square);
                        }
                    }
                    l += square;
                }
                done += square;
            }
        }
        for p in done..k {
            let (from, to) = (from.offset(p as isize * step), to.add(p * width));
            for l in 0..width {
                *to.add(l) = if l < lanes { *from.offset(l as isize * lane) } else { T::ZERO };
            }
        }
    }
}
