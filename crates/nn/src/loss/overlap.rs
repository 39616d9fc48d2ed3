//! Losses of regions, by how much they overlap.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use super::targets::beside;
use chainrule_tape::{Operand, Var};

macro_rules! methods {
    () => {
        /// The Dice loss of probabilities, `1 - 2·Σ x·t / (Σ x + Σ t)`, over all elements: 0 where the regions are the same, 1
        /// where they don't meet. Derivative: `(2·Σ x·t / (Σ x + Σ t) - 2t) / (Σ x + Σ t)`.
        ///
        /// For few pixels in large pictures, where a mean over all would be right by saying no. As in Keras, 1e-7 is added to
        /// the divisor; [`smooth`](Overlap::smooth) makes two empty regions the same. There is no `dice_each`:
        /// [`axes`](Overlap::axes) says what is one region.
        ///
        /// Source: Milletari et al., "V-Net", 3DV 2016, section 3 (there with squares in the divisor, which are the same for 0
        /// and 1).
        ///
        /// ```
        /// # use chainrule_nn::{Losses, Overlap};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, t) = (tape.var([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), tape.var([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]));
        /// assert!((x.dice(t).item()? - 1.0 / 3.0).abs() < 1e-7);
        /// // For each row, so that the second counts as much as the first.
        /// let rows = Overlap::new().axes([1]).smooth(1.0);
        /// assert!((x.dice_with(t, rows).item()? - 0.25 / 2.0).abs() < 1e-7);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn dice(self, targets: impl Operand<'t>) -> Var<'t> {
            self.dice_with(targets, Overlap::new())
        }

        /// [`dice`](Losses::dice) with settings.
        #[track_caller]
        fn dice_with(self, targets: impl Operand<'t>, settings: impl Borrow<Overlap>) -> Var<'t> {
            $crate::loss::overlap::dice(self.into(), targets, settings.borrow())
        }

        /// Tversky's loss of probabilities, `1 - TP / (TP + α·FP + β·FN)`, over all elements, with `TP = Σ x·t` (found),
        /// `FP = Σ x·(1 - t)` (found wrongly) and `FN = Σ (1 - x)·t` (missed). A larger β asks to miss less. With
        /// `α = β = 1/2`, Keras's defaults, it is [`dice`](Losses::dice); with 1 and 1 it is 1 less the intersection over the
        /// union. 1e-7 is added to the divisor, as in Keras (whose code, unlike its documentation and the source, multiplies FN
        /// by α and FP by β).
        ///
        /// Source: Salehi et al., "Tversky loss function for image segmentation", 2017, equation 3.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, t) = (tape.var([1.0, 1.0, 0.0]), tape.var([1.0, 0.0, 0.0]));
        /// assert!((x.tversky(t, 1.0, 1.0).item()? - 0.5).abs() < 1e-7);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn tversky(self, targets: impl Operand<'t>, alpha: f64, beta: f64) -> Var<'t> {
            self.tversky_with(targets, alpha, beta, Overlap::new())
        }

        /// [`tversky`](Losses::tversky) with settings.
        #[track_caller]
        fn tversky_with(
            self,
            targets: impl Operand<'t>,
            alpha: f64,
            beta: f64,
            settings: impl Borrow<Overlap>,
        ) -> Var<'t> {
            $crate::loss::overlap::tversky(self.into(), targets, alpha, beta, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`dice`](crate::Losses::dice) and [`tversky`](crate::Losses::tversky). Defaults are Keras's.
#[derive(Clone, Debug, Default)]
pub struct Overlap {
    smooth: f64,
    axes: Option<Vec<isize>>,
    reduction: Reduction,
}

impl Overlap {
    /// All elements are one region; nothing is added to the dividend.
    pub fn new() -> Overlap {
        Overlap::default()
    }

    /// What is added to dividend and divisor: 0 by default, often 1. With it, nothing found where nothing is loses 0 instead of 1.
    #[must_use]
    pub fn smooth(self, smooth: f64) -> Overlap {
        Overlap { smooth, ..self }
    }

    /// The axes of a region: all by default. Then there is one loss for each place along the other axes: `.axes([2, 3])` of
    /// `[n, classes, h, w]` are `[n, classes]` of them.
    #[must_use]
    pub fn axes(self, axes: impl Into<Vec<isize>>) -> Overlap {
        Overlap { axes: Some(axes.into()), ..self }
    }

    reduction_setting!();

    #[track_caller]
    fn sum<'t>(&self, x: Var<'t>) -> Var<'t> {
        match &self.axes {
            Some(axes) => x.sum(axes.as_slice()),
            None => x.sum(..),
        }
    }

    #[track_caller]
    fn of<'t>(&self, dividend: Var<'t>, divisor: Var<'t>) -> Var<'t> {
        let share = (dividend + self.smooth) / (divisor + (self.smooth + EPS));
        reduce(1.0 - share, self.reduction)
    }
}

/// What keeps the divisor from 0.
const EPS: f64 = 1e-7;

#[track_caller]
pub(super) fn dice<'t>(x: Var<'t>, targets: impl Operand<'t>, settings: &Overlap) -> Var<'t> {
    let _op = x.tape().within("dice", &[x]);
    let targets = beside("dice", x, targets);
    settings.of(settings.sum(x * targets) * 2.0, settings.sum(x) + settings.sum(targets))
}

#[track_caller]
pub(super) fn tversky<'t>(
    x: Var<'t>,
    targets: impl Operand<'t>,
    alpha: f64,
    beta: f64,
    settings: &Overlap,
) -> Var<'t> {
    let _op = x.tape().within("tversky", &[x]);
    let targets = beside("tversky", x, targets);
    let found = settings.sum(x * targets);
    let wrongly = settings.sum(x * (1.0 - targets));
    let missed = settings.sum((1.0 - x) * targets);
    settings.of(found, found + wrongly * alpha + missed * beta)
}
