//! Pooling: the largest or the mean of each window.

use super::movement::Same;
use super::windows::Windows;
use super::{Sample, convolution::numbers};
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Var};
use smallvec::SmallVec;
use std::sync::Arc;

/// The first input, which is the largest of the others at each place. Its derivative goes to those that equal it, split
/// evenly.
#[derive(Debug)]
struct Largest;

impl Largest {
    /// For each of the others 1 where it is the largest, and how many are.
    fn winners<'t>(at: &Rule<'_, 't>) -> (Vec<Var<'t>>, Option<Var<'t>>) {
        let winners: Vec<Var<'t>> = at.x[1..].iter().map(|x| x.eq(at.x[0]).cast(x.dtype())).collect();
        let count = winners.iter().copied().reduce(|sum, winner| sum + winner);
        (winners, count)
    }
}

impl Op for Largest {
    fn name(&self) -> &'static str {
        "largest"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, _: &mut Key) {}

    fn lower(&self) -> Lower {
        Lower::View(Arc::new(Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let (winners, count) = Largest::winners(at);
        // Divided once, for all of them.
        let share = count.map(|count| g / count);
        at.gradients(|i| Some(share? * *winners.get(i.checked_sub(1)?)?))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let (winners, count) = Largest::winners(at);
        let terms = winners.into_iter().zip(&dx[1..]).filter_map(|(winner, dx)| Some(winner * (*dx)?));
        Some(terms.reduce(|sum, term| sum + term)? / count?)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

/// How the windows of a pooling lie: lengths along the spatial axes. A number alone is the window and the stride of all axes.
///
/// ```
/// use chainrule_tape::Pool;
/// let halves: Pool = 2.into();
/// assert_eq!(halves, Pool { window: [2, 2], stride: [2, 2], padding: [0, 0] });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Pool<const N: usize = 2> {
    /// Lengths of a window.
    pub window: [usize; N],
    /// Distance from one window to the next.
    pub stride: [usize; N],
    /// Elements added on both sides: -∞ for the largest, 0 for the mean.
    pub padding: [usize; N],
}

impl<const N: usize> From<usize> for Pool<N> {
    fn from(window: usize) -> Pool<N> {
        Pool { window: [window; N], stride: [window; N], padding: [0; N] }
    }
}

impl<'t> Var<'t> {
    /// The largest element of each window of images `[n, c, h, w]`: `[n, c, h', w']`, where
    /// `h' = ⌊(h + 2·padding - window) / stride⌋ + 1`. NaN if a window has one. The derivative goes to the largest; equal
    /// ones share it evenly. (PyTorch gives it to the first.)
    ///
    /// ```
    /// use chainrule_tape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![1.0, 5.0, 3.0, 2.0], [1, 1, 2, 2])?);
    /// let y = x.max_pool2d(2);
    /// assert_eq!((y.item()?, tape.grad(y.sum(..), x).value()?.to_f64()), (5.0, vec![0.0, 1.0, 0.0, 0.0]));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn max_pool2d(self, pool: impl Into<Pool<2>>) -> Var<'t> {
        self.max_pool("max_pool2d", pool.into())
    }

    /// The largest element of each window of sequences `[n, c, l]`; see [`max_pool2d`](Var::max_pool2d).
    #[track_caller]
    pub fn max_pool1d(self, pool: impl Into<Pool<1>>) -> Var<'t> {
        self.max_pool("max_pool1d", pool.into())
    }

    /// The mean of each window of images `[n, c, h, w]`, with the zeros of the padding counted: `[n, c, h', w']` as of
    /// [`max_pool2d`](Var::max_pool2d). The derivative is spread evenly.
    #[track_caller]
    pub fn avg_pool2d(self, pool: impl Into<Pool<2>>) -> Var<'t> {
        self.avg_pool("avg_pool2d", pool.into())
    }

    /// The mean of each window of sequences `[n, c, l]`; see [`avg_pool2d`](Var::avg_pool2d).
    #[track_caller]
    pub fn avg_pool1d(self, pool: impl Into<Pool<1>>) -> Var<'t> {
        self.avg_pool("avg_pool1d", pool.into())
    }

    #[track_caller]
    fn max_pool<const N: usize>(self, name: &'static str, pool: Pool<N>) -> Var<'t> {
        let Some(mut x) = self.channels_last(name, pool) else { return self.tape.poison() };
        if pool.padding.iter().any(|&padding| padding > 0) {
            let inside = self.tape.full(x.shape(), 1.0, crate::DType::Bool);
            x = inside.padded(pool).select(x.padded(pool), f64::NEG_INFINITY);
        }
        let elements = x.of_windows(pool);
        let mut largest: Vec<Var<'t>> = elements.iter().map(|x| x.detach()).collect();
        // Two by two: a tree is as deep as it has to be.
        while largest.len() > 1 {
            largest = largest
                .chunks(2)
                .map(|pair| pair.iter().copied().reduce(Var::maximum).unwrap_or(pair[0]))
                .collect();
        }
        largest.extend(elements);
        self.tape.op(Largest, &largest).channels_first(N)
    }

    #[track_caller]
    fn avg_pool<const N: usize>(self, name: &'static str, pool: Pool<N>) -> Var<'t> {
        let Some(x) = self.channels_last(name, pool) else { return self.tape.poison() };
        let count: usize = pool.window.iter().product();
        let sum = x.padded(pool).of_windows(pool).into_iter().reduce(|sum, x| sum + x);
        sum.map_or(x, |sum| sum * (1.0 / count as f64)).channels_first(N)
    }

    /// With the channels last, if windows fit; else the mistake is noted.
    #[track_caller]
    fn channels_last<const N: usize>(self, name: &'static str, pool: Pool<N>) -> Option<Var<'t>> {
        let shape = self.shape();
        if self.is_poisoned() {
            return None;
        }
        let problem = if shape.rank() != N + 2 {
            Some(format!("takes an input with {} axes", N + 2))
        } else if !self.dtype().is_float() {
            Some(format!("not defined for {}", self.dtype()))
        } else if pool.window.contains(&0) || pool.stride.contains(&0) {
            Some("window and stride are at least 1".into())
        } else {
            (0..N).find_map(|axis| {
                let (length, window, padding) = (shape[axis + 2], pool.window[axis], pool.padding[axis]);
                if padding > window / 2 {
                    Some(format!("a padding of {padding} is more than half a window of {window}"))
                } else if length + 2 * padding < window {
                    Some(format!("a window of {window} does not fit in {length} elements"))
                } else {
                    None
                }
            })
        };
        if let Some(what) = problem {
            self.tape.fail(name, what, &[self]);
            return None;
        }
        let order: SmallVec<[usize; 5]> = [0].into_iter().chain(2..N + 2).chain([1]).collect();
        Some(self.permute(&order))
    }

    #[track_caller]
    fn channels_first(self, spatial: usize) -> Var<'t> {
        let order: SmallVec<[usize; 5]> = [0, spatial + 1].into_iter().chain(1..spatial + 1).collect();
        self.permute(&order)
    }

    #[track_caller]
    fn padded<const N: usize>(self, pool: Pool<N>) -> Var<'t> {
        (0..N).fold(self, |x, axis| x.pad(axis as isize + 1, pool.padding[axis], pool.padding[axis]))
    }

    /// For each place of a window, the elements that all windows have there.
    #[track_caller]
    fn of_windows<const N: usize>(self, pool: Pool<N>) -> Vec<Var<'t>> {
        let windows = Windows { stride: pool.stride[..].into(), dilation: SmallVec::from_elem(1, N) };
        windows.taps(self, &pool.window)
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "max_pool",
        inputs: || vec![numbers(48, &[1, 2, 4, 6])],
        apply: |x| x[0].max_pool2d(2).square(),
    },
    Sample {
        name: "max_pool_overlapping",
        inputs: || vec![numbers(35, &[1, 1, 5, 7])],
        apply: |x| x[0].max_pool2d(Pool { window: [3, 2], stride: [2, 1], padding: [1, 0] }),
    },
    Sample {
        name: "avg_pool",
        inputs: || vec![numbers(14, &[2, 1, 7])],
        apply: |x| x[0].avg_pool1d(Pool { window: [3], stride: [2], padding: [1] }).square(),
    },
];
