//! The linear map with a gate.

use crate::label::Label;
use crate::{Activation, Init, Layer, Linear};
use chainrule_tape::{Scope, Var};

/// A linear map, each of whose outputs is multiplied by a gate, a function of another one: `y = (x·Wᵀ + b)·gate(x·Vᵀ + c)`,
/// with `x` of shape `[…, inputs]` and `y` of shape `[…, outputs]`. The gate is a sigmoid if nothing else is said;
/// `.gate(Activation::Silu)` makes it SwiGLU, and `Gelu`, `Relu` and `Identity` make it GEGLU, ReGLU and bilinear.
///
/// The parameters are those of one [`Linear`] layer, `weight` of shape `[2·outputs, inputs]` and `bias`: `W` and `b` first, then
/// `V` and `c`, in the order of [`Var::glu`](chainrule_tape::Var::glu), which is what there is without a map, as PyTorch's `GLU`
/// ([`Activation::Glu`]).
///
/// Derivatives: by the chain rule, with that of the gate; where a gate is closed, nothing is learned by its partner.
///
/// Source: Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017, equation 1; Shazeer, "GLU
/// variants improve transformer", 2020, equation 5.
///
/// ```
/// use chainrule_nn::{Activation, GatedLinear, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = GatedLinear::new(&mut params.root(), 4, 3).gate(Activation::Silu);
/// let tape = Tape::with(&params);
/// assert_eq!(layer.forward(tape.var([[0.1f32, 0.2, 0.3, 0.4]])).shape().dims(), [1, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct GatedLinear {
    label: Label,
    maps: Linear,
    gate: Activation,
}

impl GatedLinear {
    /// Weight and bias begin as those of a [`Linear`] layer.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, outputs: usize) -> GatedLinear {
        let usual = Init::usual(inputs);
        GatedLinear::init(at, inputs, outputs, usual, usual)
    }

    /// [`new`](GatedLinear::new) without a bias.
    #[track_caller]
    pub fn without_bias(at: &mut Scope<'_>, inputs: usize, outputs: usize) -> GatedLinear {
        GatedLinear::init(at, inputs, outputs, Init::usual(inputs), None)
    }

    /// With these first values; a bias of `None` leaves it out.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        weight: Init,
        bias: impl Into<Option<Init>>,
    ) -> GatedLinear {
        let label = Label::new(at);
        let maps = Linear::init(at, inputs, 2 * outputs, weight, bias);
        GatedLinear { label, maps, gate: Activation::Sigmoid }
    }

    /// The function that makes the gate.
    #[must_use]
    pub fn gate(self, gate: Activation) -> GatedLinear {
        GatedLinear { gate, ..self }
    }

    /// The maps, as one layer.
    pub fn maps(&self) -> &Linear {
        &self.maps
    }
}

impl Layer for GatedLinear {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let both = self.maps.apply("GatedLinear", x);
        let half = self.maps.outputs() / 2;
        let y = both.slice(-1, ..half) * self.gate.apply(both.slice(-1, half..));
        self.label.note(y, "GatedLinear")
    }
}
