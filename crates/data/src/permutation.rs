//! The order in which rows are shuffled.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The numbers `0..n` in an order that `seed` and `epoch` decide.
///
/// The order is specified, so that it is the same on every machine and in every later version:
///
/// - The generator is ChaCha with 8 rounds, a 64-bit block counter from 0 and a nonce of 0. Its 32-byte key
///   is `seed`, then `epoch`, both as 8 little-endian bytes, then zeros. A draw is 64 bits of the key
///   stream, little-endian.
/// - A number below `b` is the high half of draw · `b` (128 bits); a draw whose low half is less than
///   2⁶⁴ mod `b` is thrown away, so that all numbers are equally likely (Lemire, "Fast random integer
///   generation in an interval", 2019).
/// - The order is Fisher and Yates's: for `i` from `n - 1` down to 1, swap the elements at `i` and at a
///   number below `i + 1`.
///
/// ```
/// use chainrule_data::permutation;
/// assert_eq!(permutation(10, 7, 0), [5, 3, 9, 8, 1, 6, 2, 0, 4, 7]);
/// assert_eq!(permutation(10, 7, 1), [3, 5, 6, 1, 7, 2, 4, 9, 0, 8]);
/// ```
pub fn permutation(n: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut generator = generator(seed, epoch);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, below(&mut generator, i as u64 + 1) as usize);
    }
    order
}

pub(crate) fn generator(seed: u64, epoch: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&epoch.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

pub(crate) fn below(generator: &mut ChaCha8Rng, bound: u64) -> u64 {
    let rejected = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(generator.next_u64()) * u128::from(bound);
        if product as u64 >= rejected {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of an independent implementation of the specification above.
    #[test]
    fn the_order_is_the_specified_one() {
        assert_eq!(permutation(10, (1 << 63) + 5, 3), [0, 7, 8, 2, 5, 3, 4, 6, 9, 1]);
        let long = permutation(1000, 42, 1);
        assert_eq!(long[..8], [583, 181, 839, 354, 705, 957, 795, 486]);
        assert_eq!(long.iter().enumerate().map(|(i, x)| i * x).sum::<usize>(), 248_852_837);
    }

    #[test]
    fn every_number_comes_once() {
        for n in [0, 1, 2, 3, 17, 1000] {
            let mut order = permutation(n, 1, 2);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..n));
        }
    }

    #[test]
    fn numbers_below_a_large_bound_are_equally_likely() {
        // Without rejection, half of the draws would land on multiples of 3.
        let mut generator = ChaCha8Rng::from_seed([1; 32]);
        let multiples = (0..3000).filter(|_| below(&mut generator, 3 << 62).is_multiple_of(3)).count();
        assert!((900..1100).contains(&multiples), "{multiples}");
    }

    #[test]
    fn all_orders_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..6000 {
            *counts.entry(permutation(3, 9, epoch)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        // 1000 are expected of each, with a standard deviation of 29.
        assert!(counts.values().all(|count| (880..1120).contains(count)), "{counts:?}");
    }
}
