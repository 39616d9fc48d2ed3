//! The index space of a tile program.
//!
//! Tensors of several shapes but the same number of elements share a domain when their axes can be cut into common
//! pieces: `[6, 4]`, `[2, 3, 4]` and `[24]` have the common pieces `[2, 3, 4]`. A cut is the number of elements from an
//! axis boundary to the end; the cuts of `[2, 3, 4]` are 1, 4, 12 and 24.

use crate::Shape;
use smallvec::SmallVec;

/// The boundaries of axes, as ascending numbers of elements, each a divisor of the next; 1 and the total included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cuts(SmallVec<[usize; 6]>);

impl Cuts {
    /// The cuts of a shape whose elements are rows of `row` elements of the domain.
    pub fn of(shape: &[usize], row: usize) -> Cuts {
        let mut cuts: SmallVec<[usize; 6]> = SmallVec::from_slice(&[1]);
        let mut total = row;
        if row > 1 {
            cuts.push(row);
        }
        for &length in shape.iter().rev() {
            total *= length;
            if length != 1 {
                cuts.push(total);
            }
        }
        Cuts(cuts)
    }

    /// The common pieces; `None` if boundaries of one run across pieces of the other.
    pub fn merge(&self, other: &Cuts) -> Option<Cuts> {
        if self == other {
            return Some(self.clone());
        }
        let mut cuts: SmallVec<[usize; 6]> = self.0.iter().chain(&other.0).copied().collect();
        cuts.sort_unstable();
        cuts.dedup();
        let divide = |pair: &[usize]| pair[0] != 0 && pair[1].is_multiple_of(pair[0]);
        cuts.windows(2).all(divide).then_some(Cuts(cuts))
    }

    /// The lengths of the domain's axes, outermost first.
    pub fn dims(&self) -> SmallVec<[usize; 4]> {
        self.0.windows(2).rev().map(|pair| pair[1] / pair[0]).collect()
    }

    /// The number of trailing axes that make up `row` elements.
    pub fn row_axes(&self, row: usize) -> usize {
        self.0.iter().position(|&cut| cut == row).unwrap_or(0)
    }

    /// Strides over the domain's axes of a tensor whose elements are rows of `row` elements of the domain.
    pub fn strides(&self, shape: &Shape, strides: &[isize], row: usize) -> SmallVec<[isize; 4]> {
        let mut out: SmallVec<[isize; 4]> = SmallVec::new();
        let mut low = row;
        let mut axes = shape.iter().zip(strides).rev().filter(|&(&length, _)| length != 1);
        let mut axis = axes.next();
        for pair in self.0.windows(2) {
            if pair[1] <= row {
                out.push(0);
                continue;
            }
            // The axis of the tensor that this piece belongs to.
            while let Some((&length, _)) = axis
                && pair[0] >= low * length
            {
                low *= length;
                axis = axes.next();
            }
            out.push(axis.map_or(0, |(_, &stride)| stride * (pair[0] / low) as isize));
        }
        out.reverse();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_cut_into_common_pieces() {
        let a = Cuts::of(&[6, 4], 1);
        let b = Cuts::of(&[2, 1, 3, 4], 1);
        let both = a.merge(&b).unwrap();
        assert_eq!(both.dims().as_slice(), [2, 3, 4]);
        assert_eq!(both.strides(&Shape::from([6, 4]), &[4, 1], 1).as_slice(), [12, 4, 1]);
        assert_eq!(both.strides(&Shape::from([6, 4]), &[1, 0], 1).as_slice(), [3, 1, 0]);
        assert!(Cuts::of(&[2, 3], 1).merge(&Cuts::of(&[3, 2], 1)).is_none());
    }

    #[test]
    fn row_values_have_no_stride_along_the_row() {
        let full = Cuts::of(&[6, 4], 1);
        let rows = Cuts::of(&[2, 3], 4);
        let both = full.merge(&rows).unwrap();
        assert_eq!((both.dims().as_slice(), both.row_axes(4)), (&[2, 3, 4][..], 1));
        assert_eq!(both.strides(&Shape::from([2, 3]), &[3, 1], 4).as_slice(), [3, 1, 0]);
        assert_eq!(Cuts::of(&[], 1).dims().len(), 0);
        assert_eq!(Cuts::of(&[], 5).dims().as_slice(), [5]);
    }
}
