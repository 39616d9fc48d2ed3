//! How the values of a loss become one.

use chainrule_tape::Var;

/// What becomes of a loss's values, of which there is one for each element or row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their mean: the default. (With class weights or ignored labels, the loss says by what it divides.)
    #[default]
    Mean,
    /// Their sum, divided by the length of the first axis: what one sample of the batch loses.
    BatchMean,
    /// Their sum.
    Sum,
    /// They stay as they are.
    None,
}

macro_rules! methods {
    () => {
        /// These values of a loss, reduced. `x.mse_each(t).reduce(Reduction::Mean)` is `x.mse(t)`.
        ///
        /// A mistake if there are no elements to take the mean of.
        ///
        /// ```
        /// # use chainrule_nn::{Losses, Reduction};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([[1.0, 3.0], [0.0, 0.0]]).mse_each(0.0);
        /// assert_eq!(each.reduce(Reduction::Sum).item()?, 10.0);
        /// assert_eq!(each.reduce(Reduction::BatchMean).item()?, 5.0);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn reduce(self, reduction: Reduction) -> Var<'t> {
            $crate::loss::reduction::reduce(self.into(), reduction)
        }

        /// These values of a loss, each times the weight of its sample: the weights' axes are the first of the values' axes,
        /// so `[n]` weighs the rows of `[n, d]`.
        ///
        /// A plain mean of them, `each.weighted(w).reduce(Reduction::Mean)`, divides by the number of values: what Keras
        /// makes of `sample_weight`. [`weighted_mean`](Losses::weighted_mean) divides by the sum of the weights.
        ///
        /// Weights of another dtype, or whose axes are not the first of the values', are a mistake.
        #[track_caller]
        fn weighted(self, weights: Var<'t>) -> Var<'t> {
            $crate::loss::reduction::weighted(self.into(), weights)
        }

        /// The weighted mean of these values of a loss, `Σ w·l / Σ w`, with [weights of the samples](Losses::weighted). NaN if
        /// the weights' sum is 0. A mask is a weight of 0 or 1: then it is the mean over what is not masked. (Keras's reduction
        /// `mean_with_sample_weight`.)
        ///
        /// ```
        /// # use chainrule_nn::{Losses, Reduction};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([[1.0, 3.0], [2.0, 2.0]]).mae_each(0.0);
        /// let weights = tape.var([3.0, 1.0]);
        /// assert_eq!(each.weighted_mean(weights).item()?, (3.0 * 4.0 + 1.0 * 4.0) / 8.0);
        /// assert_eq!(each.weighted(weights).reduce(Reduction::Mean).item()?, (3.0 * 4.0 + 1.0 * 4.0) / 4.0);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn weighted_mean(self, weights: Var<'t>) -> Var<'t> {
            $crate::loss::reduction::weighted_mean(self.into(), weights)
        }
    };
}
pub(super) use methods;

/// The setting that all losses with settings have.
macro_rules! reduction_setting {
    () => {
        /// What becomes of the values: their [mean](Reduction::Mean) by default.
        #[must_use]
        pub fn reduction(self, reduction: Reduction) -> Self {
            Self { reduction, ..self }
        }
    };
}
pub(super) use reduction_setting;

/// The mean of all elements. Each is divided before the sum: then nothing follows the sum, and the plan can compute loss
/// and gradient in one pass over the predictions.
#[track_caller]
pub(super) fn mean(each: Var<'_>) -> Var<'_> {
    part(each, each.numel())
}

/// The sum of all elements, each divided by a count.
#[track_caller]
fn part(each: Var<'_>, count: usize) -> Var<'_> {
    match count {
        0 => each.tape().fail("mean", "there are no elements to take the mean of", &[each]),
        count => (each * (1.0 / count as f64)).sum(..),
    }
}

#[track_caller]
pub(super) fn reduce(each: Var<'_>, reduction: Reduction) -> Var<'_> {
    match reduction {
        Reduction::Mean => mean(each),
        Reduction::BatchMean => part(each, each.shape().first().copied().unwrap_or(1)),
        Reduction::Sum => each.sum(..),
        Reduction::None => each,
    }
}

#[track_caller]
pub(super) fn weighted<'t>(each: Var<'t>, weights: Var<'t>) -> Var<'t> {
    each * beside_rows(each, weights)
}

#[track_caller]
pub(super) fn weighted_mean<'t>(each: Var<'t>, weights: Var<'t>) -> Var<'t> {
    let spread = beside_rows(each, weights);
    (each * spread).sum(..) / spread.expand(each.shape()).sum(..)
}

/// The weights with axes of length 1 for those that the values have more.
#[track_caller]
fn beside_rows<'t>(each: Var<'t>, weights: Var<'t>) -> Var<'t> {
    let (values, found) = (each.meta(), weights.meta());
    let wrong = if found.dtype != values.dtype {
        "the weights differ in dtype from the values: cast them"
    } else if !values.shape.starts_with(&found.shape) {
        "the weights' axes are the first of the values' axes"
    } else {
        let mut shape = found.shape.to_vec();
        shape.resize(values.shape.rank(), 1);
        return weights.reshape(shape);
    };
    each.tape().fail("weighted", wrong, &[each, weights])
}
