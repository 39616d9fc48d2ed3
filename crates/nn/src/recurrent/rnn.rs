//! The plain recurrence.

use super::cell::{Cell, Same, Single, single};
use super::layers::{Layers, layers};
use super::steps::Form;
use super::{Lengths, RecurrentConfig};
use crate::Layer;
use chainrule_tape::{Scope, Var};

/// What one step computes, by its nonlinearity.
#[derive(Clone, Copy, Debug)]
enum Plain {
    Tanh,
    Relu,
}

impl Cell for Plain {
    const LAYER: &'static str = "Rnn";
    const SINGLE: &'static str = "RnnCell";
    const GATES: usize = 1;

    type State<'t> = Var<'t>;

    fn state<'t>(mut part: impl FnMut(usize) -> Var<'t>) -> Var<'t> {
        part(0)
    }

    #[track_caller]
    fn step<'t>(self, same: &Same<'t>, z: Var<'t>, last: Option<Var<'t>>) -> Var<'t> {
        let z = match last {
            Some(h) => z + h.matmul(same.weight),
            None => z,
        };
        match self {
            Plain::Tanh => z.tanh(),
            Plain::Relu => z.relu(),
        }
    }
}

/// The plain recurrence: for each time step,
///
/// `h' = tanh(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)`, or with a rectifier instead of `tanh` ([`relu`](Rnn::relu)).
///
/// `x` has the shape `[batch, time, inputs]`, which is PyTorch's with `batch_first=True` (or `[time, batch, inputs]`, see
/// [`time_first`](Rnn::time_first)); the outputs, all `h'` of the last layer, have `[batch, time, directions·hidden]`. A state
/// `h` has `[layers·directions, batch, hidden]`.
///
/// Parameters of layer 0: `weight_ih_l0` `[hidden, inputs]`, `weight_hh_l0` `[hidden, hidden]`, `bias_ih_l0` and `bias_hh_l0`
/// `[hidden]`, named further as those of [`Lstm`](crate::Lstm), as in PyTorch. Gradients fade through time as there, and
/// sooner.
///
/// Source: Elman, "Finding structure in time", Cognitive Science 1990.
///
/// ```
/// use chainrule_nn::{Layer, RecurrentConfig, Rnn};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let rnn = Rnn::with(&mut params.root().sub("sum"), 1, 1, RecurrentConfig::new().without_bias()).relu();
/// params.set("sum.weight_ih_l0", [[1.0f32]])?;
/// params.set("sum.weight_hh_l0", [[1.0f32]])?;
///
/// let tape = Tape::with(&params);
/// let y = rnn.forward(tape.var([[1.0f32], [2.0], [4.0]]).unsqueeze(0));
/// assert_eq!(y.value()?.to_f64(), [1.0, 3.0, 7.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rnn(Layers<Plain>);

layers!(Rnn, Plain::Tanh, Var<'t>);

impl Rnn {
    /// `max(z, 0)` instead of `tanh(z)` (PyTorch's `nonlinearity="relu"`), with the derivative 0 at 0.
    #[must_use]
    pub fn relu(self) -> Rnn {
        Rnn(Layers { cell: Plain::Relu, ..self.0 })
    }
}

/// One step of an [`Rnn`], for a loop of your own: from inputs `[batch, inputs]` and a state `h` of `[batch, hidden]` to the
/// next one, which is the output too.
///
/// Parameters: `weight_ih` `[hidden, inputs]`, `weight_hh` `[hidden, hidden]`, `bias_ih` and `bias_hh` `[hidden]`, as in
/// PyTorch. As a [`Layer`] it is one step from zeros.
///
/// ```
/// use chainrule_nn::RnnCell;
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let cell = RnnCell::new(&mut params.root().sub("cell"), 2, 8);
/// let tape = Tape::with(&params);
/// let h = cell.forward_with(tape.var([[0.5f32, 1.0]]), None);
/// let h = cell.forward_with(tape.var([[0.0f32, 0.0]]), h);
/// assert_eq!(h.shape().dims(), [1, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct RnnCell(Single<Plain>);

single!(RnnCell, Plain::Tanh, Var<'t>);

impl RnnCell {
    /// `max(z, 0)` instead of `tanh(z)` (PyTorch's `nonlinearity="relu"`), with the derivative 0 at 0.
    #[must_use]
    pub fn relu(self) -> RnnCell {
        RnnCell(Single { cell: Plain::Relu, ..self.0 })
    }
}

impl Layer for RnnCell {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.step(x, None)
    }
}
