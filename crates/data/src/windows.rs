//! Parts of a sequence, with what follows.

use crate::permutation::{below, generator};
use crate::{DataError, Dataset};
use chainrule_tape::Tensor;

/// The windows of a sequence of numbers, such as a text's characters or tokens: at each place, the inputs are so many
/// numbers, and the targets the same number of them, one place later. `x` and `y` of `count` windows have the dtype `i64` and
/// the shape `[count, length]`.
///
/// ```
/// use chainrule_data::Windows;
/// use chainrule_tape::Tensor;
///
/// let windows = Windows::new(&[3, 1, 4, 1, 5, 9], 2)?;
/// assert_eq!(windows.len(), 4);
/// let (x, y) = windows.at(&[0, 3])?;
/// assert_eq!((x, y), (Tensor::from([[3i64, 1], [1, 5]]), Tensor::from([[1i64, 4], [5, 9]])));
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Windows<'a> {
    numbers: &'a [i64],
    length: usize,
}

impl<'a> Windows<'a> {
    /// The windows of this length.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if the length is 0, or there is not even one window.
    pub fn new(numbers: &'a [i64], length: usize) -> Result<Windows<'a>, DataError> {
        match numbers.len() {
            _ if length == 0 => Err(DataError::Mismatch("a window has a length of 1 or more".into())),
            count if count <= length => Err(DataError::Mismatch(format!(
                "a sequence of {count} has no window of {length} with one more after it"
            ))),
            _ => Ok(Windows { numbers, length }),
        }
    }

    /// The number of windows, 1 or more.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.numbers.len() - self.length
    }

    /// The windows that begin at these places.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if a place is not below [`len`](Windows::len).
    pub fn at(&self, starts: &[usize]) -> Result<(Tensor, Tensor), DataError> {
        if let Some(start) = starts.iter().find(|&&start| start >= self.len()) {
            let (count, length) = (self.len(), self.length);
            return Err(DataError::Mismatch(format!(
                "there is no window at {start}: {count} windows of {length} begin at 0 and after"
            )));
        }
        Ok(self.take(starts))
    }

    /// So many windows at random places, independent of each other: a batch to learn from. `seed` and `step` decide
    /// which, so the same arguments give the same batch.
    ///
    /// The places are specified: the first numbers below [`len`](Windows::len) that the generator of
    /// [`permutation`](crate::permutation()) draws for this seed, with `step` as the epoch.
    ///
    /// ```
    /// let windows = chainrule_data::Windows::new(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 3)?;
    /// assert_eq!(windows.random(4, 7, 0), windows.random(4, 7, 0));
    /// assert_ne!(windows.random(4, 7, 0), windows.random(4, 7, 1));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn random(&self, count: usize, seed: u64, step: u64) -> (Tensor, Tensor) {
        let mut generator = generator(seed, step);
        let draw = |_| below(&mut generator, self.len() as u64) as usize;
        self.take(&(0..count).map(draw).collect::<Vec<usize>>())
    }

    /// The windows one after the other, without overlap, as a set: to judge a model by. Numbers at the end that fill no
    /// window are left out.
    ///
    /// ```
    /// let windows = chainrule_data::Windows::new(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 3)?;
    /// let set = windows.in_a_row();
    /// assert_eq!(set.inputs().as_slice::<i64>().unwrap(), [0, 1, 2, 3, 4, 5]);
    /// assert_eq!(set.labels().as_slice::<i64>().unwrap(), [1, 2, 3, 4, 5, 6]);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn in_a_row(&self) -> Dataset {
        let (x, y) = self.take(&(0..self.len()).step_by(self.length).collect::<Vec<usize>>());
        Dataset::new(x, y).expect("as many inputs as targets")
    }

    fn take(&self, starts: &[usize]) -> (Tensor, Tensor) {
        let part = |shift: usize| {
            let numbers = |&start: &usize| &self.numbers[start + shift..][..self.length];
            let numbers: Vec<i64> = starts.iter().flat_map(numbers).copied().collect();
            Tensor::from_vec(numbers, [starts.len(), self.length]).expect("a window's numbers for each start")
        };
        (part(0), part(1))
    }
}
