//! Shapes: the lengths of a tensor's axes.

use smallvec::SmallVec;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// The lengths of a tensor's axes, outermost first. A scalar has none.
///
/// Reads as a slice of `usize`, and is made from a number, an array, a slice or a `Vec`:
///
/// ```
/// use chainrule_tape::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!(shape.numel(), 6);
/// assert_eq!(shape.broadcast(&Shape::from(3)), Some(Shape::from([2, 3])));
/// assert_eq!(shape.broadcast(&Shape::from(4)), None);
/// ```
#[derive(Default)]
pub struct Shape(SmallVec<[usize; 4]>);

impl Clone for Shape {
    /// A recording copies a shape for every node: a few words where `SmallVec` has a general loop.
    #[inline]
    fn clone(&self) -> Shape {
        let of = |lengths, rank| Shape(SmallVec::from_buf_and_len(lengths, rank));
        match *self.0.as_slice() {
            [] => of([0; 4], 0),
            [a] => of([a, 0, 0, 0], 1),
            [a, b] => of([a, b, 0, 0], 2),
            [a, b, c] => of([a, b, c, 0], 3),
            [a, b, c, d] => of([a, b, c, d], 4),
            ref lengths => Shape(SmallVec::from_slice(lengths)),
        }
    }
}

impl PartialEq for Shape {
    #[inline]
    fn eq(&self, other: &Shape) -> bool {
        self.is(other)
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Shape {
    /// The shape of a scalar: no axes.
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements: the product of the lengths, 1 for a scalar (`usize::MAX` if it is larger than that).
    pub fn numel(&self) -> usize {
        self.0.iter().fold(1, |numel, &length| numel.saturating_mul(length))
    }

    /// The lengths as a slice.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// Row-major strides in elements.
    pub fn strides(&self) -> SmallVec<[isize; 4]> {
        let mut strides: SmallVec<[isize; 4]> = SmallVec::from_elem(1, self.rank());
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis].wrapping_mul(self.0[axis] as isize);
        }
        strides
    }

    /// The common shape of two operands: axes are matched from the last; lengths must agree, or one of them be 1.
    /// `None` where they don't. The rule is NumPy's.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let (long, short) = if self.rank() >= other.rank() { (self, other) } else { (other, self) };
        let mut out = long.clone();
        let offset = long.rank() - short.rank();
        for (axis, &b) in short.0.iter().enumerate() {
            let a = out.0[offset + axis];
            out.0[offset + axis] = match (a, b) {
                _ if a == b => a,
                (1, _) => b,
                (_, 1) => a,
                _ => return None,
            };
        }
        Some(out)
    }

    /// Whether these are the lengths.
    #[inline]
    pub(crate) fn is(&self, lengths: &[usize]) -> bool {
        self.rank() == lengths.len() && self.0.iter().zip(lengths).all(|(a, b)| a == b)
    }

    /// Whether [broadcasting](Shape::broadcast) with `to` gives `to`.
    pub(crate) fn expands_to(&self, to: &Shape) -> bool {
        let fits = |(&a, &b): (&usize, &usize)| a == b || a == 1;
        self.rank() <= to.rank() && self.0.iter().rev().zip(to.0.iter().rev()).all(fits)
    }

    /// An axis that may count from the end (-1 is the last) as an index; `None` if there is no such axis.
    pub fn axis(&self, axis: isize) -> Option<usize> {
        axis_of(axis, self.rank())
    }

    /// This shape with one axis's length replaced.
    pub(crate) fn with(&self, axis: usize, length: usize) -> Shape {
        let mut shape = self.clone();
        shape.0[axis] = length;
        shape
    }
}

/// An axis that may count from the end as an index.
pub(crate) fn axis_of(axis: isize, rank: usize) -> Option<usize> {
    let index = if axis < 0 { axis + rank as isize } else { axis };
    (0..rank as isize).contains(&index).then_some(index as usize)
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<usize> for Shape {
    fn from(length: usize) -> Shape {
        Shape(SmallVec::from_slice(&[length]))
    }
}

impl From<()> for Shape {
    fn from((): ()) -> Shape {
        Shape::scalar()
    }
}

impl From<&[usize]> for Shape {
    fn from(lengths: &[usize]) -> Shape {
        Shape(SmallVec::from_slice(lengths))
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(lengths: [usize; N]) -> Shape {
        Shape(SmallVec::from_slice(&lengths))
    }
}

impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(lengths: &[usize; N]) -> Shape {
        Shape(SmallVec::from_slice(lengths))
    }
}

impl From<Vec<usize>> for Shape {
    fn from(lengths: Vec<usize>) -> Shape {
        Shape(SmallVec::from_vec(lengths))
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Shape {
        shape.clone()
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(lengths: I) -> Shape {
        Shape(lengths.into_iter().collect())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, length) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{length}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let check = |a: &[usize], b: &[usize], expected: Option<&[usize]>| {
            let (a, b) = (Shape::from(a), Shape::from(b));
            assert_eq!(a.broadcast(&b), expected.map(Shape::from), "{a} with {b}");
            assert_eq!(b.broadcast(&a), expected.map(Shape::from), "{b} with {a}");
        };
        check(&[], &[2, 3], Some(&[2, 3]));
        check(&[3], &[2, 1], Some(&[2, 3]));
        check(&[2, 3], &[2, 3], Some(&[2, 3]));
        check(&[8, 1, 6, 1], &[7, 1, 5], Some(&[8, 7, 6, 5]));
        check(&[0], &[1], Some(&[0]));
        check(&[2], &[3], None);
        check(&[2, 1], &[8, 4, 3], None);
    }

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::from([2, 3, 4]).strides().as_slice(), [12, 4, 1]);
        assert!(Shape::scalar().strides().is_empty());
    }

    #[test]
    fn axes_count_from_either_end() {
        let shape = Shape::from([2, 3]);
        assert_eq!(
            (shape.axis(-1), shape.axis(1), shape.axis(2), shape.axis(-3)),
            (Some(1), Some(1), None, None)
        );
    }
}
