//! Resizing: values between elements, along one axis after the other.

use crate::Var;
use crate::ops::{Sample, numbers};

/// How values between elements are found by [`interpolate`](Var::interpolate).
///
/// An axis of `n` elements becomes one of `m`, with the scale `n / m` (or one divided by the factor, if that was given). Output
/// `i` is at `(i + ½)·scale - ½` in the input, so that both cover the same range; with `align_corners` at
/// `i·(n - 1) / (m - 1)`, so that first and last elements stay. Beyond its ends, the input is continued by its last elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Interpolation {
    /// The element at `⌊i·scale⌋`: PyTorch's `nearest`. (For a size, in integers: nothing is rounded.)
    Nearest,
    /// The element at `⌊(i + ½)·scale⌋`: PyTorch's `nearest-exact`.
    NearestExact,
    /// A line between neighbours: PyTorch's `linear`, `bilinear` and `trilinear`.
    Linear {
        /// Whether first and last elements stay.
        align_corners: bool,
    },
    /// Cubic convolution of four neighbours, with `a = -¾`: PyTorch's `bicubic`.
    ///
    /// Source: Keys, "Cubic convolution interpolation for digital image processing", 1981.
    Cubic {
        /// Whether first and last elements stay.
        align_corners: bool,
    },
}

/// Of each output the index of an element, and its weight.
type Term = Vec<(usize, f64)>;

/// The parameter of cubic convolution.
const A: f64 = -0.75;

/// Cubic convolution's weight of an element at a distance.
fn cubic(distance: f64) -> f64 {
    let x = distance.abs();
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    }
}

impl Interpolation {
    /// The terms whose sum is the output.
    fn terms(self, length: usize, size: usize, factor: Option<f64>) -> Vec<Term> {
        let scale = factor.map_or(length as f64 / size as f64, |factor| 1.0 / factor);
        let last = length - 1;
        // An index that may lie outside, as one inside.
        let inside = |index: f64| (index.max(0.0) as usize).min(last);
        let whole = |of: &dyn Fn(usize) -> usize| vec![(0..size).map(|i| (of(i).min(last), 1.0)).collect()];
        let place = |i: usize, align_corners: bool| match align_corners {
            true if size == 1 => 0.0,
            true => i as f64 * (last as f64 / (size - 1) as f64),
            false => (i as f64 + 0.5) * scale - 0.5,
        };
        match (self, factor) {
            (Interpolation::Nearest, None) => whole(&|i| i * length / size),
            (Interpolation::Nearest, _) => whole(&|i| inside((i as f64 * scale).floor())),
            (Interpolation::NearestExact, None) => whole(&|i| (2 * i + 1) * length / (2 * size)),
            (Interpolation::NearestExact, _) => whole(&|i| inside(((i as f64 + 0.5) * scale).floor())),
            (Interpolation::Linear { align_corners }, _) => {
                let at = |i: usize| {
                    let place = place(i, align_corners).clamp(0.0, last as f64);
                    (place.floor(), place - place.floor())
                };
                let first = (0..size).map(at).map(|(index, part)| (inside(index), 1.0 - part));
                let second = (0..size).map(at).map(|(index, part)| (inside(index + 1.0), part));
                vec![first.collect(), second.collect()]
            }
            (Interpolation::Cubic { align_corners }, _) => {
                let term = |k: i32| {
                    let at = |i: usize| {
                        let place = place(i, align_corners);
                        let index = place.floor() + f64::from(k);
                        (inside(index), cubic(place - index))
                    };
                    (0..size).map(at).collect()
                };
                (-1..=2).map(term).collect()
            }
        }
    }
}

impl<'t> Var<'t> {
    /// The last axes resized to these lengths: images `[…, h, w]` to `[…, h', w']`, sequences, volumes. One axis after the other,
    /// each output is a weighted sum of neighbours in the input; see [`Interpolation`]. Linear in the input; the derivative goes
    /// to the neighbours by their weights.
    ///
    /// A mistake if a length is 0, there are too few axes, or the values aren't floats (`Nearest` and `NearestExact` take all).
    ///
    /// ```
    /// use chainrule_tape::{Interpolation, Tape};
    /// let tape = Tape::new();
    /// let x = tape.var([0.0, 4.0]);
    /// let linear = |align_corners| Interpolation::Linear { align_corners };
    /// assert_eq!(x.interpolate([4], Interpolation::Nearest).value()?.to_f64(), [0.0, 0.0, 4.0, 4.0]);
    /// assert_eq!(x.interpolate([4], linear(false)).value()?.to_f64(), [0.0, 1.0, 3.0, 4.0]);
    /// assert_eq!(x.interpolate([5], linear(true)).value()?.to_f64(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn interpolate<const N: usize>(self, size: [usize; N], how: Interpolation) -> Var<'t> {
        self.resized("interpolate", &size, None, how)
    }

    /// The last axes resized by these factors, `n` elements to `⌊n·factor⌋`: [`interpolate`](Var::interpolate) with a scale of
    /// `1 / factor`, as PyTorch's `scale_factor`. As there, `Nearest` and `Linear` leave an axis alone whose length stays.
    #[track_caller]
    pub fn interpolate_by<const N: usize>(self, factor: [f64; N], how: Interpolation) -> Var<'t> {
        let shape = self.shape();
        // (Too few axes are found below.)
        let lengths = shape.iter().rev().take(N).rev().chain(std::iter::repeat(&1));
        let size: Vec<usize> =
            lengths.zip(&factor).map(|(&n, factor)| (n as f64 * factor) as usize).collect();
        self.resized("interpolate_by", &size, Some(&factor), how)
    }

    #[track_caller]
    fn resized(
        self,
        name: &'static str,
        size: &[usize],
        factor: Option<&[f64]>,
        how: Interpolation,
    ) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        let Some(first) = shape.rank().checked_sub(size.len()) else {
            return self.tape().fail(name, format!("takes {} axes or more", size.len()), &[self]);
        };
        if shape[first..].contains(&0) || size.iter().any(|size| !(1..=1 << 30).contains(size)) {
            return self.tape().fail(name, format!("can't be resized to {size:?}"), &[self]);
        }
        let nearest = matches!(how, Interpolation::Nearest | Interpolation::NearestExact);
        if !nearest && !self.dtype().is_float() {
            return self.tape().fail(name, format!("not defined for {}", self.dtype()), &[self]);
        }
        let mut y = self;
        for (i, &size) in size.iter().enumerate() {
            let axis = first + i;
            let factor = factor.map(|factor| factor[i]);
            let stays = matches!(how, Interpolation::Nearest | Interpolation::Linear { .. });
            if size == shape[axis] && (stays || factor.is_none_or(|factor| factor == 1.0)) {
                continue;
            }
            let mut sum: Option<Var<'t>> = None;
            for term in how.terms(shape[axis], size, factor) {
                if term.iter().all(|(_, weight)| *weight == 0.0) {
                    continue;
                }
                let indices: Vec<usize> = term.iter().map(|(index, _)| *index).collect();
                let mut part = y.picked(axis, &indices);
                if term.iter().any(|(_, weight)| *weight != 1.0) {
                    let weights = term.iter().map(|(_, weight)| *weight).collect();
                    part = part * self.tape().along(weights, self.dtype(), shape.rank() - 1 - axis);
                }
                sum = Some(match sum {
                    Some(sum) => sum + part,
                    None => part,
                });
            }
            y = sum.unwrap_or(y);
        }
        y
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "interpolate",
        inputs: || vec![numbers(12, &[1, 1, 3, 4])],
        apply: |x| x[0].interpolate([6, 3], Interpolation::Linear { align_corners: false }).square(),
    },
    Sample {
        name: "interpolate_nearest",
        inputs: || vec![numbers(10, &[2, 5])],
        apply: |x| x[0].interpolate([7], Interpolation::Nearest).square(),
    },
    Sample {
        name: "interpolate_corners",
        inputs: || vec![numbers(10, &[2, 5])],
        apply: |x| x[0].interpolate([3, 4], Interpolation::Linear { align_corners: true }).square(),
    },
    Sample {
        name: "interpolate_by",
        inputs: || vec![numbers(8, &[2, 4])],
        apply: |x| x[0].interpolate_by([1.6], Interpolation::Cubic { align_corners: false }).square(),
    },
    Sample {
        name: "interpolate_by_3d",
        inputs: || vec![numbers(8, &[2, 2, 2])],
        apply: |x| x[0].interpolate_by([2.0, 1.0, 1.5], Interpolation::Linear { align_corners: false }),
    },
];
