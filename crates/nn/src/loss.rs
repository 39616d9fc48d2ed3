//! Losses.

use chainrule_tape::{DType, Operand, Var};

/// What a model's outputs lose against the truth, as methods of [`Var`].
///
/// Each loss comes as the mean over all elements, to be minimized, and as one value for each (`…_each`), to be weighted
/// or masked. Derivatives are by the predictions and, where they are floating point, by the targets.
///
/// Targets are a [`Var`] of the predictions' shape and dtype, or a number. **Nothing is broadcast**: `[n]` against
/// `[n, 1]` would quietly compare every prediction with every target, so it is a mistake. So are predictions that are
/// not floating point.
///
/// ```
/// use chainrule_nn::Losses;
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let logits = tape.var([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
/// let loss = logits.cross_entropy(tape.var([0i64, 1]));
/// assert!((loss.item()? - 0.3955).abs() < 1e-4);
///
/// let wrong = tape.var([1.0, 2.0]).mse(tape.var([[1.0], [2.0]]));
/// assert!(wrong.value().unwrap_err().to_string().contains("operands: [2] f64, [2, 1] f64"));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub trait Losses<'t>: Sized {
    /// The mean squared error, the mean of `(x - t)²`. Derivative: `2(x - t) / n`.
    ///
    /// For numbers with normal errors; one far miss counts as much as many near ones.
    ///
    /// ```
    /// # use chainrule_nn::Losses;
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 3.0]);
    /// let loss = x.mse(tape.var([1.0, 1.0]));
    /// assert_eq!(loss.item()?, 2.0);
    /// assert_eq!(tape.grad(loss, x).value()?.to_f64(), [0.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn mse(self, targets: impl Operand<'t>) -> Var<'t> {
        mean(self.mse_each(targets))
    }

    /// `(x - t)²`.
    #[track_caller]
    fn mse_each(self, targets: impl Operand<'t>) -> Var<'t>;

    /// The mean absolute error, the mean of `|x - t|`. Derivative: `sign(x - t) / n`, so 0 at `x = t`.
    ///
    /// For numbers with outliers: minimal at the median.
    #[track_caller]
    fn mae(self, targets: impl Operand<'t>) -> Var<'t> {
        mean(self.mae_each(targets))
    }

    /// `|x - t|`.
    #[track_caller]
    fn mae_each(self, targets: impl Operand<'t>) -> Var<'t>;

    /// The mean of `r²/2` where `|r| ≤ δ`, else `δ·(|r| - δ/2)`, of the differences `r = x - t`. Derivative: `r / n`,
    /// limited to `±δ / n`.
    ///
    /// Squares near the target, absolute values far off. A `delta` that is not above 0 is a mistake.
    ///
    /// Source: Huber, "Robust estimation of a location parameter", 1964, section 2.
    ///
    /// ```
    /// # use chainrule_nn::Losses;
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let each = tape.var([0.5, -3.0]).huber_each(0.0, 1.0);
    /// assert_eq!(each.value()?.to_f64(), [0.125, 2.5]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn huber(self, targets: impl Operand<'t>, delta: f64) -> Var<'t> {
        mean(self.huber_each(targets, delta))
    }

    /// [`huber`](Losses::huber) without the mean.
    #[track_caller]
    fn huber_each(self, targets: impl Operand<'t>, delta: f64) -> Var<'t>;

    /// [`huber`](Losses::huber) divided by its `δ`, here called `β`: the slope far off is 1.
    ///
    /// Source: Girshick, "Fast R-CNN", ICCV 2015, equation 3 (with `β = 1`).
    #[track_caller]
    fn smooth_l1(self, targets: impl Operand<'t>, beta: f64) -> Var<'t> {
        mean(self.smooth_l1_each(targets, beta))
    }

    /// [`smooth_l1`](Losses::smooth_l1) without the mean.
    #[track_caller]
    fn smooth_l1_each(self, targets: impl Operand<'t>, beta: f64) -> Var<'t> {
        self.huber_each(targets, beta) * (1.0 / beta)
    }

    /// Binary cross-entropy of probabilities: the mean of `-t·ln x - (1 - t)·ln(1 - x)`. Derivative:
    /// `(x - t) / (x·(1 - x)) / n`.
    ///
    /// Each logarithm is at least -100, as in PyTorch, so that a sure but wrong prediction (0 for 1) loses 100 and not
    /// ∞; there the derivative is 0. Predictions outside `0..=1` give NaN. Where the probability is a sigmoid,
    /// [`bce_with_logits`](Losses::bce_with_logits) is accurate and keeps its gradient.
    ///
    /// ```
    /// # use chainrule_nn::Losses;
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let each = tape.var([0.5, 0.0, 1.0]).bce_each(tape.var([1.0, 1.0, 1.0]));
    /// assert_eq!(each.value()?.to_f64(), [2f64.ln(), 100.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn bce(self, targets: impl Operand<'t>) -> Var<'t> {
        mean(self.bce_each(targets))
    }

    /// [`bce`](Losses::bce) without the mean.
    #[track_caller]
    fn bce_each(self, targets: impl Operand<'t>) -> Var<'t>;

    /// Binary cross-entropy of logits: [`bce`](Losses::bce) of `σ(x)`, in the stable form
    /// `max(x, 0) - x·t + ln(1 + e^-|x|)`. Derivative: `(σ(x) - t) / n`, which never vanishes for a wrong prediction.
    ///
    /// ```
    /// # use chainrule_nn::Losses;
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([-1000.0, 0.0, 1000.0]);
    /// let loss = x.bce_with_logits_each(1.0);
    /// assert_eq!(loss.value()?.to_f64(), [1000.0, 2f64.ln(), 0.0]);
    /// assert_eq!(tape.grad(loss.sum(..), x).value()?.to_f64(), [-1.0, -0.5, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn bce_with_logits(self, targets: impl Operand<'t>) -> Var<'t> {
        mean(self.bce_with_logits_each(targets))
    }

    /// [`bce_with_logits`](Losses::bce_with_logits) without the mean.
    #[track_caller]
    fn bce_with_logits_each(self, targets: impl Operand<'t>) -> Var<'t>;

    /// Cross-entropy of logits `[…, classes]` with class labels `[…]` of dtype `i64`: the mean over the rows of
    /// `-ln softmax(x)[label]`, which is `ln Σⱼ e^xⱼ - x[label]`. Derivative: `(softmax(x) - one_hot(label)) / n`.
    ///
    /// The model's last layer has no softmax: it is part of the loss, where it can't overflow.
    ///
    /// Labels of another shape or dtype are a mistake; a label outside `0..classes` is an error of the run.
    #[track_caller]
    fn cross_entropy(self, labels: Var<'t>) -> Var<'t> {
        mean(self.cross_entropy_each(labels))
    }

    /// [`cross_entropy`](Losses::cross_entropy) of each row: `[…, classes] → […]`.
    #[track_caller]
    fn cross_entropy_each(self, labels: Var<'t>) -> Var<'t>;

    /// Cross-entropy of logits with distributions over the classes, both `[…, classes]`: the mean over the rows of
    /// `-Σⱼ tⱼ·ln softmax(x)ⱼ`. Derivative: `(softmax(x)·Σⱼ tⱼ - t) / n`. For smoothed or mixed labels and for teachers.
    ///
    /// ```
    /// # use chainrule_nn::Losses;
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let logits = tape.var([[2.0, 0.0]]);
    /// let smoothed = tape.var([[0.9, 0.1]]);
    /// let dx = tape.grad(logits.soft_cross_entropy(smoothed), logits).value()?.to_f64();
    /// assert!((dx[0] - (1.0 / (1.0 + (-2f64).exp()) - 0.9)).abs() < 1e-15);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    fn soft_cross_entropy(self, targets: impl Operand<'t>) -> Var<'t> {
        mean(self.soft_cross_entropy_each(targets))
    }

    /// [`soft_cross_entropy`](Losses::soft_cross_entropy) of each row: `[…, classes] → […]`.
    #[track_caller]
    fn soft_cross_entropy_each(self, targets: impl Operand<'t>) -> Var<'t>;
}

/// The least logarithm of a probability in [`Losses::bce`].
const LEAST_LN: f64 = -100.0;

impl<'t> Losses<'t> for Var<'t> {
    fn mse_each(self, targets: impl Operand<'t>) -> Var<'t> {
        (self - beside("mse", self, targets)).square()
    }

    fn mae_each(self, targets: impl Operand<'t>) -> Var<'t> {
        (self - beside("mae", self, targets)).abs()
    }

    fn huber_each(self, targets: impl Operand<'t>, delta: f64) -> Var<'t> {
        if delta.is_nan() || delta <= 0.0 {
            return self.tape().fail("huber", format!("the threshold is above 0, not {delta}"), &[self]);
        }
        let difference = self - beside("huber", self, targets);
        // Without |r|, whose kink at 0 has no second derivative: c = r gives r²/2, c = ±δ gives δ·(|r| - δ/2).
        let limited = difference.clamp(-delta, delta);
        limited * (difference - limited * 0.5)
    }

    fn bce_each(self, targets: impl Operand<'t>) -> Var<'t> {
        let targets = beside("bce", self, targets);
        // Where a logarithm is infinite, it is not even computed: its derivative would be 0·∞.
        let (never, always) = (self.eq(0.0), self.eq(1.0));
        let yes = never.select(LEAST_LN, never.select(1.0, self).ln().maximum(LEAST_LN));
        let no = always.select(LEAST_LN, (-always.select(0.0, self)).log1p().maximum(LEAST_LN));
        -(targets * yes + (1.0 - targets) * no)
    }

    fn bce_with_logits_each(self, targets: impl Operand<'t>) -> Var<'t> {
        let targets = beside("bce_with_logits", self, targets);
        // `below` is -|x| with the derivative 1 at 0, where the terms' derivatives then add up to 1/2 - t.
        let positive = self.relu();
        let below = self.le(0.0).select(self, -self);
        (positive - self * targets) + below.exp().log1p()
    }

    fn cross_entropy_each(self, labels: Var<'t>) -> Var<'t> {
        let (x, labels_meta) = (self.meta(), labels.meta());
        let wrong = match x.shape.split_last() {
            None => Some("logits have a last axis of classes"),
            Some(_) if !x.dtype.is_float() => Some("logits are floating point"),
            Some(_) if labels_meta.dtype != DType::I64 => {
                Some("labels are class numbers, of dtype i64 (soft_cross_entropy takes distributions)")
            }
            Some((_, rows)) if labels_meta.shape.dims() != rows => {
                Some("labels have the shape of the logits without the last axis")
            }
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            return self.tape().fail("cross_entropy", wrong, &[self, labels]);
        }
        let classes = x.shape.last().copied().unwrap_or(0);
        let shifted = self - self.max_keep(-1).detach();
        let right = labels.one_hot(classes).select(shifted, 0.0).sum(-1);
        shifted.exp().sum(-1).ln() - right
    }

    fn soft_cross_entropy_each(self, targets: impl Operand<'t>) -> Var<'t> {
        let targets = beside("soft_cross_entropy", self, targets);
        -(targets * self.log_softmax(-1)).sum(-1)
    }
}

/// The mean of all elements. Each is divided before the sum: then nothing follows the sum, and the plan can compute loss
/// and gradient in one pass over the predictions.
#[track_caller]
fn mean(each: Var<'_>) -> Var<'_> {
    match each.numel() {
        0 => each.tape().fail("mean", "there are no elements to take the mean of", &[each]),
        count => (each * (1.0 / count as f64)).sum(..),
    }
}

/// The targets, if they fit the predictions; else a recorded mistake.
#[track_caller]
fn beside<'t>(loss: &'static str, x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let meta = x.meta();
    let targets = targets.on(x.tape(), &meta);
    let found = targets.meta();
    let wrong = if !meta.dtype.is_float() {
        "predictions are floating point"
    } else if found.dtype != meta.dtype {
        "predictions and targets differ in dtype: cast one of them"
    } else if found.shape != meta.shape {
        "predictions and targets differ in shape, and a loss broadcasts nothing: reshape one of them"
    } else {
        return targets;
    };
    x.tape().fail(loss, wrong, &[x, targets])
}
