//! Gated recurrent units.

use super::cell::{Cell, Same, Single, single};
use super::layers::{Layers, layers};
use super::steps::Form;
use super::{Lengths, RecurrentConfig};
use crate::Layer;
use chainrule_tape::{Scope, Var};

/// What one step computes.
#[derive(Clone, Copy, Debug)]
struct Gated;

impl Cell for Gated {
    const LAYER: &'static str = "Gru";
    const SINGLE: &'static str = "GruCell";
    const GATES: usize = 3;
    const BIAS_APART: bool = true;

    type State<'t> = Var<'t>;

    fn state<'t>(mut part: impl FnMut(usize) -> Var<'t>) -> Var<'t> {
        part(0)
    }

    #[track_caller]
    fn step<'t>(self, same: &Same<'t>, a: Var<'t>, last: Option<Var<'t>>) -> Var<'t> {
        let b = match (last, same.bias) {
            (Some(h), Some(bias)) => h.matmul(same.weight) + bias,
            (Some(h), None) => h.matmul(same.weight),
            (None, Some(bias)) => bias.expand(a.shape()),
            (None, None) => a.tape().full(a.shape(), 0.0, a.dtype()),
        };
        let r = (same.gate(a, 0) + same.gate(b, 0)).sigmoid();
        let z = (same.gate(a, 1) + same.gate(b, 1)).sigmoid();
        let n = (same.gate(a, 2) + r * same.gate(b, 2)).tanh();
        match last {
            Some(h) => (1.0 - z) * n + z * h,
            None => (1.0 - z) * n,
        }
    }
}

/// Gated recurrent units. For each time step, with `a = x·W_ihᵀ + b_ih` and `b = h·W_hhᵀ + b_hh` cut in three,
/// `r = σ(a₀ + b₀)`, `z = σ(a₁ + b₁)` and `n = tanh(a₂ + r·b₂)`:
///
/// `h' = (1 - z)·n + z·h`.
///
/// `x` has the shape `[batch, time, inputs]`, which is PyTorch's with `batch_first=True` (or `[time, batch, inputs]`, see
/// [`time_first`](Gru::time_first)); the outputs, all `h'` of the last layer, have `[batch, time, directions·hidden]`. A state
/// `h` has `[layers·directions, batch, hidden]`.
///
/// Parameters of layer 0: `weight_ih_l0` `[3·hidden, inputs]`, `weight_hh_l0` `[3·hidden, hidden]`, `bias_ih_l0` and
/// `bias_hh_l0` `[3·hidden]`, named further as those of [`Lstm`](crate::Lstm), as in PyTorch. Gradients fade through time as
/// there.
///
/// Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, with the reset gate after
/// the product, as PyTorch has it (and Keras with `reset_after=True`, its default, whose gates are in the order `z, r, n`).
///
/// ```
/// use chainrule_nn::{Gru, Layer, RecurrentConfig};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let gru = Gru::new(&mut params.root().sub("gru"), 3, 8);
/// let last = Gru::with(&mut params.root().sub("last"), 8, 4, RecurrentConfig::new().bidirectional()).last_output();
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 5 * 3], [2, 5, 3])?);
/// let y = gru.forward(x);
/// assert_eq!(y.shape().dims(), [2, 5, 8]);
/// assert_eq!(last.forward(y).shape().dims(), [2, 8]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gru(Layers<Gated>);

layers!(Gru, Gated, Var<'t>);

/// One step of a [`Gru`], for a loop of your own: from inputs `[batch, inputs]` and a state `h` of `[batch, hidden]` to the
/// next one, which is the output too.
///
/// Parameters: `weight_ih` `[3·hidden, inputs]`, `weight_hh` `[3·hidden, hidden]`, `bias_ih` and `bias_hh` `[3·hidden]`, as in
/// PyTorch. As a [`Layer`] it is one step from zeros.
///
/// ```
/// use chainrule_nn::GruCell;
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let cell = GruCell::new(&mut params.root().sub("cell"), 2, 8);
/// let tape = Tape::with(&params);
/// let h = cell.forward_with(tape.var([[0.5f32, 1.0]]), None);
/// let h = cell.forward_with(tape.var([[0.0f32, 0.0]]), h);
/// assert_eq!(h.shape().dims(), [1, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct GruCell(Single<Gated>);

single!(GruCell, Gated, Var<'t>);

impl Layer for GruCell {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.step(x, None)
    }
}
