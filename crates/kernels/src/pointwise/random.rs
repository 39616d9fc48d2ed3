//! Counter-based random numbers, and indices.
//!
//! Element `i` is a function of the key and of `i` alone, and of integer and unfused arithmetic only: the same
//! bits at every level, in blocks of any size, in any order.

// Loops over several arrays at a time, which the compiler vectorizes.
#![allow(clippy::needless_range_loop)]

use super::{GenerateFn, Generator};
use crate::DType;
use crate::math::isa::{Isa, NoFma, by_level};
use crate::math::philox::philox;
use crate::math::{ln, trig};

/// Counters enciphered side by side.
const BATCH: usize = 32;

/// Philox blocks `first`, `first + 1`, …: word `w` of block `b` is `words[w][b]`. The key is `key[0]`, and
/// `key[1]` is the upper half of the counter.
#[inline(always)]
fn batch(first: u64, key: [u64; 2]) -> [[u32; BATCH]; 4] {
    let mut words = [[0; BATCH]; 4];
    for b in 0..BATCH {
        let block = first.wrapping_add(b as u64);
        let counter = [block as u32, (block >> 32) as u32, key[1] as u32, (key[1] >> 32) as u32];
        let block = philox(counter, [key[0] as u32, (key[0] >> 32) as u32]);
        for w in 0..4 {
            words[w][b] = block[w];
        }
    }
    words
}

/// A distribution of which each Philox block makes `PER` elements.
trait Distribution<T, const PER: usize> {
    /// Turns a batch of blocks into elements: element `p` of block `b` is at `[p][b]`.
    fn make(words: &[[u32; BATCH]; 4]) -> [[T; BATCH]; PER];
}

/// Writes elements `index..` of a sequence.
#[inline(always)]
fn generate<T: Copy, D: Distribution<T, PER>, const PER: usize>(dst: &mut [T], index: u64, key: [u64; 2]) {
    let per = PER as u64;
    let mut first = index / per;
    let mut skip = (index % per) as usize;
    let mut done = 0;
    while done < dst.len() {
        let made = D::make(&batch(first, key));
        if skip == 0 && dst.len() - done >= BATCH * PER {
            let out = &mut dst[done..done + BATCH * PER];
            for b in 0..BATCH {
                for p in 0..PER {
                    out[b * PER + p] = made[p][b];
                }
            }
            done += BATCH * PER;
        } else {
            for e in skip..BATCH * PER {
                if done == dst.len() {
                    break;
                }
                dst[done] = made[e % PER][e / PER];
                done += 1;
            }
        }
        skip = 0;
        first = first.wrapping_add(BATCH as u64);
    }
}

/// The upper 53 bits of two words as a number in [0, 1).
#[inline(always)]
fn unit(high: u32, low: u32) -> f64 {
    // Conversions of 32 bits, which every level has.
    const ULP: f64 = 1.0 / (1u64 << 53) as f64;
    f64::from((high >> 1) as i32) * (ULP * (1 << 22) as f64)
        + f64::from((((high & 1) << 21) | (low >> 11)) as i32) * ULP
}

struct Uniform;

impl Distribution<f32, 4> for Uniform {
    #[inline(always)]
    fn make(words: &[[u32; BATCH]; 4]) -> [[f32; BATCH]; 4] {
        const ULP: f32 = 1.0 / (1 << 24) as f32;
        let mut made = [[0.0; BATCH]; 4];
        for w in 0..4 {
            for b in 0..BATCH {
                made[w][b] = (words[w][b] >> 8) as i32 as f32 * ULP;
            }
        }
        made
    }
}

impl Distribution<f64, 2> for Uniform {
    #[inline(always)]
    fn make(words: &[[u32; BATCH]; 4]) -> [[f64; BATCH]; 2] {
        let mut made = [[0.0; BATCH]; 2];
        for b in 0..BATCH {
            made[0][b] = unit(words[0][b], words[1][b]);
            made[1][b] = unit(words[2][b], words[3][b]);
        }
        made
    }
}

struct Normal;

impl Distribution<f64, 2> for Normal {
    /// Box and Muller's pair (1958): a radius and an angle.
    #[inline(always)]
    fn make(words: &[[u32; BATCH]; 4]) -> [[f64; BATCH]; 2] {
        let mut made = [[0.0; BATCH]; 2];
        for b in 0..BATCH {
            // In (0, 1], so that the logarithm is finite.
            let u = 1.0 - unit(words[0][b], words[1][b]);
            let radius = (-2.0 * ln::double::ln::<NoFma>(u)).sqrt();
            let (sin, cos) = trig::double::sin_cos_turns::<NoFma>(unit(words[2][b], words[3][b]));
            made[0][b] = radius * cos;
            made[1][b] = radius * sin;
        }
        made
    }
}

impl Distribution<f32, 2> for Normal {
    #[inline(always)]
    fn make(words: &[[u32; BATCH]; 4]) -> [[f32; BATCH]; 2] {
        let pairs: [[f64; BATCH]; 2] = Normal::make(words);
        let mut made = [[0.0; BATCH]; 2];
        for p in 0..2 {
            for b in 0..BATCH {
                made[p][b] = pairs[p][b] as f32;
            }
        }
        made
    }
}

/// The functions of a generator for each level.
macro_rules! levels {
    ($T:ty, $generate:expr) => {{
        #[inline(always)]
        unsafe fn body<I: Isa>(dst: *mut u8, index: u64, n: usize, key: [u64; 2]) {
            if n > 0 {
                // SAFETY: the caller's promise: `dst` is valid for writes of `n` elements and aligned.
                let dst = unsafe { std::slice::from_raw_parts_mut(dst.cast::<$T>(), n) };
                ($generate)(dst, index, key);
            }
        }
        const LEVELS: [GenerateFn; 3] =
        by_level!(body: unsafe fn(dst: *mut u8, index: u64, n: usize, key: [u64; 2]));
        LEVELS
    }};
}

/// Uniformly distributed numbers in [0, 1): multiples of 2⁻²⁴ (`f32`) or 2⁻⁵³ (`f64`).
///
/// Philox4x32-10 with the key `key[0]`; the counter's upper half is `key[1]`, its lower half the element's
/// index divided by the number of elements that a block makes: four of `f32`, two of `f64`.
pub static UNIFORM: Generator = Generator {
    name: "uniform",
    entries: &[
        (DType::F32, levels!(f32, generate::<f32, Uniform, 4>)),
        (DType::F64, levels!(f64, generate::<f64, Uniform, 2>)),
    ],
};

/// Normally distributed numbers, of mean 0 and variance 1.
///
/// Box and Muller's transform of the uniform numbers of a Philox block (see [`UNIFORM`]), which makes two;
/// computed in `f64` also for `f32`. Magnitudes go up to 8.57.
pub static NORMAL: Generator = Generator {
    name: "normal",
    entries: &[
        (DType::F32, levels!(f32, generate::<f32, Normal, 2>)),
        (DType::F64, levels!(f64, generate::<f64, Normal, 2>)),
    ],
};

/// The index itself: 0, 1, 2, …, rounded to the dtype. The key is not looked at.
pub static IOTA: Generator = Generator {
    name: "iota",
    entries: &[
        (DType::F32, levels!(f32, iota_f32)),
        (DType::F64, levels!(f64, iota_f64)),
        (DType::I64, levels!(i64, iota_i64)),
    ],
};

#[inline(always)]
fn iota_f32(dst: &mut [f32], index: u64, _key: [u64; 2]) {
    for (i, x) in dst.iter_mut().enumerate() {
        *x = index.wrapping_add(i as u64) as i64 as f32;
    }
}

#[inline(always)]
fn iota_f64(dst: &mut [f64], index: u64, _key: [u64; 2]) {
    for (i, x) in dst.iter_mut().enumerate() {
        *x = index.wrapping_add(i as u64) as i64 as f64;
    }
}

#[inline(always)]
fn iota_i64(dst: &mut [i64], index: u64, _key: [u64; 2]) {
    for (i, x) in dst.iter_mut().enumerate() {
        *x = index.wrapping_add(i as u64) as i64;
    }
}
