//! The bilinear map.

use crate::Init;
use crate::label::Label;
use chainrule_tape::{ParamId, Scope, Var};

/// A bilinear map of two values: `y[o] = Σ x₁[i]·W[o, i, j]·x₂[j] + b[o]`, with `x₁` of shape `[…, first]`, `x₂` of shape
/// `[…, second]`, the parameters `weight` `W` of shape `[outputs, first, second]` and `bias` `b` of shape `[outputs]`, and `y` of
/// shape `[…, outputs]`. Names, layout and initial values are PyTorch's.
///
/// Derivatives are bilinear maps of the incoming gradient with one of the others.
///
/// An input of another width or dtype than the layer's is a mistake that names it and its line; so are inputs that differ in
/// their other axes.
///
/// Source: Tenenbaum and Freeman, "Separating style and content with bilinear models", Neural Computation 2000, equation 1.
///
/// ```
/// use chainrule_nn::Bilinear;
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let layer = Bilinear::new(&mut params.root(), 2, 2, 1);
/// params.set("weight", Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], [1, 2, 2])?)?;
/// params.set("bias", [0.5f32])?;
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[1.0f32, 1.0]]), tape.var([[1.0f32, -1.0]]));
/// assert_eq!(y.value()?.to_f64(), [-1.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bilinear {
    label: Label,
    weight: ParamId,
    bias: Option<ParamId>,
    widths: [usize; 3],
}

impl Bilinear {
    /// Weight and bias begin as `U(-a, a)` with `a = 1 / √first`, as PyTorch's do.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, first: usize, second: usize, outputs: usize) -> Bilinear {
        Bilinear::init(at, first, second, outputs, Init::usual(first), Init::usual(first))
    }

    /// [`new`](Bilinear::new) without a bias.
    #[track_caller]
    pub fn without_bias(at: &mut Scope<'_>, first: usize, second: usize, outputs: usize) -> Bilinear {
        Bilinear::init(at, first, second, outputs, Init::usual(first), None)
    }

    /// With these first values; a bias of `None` leaves it out.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        first: usize,
        second: usize,
        outputs: usize,
        weight: Init,
        bias: impl Into<Option<Init>>,
    ) -> Bilinear {
        if first == 0 || second == 0 || outputs == 0 {
            at.mistake(format!("a Bilinear layer from {first} and {second} to {outputs} has no weights"));
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", [outputs, first, second]);
        let bias = bias.into().map(|init| init.param(at, "bias", outputs));
        Bilinear { label, weight, bias, widths: [first, second, outputs] }
    }

    /// The weight, `[outputs, first, second]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias, `[outputs]`.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }

    /// Records the map of two values.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>, z: Var<'t>) -> Var<'t> {
        let ([first, second, outputs], tape) = (self.widths, x.tape());
        let x = self.label.expect("Bilinear", x, first);
        let z = self.label.expect("Bilinear", z, second);
        if x.is_poisoned() || z.is_poisoned() {
            return if x.is_poisoned() { x } else { z };
        }
        let (x_shape, z_shape) = (x.shape(), z.shape());
        let batch = &x_shape[..x_shape.rank() - 1];
        if *batch != z_shape[..z_shape.rank() - 1] {
            let what =
                format_args!("takes inputs that differ in their last axis only, not {x_shape} and {z_shape}");
            return self.label.fail("Bilinear", x, what);
        }
        // One product for all outputs; then each of them meets the second value.
        let weight = tape.param(self.weight).transpose(0, 1).reshape([first, outputs * second]);
        let half = x.matmul(weight).reshape([batch, &[outputs, second]].concat());
        let y = half.matmul(z.unsqueeze(-1)).squeeze(-1);
        let y = match self.bias {
            Some(bias) => y + tape.param(bias),
            None => y,
        };
        self.label.note(y, "Bilinear")
    }
}
