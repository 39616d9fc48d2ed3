//! Layers around layers and beside each other.

use crate::label::note;
use crate::layer::FILES;
use crate::{Identity, Layer};
use chainrule_tape::Var;
use std::fmt;
use std::sync::Arc;

/// A layer and a way around it: `y = f(x) + x`, or `y = f(x) + p(x)` with a projection `p` where `f` changes the shape.
///
/// The derivative by `x` is `f`'s plus that of the way around, so a gradient reaches the first of many such layers undiminished.
///
/// A result of another shape than the way around has is a mistake. (Nothing is broadcast.)
///
/// Source: He et al., "Deep residual learning for image recognition", CVPR 2016, equations 1 and 2.
///
/// ```
/// use chainrule_nn::{Layer, Linear, Residual, Sequential};
/// use chainrule_tape::{DType, Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// let same = Residual::new(Sequential::new(&mut at.sub("a"), |net| net.linear(4, 8).relu().linear(8, 4)));
/// let wider = Residual::projected(Linear::new(&mut at.sub("b"), 4, 8), Linear::without_bias(&mut at.sub("way"), 4, 8));
/// let tape = Tape::with(&params);
/// let x = tape.input([5, 4], DType::F32);
/// assert_eq!(wider.forward(same.forward(x)).shape().dims(), [5, 8]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Residual<L, P = Identity> {
    layer: L,
    around: Option<P>,
}

impl<L: Layer> Residual<L> {
    /// Around this layer, whose result has the shape of its input.
    pub fn new(layer: L) -> Residual<L> {
        Residual { layer, around: None }
    }
}

impl<L: Layer, P: Layer> Residual<L, P> {
    /// Around this layer, by this projection.
    pub fn projected(layer: L, around: P) -> Residual<L, P> {
        Residual { layer, around: Some(around) }
    }
}

impl<L: Layer, P: Layer> Layer for Residual<L, P> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.layer.forward(x);
        let way = match &self.around {
            Some(around) => around.forward(x),
            None => x,
        };
        if y.is_poisoned() || way.is_poisoned() {
            return if y.is_poisoned() { y } else { way };
        }
        if y.shape() != way.shape() {
            let what = format!("the layer makes {}, but the way around it {}", y.shape(), way.shape());
            return x.tape().fail("Residual", what, &[x]);
        }
        note(y + way, "Residual")
    }

    fn kind(&self) -> &'static str {
        "Residual"
    }
}

/// Layers beside each other: all get the same input, and their results are put together along an axis.
///
/// Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, figure 2.
///
/// ```
/// use chainrule_nn::{Conv2d, Layer, MaxPool2d, Parallel};
/// use chainrule_tape::{DType, Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let mut at = params.root();
/// let inception = Parallel::new(1)
///     .with(Conv2d::new(&mut at.sub("one"), 8, 4, 1))
///     .with(Conv2d::new(&mut at.sub("three"), 8, 6, 3).padding(1))
///     .with(MaxPool2d::new(3).stride(1).padding(1));
/// let tape = Tape::with(&params);
/// let x = tape.input([2, 8, 5, 5], DType::F32);
/// assert_eq!(inception.forward(x).shape().dims(), [2, 18, 5, 5]);
/// ```
#[derive(Clone)]
pub struct Parallel {
    axis: isize,
    layers: Vec<Arc<dyn Layer + Send + Sync>>,
}

impl Parallel {
    /// None yet; results will be put together along this axis, which may count from the end.
    pub fn new(axis: isize) -> Parallel {
        Parallel { axis, layers: Vec::new() }
    }

    /// With one more layer.
    #[must_use]
    pub fn with(mut self, layer: impl Layer + Send + Sync + 'static) -> Parallel {
        self.layers.push(Arc::new(layer));
        self
    }
}

impl Layer for Parallel {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        if self.layers.is_empty() {
            return x.tape().fail("Parallel", "there are no layers", &[x]);
        }
        let _calls = x.tape().calls_from_here(FILES);
        let results: Vec<Var<'t>> = self.layers.iter().map(|layer| layer.forward(x)).collect();
        note(x.tape().concat(&results, self.axis), "Parallel")
    }
}

impl fmt::Debug for Parallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers.iter().map(|layer| layer.kind())).finish()
    }
}
