//! Random numbers and the two types of products, for tests against naive loops.

// Each test uses a part.
#![allow(dead_code)]

use chainrule_kernels::Element;

/// A small deterministic generator (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A value in -1..1.
    pub fn real(&mut self) -> f64 {
        (self.next() % 20_001) as f64 / 10_000.0 - 1.0
    }
}

pub trait Real: Element {
    const EPSILON: f64;
    fn from(value: f64) -> Self;
    fn to(self) -> f64;
    fn bits(self) -> u64;
}

impl Real for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    fn from(value: f64) -> f32 {
        value as f32
    }
    fn to(self) -> f64 {
        self as f64
    }
    fn bits(self) -> u64 {
        self.to_bits() as u64
    }
}

impl Real for f64 {
    const EPSILON: f64 = f64::EPSILON;
    fn from(value: f64) -> f64 {
        value
    }
    fn to(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}
