//! Channels to places, and back.

use crate::ops::{Sample, numbers};
use crate::{Shape, Var};

impl<'t> Var<'t> {
    /// Channels laid out as blocks of `r·r` elements: `[…, c·r², h, w] → […, c, h·r, w·r]`, with
    /// `y[c, i·r + a, j·r + b] = x[c·r² + a·r + b, i, j]`. The gradient goes back to where the elements came from.
    ///
    /// A mistake if `r²` does not divide the channels.
    ///
    /// Source: Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural
    /// network", CVPR 2016.
    ///
    /// ```
    /// use chainrule_tape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.var(Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [4, 1, 2])?);
    /// let y = x.pixel_shuffle(2);
    /// assert_eq!(y.shape().dims(), [1, 2, 4]);
    /// assert_eq!(y.value()?.to_f64(), [1.0, 3.0, 2.0, 4.0, 5.0, 7.0, 6.0, 8.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn pixel_shuffle(self, r: usize) -> Var<'t> {
        let shape = self.shape();
        let Some([batch @ .., c, h, w]) = self.image(&shape) else {
            return self.tape().fail("pixel_shuffle", "takes channels, rows and columns", &[self]);
        };
        let Some(block) = r.checked_mul(r).filter(|&block| block > 0 && c.is_multiple_of(block)) else {
            return self.tape().fail(
                "pixel_shuffle",
                format!("{c} channels can't be cut in blocks of {r}·{r}"),
                &[self],
            );
        };
        let n = batch.len() as isize;
        let with = |rest: &[usize]| -> Shape { batch.iter().chain(rest).copied().collect() };
        // `[…, c, a, b, h, w]`: `a` goes behind `h`, `b` behind `w`.
        let cut = self.reshape(with(&[c / block, r, r, *h, *w]));
        cut.move_axis(n + 1, n + 3).move_axis(n + 1, n + 4).reshape(with(&[c / block, h * r, w * r]))
    }

    /// Blocks of `r·r` elements laid out as channels: `[…, c, h·r, w·r] → […, c·r², h, w]`, the inverse of
    /// [`pixel_shuffle`](Var::pixel_shuffle). A mistake if `r` does not divide the lengths.
    #[track_caller]
    pub fn pixel_unshuffle(self, r: usize) -> Var<'t> {
        let shape = self.shape();
        let Some([batch @ .., c, h, w]) = self.image(&shape) else {
            return self.tape().fail("pixel_unshuffle", "takes channels, rows and columns", &[self]);
        };
        if r == 0 || h % r > 0 || w % r > 0 {
            return self.tape().fail(
                "pixel_unshuffle",
                format!("{h} by {w} can't be cut in blocks of {r}·{r}"),
                &[self],
            );
        }
        let n = batch.len() as isize;
        let with = |rest: &[usize]| -> Shape { batch.iter().chain(rest).copied().collect() };
        // `[…, c, h, a, w, b]`: `a` and `b` go behind `c`.
        let cut = self.reshape(with(&[*c, h / r, r, w / r, r]));
        cut.move_axis(n + 2, n + 1).move_axis(n + 4, n + 2).reshape(with(&[c * r * r, h / r, w / r]))
    }

    /// Channels of the groups in turn: `[n, c, …]` with channels `a₀ a₁ … b₀ b₁ …` in two groups becomes `a₀ b₀ a₁ b₁ …`. A mistake
    /// if the channels can't be cut in so many groups.
    ///
    /// Source: Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile devices", CVPR 2018.
    #[track_caller]
    pub fn channel_shuffle(self, groups: usize) -> Var<'t> {
        let shape = self.shape();
        if self.is_poisoned() {
            return self;
        }
        let [n, c, rest @ ..] = shape.dims() else {
            return self.tape().fail("channel_shuffle", "takes a batch of channels", &[self]);
        };
        if groups == 0 || c % groups > 0 {
            return self.tape().fail(
                "channel_shuffle",
                format!("{c} channels can't be cut in {groups} groups"),
                &[self],
            );
        }
        let cut: Shape = [*n, groups, c / groups].iter().chain(rest).copied().collect();
        self.reshape(cut).transpose(1, 2).reshape(&shape)
    }

    /// The axes, if there are three or more.
    fn image(self, shape: &Shape) -> Option<&[usize]> {
        (shape.rank() >= 3).then(|| shape.dims())
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "pixel_shuffle",
        inputs: || vec![numbers(16, &[1, 8, 1, 2])],
        apply: |x| x[0].pixel_shuffle(2).square() * x[0].reshape([1, 2, 2, 4]),
    },
    Sample {
        name: "pixel_unshuffle",
        inputs: || vec![numbers(16, &[1, 4, 4])],
        apply: |x| x[0].pixel_unshuffle(2).square() * x[0].reshape([4, 2, 2]),
    },
    Sample {
        name: "channel_shuffle",
        inputs: || vec![numbers(12, &[1, 6, 2])],
        apply: |x| x[0].channel_shuffle(3).square() * x[0],
    },
];
