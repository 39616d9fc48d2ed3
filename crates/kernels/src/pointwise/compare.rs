//! Comparisons, logic and selection.

use super::kernel::kernels;

/// Selects by a mask, which the compiler vectorizes better than a condition of another width.
macro_rules! select {
    ($T:ty, $c:expr, $a:expr, $b:expr) => {{
        let mask = ($c as $T).wrapping_neg();
        ($a & mask) | ($b & !mask)
    }};
}

kernels! {
    /// `a == b`: false if either is NaN; -0 equals +0.
    EQ = "eq" plain <I> {
        (a: f32, b: f32) -> bool { (a == b) as u8 }
        (a: f64, b: f64) -> bool { (a == b) as u8 }
        (a: i64, b: i64) -> bool { (a == b) as u8 }
        (a: bool, b: bool) -> bool { (a == b) as u8 }
    }

    /// `a != b`: true if either is NaN.
    NE = "ne" plain <I> {
        (a: f32, b: f32) -> bool { (a != b) as u8 }
        (a: f64, b: f64) -> bool { (a != b) as u8 }
        (a: i64, b: i64) -> bool { (a != b) as u8 }
        (a: bool, b: bool) -> bool { (a != b) as u8 }
    }

    /// `a < b`: false if either is NaN.
    LT = "lt" plain <I> {
        (a: f32, b: f32) -> bool { (a < b) as u8 }
        (a: f64, b: f64) -> bool { (a < b) as u8 }
        (a: i64, b: i64) -> bool { (a < b) as u8 }
    }

    /// `a <= b`: false if either is NaN.
    LE = "le" plain <I> {
        (a: f32, b: f32) -> bool { (a <= b) as u8 }
        (a: f64, b: f64) -> bool { (a <= b) as u8 }
        (a: i64, b: i64) -> bool { (a <= b) as u8 }
    }

    /// `a && b`.
    AND = "and" plain <I> {
        (a: bool, b: bool) -> bool { a & b }
    }

    /// `a || b`.
    OR = "or" plain <I> {
        (a: bool, b: bool) -> bool { a | b }
    }

    /// Whether one of `a` and `b` is true and the other is not.
    XOR = "xor" plain <I> {
        (a: bool, b: bool) -> bool { a ^ b }
    }

    /// `!x`.
    NOT = "not" plain <I> {
        (x: bool) -> bool { x ^ 1 }
    }

    /// `if c { a } else { b }`.
    SELECT = "select" plain <I> {
        (c: bool, a: f32, b: f32) -> f32 { f32::from_bits(select!(u32, c, a.to_bits(), b.to_bits())) }
        (c: bool, a: f64, b: f64) -> f64 { f64::from_bits(select!(u64, c, a.to_bits(), b.to_bits())) }
        (c: bool, a: i64, b: i64) -> i64 { select!(i64, c, a, b) }
        (c: bool, a: bool, b: bool) -> bool { select!(u8, c, a, b) }
    }
}
