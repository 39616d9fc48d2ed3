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

/// The axes of a strided view: lengths, and strides in bytes.
pub(super) type Strides = SmallVec<[(usize, isize); 4]>;

/// The bytes from the lowest to the highest of a view, and its axes if it may leave some of them out.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) bytes: Result<Range<usize>, String>,
    pub(super) axes: Option<Strides>,
}

impl From<Range<usize>> for Extent {
    fn from(bytes: Range<usize>) -> Extent {
        Extent { bytes: Ok(bytes), axes: None }
    }
}

/// The extent of a strided view.
pub(super) fn extent<'a>(
    place: Place,
    size: usize,
    axes: impl IntoIterator<Item = (&'a usize, &'a isize)>,
) -> Extent {
    let mut strides = Strides::new();
    let kept = axes.into_iter().inspect(|(length, stride)| {
        if **length != 1 {
            strides.push((**length, stride.saturating_mul(size as isize)));
        }
    });
    let bytes = hull(place, size, kept);
    Extent { bytes, axes: Some(strides) }
}

/// Whether two views of one slot, whose hulls overlap, may have an element in common: whether the distance between their
/// first elements is a sum of steps along their axes. (Steps of one view count forwards, of the other backwards.) Views
/// whose elements can't be told apart cheaply count as meeting.
pub(super) fn meet(a: (usize, &Strides), b: (usize, &Strides), size: usize) -> bool {
    let size = size as i128;
    // One step for each stride, with the range of its number; longest first.
    let mut steps: SmallVec<[(i128, i128, i128); 8]> = SmallVec::new();
    let axes = a.1.iter().map(|axis| (axis, 1)).chain(b.1.iter().map(|axis| (axis, -1)));
    for (&(length, stride), sign) in axes.filter(|axis| axis.0.0 > 1 && axis.0.1 != 0) {
        let signed = stride as i128 * sign;
        let (stride, most) = (signed.abs(), length as i128 - 1);
        let (low, high) = if signed > 0 { (0, most) } else { (-most, 0) };
        match steps.iter_mut().find(|step| step.0 == stride) {
            Some(step) => (step.1, step.2) = (step.1 + low, step.2 + high),
            None => steps.push((stride, low, high)),
        }
    }
    steps.sort_unstable_by_key(|step| std::cmp::Reverse(step.0));
    // Where all after a step lead at least and at most.
    let mut reach: SmallVec<[(i128, i128); 8]> = SmallVec::from_elem((0, 0), steps.len() + 1);
    for (i, &(stride, low, high)) in steps.iter().enumerate().rev() {
        reach[i] = (reach[i + 1].0 + stride * low, reach[i + 1].1 + stride * high);
    }
    // The distances that are left to walk, after the steps before.
    let mut left: SmallVec<[i128; 16]> = SmallVec::from_slice(&[b.0 as i128 - a.0 as i128]);
    for (i, &(stride, low, high)) in steps.iter().enumerate() {
        let mut next: SmallVec<[i128; 16]> = SmallVec::new();
        for &distance in &left {
            // An element is as many bytes as the smallest distance between two.
            let first = (distance - reach[i + 1].1 - size + 1).div_euclid(stride);
            let first = if first * stride < distance - reach[i + 1].1 - size + 1 { first + 1 } else { first };
            let last = (distance - reach[i + 1].0 + size - 1).div_euclid(stride);
            for number in first.max(low)..=last.min(high) {
                if next.len() == MOST_WAYS {
                    return true;
                }
                next.push(distance - number * stride);
            }
        }
        left = next;
    }
    left.iter().any(|distance| distance.abs() < size)
}

/// Ways that [`meet`] follows, at most.
const MOST_WAYS: usize = 256;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(at: usize, axes: &Strides) -> Vec<isize> {
        axes.iter().fold(vec![at as isize], |all, &(length, stride)| {
            let steps = |&from: &isize| (0..length as isize).map(move |i| from + i * stride);
            all.iter().flat_map(steps).collect()
        })
    }

    #[test]
    fn views_meet_where_they_have_an_element_in_common() {
        let mut state = 1u64;
        let mut below = move |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        let (mut met, mut apart) = (0, 0);
        for _ in 0..20_000 {
            let mut view = || {
                let axes: Strides =
                    (0..below(4)).map(|_| (1 + below(4) as usize, 4 * (below(30) as isize - 8))).collect();
                (200 + 4 * below(30) as usize, axes)
            };
            let (a, b) = (view(), view());
            let (x, y) = (elements(a.0, &a.1), elements(b.0, &b.1));
            let common = x.iter().any(|x| y.contains(x));
            assert_eq!(meet((a.0, &a.1), (b.0, &b.1), 4), common, "{a:?} {b:?}");
            if common { met += 1 } else { apart += 1 }
        }
        assert!(met > 1000 && apart > 1000);
    }

    #[test]
    fn the_columns_of_a_matrix_are_apart() {
        let column = |i: usize, width: usize| (4 * i, Strides::from_slice(&[(64, 4000), (width, 4)]));
        let (a, b, c) = (column(0, 10), column(10, 10), column(15, 10));
        assert!(!meet((a.0, &a.1), (b.0, &b.1), 4));
        assert!(meet((b.0, &b.1), (c.0, &c.1), 4));
    }
}
