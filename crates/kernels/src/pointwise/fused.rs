//! Two or three steps in one: what arithmetic follows on what most often. Every operation is rounded as it would be alone, so
//! the bits are the same; what is saved is to write the result in between and to read it again.

use super::arithmetic::Flush;
use super::kernel::kernels;

kernels! {
    /// `a * b + c`, rounded twice. (For one rounding see [`FMA`](super::FMA).)
    MUL_ADD = "mul_add" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { a * b + c }
        (a: f64, b: f64, c: f64) -> f64 { a * b + c }
    }

    /// `a * b - c`, rounded twice.
    MUL_SUB = "mul_sub" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { a * b - c }
        (a: f64, b: f64, c: f64) -> f64 { a * b - c }
    }

    /// `a - b * c`, rounded twice.
    SUB_MUL = "sub_mul" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { a - b * c }
        (a: f64, b: f64, c: f64) -> f64 { a - b * c }
    }

    /// `a * b + c * c`, rounded three times.
    MUL_ADD_SQUARE = "mul_add_square" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { a * b + c * c }
        (a: f64, b: f64, c: f64) -> f64 { a * b + c * c }
    }

    /// `a * b + c`, rounded twice, without subnormals.
    MUL_ADD_FLUSH = "mul_add_flush" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a * b + c).flush() }
        (a: f64, b: f64, c: f64) -> f64 { (a * b + c).flush() }
    }

    /// `a * b + c * c`, rounded three times, without subnormals.
    MUL_ADD_SQUARE_FLUSH = "mul_add_square_flush" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a * b + c * c).flush() }
        (a: f64, b: f64, c: f64) -> f64 { (a * b + c * c).flush() }
    }

    /// `(a * b) * c`, rounded twice.
    MUL_MUL = "mul_mul" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a * b) * c }
        (a: f64, b: f64, c: f64) -> f64 { (a * b) * c }
    }

    /// `(a + b) * c`, rounded twice.
    ADD_MUL = "add_mul" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a + b) * c }
        (a: f64, b: f64, c: f64) -> f64 { (a + b) * c }
    }

    /// `(a - b) * c`, rounded twice.
    DIFFERENCE_MUL = "difference_mul" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a - b) * c }
        (a: f64, b: f64, c: f64) -> f64 { (a - b) * c }
    }

    /// `(a + b) + c`, rounded twice.
    ADD_ADD = "add_add" update <I> {
        (a: f32, b: f32, c: f32) -> f32 { (a + b) + c }
        (a: f64, b: f64, c: f64) -> f64 { (a + b) + c }
    }

    /// `a / (√b + c)`, rounded three times.
    DIV_ROOT = "div_root" plain <I> {
        (a: f32, b: f32, c: f32) -> f32 { a / (b.sqrt() + c) }
        (a: f64, b: f64, c: f64) -> f64 { a / (b.sqrt() + c) }
    }

    /// `if a <= b { b } else { c }`: a rectifier, and its derivative.
    ABOVE = "above" plain <I> {
        (a: f32, b: f32, c: f32) -> f32 { if a <= b { b } else { c } }
        (a: f64, b: f64, c: f64) -> f64 { if a <= b { b } else { c } }
    }

    /// `if |a| < b { c } else { a }`: small values replaced.
    SHRINK = "shrink" plain <I> {
        (a: f32, b: f32, c: f32) -> f32 { if a.abs() < b { c } else { a } }
        (a: f64, b: f64, c: f64) -> f64 { if a.abs() < b { c } else { a } }
    }
}
