//! Long short-term memory.

use super::cell::{Cell, Same, Single, single};
use super::layers::{Layers, layers};
use super::steps::Form;
use super::{Lengths, RecurrentConfig};
use crate::Layer;
use chainrule_tape::{Scope, Var};

/// What one step computes.
#[derive(Clone, Copy, Debug)]
struct Memory;

impl Cell for Memory {
    const LAYER: &'static str = "Lstm";
    const SINGLE: &'static str = "LstmCell";
    const GATES: usize = 4;
    const PROJECTS: bool = true;

    type State<'t> = (Var<'t>, Var<'t>);

    fn state<'t>(mut part: impl FnMut(usize) -> Var<'t>) -> (Var<'t>, Var<'t>) {
        (part(0), part(1))
    }

    #[track_caller]
    fn step<'t>(self, same: &Same<'t>, z: Var<'t>, last: Option<(Var<'t>, Var<'t>)>) -> (Var<'t>, Var<'t>) {
        let z = match last {
            Some((h, _)) => z + h.matmul(same.weight),
            None => z,
        };
        let (i, f) = (same.gate(z, 0).sigmoid(), same.gate(z, 1).sigmoid());
        let (g, o) = (same.gate(z, 2).tanh(), same.gate(z, 3).sigmoid());
        let c = match last {
            Some((_, c)) => f * c + i * g,
            None => i * g,
        };
        let h = o * c.tanh();
        let h = match same.projection {
            Some(projection) => h.matmul(projection),
            None => h,
        };
        (h, c)
    }
}

/// Long short-term memory. For each time step, with `z = x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh` cut in four,
/// `i, f, o = σ(z₀), σ(z₁), σ(z₃)` and `g = tanh(z₂)`:
///
/// `c' = f·c + i·g`, `h' = o·tanh(c')`, or with a [projection](RecurrentConfig::projection) `h' = (o·tanh(c'))·W_hrᵀ`.
///
/// `x` has the shape `[batch, time, inputs]`, which is PyTorch's with `batch_first=True` (or `[time, batch, inputs]`, see
/// [`time_first`](Lstm::time_first)); the outputs, all `h'` of the last layer, have `[batch, time, directions·hidden]`. A state
/// is a pair `(h, c)` of `[layers·directions, batch, hidden]` each; of a projected one, `h` is as wide as the projection.
///
/// Parameters of layer 0: `weight_ih_l0` `[4·hidden, inputs]`, `weight_hh_l0` `[4·hidden, hidden]`, `bias_ih_l0` and
/// `bias_hh_l0` `[4·hidden]`, and `weight_hr_l0` `[projection, hidden]` if projected; of its reverse direction the same with
/// `_reverse` at the end; of the next layer, whose inputs are the outputs of this one, with `_l1`. Names, layout, the gates'
/// order and the two biases are PyTorch's. (Keras has the gates in the same order, transposed weights and one bias, which begins
/// as 1 for the forget gate.)
///
/// The products of the inputs are one product for all time steps, and so are the weights' gradients (unless the loop is
/// [scanned](Lstm::scanned)). From a time step to the one before, gradients too small to matter
/// [do not pass](Var::flush_gradient).
///
/// An input of another width, rank or dtype is a mistake that names the layer and its line.
///
/// Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997; with the forget gate of Gers,
/// Schmidhuber and Cummins, "Learning to forget", Neural Computation 2000; the projection is that of Sak, Senior and Beaufays,
/// "Long short-term memory recurrent neural network architectures for large scale acoustic modeling", Interspeech 2014.
///
/// ```
/// use chainrule_nn::{Layer, Lstm, RecurrentConfig};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let lstm = Lstm::new(&mut params.root().sub("lstm"), 3, 8);
/// let deep = Lstm::with(&mut params.root().sub("deep"), 8, 4, RecurrentConfig::new().layers(2).bidirectional()).dropout(0.1);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 5 * 3], [2, 5, 3])?);
/// let y = lstm.forward(x);
/// assert_eq!(y.shape().dims(), [2, 5, 8]);
///
/// // The second sequence has 3 steps only.
/// let (y, (h, c)) = deep.forward_packed(y, [5, 3], None);
/// assert_eq!((y.shape().dims(), h.shape().dims()), (&[2, 5, 8][..], &[4, 2, 4][..]));
/// assert_eq!(y.slice(0, 1..).slice(1, 3..).value()?.to_f64(), [0.0; 2 * 8]);
///
/// // A long sequence in two parts.
/// let (first, state) = lstm.forward_with(x.slice(1, ..2), None);
/// let (second, _) = lstm.forward_with(x.slice(1, 2..), state);
/// assert_eq!(tape.concat(&[first, second], 1).value()?, lstm.forward(x).value()?);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lstm(Layers<Memory>);

layers!(Lstm, Memory, (Var<'t>, Var<'t>));

/// One step of an [`Lstm`], for a loop of your own: from inputs `[batch, inputs]` and a state `(h, c)` of `[batch, hidden]`
/// each to the next state, whose `h` is the output.
///
/// Parameters: `weight_ih` `[4·hidden, inputs]`, `weight_hh` `[4·hidden, hidden]`, `bias_ih` and `bias_hh` `[4·hidden]`, as in
/// PyTorch. As a [`Layer`] it gives the `h` of one step from zeros.
///
/// ```
/// use chainrule_nn::LstmCell;
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let cell = LstmCell::new(&mut params.root().sub("cell"), 2, 8);
/// let tape = Tape::with(&params);
/// let mut state = cell.forward_with(tape.var([[0.5f32, 1.0]]), None);
/// for _ in 0..3 {
///     state = cell.forward_with(tape.var([[0.0f32, 0.0]]), state);
/// }
/// assert_eq!(state.0.shape().dims(), [1, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct LstmCell(Single<Memory>);

single!(LstmCell, Memory, (Var<'t>, Var<'t>));

impl Layer for LstmCell {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.step(x, None).0
    }
}
