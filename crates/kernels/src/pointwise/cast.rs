//! Conversions between element types.

use super::Kernel;
use super::kernel::kernels;
use crate::DType;

/// The kernel that converts elements of one dtype to another, for all 16 pairs:
/// - between floats and from integers: rounded to nearest, ties to even;
/// - float to integer: truncated towards zero, saturating, NaN to 0;
/// - number to `bool`: `x != 0` (NaN is true); `bool` to number: 0 or 1;
/// - to the same dtype: a copy.
pub fn cast(from: DType, to: DType) -> &'static Kernel {
    let kernel = match to {
        DType::F32 => &TO_F32,
        DType::F64 => &TO_F64,
        DType::I64 => &TO_I64,
        DType::Bool => &TO_BOOL,
    };
    debug_assert!(kernel.output(&[from]) == Some(to), "every dtype converts to every other");
    kernel
}

kernels! {
    /// To `f32`.
    TO_F32 = "to_f32" plain <I> {
        (x: f32) -> f32 { x }
        (x: f64) -> f32 { x as f32 }
        (x: i64) -> f32 { x as f32 }
        (x: bool) -> f32 { x as f32 }
    }

    /// To `f64`.
    TO_F64 = "to_f64" plain <I> {
        (x: f32) -> f64 { x as f64 }
        (x: f64) -> f64 { x }
        (x: i64) -> f64 { x as f64 }
        (x: bool) -> f64 { x as f64 }
    }

    /// To `i64`.
    TO_I64 = "to_i64" plain <I> {
        (x: f32) -> i64 { x as i64 }
        (x: f64) -> i64 { x as i64 }
        (x: i64) -> i64 { x }
        (x: bool) -> i64 { x as i64 }
    }

    /// To `bool`.
    TO_BOOL = "to_bool" plain <I> {
        (x: f32) -> bool { (x != 0.0) as u8 }
        (x: f64) -> bool { (x != 0.0) as u8 }
        (x: i64) -> bool { (x != 0) as u8 }
        (x: bool) -> bool { x }
    }
}
