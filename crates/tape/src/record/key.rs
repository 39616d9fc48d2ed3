//! Structural hashes: two expressions with the same key are the same computation.

use super::Op;
use std::any::Any;
use std::hash::{Hash, Hasher};

/// A 128-bit structural hash, built from words. Two independent 64-bit lanes of folded multiplication: at 128 bits,
/// an accidental collision within one program's lifetime is out of reach.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(u64, u64);

impl Default for Key {
    fn default() -> Key {
        // The fractional bits of √2 and √3.
        Key(0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b)
    }
}

impl Key {
    /// Mixes in one word.
    #[inline]
    pub fn write(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, 0x9e37_79b9_7f4a_7c15);
        self.1 = fold(self.1.rotate_left(23) ^ word, 0xd1b5_4a32_d192_ed03);
    }

    /// Mixes in a number.
    #[inline]
    pub fn write_usize(&mut self, word: usize) {
        self.write(word as u64);
    }

    /// Mixes in a float, by its bits.
    pub fn write_f64(&mut self, value: f64) {
        self.write(value.to_bits());
    }

    /// Mixes in a sequence, with its length.
    pub fn write_slice(&mut self, words: &[usize]) {
        self.write_usize(words.len());
        for &word in words {
            self.write_usize(word);
        }
    }

    /// Mixes in text.
    pub fn write_str(&mut self, text: &str) {
        self.write_usize(text.len());
        for chunk in text.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            self.write(u64::from_le_bytes(bytes));
        }
    }

    /// 32 bytes for a random generator.
    pub(crate) fn to_seed(mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        for chunk in seed.chunks_exact_mut(8) {
            self.write(1);
            chunk.copy_from_slice(&self.0.to_le_bytes());
        }
        seed
    }

    /// Mixes in another key.
    pub fn write_key(&mut self, other: Key) {
        self.write(other.0);
        self.write(other.1);
    }
}

/// A word that tells an op's type from others.
pub(crate) fn type_word(op: &dyn Op) -> u64 {
    let any: &dyn Any = op;
    let mut hasher = Mixed::default();
    any.type_id().hash(&mut hasher);
    hasher.finish()
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = (a as u128).wrapping_mul(b as u128);
    (wide as u64) ^ ((wide >> 64) as u64) ^ a.rotate_left(32)
}

/// Keys are already mixed: a table of them needs no hashing of its own.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte as u64);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, 0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word as u64);
    }
}

/// A map from keys, node indices or scalar bits.
pub(crate) type KeyMap<K, V> = std::collections::HashMap<K, V, std::hash::BuildHasherDefault<Mixed>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_length_matter() {
        let key = |words: &[usize]| {
            let mut key = Key::default();
            key.write_slice(words);
            key
        };
        let keys = [key(&[]), key(&[0]), key(&[0, 0]), key(&[1, 2]), key(&[2, 1]), key(&[1, 2, 0])];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[..i] {
                assert!(a.0 != b.0 && a.1 != b.1);
            }
        }
    }
}
