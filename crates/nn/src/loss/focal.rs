//! Focal losses: cross-entropy with less weight where the prediction is right already.

use super::Reduction;
use super::binary::bce_with_logits;
use super::classes::last;
use super::reduction::{reduce, reduction_setting};
use super::targets::{beside, classes_of, constants};
use chainrule_tape::{DType, Operand, Tensor, Var};

macro_rules! methods {
    () => {
        /// The focal loss of logits for yes or no: the mean of `-α·(1 - p)^γ·ln p`, where `p` is the probability of what is
        /// right, `σ(x)` for 1 and `1 - σ(x)` for 0, and α is 1/4 for 1 and 3/4 for 0. The factor with γ = 2 leaves out what
        /// is easy. Targets between 0 and 1 mix both: `p = t·σ(x) + (1 - t)·(1 - σ(x))`, and α likewise.
        ///
        /// Both `p` and `1 - p` are computed by a sigmoid of their own, so nothing cancels: loss and gradient are accurate for
        /// logits of any size. The mean is over the elements.
        ///
        /// Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 5. (torchvision's
        /// `sigmoid_focal_loss`, whose α and γ are the defaults.)
        ///
        /// ```
        /// # use chainrule_nn::{BinaryFocal, Losses};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let x = tape.var([0.0, 3.0]);
        /// let loss = x.binary_focal_with(1.0, BinaryFocal::new().gamma(0.0).without_alpha());
        /// assert_eq!(loss.item()?, x.bce_with_logits(1.0).item()?);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[doc(alias = "sigmoid_focal_loss")]
        #[track_caller]
        fn binary_focal(self, targets: impl Operand<'t>) -> Var<'t> {
            self.binary_focal_with(targets, BinaryFocal::new())
        }

        /// [`binary_focal`](Losses::binary_focal) without the mean.
        #[track_caller]
        fn binary_focal_each(self, targets: impl Operand<'t>) -> Var<'t> {
            self.binary_focal_with(targets, BinaryFocal::new().reduction(Reduction::None))
        }

        /// [`binary_focal`](Losses::binary_focal) with settings.
        #[track_caller]
        fn binary_focal_with(self, targets: impl Operand<'t>, settings: impl Borrow<BinaryFocal>) -> Var<'t> {
            $crate::loss::focal::binary_focal(self.into(), targets, settings.borrow())
        }

        /// The focal loss of logits `[…, classes]`: the mean over the rows of `-α·(1 - p)^γ·ln p`, with `p = softmax(x)[label]`,
        /// γ = 2 and α = 1/4. Targets are labels or probabilities `t` as in
        /// [`cross_entropy_with`](Losses::cross_entropy_with); of probabilities it is `-Σⱼ tⱼ·αⱼ·(1 - pⱼ)^γ·ln pⱼ`.
        ///
        /// Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 5. (Keras's
        /// `CategoricalFocalCrossentropy`, whose α and γ are the defaults.)
        ///
        /// ```
        /// # use chainrule_nn::{Focal, Losses};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, labels) = (tape.var([[1.0, 1.0, 1.0, 1.0]]), tape.var([2i64]));
        /// let loss = x.focal_with(labels, Focal::new().alpha(1.0));
        /// assert!((loss.item()? - 0.75 * 0.75 * 4f64.ln()).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn focal(self, targets: Var<'t>) -> Var<'t> {
            self.focal_with(targets, Focal::new())
        }

        /// [`focal`](Losses::focal) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn focal_each(self, targets: Var<'t>) -> Var<'t> {
            self.focal_with(targets, Focal::new().reduction(Reduction::None))
        }

        /// [`focal`](Losses::focal) with settings.
        #[track_caller]
        fn focal_with(self, targets: Var<'t>, settings: impl Borrow<Focal>) -> Var<'t> {
            $crate::loss::focal::focal(self.into(), targets, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`binary_focal`](crate::Losses::binary_focal). Defaults are torchvision's.
#[derive(Clone, Debug)]
pub struct BinaryFocal {
    gamma: f64,
    alpha: Option<f64>,
    reduction: Reduction,
}

impl Default for BinaryFocal {
    fn default() -> BinaryFocal {
        BinaryFocal { gamma: 2.0, alpha: Some(0.25), reduction: Reduction::Mean }
    }
}

impl BinaryFocal {
    /// γ = 2 and α = 0.25.
    pub fn new() -> BinaryFocal {
        BinaryFocal::default()
    }

    /// The power of `1 - p`: 2 by default. One that is not at least 0 is a mistake.
    #[must_use]
    pub fn gamma(self, gamma: f64) -> BinaryFocal {
        BinaryFocal { gamma, ..self }
    }

    /// The weight of the positives: 0.25 by default. That of the negatives is `1 - α`.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> BinaryFocal {
        BinaryFocal { alpha: Some(alpha), ..self }
    }

    /// Positives and negatives count alike.
    #[must_use]
    pub fn without_alpha(self) -> BinaryFocal {
        BinaryFocal { alpha: None, ..self }
    }

    reduction_setting!();
}

/// Settings of [`focal`](crate::Losses::focal). Defaults are Keras's.
#[derive(Clone, Debug)]
pub struct Focal {
    gamma: f64,
    alpha: Tensor,
    axis: isize,
    reduction: Reduction,
}

impl Default for Focal {
    fn default() -> Focal {
        Focal { gamma: 2.0, alpha: Tensor::from(0.25), axis: -1, reduction: Reduction::Mean }
    }
}

impl Focal {
    /// γ = 2 and α = 0.25; classes are along the last axis.
    pub fn new() -> Focal {
        Focal::default()
    }

    /// The power of `1 - p`: 2 by default. One that is not at least 0 is a mistake.
    #[must_use]
    pub fn gamma(self, gamma: f64) -> Focal {
        Focal { gamma, ..self }
    }

    /// The weights of the classes, `[classes]`, or one number for all: 0.25 by default. The mean divides by the number of rows.
    #[must_use]
    pub fn alpha(self, alpha: impl Into<Tensor>) -> Focal {
        Focal { alpha: alpha.into(), ..self }
    }

    /// The axis of the classes: the last by default.
    #[must_use]
    pub fn axis(self, axis: isize) -> Focal {
        Focal { axis, ..self }
    }

    reduction_setting!();
}

#[track_caller]
pub(super) fn binary_focal<'t>(x: Var<'t>, targets: impl Operand<'t>, settings: &BinaryFocal) -> Var<'t> {
    if let Some(what) = wrong(settings.gamma) {
        return x.tape().fail("binary_focal", what, &[x]);
    }
    let targets = beside("binary_focal", x, targets);
    let opposite = 1.0 - targets;
    let miss = opposite * x.sigmoid() + targets * (-x).sigmoid();
    let mut each = weighed(bce_with_logits(x, targets), miss, settings.gamma);
    if let Some(alpha) = settings.alpha {
        each = each * (targets * alpha + opposite * (1.0 - alpha));
    }
    reduce(each, settings.reduction)
}

#[track_caller]
pub(super) fn focal<'t>(x: Var<'t>, targets: Var<'t>, settings: &Focal) -> Var<'t> {
    let _op = x.tape().within("focal", &[x, targets]);
    if let Some(what) = wrong(settings.gamma) {
        return x.tape().fail("focal", what, &[x, targets]);
    }
    let x = last("focal", x, settings.axis);
    let alpha = constants("focal", x, "the alphas", &settings.alpha);
    let each = if targets.dtype() == DType::I64 {
        let classes = match classes_of("focal", "logits", x, targets) {
            Ok(classes) => classes,
            Err(mistake) => return mistake,
        };
        let right = targets.one_hot(classes);
        let (e, sum) = exponentials(x);
        let miss = right.select(0.0, e).sum(-1) / sum.squeeze(-1);
        weighed(-right.select(x.log_softmax(-1) * alpha, 0.0).sum(-1), miss, settings.gamma)
    } else {
        let targets = beside("focal", x, last("focal", targets, settings.axis));
        let (e, sum) = exponentials(x);
        -weighed(targets * x.log_softmax(-1) * alpha, (sum - e) / sum, settings.gamma).sum(-1)
    };
    reduce(each, settings.reduction)
}

/// What softmax divides, and by what. (The share of the other classes is a quotient of its own: 1 - p would lose digits.)
#[track_caller]
fn exponentials(x: Var<'_>) -> (Var<'_>, Var<'_>) {
    let e = (x - x.max_keep(-1).detach()).exp();
    (e, e.sum_keep(-1))
}

fn wrong(gamma: f64) -> Option<String> {
    let fits = gamma >= 0.0;
    (!fits).then(|| format!("the power gamma is at least 0, not {gamma}"))
}

/// A loss times a power of how far its prediction misses. Where it misses by 0, the loss is 0 as well, and with it all of its
/// derivatives: a power's own might be infinite there.
#[track_caller]
fn weighed<'t>(loss: Var<'t>, miss: Var<'t>, gamma: f64) -> Var<'t> {
    if gamma == 0.0 {
        return loss;
    }
    let exact = miss.eq(0.0);
    exact.select(0.0, exact.select(1.0, miss).pow(gamma)) * loss
}
