//! Losses of yes or no that ask for a margin.

use super::targets::beside;
use chainrule_tape::{Operand, Var};

macro_rules! methods {
    () => {
        /// The hinge loss: the mean of `max(1 - t·x, 0)`, for targets -1 and 1. Derivative: `-t / n` where `t·x < 1`, else 0.
        ///
        /// For support vector machines. (Keras's, which takes targets 0 and 1 for -1 and 1: here, write `t * 2.0 - 1.0`.)
        ///
        /// Source: Cortes and Vapnik, "Support-vector networks", Machine Learning 1995, section 3.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([0.25, 3.0, 0.5]).hinge_each(tape.var([1.0, 1.0, -1.0]));
        /// assert_eq!(each.value()?.to_f64(), [0.75, 0.0, 1.5]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn hinge(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.hinge_each(targets))
        }

        /// `max(1 - t·x, 0)`.
        #[track_caller]
        fn hinge_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::margin::hinge("hinge", self.into(), targets)
        }

        /// The squared hinge loss: the mean of `max(1 - t·x, 0)²`, for targets -1 and 1. Derivative:
        /// `-2t·max(1 - t·x, 0) / n`. (Keras's.)
        #[track_caller]
        fn squared_hinge(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.squared_hinge_each(targets))
        }

        /// `max(1 - t·x, 0)²`.
        #[track_caller]
        fn squared_hinge_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::margin::hinge("squared_hinge", self.into(), targets).square()
        }

        /// The logistic loss: the mean of `ln(1 + e^(-t·x))`, for targets -1 and 1, without overflow. Derivative:
        /// `-t·σ(-t·x) / n`.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([0.0, -1000.0]).soft_margin_each(1.0);
        /// assert_eq!(each.value()?.to_f64(), [2f64.ln(), 1000.0]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn soft_margin(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.soft_margin_each(targets))
        }

        /// `ln(1 + e^(-t·x))`.
        #[track_caller]
        fn soft_margin_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::margin::soft_margin(self.into(), targets)
        }

        /// The hinge loss of a class out of several: the mean over the rows of `max(1 + wrong - right, 0)`, where `right` is the
        /// score of the class and `wrong` the largest other one, of scores and one-hot targets `[…, classes]`. As in Keras, it
        /// is `right = Σ t·x` and `wrong = max (1 - t)·x`, so `wrong` is at least 0. Derivative: 1/n at the largest wrong
        /// score (ties share it), -1/n at the right one, and 0 where the loss is 0.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::{DType, Tape};
        /// let tape = Tape::new();
        /// let right = tape.var([1i64, 0]).one_hot(3).cast(DType::F64);
        /// let each = tape.var([[0.5, 1.0, 0.75], [2.0, 0.5, 0.0]]).categorical_hinge_each(right);
        /// assert_eq!(each.value()?.to_f64(), [0.75, 0.0]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn categorical_hinge(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.categorical_hinge_each(targets))
        }

        /// [`categorical_hinge`](Losses::categorical_hinge) of each row: `[…, classes] → […]`.
        #[track_caller]
        fn categorical_hinge_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::margin::categorical_hinge(self.into(), targets)
        }
    };
}
pub(super) use methods;

#[track_caller]
pub(super) fn hinge<'t>(loss: &'static str, x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    (1.0 - x * beside(loss, x, targets)).relu()
}

#[track_caller]
pub(super) fn soft_margin<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    (-(x * beside("soft_margin", x, targets))).softplus()
}

#[track_caller]
pub(super) fn categorical_hinge<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let _op = x.tape().within("categorical_hinge", &[x]);
    let targets = beside("categorical_hinge", x, targets);
    let (right, wrong) = ((targets * x).sum(-1), ((1.0 - targets) * x).max(-1));
    (wrong - right + 1.0).relu()
}
