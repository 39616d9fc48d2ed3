//! A training set and a test set.

use crate::dataset::class_labels;
use crate::{DataError, Dataset, permutation};
use std::collections::BTreeMap;

impl Dataset {
    /// A training set and a test set: the shuffled rows, `test_fraction` of them (rounded to the nearest
    /// number) for the test.
    ///
    /// # Errors
    /// [`DataError::Fraction`] if `test_fraction` is not between 0 and 1.
    ///
    /// ```
    /// let (train, test) = chainrule_data::digits().split(0.2, 7)?;
    /// assert_eq!((train.len(), test.len()), (1438, 359));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Dataset, Dataset), DataError> {
        let tests = part(self.len(), test_fraction)?;
        let order = permutation(self.len(), seed, 0);
        let (test, train) = order.split_at(tests);
        Ok((self.select(train), self.select(test)))
    }

    /// As [`split`](Dataset::split), with every class in both sets in proportion, to the nearest row.
    ///
    /// # Errors
    /// [`DataError::Fraction`] if `test_fraction` is not between 0 and 1, [`DataError::DType`] or
    /// [`DataError::Mismatch`] if the labels are not class numbers.
    ///
    /// ```
    /// let (_, test) = chainrule_data::iris().split_stratified(0.2, 7)?;
    /// let setosa = test.labels().as_slice::<i64>().unwrap().iter().filter(|&&x| x == 0).count();
    /// assert_eq!((test.len(), setosa), (30, 10));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn split_stratified(&self, test_fraction: f64, seed: u64) -> Result<(Dataset, Dataset), DataError> {
        let labels = class_labels(self.labels())?;
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for &label in labels {
            *counts.entry(label).or_default() += 1;
        }
        let mut tests = quotas(counts, test_fraction)?;
        let (test, train): (Vec<usize>, Vec<usize>) =
            permutation(self.len(), seed, 0).into_iter().partition(|&row| {
                match tests.get_mut(&labels[row]) {
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        true
                    }
                    _ => false,
                }
            });
        Ok((self.select(&train), self.select(&test)))
    }
}

/// A fraction of `n` rows.
pub(crate) fn part(n: usize, fraction: f64) -> Result<usize, DataError> {
    if !(0.0..=1.0).contains(&fraction) {
        return Err(DataError::Fraction(fraction));
    }
    Ok((n as f64 * fraction).round() as usize)
}

/// A fraction of each class, by largest remainders: the sum is the fraction of all.
fn quotas(counts: BTreeMap<i64, usize>, fraction: f64) -> Result<BTreeMap<i64, usize>, DataError> {
    let total = part(counts.values().sum(), fraction)?;
    let share = |label: &i64| counts[label] as f64 * fraction;
    let mut quotas: BTreeMap<i64, usize> = counts.keys().map(|x| (*x, share(x) as usize)).collect();
    let mut labels: Vec<i64> = counts.keys().copied().collect();
    // The sort is stable: of equal remainders, the smaller label's comes first.
    labels.sort_by(|a, b| share(b).fract().total_cmp(&share(a).fract()));
    let missing = total.saturating_sub(quotas.values().sum());
    for label in labels.into_iter().take(missing) {
        *quotas.entry(label).or_default() += 1;
    }
    Ok(quotas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_tape::{DType, Tensor};

    fn set(labels: &[i64]) -> Dataset {
        let n = labels.len();
        Dataset::new(Tensor::arange(n).reshape([n, 1]).unwrap(), Tensor::from(labels)).unwrap()
    }

    fn rows(data: &Dataset) -> Vec<i64> {
        data.inputs().to_vec().unwrap()
    }

    #[test]
    fn a_split_loses_and_repeats_nothing() {
        let data = set(&[0; 101]);
        for (fraction, tests) in [(0.0, 0), (0.1, 10), (0.5, 51), (1.0, 101)] {
            let (train, test) = data.split(fraction, 5).unwrap();
            assert_eq!(test.len(), tests);
            let mut all = [rows(&train), rows(&test)].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..101));
        }
    }

    #[test]
    fn a_stratified_split_keeps_proportions() {
        let labels: Vec<i64> = (0..100)
            .map(|i| {
                if i < 70 {
                    0
                } else if i < 95 {
                    1
                } else {
                    -4
                }
            })
            .collect();
        let data = set(&labels);
        let (train, test) = data.split_stratified(0.2, 3).unwrap();
        let count = |data: &Dataset, label| {
            data.labels().as_slice::<i64>().unwrap().iter().filter(|&&x| x == label).count()
        };
        assert_eq!([0, 1, -4].map(|label| count(&test, label)), [14, 5, 1]);
        assert_eq!([0, 1, -4].map(|label| count(&train, label)), [56, 20, 4]);
        let mut all = [rows(&train), rows(&test)].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
        // Shuffled, not class by class.
        assert_ne!(rows(&train), {
            let mut sorted = rows(&train);
            sorted.sort_unstable();
            sorted
        });
    }

    #[test]
    fn rows_left_over_go_to_the_largest_remainders() {
        // 2.5, 1.75 and 0.75 of 5.
        let quotas = quotas(BTreeMap::from([(0, 10), (1, 7), (2, 3)]), 0.25).unwrap();
        assert_eq!(quotas, BTreeMap::from([(0, 2), (1, 2), (2, 1)]));
    }

    #[test]
    fn quotas_sum_to_the_fraction_of_all() {
        for classes in 1..12 {
            let counts: BTreeMap<i64, usize> = (0..classes).map(|c| (c, 3 + (c as usize * 7) % 5)).collect();
            let n: usize = counts.values().sum();
            for percent in 0..=100 {
                let fraction = f64::from(percent) / 100.0;
                let quotas = quotas(counts.clone(), fraction).unwrap();
                assert_eq!(quotas.values().sum::<usize>(), part(n, fraction).unwrap());
                assert!(quotas.iter().all(|(label, q)| *q <= counts[label]));
            }
        }
    }

    #[test]
    fn seeds_decide_the_split() {
        let data = set(&[0; 100]);
        assert_eq!(data.split(0.3, 1).unwrap(), data.split(0.3, 1).unwrap());
        assert_ne!(data.split(0.3, 1).unwrap(), data.split(0.3, 2).unwrap());
    }

    #[test]
    fn mistakes_are_named() {
        let data = set(&[0, 1, 2]);
        for fraction in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(data.split(fraction, 0), Err(DataError::Fraction(_))));
            assert!(matches!(data.split_stratified(fraction, 0), Err(DataError::Fraction(_))));
        }
        let targets = Dataset::new(Tensor::from([[1.0f32]]), Tensor::from([0.5f32])).unwrap();
        assert!(matches!(targets.split_stratified(0.5, 0), Err(DataError::DType { found: DType::F32, .. })));
    }
}
