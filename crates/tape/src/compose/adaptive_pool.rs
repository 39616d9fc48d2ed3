//! Pooling to an output of a given size.

use crate::ops::{Sample, numbers};
use crate::{Meta, Shape, Tensor, Var};

/// From where to where each window of an axis reaches: `⌊i·length / size⌋..⌈(i + 1)·length / size⌉`.
fn windows(length: usize, size: usize) -> Vec<std::ops::Range<usize>> {
    (0..size).map(|i| i * length / size..((i + 1) * length).div_ceil(size)).collect()
}

fn check<const N: usize>(x: &Meta, size: &[usize; N]) -> Result<(), String> {
    if x.shape.rank() != N + 2 {
        return Err(format!("takes an input with {} axes, or {} without a batch", N + 2, N + 1));
    }
    if !x.dtype.is_float() {
        return Err(format!("not defined for {}", x.dtype));
    }
    if size.contains(&0) || size.iter().any(|&size| size > 1 << 30) {
        return Err(format!("an output of size {size:?}"));
    }
    if x.shape[2..].contains(&0) {
        return Err("an empty axis has no windows".into());
    }
    Ok(())
}

impl<'t> Var<'t> {
    /// The mean of each of `h'·w'` windows that cover images `[n, c, h, w]` evenly: `[n, c, h', w']`. Along an axis window `i`
    /// is `⌊i·h / h'⌋..⌈(i + 1)·h / h'⌉`; where `h'` does not divide `h`, neighbours overlap. One image `[c, h, w]` gives
    /// `[c, h', w']`. The derivative is spread evenly over each window. (PyTorch's `interpolate` with `mode="area"` is this.)
    ///
    /// A mistake if a size is 0, or an axis of the input is empty.
    ///
    /// ```
    /// use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0, 4.0, 5.0]]);
    /// assert_eq!(x.adaptive_avg_pool1d([2]).value()?.to_f64(), [2.0, 4.0]);
    /// assert_eq!(x.adaptive_avg_pool1d([1]).value()?.to_f64(), [3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn adaptive_avg_pool2d(self, size: [usize; 2]) -> Var<'t> {
        self.adaptive_pool("adaptive_avg_pool2d", size, false)
    }

    /// The mean of each of `l'` windows that cover sequences `[n, c, l]` or `[c, l]`; see
    /// [`adaptive_avg_pool2d`](Var::adaptive_avg_pool2d).
    #[track_caller]
    pub fn adaptive_avg_pool1d(self, size: [usize; 1]) -> Var<'t> {
        self.adaptive_pool("adaptive_avg_pool1d", size, false)
    }

    /// The mean of each of `d'·h'·w'` windows that cover volumes `[n, c, d, h, w]` or `[c, d, h, w]`; see
    /// [`adaptive_avg_pool2d`](Var::adaptive_avg_pool2d).
    #[track_caller]
    pub fn adaptive_avg_pool3d(self, size: [usize; 3]) -> Var<'t> {
        self.adaptive_pool("adaptive_avg_pool3d", size, false)
    }

    /// The largest element of each window, which lie as those of [`adaptive_avg_pool2d`](Var::adaptive_avg_pool2d). NaN if a
    /// window has one. The derivative goes to the largest; equal ones share it evenly. (PyTorch gives it to the first.)
    #[track_caller]
    pub fn adaptive_max_pool2d(self, size: [usize; 2]) -> Var<'t> {
        self.adaptive_pool("adaptive_max_pool2d", size, true)
    }

    /// The largest element of each window of sequences; see [`adaptive_max_pool2d`](Var::adaptive_max_pool2d).
    #[track_caller]
    pub fn adaptive_max_pool1d(self, size: [usize; 1]) -> Var<'t> {
        self.adaptive_pool("adaptive_max_pool1d", size, true)
    }

    /// The largest element of each window of volumes; see [`adaptive_max_pool2d`](Var::adaptive_max_pool2d).
    #[track_caller]
    pub fn adaptive_max_pool3d(self, size: [usize; 3]) -> Var<'t> {
        self.adaptive_pool("adaptive_max_pool3d", size, true)
    }

    #[track_caller]
    fn adaptive_pool<const N: usize>(self, name: &'static str, size: [usize; N], largest: bool) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        if self.is_poisoned() {
            return self;
        }
        if self.rank() == N + 1 {
            // Without a batch.
            let y = self.unsqueeze(0).adaptive_pool(name, size, largest);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        if let Err(what) = check(&self.meta(), &size) {
            return self.tape().fail(name, what, &[self]);
        }
        // Windows of different lengths are all made as long as the longest; what is too much does not count.
        let (mut x, mut uneven) = (self, Vec::new());
        for (axis, (&length, &size)) in self.shape()[2..].iter().zip(&size).enumerate() {
            if length % size > 0 {
                let windows = windows(length, size);
                let longest = windows.iter().map(|window| window.len()).max().unwrap_or(1);
                let places = windows.iter().flat_map(|window| {
                    let (start, last) = (window.start, window.len() - 1);
                    (0..longest).map(move |at| start + at.min(last))
                });
                x = x.picked(axis + 2, &places.collect::<Vec<usize>>());
                uneven.push((axis, windows, longest));
            }
        }
        let (mut x, axes) = x.blocks(&size);
        let shape = x.shape();
        let mut share = 1.0;
        for (axis, size) in size.iter().enumerate() {
            if uneven.iter().all(|(other, ..)| *other != axis) {
                share *= *size as f64 / self.shape()[axis + 2] as f64;
            }
        }
        for (axis, windows, longest) in &uneven {
            let counts = windows.iter().flat_map(|window| (0..*longest).map(|at| at < window.len()));
            let columns =
                [windows.len(), *longest].into_iter().chain(std::iter::repeat_n(1, 2 * (N - 1 - axis)));
            let counts = self
                .tape()
                .var(Tensor::from(counts.collect::<Vec<bool>>()))
                .reshape(columns.collect::<Shape>());
            x = counts.expand(&shape).select(x, if largest { f64::NEG_INFINITY } else { 0.0 });
        }
        if largest {
            return x.max(axes.as_slice());
        }
        let mut y = x.sum(axes.as_slice());
        for (axis, windows, _) in &uneven {
            let shares = windows.iter().map(|window| 1.0 / window.len() as f64).collect();
            y = y * self.tape().along(shares, y.dtype(), N - 1 - axis);
        }
        y * share
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "adaptive_avg_pool1d",
        inputs: || vec![numbers(14, &[2, 7])],
        apply: |x| x[0].adaptive_avg_pool1d([3]).square(),
    },
    Sample {
        name: "adaptive_avg_pool2d",
        inputs: || vec![numbers(40, &[1, 2, 4, 5])],
        apply: |x| x[0].adaptive_avg_pool2d([2, 2]).square(),
    },
    Sample {
        name: "adaptive_avg_pool3d",
        inputs: || vec![numbers(24, &[1, 1, 2, 3, 4])],
        apply: |x| x[0].adaptive_avg_pool3d([1, 2, 2]).square(),
    },
    Sample {
        name: "adaptive_max_pool1d",
        inputs: || vec![numbers(14, &[2, 7])],
        apply: |x| x[0].adaptive_max_pool1d([4]).square(),
    },
    Sample {
        name: "adaptive_max_pool2d",
        inputs: || vec![numbers(40, &[1, 2, 4, 5])],
        apply: |x| x[0].adaptive_max_pool2d([2, 3]).square(),
    },
    Sample {
        name: "adaptive_max_pool3d",
        inputs: || vec![numbers(24, &[1, 1, 2, 3, 4])],
        apply: |x| x[0].adaptive_max_pool3d([2, 2, 1]).square(),
    },
];
