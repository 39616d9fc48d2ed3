//! Gradient centralization.

use crate::{Target, Transform};
use chainrule_tape::{Shape, Var};

/// Makes the mean of the gradient of each unit's weights 0: `g ← g - mean g`, over all axes but the first, for
/// parameters of two axes or more. (The first axis of a [weight](https://pytorch.org/docs/stable/nn.html) counts the
/// units.) Others are left alone.
///
/// A setting of every optimizer: [`centralize`](crate::Optimizer::centralize).
///
/// Source: Yong et al., "Gradient centralization: a new optimization technique for deep neural networks", ECCV 2020,
/// equation 1.
///
/// ```
/// # use chainrule_optim::{TrainStep, sgd};
/// # use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([[0.0, 0.0], [0.0, 0.0]]));
/// let mut step = TrainStep::new(sgd(1.0).centralize(), |[x]| (x.tape().param(w) * x).sum(..));
/// step.run(&mut params, [&Tensor::from([[1.0, 3.0], [5.0, 5.0]])])?;
/// assert_eq!(params.tensor(w).to_f64(), [1.0, -1.0, 0.0, 0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Centralize;

impl Transform for Centralize {
    fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        match within_units(&g.shape()) {
            Some(axes) => g - g.mean_keep(&axes[..]),
            None => g,
        }
    }
}

/// The axes of a weight that go over what one unit has: all but the first. None for a vector or a scalar.
pub(crate) fn within_units(shape: &Shape) -> Option<Vec<isize>> {
    (shape.rank() >= 2).then(|| (1..shape.rank() as isize).collect())
}
