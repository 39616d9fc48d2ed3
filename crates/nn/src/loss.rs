//! Losses: the trait, whose methods are in the files of their families. A trait is one item, so each file has its part of it as
//! a macro: then doc, settings and formula of a loss stand together, and a user still imports one trait.

mod binary;
mod classes;
mod contrastive;
mod ctc;
mod density;
mod embedding;
mod focal;
mod margin;
mod multi_margin;
mod overlap;
mod reduction;
mod regression;
mod targets;

use chainrule_tape::{Operand, Var};
use std::borrow::Borrow;

pub use binary::BceWithLogits;
pub use classes::CrossEntropy;
pub use ctc::Ctc;
pub use density::{GaussianNll, KlDiv, PoissonNll};
pub use embedding::TripletMargin;
pub use focal::{BinaryFocal, Focal};
pub use multi_margin::{MultiMargin, MultilabelSoftMargin};
pub use overlap::Overlap;
pub use reduction::Reduction;

/// What a model's outputs lose against the truth, as methods of [`Var`].
///
/// Each loss comes as the mean, to be minimized, and as one value for each element or row (`…_each`), to be weighted, masked
/// or [reduced](Losses::reduce) otherwise. Those with settings also come `…_with` them:
/// `logits.cross_entropy_with(labels, CrossEntropy::new().label_smoothing(0.1))`. Derivatives are by the predictions and,
/// where they are floating point, by the targets.
///
/// Targets are a [`Var`] of the predictions' shape and dtype, or a number; class labels are of dtype `i64`. **Nothing is
/// broadcast**: `[n]` against `[n, 1]` would quietly compare every prediction with every target, so it is a mistake. So are
/// predictions that are not floating point. NaN in a prediction is NaN in its loss.
///
/// Names are PyTorch's, without `_loss` (unless an op has the name: [`quantile_loss`](Losses::quantile_loss)), and Keras's where
/// PyTorch has none.
///
/// | for | losses |
/// |---|---|
/// | numbers | `mse mae huber smooth_l1 log_cosh quantile_loss mape msle` |
/// | distributions | `kl_div poisson_nll gaussian_nll` |
/// | yes or no | `bce bce_with_logits binary_focal hinge squared_hinge soft_margin` |
/// | one class | `cross_entropy soft_cross_entropy nll focal categorical_hinge multi_margin` |
/// | several classes | `bce_with_logits multilabel_soft_margin multilabel_margin` |
/// | order, likeness | `margin_ranking hinge_embedding cosine_embedding cosine_similarity_loss triplet_margin nt_xent` |
/// | regions | `dice tversky` |
/// | sequences | `ctc` |
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
pub trait Losses<'t>: Into<Var<'t>> {
    reduction::methods!();
    regression::methods!();
    density::methods!();
    binary::methods!();
    classes::methods!();
    focal::methods!();
    margin::methods!();
    multi_margin::methods!();
    embedding::methods!();
    contrastive::methods!();
    overlap::methods!();
    ctc::methods!();
}

impl<'t> Losses<'t> for Var<'t> {}
