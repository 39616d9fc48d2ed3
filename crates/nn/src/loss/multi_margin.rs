//! Losses of class labels that ask for a margin, and of several labels at once.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use super::targets::{beside, class_weights, classes_of};
use chainrule_tape::{DType, Operand, Tensor, Var};

macro_rules! methods {
    () => {
        /// The hinge loss of a class label: the mean over the rows of `Σⱼ max(m - x[label] + xⱼ, 0) / classes`, over all other
        /// classes `j`, with the margin `m = 1`. Scores are `[…, classes]`, labels `[…]` of dtype `i64`. Derivative:
        /// `1 / classes / n` at each class that comes within the margin, 0 at the others and exactly at the margin, and at the
        /// label less their sum.
        ///
        /// Errors are those of [`cross_entropy`](Losses::cross_entropy).
        ///
        /// Source: Weston and Watkins, "Multi-class support vector machines", 1998.
        ///
        /// ```
        /// # use chainrule_nn::{Losses, MultiMargin};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, labels) = (tape.var([[2.0, 1.5, 0.0, 3.0]]), tape.var([0i64]));
        /// assert_eq!(x.multi_margin(labels).item()?, (0.5 + 2.0) / 4.0);
        /// assert_eq!(x.multi_margin_with(labels, MultiMargin::new().p(2)).item()?, (0.25 + 4.0) / 4.0);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn multi_margin(self, labels: Var<'t>) -> Var<'t> {
            self.multi_margin_with(labels, MultiMargin::new())
        }

        /// [`multi_margin`](Losses::multi_margin) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn multi_margin_each(self, labels: Var<'t>) -> Var<'t> {
            self.multi_margin_with(labels, MultiMargin::new().reduction(Reduction::None))
        }

        /// [`multi_margin`](Losses::multi_margin) with settings.
        #[track_caller]
        fn multi_margin_with(self, labels: Var<'t>, settings: impl Borrow<MultiMargin>) -> Var<'t> {
            $crate::loss::multi_margin::multi_margin(self.into(), labels, settings.borrow())
        }

        /// The hinge loss of several labels for each row: the mean over the rows of
        /// `Σᵢⱼ max(1 - xᵢ + xⱼ, 0) / classes`, over all labels `i` and all classes `j` that are no label. Scores are
        /// `[…, classes]`; the labels have the same shape, are of dtype `i64` and end at the first -1; what comes after it
        /// counts nothing, and a label that stands twice counts twice. Derivatives are as of
        /// [`multi_margin`](Losses::multi_margin).
        ///
        /// A label that is neither -1 nor in `0..classes` is an error of the run. It takes memory for `classes²` numbers a row.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let x = tape.var([[0.5, 2.0, 1.75]]);
        /// // The label is class 1: class 2 comes within the margin.
        /// assert_eq!(x.multilabel_margin(tape.var([[1i64, -1, -1]])).item()?, 0.75 / 3.0);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn multilabel_margin(self, labels: Var<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.multilabel_margin_each(labels))
        }

        /// [`multilabel_margin`](Losses::multilabel_margin) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn multilabel_margin_each(self, labels: Var<'t>) -> Var<'t> {
            $crate::loss::multi_margin::multilabel_margin(self.into(), labels)
        }

        /// Binary cross-entropy of several labels, each yes or no: [`bce_with_logits`](Losses::bce_with_logits) with its mean
        /// over the classes first. Logits and targets are `[…, classes]`. The mean of all is the same; it differs with
        /// [class weights](MultilabelSoftMargin::weight) and in `…_each`, which is of the rows.
        #[track_caller]
        fn multilabel_soft_margin(self, targets: impl Operand<'t>) -> Var<'t> {
            self.multilabel_soft_margin_with(targets, MultilabelSoftMargin::new())
        }

        /// [`multilabel_soft_margin`](Losses::multilabel_soft_margin) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn multilabel_soft_margin_each(self, targets: impl Operand<'t>) -> Var<'t> {
            self.multilabel_soft_margin_with(targets, MultilabelSoftMargin::new().reduction(Reduction::None))
        }

        /// [`multilabel_soft_margin`](Losses::multilabel_soft_margin) with settings.
        ///
        /// ```
        /// # use chainrule_nn::{Losses, MultilabelSoftMargin};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, t) = (tape.var([[0.0, 0.0]]), tape.var([[1.0, 0.0]]));
        /// let loss = x.multilabel_soft_margin_with(t, MultilabelSoftMargin::new().weight([1.0, 3.0]));
        /// assert_eq!(loss.item()?, 2.0 * 2f64.ln());
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn multilabel_soft_margin_with(
            self,
            targets: impl Operand<'t>,
            settings: impl Borrow<MultilabelSoftMargin>,
        ) -> Var<'t> {
            $crate::loss::multi_margin::multilabel_soft_margin(self.into(), targets, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`multi_margin`](crate::Losses::multi_margin). Defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct MultiMargin {
    p: u32,
    margin: f64,
    weight: Option<Tensor>,
    reduction: Reduction,
}

impl Default for MultiMargin {
    fn default() -> MultiMargin {
        MultiMargin { p: 1, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

impl MultiMargin {
    /// A margin of 1 and `p = 1`, without weights.
    pub fn new() -> MultiMargin {
        MultiMargin::default()
    }

    /// The power of what lacks to the margin: 1 by default. 0 is a mistake.
    #[must_use]
    pub fn p(self, p: u32) -> MultiMargin {
        MultiMargin { p, ..self }
    }

    /// By how much the right score is to be larger: 1 by default.
    #[must_use]
    pub fn margin(self, margin: f64) -> MultiMargin {
        MultiMargin { margin, ..self }
    }

    /// The weights of the classes, `[classes]`: a row counts as much as its label. The mean divides by the number of rows.
    #[must_use]
    pub fn weight(self, weight: impl Into<Tensor>) -> MultiMargin {
        MultiMargin { weight: Some(weight.into()), ..self }
    }

    reduction_setting!();
}

/// Settings of [`multilabel_soft_margin`](crate::Losses::multilabel_soft_margin). Defaults are PyTorch's: none.
#[derive(Clone, Debug, Default)]
pub struct MultilabelSoftMargin {
    weight: Option<Tensor>,
    reduction: Reduction,
}

impl MultilabelSoftMargin {
    /// Without weights.
    pub fn new() -> MultilabelSoftMargin {
        MultilabelSoftMargin::default()
    }

    /// The weights of the classes, `[classes]`. The means divide by the numbers of classes and rows.
    #[must_use]
    pub fn weight(self, weight: impl Into<Tensor>) -> MultilabelSoftMargin {
        MultilabelSoftMargin { weight: Some(weight.into()), ..self }
    }

    reduction_setting!();
}

#[track_caller]
pub(super) fn multi_margin<'t>(x: Var<'t>, labels: Var<'t>, settings: &MultiMargin) -> Var<'t> {
    let _op = x.tape().within("multi_margin", &[x, labels]);
    if settings.p == 0 {
        return x.tape().fail("multi_margin", "the power p is at least 1, not 0", &[x, labels]);
    }
    let classes = match classes_of("multi_margin", "scores", x, labels) {
        Ok(classes) => classes,
        Err(mistake) => return mistake,
    };
    let is_label = labels.one_hot(classes);
    let right = is_label.select(x, 0.0).sum_keep(-1);
    let lacking = is_label.select(0.0, x - right + settings.margin).relu();
    let mut each = lacking.powi(settings.p.min(i32::MAX as u32) as i32).sum(-1) * (1.0 / classes as f64);
    if let Some(weights) = class_weights("multi_margin", x, &settings.weight) {
        each = each * is_label.select(weights, 0.0).sum(-1);
    }
    reduce(each, settings.reduction)
}

#[track_caller]
pub(super) fn multilabel_margin<'t>(x: Var<'t>, labels: Var<'t>) -> Var<'t> {
    let _op = x.tape().within("multilabel_margin", &[x, labels]);
    let (meta, found) = (x.meta(), labels.meta());
    let wrong = match meta.shape.last() {
        None => "scores have a last axis of classes",
        Some(_) if !meta.dtype.is_float() => "scores are floating point",
        Some(_) if found.dtype != DType::I64 => "labels are class numbers, of dtype i64",
        Some(_) if found.shape != meta.shape => {
            "labels have the shape of the scores, with -1 after the last one"
        }
        Some(_) => "",
    };
    if !wrong.is_empty() {
        return x.tape().fail("multilabel_margin", wrong, &[x, labels]);
    }
    let classes = meta.shape.last().copied().unwrap_or(0);
    let ends = labels.eq(-1.0);
    let before_end = ends.cast(DType::I64).cumsum(-1).eq(0.0);
    // How often each class is named, [.., classes].
    let named = ends.select(0.0, labels).one_hot(classes).and(before_end.unsqueeze(-1));
    let times = named.cast(meta.dtype).sum(-2);
    // Rows are the labels, columns what they are compared with.
    let lacking = (x.unsqueeze(-2) - x.unsqueeze(-1) + 1.0).relu();
    let lacking = times.gt(0.0).unsqueeze(-2).select(0.0, lacking).sum(-1);
    (times * lacking).sum(-1) * (1.0 / classes as f64)
}

#[track_caller]
pub(super) fn multilabel_soft_margin<'t>(
    x: Var<'t>,
    targets: impl Operand<'t>,
    settings: &MultilabelSoftMargin,
) -> Var<'t> {
    let _op = x.tape().within("multilabel_soft_margin", &[x]);
    let targets = beside("multilabel_soft_margin", x, targets);
    let mut each = super::binary::bce_with_logits(x, targets);
    if let Some(weights) = class_weights("multilabel_soft_margin", x, &settings.weight) {
        each = each * weights;
    }
    reduce(each.mean(-1), settings.reduction)
}
