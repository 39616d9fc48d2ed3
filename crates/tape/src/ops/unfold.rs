//! Windows of images as columns, and back.

use super::convolution::{channels_last, numbers};
use super::windows::MOST_TAPS;
use super::{Conv, Sample};
use crate::{Meta, Shape, Var};
use smallvec::SmallVec;

/// The numbers of windows along the axes, or what is wrong.
fn positions(conv: &Conv<2>, window: [usize; 2], size: [usize; 2]) -> Result<SmallVec<[usize; 3]>, String> {
    if conv.groups != 1 {
        return Err("there are no groups".into());
    }
    if conv.stride.contains(&0) || conv.dilation.contains(&0) {
        return Err("stride and dilation are at least 1".into());
    }
    if let Some(length) = conv.padding.iter().chain(&size).find(|&&length| length > 1 << 48) {
        return Err(format!("a size or padding of {length} is too large"));
    }
    let places = window[0].saturating_mul(window[1]);
    if places > MOST_TAPS {
        return Err(format!("a window of {places} elements is too large"));
    }
    let padded = |axis: usize| size[axis].saturating_add(conv.padding[axis].saturating_mul(2));
    conv.windows().positions(&Shape::from([1, padded(0), padded(1), 1]), &window)
}

fn check(x: &Meta, rank: usize) -> Result<(), String> {
    if x.shape.rank() == rank {
        Ok(())
    } else {
        Err(format!("takes {rank} axes, or {} without a batch", rank - 1))
    }
}

impl<'t> Var<'t> {
    /// The windows of images `[n, c, h, w]` as columns: `[n, c·kh·kw, windows]`, PyTorch's `unfold` (MATLAB's `im2col`). Row
    /// `(c·kh + a)·kw + b` has the elements that windows have at `(a, b)` of channel `c`; windows are in row-major order. Weights
    /// `[o, c·kh·kw]` times it are a convolution. One image `[c, h, w]` gives `[c·kh·kw, windows]`. The gradient of an element is
    /// the sum over the windows that hold it, see [`fold2d`](Var::fold2d).
    ///
    /// A mistake if a window does not fit, or if there are groups.
    ///
    /// ```
    /// use chainrule_tape::{Conv, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![1.0, 2.0, 3.0], [1, 1, 3])?);
    /// let columns = x.unfold2d([1, 2], Conv::default());
    /// assert_eq!(columns.shape().dims(), [2, 2]);
    /// assert_eq!(columns.value()?.to_f64(), [1.0, 2.0, 2.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn unfold2d(self, window: [usize; 2], conv: Conv<2>) -> Var<'t> {
        let _op = self.tape.within("unfold2d", &[self]);
        if self.is_poisoned() {
            return self;
        }
        if self.rank() == 3 {
            let y = self.unsqueeze(0).unfold2d(window, conv);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        let shape = self.shape();
        let found = check(&self.meta(), 4).and_then(|()| positions(&conv, window, [shape[2], shape[3]]));
        let positions = match found {
            Ok(positions) => positions,
            Err(what) => return self.tape.fail("unfold2d", what, &[self]),
        };
        let mut x = self.permute(&channels_last(2));
        for (axis, zeros) in conv.padding.into_iter().enumerate() {
            x = x.pad(axis as isize + 1, zeros, zeros);
        }
        // `[n, rows, columns, c, place in the window]`.
        let places = self.tape.stack(&conv.windows().taps(x, &window), -1);
        let rows = Shape::from([shape[1], window[0], window[1]]).numel();
        let columns = Shape::from(&*positions).numel();
        places.permute(&[0, 3, 4, 1, 2]).reshape([shape[0], rows, columns])
    }

    /// Images of this size from the columns of their windows, `[n, c·kh·kw, windows] → [n, c, h, w]`: each element is the sum of
    /// what the windows have in its place. PyTorch's `fold`; the transpose of [`unfold2d`](Var::unfold2d), and its derivative.
    ///
    /// A mistake if there are not as many windows as such an image has, or if a column is not one of windows.
    ///
    /// ```
    /// use chainrule_tape::{Conv, Tape};
    /// let tape = Tape::new();
    /// let columns = tape.var([[1.0, 2.0], [2.0, 3.0]]);
    /// assert_eq!(columns.fold2d([1, 3], [1, 2], Conv::default()).value()?.to_f64(), [1.0, 4.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn fold2d(self, size: [usize; 2], window: [usize; 2], conv: Conv<2>) -> Var<'t> {
        let _op = self.tape.within("fold2d", &[self]);
        if self.is_poisoned() {
            return self;
        }
        if self.rank() == 2 {
            let y = self.unsqueeze(0).fold2d(size, window, conv);
            return if y.is_poisoned() { y } else { y.squeeze(0) };
        }
        let found = check(&self.meta(), 3).and_then(|()| positions(&conv, window, size));
        let positions = match found {
            Ok(positions) => positions,
            Err(what) => return self.tape.fail("fold2d", what, &[self]),
        };
        let (shape, (rows, columns)) = (self.shape(), (positions[0], positions[1]));
        let places = window[0] * window[1];
        let windows = rows.saturating_mul(columns);
        if shape[1] % places > 0 || shape[2] != windows {
            let what = format!("takes columns of c·{places} elements for {windows} windows");
            return self.tape.fail("fold2d", what, &[self]);
        }
        let x = self.reshape([shape[0], shape[1] / places, places, rows, columns]);
        let mut sum: Option<Var<'t>> = None;
        for place in 0..places {
            let mut part = x.slice(2, place..place + 1).squeeze(2);
            for (axis, at) in [place / window[1], place % window[1]].into_iter().enumerate() {
                let start = at * conv.dilation[axis];
                let end = start + (positions[axis] - 1) * conv.stride[axis] + 1;
                let after = size[axis] + 2 * conv.padding[axis] - end;
                part = part.pad_step(axis as isize + 2, start, after, conv.stride[axis]);
            }
            sum = Some(match sum {
                Some(sum) => sum + part,
                None => part,
            });
        }
        let mut y = sum.unwrap_or(self);
        for (axis, padding) in conv.padding.into_iter().enumerate() {
            y = y.slice(axis as isize + 2, padding..padding + size[axis]);
        }
        y
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "unfold2d",
        inputs: || vec![numbers(24, &[1, 2, 4, 3])],
        apply: |x| {
            x[0].unfold2d([2, 3], Conv { stride: [2, 1], padding: [1, 0], ..Conv::default() }).square()
        },
    },
    Sample {
        name: "fold2d",
        inputs: || vec![numbers(24, &[4, 6])],
        apply: |x| x[0].fold2d([3, 4], [2, 2], Conv::default()).square(),
    },
];
