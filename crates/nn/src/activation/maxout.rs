//! Maxout.

use crate::label::Label;
use crate::{Init, Layer, Linear};
use chainrule_tape::{Scope, Var};

/// The largest of several linear maps, for each output: `yᵢ = maxⱼ (x·wᵢⱼ + bᵢⱼ)` over `pieces` of them, with `x` of shape
/// `[…, inputs]` and `y` of shape `[…, outputs]`. Layer and activation in one: a convex function of straight pieces that is
/// learned.
///
/// The parameters are those of one [`Linear`] layer, `weight` of shape `[outputs·pieces, inputs]` and `bias`, in which the
/// pieces of an output are neighbours. Where there is a map already (a convolution), use
/// [`Var::maxout`](chainrule_tape::Var::maxout).
///
/// Derivative: that of the largest piece; ties share it evenly. Range: all numbers.
///
/// Source: Goodfellow et al., "Maxout networks", ICML 2013, section 3.
///
/// ```
/// use chainrule_nn::{Layer, Maxout};
/// use chainrule_tape::{Params, Tape};
///
/// // |x| is the larger one of x and -x.
/// let mut params = Params::seeded(7);
/// let layer = Maxout::new(&mut params.root(), 1, 1, 2);
/// params.set("weight", [[1.0f32], [-1.0]])?;
/// params.set("bias", [0.0f32, 0.0])?;
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[-3.0f32], [2.0]]));
/// assert_eq!(y.value()?.to_f64(), [3.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Maxout {
    label: Label,
    maps: Linear,
    pieces: usize,
}

impl Maxout {
    /// Weight and bias begin as those of a [`Linear`] layer.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, outputs: usize, pieces: usize) -> Maxout {
        let usual = Init::usual(inputs);
        Maxout::init(at, inputs, outputs, pieces, usual, usual)
    }

    /// With these first values; a bias of `None` leaves it out.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        inputs: usize,
        outputs: usize,
        pieces: usize,
        weight: Init,
        bias: impl Into<Option<Init>>,
    ) -> Maxout {
        if pieces == 0 {
            at.mistake("a Maxout layer of 0 pieces has nothing to choose from");
        }
        let label = Label::new(at);
        let maps = Linear::init(at, inputs, outputs * pieces.max(1), weight, bias);
        Maxout { label, maps, pieces }
    }

    /// The maps, as one layer.
    pub fn maps(&self) -> &Linear {
        &self.maps
    }

    /// The number of maps of each output.
    pub fn pieces(&self) -> usize {
        self.pieces
    }
}

impl Layer for Maxout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.label.note(self.maps.apply("Maxout", x).maxout(self.pieces, -1), "Maxout")
    }
}
