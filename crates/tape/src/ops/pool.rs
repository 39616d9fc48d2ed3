//! Pooling: the largest or the mean of each window.

use super::Sample;
use super::convolution::{channels_first, channels_last, numbers};
use super::largest::largest;
use super::windows::{MOST_TAPS, Windows};
use crate::{DType, Meta, Shape, Tensor, Var};
use smallvec::SmallVec;

/// How the windows of a pooling lie: lengths along the spatial axes. A number alone is the window and the stride of all axes, an
/// array those of each.
///
/// ```
/// use chainrule_tape::Pool;
/// let halves: Pool = 2.into();
/// assert_eq!(halves, Pool { window: [2, 2], stride: [2, 2], ..Pool::default() });
/// let overlapping = Pool { stride: [1, 1], padding: [1, 1], ..Pool::from(3) };
/// assert_eq!((overlapping.window, overlapping.dilation), ([3, 3], [1, 1]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Pool<const N: usize = 2> {
    /// Lengths of a window.
    pub window: [usize; N],
    /// Distance from one window to the next.
    pub stride: [usize; N],
    /// Elements added on both sides: -∞ for the largest, 0 for the mean. At most half of what a window reaches over.
    pub padding: [usize; N],
    /// Distance of a window's elements. (PyTorch has it for the largest only.)
    pub dilation: [usize; N],
    /// Whether a last window that reaches beyond the padding counts too, as long as it begins before it. What lies beyond does
    /// not count for a mean.
    pub ceil_mode: bool,
    /// Whether a mean counts the zeros of the padding.
    pub count_include_pad: bool,
}

impl<const N: usize> Default for Pool<N> {
    fn default() -> Pool<N> {
        Pool::from(1)
    }
}

impl<const N: usize> From<usize> for Pool<N> {
    fn from(window: usize) -> Pool<N> {
        Pool::from([window; N])
    }
}

impl<const N: usize> From<[usize; N]> for Pool<N> {
    fn from(window: [usize; N]) -> Pool<N> {
        Pool {
            window,
            stride: window,
            padding: [0; N],
            dilation: [1; N],
            ceil_mode: false,
            count_include_pad: true,
        }
    }
}

impl<const N: usize> Pool<N> {
    /// The number of windows along each axis of an input `[n, c, spatial…]`, or what is wrong.
    fn positions(&self, x: &Meta) -> Result<[usize; N], String> {
        if x.shape.rank() != N + 2 {
            return Err(format!("takes an input with {} axes, or {} without a batch", N + 2, N + 1));
        }
        if !x.dtype.is_float() {
            return Err(format!("not defined for {}", x.dtype));
        }
        if self.window.contains(&0) || self.stride.contains(&0) || self.dilation.contains(&0) {
            return Err("window, stride and dilation are at least 1".into());
        }
        let mut positions = [0; N];
        for (axis, positions) in positions.iter_mut().enumerate() {
            let (length, window, padding) = (x.shape[axis + 2], self.window[axis], self.padding[axis]);
            let reach = (window - 1).saturating_mul(self.dilation[axis]).saturating_add(1);
            if reach > 1 << 48 || self.stride[axis] > 1 << 48 {
                return Err(format!("a window of {reach} with a stride of {} is too large", self.stride[axis]));
            }
            if padding > reach / 2 {
                return Err(format!("a padding of {padding} is more than half a window of {reach}"));
            }
            let (around, stride) = (length.saturating_add(2 * padding), self.stride[axis]);
            // With `ceil_mode` a window may reach beyond the end, by less than the stride.
            let more = if self.ceil_mode { stride - 1 } else { 0 };
            let rest = around.saturating_add(more).checked_sub(reach).filter(|_| length > 0);
            let Some(rest) = rest else {
                return Err(format!("a window of {reach} does not fit in {length} elements"));
            };
            *positions = rest / stride + 1;
            if self.ceil_mode && (*positions - 1) * stride >= length + padding {
                // The last one would begin in the padding.
                *positions -= 1;
            }
        }
        if self.places() > MOST_TAPS && !self.is_blocks(&x.shape, &positions) {
            return Err(format!("a window of {} elements is too large", self.places()));
        }
        Ok(positions)
    }

    /// The number of a window's elements.
    fn places(&self) -> usize {
        self.window.iter().fold(1, |places: usize, &length| places.saturating_mul(length))
    }

    /// Whether windows lie side by side, and are too large to be looked at element by element.
    fn is_blocks(&self, x: &Shape, positions: &[usize; N]) -> bool {
        let inside = |axis: usize| positions[axis] * self.stride[axis] <= x[axis + 2];
        self.places() > 32
            && self.stride == self.window
            && self.padding == [0; N]
            && self.dilation == [1; N]
            && (0..N).all(inside)
    }

    /// How many elements of each window along an axis a mean counts.
    fn counts(&self, axis: usize, length: usize, positions: usize) -> Vec<usize> {
        let padding = self.padding[axis];
        let counted =
            if self.count_include_pad { 0..length + 2 * padding } else { padding..padding + length };
        let of = |at: usize| {
            let places = (0..self.window[axis]).map(|k| at * self.stride[axis] + k * self.dilation[axis]);
            places.filter(|place| counted.contains(place)).count()
        };
        (0..positions).map(of).collect()
    }
}

impl<'t> Var<'t> {
    /// The largest element of each window of images `[n, c, h, w]`: `[n, c, h', w']`, where
    /// `h' = ⌊(h + 2·padding - dilation·(window - 1) - 1) / stride⌋ + 1` (rounded up with `ceil_mode`, unless the last window
    /// began in the padding). One image `[c, h, w]` gives `[c, h', w']`. NaN if a window has one. The derivative goes to the
    /// largest; equal ones share it evenly. (PyTorch gives it to the first.)
    ///
    /// A mistake if a window does not fit, or if the padding is more than half of it.
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
        self.pool("max_pool2d", pool.into(), true)
    }

    /// The largest element of each window of sequences `[n, c, l]` or `[c, l]`; see [`max_pool2d`](Var::max_pool2d).
    #[track_caller]
    pub fn max_pool1d(self, pool: impl Into<Pool<1>>) -> Var<'t> {
        self.pool("max_pool1d", pool.into(), true)
    }

    /// The largest element of each window of volumes `[n, c, d, h, w]` or `[c, d, h, w]`; see
    /// [`max_pool2d`](Var::max_pool2d).
    #[track_caller]
    pub fn max_pool3d(self, pool: impl Into<Pool<3>>) -> Var<'t> {
        self.pool("max_pool3d", pool.into(), true)
    }

    /// The mean of each window of images `[n, c, h, w]` or `[c, h, w]`, with shapes as of [`max_pool2d`](Var::max_pool2d). The
    /// zeros of the padding count, unless `count_include_pad` is false. The derivative is spread evenly.
    ///
    /// ```
    /// use chainrule_tape::{Pool, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![2.0, 4.0, 6.0], [1, 1, 3])?);
    /// let pool = Pool { padding: [1], ..Pool::from(2) };
    /// assert_eq!(x.avg_pool1d(pool).value()?.to_f64(), [1.0, 5.0]);
    /// let pool = Pool { count_include_pad: false, ..pool };
    /// assert_eq!(x.avg_pool1d(pool).value()?.to_f64(), [2.0, 5.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn avg_pool2d(self, pool: impl Into<Pool<2>>) -> Var<'t> {
        self.pool("avg_pool2d", pool.into(), false)
    }

    /// The mean of each window of sequences `[n, c, l]` or `[c, l]`; see [`avg_pool2d`](Var::avg_pool2d).
    #[track_caller]
    pub fn avg_pool1d(self, pool: impl Into<Pool<1>>) -> Var<'t> {
        self.pool("avg_pool1d", pool.into(), false)
    }

    /// The mean of each window of volumes `[n, c, d, h, w]` or `[c, d, h, w]`; see [`avg_pool2d`](Var::avg_pool2d).
    #[track_caller]
    pub fn avg_pool3d(self, pool: impl Into<Pool<3>>) -> Var<'t> {
        self.pool("avg_pool3d", pool.into(), false)
    }

    #[track_caller]
    fn pool<const N: usize>(self, name: &'static str, pool: Pool<N>, most: bool) -> Var<'t> {
        let _op = self.tape.within(name, &[self]);
        if self.is_poisoned() {
            return self;
        }
        if self.rank() == N + 1 {
            // Without a batch.
            let y = self.unsqueeze(0).pool(name, pool, most);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        let shape = self.shape();
        let positions = match pool.positions(&self.meta()) {
            Ok(positions) => positions,
            Err(what) => return self.tape.fail(name, what, &[self]),
        };
        if pool.is_blocks(&shape, &positions) {
            let mut x = self;
            for (axis, (&positions, window)) in positions.iter().zip(pool.window).enumerate() {
                x = x.slice(axis as isize + 2, ..positions * window);
            }
            let (x, axes) = x.blocks(&positions);
            return if most { x.max(axes.as_slice()) } else { x.mean(axes.as_slice()) };
        }
        let mut x = self.permute(&channels_last(N));
        let around = x.padded(pool, &positions);
        if most && !around.has_shape(&x.shape()) {
            let inside = self.tape.full(x.shape(), 1.0, DType::Bool).padded(pool, &positions);
            x = inside.select(around, f64::NEG_INFINITY);
        } else {
            x = around;
        }
        let windows = Windows { stride: pool.stride[..].into(), dilation: pool.dilation[..].into() };
        let elements = windows.taps(x, &pool.window);
        let y = if most { largest(&elements) } else { x.mean_of(&elements, pool, &shape, &positions) };
        y.permute(&channels_first(N))
    }

    /// The mean of elements of a pooling's windows.
    #[track_caller]
    fn mean_of<const N: usize>(
        self,
        elements: &[Var<'t>],
        pool: Pool<N>,
        x: &Shape,
        positions: &[usize; N],
    ) -> Var<'t> {
        let mut sum = elements[0];
        for x in &elements[1..] {
            sum = sum + *x;
        }
        let mut all = 1.0;
        for axis in 0..N {
            let counts = pool.counts(axis, x[axis + 2], positions[axis]);
            match counts.iter().all(|count| *count == counts[0]) {
                true => all *= counts[0].max(1) as f64,
                false => {
                    let share = counts.iter().map(|&count| 1.0 / count.max(1) as f64).collect();
                    sum = sum * self.tape.along(share, self.dtype(), N - axis);
                }
            }
        }
        sum * (1.0 / all)
    }

    /// With as many elements before and after as the windows reach over.
    #[track_caller]
    fn padded<const N: usize>(self, pool: Pool<N>, positions: &[usize; N]) -> Var<'t> {
        let (mut x, shape) = (self, self.shape());
        for axis in 0..N {
            let end =
                (positions[axis] - 1) * pool.stride[axis] + (pool.window[axis] - 1) * pool.dilation[axis] + 1;
            let have = shape[axis + 1] + pool.padding[axis];
            x = x.pad(axis as isize + 1, pool.padding[axis], end.saturating_sub(have));
        }
        x
    }

    /// Each spatial axis of `[n, c, spatial…]` cut in so many parts, `[n, c, parts, length of a part, …]`, and the axes along the
    /// parts.
    #[track_caller]
    pub(crate) fn blocks(self, parts: &[usize]) -> (Var<'t>, SmallVec<[isize; 3]>) {
        let x = self.shape();
        let cut = parts.iter().zip(&x[2..]).flat_map(|(&parts, &length)| [parts, length / parts]);
        let shape: Shape = x[..2].iter().copied().chain(cut).collect();
        (self.reshape(shape), (0..parts.len() as isize).map(|axis| 2 * axis + 3).collect())
    }
}

impl crate::Tape {
    /// Numbers along an axis, with `after` axes of length 1 behind it.
    #[track_caller]
    pub(crate) fn along(&self, numbers: Vec<f64>, dtype: DType, after: usize) -> Var<'_> {
        let shape: Shape = std::iter::once(numbers.len()).chain(std::iter::repeat_n(1, after)).collect();
        let numbers = match dtype {
            DType::F32 => Tensor::from(numbers.iter().map(|&x| x as f32).collect::<Vec<f32>>()),
            _ => Tensor::from(numbers),
        };
        self.var(numbers).reshape(shape)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "max_pool2d",
        inputs: || vec![numbers(48, &[1, 2, 4, 6])],
        apply: |x| x[0].max_pool2d(2).square(),
    },
    Sample {
        name: "max_pool2d_overlapping",
        inputs: || vec![numbers(35, &[1, 1, 5, 7])],
        apply: |x| {
            x[0].max_pool2d(Pool { window: [3, 2], stride: [2, 1], padding: [1, 0], ..Pool::default() })
        },
    },
    Sample {
        name: "max_pool1d",
        inputs: || vec![numbers(16, &[2, 8])],
        apply: |x| {
            let pool = Pool { window: [3], stride: [2], dilation: [2], ceil_mode: true, ..Pool::default() };
            x[0].max_pool1d(pool).square()
        },
    },
    Sample {
        name: "max_pool3d",
        inputs: || vec![numbers(48, &[1, 1, 4, 4, 3])],
        apply: |x| x[0].max_pool3d(Pool { stride: [2, 2, 1], ..Pool::from(2) }).square(),
    },
    Sample {
        name: "avg_pool1d",
        inputs: || vec![numbers(14, &[2, 1, 7])],
        apply: |x| {
            x[0].avg_pool1d(Pool { window: [3], stride: [2], padding: [1], ..Pool::default() }).square()
        },
    },
    Sample {
        name: "avg_pool2d",
        inputs: || vec![numbers(30, &[1, 1, 5, 6])],
        apply: |x| {
            let pool = Pool { stride: [2, 2], padding: [1, 1], ceil_mode: true, ..Pool::from(3) };
            x[0].avg_pool2d(Pool { count_include_pad: false, ..pool }).square()
        },
    },
    Sample {
        name: "avg_pool2d_blocks",
        inputs: || vec![numbers(42, &[1, 1, 6, 7])],
        apply: |x| x[0].avg_pool2d([6, 6]).square() + x[0].max_pool2d([6, 6]),
    },
    Sample {
        name: "avg_pool3d",
        inputs: || vec![numbers(24, &[1, 1, 4, 3, 2])],
        apply: |x| x[0].avg_pool3d(Pool { stride: [2, 1, 1], ..Pool::from(2) }).square(),
    },
];
