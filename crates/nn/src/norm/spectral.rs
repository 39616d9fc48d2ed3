//! Spectral normalization.

use super::reparametrize::Original;
use super::unit::unit;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Substituted, Tape, Tensor, Var};

/// A layer whose weight is divided by its largest singular value: `w = W / σ` with `σ = uᵀ·W·v`. It is made around any layer that
/// registers a parameter `weight`, `[outputs, …]`, whose axes after the first count as one; a weight of one axis is divided by its
/// length.
///
/// So the layer changes distances by a factor of 1 at most (up to what a convolution adds by overlapping windows), as the critic of
/// a generative adversarial network should.
///
/// `u` and `v` are estimates of the singular vectors: in training, each run first moves them, by power iteration on `W`,
/// `u = W·v / ‖W·v‖` and `v = Wᵀ·u / ‖Wᵀ·u‖`. In [inference](chainrule_tape::Tape::inference) they stay. They count as constants in the
/// derivative, which is `(dW - w·(uᵀ·dW·v)) / σ`.
///
/// Instead of `weight`, the layer then has the parameter `parametrizations.weight.original` `W`, and the state
/// `parametrizations.weight.0._u` and `parametrizations.weight.0._v`; these are PyTorch's names. The vectors begin as random ones,
/// after 15 iterations on the first weight, as in PyTorch.
///
/// Errors: a layer without that parameter, or an axis that it has not.
///
/// Source: Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018, algorithm 1.
///
/// ```
/// use chainrule_nn::{Layer, Linear, SpectralNorm};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = SpectralNorm::new(&mut params.root().sub("fc"), |at| Linear::without_bias(at, 2, 2)).iterations(20);
/// params.set("fc.parametrizations.weight.original", [[0.0f32, 4.0], [1.0, 0.0]])?;
///
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[0.0f32, 1.0]])).value()?.to_f64();
/// assert!((y[0] - 1.0).abs() < 1e-5 && y[1] == 0.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpectralNorm<L> {
    layer: L,
    own: Option<Own>,
    iterations: usize,
    eps: f64,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    weight: ParamId,
    axis: usize,
    /// The singular vectors, unless the weight has one axis.
    vectors: Option<[ParamId; 2]>,
}

/// What lengths are at least, in dividing.
const EPS: f64 = 1e-12;

impl<L> SpectralNorm<L> {
    /// Around the layer that is made in this scope, for its parameter `weight`, whose first axis is that of the outputs; with one
    /// iteration, as in PyTorch.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, make: impl FnOnce(&mut Scope<'_>) -> L) -> SpectralNorm<L> {
        SpectralNorm::of(at, "weight", 0, make)
    }

    /// For the parameter of this name, and another axis of outputs: 1 for transposed convolutions, as PyTorch has it for
    /// them.
    #[track_caller]
    pub fn of(
        at: &mut Scope<'_>,
        name: &str,
        axis: usize,
        make: impl FnOnce(&mut Scope<'_>) -> L,
    ) -> SpectralNorm<L> {
        let layer = make(at);
        let own = Original::take(at, "SpectralNorm", name, "", Some(axis)).map(|original| {
            let vectors = (original.shape().rank() > 1).then(|| vectors(at, &original, axis));
            Own { weight: original.id, axis, vectors }
        });
        SpectralNorm { layer, own, iterations: 1, eps: EPS }
    }

    /// So many power iterations each time that the layer runs in training; 1 unless told otherwise, and with 0 the vectors
    /// stay as they are.
    #[must_use]
    pub fn iterations(self, iterations: usize) -> SpectralNorm<L> {
        SpectralNorm { iterations, ..self }
    }

    /// What the length of a vector counts as at least, where it divides; 1e-12 unless told otherwise.
    #[must_use]
    pub fn eps(self, eps: f64) -> SpectralNorm<L> {
        SpectralNorm { eps, ..self }
    }

    /// The layer within.
    pub fn layer(&self) -> &L {
        &self.layer
    }

    /// The weight `W` before it is divided.
    pub fn original(&self) -> Option<ParamId> {
        self.own.map(|own| own.weight)
    }

    /// Records what the layer does with the computed weight: for layers that are called in other ways than by `forward`. In
    /// training, the vectors move each time.
    #[track_caller]
    pub fn with<R>(&self, tape: &Tape, f: impl FnOnce(&L) -> R) -> R {
        let _weight = self.substitute(tape);
        f(&self.layer)
    }

    #[track_caller]
    fn substitute<'t>(&self, tape: &'t Tape) -> Option<Substituted<'t>> {
        let own = self.own?;
        let original = tape.param(own.weight);
        let weight = match own.vectors {
            None => unit(original, &[0], self.eps),
            Some(vectors) => original / self.largest(matrix(original, own.axis), vectors),
        };
        Some(tape.substitute(own.weight, weight))
    }

    /// The largest singular value.
    #[track_caller]
    fn largest<'t>(&self, matrix: Var<'t>, vectors: [ParamId; 2]) -> Var<'t> {
        let tape = matrix.tape();
        let now = vectors.map(|id| tape.assigned(id));
        let [u, v] = if tape.is_training() {
            let moved = iterate(matrix.detach(), now, self.iterations, self.eps);
            vectors.into_iter().zip(moved).for_each(|(id, vector)| tape.assign(id, vector));
            moved
        } else {
            now
        };
        (u * matrix.matmul(v)).sum(..)
    }
}

impl<L: Layer> Layer for SpectralNorm<L> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _weight = self.substitute(x.tape());
        self.layer.forward(x)
    }
}

/// The weight with the axis of outputs first, and all others as one.
#[track_caller]
fn matrix(weight: Var<'_>, axis: usize) -> Var<'_> {
    weight.move_axis(axis as isize, 0).flatten(1)
}

#[track_caller]
fn iterate<'t>(matrix: Var<'t>, [mut u, mut v]: [Var<'t>; 2], times: usize, eps: f64) -> [Var<'t>; 2] {
    for _ in 0..times {
        u = unit(matrix.matmul(v), &[0], eps);
        v = unit(matrix.t().matmul(u), &[0], eps);
    }
    [u, v]
}

/// Registers the singular vectors.
fn vectors(at: &mut Scope<'_>, original: &Original, axis: usize) -> [ParamId; 2] {
    let dtype = at.dtype();
    let mut at = at.sub(format!("{}.0", original.scope));
    let (rows, all) = (original.shape()[axis], original.shape().numel());
    let columns = all / rows.max(1);
    let sides = [("_u", rows), ("_v", columns)];
    let normal = Init::normal(0.0, 1.0);
    let random = sides.map(|(name, n)| normal.sample(n, DType::F64, &mut at.rng(name)));
    let tape = Tape::new();
    let begin = random.map(|vector| unit(tape.var(vector), &[0], EPS));
    let values = original.values.cast(DType::F64);
    let iterated = iterate(matrix(tape.var(values), axis), begin, 15, EPS);
    let first = tape.values(&iterated).unwrap_or_else(|e| {
        at.mistake(e.to_string());
        sides.map(|(_, n)| Tensor::zeros(n, DType::F64)).to_vec()
    });
    let mut first = first.into_iter().map(|vector| vector.cast(dtype));
    sides.map(|(name, _)| at.state(name, first.next().unwrap_or_else(|| Tensor::zeros(0, dtype))))
}
