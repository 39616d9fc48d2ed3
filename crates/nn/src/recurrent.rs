//! Recurrent layers: sequences, one time step after the other.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// What the recurrent layers have in common: the parameters, for so many gates.
#[derive(Clone, Debug)]
struct Cell {
    label: Label,
    weight_ih: ParamId,
    weight_hh: ParamId,
    bias_ih: ParamId,
    bias_hh: ParamId,
    inputs: usize,
    hidden: usize,
}

impl Cell {
    #[track_caller]
    fn new(at: &mut Scope<'_>, kind: &'static str, inputs: usize, hidden: usize, gates: usize) -> Cell {
        if inputs == 0 || hidden == 0 {
            at.mistake(format!("a {kind} layer from {inputs} to {hidden} elements has no weights"));
        }
        let init = Init::usual(hidden);
        let label = Label::new(at);
        Cell {
            label,
            weight_ih: init.param(at, "weight_ih_l0", [gates * hidden, inputs]),
            weight_hh: init.param(at, "weight_hh_l0", [gates * hidden, hidden]),
            bias_ih: init.param(at, "bias_ih_l0", gates * hidden),
            bias_hh: init.param(at, "bias_hh_l0", gates * hidden),
            inputs,
            hidden,
        }
    }

    /// The sequences `[batch, time, inputs]` and states `[batch, hidden]`, if that is what they are; else a recorded
    /// mistake.
    #[track_caller]
    fn expect<'t>(&self, kind: &'static str, x: Var<'t>, states: &[Var<'t>]) -> Result<Var<'t>, Var<'t>> {
        let x = self.label.expect(kind, x, self.inputs);
        if x.is_poisoned() {
            return Err(x);
        }
        let shape = x.shape();
        if shape.rank() != 3 || shape[1] == 0 {
            let what = format_args!("takes sequences [batch, time, {}], not {shape}", self.inputs);
            return Err(self.label.fail(kind, x, what));
        }
        for state in states {
            if state.shape().dims() != [shape[0], self.hidden] {
                let what =
                    format_args!("takes states [{}, {}], not {}", shape[0], self.hidden, state.shape());
                return Err(self.label.fail(kind, *state, what));
            }
        }
        Ok(x)
    }
}

/// Gate number `i` of `z`.
#[track_caller]
fn gate<'t>(z: Var<'t>, hidden: usize, i: usize) -> Var<'t> {
    z.slice(-1, i * hidden..(i + 1) * hidden)
}

/// Time step `t` of `[batch, time, …]`.
#[track_caller]
fn at_time<'t>(x: Var<'t>, t: usize) -> Var<'t> {
    x.slice(1, t..t + 1).squeeze(1)
}

/// Long short-term memory. For each time step, with `z = x·W_ih + b_ih + h·W_hh + b_hh` cut in four,
/// `i, f, o = σ(z₀), σ(z₁), σ(z₃)` and `g = tanh(z₂)`:
///
/// `c' = f·c + i·g`, `h' = o·tanh(c')`.
///
/// `x` has the shape `[batch, time, inputs]`, the outputs, all `h'`, have `[batch, time, hidden]`. Parameters: `weight_ih`
/// `[inputs, 4·hidden]`, `weight_hh` `[hidden, 4·hidden]`, `bias_ih` and `bias_hh` `[4·hidden]`, all of them `U(-a, a)` with
/// `a = 1/√hidden` at first. (The gates' order and the two biases are PyTorch's, which keeps the transposed weights.)
///
/// The products of the inputs are one product for all time steps, and so are the weights' gradients. From a time step to the
/// one before, gradients too small to matter [do not pass](Var::flush_gradient).
///
/// An input of another width, rank or dtype is a mistake that names the layer and its line.
///
/// Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997; with the forget gate of Gers,
/// Schmidhuber and Cummins, "Learning to forget", Neural Computation 2000.
///
/// ```
/// use chainrule_nn::{Layer, Lstm};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let lstm = Lstm::new(&mut params.root().sub("lstm"), 3, 8);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 5 * 3], [2, 5, 3])?);
/// assert_eq!(lstm.forward(x).shape().dims(), [2, 5, 8]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lstm(Cell);

impl Lstm {
    /// A layer from so many inputs to so many hidden elements.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, hidden: usize) -> Lstm {
        Lstm(Cell::new(at, "Lstm", inputs, hidden, 4))
    }

    /// The outputs and the last `(h, c)`, from a first `(h, c)` of shape `[batch, hidden]` each (zeros if `None`): a long
    /// sequence can be cut in parts.
    ///
    /// ```
    /// # use chainrule_nn::{Layer, Lstm};
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// # let mut params = Params::seeded(7);
    /// # let lstm = Lstm::new(&mut params.root().sub("lstm"), 1, 2);
    /// # let tape = Tape::with(&params);
    /// let x = tape.var(Tensor::from_vec(vec![0.5f32, -1.0, 2.0], [1, 3, 1])?);
    /// let (_, state) = lstm.forward_with(x.slice(1, ..2), None);
    /// let (y, _) = lstm.forward_with(x.slice(1, 2..), Some(state));
    /// assert_eq!(y.value()?, lstm.forward(x).slice(1, 2..).value()?);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn forward_with<'t>(
        &self,
        x: Var<'t>,
        state: Option<(Var<'t>, Var<'t>)>,
    ) -> (Var<'t>, (Var<'t>, Var<'t>)) {
        let (cell, tape) = (&self.0, x.tape());
        let states: &[Var<'t>] = &state.map_or(Vec::new(), |(h, c)| vec![h, c]);
        let x = match cell.expect("Lstm", x, states) {
            Ok(x) => x,
            Err(mistake) => return (mistake, (mistake, mistake)),
        };
        let weight = tape.param(cell.weight_hh).t();
        let inputs =
            x.matmul(tape.param(cell.weight_ih).t()) + (tape.param(cell.bias_ih) + tape.param(cell.bias_hh));
        let mut last = state;
        let mut outputs = Vec::with_capacity(x.shape()[1]);
        for t in 0..x.shape()[1] {
            let mut z = at_time(inputs, t);
            if let Some((h, _)) = last {
                z = z + h.matmul(weight);
            }
            let gate = |i| gate(z, cell.hidden, i);
            let (i, f, g, o) = (gate(0).sigmoid(), gate(1).sigmoid(), gate(2).tanh(), gate(3).sigmoid());
            let c = match last {
                Some((_, c)) => f * c + i * g,
                None => i * g,
            };
            let h = o * c.tanh();
            outputs.push(h);
            // A gradient that fades from step to step ends as 0, not as a subnormal number.
            last = Some((h.flush_gradient(), c.flush_gradient()));
        }
        let y = tape.stack(&outputs, 1);
        (cell.label.note(y, "Lstm"), last.unwrap_or((y, y)))
    }
}

impl Layer for Lstm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_with(x, None).0
    }
}

/// Gated recurrent units. For each time step, with `a = x·W_ih + b_ih` and `b = h·W_hh + b_hh` cut in three,
/// `r = σ(a₀ + b₀)`, `z = σ(a₁ + b₁)` and `n = tanh(a₂ + r·b₂)`:
///
/// `h' = (1 - z)·n + z·h`.
///
/// `x` has the shape `[batch, time, inputs]`, the outputs, all `h'`, have `[batch, time, hidden]`. Parameters: `weight_ih`
/// `[inputs, 3·hidden]`, `weight_hh` `[hidden, 3·hidden]`, `bias_ih` and `bias_hh` `[3·hidden]`, as those of [`Lstm`].
/// Gradients fade through time as there.
///
/// Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, with the reset gate after
/// the product, as PyTorch has it.
///
/// ```
/// use chainrule_nn::{Gru, Layer};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let gru = Gru::new(&mut params.root().sub("gru"), 3, 8);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32; 2 * 5 * 3], [2, 5, 3])?);
/// assert_eq!(gru.forward(x).shape().dims(), [2, 5, 8]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gru(Cell);

impl Gru {
    /// A layer from so many inputs to so many hidden elements.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, hidden: usize) -> Gru {
        Gru(Cell::new(at, "Gru", inputs, hidden, 3))
    }

    /// The outputs and the last `h`, from a first `h` of shape `[batch, hidden]` (zeros if `None`).
    #[track_caller]
    pub fn forward_with<'t>(&self, x: Var<'t>, state: Option<Var<'t>>) -> (Var<'t>, Var<'t>) {
        let (cell, tape) = (&self.0, x.tape());
        let states: &[Var<'t>] = &state.map_or(Vec::new(), |h| vec![h]);
        let x = match cell.expect("Gru", x, states) {
            Ok(x) => x,
            Err(mistake) => return (mistake, mistake),
        };
        let (weight, bias) = (tape.param(cell.weight_hh).t(), tape.param(cell.bias_hh));
        let inputs = x.matmul(tape.param(cell.weight_ih).t()) + tape.param(cell.bias_ih);
        let mut last = state;
        let mut outputs = Vec::with_capacity(x.shape()[1]);
        for t in 0..x.shape()[1] {
            let a = at_time(inputs, t);
            let b = match last {
                Some(h) => h.matmul(weight) + bias,
                None => bias.expand(a.shape()),
            };
            let (a, b) = (|i| gate(a, cell.hidden, i), |i| gate(b, cell.hidden, i));
            let (r, z) = ((a(0) + b(0)).sigmoid(), (a(1) + b(1)).sigmoid());
            let n = (a(2) + r * b(2)).tanh();
            let h = match last {
                Some(h) => (1.0 - z) * n + z * h,
                None => (1.0 - z) * n,
            };
            outputs.push(h);
            // A gradient that fades from step to step ends as 0, not as a subnormal number.
            last = Some(h.flush_gradient());
        }
        let y = tape.stack(&outputs, 1);
        (cell.label.note(y, "Gru"), last.unwrap_or(y))
    }
}

impl Layer for Gru {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_with(x, None).0
    }
}
