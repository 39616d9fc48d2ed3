//! One step of a recurrence.

use crate::Init;
use crate::label::Label;
use chainrule_tape::{ParamId, Scope, Var, Vars};
use std::fmt;

/// What one step computes.
pub(super) trait Cell: Copy + fmt::Debug {
    /// The layer over whole sequences.
    const LAYER: &'static str;
    /// The layer of a single step.
    const SINGLE: &'static str;
    /// How many times the hidden width the products have.
    const GATES: usize;
    /// Whether something is done to the state's product before the inputs' is added, so that their biases can't be one.
    const BIAS_APART: bool = false;
    /// Whether the hidden state may be projected.
    const PROJECTS: bool = false;

    /// What goes from step to step. The hidden state, which is the output too, comes first.
    type State<'t>: Vars<'t> + Copy;

    /// The state with these parts, by number.
    fn state<'t>(part: impl FnMut(usize) -> Var<'t>) -> Self::State<'t>;

    /// The next state, by the inputs' product `z` with its bias, from the `last` one (zeros if `None`).
    #[track_caller]
    fn step<'t>(self, same: &Same<'t>, z: Var<'t>, last: Option<Self::State<'t>>) -> Self::State<'t>;
}

/// What is the same in all steps.
#[derive(Clone, Copy)]
pub(super) struct Same<'t> {
    /// `W_hhᵀ`.
    pub(super) weight: Var<'t>,
    /// `b_hh`, where it is kept apart.
    pub(super) bias: Option<Var<'t>>,
    /// `W_hrᵀ`.
    pub(super) projection: Option<Var<'t>>,
    pub(super) hidden: usize,
}

impl<'t> Same<'t> {
    /// Gate number `i` of `z`.
    #[track_caller]
    pub(super) fn gate(&self, z: Var<'t>, i: usize) -> Var<'t> {
        z.slice(-1, i * self.hidden..(i + 1) * self.hidden)
    }
}

/// The widths of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    /// Of the hidden state after its projection.
    pub(super) projection: Option<usize>,
}

impl Widths {
    /// Of the outputs.
    pub(super) fn output(&self) -> usize {
        self.projection.unwrap_or(self.hidden)
    }

    /// Of part number `i` of the state.
    pub(super) fn part(&self, i: usize) -> usize {
        if i == 0 { self.output() } else { self.hidden }
    }

    /// Notes that a layer of these widths has no weights, if so.
    pub(super) fn check(&self, at: &mut Scope<'_>, kind: &str) {
        if self.inputs == 0 || self.hidden == 0 {
            let Widths { inputs, hidden, .. } = self;
            at.mistake(format!("a {kind} layer from {inputs} to {hidden} elements has no weights"));
        }
    }

    /// A state of zeros, for sequences as in `like`.
    #[track_caller]
    pub(super) fn zeros<'t, C: Cell>(&self, like: Var<'t>, batch: usize) -> C::State<'t> {
        C::state(|i| like.tape().full([batch, self.part(i)], 0.0, like.dtype()))
    }
}

/// The parameters of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) widths: Widths,
    weight_ih: ParamId,
    weight_hh: ParamId,
    biases: Option<[ParamId; 2]>,
    weight_hr: Option<ParamId>,
}

impl Weights {
    /// Registers them, with names that end in `suffix`.
    pub(super) fn new<C: Cell>(at: &mut Scope<'_>, suffix: &str, widths: Widths, bias: bool) -> Weights {
        let Widths { inputs, hidden, projection } = widths;
        let (init, rows) = (Init::usual(hidden), C::GATES * hidden);
        let name = |name: &str| format!("{name}{suffix}");
        Weights {
            widths,
            weight_ih: init.param(at, &name("weight_ih"), [rows, inputs]),
            weight_hh: init.param(at, &name("weight_hh"), [rows, widths.output()]),
            biases: bias.then(|| ["bias_ih", "bias_hh"].map(|bias| init.param(at, &name(bias), rows))),
            weight_hr: projection.map(|size| init.param(at, &name("weight_hr"), [size, hidden])),
        }
    }

    /// What all steps share, and the inputs' products with their bias: one product, however many steps `x` has.
    #[track_caller]
    pub(super) fn on<'t, C: Cell>(&self, x: Var<'t>) -> (Same<'t>, Var<'t>) {
        let tape = x.tape();
        let weight = tape.param(self.weight_hh).t();
        let bias = match self.biases {
            Some([_, bias_hh]) if C::BIAS_APART => Some(tape.param(bias_hh)),
            _ => None,
        };
        let projection = self.weight_hr.map(|weight_hr| tape.param(weight_hr).t());
        let z = x.matmul(tape.param(self.weight_ih).t());
        let z = match self.biases {
            Some([bias_ih, _]) if C::BIAS_APART => z + tape.param(bias_ih),
            Some([bias_ih, bias_hh]) => z + (tape.param(bias_ih) + tape.param(bias_hh)),
            None => z,
        };
        (Same { weight, bias, projection, hidden: self.widths.hidden }, z)
    }
}

/// A layer that is one step.
#[derive(Clone, Debug)]
pub(super) struct Single<C> {
    pub(super) label: Label,
    pub(super) cell: C,
    pub(super) weights: Weights,
}

impl<C: Cell> Single<C> {
    #[track_caller]
    pub(super) fn new(at: &mut Scope<'_>, cell: C, inputs: usize, hidden: usize, bias: bool) -> Single<C> {
        let widths = Widths { inputs, hidden, projection: None };
        widths.check(at, C::SINGLE);
        let label = Label::new(at);
        Single { label, cell, weights: Weights::new::<C>(at, "", widths, bias) }
    }

    /// The next state, from zeros if there is none. (They are recorded, so that every parameter has a path to the loss.)
    #[track_caller]
    pub(super) fn step<'t>(&self, x: Var<'t>, state: Option<C::State<'t>>) -> C::State<'t> {
        let Widths { inputs, hidden, .. } = self.weights.widths;
        let x = self.label.expect(C::SINGLE, x, inputs);
        if x.is_poisoned() {
            return C::state(|_| x);
        }
        let &[batch, _] = x.shape().dims() else {
            let what = format_args!("takes rows [batch, {inputs}], not {}", x.shape());
            let mistake = self.label.fail(C::SINGLE, x, what);
            return C::state(|_| mistake);
        };
        let state = match state {
            Some(state) => state,
            None => self.weights.widths.zeros::<C>(x, batch),
        };
        if let Err(mistake) = expect_state(&self.label, C::SINGLE, state, |_| vec![batch, hidden]) {
            return C::state(|_| mistake);
        }
        let (same, z) = self.weights.on::<C>(x);
        let next = self.cell.step(&same, z, Some(state));
        if let Some(&h) = next.leaves().first() {
            self.label.note(h, C::SINGLE);
        }
        next
    }
}

/// That each part of a state has its shape, by its number, and the layer's dtype; else a recorded mistake.
#[track_caller]
pub(super) fn expect_state<'t>(
    label: &Label,
    kind: &'static str,
    state: impl Vars<'t>,
    shape: impl Fn(usize) -> Vec<usize>,
) -> Result<(), Var<'t>> {
    for (i, part) in state.leaves().into_iter().enumerate() {
        let expected = shape(i);
        if part.shape().dims() != expected {
            let what = format_args!("takes states {expected:?}, not {}", part.shape());
            return Err(label.fail(kind, part, what));
        }
        let part = label.expect(kind, part, expected.last().copied().unwrap_or(0));
        if part.is_poisoned() {
            return Err(part);
        }
    }
    Ok(())
}

/// The methods of a layer that is one step, called `$name`: `$cell` is its kind.
macro_rules! single {
    ($name:ident, $cell:expr, $state:ty) => {
        impl $name {
            /// A cell from so many inputs to so many hidden elements. All parameters begin as `U(-a, a)` with
            /// `a = 1/√hidden`, as PyTorch's do.
            #[track_caller]
            pub fn new(at: &mut Scope<'_>, inputs: usize, hidden: usize) -> $name {
                $name(Single::new(at, $cell, inputs, hidden, true))
            }

            /// [`new`](Self::new) without `bias_ih` and `bias_hh`.
            #[track_caller]
            pub fn without_bias(at: &mut Scope<'_>, inputs: usize, hidden: usize) -> $name {
                $name(Single::new(at, $cell, inputs, hidden, false))
            }

            /// The next state, from inputs `[batch, inputs]` and a state of shape `[batch, hidden]` (zeros if `None`).
            #[track_caller]
            pub fn forward_with<'t>(&self, x: Var<'t>, state: impl Into<Option<$state>>) -> $state {
                self.0.step(x, state.into())
            }
        }
    };
}
pub(super) use single;
