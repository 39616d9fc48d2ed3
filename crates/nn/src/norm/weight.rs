//! Weight normalization.

use super::reparametrize::Original;
use crate::Layer;
use chainrule_tape::{DType, ParamId, Scope, Shape, Substituted, Tape, Tensor, Var};

/// A layer whose weight is computed from a length and a direction: `w = g·v / ‖v‖`, for each output on its own. It is made around
/// any layer that registers a parameter `weight`, `[outputs, …]`.
///
/// Instead of `weight`, the layer then has `parametrizations.weight.original0` `g`, of shape `[outputs, 1, …]`, and
/// `parametrizations.weight.original1` `v`, of the weight's shape; these are PyTorch's names. At first, `v` is the layer's own first
/// weight and `g` its length, so that the layer's function is the same as without.
///
/// Length and direction are learned apart from each other, which makes learning steadier, without statistics of batches.
/// The derivative is that of the formula; a `v` of length 0 gives NaN.
///
/// Errors: a layer without that parameter, or an axis that it has not.
///
/// Source: Salimans and Kingma, "Weight normalization", NIPS 2016, equations 2 and 3.
///
/// ```
/// use chainrule_nn::{Layer, Linear, WeightNorm};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = WeightNorm::new(&mut params.root().sub("fc"), |at| Linear::new(at, 2, 1));
/// params.set("fc.parametrizations.weight.original0", [[10.0f32]])?;
/// params.set("fc.parametrizations.weight.original1", [[3.0f32, 4.0]])?;
/// params.set("fc.bias", [0.0f32])?;
///
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[1.0f32, 0.0], [0.0, 1.0]]));
/// assert!(y.value()?.to_f64().iter().zip([6.0, 8.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightNorm<L> {
    layer: L,
    own: Option<Own>,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    length: ParamId,
    direction: ParamId,
    axis: Option<usize>,
}

impl<L> WeightNorm<L> {
    /// Around the layer that is made in this scope, for its parameter `weight`, with a length for each index of the first axis, as
    /// in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, make: impl FnOnce(&mut Scope<'_>) -> L) -> WeightNorm<L> {
        WeightNorm::of(at, "weight", 0, make)
    }

    /// For the parameter of this name, and with a length for each index of another axis, or a single one (`None`).
    ///
    /// ```
    /// use chainrule_nn::{Linear, WeightNorm};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// WeightNorm::of(&mut params.root(), "bias", None, |at| Linear::new(at, 2, 3));
    /// let names: Vec<&str> = params.iter().map(|(name, _, _)| name).collect();
    /// assert_eq!(names, ["weight", "parametrizations.bias.original1", "parametrizations.bias.original0"]);
    /// ```
    #[track_caller]
    pub fn of(
        at: &mut Scope<'_>,
        name: &str,
        axis: impl Into<Option<usize>>,
        make: impl FnOnce(&mut Scope<'_>) -> L,
    ) -> WeightNorm<L> {
        let (layer, axis) = (make(at), axis.into());
        let own = Original::take(at, "WeightNorm", name, "1", axis).map(|original| {
            let tensor = lengths(&original.values, axis);
            let length = at.sub(&original.scope).param("original0", tensor);
            Own { length, direction: original.id, axis }
        });
        WeightNorm { layer, own }
    }

    /// The layer within.
    pub fn layer(&self) -> &L {
        &self.layer
    }

    /// The length `g`.
    pub fn length(&self) -> Option<ParamId> {
        self.own.map(|own| own.length)
    }

    /// The direction `v`, which need not have the length 1.
    pub fn direction(&self) -> Option<ParamId> {
        self.own.map(|own| own.direction)
    }

    /// Records what the layer does with the computed weight: for layers that are called in other ways than by `forward`.
    ///
    /// ```
    /// use chainrule_nn::{Layer, Lstm, WeightNorm};
    /// use chainrule_tape::{DType, Params, Tape};
    ///
    /// let mut params = Params::seeded(7);
    /// let lstm = WeightNorm::of(&mut params.root(), "weight_hh_l0", 0, |at| Lstm::new(at, 2, 3));
    /// let tape = Tape::with(&params);
    /// let x = tape.normal([1, 5, 2], DType::F32);
    /// // (Or `forward_with`, for its states.)
    /// let y = lstm.with(&tape, |lstm| lstm.forward(x));
    /// assert_eq!(y.shape().dims(), [1, 5, 3]);
    /// ```
    #[track_caller]
    pub fn with<R>(&self, tape: &Tape, f: impl FnOnce(&L) -> R) -> R {
        let _weight = self.substitute(tape);
        f(&self.layer)
    }

    #[track_caller]
    fn substitute<'t>(&self, tape: &'t Tape) -> Option<Substituted<'t>> {
        // (No closure: it would be its own caller.)
        let own = self.own?;
        let v = tape.param(own.direction);
        let weight = v * (tape.param(own.length) / norm(v, own.axis));
        Some(tape.substitute(own.direction, weight))
    }
}

impl<L: Layer> Layer for WeightNorm<L> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _weight = self.substitute(x.tape());
        self.layer.forward(x)
    }
}

/// The length over all axes but this one, which are kept; or over all, a scalar.
#[track_caller]
fn norm(v: Var<'_>, axis: Option<usize>) -> Var<'_> {
    match axis {
        None => v.norm(..),
        Some(axis) => {
            let others: Vec<isize> = (0..v.rank()).filter(|&i| i != axis).map(|i| i as isize).collect();
            v.norm_keep(others.as_slice())
        }
    }
}

/// The same of known numbers.
fn lengths(values: &Tensor, axis: Option<usize>) -> Tensor {
    let shape = values.shape();
    let Some(axis) = axis else {
        let sum: f64 = values.to_f64().iter().map(|x| x * x).sum();
        return Tensor::from(sum.sqrt()).cast(values.dtype());
    };
    let (count, behind) = (shape[axis], shape.dims()[axis + 1..].iter().product::<usize>());
    let mut sums = vec![0.0; count];
    for (i, x) in values.to_f64().into_iter().enumerate() {
        sums[i / behind % count] += x * x;
    }
    let kept: Shape = (0..shape.rank()).map(|i| if i == axis { count } else { 1 }).collect();
    let mut tensor = Tensor::zeros(kept, DType::F64);
    if let Ok(lengths) = tensor.as_mut_slice::<f64>() {
        lengths.iter_mut().zip(sums).for_each(|(length, sum)| *length = f64::sqrt(sum));
    }
    tensor.cast(values.dtype())
}
