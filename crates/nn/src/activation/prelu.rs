//! The rectifier whose slope is learned.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// A leaky rectifier whose slope is learned: `y = x` above 0, else `α·x`, with the parameter `weight` `α` of shape `[1]`, or
/// `[channels]` with one for each channel, which axis 1 has (of rows `[n, channels]` or images `[n, channels, h, w]`), as in
/// PyTorch.
///
/// Derivatives: 1 above 0, else α (also at 0); by α, the sum of `x·g` over the elements that are not above 0, where `g`
/// arrives.
///
/// An input with another number of channels, or another dtype than the parameters', is a mistake that names the layer and its
/// line. Weight decay pulls the slopes to 0: leave them out of it.
///
/// Source: He et al., "Delving deep into rectifiers", ICCV 2015, section 2.1.
///
/// ```
/// use chainrule_nn::{Layer, PRelu};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = PRelu::new(&mut params.root().sub("act"));
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[-2.0f32, 2.0]]));
/// assert_eq!(y.value()?.to_f64(), [-0.5, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PRelu {
    label: Label,
    weight: ParamId,
    count: usize,
    axis: isize,
}

impl PRelu {
    /// One slope for all elements, which begins as 0.25.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>) -> PRelu {
        PRelu::init(at, 1, Init::constant(0.25))
    }

    /// A slope for each channel, which begin as 0.25.
    #[track_caller]
    pub fn per_channel(at: &mut Scope<'_>, channels: usize) -> PRelu {
        PRelu::init(at, channels, Init::constant(0.25))
    }

    /// With these first values, of one slope or one for each channel.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, count: usize, weight: Init) -> PRelu {
        if count == 0 {
            at.mistake("a PRelu of no channels has no slope");
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", count);
        PRelu { label, weight, count, axis: 1 }
    }

    /// The axis of the channels, which may count from the end; 1 if it isn't said, as in PyTorch.
    #[must_use]
    pub fn axis(self, axis: isize) -> PRelu {
        PRelu { axis, ..self }
    }

    /// The slopes, `[1]` or `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }
}

impl Layer for PRelu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.label.expect_dtype("PRelu", x);
        let shape = x.shape();
        let slopes = x.tape().param(self.weight);
        let slopes = match shape.axis(self.axis) {
            _ if self.count == 1 => slopes,
            Some(at) if shape[at] == self.count => {
                let lengths = (0..shape.rank()).map(|axis| if axis == at { self.count } else { 1 });
                slopes.reshape(lengths.collect::<Vec<usize>>())
            }
            found => {
                let (count, axis) = (self.count, self.axis);
                let found = found
                    .map_or_else(|| "there is no such axis".to_owned(), |at| format!("not {}", shape[at]));
                self.label.fail("PRelu", x, format_args!("takes {count} channels on axis {axis}, {found}"))
            }
        };
        let y = if slopes.is_poisoned() { slopes } else { x.prelu(slopes) };
        // The one slope has an axis, which a single number does not get.
        self.label.note(if x.rank() == 0 { y.reshape(()) } else { y }, "PRelu")
    }
}
