//! Where operands lie in memory.

use smallvec::SmallVec;
use std::ops::Range;

/// A place in memory: a slot and a distance from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Place {
    /// The slot: 0 is the arena.
    pub slot: u32,
    /// Bytes from the slot's start.
    pub offset: usize,
}

impl Place {
    /// The range of `count` dense elements of `size` bytes from here.
    pub(super) fn dense(self, count: usize, size: usize) -> Range<usize> {
        self.offset..self.offset.saturating_add(count.saturating_mul(size))
    }
}

/// A strided view of memory over the axes of a tile's domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// The first element.
    pub place: Place,
    /// Distance in elements from one index of each domain axis to the next; 0 repeats.
    pub strides: SmallVec<[isize; 4]>,
}

/// The bytes from the lowest to the highest element of a strided view, relative to its slot. An error if one lies
/// before the slot's start or beyond the address space.
pub(super) fn hull<'a>(
    place: Place,
    size: usize,
    axes: impl IntoIterator<Item = (&'a usize, &'a isize)>,
) -> Result<Range<usize>, String> {
    let (mut low, mut high, mut empty) = (0i128, 0i128, false);
    for (&length, &stride) in axes {
        empty |= length == 0;
        let reach = (length as i128 - 1).saturating_mul(stride as i128);
        low = low.saturating_add(reach.min(0));
        high = high.saturating_add(reach.max(0));
    }
    if empty {
        return Ok(place.offset..place.offset);
    }
    let byte = |elements: i128| elements.saturating_mul(size as i128).saturating_add(place.offset as i128);
    match (usize::try_from(byte(low)), isize::try_from(byte(high.saturating_add(1)))) {
        (Ok(start), Ok(end)) => Ok(start..end as usize),
        (Err(_), _) => Err("a view starts before its slot".into()),
        _ => Err("a view ends beyond the address space".into()),
    }
}

/// Whether two ranges of bytes have one in common.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Whether no two index tuples name the same element: sorted by stride, each axis steps over all the finer ones.
pub(super) fn injective<'a>(axes: impl IntoIterator<Item = (&'a usize, &'a isize)>) -> bool {
    let mut axes: SmallVec<[(u128, u128); 8]> = axes
        .into_iter()
        .filter(|axis| *axis.0 != 1)
        .map(|(&length, &stride)| (stride.unsigned_abs() as u128, length as u128))
        .collect();
    if axes.iter().any(|axis| axis.1 == 0) {
        return true;
    }
    axes.sort_unstable();
    let mut reach = 0u128;
    for (stride, length) in axes {
        if stride <= reach {
            return false;
        }
        reach = reach.saturating_add(stride.saturating_mul(length - 1));
    }
    true
}

/// Whether a view is dense in row-major order (axes of length 1 aside).
pub(super) fn is_dense<'a, I>(axes: I) -> bool
where
    I: IntoIterator<Item = (&'a usize, &'a isize)>,
    I::IntoIter: DoubleEndedIterator,
{
    let mut step = 1;
    axes.into_iter().rev().all(|(&length, &stride)| {
        let fits = length == 1 || stride == step;
        step = step.saturating_mul(length as isize);
        fits
    })
}
