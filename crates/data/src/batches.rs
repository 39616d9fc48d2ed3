//! Batches of a set.

use crate::{Dataset, permutation};
use chainrule_tape::Tensor;
use std::iter::FusedIterator;

/// The batches of a [`Dataset`], as inputs and labels; [`Dataset::batches`] makes it.
///
/// Each batch is copied when it is asked for. The last one is short where the batch size does not divide
/// the number of rows, unless [`drop_last`](Batches::drop_last) leaves it out.
///
/// ```
/// use chainrule_data::iris;
///
/// let data = iris();
/// let batches = data.batches(64).shuffled(7, 0);
/// assert_eq!(batches.len(), 3);
/// let rows: Vec<usize> = batches.map(|(inputs, _)| inputs.shape()[0]).collect();
/// assert_eq!(rows, [64, 64, 22]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is iterated"]
pub struct Batches<'a> {
    data: &'a Dataset,
    size: usize,
    order: Option<Vec<usize>>,
    next: usize,
    end: usize,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(data: &'a Dataset, size: usize) -> Batches<'a> {
        Batches { data, size, order: None, next: 0, end: data.len() }
    }

    /// These batches with the rows in the order of [`permutation`]`(rows, seed, epoch)`: another order for
    /// each epoch, and the same one whenever that epoch is run again.
    ///
    /// ```
    /// use chainrule_data::iris;
    /// let data = iris();
    /// let first = |epoch| data.batches(8).shuffled(7, epoch).next();
    /// assert_eq!(first(0), first(0));
    /// assert_ne!(first(0), first(1));
    /// ```
    pub fn shuffled(mut self, seed: u64, epoch: u64) -> Batches<'a> {
        self.order = Some(permutation(self.data.len(), seed, epoch));
        self
    }

    /// These batches without the last one where that is short, so that all have the same shape.
    ///
    /// ```
    /// use chainrule_data::iris;
    /// let data = iris();
    /// assert!(data.batches(64).drop_last().all(|(inputs, _)| inputs.shape()[0] == 64));
    /// ```
    pub fn drop_last(mut self) -> Batches<'a> {
        self.end -= (self.end - self.next) % self.size;
        self
    }
}

impl Iterator for Batches<'_> {
    type Item = (Tensor, Tensor);

    fn next(&mut self) -> Option<(Tensor, Tensor)> {
        let rows = self.next..self.end.min(self.next.saturating_add(self.size));
        if rows.is_empty() {
            return None;
        }
        self.next = rows.end;
        let take = |tensor: &Tensor| match &self.order {
            Some(order) => tensor.take_rows(&order[rows.clone()]),
            None => tensor.rows(rows.clone()),
        };
        let batch = take(self.data.inputs()).and_then(|inputs| Ok((inputs, take(self.data.labels())?)));
        Some(batch.expect("a set's inputs and labels have its number of rows"))
    }

    /// Passes over batches without copying them.
    fn nth(&mut self, n: usize) -> Option<(Tensor, Tensor)> {
        self.next = self.end.min(self.next.saturating_add(n.saturating_mul(self.size)));
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches<'_> {}
impl FusedIterator for Batches<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row i has inputs (2i, 2i + 1) and label i.
    fn rows(n: usize) -> Dataset {
        Dataset::new(Tensor::arange(2 * n).reshape([n, 2]).unwrap(), Tensor::arange(n)).unwrap()
    }

    #[test]
    fn batches_cover_the_set_in_order() {
        for (n, size, expected) in [
            (7, 3, vec![3, 3, 1]),
            (6, 3, vec![3, 3]),
            (2, 5, vec![2]),
            (0, 4, vec![]),
            (2, usize::MAX, vec![2]),
        ] {
            let data = rows(n);
            let mut labels = Vec::new();
            let mut sizes = Vec::new();
            let batches = data.batches(size);
            assert_eq!(batches.len(), expected.len());
            for (x, y) in batches {
                sizes.push(y.numel());
                labels.extend(y.to_vec::<i64>().unwrap());
                assert_eq!(x.shape().dims(), [y.numel(), 2]);
            }
            assert_eq!(sizes, expected);
            assert!(labels.into_iter().eq(0..n as i64));
        }
    }

    #[test]
    fn batches_are_passed_over() {
        let data = rows(7);
        let labels = |n| data.batches(3).nth(n).map(|(_, y)| y.to_vec::<i64>().unwrap());
        assert_eq!((labels(1), labels(2), labels(3)), (Some(vec![3, 4, 5]), Some(vec![6]), None));
        assert_eq!(data.batches(3).skip(2).count(), 1);
    }

    #[test]
    fn shuffling_keeps_inputs_with_their_labels() {
        let data = rows(50);
        let mut seen = Vec::new();
        for (x, y) in data.batches(8).shuffled(3, 1) {
            let y = y.to_vec::<i64>().unwrap();
            let expected: Vec<i64> = y.iter().flat_map(|y| [2 * y, 2 * y + 1]).collect();
            assert_eq!(x.to_vec::<i64>().unwrap(), expected);
            seen.extend(y);
        }
        let order: Vec<i64> = permutation(50, 3, 1).into_iter().map(|i| i as i64).collect();
        assert_eq!(seen, order);
    }

    #[test]
    fn a_short_last_batch_can_be_dropped() {
        assert_eq!(rows(7).batches(3).drop_last().len(), 2);
        assert_eq!(rows(6).batches(3).drop_last().len(), 2);
        assert_eq!(rows(2).batches(3).drop_last().count(), 0);
        let data = rows(7);
        let mut started = data.batches(3);
        started.next();
        assert_eq!(started.drop_last().len(), 1);
    }

    #[test]
    #[should_panic(expected = "a batch has at least one row")]
    fn an_empty_batch_is_a_mistake_in_the_program() {
        let _ = rows(1).batches(0);
    }
}
