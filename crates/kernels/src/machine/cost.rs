//! Estimates of time, in nanoseconds on one core. They decide what is split and how, so they depend on sizes alone.
//!
//! Measured on an AVX-512 server core; what matters is their ratio to the cost of starting a task.

use crate::DType;

/// Least worth of a task of a tile program.
pub(super) const TASK: f64 = 1_000.0;
/// Most tasks of a tile program: more only add partial results.
pub(super) const MOST_TASKS: usize = 64;
/// What a wave of instructions must cost before threads share it.
pub(super) const SHARE: f64 = 2_000.0;
/// What sharing a wave must save at least, with any number of threads.
pub(super) const SAVE: f64 = 1_000.0;
/// What a tile program costs, at least, whose data is taken to come from memory.
pub(super) const STREAM: f64 = 50_000.0;
/// Launching an instruction.
pub(super) const LAUNCH: f64 = 20.0;
/// Calling one step on one tile.
pub(super) const CALL: f64 = 4.0;
/// A byte of memory streamed into or out of a tile.
pub(super) const BYTE: f64 = 0.025;
/// An element copied with a stride.
pub(super) const STRIDED: f64 = 0.6;
/// A multiplication and an addition of a product of `f32`.
pub(super) const MULTIPLY_ADD: f64 = 0.02;
/// Starting one product of a batch.
pub(super) const PRODUCT: f64 = 40.0;
/// Looking up a row.
pub(super) const ROW: f64 = 4.0;
/// An element handled by a user's function.
pub(super) const CUSTOM: f64 = 2.0;

/// An element of a kernel's output.
pub(super) fn kernel(name: &str, dtype: DType) -> f64 {
    let single = match name {
        "div" | "recip" | "sqrt" | "rsqrt" | "div_root" => 0.1,
        "exp" | "expm1" | "sigmoid" | "tanh" | "ln" | "log1p" | "sin" | "cos" | "erf" => 0.3,
        "exp2" | "log2" | "log10" | "tan" | "asin" | "acos" | "atan" | "sinh" | "cosh" | "asinh"
        | "acosh" | "atanh" | "cbrt" | "hypot" | "fmod" | "remainder" => 0.4,
        "pow" | "atan2" | "erfc" => 1.0,
        "erfinv" => 3.0,
        "lgamma" | "digamma" => 10.0,
        _ => 0.04,
    };
    single * width(dtype)
}

/// An element of a generator.
pub(super) fn generator(name: &str, dtype: DType) -> f64 {
    let single = match name {
        "uniform" => 1.0,
        "normal" => 2.0,
        _ => 0.04,
    };
    single * width(dtype)
}

/// An element that a row kernel reads or writes.
pub(super) fn row(dtype: DType) -> f64 {
    0.05 * width(dtype)
}

fn width(dtype: DType) -> f64 {
    if dtype.size() == 8 { 2.0 } else { 1.0 }
}
