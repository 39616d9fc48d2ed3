//! Cross-entropy of yes or no.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use super::targets::{beside, constants};
use chainrule_tape::{Operand, Tensor, Var};

macro_rules! methods {
    () => {
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
        #[doc(alias = "binary_cross_entropy")]
        #[track_caller]
        fn bce(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.bce_each(targets))
        }

        /// [`bce`](Losses::bce) without the mean.
        #[track_caller]
        fn bce_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::binary::bce(self.into(), targets)
        }

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
            $crate::loss::reduction::mean(self.bce_with_logits_each(targets))
        }

        /// [`bce_with_logits`](Losses::bce_with_logits) without the mean.
        #[track_caller]
        fn bce_with_logits_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::binary::bce_with_logits(self.into(), targets)
        }

        /// [`bce_with_logits`](Losses::bce_with_logits) with settings: weights of the positives, smoothed labels.
        ///
        /// ```
        /// # use chainrule_nn::{BceWithLogits, Losses};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// // Two labels; the second is rare, and missing it counts ninefold.
        /// let settings = BceWithLogits::new().pos_weight([1.0, 9.0]);
        /// let loss = tape.var([[0.0, 0.0]]).bce_with_logits_with(tape.var([[1.0, 1.0]]), &settings);
        /// assert!((loss.item()? - 5.0 * 2f64.ln()).abs() < 1e-14);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn bce_with_logits_with(
            self,
            targets: impl Operand<'t>,
            settings: impl Borrow<BceWithLogits>,
        ) -> Var<'t> {
            $crate::loss::binary::bce_with_settings(self.into(), targets, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`bce_with_logits`](crate::Losses::bce_with_logits). Defaults are PyTorch's: none.
///
/// (PyTorch's `weight` is a product: `(x.bce_with_logits_each(t) * w).reduce(Reduction::Mean)`.)
#[derive(Clone, Debug, Default)]
pub struct BceWithLogits {
    pos_weight: Option<Tensor>,
    label_smoothing: f64,
    reduction: Reduction,
}

impl BceWithLogits {
    /// Without weights and smoothing.
    pub fn new() -> BceWithLogits {
        BceWithLogits::default()
    }

    /// The weight of the positive part: `-p·t·ln σ(x) - (1 - t)·ln(1 - σ(x))`. A number, or numbers that broadcast to the
    /// predictions' shape, as `[labels]` for predictions `[n, labels]`. The mean still divides by the number of elements.
    #[must_use]
    pub fn pos_weight(self, pos_weight: impl Into<Tensor>) -> BceWithLogits {
        BceWithLogits { pos_weight: Some(pos_weight.into()), ..self }
    }

    /// Targets move towards 1/2 by this share of the way: `t·(1 - s) + s / 2`. In `0..=1`, else it is a mistake. (Keras's
    /// `BinaryCrossentropy` has it.)
    #[must_use]
    pub fn label_smoothing(self, label_smoothing: f64) -> BceWithLogits {
        BceWithLogits { label_smoothing, ..self }
    }

    reduction_setting!();
}

/// The least logarithm of a probability in `bce`.
const LEAST_LN: f64 = -100.0;

#[track_caller]
pub(super) fn bce<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let targets = beside("bce", x, targets);
    // Where a logarithm is infinite, it is not even computed: its derivative would be 0·∞.
    let (never, always) = (x.eq(0.0), x.eq(1.0));
    let yes = never.select(LEAST_LN, never.select(1.0, x).ln().maximum(LEAST_LN));
    let no = always.select(LEAST_LN, (-always.select(0.0, x)).log1p().maximum(LEAST_LN));
    -(targets * yes + (1.0 - targets) * no)
}

#[track_caller]
pub(super) fn bce_with_logits<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let targets = beside("bce_with_logits", x, targets);
    // `max(x, 0) - x·t` as one product, which is infinite for an infinite logit, where the difference would be NaN. `below` is
    // -|x| with the derivative 1 at 0, where the terms' derivatives then add up to 1/2 - t.
    let negative = x.le(0.0);
    let below = negative.select(x, -x);
    x * negative.select(-targets, 1.0 - targets) + below.exp().log1p()
}

#[track_caller]
pub(super) fn bce_with_settings<'t>(
    x: Var<'t>,
    targets: impl Operand<'t>,
    settings: &BceWithLogits,
) -> Var<'t> {
    let share = settings.label_smoothing;
    if !(0.0..=1.0).contains(&share) {
        return x.tape().fail("bce_with_logits", format!("label smoothing is in 0..=1, not {share}"), &[x]);
    }
    let mut targets = beside("bce_with_logits", x, targets);
    if share > 0.0 {
        targets = targets * (1.0 - share) + share * 0.5;
    }
    let each = match &settings.pos_weight {
        Some(weights) => {
            let weights = constants("bce_with_logits", x, "weights", weights);
            targets * weights * (-x).softplus() + (1.0 - targets) * x.softplus()
        }
        None => bce_with_logits(x, targets),
    };
    reduce(each, settings.reduction)
}
