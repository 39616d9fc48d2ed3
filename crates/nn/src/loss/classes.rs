//! Cross-entropy of one class out of several.

use super::Reduction;
use super::reduction::{mean, reduce, reduction_setting};
use super::targets::{beside, class_weights, classes_of};
use chainrule_tape::{DType, Operand, Tensor, Var};

macro_rules! methods {
    () => {
        /// Cross-entropy of logits `[…, classes]` with class labels `[…]` of dtype `i64`: the mean over the rows of
        /// `-ln softmax(x)[label]`, which is `ln Σⱼ e^xⱼ - x[label]`. Derivative: `(softmax(x) - one_hot(label)) / n`.
        ///
        /// The model's last layer has no softmax: it is part of the loss, where it can't overflow.
        ///
        /// Labels of another shape or dtype are a mistake; a label outside `0..classes` is an error of the run, also the -100
        /// that PyTorch ignores unasked ([`CrossEntropy::ignore_index`] asks).
        #[track_caller]
        fn cross_entropy(self, labels: Var<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.cross_entropy_each(labels))
        }

        /// [`cross_entropy`](Losses::cross_entropy) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn cross_entropy_each(self, labels: Var<'t>) -> Var<'t> {
            $crate::loss::classes::cross_entropy(self.into(), labels)
        }

        /// Cross-entropy with settings: class weights, smoothed or ignored labels, another axis of classes. Targets are class
        /// labels (`i64`, of the logits' shape without the axis of classes) or probabilities (of the logits' shape and dtype),
        /// and their dtype says which.
        ///
        /// ```
        /// # use chainrule_nn::{CrossEntropy, Losses};
        /// # use chainrule_tape::Tape;
        /// let settings = CrossEntropy::new().weight([1.0, 2.0]).ignore_index(-100);
        /// let tape = Tape::new();
        /// let logits = tape.var([[0.0, 0.0], [1f64.exp().ln_1p(), 1.0], [5.0, 7.0]]);
        /// let loss = logits.cross_entropy_with(tape.var([1i64, 0, -100]), &settings);
        /// // Two labels count, of the weights 2 and 1: the mean is over 3.
        /// let second = (1.0 + (1.0 - 1f64.exp().ln_1p()).exp()).ln();
        /// assert!((loss.item()? - (2.0 * 2f64.ln() + second) / 3.0).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn cross_entropy_with(self, targets: Var<'t>, settings: impl Borrow<CrossEntropy>) -> Var<'t> {
            $crate::loss::classes::cross_entropy_with(self.into(), targets, settings.borrow())
        }

        /// Cross-entropy of logits with distributions over the classes, both `[…, classes]`: the mean over the rows of
        /// `-Σⱼ tⱼ·ln softmax(x)ⱼ`. Derivative: `(softmax(x)·Σⱼ tⱼ - t) / n`. For smoothed or mixed labels and for
        /// teachers.
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
            $crate::loss::reduction::mean(self.soft_cross_entropy_each(targets))
        }

        /// [`soft_cross_entropy`](Losses::soft_cross_entropy) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn soft_cross_entropy_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::classes::soft_cross_entropy(self.into(), targets)
        }

        /// The negative log-likelihood of class labels under log-probabilities `[…, classes]`: the mean over the rows of
        /// `-x[label]`. Derivative: `-1 / n` at the label. After [`log_softmax`](Var::log_softmax) it is
        /// [`cross_entropy`](Losses::cross_entropy), whose errors it has.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let log = tape.var([[0.25, 0.75], [0.5, 0.5]]).ln();
        /// assert_eq!(log.nll_each(tape.var([0i64, 1])).value()?.to_f64(), [4f64.ln(), 2f64.ln()]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn nll(self, labels: Var<'t>) -> Var<'t> {
            self.nll_with(labels, CrossEntropy::new())
        }

        /// [`nll`](Losses::nll) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn nll_each(self, labels: Var<'t>) -> Var<'t> {
            self.nll_with(labels, CrossEntropy::new().reduction(Reduction::None))
        }

        /// [`nll`](Losses::nll) with the settings of a cross-entropy:
        /// [`cross_entropy_with`](Losses::cross_entropy_with) of log-probabilities instead of logits.
        #[track_caller]
        fn nll_with(self, targets: Var<'t>, settings: impl Borrow<CrossEntropy>) -> Var<'t> {
            $crate::loss::classes::nll_with(self.into(), targets, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`cross_entropy`](crate::Losses::cross_entropy_with) and [`nll`](crate::Losses::nll_with). Defaults are
/// PyTorch's, but that no label is ignored.
///
/// With weights `w`, smoothing `s` and `C` classes, a row of label `y` loses
/// `-(1 - s)·w[y]·ln p[y] - s / C·Σⱼ wⱼ·ln pⱼ`, and one with the probabilities `t` loses `-Σⱼ wⱼ·tⱼ·ln pⱼ` after smoothing
/// `t ← (1 - s)·t + s / C`.
///
/// The mean of rows with labels divides by the sum of their labels' weights, `Σ w[y]` over the labels that are not ignored, as in
/// PyTorch (so NaN if all are ignored); that of rows with probabilities by the number of rows.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    weight: Option<Tensor>,
    ignore_index: Option<i64>,
    label_smoothing: f64,
    axis: isize,
    reduction: Reduction,
}

impl Default for CrossEntropy {
    fn default() -> CrossEntropy {
        CrossEntropy {
            weight: None,
            ignore_index: None,
            label_smoothing: 0.0,
            axis: -1,
            reduction: Reduction::Mean,
        }
    }
}

impl CrossEntropy {
    /// Without weights and smoothing; no label is ignored; classes are along the last axis.
    pub fn new() -> CrossEntropy {
        CrossEntropy::default()
    }

    /// The weights of the classes, `[classes]`, in any dtype of numbers. As many as there are classes, else it is a mistake.
    #[must_use]
    pub fn weight(self, weight: impl Into<Tensor>) -> CrossEntropy {
        CrossEntropy { weight: Some(weight.into()), ..self }
    }

    /// Rows with this label lose 0 and count nothing, whatever their predictions are (also NaN). It may lie outside the classes:
    /// -100 is what PyTorch takes for it. With probabilities as targets it is a mistake.
    #[must_use]
    pub fn ignore_index(self, label: i64) -> CrossEntropy {
        CrossEntropy { ignore_index: Some(label), ..self }
    }

    /// The share of a label's probability that goes to all classes evenly. In `0..=1`, else it is a mistake.
    ///
    /// Source: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7.
    #[must_use]
    pub fn label_smoothing(self, label_smoothing: f64) -> CrossEntropy {
        CrossEntropy { label_smoothing, ..self }
    }

    /// The axis of the classes: the last by default; 1 is PyTorch's, for images `[n, classes, h, w]` with labels `[n, h, w]`.
    #[must_use]
    pub fn axis(self, axis: isize) -> CrossEntropy {
        CrossEntropy { axis, ..self }
    }

    reduction_setting!();
}

#[track_caller]
pub(super) fn cross_entropy<'t>(x: Var<'t>, labels: Var<'t>) -> Var<'t> {
    let classes = match classes_of("cross_entropy", "logits", x, labels) {
        Ok(classes) => classes,
        Err(mistake) => return mistake,
    };
    let shifted = x - x.max_keep(-1).detach();
    let right = labels.one_hot(classes).select(shifted, 0.0).sum(-1);
    shifted.exp().sum(-1).ln() - right
}

#[track_caller]
pub(super) fn soft_cross_entropy<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let targets = beside("soft_cross_entropy", x, targets);
    -(targets * x.log_softmax(-1)).sum(-1)
}

#[track_caller]
pub(super) fn cross_entropy_with<'t>(x: Var<'t>, targets: Var<'t>, settings: &CrossEntropy) -> Var<'t> {
    let _op = x.tape().within("cross_entropy", &[x, targets]);
    settings.of(Input { loss: "cross_entropy", kind: "logits", normalized: false }, x, targets)
}

#[track_caller]
pub(super) fn nll_with<'t>(x: Var<'t>, targets: Var<'t>, settings: &CrossEntropy) -> Var<'t> {
    let _op = x.tape().within("nll", &[x, targets]);
    settings.of(Input { loss: "nll", kind: "log-probabilities", normalized: true }, x, targets)
}

/// What the predictions are, and what they are called.
struct Input {
    loss: &'static str,
    kind: &'static str,
    normalized: bool,
}

impl Input {
    #[track_caller]
    fn log_probabilities<'t>(&self, x: Var<'t>) -> Var<'t> {
        if self.normalized { x } else { x.log_softmax(-1) }
    }
}

impl CrossEntropy {
    #[track_caller]
    fn of<'t>(&self, input: Input, x: Var<'t>, targets: Var<'t>) -> Var<'t> {
        let share = self.label_smoothing;
        if !(0.0..=1.0).contains(&share) {
            let what = format!("label smoothing is in 0..=1, not {share}");
            return x.tape().fail(input.loss, what, &[x, targets]);
        }
        let x = last(input.loss, x, self.axis);
        let weights = class_weights(input.loss, x, &self.weight);
        if targets.dtype() == DType::I64 {
            return self.of_labels(input, x, targets, weights);
        }
        if self.ignore_index.is_some() {
            let what = "a label is ignored, but the targets are no labels (of dtype i64)";
            return x.tape().fail(input.loss, what, &[x, targets]);
        }
        let mut targets = beside(input.loss, x, last(input.loss, targets, self.axis));
        if share > 0.0 {
            targets = targets * (1.0 - share) + share / x.shape().last().copied().unwrap_or(1) as f64;
        }
        if let Some(weights) = weights {
            targets = targets * weights;
        }
        reduce(-(targets * input.log_probabilities(x)).sum(-1), self.reduction)
    }

    #[track_caller]
    fn of_labels<'t>(&self, input: Input, x: Var<'t>, labels: Var<'t>, weights: Option<Var<'t>>) -> Var<'t> {
        let classes = match classes_of(input.loss, input.kind, x, labels) {
            Ok(classes) => classes,
            Err(mistake) => return mistake,
        };
        // An ignored row is one of zeros with the label 0: neither its label nor its numbers are looked at.
        let (mut x, mut labels, mut ignored) = (x, labels, None);
        if let Some(label) = self.ignore_index {
            let rows = labels.eq(label as f64);
            (x, labels) = (rows.unsqueeze(-1).select(0.0, x), rows.select(0.0, labels));
            ignored = Some(rows);
        }
        let right = labels.one_hot(classes);
        let log = input.log_probabilities(x);
        let mut each = -right.select(log, 0.0).sum(-1);
        // How much each row counts in the mean, unless that is 1.
        let mut counts = None;
        if let Some(weights) = weights {
            let weight = right.select(weights, 0.0).sum(-1);
            each = each * weight;
            counts = Some(weight);
        }
        let share = self.label_smoothing;
        if share > 0.0 {
            let all = weights.map_or(log, |weights| log * weights).sum(-1);
            each = each * (1.0 - share) - all * (share / classes as f64);
        }
        if let Some(ignored) = ignored {
            let one = x.tape().full((), 1.0, x.dtype());
            each = ignored.select(0.0, each);
            counts = Some(ignored.select(0.0, counts.unwrap_or(one)));
        }
        match (self.reduction, counts) {
            (Reduction::Mean, None) => mean(each),
            (Reduction::Mean, Some(counts)) => each.sum(..) / counts.sum(..),
            (other, _) => reduce(each, other),
        }
    }
}

/// With the axis of the classes as the last one; a recorded mistake if there is no such axis.
#[track_caller]
pub(super) fn last<'t>(loss: &'static str, x: Var<'t>, axis: isize) -> Var<'t> {
    if axis == -1 {
        x
    } else if x.shape().axis(axis).is_none() {
        x.tape().fail(loss, format!("there is no axis {axis} of classes"), &[x])
    } else {
        x.move_axis(axis, -1)
    }
}
